//! Media over TCP: real connections to a real node, and what is done to them.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use protocol::Duration;
use sfu_node::streams::{STREAMS_MAX, StreamKind, UNPROVEN_PER_ADDRESS};

use crate::{
    call::{Call, Person},
    line::{Front, Line},
};

#[test]
fn people_on_tcp_and_on_udp_see_each_other() {
    let mut call = Call::begin();
    for number in 1..=6 {
        let line = match number % 2 {
            0 => Line::udp(call.address),
            _ => Line::tcp(call.front.address),
        };
        call.join_by(number, line);
    }
    call.run_until("everybody sees somebody", Call::everybody_sees_somebody);
    call.run_for(Duration::from_millis(1_500));
    assert_eq!(value(&call, "sfu_streams", "ice_tcp"), 3);
    assert_eq!(call.failures(), 0);
    assert_eq!(dropped(&call), 0, "nothing is dropped on a line that takes everything");
    call.served.threads.shutdown().expect("a clean end");
}

#[test]
fn a_stream_that_is_closed_dies_at_once_and_its_person_comes_back_by_another() {
    let mut call = Call::begin();
    call.join_by(1, Line::udp(call.address));
    call.join_by(2, Line::tcp(call.front.address));
    call.run_until("both see each other", Call::everybody_sees_somebody);
    let proven = |call: &Call| value(call, "sfu_proven_tuples", "");
    call.run_until("both are counted", |call| proven(call) == 2);
    let seen = packets(&call, 2);

    let line = Line::tcp(call.front.address);
    person(&mut call, 2).line = line;
    call.run_until("the old one is forgotten", |call| {
        value(call, "sfu_streams_ended_total", "closed") == 1 && proven(call) == 2
    });
    call.run_until("media goes on", |call| packets(call, 2) > seen + 100);
    assert_eq!(value(&call, "sfu_streams", "ice_tcp"), 1);

    let line = Line::udp(call.address);
    person(&mut call, 2).line = line;
    let seen = packets(&call, 2);
    call.run_until("it goes on by UDP", |call| packets(call, 2) > seen + 100);
    call.served.threads.shutdown().expect("a clean end");
}

#[test]
fn who_reads_nothing_loses_pictures_before_sound_and_delays_nobody() {
    let mut call = Call::begin();
    call.join_by(1, Line::udp(call.address));
    call.join_by(2, Line::tcp(call.front.address));
    call.join_by(3, Line::tcp(call.front.address));
    call.run_until("everybody sees somebody", Call::everybody_sees_somebody);
    for (number, seen) in [(1, packets(&call, 1)), (3, packets(&call, 3))] {
        call.run_until("all receive", |call| packets(call, number) > seen + 50);
    }

    person(&mut call, 2).line.stop_reading();
    call.run_until("pictures are dropped", |call| call.served.streams.late_pictures() > 0);
    person(&mut call, 2).line.read_again();
    let seen = packets(&call, 2);
    call.run_until("who reads again receives again", |call| packets(call, 2) > seen + 200);
    // Counters are published once a second.
    call.run_for(Duration::from_millis(1_200));
    assert_eq!(value(&call, "sfu_send_dropped_datagrams_total", "stream_urgent"), 0, "no sound");
    assert_eq!(call.failures(), 0);

    person(&mut call, 2).line.stop_reading();
    let before = [1, 3].map(|number| packets(&call, number));
    call.run_for(Duration::from_secs(2));
    for (number, before) in [1, 3].into_iter().zip(before) {
        let received = packets(&call, number) - before;
        assert!(received > 300, "{received} packets to the bystander {number} in two seconds");
    }
    assert_eq!(call.failures(), 0);
    call.served.threads.shutdown().expect("a clean end");
}

#[test]
fn streams_that_are_none_end_and_are_counted() {
    let call = Call::begin();
    let front = &call.front;
    for garbage in [
        &[0xFF, 0xFF, 1, 2, 3][..],            // Longer than anything may be.
        &[0, 20, 22, 254, 253, 0, 0, 0, 0, 0], // DTLS before any check.
        &[0, 4, 0x80, 96, 0, 0],               // RTP before any check.
    ] {
        let mut stream = TcpStream::connect(front.address).expect("connected");
        let mut bytes = garbage.to_vec();
        bytes.resize(bytes.len().max(32), 0);
        stream.write_all(&bytes).expect("sent");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        assert!(matches!(stream.read(&mut [0; 10]), Ok(0) | Err(_)), "no answer, and an end");
    }
    await_value(&call, "sfu_streams_ended_total", "bad_framing", 3);
    assert_eq!(value(&call, "sfu_streams", "ice_tcp"), 0);
    call.served.threads.shutdown().expect("a clean end");
}

#[test]
fn a_relay_without_a_secret_and_a_crowd_that_proves_nothing_are_refused() {
    let call = Call::begin();
    let relay = Front::of(&call.served.streams, StreamKind::Turn);
    drop(TcpStream::connect(relay.address).expect("connected"));
    await_value(&call, "sfu_streams_refused_total", "no_turn", 1);

    let idle: Vec<_> = (0..UNPROVEN_PER_ADDRESS + 10)
        .map(|_| TcpStream::connect(call.front.address).expect("connected"))
        .collect();
    await_value(&call, "sfu_streams_refused_total", "address", 10);
    assert_eq!(value(&call, "sfu_streams", "ice_tcp"), u64::from(UNPROVEN_PER_ADDRESS));
    drop(idle);
    await_value(&call, "sfu_streams", "ice_tcp", 0);
    call.served.threads.shutdown().expect("a clean end");
}

#[test]
fn places_are_given_out_again_for_ever() {
    let call = Call::begin();
    for round in 0..2 * STREAMS_MAX as u64 / 64 + 1 {
        let streams: Vec<_> =
            (0..64).map(|_| TcpStream::connect(call.front.address).expect("connected")).collect();
        let opened = || call.served.streams.opened(StreamKind::IceTcp);
        await_that("all are open", || opened() == 64 * (round + 1));
        drop(streams);
        await_that("all are gone", || call.served.streams.open(StreamKind::IceTcp) == 0);
    }
    assert_eq!(value(&call, "sfu_streams_refused_total", "full"), 0);
    call.served.threads.shutdown().expect("a clean end");
}

const PATIENCE: Duration = Duration::from_secs(20);

fn person(call: &mut Call, number: u32) -> &mut Person {
    call.people.get_mut(&number).expect("somebody who is here")
}

fn packets(call: &Call, number: u32) -> u64 {
    call.people[&number].client.slots.values().map(|slot| slot.packets).sum()
}

fn value(call: &Call, name: &str, label: &str) -> u64 {
    call.served.metrics.value(name, label)
}

/// Datagrams that were dropped for a stream, whatever the reason.
fn dropped(call: &Call) -> u64 {
    let sent = ["stream_gone", "stream_video", "stream_urgent"];
    let sent = sent.map(|label| value(call, "sfu_send_dropped_datagrams_total", label));
    let other = ["late_picture", "media_busy"];
    let other = other.map(|label| value(call, "sfu_stream_dropped_total", label));
    sent.into_iter().chain(other).sum()
}

fn await_value(call: &Call, name: &str, label: &str, wanted: u64) {
    await_that(&format!("{name} {label} {wanted}"), || value(call, name, label) == wanted);
}

fn await_that(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = std::time::Instant::now() + PATIENCE;
    while !is_so() {
        assert!(std::time::Instant::now() < end, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
