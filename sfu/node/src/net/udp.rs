//! The UDP sockets of a node: one per worker, all on one port.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use protocol::Duration;

use super::{
    address::Family,
    sys::{self, set_option},
};

/// A non-blocking UDP socket with everything switched on that the media path needs.
///
/// IPv6 sockets are dual-stack. Datagrams that would need fragments are sent unfragmented or not at
/// all, and ICMP cannot make the kernel shrink them (`IP_PMTUDISC_PROBE`).
#[derive(Debug)]
pub struct UdpSocket {
    fd: OwnedFd,
    family: Family,
    local: SocketAddr,
    buffers: SocketBuffers,
    merges: bool,
}

/// Socket buffers as the kernel granted them, in bytes of its own accounting: it gives twice what
/// was asked for, because it counts its own overhead too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketBuffers {
    /// `SO_SNDBUF`.
    pub send: usize,
    /// `SO_RCVBUF`.
    pub receive: usize,
}

impl SocketBuffers {
    /// What a full grant reads back as.
    pub const WANTED: SocketBuffers = SocketBuffers { send: 2 * WANTED, receive: 2 * WANTED };

    /// Whether both are as large as they should be.
    #[must_use]
    pub const fn are_full(&self) -> bool {
        self.send >= Self::WANTED.send && self.receive >= Self::WANTED.receive
    }
}

/// Why no socket could be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another program, or another Préau, has it.
    #[error(
        "UDP port {port} is taken by another program: stop that program \
         (`ss -ulpn 'sport = :{port}'` names it) or listen on another port"
    )]
    Busy {
        /// The port.
        port: u16,
    },
    /// Ports below 1024 need a privilege.
    #[error(
        "UDP port {port} may not be bound by this user: grant CAP_NET_BIND_SERVICE or listen on \
         a port above 1023"
    )]
    Denied {
        /// The port.
        port: u16,
    },
    /// The address is on no interface of this machine.
    #[error("{ip} is not an address of this machine: `ip address` lists those that are")]
    NoSuchAddress {
        /// The address.
        ip: IpAddr,
    },
    /// Anything else that the kernel said.
    #[error("the UDP socket on {listen} cannot be made ready")]
    Socket {
        /// Where it was to listen.
        listen: SocketAddr,
        /// What the kernel said.
        source: io::Error,
    },
}

impl UdpSocket {
    /// Binds a socket to a port that is then this process's alone: a second process on the same
    /// port fails instead of taking half of the datagrams. Port 0 takes a free one. `[::]` becomes
    /// `0.0.0.0` on a machine without IPv6.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn bind(listen: SocketAddr) -> Result<UdpSocket, BindError> {
        match Self::try_bind(listen, Sharing::Alone) {
            Err(error) if lacks_ipv6(&error) && listen.ip().is_unspecified() => {
                let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, listen.port()));
                Self::try_bind(any, Sharing::Alone).map_err(|error| explained(any, error))
            }
            result => result.map_err(|error| explained(listen, error)),
        }
    }

    /// Binds another socket to the same port. The kernel spreads the senders over both
    /// (`SO_REUSEPORT`), and keeps each sender at one.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn try_sibling(&self) -> io::Result<UdpSocket> {
        // Only after the first has the port, so that it fails where another process has it.
        set_option(self.as_fd(), libc::SOL_SOCKET, libc::SO_REUSEPORT, 1)?;
        Self::try_bind(self.local, Sharing::Shared)
    }

    fn try_bind(listen: SocketAddr, sharing: Sharing) -> io::Result<UdpSocket> {
        let family = if listen.is_ipv4() { Family::V4 } else { Family::V6 };
        let fd = sys::udp_socket(family)?;
        if family == Family::V6 {
            set_option(fd.as_fd(), libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, 0)?;
        }
        if sharing == Sharing::Shared {
            set_option(fd.as_fd(), libc::SOL_SOCKET, libc::SO_REUSEPORT, 1)?;
        }
        let buffers = SocketBuffers {
            send: grow(fd.as_fd(), libc::SO_SNDBUFFORCE, libc::SO_SNDBUF)?,
            receive: grow(fd.as_fd(), libc::SO_RCVBUFFORCE, libc::SO_RCVBUF)?,
        };
        set_path_options(fd.as_fd(), family)?;
        set_option(fd.as_fd(), libc::SOL_SOCKET, libc::SO_RXQ_OVFL, 1)?;
        // Linux 5.0; without it every datagram is received by itself.
        let merges = set_option(fd.as_fd(), libc::SOL_UDP, libc::UDP_GRO, 1).is_ok();
        sys::bind(fd.as_fd(), listen, family)?;
        let local = sys::local_address(fd.as_fd())?;
        Ok(UdpSocket { fd, family, local, buffers, merges })
    }

    /// The address it is bound to.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// The buffers it was given.
    #[must_use]
    pub fn buffers(&self) -> SocketBuffers {
        self.buffers
    }

    /// Whether the kernel merges datagrams on receipt (`UDP_GRO`).
    #[must_use]
    pub fn merges(&self) -> bool {
        self.merges
    }

    /// Asks the kernel to say of each message when it got it: see [`ReceiveBatch::arrival`].
    ///
    /// # Errors
    /// What the kernel says.
    ///
    /// [`ReceiveBatch::arrival`]: super::ReceiveBatch::arrival
    pub fn stamp_arrivals(&self) -> io::Result<()> {
        set_option(self.as_fd(), libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)
    }

    /// Waits until it takes more to send, at most `timeout`, rounded down to milliseconds.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn wait_writable(&self, timeout: Duration) -> io::Result<bool> {
        sys::wait_writable(self.as_fd(), timeout)
    }

    pub(super) fn family(&self) -> Family {
        self.family
    }
}

impl AsFd for UdpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Whether a socket's port may be bound again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sharing {
    Alone,
    Shared,
}

/// 8 MiB: the usual default of 208 KiB takes 22 trains [measured].
const WANTED: usize = 8 << 20;

/// Asks for a buffer of [`WANTED`] bytes, beyond the machine's limit where the process may
/// (`CAP_NET_ADMIN`), and gives what was granted.
fn grow(socket: BorrowedFd<'_>, force: libc::c_int, plain: libc::c_int) -> io::Result<usize> {
    let wanted = WANTED as libc::c_int;
    if set_option(socket, libc::SOL_SOCKET, force, wanted).is_err() {
        set_option(socket, libc::SOL_SOCKET, plain, wanted)?;
    }
    let granted = sys::option(socket, libc::SOL_SOCKET, plain)?;
    Ok(usize::try_from(granted).unwrap_or(0))
}

/// The local address of each datagram, and datagrams that are never fragmented.
fn set_path_options(socket: BorrowedFd<'_>, family: Family) -> io::Result<()> {
    // On a dual-stack socket the IPv4 side has path-MTU discovery of its own.
    let (ip, probe) = (libc::IPPROTO_IP, libc::IP_PMTUDISC_PROBE);
    set_option(socket, ip, libc::IP_MTU_DISCOVER, probe)?;
    match family {
        Family::V4 => set_option(socket, ip, libc::IP_PKTINFO, 1),
        Family::V6 => {
            let (ipv6, probe) = (libc::IPPROTO_IPV6, libc::IPV6_PMTUDISC_PROBE);
            set_option(socket, ipv6, libc::IPV6_MTU_DISCOVER, probe)?;
            set_option(socket, ipv6, libc::IPV6_RECVPKTINFO, 1)
        }
    }
}

/// Whether the machine has no IPv6, by configuration or by kernel.
fn lacks_ipv6(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL))
}

fn explained(listen: SocketAddr, source: io::Error) -> BindError {
    match source.raw_os_error() {
        Some(libc::EADDRINUSE) => BindError::Busy { port: listen.port() },
        Some(libc::EACCES) => BindError::Denied { port: listen.port() },
        Some(libc::EADDRNOTAVAIL) => BindError::NoSuchAddress { ip: listen.ip() },
        _ => BindError::Socket { listen, source },
    }
}
