use super::Queueing;

/// 100 packets a second with a delay of 30 ms and what `wait_ms` says, from one time to another.
fn feed(queueing: &mut Queueing, from_ms: i64, to_ms: i64, wait_ms: impl Fn(i64) -> i64) {
    for ms in (from_ms..to_ms).step_by(10) {
        queueing.add(ms * 1_000, 77_000_000 + (ms + 30 + wait_ms(ms)) * 1_000);
    }
}

#[test]
fn waiting_is_what_all_packets_have_above_the_least() {
    let mut queueing = Queueing::default();
    assert_eq!(queueing.delay_us(), 0);
    feed(&mut queueing, 0, 1_000, |_| 0);
    feed(&mut queueing, 1_000, 2_000, |_| 40);
    assert_eq!(queueing.delay_us(), 40_000);
    feed(&mut queueing, 2_000, 3_000, |_| 0);
    assert_eq!(queueing.delay_us(), 0);
}

#[test]
fn jitter_is_no_queue() {
    let mut queueing = Queueing::default();
    feed(&mut queueing, 0, 3_000, |ms| ms / 10 % 4 * 15);
    assert_eq!(queueing.delay_us(), 0);
    assert!(queueing.jitter_us() > 10_000.0);
}

#[test]
fn a_longer_way_is_taken_for_granted_after_a_while() {
    let mut queueing = Queueing::default();
    feed(&mut queueing, 0, 5_000, |_| 0);
    feed(&mut queueing, 5_000, 15_000, |_| 50);
    assert_eq!(queueing.delay_us(), 50_000);
    feed(&mut queueing, 15_000, 32_000, |_| 50);
    assert_eq!(queueing.delay_us(), 0);
}

#[test]
fn a_queue_that_is_not_ours_can_be_accepted() {
    let mut queueing = Queueing::default();
    feed(&mut queueing, 0, 1_000, |_| 0);
    feed(&mut queueing, 1_000, 2_000, |_| 60);
    queueing.rebase();
    assert_eq!(queueing.delay_us(), 0);
    feed(&mut queueing, 2_000, 3_000, |_| 100);
    assert_eq!(queueing.delay_us(), 40_000);
}

#[test]
fn a_queue_that_fills_rises_and_a_longer_way_does_not() {
    let mut queueing = Queueing::default();
    feed(&mut queueing, 0, 1_000, |_| 0);
    feed(&mut queueing, 1_000, 1_200, |_| 40);
    assert!(queueing.delay_us() == 40_000 && queueing.rising_us() == 0);
    feed(&mut queueing, 1_200, 1_500, |ms| 40 + (ms - 1_200) / 4);
    assert!(queueing.rising_us() > queueing.delay_us());
}
