use protocol::{Duration, Instant};

use super::Reports;

fn at(ms: u64) -> Instant {
    Instant::from_micros(ms * 1_000)
}

/// A report a second with so many of 100 packets lost, and 250 kb/s sent; a layer at 2 Mb/s waits.
fn feed(reports: &mut Reports, from_s: u64, to_s: u64, lost: u32) {
    send(reports, from_s, to_s, lost, 250_000);
}

/// The same with `bits` sent in each second.
fn send(reports: &mut Reports, from_s: u64, to_s: u64, lost: u32, bits: usize) {
    for second in from_s..=to_s {
        reports.sent(bits / 8);
        reports.loss(at(second * 1_000), lost, 100, 2e6);
    }
}

#[test]
fn without_loss_it_grows_up_to_what_is_wanted() {
    let mut reports = Reports::new(3e5, 6e4, 2e7);
    feed(&mut reports, 0, 10, 0);
    let wanted = 3e5 * 1.08_f64.powi(10);
    assert!((reports.rate(at(10_000)) - wanted).abs() < 0.01 * wanted);
    feed(&mut reports, 11, 60, 0);
    assert_eq!(reports.rate(at(60_000)), 2e6);
}

#[test]
fn what_was_sent_without_loss_is_proven() {
    let mut reports = Reports::new(3e5, 6e4, 2e7);
    reports.sent(5_000_000);
    reports.loss(at(0), 0, 100, 0.0);
    assert_eq!(reports.rate(at(0)), 3e5, "nobody knows in what time that was");
    reports.sent(250_000);
    reports.loss(at(1_000), 0, 200, 0.0);
    assert!((reports.rate(at(1_000)) - 2e6).abs() < 1.0);
}

#[test]
fn much_loss_lowers_it_a_little_holds_it_and_then_it_rests() {
    let mut reports = Reports::new(1e6, 6e4, 2e7);
    send(&mut reports, 0, 1, 5, 1_000_000);
    assert_eq!(reports.rate(at(1_000)), 1e6);
    send(&mut reports, 2, 2, 20, 1_000_000);
    assert!((reports.rate(at(2_000)) - 0.9e6).abs() < 1.0);
    send(&mut reports, 3, 9, 0, 850_000);
    assert!((reports.rate(at(9_000)) - 0.9e6).abs() < 1.0);
    send(&mut reports, 10, 12, 0, 850_000);
    assert!(reports.rate(at(12_000)) > 1e6);
}

#[test]
fn loss_behind_a_queue_lowers_it_to_less_than_what_arrived() {
    let mut reports = Reports::new(3e5, 6e4, 2e7);
    reports.round_trip(at(0), Duration::from_millis(60));
    feed(&mut reports, 0, 30, 0);
    assert_eq!(reports.rate(at(30_000)), 2e6);
    // 1.5 Mb/s are sent into a line of 1 Mb/s, whose queue fills.
    reports.round_trip(at(31_000), Duration::from_millis(360));
    send(&mut reports, 31, 31, 33, 1_500_000);
    let rate = reports.rate(at(31_000));
    assert!((0.85e6..1e6).contains(&rate), "{rate}");
    // While the way is longer nothing grows, although nothing gets lost.
    send(&mut reports, 32, 50, 0, 800_000);
    assert_eq!(reports.rate(at(50_000)), rate);
    reports.round_trip(at(50_000), Duration::from_millis(70));
    send(&mut reports, 51, 52, 0, 800_000);
    assert!(reports.rate(at(52_000)) > rate);
}

#[test]
fn what_does_not_fit_is_tried_ever_more_rarely() {
    let mut reports = Reports::new(6e5, 6e4, 2e7);
    let mut tries = Vec::new();
    for second in 0..300 {
        let rate = reports.rate(at(second * 1_000));
        let is_tried = rate > 9e5;
        reports.sent(if is_tried { 125_000 } else { 75_000 });
        if is_tried {
            tries.push(second);
        }
        reports.loss(at(second * 1_000), if is_tried { 20 } else { 0 }, 100, 2e6);
    }
    let pauses: Vec<u64> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses[..3].is_sorted() && pauses[0] < 12, "{tries:?}");
    assert!(pauses[3..].iter().all(|pause| *pause > 30), "{tries:?}");
}

#[test]
fn a_line_on_which_nothing_fits_is_as_at_the_start_again() {
    let mut reports = Reports::new(3e5, 6e4, 2e7);
    send(&mut reports, 0, 30, 60, 200_000);
    assert!(reports.rate(at(30_000)) < 1e5);
    for second in 31..60 {
        reports.loss(at(second * 1_000), 0, 0, 2e6);
        reports.pass(at(second * 1_000));
    }
    assert_eq!(reports.rate(at(60_000)), 3e5);
}

#[test]
fn the_receivers_own_estimate_caps_at_once_and_leads_upwards() {
    let mut reports = Reports::new(3e5, 6e4, 2e7);
    reports.remb(at(0), 2e5);
    assert_eq!(reports.rate(at(0)), 2e5);
    reports.remb(at(100), 1.5e6);
    feed(&mut reports, 1, 3, 0);
    assert_eq!(reports.rate(at(3_000)), 1.5e6);
    reports.remb(at(3_500), 0.0);
    assert_eq!(reports.rate(at(3_600)), 6e4, "sound is always sent");
    assert!(reports.rate(at(20_000)) > 1e6, "an old word says nothing");
}
