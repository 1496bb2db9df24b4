//! Control messages of `sendmmsg` and `recvmmsg` (cmsg(3)), built and read as plain values.
//!
//! Out: the source address of a datagram and the segment length of a train. In: the address a
//! datagram was sent to, the segment length of a train the kernel merged, how many datagrams the
//! socket has dropped, and on request when the kernel got it.

use std::{
    mem::{offset_of, size_of},
    net::{IpAddr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use super::address::{Family, mapped_octets, unmapped, unspecified};

/// `struct cmsghdr` as the kernel defines it.
#[repr(C)]
#[derive(Clone, Copy)]
struct Header {
    length: usize,
    level: libc::c_int,
    kind: libc::c_int,
}

/// A control message: `repr(C)` rounds its size up to the header's alignment, as `CMSG_SPACE` does.
#[repr(C)]
#[derive(Clone, Copy)]
struct Entry<T> {
    header: Header,
    payload: T,
}

impl<T> Entry<T> {
    /// `CMSG_LEN` of a payload of `length` bytes.
    const fn length(length: usize) -> usize {
        size_of::<Header>() + length
    }
}

/// `struct in6_pktinfo`; `struct in_pktinfo` is shorter and has no stricter alignment.
const PACKET_INFO_V6_SIZE: usize = 20;
const PACKET_INFO_V4_SIZE: usize = 12;

/// What goes with an outgoing message: the source address, behind the segment length of a train.
///
/// The segment length comes first, so that a plain datagram leaves it out by starting later.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct SendControl {
    segment: Entry<u16>,
    source: Entry<[u8; PACKET_INFO_V6_SIZE]>,
}

/// Bytes of a [`SendControl`] that the kernel is to read.
pub(super) struct ControlSpan {
    pub(super) offset: usize,
    pub(super) length: usize,
}

impl SendControl {
    pub(super) const EMPTY: SendControl = SendControl {
        segment: Entry { header: Header { length: 0, level: 0, kind: 0 }, payload: 0 },
        source: Entry {
            header: Header { length: 0, level: 0, kind: 0 },
            payload: [0; PACKET_INFO_V6_SIZE],
        },
    };

    /// Asks for `source` as the source address, and for segments of `segment` bytes unless 0.
    pub(super) fn set(&mut self, family: Family, source: SocketAddr, segment: u16) -> ControlSpan {
        let source_span = self.set_source(family, source);
        if segment == 0 {
            return ControlSpan { offset: offset_of!(SendControl, source), length: source_span };
        }
        self.segment = Entry {
            header: Header {
                length: Entry::<u16>::length(size_of::<u16>()),
                level: libc::SOL_UDP,
                kind: libc::UDP_SEGMENT,
            },
            payload: segment,
        };
        ControlSpan { offset: 0, length: offset_of!(SendControl, source) + source_span }
    }

    /// Where the kernel reads from on, `offset` bytes in.
    pub(super) fn at(&mut self, offset: usize) -> *mut libc::c_void {
        (&raw mut *self).cast::<u8>().wrapping_add(offset).cast()
    }

    /// Writes the source address and gives the `CMSG_SPACE` it takes.
    fn set_source(&mut self, family: Family, source: SocketAddr) -> usize {
        let mut payload = [0; PACKET_INFO_V6_SIZE];
        let (level, kind, length) = match family {
            Family::V4 => {
                // `ipi_ifindex` stays 0, `ipi_spec_dst` is the source, `ipi_addr` is not read.
                if let IpAddr::V4(v4) = source.ip() {
                    payload[4..8].copy_from_slice(&v4.octets());
                }
                (libc::IPPROTO_IP, libc::IP_PKTINFO, PACKET_INFO_V4_SIZE)
            }
            Family::V6 => {
                // Also towards IPv4 destinations: `ip_cmsg_send` takes a mapped source.
                payload[..16].copy_from_slice(&mapped_octets(source.ip()));
                if let SocketAddr::V6(v6) = source {
                    payload[16..20].copy_from_slice(&v6.scope_id().to_ne_bytes());
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, PACKET_INFO_V6_SIZE)
            }
        };
        let length = Entry::<[u8; PACKET_INFO_V6_SIZE]>::length(length);
        self.source = Entry { header: Header { length, level, kind }, payload };
        length.next_multiple_of(size_of::<usize>())
    }
}

/// Where the kernel writes what came with a datagram.
///
/// 120 bytes are used: 40 of IPv6 packet information, 24 of segment length, 24 of drops, 32 of
/// arrival.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub(super) struct ReceiveControl([u8; ReceiveControl::SIZE]);

/// What came with a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Received {
    /// The address it was sent to; with the port of the socket it is our end of the tuple.
    pub(super) local: SocketAddr,
    /// Segment length if the kernel merged several datagrams.
    pub(super) segment: Option<u16>,
    /// Datagrams the socket has dropped in its life, modulo 2^32, if any.
    pub(super) overflow: Option<u32>,
    /// When the kernel got it, since 1970, on a socket that asks for that.
    pub(super) arrival: Option<Duration>,
}

impl ReceiveControl {
    pub(super) const SIZE: usize = 128;
    pub(super) const EMPTY: ReceiveControl = ReceiveControl([0; ReceiveControl::SIZE]);

    pub(super) fn as_mut_ptr(&mut self) -> *mut libc::c_void {
        self.0.as_mut_ptr().cast()
    }

    /// Reads the first `length` bytes; `port` is the socket's own.
    pub(super) fn decode(&self, length: usize, family: Family, port: u16) -> Received {
        let mut received = Received {
            local: SocketAddr::new(unspecified(family), port),
            segment: None,
            overflow: None,
            arrival: None,
        };
        let mut rest = &self.0[..length.min(Self::SIZE)];
        while let Some((header, payload, next)) = split_entry(rest) {
            received.take(header, payload, port);
            rest = next;
        }
        received
    }
}

impl Received {
    fn take(&mut self, header: Header, payload: &[u8], port: u16) {
        match (header.level, header.kind) {
            (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                if let Some(octets) = payload.get(4..8).and_then(|b| <[u8; 4]>::try_from(b).ok()) {
                    self.local = SocketAddr::new(IpAddr::from(octets), port);
                }
            }
            (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                let octets = payload.get(..16).and_then(|b| <[u8; 16]>::try_from(b).ok());
                let interface = read_u32(payload.get(16..20));
                if let (Some(octets), Some(interface)) = (octets, interface) {
                    self.local = unmapped(Ipv6Addr::from(octets), port, interface);
                }
            }
            // The kernel writes an `int`, although a segment fits 16 bits.
            (libc::SOL_UDP, libc::UDP_GRO) => {
                self.segment = read_u32(payload.get(..4)).and_then(|s| u16::try_from(s).ok());
            }
            (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) => self.overflow = read_u32(payload.get(..4)),
            (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => self.arrival = read_timespec(payload),
            _ => {}
        }
    }
}

/// The first control message of `bytes`, its payload, and what follows it.
fn split_entry(bytes: &[u8]) -> Option<(Header, &[u8], &[u8])> {
    let word = size_of::<usize>();
    let length = usize::from_ne_bytes(bytes.get(..word)?.try_into().ok()?);
    let level = read_u32(bytes.get(word..word + 4))? as libc::c_int;
    let kind = read_u32(bytes.get(word + 4..word + 8))? as libc::c_int;
    let payload = bytes.get(size_of::<Header>()..length)?;
    let next = bytes.get(length.next_multiple_of(word)..).unwrap_or(&[]);
    Some((Header { length, level, kind }, payload, next))
}

/// `struct timespec` of a 64-bit machine; elsewhere there is no arrival.
fn read_timespec(bytes: &[u8]) -> Option<Duration> {
    let word = |at: usize| Some(i64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let (seconds, nanos) = (u64::try_from(word(0)?).ok()?, u32::try_from(word(8)?).ok()?);
    Some(Duration::from_secs(seconds) + Duration::from_nanos(u64::from(nanos)))
}

fn read_u32(bytes: Option<&[u8]>) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes?.try_into().ok()?))
}

#[cfg(test)]
mod tests;
