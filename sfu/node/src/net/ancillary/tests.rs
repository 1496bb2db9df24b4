use std::{net::SocketAddr, time::Duration};

use super::{Entry, Family, Header, ReceiveControl, SendControl};

fn address(text: &str) -> SocketAddr {
    text.parse().expect("a socket address")
}

/// Control messages as the kernel would lay them out.
fn control(entries: &[(i32, i32, &[u8])]) -> (ReceiveControl, usize) {
    let mut control = ReceiveControl::EMPTY;
    let mut at = 0;
    for (level, kind, payload) in entries {
        let length = size_of::<Header>() + payload.len();
        let bytes = &mut control.0[at..at + length];
        bytes[..8].copy_from_slice(&length.to_ne_bytes());
        bytes[8..12].copy_from_slice(&level.to_ne_bytes());
        bytes[12..16].copy_from_slice(&kind.to_ne_bytes());
        bytes[16..].copy_from_slice(payload);
        at += length.next_multiple_of(8);
    }
    (control, at)
}

#[test]
fn an_entry_takes_the_space_that_the_kernel_expects() {
    // CMSG_SPACE(2) and CMSG_SPACE(20) on a 64-bit machine.
    assert_eq!(size_of::<Entry<u16>>(), 24);
    assert_eq!(size_of::<Entry<[u8; 20]>>(), 40);
}

#[test]
fn a_plain_datagram_carries_its_source_address_alone() {
    let mut control = SendControl::EMPTY;
    let v6 = control.set(Family::V6, address("192.0.2.1:5"), 0);
    assert_eq!((v6.offset, v6.length), (24, 40));
    assert_eq!(control.source.payload[10..16], [0xff, 0xff, 192, 0, 2, 1]);
    let v4 = control.set(Family::V4, address("192.0.2.1:5"), 0);
    assert_eq!((v4.offset, v4.length), (24, 32));
    assert_eq!(control.source.payload[4..8], [192, 0, 2, 1]);
}

#[test]
fn a_train_carries_its_segment_length_too() {
    let mut control = SendControl::EMPTY;
    let span = control.set(Family::V6, address("[2001:db8::1]:5"), 1200);
    assert_eq!((span.offset, span.length), (0, 64));
    assert_eq!(control.segment.payload, 1200);
    assert_eq!(control.segment.header.length, 18);
}

#[test]
fn everything_that_comes_with_a_datagram_is_read() {
    let mut info = [0; 20];
    info[10..16].copy_from_slice(&[0xff, 0xff, 127, 0, 0, 2]);
    info[16] = 1;
    let timespec = [3i64.to_ne_bytes(), 500i64.to_ne_bytes()].concat();
    let (control, length) = control(&[
        (libc::SOL_SOCKET, libc::SO_RXQ_OVFL, &7u32.to_ne_bytes()),
        (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &info),
        (libc::SOL_UDP, libc::UDP_GRO, &1200i32.to_ne_bytes()),
        (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS, &timespec),
    ]);
    let received = control.decode(length, Family::V6, 8080);
    assert_eq!(received.local, address("127.0.0.2:8080"));
    assert_eq!(received.segment, Some(1200));
    assert_eq!(received.overflow, Some(7));
    assert_eq!(received.arrival, Some(Duration::new(3, 500)));
}

#[test]
fn a_truncated_control_message_is_not_read() {
    let (control, length) = control(&[(libc::SOL_UDP, libc::UDP_GRO, &1200i32.to_ne_bytes())]);
    for cut in 0..length - 4 {
        let received = control.decode(cut, Family::V4, 1);
        assert_eq!(received.segment, None, "{cut} bytes");
        assert_eq!(received.local, address("0.0.0.0:1"));
    }
}
