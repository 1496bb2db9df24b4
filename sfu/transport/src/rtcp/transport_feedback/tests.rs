use proptest::prelude::*;

use super::*;
use crate::{
    hex::hex,
    rtcp::{Rtcp, RtcpPackets},
};

/// What a message says: number and arrival of each packet, in µs after the reference.
type Told = Vec<(u16, Option<i64>)>;

/// Reads a message whose header and SSRCs are left out.
fn read(body: &str) -> Result<Told, RtcpMalformed> {
    let body = hex(body);
    let feedback = TransportFeedback::read(Ssrc(1), Ssrc(2), &body)?;
    Ok(feedback.packets().map(|packet| (packet.seq.0, packet.arrival_micros)).collect())
}

#[test]
fn each_kind_of_chunk_is_read() {
    for (what, body, expected) in [
        (
            "a run of small deltas; what follows fills the word",
            "0001 0003 000000 07  2003  00 04 ff 00",
            vec![(1, Some(0)), (2, Some(1_000)), (3, Some(64_750))],
        ),
        (
            "a run of losses over the wrap, then one packet, 1 s later",
            "ffff 0003 000001 00  0002 4001  0fa0",
            vec![(65_535, None), (0, None), (1, Some(1_000_000))],
        ),
        (
            "one bit a packet, all received; the rest of the chunk is beyond the count",
            "0010 0003 000000 00  bfff  00 01 00",
            vec![(16, Some(0)), (17, Some(250)), (18, Some(250))],
        ),
        (
            "one bit a packet, the second lost",
            "0010 0003 000000 00  a800  02 01",
            vec![(16, Some(500)), (17, None), (18, Some(750))],
        ),
        (
            "two bits a packet: small, large, lost, negative",
            "0010 0004 000000 00  d880  08 7fff fff8",
            vec![
                (16, Some(2_000)),
                (17, Some(2_000 + 32_767 * 250)),
                (18, None),
                (19, Some(32_767 * 250)),
            ],
        ),
        (
            "the longest run that one message may tell of",
            "0000 0002 000000 00  1fff",
            vec![(0, None), (1, None)],
        ),
    ] {
        assert_eq!(read(body), Ok(expected), "{what}");
    }
}

#[test]
fn a_message_that_cannot_be_is_refused() {
    for (what, body) in [
        ("no head", "0001 0001 000000"),
        ("no packets", "0001 0000 000000 00 2001 00 00"),
        ("more packets than can be told apart", "0000 4001 000000 00 1fff 1fff 1fff"),
        ("65535 packets", "0000 ffff 000000 00 1fff 1fff 1fff 1fff 1fff 1fff 1fff 1fff 1fff"),
        ("fewer symbols than packets", "0001 0003 000000 00 2002 0000"),
        ("runs of length zero", "0001 0001 000000 00 2000 2000"),
        ("too few small deltas", "0001 0003 000000 00 2003 0000"),
        ("half a large delta", "0001 0001 000000 00 4001 00"),
        ("a reserved symbol in a run", "0001 0001 000000 00 6001 0000"),
        ("a reserved symbol in a vector", "0001 0002 000000 00 dc00 0000 0000"),
    ] {
        assert_eq!(read(body), Err(RtcpMalformed), "{what}");
    }
    let most = read("0000 4000 000000 00 1fff 1fff 0002").expect("16 384 losses");
    assert_eq!(most.len(), usize::from(STATUS_COUNT_MAX));
    assert!(read("0001 0001 000000 00 d700 00").is_ok(), "reserved, but beyond the count");
}

#[test]
fn libwebrtcs_padding_is_read_and_may_stand_within_a_compound() {
    // Three packets, five bytes of chunk and deltas, padded to a word by three bytes, the last of
    // which counts them.
    let padded = "afcd0006 0a0b0c0d 10203040 00010003 00000007 20030004 ff000003";
    for (compound, expected) in [(padded.to_owned(), 1), (format!("{padded} {padded}"), 2)] {
        let compound = hex(&compound);
        let packets = RtcpPackets::try_new(&compound).expect("well-formed");
        let received: Vec<_> = packets
            .map(|packet| {
                let Rtcp::TransportFeedback(feedback) = packet else { panic!("feedback") };
                let arrived = feedback.packets().filter(|packet| packet.arrival_micros.is_some());
                (feedback.sender, feedback.media, feedback.feedback_count, arrived.count())
            })
            .collect();
        assert_eq!(received, vec![(Ssrc(0x0A0B_0C0D), Ssrc(0x1020_3040), 7, 3); expected]);
    }
}

#[test]
fn a_receivers_clock_goes_on_over_the_wrap_and_back_by_a_step() {
    let mut clock = ReferenceClock::default();
    let mut at = |reference| clock.micros(ReferenceTime(reference)) / 64_000;
    assert_eq!(at(0xFF_FFFE), 0xFF_FFFE);
    assert_eq!(at(1), 0x100_0001);
    assert_eq!(at(0xFF_FFFF), 0xFF_FFFF);
    assert_eq!(at(0x7F_FFFE), 0x17F_FFFE);
}

proptest! {
    /// Any body is told of in full or refused, and a loss has no arrival.
    #[test]
    fn any_body_is_read_or_refused(
        mut body in proptest::collection::vec(any::<u8>(), 8..200),
        count in 0..100_u16,
        is_plausible: bool,
    ) {
        if is_plausible {
            body[2..4].copy_from_slice(&count.to_be_bytes());
        }
        if let Ok(feedback) = TransportFeedback::read(Ssrc(1), Ssrc(2), &body) {
            let packets: Vec<_> = feedback.packets().collect();
            prop_assert_eq!(packets.len(), usize::from(feedback.status_count));
            for (packet, step) in packets.iter().zip(0..) {
                prop_assert_eq!(packet.seq, feedback.base_seq.add(step));
            }
            let arrived = packets.iter().filter(|packet| packet.arrival_micros.is_some()).count();
            prop_assert!(arrived <= feedback.deltas.len());
            prop_assert!(feedback.deltas.len() <= 2 * arrived);
        }
    }
}
