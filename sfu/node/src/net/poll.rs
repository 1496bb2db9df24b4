//! What a worker's thread sleeps on: its socket, its wake-up, and the time.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
};

use protocol::Duration;

use super::{UdpSocket, sys};

/// Why a sleep ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// The socket has datagrams.
    pub socket: bool,
    /// Somebody called [`Waker::wake`].
    pub woken: bool,
}

/// Sleeps until a socket can be read, a [`Waker`] is used, or time is up.
#[derive(Debug)]
pub struct Poller {
    epoll: OwnedFd,
    waker: Waker,
    /// Whether the kernel takes timeouts in milliseconds alone.
    coarse: bool,
}

/// Ends the sleep of one [`Poller`], from any thread. It costs one system call.
#[derive(Clone, Debug)]
pub struct Waker(Arc<File>);

impl Poller {
    /// Watches `socket`.
    ///
    /// # Errors
    /// The process is out of descriptors.
    pub fn try_new(socket: &UdpSocket) -> io::Result<Self> {
        let epoll = sys::epoll()?;
        let waker = Waker(Arc::new(File::from(sys::event_counter()?)));
        sys::epoll_add(epoll.as_fd(), socket.as_fd(), SOCKET)?;
        sys::epoll_add(epoll.as_fd(), waker.0.as_fd(), WAKER)?;
        Ok(Poller { epoll, waker, coarse: false })
    }

    /// What ends this poller's sleep.
    #[must_use]
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Sleeps, at most `timeout` and for ever if `None`. A wake-up is consumed.
    ///
    /// # Errors
    /// What the kernel says; a signal is no error but an early end.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<Readiness> {
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; 2];
        let count = match self.wait_once(&mut events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
            other => other?,
        };
        let mut readiness = Readiness::default();
        for event in &events[..count] {
            match event.u64 {
                SOCKET => readiness.socket = true,
                _ => readiness.woken = true,
            }
        }
        if readiness.woken {
            self.waker.consume();
        }
        Ok(readiness)
    }

    fn wait_once(
        &mut self,
        events: &mut [libc::epoll_event],
        timeout: Option<Duration>,
    ) -> io::Result<usize> {
        if !self.coarse {
            let result = sys::epoll_wait_exactly(self.epoll.as_fd(), events, timeout);
            let missing = |error: &io::Error| {
                matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM))
            };
            if !result.as_ref().is_err_and(missing) {
                return result;
            }
            self.coarse = true;
        }
        sys::epoll_wait_coarsely(self.epoll.as_fd(), events, timeout)
    }
}

impl Waker {
    /// Ends the sleep, or the next one if there is none.
    pub fn wake(&self) {
        // The only failure is a counter at its limit, which wakes as well.
        let _ = (&*self.0).write(&1u64.to_ne_bytes());
    }

    fn consume(&self) {
        // The only failure is a counter at zero: another event came with it.
        let _ = (&*self.0).read(&mut [0; 8]);
    }
}

const SOCKET: u64 = 0;
const WAKER: u64 = 1;
