//! The TCP listener of the port, bound before anything else so that UDP can follow its number.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

/// A port that cannot be had; the text names the cure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BindError {
    /// Somebody has it.
    #[error("port {} is in use by another program: stop that program, or choose another port \
             with `--{option} {}:PORT`", address.port(), host(*address))]
    InUse {
        /// What was asked for.
        address: SocketAddr,
        /// The option that chooses it.
        option: &'static str,
    },
    /// A port below 1024.
    #[error("this user may not open port {}: choose one from 1024 up with `--{option}`, or grant \
             CAP_NET_BIND_SERVICE", address.port())]
    Forbidden {
        /// What was asked for.
        address: SocketAddr,
        /// The option that chooses it.
        option: &'static str,
    },
    /// Anything else, such as an address that is not on this machine.
    #[error("cannot listen on {address}: {source}; check `--{option}`")]
    Other {
        /// What was asked for.
        address: SocketAddr,
        /// The option that chooses it.
        option: &'static str,
        /// Why.
        source: io::Error,
    },
}

impl BindError {
    /// Explains an error that binding `address`, as `option` asks, gave.
    pub(crate) fn new(address: SocketAddr, option: &'static str, source: io::Error) -> Self {
        let kind = source.kind();
        if kind == io::ErrorKind::AddrInUse {
            BindError::InUse { address, option }
        } else if kind == io::ErrorKind::PermissionDenied {
            BindError::Forbidden { address, option }
        } else {
            BindError::Other { address, option, source }
        }
    }
}

/// Binds TCP, ready for tokio. `[::]` serves IPv4 too, and means `0.0.0.0` where IPv6 is off.
///
/// # Errors
///
/// The address cannot be bound.
pub(crate) fn listen(address: SocketAddr, option: &'static str) -> Result<TcpListener, BindError> {
    let bound = match TcpListener::bind(address) {
        Err(error) if is_wildcard_v6(address) && is_without_ipv6(&error) => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port()))
        }
        other => other,
    };
    bound
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(|source| BindError::new(address, option, source))
}

fn is_wildcard_v6(address: SocketAddr) -> bool {
    address.is_ipv6() && address.ip().is_unspecified()
}

fn is_without_ipv6(error: &io::Error) -> bool {
    // EAFNOSUPPORT (no IPv6 in the kernel) has no stable kind in std; EADDRNOTAVAIL is IPv6 off by
    // sysctl.
    error.kind() == io::ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(EAFNOSUPPORT)
}

const EAFNOSUPPORT: i32 = 97; // asm-generic/errno.h

/// An address as it stands before a port.
fn host(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => address.ip().to_string(),
        SocketAddr::V6(address) => format!("[{}]", address.ip()),
    }
}
