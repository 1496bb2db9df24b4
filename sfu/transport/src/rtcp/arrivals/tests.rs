use proptest::prelude::*;

use super::*;
use crate::{
    hex::hex,
    rtcp::{ReferenceClock, Rtcp, RtcpPackets},
};

const OURS: Ssrc = Ssrc(0x0A0B_0C0D);
const THEIRS: Ssrc = Ssrc(0x1020_3040);

fn at(ticks: u64) -> Instant {
    Instant::from_micros(250 * ticks)
}

/// Everything that the log has to report, in messages of at most `length_max` bytes.
fn report(log: &mut ArrivalLog, length_max: usize) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    while log.is_pending() {
        let mut buffer = vec![0xAA; length_max];
        let mut writer = RtcpWriter::new(&mut buffer);
        writer.transport_feedback(OURS, log).expect("room for a message");
        let length = writer.length();
        messages.push(buffer[..length].to_vec());
    }
    messages
}

/// What messages say: number and arrival of each packet, in ticks of 250 µs.
fn read(messages: &[Vec<u8>]) -> Vec<(u16, Option<i64>)> {
    let mut clock = ReferenceClock::default();
    let mut told = Vec::new();
    for message in messages {
        let mut packets = RtcpPackets::try_new(message).expect("what we wrote");
        let Some(Rtcp::TransportFeedback(feedback)) = packets.next() else { panic!("feedback") };
        assert_eq!((feedback.sender, feedback.media), (OURS, THEIRS));
        let reference = clock.micros(feedback.reference);
        told.extend(feedback.packets().map(|packet| {
            (packet.seq.0, packet.arrival_micros.map(|micros| (reference + micros) / 250))
        }));
    }
    told
}

#[test]
fn a_message_looks_as_the_draft_draws_it() {
    let mut log = ArrivalLog::default();
    // A tick after the reference time 2, then 17 more a tick apart; two losses; one after 1 s.
    for step in 0..18_u16 {
        log.record(at(512 + 1 + u64::from(step)), THEIRS, SeqNo(0xFFFE).add(step));
    }
    log.record(at(512 + 18 + 4_000), THEIRS, SeqNo(18));
    // A run of 18, then two bits a packet: 00 00 10.
    let drawn = hex("
        8fcd000a 0a0b0c0d 10203040 fffe0015 00000200 2012c200
        01010101 01010101 01010101 01010101 0101 0fa0");
    assert_eq!(report(&mut log, 1200), [drawn]);
}

#[test]
fn reports_go_on_where_the_last_one_ended() {
    let mut log = ArrivalLog::default();
    assert!(!log.is_pending());
    assert_eq!(RtcpWriter::new(&mut [0; 100]).transport_feedback(OURS, &mut log), Err(NoRoom));
    log.record(at(10), THEIRS, SeqNo(5));
    assert_eq!(read(&report(&mut log, 1200)), [(5, Some(10))]);
    assert!(!log.is_pending());
    log.record(at(12), THEIRS, SeqNo(8));
    let second = report(&mut log, 1200);
    assert_eq!(read(&second), [(6, None), (7, None), (8, Some(12))]);
    assert_eq!(second[0][19], 1, "the count of messages");
}

#[test]
fn a_late_packet_is_reported_with_all_after_it() {
    let mut log = ArrivalLog::default();
    log.record(at(1), THEIRS, SeqNo(1));
    log.record(at(3), THEIRS, SeqNo(3));
    report(&mut log, 1200);
    log.record(at(4), THEIRS, SeqNo(2));
    assert_eq!(read(&report(&mut log, 1200)), [(2, Some(4)), (3, Some(3))]);
    log.record(at(9), THEIRS, SeqNo(2));
    assert!(!log.is_pending(), "a duplicate counts once");
}

#[test]
fn a_jump_forgets_what_is_too_far_behind() {
    let mut log = ArrivalLog::default();
    log.record(at(1), THEIRS, SeqNo(1));
    log.record(at(2), THEIRS, SeqNo(30_000));
    let told = read(&report(&mut log, 1200));
    assert_eq!(told.len(), LOG_LENGTH);
    assert_eq!(told.last(), Some(&(30_000, Some(2))));
    assert!(told[..LOG_LENGTH - 1].iter().all(|(_, arrival)| arrival.is_none()));
    log.record(at(3), THEIRS, SeqNo(29_000));
    assert!(!log.is_pending());
}

#[test]
fn eight_seconds_of_silence_begin_another_message() {
    let mut log = ArrivalLog::default();
    log.record(at(1), THEIRS, SeqNo(1));
    log.record(at(1 + 32_768), THEIRS, SeqNo(2));
    let messages = report(&mut log, 1200);
    assert_eq!(messages.len(), 2);
    assert_eq!(read(&messages), [(1, Some(1)), (2, Some(32_769))]);
}

#[test]
fn many_arrivals_are_spread_over_messages_that_fit() {
    let mut log = ArrivalLog::default();
    for step in 0..LOG_LENGTH as u16 {
        log.record(at(300 * u64::from(step)), THEIRS, SeqNo(step));
    }
    let messages = report(&mut log, 200);
    assert!(messages.len() > 5 && messages.iter().all(|message| message.len() <= 200));
    let expected = (0..LOG_LENGTH as u16).map(|seq| (seq, Some(300 * i64::from(seq))));
    assert_eq!(read(&messages), expected.collect::<Vec<_>>());
}

proptest! {
    /// Losses, bursts, reordering and pauses: each number in the log's reach is told as it came.
    #[test]
    fn what_was_recorded_is_what_is_read(
        start: u16,
        begin in 0..1_u64 << 33,
        steps in proptest::collection::vec((0..4_u8, 0..600_u64), 1..400),
        swaps in proptest::collection::vec(0..400_usize, 0..40),
        length_max in 300..1_200_usize,
    ) {
        let mut time = begin;
        let mut packets: Vec<(u16, u64)> = Vec::new();
        for (place, (fate, wait)) in steps.iter().enumerate() {
            time += if *fate == 3 { 40 * wait } else { *wait };
            if *fate != 0 {
                packets.push((start.wrapping_add(place as u16), time));
            }
        }
        // Neighbours change places, and with them the order of arrival.
        for swap in swaps {
            if swap + 1 < packets.len() {
                let (earlier, later) = (packets[swap].0, packets[swap + 1].0);
                (packets[swap].0, packets[swap + 1].0) = (later, earlier);
            }
        }
        let mut log = ArrivalLog::default();
        for (seq, ticks) in &packets {
            log.record(at(*ticks), THEIRS, SeqNo(*seq));
        }
        let messages = report(&mut log, length_max);
        prop_assert!(messages.iter().all(|message| message.len() <= length_max));
        let told = read(&messages);
        // The clock that is read begins anew after 12 days.
        let circle = 1_i64 << 32;
        for (seq, arrival) in &told {
            let sent = packets.iter().find(|(known, _)| known == seq).map(|(_, ticks)| *ticks);
            prop_assert_eq!(
                arrival.map(|ticks| ticks.rem_euclid(circle)),
                sent.map(|ticks| (ticks as i64).rem_euclid(circle))
            );
        }
        let arrived = told.iter().filter(|(_, arrival)| arrival.is_some()).count();
        prop_assert_eq!(arrived, packets.len());
    }
}
