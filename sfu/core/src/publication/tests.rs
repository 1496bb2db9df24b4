//! Which packet is which source, and what a publisher may not do.

use protocol::media::{ExtensionIds, Mid, Payload, RtpTime};

use super::*;

const NOW: Instant = Instant::from_micros(1_000_000);
const EXTENSIONS: ExtensionIds = ExtensionIds {
    mid: Some(4),
    rid: Some(10),
    repaired_rid: Some(11),
    audio_level: Some(1),
    orientation: Some(5),
    transport_cc: None,
    dependency_descriptor: None,
    layers_allocation: None,
};

fn mid(name: &str) -> Mid {
    Mid::try_new(name.as_bytes()).expect("a mid")
}

fn section(name: &str, source: Source, codec: Codec, pt: u8, rids: &[&str]) -> PublishSection {
    let rtx = (codec == Codec::Vp8).then_some(Pt(pt + 1));
    PublishSection {
        mid: mid(name),
        source,
        payloads: vec![Payload { codec, pt: Pt(pt), rtx }],
        rids: rids.iter().map(|rid| mid(rid)).collect(),
        ssrcs: Vec::new(),
        extensions: EXTENSIONS,
    }
}

fn sections() -> Vec<PublishSection> {
    vec![
        section("0", Source::Microphone, Codec::Opus, 111, &[]),
        section("1", Source::Camera, Codec::Vp8, 96, &["q", "h", "f"]),
        section("2", Source::Screen, Codec::Vp8, 96, &[]),
        section("3", Source::ScreenAudio, Codec::Opus, 109, &[]),
    ]
}

/// An RTP packet with one-byte extensions.
fn packet(ssrc: u32, pt: u8, seq: u16, extensions: &[(u8, &[u8])]) -> Vec<u8> {
    let mut block = Vec::new();
    for (id, value) in extensions {
        block.push(id << 4 | (value.len() - 1) as u8);
        block.extend_from_slice(value);
    }
    block.resize(block.len().next_multiple_of(4), 0);
    let mut packet = vec![0x90, pt];
    packet.extend_from_slice(&seq.to_be_bytes());
    packet.extend_from_slice(&[0, 0, 0, 1]);
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(&[0xBE, 0xDE, 0, (block.len() / 4) as u8]);
    packet.extend_from_slice(&block);
    packet.extend_from_slice(&[0x10, 1, 2, 3]);
    packet
}

struct Publisher {
    publications: Publications,
    sections: Vec<PublishSection>,
}

impl Publisher {
    fn new(sections: Vec<PublishSection>) -> Self {
        let mut publications = Publications::new(&sections, CameraLimit::NONE, 0);
        for publication in &mut publications.by_source {
            publication.state = Some(SourceState::default());
        }
        Publisher { publications, sections }
    }

    fn receive(&mut self, now: Instant, packet: &[u8]) -> Result<(Source, u8), ForwardDrop> {
        let header = RtpHeader::parse(packet).expect("a good header");
        let mut table = DependencyTable::default();
        let received =
            self.publications.receive(now, &self.sections, &mut table, packet, &header)?;
        assert_eq!(received.header.timestamp, RtpTime(1));
        Ok((received.source, received.layer))
    }
}

#[test]
fn mid_decides_before_ssrc_and_ssrc_before_payload_type() {
    let mut sections = sections();
    sections[2].ssrcs = vec![Ssrc(70), Ssrc(71)];
    let mut publisher = Publisher::new(sections);
    type Case<'c> = (u32, u8, &'c [(u8, &'c [u8])], Result<(Source, u8), ForwardDrop>);
    let cases: [Case<'_>; 8] = [
        (1, 111, &[(4, b"3")], Err(ForwardDrop::UnknownPayloadType)),
        (1, 111, &[(4, b"0")], Ok((Source::Microphone, 0))),
        (2, 109, &[], Ok((Source::ScreenAudio, 0))), // the only m-line with 109
        (70, 96, &[], Ok((Source::Screen, 0))),      // declared
        (3, 96, &[], Err(ForwardDrop::Unmapped)),    // 96 is on two m-lines
        (3, 109, &[(4, b"9")], Err(ForwardDrop::Unmapped)), // a MID of nobody
        (3, 96, &[(4, b"1"), (10, b"h")], Ok((Source::Camera, 1))),
        (3, 96, &[], Ok((Source::Camera, 1))), // known by now
    ];
    for (ssrc, pt, extensions, expected) in cases {
        let packet = packet(ssrc, pt, 1, extensions);
        assert_eq!(publisher.receive(NOW, &packet), expected, "{ssrc} {pt} {extensions:?}");
    }
}

#[test]
fn a_layer_needs_a_known_rid() {
    let mut publisher = Publisher::new(sections());
    let camera = |ssrc, rid: &[u8]| packet(ssrc, 96, 1, &[(4, b"1"), (10, rid)]);
    assert_eq!(publisher.receive(NOW, &camera(1, b"f")), Ok((Source::Camera, 2)));
    assert_eq!(publisher.receive(NOW, &camera(2, b"x")), Err(ForwardDrop::Unmapped));
    let without = packet(2, 96, 1, &[(4, b"1")]);
    assert_eq!(publisher.receive(NOW, &without), Err(ForwardDrop::Unmapped));
}

#[test]
fn repair_streams_are_told_apart() {
    let mut publisher = Publisher::new(sections());
    let repair = packet(9, 97, 1, &[(4, b"1"), (11, b"q")]);
    assert_eq!(publisher.receive(NOW, &repair), Err(ForwardDrop::Repair), "of what?");
    let media = packet(1, 96, 1, &[(4, b"1"), (10, b"q")]);
    assert_eq!(publisher.receive(NOW, &media), Ok((Source::Camera, 0)));
    assert_eq!(publisher.receive(NOW, &repair), Err(ForwardDrop::NotMissing));
    assert_eq!(publisher.publications.ssrc_of(Source::Camera, 0), Some(Ssrc(1)));
}

#[test]
fn a_source_that_is_off_is_not_forwarded() {
    let mut publisher = Publisher::new(sections());
    publisher.publications.by_source[Source::Microphone.index()].state = None;
    let voice = packet(1, 111, 1, &[(4, b"0")]);
    assert_eq!(publisher.receive(NOW, &voice), Err(ForwardDrop::SourceOff));
}

#[test]
fn a_new_ssrc_of_a_layer_supersedes_the_old_one() {
    let mut publisher = Publisher::new(sections());
    let voice = |ssrc, seq| packet(ssrc, 111, seq, &[(4, b"0")]);
    assert!(publisher.receive(NOW, &voice(1, 1)).is_ok());
    assert!(publisher.receive(NOW, &voice(2, 1)).is_ok());
    assert_eq!(publisher.receive(NOW, &voice(1, 2)), Err(ForwardDrop::Superseded));
}

#[test]
fn the_table_of_streams_is_bounded_and_makes_room_after_silence() {
    let mut publisher = Publisher::new(sections());
    let voice = |ssrc| packet(ssrc, 111, 1, &[(4, b"0")]);
    for ssrc in 0..STREAMS_MAX as u32 {
        assert!(publisher.receive(NOW, &voice(ssrc)).is_ok());
    }
    let full = Err(ForwardDrop::TooManyStreams);
    assert_eq!(publisher.receive(NOW, &voice(100)), full);
    assert_eq!(publisher.receive(NOW + Duration::from_secs(9), &voice(101)), full);
    let later = NOW + Duration::from_secs(10);
    assert!(publisher.receive(later, &voice(102)).is_ok());
    assert_eq!(publisher.publications.streams().count(), STREAMS_MAX);
}

#[test]
fn a_flood_is_cut_to_the_budget() {
    let mut publisher = Publisher::new(sections());
    let step = Duration::from_micros(50); // 20 000 packets/s
    let mut now = NOW;
    let mut passed = 0;
    for seq in 0..200_000_u32 {
        let voice = packet(1, 111, seq as u16, &[(4, b"0")]);
        passed += u32::from(publisher.receive(now, &voice).is_ok());
        now = now + step;
    }
    assert!((20_000..=21_001).contains(&passed), "{passed} in 10 s");
}

#[test]
fn payloads_that_contradict_themselves_are_dropped() {
    let mut publisher = Publisher::new(sections());
    let mut screen = packet(5, 96, 1, &[(4, b"2")]);
    let payload = screen.len() - 4;
    screen.truncate(payload);
    screen.extend_from_slice(&[0x90, 0x80, 0x80]); // ends inside the picture id
    assert_eq!(publisher.receive(NOW, &screen), Err(ForwardDrop::Malformed));
    let mut voice = packet(1, 111, 1, &[(4, b"0")]);
    voice[0] |= 0x20;
    *voice.last_mut().expect("a payload") = 200; // more padding than payload
    assert_eq!(publisher.receive(NOW, &voice), Err(ForwardDrop::Malformed));
}

#[test]
fn the_extension_that_passes_is_the_kinds_own() {
    let mut publisher = Publisher::new(sections());
    let mut table = DependencyTable::default();
    let cases = [(111, 1, b"0", Some(0x85)), (96, 2, b"2", Some(0x03))];
    for (pt, ssrc, mid, expected) in cases {
        let packet = packet(ssrc, pt, 1, &[(4, mid), (1, &[0x85]), (5, &[0x03])]);
        let header = RtpHeader::parse(&packet).expect("a good header");
        let sections = &publisher.sections;
        let received = publisher.publications.receive(NOW, sections, &mut table, &packet, &header);
        assert_eq!(received.expect("mapped").extension, expected);
    }
}
