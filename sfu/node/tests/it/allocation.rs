//! An allocator that counts, for each thread by itself.
//!
//! A thread that counts its own allocations is not disturbed by those of others, so a media thread
//! can be watched while the rest of the process works: [`Watched`] is any machine with a window to
//! the counter of its thread.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use protocol::Instant;
use sfu_node::{media_loop::Machine, metrics::Snapshot};
use sfu_worker::{Path, Sink, Tuple};

thread_local! {
    /// Constant and without a destructor, so that using it allocates nothing itself.
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

/// How often the calling thread has called the allocator in its life, to take, resize or give back.
pub(crate) fn calls() -> u64 {
    CALLS.with(Cell::get)
}

/// A machine whose thread can be asked for its [`calls`].
pub(crate) struct Watched<M> {
    machine: M,
    calls: Arc<AtomicU64>,
}

impl<M> Watched<M> {
    /// Shows the counter of its thread in `calls`, as it is at the end of each turn of the loop.
    pub(crate) fn new(machine: M, calls: Arc<AtomicU64>) -> Self {
        Watched { machine, calls }
    }
}

impl<M: Machine> Machine for Watched<M> {
    type Command = M::Command;
    type Output = M::Output;

    fn handle_datagram(
        &mut self,
        now: Instant,
        tuple: &Tuple,
        datagram: &mut [u8],
        sink: &mut impl Sink,
    ) {
        self.machine.handle_datagram(now, tuple, datagram, sink);
    }

    fn handle_command(&mut self, now: Instant, command: M::Command, sink: &mut impl Sink) {
        self.machine.handle_command(now, command, sink);
    }

    fn handle_timeout(&mut self, now: Instant, sink: &mut impl Sink) {
        self.machine.handle_timeout(now, sink);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        // Asked before every sleep, so nothing of the turn comes after it.
        self.calls.store(calls(), Ordering::Release);
        self.machine.poll_timeout()
    }

    fn poll_output(&mut self) -> Option<M::Output> {
        self.machine.poll_output()
    }

    fn handle_path_closed(&mut self, now: Instant, path: Path) {
        self.machine.handle_path_closed(now, path);
    }

    fn count_into(&self, snapshot: &mut Snapshot) {
        self.machine.count_into(snapshot);
    }
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count() {
    // A thread that is ending has no counter, and nobody asks for it.
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

#[expect(unsafe_code, reason = "a global allocator cannot be written without")]
// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[test]
fn a_thread_counts_its_own_allocations_alone() {
    let before = calls();
    std::thread::spawn(|| drop(vec![1, 2, 3])).join().expect("a thread");
    let after_thread = calls();
    drop(std::hint::black_box(Vec::<u8>::with_capacity(100)));
    assert_eq!(calls() - after_thread, 2, "one to take, one to give back");
    // Starting a thread allocates here, but what the thread did is not among it.
    assert!(after_thread - before < 40);
}
