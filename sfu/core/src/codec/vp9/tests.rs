//! Descriptors of all shapes.

use proptest::prelude::*;

use super::*;
use crate::codec::numbering::Numbering;

fn parsed(payload: &[u8]) -> Descriptor {
    Descriptor::parse(payload).expect("a whole descriptor")
}

fn written(descriptor: &Descriptor, numbers: Numbers) -> Vec<u8> {
    let mut out = [0; HEAD_LENGTH_MAX];
    let length = descriptor.write(numbers, &mut out);
    out[..length].to_vec()
}

/// Not flexible, with layers and a structure of one layer and four pictures.
const GROUPED: &[u8] = &[
    0xAA, 0x81, 0x02, 0x00, 0x07, 0x18, 0x02, 0x80, 0x01, 0x68, 4, 0x04, 1, 0x58, 1, 1, 0x34, 2,
    0x58, 1, 3, 0,
];

/// Flexible, TID 1 with U and SID 2, two references.
const FLEXIBLE_DELTA: &[u8] = &[0xFC, 0x7F, 0x34, 0x03, 0x04];

#[test]
fn layers_are_read_in_both_modes() {
    let frame = parsed(GROUPED).frame();
    assert!(frame.starts_frame && !frame.ends_frame && frame.starts_keyframe);
    assert_eq!((frame.spatial, frame.temporal), (0, 0));
    let frame = parsed(FLEXIBLE_DELTA).frame();
    assert!(frame.starts_frame && frame.ends_frame && !frame.starts_keyframe);
    assert_eq!((frame.spatial, frame.temporal), (2, 1));
    assert_eq!(frame.switch_up, SwitchUp::ToAll);
}

#[test]
fn a_keyframe_starts_with_its_lowest_layer() {
    // I, L and B: keyframes of SID 0 and 1; then P; then not the first packet.
    let cases: [(&[u8], bool); 4] = [
        (&[0xB8, 1, 0x00], true),
        (&[0xB8, 1, 0x03], false),
        (&[0xF8, 1, 0x00, 0x02], false),
        (&[0xB0, 1, 0x00], false),
    ];
    for (payload, expected) in cases {
        assert_eq!(parsed(payload).frame().starts_keyframe, expected, "{payload:02x?}");
    }
}

#[test]
fn numbers_are_replaced_and_all_else_stays() {
    let numbers = Numbers { picture: 0x0304, tl0_picture: 9, key_index: 3 };
    let cases: [(&[u8], &[u8], usize); 4] = [
        (GROUPED, &[0xAA, 0x83, 0x04, 0x00, 9], 5),
        (FLEXIBLE_DELTA, &[0xFC, 0x83, 0x04, 0x34], 3),
        (&[0x8D, 0x7F], &[0x8D, 0x83, 0x04], 2),
        (&[0x0C], &[0x0C], 1),
    ];
    for (payload, expected, replaced) in cases {
        let descriptor = parsed(payload);
        assert_eq!(descriptor.head_length(), replaced, "{payload:02x?}");
        assert_eq!(written(&descriptor, numbers), expected, "{payload:02x?}");
    }
}

#[test]
fn a_descriptor_that_is_cut_short_or_refers_too_often_is_refused() {
    for whole in [GROUPED, FLEXIBLE_DELTA] {
        let whole = &whole[..whole.len() - usize::from(whole.len() > 20)];
        for length in 0..whole.len() {
            assert_eq!(Descriptor::parse(&whole[..length]), None, "{length} of {whole:02x?}");
        }
    }
    assert!(Descriptor::parse(&[0xD8, 1, 0x03, 0x03, 0x02]).is_some());
    assert_eq!(Descriptor::parse(&[0xD8, 1, 0x03, 0x03, 0x03, 0x02]), None);
}

proptest! {
    #[test]
    fn no_payload_makes_the_parser_reach_outside(
        payload in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        if let Some(descriptor) = Descriptor::parse(&payload) {
            prop_assert!(descriptor.head_length() <= payload.len());
            let numbers = Numbering::new(0).continue_vp9(&descriptor, true);
            let mut again = written(&descriptor, numbers);
            again.extend_from_slice(&payload[descriptor.head_length()..]);
            prop_assert_eq!(parsed(&again).frame(), descriptor.frame());
        }
    }
}
