//! Whether this machine cuts trains: tried once at start, over loopback.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, UdpSocket as StdUdpSocket},
};

use protocol::Duration;
use sfu_worker::{Path, Tuple};

use super::{Message, SendBatch, UdpSocket};

/// Whether a train of three datagrams, the last one shorter, arrives as three datagrams. It takes
/// well below a millisecond, or [`PATIENCE`] where trains vanish.
#[must_use]
pub fn segmentation_works() -> bool {
    let arrived = send_train().unwrap_or_default();
    arrived == LENGTHS
}

const LENGTHS: [usize; 3] = [1_200, 1_200, 300];
const PATIENCE: Duration = Duration::from_millis(100);

/// Sends a train to ourselves and gives the lengths of what arrives.
fn send_train() -> io::Result<Vec<usize>> {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let receiver = StdUdpSocket::bind(anywhere)?;
    receiver.set_read_timeout(Some(PATIENCE))?;
    let sender = UdpSocket::bind(anywhere).map_err(io::Error::other)?;
    let tuple =
        Tuple { local: sender.local_addr(), remote: receiver.local_addr()?, path: Path::Udp };
    let arena = [0; LENGTHS[0] + LENGTHS[1] + LENGTHS[2]];
    let train = Message { start: 0, length: arena.len(), segment: LENGTHS[0] as u16, tuple };
    let sent = SendBatch::new().send(&sender, &arena, &[train]);
    sent.map_err(|_| io::Error::from(io::ErrorKind::Unsupported))?;
    let mut arrived = Vec::new();
    let mut datagram = [0; 65_536];
    while arrived.len() < LENGTHS.len() {
        arrived.push(receiver.recv(&mut datagram)?);
    }
    Ok(arrived)
}
