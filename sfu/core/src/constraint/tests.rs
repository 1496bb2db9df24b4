//! What a publisher is asked, over time.

use super::*;

fn at(ms: u64) -> Instant {
    Instant::ZERO + Duration::from_millis(1_000_000 + ms)
}

fn told(constraint: &mut Constraint) -> Option<(u8, u16)> {
    let told = constraint.take_untold(Source::Camera, 3)?;
    Some((told.encodings, told.max_height))
}

#[test]
fn less_is_asked_for_after_5_seconds_and_more_at_once() {
    let mut constraint = Constraint::default();
    constraint.begin(at(0));
    assert_eq!(told(&mut constraint), None, "a publisher begins with everything");
    assert!(!constraint.settle(at(0), Wanted::up_to(0, 180)));
    assert!(!constraint.settle(at(4_999), Wanted::up_to(0, 180)));
    assert!(constraint.settle(at(5_000), Wanted::up_to(0, 180)));
    assert_eq!(told(&mut constraint), Some((1, 180)));
    assert_eq!(told(&mut constraint), None, "said once");
    assert!(constraint.raise(at(5_001), Wanted::up_to(2, 700)));
    assert_eq!(told(&mut constraint), Some((3, 720)));
}

#[test]
fn what_somebody_wanted_within_the_5_seconds_is_kept() {
    let mut constraint = Constraint::default();
    constraint.begin(at(0));
    constraint.settle(at(0), Wanted::default());
    assert!(!constraint.raise(at(2_000), Wanted::up_to(1, 360)), "it is sent already");
    constraint.settle(at(3_000), Wanted::default());
    assert!(constraint.settle(at(5_000), Wanted::default()));
    assert_eq!(told(&mut constraint), Some((2, 360)));
    constraint.settle(at(6_000), Wanted::default());
    assert!(constraint.settle(at(11_000), Wanted::default()));
    assert_eq!(told(&mut constraint), Some((0, 0)), "nobody watches");
}

#[test]
fn a_source_that_begins_anew_is_asked_for_whole_and_its_publisher_told() {
    let mut constraint = Constraint::default();
    constraint.settle(at(0), Wanted::default());
    constraint.settle(at(5_000), Wanted::default());
    assert_eq!(told(&mut constraint), Some((0, 0)));
    constraint.begin(at(9_000));
    assert_eq!(told(&mut constraint), Some((3, u16::MAX)));
    constraint.forget_told();
    assert_eq!(told(&mut constraint), Some((3, u16::MAX)), "a restored session asks again");
}

#[test]
fn an_encoding_is_overdue_when_it_was_asked_for_long_ago() {
    let mut constraint = Constraint::default();
    constraint.begin(at(0));
    assert!(!constraint.is_overdue(at(3_999), 2));
    assert!(constraint.is_overdue(at(4_000), 2));
    constraint.settle(at(4_000), Wanted::up_to(0, 180));
    constraint.settle(at(9_000), Wanted::up_to(0, 180));
    assert!(!constraint.is_overdue(at(60_000), 2), "nobody asked for it");
    constraint.raise(at(60_000), Wanted::up_to(2, 720));
    assert!(!constraint.is_overdue(at(61_000), 2), "it has just been asked for");
}

#[test]
fn a_codec_is_told_like_the_rest() {
    let mut constraint = Constraint::default();
    assert!(constraint.set_codec(Some(Codec::Vp8)));
    assert!(!constraint.set_codec(Some(Codec::Vp8)));
    let told = constraint.take_untold(Source::Camera, 3);
    assert_eq!(told.and_then(|told| told.codec), Some(Codec::Vp8));
}
