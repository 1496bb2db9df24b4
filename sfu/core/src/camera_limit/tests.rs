use super::*;

const SOBER: CameraLimit = CameraLimit { height: 360, frame_rate: 15 };

#[test]
fn a_picture_is_as_high_as_its_shorter_side_may_be_long() {
    let height = |width, height| SOBER.height_of(SourceState { width, height });
    assert_eq!(height(1_280, 720), 360);
    assert_eq!(height(640, 640), 360);
    assert_eq!(height(360, 640), 640, "a telephone that is held upright");
    assert_eq!(height(1, 4_000), 828, "what no camera makes is not believed");
    assert_eq!(height(0, 0), 360, "who says nothing");
    let nothing_limited = CameraLimit::NONE.height_of(SourceState { width: 720, height: 1_280 });
    assert_eq!(nothing_limited, u16::MAX);
}

#[test]
fn an_encoding_may_take_twice_what_such_a_picture_takes() {
    assert_eq!(SOBER.bits_per_second_max(), 1_000_000);
    assert_eq!(CameraLimit { height: 720, ..SOBER }.bits_per_second_max(), 5_000_000);
    assert_eq!(CameraLimit::NONE.bits_per_second_max(), u64::MAX);
}
