//! The 5-tuple: by which way a datagram came, and by which way its answer goes.
//!
//! It never resolves or opens anything. Its size is fixed.

use std::{fmt, net::SocketAddr};

use serde::{Deserialize, Serialize};

/// Where a datagram came from, at which of our addresses, and over what.
///
/// An IPv4 address stands as such, also where a dual-stack socket shows it as `::ffff:a.b.c.d`: the
/// shell translates both ways.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tuple {
    /// Our address, to which the datagram was sent and from which the answer must come.
    pub local: SocketAddr,
    /// The sender's address.
    pub remote: SocketAddr,
    /// What carries it.
    pub path: Path,
}

/// What carries the datagrams of a [`Tuple`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Path {
    /// The node's UDP port.
    Udp,
    /// A stream with this number in the shell's table: ICE-TCP, or TURN over TLS.
    Stream(u32),
}

impl fmt::Debug for Tuple {
    /// An address is personal, so only the path prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<tuple {:?}>", self.path)
    }
}
