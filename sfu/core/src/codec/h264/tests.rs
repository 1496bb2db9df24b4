//! NAL units alone, together and in pieces.

use proptest::prelude::*;

use super::*;

const NOW: RtpTime = RtpTime(1_000);

fn facts(payload: &[u8]) -> FrameFacts {
    read(payload, false, NOW, &mut Parameters::default()).expect("well-formed")
}

#[test]
fn a_keyframe_starts_with_parameters_or_a_bare_first_slice() {
    let cases: [(&[u8], bool, bool); 9] = [
        (&[0x67, 0x42, 0xC0], true, true), // parameters
        (&[0x78, 0, 2, 0x67, 0x42, 0, 2, 0x68, 0xCE], true, true), // aggregated
        (&[0x65, 0x88], true, true),       // IDR, macroblock 0
        (&[0x65, 0x40], false, false),     // a later slice
        (&[0x7C, 0x85, 0x88], true, true), // its first fragment
        (&[0x7C, 0x05, 0x88], false, false), // a later fragment
        (&[0x7C, 0x81, 0x9A], false, true), // no IDR
        (&[0x68, 0xCE], false, false),     // picture parameters
        (&[0x09, 0x30], false, true),      // delimiter
    ];
    for (payload, starts_keyframe, starts_frame) in cases {
        let facts = facts(payload);
        assert_eq!(facts.starts_keyframe, starts_keyframe, "{payload:02x?}");
        assert_eq!(facts.starts_frame, starts_frame, "{payload:02x?}");
    }
}

#[test]
fn a_slice_without_the_parameters_that_go_with_it_starts_nothing() {
    let mut parameters = Parameters::default();
    let mut starts = |payload: &[u8], time| {
        read(payload, false, RtpTime(time), &mut parameters).expect("well-formed").starts_keyframe
    };
    assert!(starts(&[0x67, 0x42], 1));
    assert!(starts(&[0x65, 0x88], 1), "the same frame");
    assert!(!starts(&[0x65, 0x88], 2), "its parameters were lost");
    assert!(starts(&[0x67, 0x42], 3));
}

#[test]
fn slices_that_none_refers_to_are_the_upper_layer() {
    let cases: [(&[u8], bool); 6] = [
        (&[0x61, 0x9A], false),
        (&[0x01, 0x9A], true),
        (&[0x1C, 0x81, 0x9A], true), // the first fragment
        (&[0x1C, 0x41, 0x00], true), // the last
        (&[0x06, 0x05], false),      // no slice: passes
        (&[0x18, 0, 2, 0x01, 0x9A, 0, 2, 0x61, 0x9A], false), // one of them is referred to
    ];
    for (payload, discardable) in cases {
        let facts = facts(payload);
        assert_eq!(facts.discardable, discardable, "{payload:02x?}");
        assert_eq!(facts.temporal, u8::from(discardable), "{payload:02x?}");
    }
}

#[test]
fn a_unit_that_is_cut_short_counts_and_one_without_a_head_is_refused() {
    assert!(facts(&[0x78, 0, 9, 0x67]).starts_keyframe);
    let cases: [&[u8]; 5] = [&[], &[0x78, 0, 9], &[0x78, 0], &[0x78, 0, 0, 0, 1, 0x67], &[0x7C]];
    for payload in cases {
        assert_eq!(read(payload, false, NOW, &mut Parameters::default()), None, "{payload:02x?}");
    }
}

proptest! {
    #[test]
    fn no_payload_makes_the_parser_reach_outside(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 1..5),
    ) {
        let mut parameters = Parameters::default();
        for payload in &payloads {
            let _ = read(payload, true, NOW, &mut parameters);
        }
    }
}
