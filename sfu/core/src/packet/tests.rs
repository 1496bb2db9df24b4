//! The bytes of an outgoing packet.

use protocol::rtp::RtpHeader;

use super::*;

fn packet(extensions: Extensions<'_>) -> OutgoingPacket<'_> {
    let fields = HeaderFields {
        kind: MediaKind::Video,
        marker: true,
        pt: Pt(96),
        seq: SeqNo(0x1234),
        timestamp: RtpTime(0x0102_0304),
        ssrc: Ssrc(0xAABB_CCDD),
        participant: ParticipantId(0x0A0B_0C0D),
        extensions,
    };
    let mut packet = OutgoingPacket::new(&fields, &[7, 8, 9]);
    packet.set_head([1, 2, 3, 0, 0, 0], 3);
    packet
}

#[test]
fn a_packet_has_its_fields_and_the_participant_as_csrc() {
    let mut out = [0xEE; 100];
    let length = packet(Extensions::default()).write(&mut out).expect("it fits");
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
    let packet = packet(Extensions { state: Some((14, 0x85)), ..Extensions::default() });
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
        let length =
            packet(Extensions::default()).write_padded(&mut out, padding).expect("it fits");
        assert_eq!(length, packet(Extensions::default()).length() + usize::from(padding));
        let header = RtpHeader::parse(&out[..length]).expect("a good packet");
        assert_eq!(header.has_padding, padding > 0);
        assert_eq!(header.payload(&out[..length]), Some(&[1, 2, 3, 7, 8, 9][..]));
    }
}

#[test]
fn a_place_too_short_takes_nothing() {
    let packet = packet(Extensions { state: Some((1, 1)), ..Extensions::default() });
    let mut out = vec![0xEE; packet.length() - 1];
    assert_eq!(packet.write(&mut out), None);
    assert!(out.iter().all(|&byte| byte == 0xEE));
    let mut out = vec![0; packet.length() + 4];
    assert_eq!(packet.write_padded(&mut out, 5), None);
}

#[test]
fn extensions_of_any_length_stand_side_by_side() {
    let descriptor: Vec<u8> = (1..=255).collect();
    for length in [1, 3, 15, 16, 17, 40, 254, 255] {
        let bytes = &descriptor[..length];
        for state in [None, Some((1, 0xAA))] {
            for transport_cc in [None, Some(14)] {
                let dependency_descriptor = Some((7, bytes));
                let packet = packet(Extensions { state, transport_cc, dependency_descriptor });
                let mut out = [0xEE; 400];
                let written = packet.write(&mut out).expect("it fits");
                let out = &mut out[..written];
                if let Some(at) = packet.transport_number_at() {
                    assert_eq!(out[at..at + 2], [0, 0], "for the sender to fill");
                    out[at..at + 2].copy_from_slice(&[0x12, 0x34]);
                }
                let header = RtpHeader::parse(out).expect("a good packet");
                assert_eq!(header.extension_profile == 0x1000, length > 16);
                let mut expected: Vec<(u8, &[u8])> = Vec::new();
                expected.extend(state.map(|(id, _)| (id, &[0xAA][..])));
                expected.extend(transport_cc.map(|id| (id, &[0x12, 0x34][..])));
                expected.push((7, bytes));
                assert_eq!(header.extensions(out).collect::<Vec<_>>(), expected);
                assert_eq!(usize::from(header.payload_offset), packet.header_length());
                assert_eq!(header.payload_offset % 4, 0, "whole words");
                assert_eq!(header.payload(out), Some(&[1, 2, 3, 7, 8, 9][..]));
            }
        }
    }
}

#[test]
fn an_element_longer_than_the_form_allows_is_left_out() {
    for bytes in [&[][..], &[1; 256]] {
        let packet =
            packet(Extensions { dependency_descriptor: Some((7, bytes)), ..Extensions::default() });
        let mut out = [0; 400];
        let length = packet.write(&mut out).expect("it fits");
        let header = RtpHeader::parse(&out[..length]).expect("a good packet");
        assert_eq!(header.extensions(&out[..length]).count(), 0);
        assert_eq!(header.payload(&out[..length]), Some(&[1, 2, 3, 7, 8, 9][..]));
    }
}

#[test]
fn a_kept_packet_is_the_same_byte_for_byte() {
    let descriptor: Vec<u8> = (1..=255).collect();
    for length in [0, 3, 40, 255] {
        let extensions = Extensions {
            state: Some((1, 0xAA)),
            transport_cc: Some(14),
            dependency_descriptor: Some((7, &descriptor[..length])),
        };
        let mut packet = packet(extensions);
        packet.set_transport_number(0xBEEF);
        let (mut first, mut again) = ([0; 400], [0; 400]);
        let written = packet.write(&mut first).expect("it fits");
        let mut front = vec![0; packet.front_length()];
        assert_eq!(packet.write_front(&mut front), Some(front.len()));
        let kept = Kept {
            front: &front,
            header_length: packet.header_length(),
            transport_number_at: packet.transport_number_at().expect("one was negotiated") as u8,
            body: packet.body(),
            ssrc: packet.ssrc(),
            seq: packet.seq(),
        };
        let mut kept = OutgoingPacket::kept(&kept).expect("it was kept");
        kept.set_transport_number(0xBEEF);
        assert_eq!(kept.write(&mut again), Some(written));
        assert_eq!(first, again);
        assert_eq!(kept.payload_length(), 6);
    }
}

#[test]
fn a_retransmission_has_its_own_numbers_and_the_repaired_one_before_the_payload() {
    let packet = packet(Extensions { transport_cc: Some(3), ..Extensions::default() });
    let mut repair = packet.into_repair(Pt(97), Ssrc(5), SeqNo(6));
    repair.set_transport_number(0x0102);
    let mut out = [0; 100];
    let length = repair.write(&mut out).expect("it fits");
    let header = RtpHeader::parse(&out[..length]).expect("a good packet");
    assert_eq!((header.pt, header.ssrc, header.seq), (Pt(97), Ssrc(5), SeqNo(6)));
    assert!(header.marker);
    assert_eq!(header.timestamp, RtpTime(0x0102_0304));
    assert_eq!(header.payload(&out[..length]), Some(&[0x12, 0x34, 1, 2, 3, 7, 8, 9][..]));
    assert_eq!(header.extensions(&out[..length]).collect::<Vec<_>>(), [(3, &[1, 2][..])]);
    assert_eq!((length, repair.payload_length()), (packet.length() + 2, 8));
}

#[test]
fn a_packet_of_padding_has_no_payload() {
    let fields = HeaderFields {
        kind: MediaKind::Video,
        marker: false,
        pt: Pt(97),
        seq: SeqNo(1),
        timestamp: RtpTime(2),
        ssrc: Ssrc(3),
        participant: ParticipantId(4),
        extensions: Extensions::default(),
    };
    let padding = OutgoingPacket::padding_only(&fields, 200);
    let mut out = [0; 400];
    let length = padding.write_padded(&mut out, 55).expect("it fits");
    assert_eq!(length, 16 + 255);
    let header = RtpHeader::parse(&out[..length]).expect("a good packet");
    assert_eq!(header.payload(&out[..length]), Some(&[][..]));
    assert_eq!(padding.padding_room(), 55);
    assert_eq!(padding.write_padded(&mut out, 56), None);
}
