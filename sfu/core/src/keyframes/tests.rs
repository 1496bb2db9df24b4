//! When a publisher is asked, whatever the receivers do.

use super::*;

fn ms(millis: u64) -> Instant {
    Instant::ZERO + Duration::from_millis(millis)
}

/// Runs a series every millisecond up to `until`; returns when it asked.
fn asks(series: &mut Series, from: u64, until: u64, waiting: bool) -> Vec<u64> {
    (from..until).filter(|&now| series.handle_timeout(ms(now), waiting) == Due::Ask).collect()
}

#[test]
fn a_waiting_slot_asks_at_once_and_again_until_the_keyframe_comes() {
    let mut series = Series::default();
    series.want(ms(0), Need::SlotWaits);
    assert_eq!(asks(&mut series, 0, 2_000, true), [0, 150, 300, 450, 950, 1_450, 1_950]);
    series.answered();
    assert_eq!(asks(&mut series, 2_000, 4_000, true), []);
    assert_eq!(series.due_at(), None);
}

#[test]
fn nobody_is_asked_for_a_slot_that_waits_no_more() {
    let mut series = Series::default();
    series.want(ms(0), Need::SlotWaits);
    assert_eq!(asks(&mut series, 0, 100, true), [0]);
    assert_eq!(asks(&mut series, 100, 2_000, false), []);
    assert_eq!(series.due_at(), None);
}

#[test]
fn a_receiver_that_asked_is_repeated_slowly_and_not_for_ever() {
    let mut series = Series::default();
    series.want(ms(0), Need::ReceiverAsked);
    assert_eq!(asks(&mut series, 0, 10_000, false), [0, 500, 1_000, 1_500]);
}

#[test]
fn a_flood_costs_a_publisher_that_answers_one_request_in_500_ms() {
    let mut series = Series::default();
    let mut asked = Vec::new();
    let mut answer_at = None;
    for now in 0..10_000 {
        // A thousand receivers' requests a second, and joiners without end.
        series.want(ms(now), Need::ReceiverAsked);
        if now % 3 == 0 {
            series.want(ms(now), Need::SlotWaits);
        }
        if series.handle_timeout(ms(now), true) == Due::Ask {
            asked.push(now);
            answer_at = Some(now + 60);
        }
        if answer_at == Some(now) {
            series.answered();
        }
    }
    assert_eq!(asked.len(), 20);
    assert!(asked.windows(2).all(|pair| pair[1] - pair[0] >= 500), "{asked:?}");
}

#[test]
fn a_slot_that_begins_to_wait_hastens_what_a_receiver_asked_for() {
    let mut series = Series::default();
    series.want(ms(0), Need::ReceiverAsked);
    assert_eq!(asks(&mut series, 0, 100, false), [0]);
    series.want(ms(100), Need::SlotWaits);
    assert_eq!(asks(&mut series, 100, 400, true), [150, 300]);
}

#[test]
fn a_publisher_that_came_back_is_asked_at_once() {
    let mut series = Series::default();
    series.want(ms(0), Need::SlotWaits);
    assert_eq!(asks(&mut series, 0, 1_000, true).last(), Some(&950));
    series.renew(ms(1_000));
    assert_eq!(asks(&mut series, 1_000, 1_500, true), [1_000, 1_150, 1_300, 1_450]);
}

#[test]
fn a_receiver_has_three_requests_200_ms_apart_and_then_one_in_two_seconds() {
    let mut budget = ReceiverBudget::default();
    let taken: Vec<u64> =
        (0..10_000).chain(20_000..21_000).filter(|&now| budget.take(ms(now))).collect();
    assert_eq!(taken, [0, 200, 400, 2_000, 4_000, 6_000, 8_000, 20_000, 20_200, 20_400]);
}
