//! Which processor a thread runs on, and how much of it the thread has used.

use std::io;

use protocol::Duration;

use super::sys;

/// The processors that the calling thread may run on, ascending.
///
/// # Errors
/// What the kernel says; a sandbox may refuse.
pub fn allowed_processors() -> io::Result<Vec<usize>> {
    sys::allowed_processors()
}

/// Keeps the calling thread on one processor.
///
/// # Errors
/// What the kernel says: the processor is not there or not allowed.
pub fn run_on(processor: usize) -> io::Result<()> {
    sys::run_on(processor)
}

/// Processor time that the calling thread has used in its life, user and system.
///
/// # Errors
/// What the kernel says.
pub fn thread_processor_time() -> io::Result<Duration> {
    sys::thread_processor_time()
}
