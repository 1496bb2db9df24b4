use protocol::Instant;

use super::Reports;

fn at(ms: u64) -> Instant {
    Instant::from_micros(ms * 1_000)
}

/// A report a second with so many of 100 packets lost, and 250 kb/s sent; a layer at 2 Mb/s waits.
fn feed(reports: &mut Reports, from_s: u64, to_s: u64, lost: u32) {
    for second in from_s..=to_s {
        reports.sent(31_250);
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
    feed(&mut reports, 0, 1, 5);
    assert_eq!(reports.rate(at(1_000)), 1e6);
    feed(&mut reports, 2, 2, 20);
    assert!((reports.rate(at(2_000)) - 0.9e6).abs() < 1.0);
    feed(&mut reports, 3, 9, 0);
    assert!((reports.rate(at(9_000)) - 0.9e6).abs() < 1.0);
    feed(&mut reports, 10, 12, 0);
    assert!(reports.rate(at(12_000)) > 1e6);
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
