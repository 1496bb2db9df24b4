//! A media thread under real traffic: model clients on real sockets, a third of them on TCP, people
//! coming and going,
//! keyframes asked for, layers changed, packets lost and sent again both ways; and not one call of
//! the allocator.

use std::sync::atomic::Ordering;

use protocol::Duration;

use crate::call::{Call, STAYERS};

/// Packets that must reach clients while the allocator is watched.
const FORWARDED_MIN: u64 = 100_000;

#[test]
fn a_media_thread_never_calls_the_allocator_while_people_talk_come_and_go() {
    let mut call = Call::begin();
    call.is_lossy = true;
    for number in 1..=STAYERS {
        call.join(number);
    }
    call.run_until("everybody sees somebody", Call::everybody_sees_somebody);
    // Every kind of event once before the watch begins: a first time may set up what stays.
    let mut round = 0;
    while round < 4 {
        call.disturb(round);
        round += 1;
        call.run_for(Duration::from_millis(300));
    }

    let calls_before = call.allocator_calls.load(Ordering::Acquire);
    let packets_before = call.packets();
    while call.packets() - packets_before < FORWARDED_MIN {
        call.disturb(round);
        round += 1;
        call.run_for(Duration::from_millis(300));
    }
    let calls = call.allocator_calls.load(Ordering::Acquire) - calls_before;
    let packets = call.packets() - packets_before;
    println!("{packets} packets forwarded over {round} disturbances, {calls} allocator calls");
    assert!(call.keyframes_asked() > u64::from(STAYERS), "keyframe requests took part");
    assert!(call.layers_seen() > 1, "layer changes took part");
    let metric = |name, label| call.served.metrics.value(name, label);
    let repaired = metric("sfu_retransmitted_packets_total", "");
    let found = metric("sfu_missing_packets_total", "found");
    println!("{repaired} packets sent again, {found} that publishers sent again");
    assert!(repaired > 0, "receivers' NACKs took part");
    assert!(found > 0, "publishers' retransmissions took part");
    let streamed = metric("sfu_stream_sent_datagrams_total", "");
    println!("{streamed} datagrams over TCP");
    assert!(streamed > packets / 10, "streams took part");
    assert_eq!(calls, 0);
    call.served.threads.shutdown().expect("a clean end");
}
