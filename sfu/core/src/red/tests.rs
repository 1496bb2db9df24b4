//! Redundant payloads, byte by byte and by chance.

use proptest::prelude::*;

use super::*;

const OPUS: Pt = Pt(111);

fn blocks(payload: &[u8]) -> Option<Vec<(u8, u16, Vec<u8>)>> {
    let blocks = Blocks::parse(payload)?;
    Some(blocks.map(|block| (block.pt.0, block.offset, block.payload.to_vec())).collect())
}

/// The bytes that a receiver with `opus` gets.
fn made(redundancy: &Redundancy<'_>, opus: Pt) -> Vec<u8> {
    let mut headers = [0; HEADERS_LENGTH_MAX];
    let length = redundancy.write_headers(opus, &mut headers);
    [&headers[..length], redundancy.body()].concat()
}

#[test]
fn a_browsers_payload_is_read() {
    // Chromium: one earlier frame of 3 bytes, 960 ticks before, then 4 bytes of its own.
    let payload = [0x80 | 111, 0x0F, 0x00, 0x03, 111, 1, 2, 3, 9, 8, 7, 6];
    let expected = vec![(111, 960, vec![1, 2, 3]), (111, 0, vec![9, 8, 7, 6])];
    assert_eq!(blocks(&payload), Some(expected));
    assert_eq!(blocks(&[111, 5]), Some(vec![(111, 0, vec![5])]), "nothing earlier");
}

#[test]
fn lengths_that_lie_and_headers_that_do_not_end_are_refused() {
    assert_eq!(blocks(&[]), None);
    assert_eq!(blocks(&[0x80 | 111, 0x0F, 0x00]), None, "half a header");
    assert_eq!(blocks(&[0x80 | 111, 0x0F, 0x00, 0x03]), None, "no primary");
    assert_eq!(blocks(&[0x80 | 111, 0x0F, 0x00, 0x03, 111, 1, 2]), None, "3 bytes of 2");
    assert_eq!(blocks(&[0x80 | 111, 0x0F, 0x03, 0xFF, 111, 1, 2]), None, "1 023 bytes of 2");
    assert_eq!(blocks(&[0xFF; 1_200]), None, "headers without end");
    assert_eq!(blocks(&[0x80; 128]), None, "32 headers");
    let empty = blocks(&[0x80 | 111, 0x0F, 0x00, 0x00, 111]);
    assert_eq!(empty, Some(vec![(111, 960, vec![]), (111, 0, vec![])]));
}

#[test]
fn the_two_frames_before_are_repeated_under_the_receivers_payload_type() {
    let mut recent = Recent::NONE;
    let mut out = [0; 1_000];
    assert!(recent.redundancy(RtpTime(960), &[3], &mut out).is_none(), "there is none");
    recent.remember(RtpTime(960), &[1, 1]);
    let one = recent.redundancy(RtpTime(1_920), &[2, 2, 2], &mut out).expect("one");
    let expected = [(96, 960, vec![1, 1]), (96, 0, vec![2, 2, 2])];
    assert_eq!(blocks(&made(&one, Pt(96))), Some(expected.to_vec()));
    recent.remember(RtpTime(1_920), &[2, 2, 2]);
    let two = recent.redundancy(RtpTime(2_880), &[3], &mut out).expect("two");
    let expected = [(111, 1_920, vec![1, 1]), (111, 960, vec![2, 2, 2]), (111, 0, vec![3])];
    assert_eq!(blocks(&made(&two, OPUS)), Some(expected.to_vec()));
    assert_eq!(made(&two, OPUS).len(), 9 + 2 + 3 + 1);
}

#[test]
fn a_frame_too_long_ago_or_too_long_is_not_repeated() {
    let mut out = [0; 1_178];
    let mut recent = Recent::NONE;
    recent.remember(RtpTime(u32::MAX - 100), &[1]);
    let near = recent.redundancy(RtpTime(16_000), &[2], &mut out);
    assert!(near.is_some(), "over the end of the numbers");
    assert!(recent.redundancy(RtpTime(16_384), &[2], &mut out).is_none(), "beyond 14 bits");
    assert!(recent.redundancy(RtpTime(u32::MAX - 100), &[2], &mut out).is_none(), "the same");
    assert!(recent.redundancy(RtpTime(u32::MAX - 200), &[2], &mut out).is_none(), "later");
    recent.remember(RtpTime(0), &[7; KEPT_LENGTH_MAX + 1]);
    assert!(recent.redundancy(RtpTime(960), &[2], &mut out).is_none(), "music");
    recent.remember(RtpTime(960), &[7; KEPT_LENGTH_MAX]);
    recent.remember(RtpTime(1_920), &[8; KEPT_LENGTH_MAX]);
    let only_one = recent.redundancy(RtpTime(2_880), &[2; 400], &mut out).expect("one fits");
    assert_eq!(made(&only_one, OPUS).len(), 5 + KEPT_LENGTH_MAX + 400);
    assert!(recent.redundancy(RtpTime(2_880), &[2; 1_275], &mut out).is_none(), "none fits");
    recent.forget();
    assert!(recent.redundancy(RtpTime(2_880), &[2], &mut out).is_none());
}

proptest! {
    #[test]
    fn no_payload_breaks_it_and_no_block_is_outside(
        payload in prop::collection::vec(any::<u8>(), 0..1_500),
    ) {
        if let Some(blocks) = Blocks::parse(&payload) {
            let count = blocks.block_count();
            let lengths: Vec<usize> = blocks.map(|block| block.payload.len()).collect();
            prop_assert_eq!(lengths.len(), count);
            prop_assert!(lengths.iter().sum::<usize>() < payload.len());
        }
    }

    #[test]
    fn what_is_made_is_read_again(
        frames in prop::collection::vec(
            (1_u32..20_000, prop::collection::vec(any::<u8>(), 0..600)),
            1..8,
        ),
        room in 0_usize..1_300,
    ) {
        let mut recent = Recent::NONE;
        let mut out = vec![0; room];
        let mut now = 0xFFFF_0000_u32;
        for (step, frame) in frames {
            now = now.wrapping_add(step);
            if let Some(redundancy) = recent.redundancy(RtpTime(now), &frame, &mut out) {
                let bytes = made(&redundancy, OPUS);
                prop_assert!(bytes.len() <= room + HEADERS_LENGTH_MAX);
                let read = blocks(&bytes).expect("what is made can be read");
                prop_assert!((2..=DISTANCE + 1).contains(&read.len()));
                prop_assert_eq!(&read[read.len() - 1].2, &frame);
                prop_assert!(read.windows(2).all(|pair| pair[0].1 > pair[1].1), "oldest first");
            }
            recent.remember(RtpTime(now), &frame);
        }
    }
}
