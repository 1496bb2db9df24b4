//! The system calls of the socket and of its thread, each under a safe face.
//!
//! Nothing here decides: an error is handed up as the kernel gave it.

use std::{
    ffi::{c_int, c_void},
    io,
    mem::{MaybeUninit, size_of},
    net::SocketAddr,
    os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
    time::Duration,
};

use super::address::{Family, RawAddress};

/// A non-blocking UDP socket.
pub(super) fn udp_socket(family: Family) -> io::Result<OwnedFd> {
    let kind = libc::SOCK_DGRAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: takes three integers and touches no memory of ours.
    owned(unsafe { libc::socket(family.number(), kind, 0) })
}

/// Binds `socket` to `address`.
pub(super) fn bind(socket: BorrowedFd<'_>, address: SocketAddr, family: Family) -> io::Result<()> {
    let (raw, length) = RawAddress::encode(address, family)
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    // SAFETY: `raw` lives past the call and holds at least `length` bytes.
    checked(unsafe { libc::bind(socket.as_raw_fd(), raw.as_ptr(), length) }).map(drop)
}

/// The address `socket` is bound to.
pub(super) fn local_address(socket: BorrowedFd<'_>) -> io::Result<SocketAddr> {
    let mut raw = RawAddress::EMPTY;
    let mut length = RawAddress::SIZE as libc::socklen_t;
    let out = raw.as_mut_ptr().cast();
    // SAFETY: `out` points to `length` writable bytes that live past the call.
    checked(unsafe { libc::getsockname(socket.as_raw_fd(), out, &raw mut length) })?;
    raw.decode().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
}

/// Sets an integer option.
pub(super) fn set_option(
    socket: BorrowedFd<'_>,
    level: c_int,
    name: c_int,
    value: c_int,
) -> io::Result<()> {
    let length = size_of::<c_int>() as libc::socklen_t;
    let from = (&raw const value).cast::<c_void>();
    // SAFETY: `from` points to `length` readable bytes that live past the call.
    checked(unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, from, length) }).map(drop)
}

/// Reads an integer option.
pub(super) fn option(socket: BorrowedFd<'_>, level: c_int, name: c_int) -> io::Result<c_int> {
    let mut value: c_int = 0;
    let mut length = size_of::<c_int>() as libc::socklen_t;
    let out = (&raw mut value).cast::<c_void>();
    // SAFETY: `out` points to `length` writable bytes, and both live past the call.
    checked(unsafe { libc::getsockopt(socket.as_raw_fd(), level, name, out, &raw mut length) })?;
    Ok(value)
}

/// Waits until `socket` takes more, at most `timeout`; whether it does.
pub(super) fn wait_writable(socket: BorrowedFd<'_>, timeout: Duration) -> io::Result<bool> {
    let mut poll = libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLOUT, revents: 0 };
    let timeout_ms = c_int::try_from(timeout.as_millis()).unwrap_or(c_int::MAX);
    // SAFETY: `poll` is one writable entry that lives past the call.
    let ready = checked(unsafe { libc::poll(&raw mut poll, 1, timeout_ms) })?;
    Ok(ready > 0)
}

/// An epoll instance.
pub(super) fn epoll() -> io::Result<OwnedFd> {
    // SAFETY: takes an integer and touches no memory of ours.
    owned(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })
}

/// Adds `watched` to `epoll` for reading, level-triggered, reported as `token`.
pub(super) fn epoll_add(
    epoll: BorrowedFd<'_>,
    watched: BorrowedFd<'_>,
    token: u64,
) -> io::Result<()> {
    let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: token };
    let (epoll, watched) = (epoll.as_raw_fd(), watched.as_raw_fd());
    // SAFETY: `event` lives past the call, which copies it.
    checked(unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, watched, &raw mut event) })
        .map(drop)
}

/// `struct __kernel_timespec`: 64 bits on every machine, which `timespec` of a C library is not.
#[repr(C)]
struct KernelTimespec {
    seconds: i64,
    nanoseconds: i64,
}

/// Waits for events, at most `timeout` (for ever if `None`); how many of `events` were filled.
///
/// Fails with `ENOSYS` before Linux 5.11, and with `EPERM` in sandboxes older than the call.
pub(super) fn epoll_wait_exactly(
    epoll: BorrowedFd<'_>,
    events: &mut [libc::epoll_event],
    timeout: Option<Duration>,
) -> io::Result<usize> {
    let span = timeout.map(|timeout| KernelTimespec {
        seconds: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
        nanoseconds: i64::from(timeout.subsec_nanos()),
    });
    let span = span.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let mask: *const libc::sigset_t = std::ptr::null();
    let (entries, limit) = (events.as_mut_ptr(), events.len());
    let epoll = epoll.as_raw_fd();
    // By number, because C libraries older than the call do not name it.
    // SAFETY: `entries` leads to `limit` writable entries and `span` is null or leads to one
    // readable value; both live past the call.
    let ready =
        unsafe { libc::syscall(libc::SYS_epoll_pwait2, epoll, entries, limit, span, mask, 0usize) };
    checked(ready as c_int).map(|ready| ready as usize)
}

/// [`epoll_wait_exactly`] in whole milliseconds, rounded up.
pub(super) fn epoll_wait_coarsely(
    epoll: BorrowedFd<'_>,
    events: &mut [libc::epoll_event],
    timeout: Option<Duration>,
) -> io::Result<usize> {
    let timeout_ms = timeout.map_or(-1, |timeout| {
        c_int::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(c_int::MAX)
    });
    let limit = c_int::try_from(events.len()).unwrap_or(c_int::MAX);
    let entries = events.as_mut_ptr();
    // SAFETY: `entries` leads to `limit` writable entries that live past the call.
    let ready = unsafe { libc::epoll_wait(epoll.as_raw_fd(), entries, limit, timeout_ms) };
    checked(ready).map(|ready| ready as usize)
}

/// An event counter that a thread can be woken with.
pub(super) fn event_counter() -> io::Result<OwnedFd> {
    // SAFETY: takes two integers and touches no memory of ours.
    owned(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })
}

/// Receives at most `headers.len()` messages without waiting; how many there were.
///
/// # Safety
/// Every pointer in `headers` must lead to as many writable bytes as its header says.
pub(super) unsafe fn receive_messages(
    socket: BorrowedFd<'_>,
    headers: &mut [libc::mmsghdr],
) -> io::Result<usize> {
    let count = headers.len() as libc::c_uint;
    let no_timeout = std::ptr::null_mut();
    // The type of the flags differs between C libraries.
    let flags = libc::MSG_DONTWAIT as _;
    // SAFETY: `headers` is exclusively ours for the call; the caller vouches for what it leads to.
    let received = unsafe {
        libc::recvmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), count, flags, no_timeout)
    };
    checked(received).map(|received| received as usize)
}

/// Sends messages without waiting until one fails; how many went before it.
///
/// # Safety
/// Every pointer in `headers` must lead to as many readable bytes as its header says.
pub(super) unsafe fn send_messages(
    socket: BorrowedFd<'_>,
    headers: &mut [libc::mmsghdr],
) -> io::Result<usize> {
    let count = headers.len() as libc::c_uint;
    // The type of the flags differs between C libraries.
    let flags = (libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL) as _;
    // SAFETY: `headers` is exclusively ours for the call; the caller vouches for what it leads to.
    let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), count, flags) };
    checked(sent).map(|sent| sent as usize)
}

/// A message header that leads nowhere.
pub(super) fn empty_header() -> libc::mmsghdr {
    // Some C libraries pad the struct with private fields, so it cannot be written out.
    // SAFETY: integers and pointers, for all of which zero is a value.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// The processors that the calling thread may run on, ascending.
pub(super) fn allowed_processors() -> io::Result<Vec<usize>> {
    let mut set = empty_processor_set();
    let size = size_of::<libc::cpu_set_t>();
    // SAFETY: `set` is `size` writable bytes that live past the call.
    checked(unsafe { libc::sched_getaffinity(0, size, &raw mut set) })?;
    let is_allowed = |processor: &usize| {
        // SAFETY: reads within `set`; `processor` is below CPU_SETSIZE.
        unsafe { libc::CPU_ISSET(*processor, &set) }
    };
    Ok((0..libc::CPU_SETSIZE as usize).filter(is_allowed).collect())
}

/// Binds the calling thread to one processor.
pub(super) fn run_on(processor: usize) -> io::Result<()> {
    if processor >= libc::CPU_SETSIZE as usize {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut set = empty_processor_set();
    // SAFETY: writes within `set`; `processor` is below CPU_SETSIZE.
    unsafe { libc::CPU_SET(processor, &mut set) };
    let size = size_of::<libc::cpu_set_t>();
    // SAFETY: `set` is `size` readable bytes that live past the call.
    checked(unsafe { libc::sched_setaffinity(0, size, &raw const set) }).map(drop)
}

/// Processor time that the calling thread has used in its life.
pub(super) fn thread_processor_time() -> io::Result<Duration> {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is one writable value that lives past the call.
    checked(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) })?;
    Ok(Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32))
}

fn empty_processor_set() -> libc::cpu_set_t {
    // SAFETY: an array of integers, for which zero is a value.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// The error of a call that answers −1.
fn checked(result: c_int) -> io::Result<c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// The descriptor that a call has just made.
fn owned(result: RawFd) -> io::Result<OwnedFd> {
    let fd = checked(result)?;
    // SAFETY: the kernel has just given us this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
