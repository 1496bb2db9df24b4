use protocol::Instant;

use super::Alr;

/// Packets of 500 bytes at so many kb/s for some seconds, with a target of 1 Mb/s.
fn send(alr: &mut Alr, from_s: u64, to_s: u64, kbps: u64) {
    let step_us = 500 * 8_000 / kbps;
    for us in (from_s * 1_000_000..to_s * 1_000_000).step_by(step_us as usize) {
        alr.sent(Instant::from_micros(us), 500, 1e6);
    }
}

#[test]
fn who_sends_little_is_limited_until_it_sends_much() {
    let mut alr = Alr::default();
    send(&mut alr, 0, 3, 900);
    assert!(!alr.is_limited());
    send(&mut alr, 3, 6, 100);
    assert!(alr.is_limited());
    send(&mut alr, 6, 7, 600);
    assert!(alr.is_limited(), "near the border it stays what it was");
    send(&mut alr, 7, 10, 900);
    assert!(!alr.is_limited());
}

#[test]
fn who_sends_nothing_is_limited() {
    let mut alr = Alr::default();
    send(&mut alr, 0, 3, 900);
    for tick in 60..100 {
        alr.pass(Instant::from_micros(tick * 50_000), 1e6);
    }
    assert!(alr.is_limited());
}
