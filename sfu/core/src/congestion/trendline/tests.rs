use super::{Trendline, Usage};
use crate::congestion::grouping::Deltas;

/// Groups sent every 10 ms of which each arrives `late_us` later than the one before it.
fn feed(trendline: &mut Trendline, from: i64, groups: i64, late_us: impl Fn(i64) -> i64) -> i64 {
    let mut at_us = from;
    for group in 0..groups {
        let arrived_us = 10_000 + late_us(group);
        at_us += arrived_us;
        trendline.add(Deltas { sent_us: 10_000, arrived_us, at_us });
    }
    at_us
}

#[test]
fn a_delay_that_grows_is_overuse_and_one_that_falls_is_underuse() {
    let mut trendline = Trendline::default();
    let at_us = feed(&mut trendline, 0, 40, |_| 0);
    assert_eq!(trendline.usage(), Usage::Normal);
    let at_us = feed(&mut trendline, at_us, 12, |_| 3_000);
    assert_eq!(trendline.usage(), Usage::Overuse);
    let at_us = feed(&mut trendline, at_us, 30, |_| -3_000);
    assert_eq!(trendline.usage(), Usage::Underuse);
    feed(&mut trendline, at_us, 60, |_| 0);
    assert_eq!(trendline.usage(), Usage::Normal);
}

#[test]
fn nothing_is_concluded_before_the_window_is_full() {
    let mut trendline = Trendline::default();
    feed(&mut trendline, 0, 19, |_| 5_000);
    assert_eq!(trendline.usage(), Usage::Normal);
}

#[test]
fn jitter_alone_is_no_overuse_once_the_threshold_has_adapted() {
    let mut trendline = Trendline::default();
    // Delays of 0, 9, 4 and 13 ms in turn.
    let jitter = |group: i64| [9_000, -5_000, 9_000, -13_000][group as usize % 4];
    let mut at_us = feed(&mut trendline, 0, 400, jitter);
    for _ in 0..50 {
        at_us = feed(&mut trendline, at_us, 4, jitter);
        assert_ne!(trendline.usage(), Usage::Overuse);
    }
}
