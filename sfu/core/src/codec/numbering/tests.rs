//! Numbers that go on over streams, and gaps that are closed.

use proptest::prelude::*;

use super::*;

const BARE: &[u8] = &[0x10];

fn parsed(payload: &[u8]) -> vp8::Descriptor {
    vp8::Descriptor::parse(payload).expect("a whole descriptor")
}

fn picture(value: u16) -> vp8::Descriptor {
    let [high, low] = value.to_be_bytes();
    parsed(&[0x90, 0xD0, 0x80 | high, low, (value % 256) as u8, (value % 32) as u8])
}

#[test]
fn numbers_go_on_where_another_stream_takes_over() {
    let mut numbering = Numbering::new(32_766);
    let first = numbering.continue_vp8(&picture(5), true);
    assert_eq!(first, Numbers { picture: 32_767, tl0_picture: 1, key_index: 1 });
    let second = numbering.continue_vp8(&picture(6), true);
    assert_eq!(second, Numbers { picture: 0, tl0_picture: 2, key_index: 2 });
    numbering.restart();
    let third = numbering.continue_vp8(&picture(9_000), true);
    assert_eq!(third, Numbers { picture: 1, tl0_picture: 3, key_index: 3 });
    // A hole in the source stays one, and a late packet is of its own frame.
    assert_eq!(numbering.continue_vp8(&picture(9_003), true).picture, 4);
    assert_eq!(numbering.continue_vp8(&picture(9_001), false).picture, 2);
    assert_eq!(numbering.continue_vp8(&picture(9_003), true).picture, 4);
}

#[test]
fn a_narrow_stream_goes_on_over_its_wrap_and_beside_wide_ones() {
    let mut numbering = Numbering::new(300);
    assert_eq!(numbering.continue_vp8(&parsed(&[0x90, 0x80, 0x7E]), true).picture, 301);
    assert_eq!(numbering.continue_vp8(&parsed(&[0x90, 0x80, 0x7F]), true).picture, 302);
    assert_eq!(numbering.continue_vp8(&parsed(&[0x90, 0x80, 0x00]), true).picture, 303);
    numbering.restart();
    assert_eq!(numbering.continue_vp8(&picture(20_000), true).picture, 304);
}

#[test]
fn a_stream_without_numbers_in_between_breaks_nothing() {
    let mut numbering = Numbering::new(10);
    assert_eq!(numbering.continue_vp8(&picture(1), true).picture, 11);
    numbering.restart();
    numbering.continue_vp8(&parsed(BARE), true);
    numbering.restart();
    assert_eq!(numbering.continue_vp8(&picture(1), true).picture, 12);
}

#[test]
fn an_encoder_that_begins_anew_does_not_go_back() {
    let mut numbering = Numbering::new(10);
    assert_eq!(numbering.continue_vp8(&picture(20_000), true).picture, 11);
    assert_eq!(numbering.continue_vp8(&picture(19_000), true).picture, 12);
}

#[test]
fn a_picture_that_is_left_out_closes_the_gap() {
    let mut numbering = Numbering::new(99);
    assert_eq!(numbering.continue_vp8(&picture(0x7FFE), true).picture, 100);
    numbering.skip_vp8(&picture(0x7FFF));
    numbering.skip_vp8(&picture(0x7FFF)); // Its second packet.
    assert_eq!(numbering.continue_vp8(&picture(0), true).picture, 101);
    numbering.skip_vp8(&picture(1));
    numbering.skip_vp8(&picture(2));
    // A loss in between stays a hole.
    assert_eq!(numbering.continue_vp8(&picture(4), true).picture, 103);
    // Late packets are of their own pictures.
    assert_eq!(numbering.continue_vp8(&picture(0x7FFE), false).picture, 100);
    assert_eq!(numbering.continue_vp8(&picture(0), false).picture, 101);
    assert_eq!(numbering.continue_vp8(&picture(3), false).picture, 102);
    assert_eq!(numbering.continue_vp8(&picture(4), false).picture, 103);
}

#[test]
fn a_late_picture_that_is_left_out_moves_nothing() {
    let mut numbering = Numbering::new(0);
    numbering.continue_vp8(&picture(10), true);
    assert_eq!(numbering.continue_vp8(&picture(12), true).picture, 3);
    numbering.skip_vp8(&picture(11));
    assert_eq!(numbering.continue_vp8(&picture(13), true).picture, 4);
}

#[test]
fn frame_numbers_keep_their_distances() {
    let mut numbering = Numbering::new(0);
    assert_eq!(numbering.continue_frame(65_530, true), 1);
    assert_eq!(numbering.continue_frame(65_534, true), 5);
    assert_eq!(numbering.continue_frame(2, true), 9);
    assert_eq!(numbering.continue_frame(65_535, false), 6);
    numbering.restart();
    assert_eq!(numbering.continue_frame(100, true), 10);
}

proptest! {
    /// Pictures in order, some left out, some lost: the others have ids in order, and between
    /// neighbours there is a gap of just what was lost.
    #[test]
    fn only_losses_are_gaps(
        first in any::<u16>(),
        fates in prop::collection::vec(
            prop_oneof![4 => Just(0_u8), 2 => Just(1), 1 => Just(2)],
            1..300,
        ),
    ) {
        let mut numbering = Numbering::new(7);
        let mut last = numbering.continue_vp8(&picture(first & 0x7FFF), true).picture;
        let mut lost = 0;
        for (step, fate) in (1_u16..).zip(fates) {
            let descriptor = picture(first.wrapping_add(step) & 0x7FFF);
            match fate {
                0 => {
                    let next = numbering.continue_vp8(&descriptor, true).picture;
                    prop_assert_eq!(next.wrapping_sub(last) & 0x7FFF, 1 + lost);
                    (last, lost) = (next, 0);
                }
                1 => numbering.skip_vp8(&descriptor),
                _ => lost += 1,
            }
        }
    }
}
