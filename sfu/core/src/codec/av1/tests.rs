//! Aggregation headers and OBUs.

use proptest::prelude::*;

use super::*;

const NOW: RtpTime = RtpTime(1_000);

fn facts(payload: &[u8]) -> FrameFacts {
    read(payload, false, NOW, &mut NewestLayer::default()).expect("well-formed")
}

#[test]
fn a_keyframe_starts_a_sequence_with_its_header() {
    let cases: [(&[u8], bool, bool); 6] = [
        // W 2, N: sequence header, then a frame to the end.
        (&[0x28, 2, 0x08, 0x00, 0x30, 0x10], true, true),
        // W 0, N: both with a length.
        (&[0x08, 2, 0x08, 0x00, 2, 0x30, 0x10], true, true),
        // N without a header; a header without N.
        (&[0x18, 0x30, 0x10], false, true),
        (&[0x20, 2, 0x08, 0x00, 0x30, 0x10], false, true),
        // A frame; the rest of one.
        (&[0x10, 0x30, 0x10], false, true),
        (&[0x90, 0x30, 0x10], false, false),
    ];
    for (payload, starts_keyframe, starts_frame) in cases {
        let facts = facts(payload);
        assert_eq!(facts.starts_keyframe, starts_keyframe, "{payload:02x?}");
        assert_eq!(facts.starts_frame, starts_frame, "{payload:02x?}");
    }
}

#[test]
fn what_goes_on_with_a_frame_is_of_its_layer() {
    let mut newest = NewestLayer::default();
    let mut layer = |payload: &[u8], time| {
        let facts = read(payload, false, RtpTime(time), &mut newest).expect("well-formed");
        (facts.temporal, facts.spatial)
    };
    assert_eq!(layer(&[0x50, 0x34, 0x48, 0x00], 1), (2, 1), "TID 2, SID 1");
    assert_eq!(layer(&[0x90, 0x11, 0x22], 1), (2, 1));
    assert_eq!(layer(&[0x90, 0x11, 0x22], 2), (0, 0), "its first packet was lost");
    assert_eq!(layer(&[0x10, 0x30, 0x00], 3), (0, 0));
}

#[test]
fn lengths_that_lie_are_refused() {
    let cases: [&[u8]; 6] = [
        &[],
        &[0x20, 9, 0x08],
        &[0x00, 0x80],
        &[0x10, 0xB0, 0x00], // the forbidden bit
        &[0x10, 0x34],       // an extension that is not there
        &[0x00, 0],          // an OBU without a header
    ];
    for payload in cases {
        assert_eq!(read(payload, false, NOW, &mut NewestLayer::default()), None, "{payload:02x?}");
    }
}

proptest! {
    #[test]
    fn no_payload_makes_the_parser_reach_outside(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 1..5),
    ) {
        let mut newest = NewestLayer::default();
        for payload in &payloads {
            let _ = read(payload, true, NOW, &mut newest);
        }
    }
}
