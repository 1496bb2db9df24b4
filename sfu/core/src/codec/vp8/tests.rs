//! Descriptors of all shapes, keyframes, and numbers that go on over streams.

use proptest::prelude::*;

use super::*;

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

fn picture(value: u16) -> Descriptor {
    let [high, low] = value.to_be_bytes();
    parsed(&[0x90, 0xD0, 0x80 | high, low, (value % 256) as u8, (value % 32) as u8])
}

#[test]
fn numbers_go_on_where_another_stream_takes_over() {
    let mut numbering = Numbering::new(32_766);
    let first = numbering.continued(&picture(5), true);
    assert_eq!(first, Numbers { picture: 32_767, tl0_picture: 1, key_index: 1 });
    let second = numbering.continued(&picture(6), true);
    assert_eq!(second, Numbers { picture: 0, tl0_picture: 2, key_index: 2 });
    numbering.restart();
    let third = numbering.continued(&picture(9_000), true);
    assert_eq!(third, Numbers { picture: 1, tl0_picture: 3, key_index: 3 });
    // A hole in the source stays one, and a late packet is of its own frame.
    assert_eq!(numbering.continued(&picture(9_003), true).picture, 4);
    assert_eq!(numbering.continued(&picture(9_001), false).picture, 2);
    assert_eq!(numbering.continued(&picture(9_003), true).picture, 4);
}

#[test]
fn a_narrow_stream_goes_on_over_its_wrap_and_beside_wide_ones() {
    let mut numbering = Numbering::new(300);
    assert_eq!(numbering.continued(&parsed(&[0x90, 0x80, 0x7E]), true).picture, 301);
    assert_eq!(numbering.continued(&parsed(&[0x90, 0x80, 0x7F]), true).picture, 302);
    assert_eq!(numbering.continued(&parsed(&[0x90, 0x80, 0x00]), true).picture, 303);
    numbering.restart();
    assert_eq!(numbering.continued(&picture(20_000), true).picture, 304);
}

#[test]
fn a_stream_without_numbers_in_between_breaks_nothing() {
    let mut numbering = Numbering::new(10);
    assert_eq!(numbering.continued(&picture(1), true).picture, 11);
    numbering.restart();
    numbering.continued(&parsed(BARE), true);
    numbering.restart();
    assert_eq!(numbering.continued(&picture(1), true).picture, 12);
}

#[test]
fn an_encoder_that_begins_anew_does_not_go_back() {
    let mut numbering = Numbering::new(10);
    assert_eq!(numbering.continued(&picture(20_000), true).picture, 11);
    assert_eq!(numbering.continued(&picture(19_000), true).picture, 12);
}

proptest! {
    #[test]
    fn no_payload_makes_the_parser_reach_outside(
        payload in prop::collection::vec(any::<u8>(), 0..32),
    ) {
        if let Some(descriptor) = Descriptor::parse(&payload) {
            prop_assert!(descriptor.length() <= payload.len());
            let _ = descriptor.starts_keyframe(&payload);
            let numbers = Numbering::new(0).continued(&descriptor, true);
            let again = written(&descriptor, numbers);
            let reparsed = Descriptor::parse(&again).expect("what was written is whole");
            prop_assert_eq!(reparsed.length(), again.len());
        }
    }
}
