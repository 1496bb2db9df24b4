use proptest::prelude::*;
use protocol::media::{RtpTime, SeqNo, Ssrc};

use super::*;
use crate::hex::hex;

const OURS: Ssrc = Ssrc(0x0A0B_0C0D);
const THEIRS: Ssrc = Ssrc(0x1020_3040);

/// The packets of a compound, as text.
fn read(compound: &[u8]) -> Result<Vec<String>, RtcpMalformed> {
    Ok(RtcpPackets::try_new(compound)?.map(|packet| format!("{packet:?}")).collect())
}

/// The only packet of a compound.
fn only(compound: &[u8]) -> Rtcp<'_> {
    let mut packets = RtcpPackets::try_new(compound).expect("well-formed");
    let packet = packets.next().expect("one packet");
    assert!(packets.next().is_none());
    packet
}

fn write(fill: impl FnOnce(&mut RtcpWriter<'_>) -> Result<(), NoRoom>) -> Vec<u8> {
    let mut buffer = [0xAA; 1500];
    let mut writer = RtcpWriter::new(&mut buffer);
    fill(&mut writer).expect("room");
    let length = writer.length();
    buffer[..length].to_vec()
}

fn block(ssrc: Ssrc) -> ReportBlock {
    ReportBlock {
        ssrc,
        fraction_lost: 64,
        cumulative_lost: -3,
        highest_seq: 0x0001_FFFE,
        jitter: 77,
        last_sender_report: 0x1234_5678,
        delay_since_sender_report: 65_536,
    }
}

fn info() -> SenderInfo {
    SenderInfo {
        ssrc: OURS,
        ntp: NtpTime(0xE5A1_0000_8000_0000),
        rtp_time: RtpTime(90_000),
        packet_count: 10,
        octet_count: 12_000,
    }
}

#[test]
fn a_compound_of_all_that_we_write_is_read_as_it_was_meant() {
    let blocks = [block(THEIRS), block(Ssrc(9))];
    let compound = write(|writer| {
        writer.sender_report(&info(), &blocks)?;
        writer.cname(OURS, b"node@example")?;
        writer.pli(OURS, THEIRS)?;
        writer.remb(OURS, 1_500_000, &[THEIRS, Ssrc(9)])?;
        writer.bye(&[OURS])
    });
    let mut packets = RtcpPackets::try_new(&compound).expect("well-formed");
    let Some(Rtcp::SenderReport(read_info, read_blocks)) = packets.next() else { panic!("an SR") };
    assert_eq!(read_info, info());
    assert!(read_blocks.eq(blocks));
    let Some(Rtcp::Other { packet_type: 202, count: 1 }) = packets.next() else { panic!("SDES") };
    let Some(Rtcp::Pli { sender: OURS, media: THEIRS }) = packets.next() else { panic!("a PLI") };
    let Some(Rtcp::Remb(remb)) = packets.next() else { panic!("a REMB") };
    assert_eq!((remb.sender, remb.bitrate_bps), (OURS, 1_500_000));
    assert!(remb.streams.eq([THEIRS, Ssrc(9)]));
    let Some(Rtcp::Bye(sources)) = packets.next() else { panic!("a BYE") };
    assert!(sources.eq([OURS]));
    assert!(packets.next().is_none());
}

#[test]
fn reports_look_as_rfc_3550_draws_them() {
    let compound = write(|writer| writer.receiver_report(OURS, &[block(THEIRS)]));
    let drawn = hex("
        81c90007 0a0b0c0d 10203040 40fffffd 0001fffe 0000004d 12345678 00010000");
    assert_eq!(compound, drawn);
    let compound = write(|writer| writer.sender_report(&info(), &[]));
    let drawn = hex("80c80006 0a0b0c0d e5a10000 80000000 00015f90 0000000a 00002ee0");
    assert_eq!(compound, drawn);
}

#[test]
fn a_cname_is_ended_by_a_zero_and_fills_whole_words() {
    for length in 0..=255 {
        let cname = vec![b'c'; length];
        let packet = write(|writer| writer.cname(OURS, &cname));
        assert_eq!(packet.len() % 4, 0);
        assert_eq!(packet[8..10], [1, length as u8]);
        assert_eq!(packet[10..10 + length], cname[..]);
        let zeros = &packet[10 + length..];
        assert!((1..=4).contains(&zeros.len()) && zeros.iter().all(|byte| *byte == 0));
    }
    let mut buffer = [0; 600];
    assert_eq!(RtcpWriter::new(&mut buffer).cname(OURS, &[b'c'; 256]), Err(NoRoom));
}

#[test]
fn a_packet_without_room_is_not_begun() {
    let mut buffer = [0; 40];
    let mut writer = RtcpWriter::new(&mut buffer);
    writer.receiver_report(OURS, &[block(THEIRS)]).expect("32 bytes");
    assert_eq!(writer.pli(OURS, THEIRS), Err(NoRoom));
    assert_eq!(writer.length(), 32);
    writer.bye(&[OURS]).expect("8 bytes");
    assert_eq!(writer.length(), 40);
    let mut large = [0; 4000];
    let blocks = [block(THEIRS); 32];
    assert_eq!(RtcpWriter::new(&mut large).receiver_report(OURS, &blocks), Err(NoRoom));
    assert!(RtcpWriter::new(&mut large).receiver_report(OURS, &blocks[1..]).is_ok());
}

#[test]
fn a_nack_names_each_packet_it_asks_for() {
    // RFC 4585 §6.2.1: first packets 65 534 and 10, the mask's bits 0, 2 and 15 set.
    let nack = hex("81cd0004 0a0b0c0d 10203040 fffe8005 000a0000");
    let Rtcp::Nack { sender: OURS, media: THEIRS, lost } = only(&nack) else { panic!("a NACK") };
    assert!(lost.eq([65_534, 65_535, 1, 14, 10].map(SeqNo)));
    let full = hex("81cd0003 0a0b0c0d 10203040 0001ffff");
    let Rtcp::Nack { lost, .. } = only(&full) else { panic!("a NACK") };
    assert!(lost.eq((1..=17).map(SeqNo)));
}

#[test]
fn a_written_nack_is_as_short_as_its_packets_allow() {
    for (lost, items) in [
        (&[65_534, 65_535, 1, 14, 10][..], "fffe8805"),
        (&[7, 7, 8, 23, 24], "00078001 00180000"),
        (&[24, 23], "00180000 00170000"),
    ] {
        let lost: Vec<_> = lost.iter().copied().map(SeqNo).collect();
        let written = write(|writer| writer.nack(OURS, THEIRS, &lost));
        let length = hex(items).len() / 4 + 2;
        assert_eq!(written, hex(&format!("81cd{length:04x} 0a0b0c0d 10203040 {items}")));
    }
    assert_eq!(RtcpWriter::new(&mut [0; 100]).nack(OURS, THEIRS, &[]), Err(NoRoom));
    let scattered: Vec<_> = (0..20).map(|step| SeqNo(100 * step)).collect();
    assert_eq!(RtcpWriter::new(&mut [0; 80]).nack(OURS, THEIRS, &scattered), Err(NoRoom));
}

#[test]
fn a_fir_names_streams_and_commands() {
    let fir = hex("84ce0006 0a0b0c0d 00000000 10203040 07000000 00000009 08000000");
    let Rtcp::Fir { sender: OURS, entries } = only(&fir) else { panic!("a FIR") };
    let expected = [FirEntry { ssrc: THEIRS, command: 7 }, FirEntry { ssrc: Ssrc(9), command: 8 }];
    assert!(entries.eq(expected));
}

#[test]
fn a_remb_beyond_64_bits_is_the_most_there_is() {
    let remb = |word: &str| hex(&format!("8fce0004 0a0b0c0d 00000000 52454d42 {word}"));
    for (word, expected) in [
        ("00000001", 1),
        ("0007ffff", 0x3_FFFF << 1),
        ("00b80001", 1 << 46),
        ("00fc0001", 1 << 63),
        ("00fc0002", u64::MAX),
    ] {
        let packet = remb(word);
        let Rtcp::Remb(read) = only(&packet) else { panic!("a REMB") };
        assert_eq!(read.bitrate_bps, expected, "{word}");
    }
}

#[test]
fn unknown_packets_are_passed_over() {
    // XR, congestion control feedback of RFC 8888, an application's own feedback.
    let compound = hex("
        80cf0001 0a0b0c0d 8bcd0005 0a0b0c0d 10203040 00010001 00000000 20010000
        8fce0003 0a0b0c0d 00000000 41424344");
    let read = read(&compound).expect("well-formed");
    assert_eq!(read.len(), 3);
    assert!(read.iter().all(|packet| packet.starts_with("Other")));
}

#[test]
fn a_compound_with_any_wrong_length_is_dropped_as_a_whole() {
    let pli = "81ce0002 0a0b0c0d 10203040";
    for wrong in [
        "",
        "81",
        "81ce0002 0a0b0c0d",
        "81ce0002 0a0b0c0d 1020",
        // Version 1, and version 3.
        "41ce0002 0a0b0c0d 10203040",
        "c1ce0002 0a0b0c0d 10203040",
        // PLI with a parameter, without a media SSRC.
        "81ce0003 0a0b0c0d 10203040 00000000",
        "81ce0001 0a0b0c0d",
        // NACK that asks for nothing; FIR with half an entry.
        "81cd0002 0a0b0c0d 10203040",
        "84ce0003 0a0b0c0d 00000000 10203040",
        // More blocks, sources and streams than there are.
        "81c90001 0a0b0c0d",
        "81c80006 0a0b0c0d e5a10000 80000000 00015f90 0000000a 00002ee0",
        "82cb0001 0a0b0c0d",
        "8fce0004 0a0b0c0d 00000000 52454d42 01000001",
        "8fce0003 0a0b0c0d 00000000 52454d42",
        // Padding of 0, of 3 behind a parameter, of more than there is, and on a packet that is not
        // the last.
        "a1ce0003 0a0b0c0d 10203040 00000000",
        "a1ce0003 0a0b0c0d 10203040 00000003",
        "a1ce0003 0a0b0c0d 10203040 00000010",
        "a1ce0003 0a0b0c0d 10203040 00000004 81ce0002 0a0b0c0d 10203040",
    ] {
        assert_eq!(read(&hex(wrong)), Err(RtcpMalformed), "{wrong}");
        assert_eq!(read(&hex(&format!("{pli} {wrong}"))).is_err(), !wrong.is_empty(), "{wrong}");
    }
    let padded = hex("a1ce0004 0a0b0c0d 10203040 00000000 00000008");
    assert!(matches!(only(&padded), Rtcp::Pli { sender: OURS, media: THEIRS }));
}

#[test]
fn extensions_of_a_report_and_the_reason_of_a_bye_are_passed_over() {
    let report = hex("80c90002 0a0b0c0d 99999999");
    assert!(matches!(only(&report), Rtcp::ReceiverReport(OURS, _)));
    let bye = hex("81cb0003 0a0b0c0d 03627965 00000000");
    let Rtcp::Bye(sources) = only(&bye) else { panic!("a BYE") };
    assert!(sources.eq([OURS]));
}

fn any_block() -> impl Strategy<Value = ReportBlock> {
    let lost = -0x80_0000..=0x7F_FFFF_i32;
    (any::<[u32; 5]>(), any::<u8>(), lost).prop_map(|(words, fraction_lost, cumulative_lost)| {
        let [ssrc, highest_seq, jitter, last_sender_report, delay_since_sender_report] = words;
        ReportBlock {
            ssrc: Ssrc(ssrc),
            fraction_lost,
            cumulative_lost,
            highest_seq,
            jitter,
            last_sender_report,
            delay_since_sender_report,
        }
    })
}

proptest! {
    #[test]
    fn a_nack_survives_the_wire(
        start: u16,
        steps in proptest::collection::vec(1..40_u16, 1..200),
    ) {
        let numbers = steps.iter().scan(SeqNo(start), |seq, step| {
            *seq = seq.add(*step);
            Some(*seq)
        });
        let asked: Vec<_> = numbers.collect();
        let compound = write(|writer| writer.nack(OURS, THEIRS, &asked));
        let Rtcp::Nack { lost, .. } = only(&compound) else { panic!("a NACK") };
        prop_assert_eq!(lost.collect::<Vec<_>>(), asked);
    }

    #[test]
    fn report_blocks_survive_the_wire(
        blocks in proptest::collection::vec(any_block(), 0..=31),
        sender: u32,
    ) {
        let compound = write(|writer| writer.receiver_report(Ssrc(sender), &blocks));
        let Rtcp::ReceiverReport(read_sender, read_blocks) = only(&compound) else {
            panic!("an RR")
        };
        prop_assert_eq!(read_sender, Ssrc(sender));
        prop_assert_eq!(read_blocks.collect::<Vec<_>>(), blocks);
    }

    #[test]
    fn a_remb_is_rounded_down_by_less_than_one_part_in_2_to_the_17(bitrate_bps: u64) {
        let compound = write(|writer| writer.remb(OURS, bitrate_bps, &[THEIRS]));
        let Rtcp::Remb(remb) = only(&compound) else { panic!("a REMB") };
        prop_assert!(remb.bitrate_bps <= bitrate_bps);
        prop_assert!(bitrate_bps - remb.bitrate_bps <= bitrate_bps >> 17);
    }

    /// The second form has a plausible header, so that bodies are reached.
    #[test]
    fn any_bytes_are_read_within_bounds_or_refused(
        mut compound in proptest::collection::vec(any::<u8>(), 0..300),
        packet_type in 198..212_u8,
        has_header: bool,
    ) {
        if has_header && compound.len() >= 4 {
            compound.truncate(compound.len() & !3);
            let words = (compound.len() / 4 - 1) as u16;
            compound[0] = 0x80 | compound[0] & 0x3F;
            compound[1] = packet_type;
            compound[2..4].copy_from_slice(&words.to_be_bytes());
        }
        if let Ok(packets) = RtcpPackets::try_new(&compound) {
            let mut seen = 0;
            for packet in packets {
                seen += 4;
                let named = match packet {
                    Rtcp::SenderReport(_, blocks) => 24 * blocks.count(),
                    Rtcp::ReceiverReport(_, blocks) => 24 * blocks.count(),
                    Rtcp::Bye(sources) => 4 * sources.count(),
                    Rtcp::Fir { entries, .. } => 8 * entries.count(),
                    Rtcp::Nack { lost, .. } => 4 * lost.count().div_ceil(17),
                    Rtcp::Remb(remb) => 4 * remb.streams.count(),
                    // Two bytes may stand for a whole run.
                    Rtcp::TransportFeedback(feedback) => {
                        prop_assert_eq!(
                            feedback.packets().count(),
                            usize::from(feedback.status_count)
                        );
                        0
                    }
                    Rtcp::Pli { .. } | Rtcp::Other { .. } => 0,
                };
                prop_assert!(seen + named <= compound.len());
            }
            prop_assert!(seen > 0, "a well-formed compound has a packet");
        }
    }
}
