//! Descriptors of all shapes, and keyframes.

use proptest::prelude::*;

use super::*;
use crate::codec::numbering::Numbering;

const WIDE: &[u8] = &[0x90, 0x80, 0x81, 0x02];
const NARROW: &[u8] = &[0x90, 0x80, 0x7F];
const ALL: &[u8] = &[0x90, 0xF0, 0x81, 0x02, 0x07, 0x65];
const BARE: &[u8] = &[0x10];

fn parsed(payload: &[u8]) -> Descriptor {
    Descriptor::parse(payload).expect("a whole descriptor")
}

fn written(descriptor: &Descriptor, numbers: Numbers) -> Vec<u8> {
    let mut out = [0; DESCRIPTOR_LENGTH_MAX];
    let length = descriptor.write(numbers, &mut out);
    out[..length].to_vec()
}

#[test]
fn descriptors_of_every_shape_keep_their_shape_but_for_the_width() {
    let numbers = Numbers { picture: 0x0304, tl0_picture: 9, key_index: 3 };
    let cases: [(&[u8], &[u8]); 4] = [
        (WIDE, &[0x90, 0x80, 0x83, 0x04]),
        (NARROW, &[0x90, 0x80, 0x83, 0x04]),
        (ALL, &[0x90, 0xF0, 0x83, 0x04, 9, 0x63]),
        (BARE, &[0x10]),
    ];
    for (payload, expected) in cases {
        let descriptor = parsed(payload);
        assert_eq!(descriptor.length(), payload.len());
        assert_eq!(written(&descriptor, numbers), expected, "{payload:02x?}");
    }
}

#[test]
fn a_descriptor_that_is_cut_short_is_refused() {
    for whole in [WIDE, NARROW, ALL] {
        for length in 0..whole.len() {
            assert_eq!(Descriptor::parse(&whole[..length]), None, "{length} of {whole:02x?}");
        }
    }
}

#[test]
fn only_the_first_packet_of_a_keyframe_starts_one() {
    let frame = [0x10, 0x02, 0, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0x68, 0x01];
    let inter = [0x11, 0x02, 0, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0x68, 0x01];
    let no_start_code = [0x10, 0x02, 0, 0x9D, 0x01, 0x2B, 0x80, 0x02, 0x68, 0x01];
    let cases: [(u8, &[u8], bool); 7] = [
        (0x10, &frame, true),
        (0x30, &frame, true),  // non-reference bit
        (0x00, &frame, false), // not the start of a partition
        (0x11, &frame, false), // the second partition
        (0x10, &inter, false),
        (0x10, &no_start_code, false), // bytes that lie
        (0x10, &frame[..9], false),    // cut short
    ];
    for (flags, frame, expected) in cases {
        let payload = [&[flags], frame].concat();
        let starts = parsed(&payload).starts_keyframe(&payload);
        assert_eq!(starts, expected, "{payload:02x?}");
    }
}

#[test]
fn layer_and_sync_are_read_where_they_are_there() {
    let frame = |payload: &[u8]| parsed(payload).frame(payload, true);
    // TID 1 with Y; the same byte where only KEYIDX is present; nothing at all.
    let layered = frame(&[0x90, 0xE0, 0x81, 0x02, 0x07, 0x65]);
    assert_eq!((layered.temporal, layered.switch_up), (1, SwitchUp::ToOwn));
    let keyed = frame(&[0x90, 0x90, 0x81, 0x02, 0x65]);
    assert_eq!((keyed.temporal, keyed.switch_up), (0, SwitchUp::Never));
    let bare = frame(&[0x30]);
    assert_eq!((bare.temporal, bare.discardable), (0, true));
    assert!(bare.starts_frame && bare.ends_frame && !bare.starts_keyframe);
}

proptest! {
    #[test]
    fn no_payload_makes_the_parser_reach_outside(
        payload in prop::collection::vec(any::<u8>(), 0..32),
    ) {
        if let Some(descriptor) = Descriptor::parse(&payload) {
            prop_assert!(descriptor.length() <= payload.len());
            let _ = descriptor.starts_keyframe(&payload);
            let numbers = Numbering::new(0).continue_vp8(&descriptor, true);
            let again = written(&descriptor, numbers);
            let reparsed = Descriptor::parse(&again).expect("what was written is whole");
            prop_assert_eq!(reparsed.length(), again.len());
        }
    }
}
