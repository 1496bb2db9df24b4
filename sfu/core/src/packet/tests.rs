//! The bytes of an outgoing packet.

use protocol::rtp::RtpHeader;

use super::*;

fn packet(extension: Option<(u8, u8)>) -> OutgoingPacket<'static> {
    let fields = HeaderFields {
        kind: MediaKind::Video,
        marker: true,
        pt: Pt(96),
        seq: SeqNo(0x1234),
        timestamp: RtpTime(0x0102_0304),
        ssrc: Ssrc(0xAABB_CCDD),
        participant: ParticipantId(0x0A0B_0C0D),
        extension,
    };
    let mut packet = OutgoingPacket::new(&fields, &[7, 8, 9]);
    packet.set_head([1, 2, 3, 0, 0, 0], 3);
    packet
}

#[test]
fn a_packet_has_its_fields_and_the_participant_as_csrc() {
    let mut out = [0xEE; 100];
    let length = packet(None).write(&mut out).expect("it fits");
    let expected = [
        0x81, 0xE0, 0x12, 0x34, 1, 2, 3, 4, 0xAA, 0xBB, 0xCC, 0xDD, 0x0A, 0x0B, 0x0C, 0x0D, 1, 2,
        3, 7, 8, 9,
    ];
    assert_eq!(out[..length], expected);
    assert_eq!(out[length], 0xEE, "nothing behind the packet is touched");
}

#[test]
fn the_extension_stands_under_the_receivers_id() {
    let mut out = [0; 100];
    let packet = packet(Some((14, 0x85)));
    let length = packet.write(&mut out).expect("it fits");
    let header = RtpHeader::parse(&out[..length]).expect("a good packet");
    let extensions: Vec<_> = header.extensions(&out[..length]).collect();
    assert_eq!(extensions, [(14, &[0x85][..])]);
    assert_eq!(usize::from(header.payload_offset), packet.header_length());
    assert_eq!(header.payload(&out[..length]), Some(&[1, 2, 3, 7, 8, 9][..]));
}

#[test]
fn padding_is_counted_in_its_last_byte() {
    for padding in [0, 1, 2, 100, 255] {
        let mut out = [0xEE; 400];
        let length = packet(None).write_padded(&mut out, padding).expect("it fits");
        assert_eq!(length, packet(None).length() + usize::from(padding));
        let header = RtpHeader::parse(&out[..length]).expect("a good packet");
        assert_eq!(header.has_padding, padding > 0);
        assert_eq!(header.payload(&out[..length]), Some(&[1, 2, 3, 7, 8, 9][..]));
    }
}

#[test]
fn a_place_too_short_takes_nothing() {
    let packet = packet(Some((1, 1)));
    let mut out = vec![0xEE; packet.length() - 1];
    assert_eq!(packet.write(&mut out), None);
    assert!(out.iter().all(|&byte| byte == 0xEE));
    let mut out = vec![0; packet.length() + 4];
    assert_eq!(packet.write_padded(&mut out, 5), None);
}
