use protocol::media::{ExtensionIds, Mid, PublishSection, Source, Ssrc};
use sfu_transport::rtcp::{Rtcp, RtcpPackets, RtcpWriter};

use super::*;

/// A plan whose microphone has transport-wide numbers under the id 3.
fn plan() -> SessionPlan {
    let publish = PublishSection {
        mid: Mid::try_new(b"0").expect("a mid"),
        source: Source::Microphone,
        payloads: Vec::new(),
        rids: Vec::new(),
        ssrcs: Vec::new(),
        extensions: ExtensionIds { transport_cc: Some(3), ..ExtensionIds::default() },
    };
    SessionPlan { publishes: vec![publish], ..SessionPlan::default() }
}

fn at(millis: u64) -> Instant {
    Instant::from_micros(1_000 * millis)
}

/// Notes a packet with one extension element.
fn note(uplink: &mut Uplink, now: Instant, id: u8, value: &[u8]) {
    let mut packet = vec![0x90, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0xBE, 0xDE, 0, 1];
    packet.push(id << 4 | (value.len() - 1) as u8);
    packet.extend_from_slice(value);
    packet.resize(20, 0);
    let header = RtpHeader::parse(&packet).expect("a packet");
    uplink.note(now, &header, &packet);
}

#[test]
fn each_numbered_packet_is_reported_with_its_arrival() {
    let mut uplink = Uplink::new(&plan());
    note(&mut uplink, at(64), 3, &[1, 0]);
    note(&mut uplink, at(74), 3, &[1, 2]);
    let mut buffer = [0; 100];
    let mut writer = RtcpWriter::new(&mut buffer);
    writer.transport_feedback(Ssrc(1), &mut uplink.log).expect("room");
    let length = writer.length();
    let mut packets = RtcpPackets::try_new(&buffer[..length]).expect("what we wrote");
    let Some(Rtcp::TransportFeedback(feedback)) = packets.next() else { panic!("feedback") };
    assert_eq!(feedback.media, Ssrc(7));
    let told: Vec<_> = feedback.packets().map(|it| (it.seq.0, it.arrival_micros)).collect();
    assert_eq!(told, [(0x100, Some(0)), (0x101, None), (0x102, Some(10_000))]);
}

#[test]
fn packets_without_a_number_are_not_noted() {
    let mut uplink = Uplink::new(&plan());
    note(&mut uplink, at(1), 4, &[1, 0]);
    note(&mut uplink, at(1), 3, &[1]);
    note(&mut uplink, at(1), 3, &[1, 0, 0]);
    assert!(!uplink.log.is_pending());
    let mut silent = Uplink::new(&SessionPlan::default());
    note(&mut silent, at(1), 3, &[1, 0]);
    assert!(!silent.log.is_pending());
    silent.set_extension_id(Some(3));
    note(&mut silent, at(1), 3, &[1, 0]);
    assert!(silent.log.is_pending());
}

#[test]
fn many_packets_are_reported_at_once_and_few_do_not_wait_long() {
    let mut uplink = Uplink::new(&plan());
    assert!(!uplink.take_due(at(1_000)), "nothing to report");
    for seq in 0..8 {
        assert!(!uplink.take_due(at(100)), "{seq} packets");
        note(&mut uplink, at(100), 3, &[0, seq]);
    }
    assert!(uplink.take_due(at(100)));
    uplink.log = ArrivalLog::default();
    note(&mut uplink, at(150), 3, &[0, 9]);
    assert!(!uplink.take_due(at(299)));
    assert!(uplink.take_due(at(300)));
}
