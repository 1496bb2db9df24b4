//! What is told when.

use super::*;

/// Goes through (ms, state, kb/s) and gives what was told when.
fn tell(steps: &[(u64, PictureState, u64)]) -> Vec<(u64, PictureState, u64)> {
    let mut news = ConnectionNews::default();
    let mut told = Vec::new();
    for &(ms, pictures, kilobits) in steps {
        let now = Instant::ZERO + Duration::from_millis(1_000_000 + ms);
        if news.update(now, pictures, Bitrate::from_kbps(kilobits)) {
            let state = news.tell(now);
            told.push((ms, state.pictures, state.bits_per_second / 1_000));
        }
    }
    told
}

use PictureState::{Full, Paused, Reduced};

#[test]
fn worse_is_told_after_2_seconds_and_better_after_3() {
    let told = tell(&[
        (0, Full, 2_000),
        (10, Paused, 100),
        (2_009, Paused, 100),
        (2_010, Paused, 100),
        (3_000, Reduced, 300),
        (5_999, Reduced, 300),
        (6_000, Reduced, 300),
        (7_000, Full, 2_000),
        (8_000, Reduced, 2_000),
        (11_000, Reduced, 2_000),
    ]);
    let expected =
        [(0, Full, 2_000), (2_010, Paused, 100), (6_000, Reduced, 300), (8_000, Reduced, 2_000)];
    assert_eq!(told, expected);
}

#[test]
fn a_rate_is_told_when_it_moved_by_a_fifth_and_at_most_once_a_second() {
    let told = tell(&[
        (0, Full, 1_000),
        (2_000, Full, 1_199),
        (3_000, Full, 1_200),
        (3_500, Full, 3_000),
        (4_000, Full, 3_000),
    ]);
    assert_eq!(told, [(0, Full, 1_000), (3_000, Full, 1_200), (4_000, Full, 3_000)]);
}
