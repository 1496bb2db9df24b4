use protocol::{Duration, Instant};

use super::{Aimd, Sight};
use crate::congestion::trendline::Usage;

const RTT: Duration = Duration::from_millis(100);

fn at(ms: u64) -> Instant {
    Instant::from_micros(ms * 1_000)
}

fn sight(usage: Usage, arriving: f64) -> Sight {
    Sight {
        usage,
        throughput: Some(arriving),
        recent: Some(arriving),
        is_limited: false,
        was_limited: false,
        is_busy: false,
        is_held: false,
        rtt: RTT,
    }
}

#[test]
fn it_grows_by_eight_percent_a_second_while_all_is_used() {
    let mut aimd = Aimd::new(1e6, 6e4, 2e7);
    for tick in 0..=100 {
        let rate = aimd.rate();
        aimd.update(at(tick * 50), &sight(Usage::Normal, rate));
    }
    let wanted = 1e6 * 1.08_f64.powi(5);
    assert!((aimd.rate() - wanted).abs() < 0.01 * wanted, "{}", aimd.rate());
}

#[test]
fn it_does_not_run_ahead_of_what_arrives_nor_grow_while_the_sender_limits() {
    let mut aimd = Aimd::new(1e6, 6e4, 2e7);
    for tick in 0..200 {
        aimd.update(at(tick * 50), &sight(Usage::Normal, 1e6));
    }
    assert!(aimd.rate() < 1.12e6);
    let before = aimd.rate();
    for tick in 200..400 {
        let limited = Sight { is_limited: true, ..sight(Usage::Normal, 4e6) };
        aimd.update(at(tick * 50), &limited);
    }
    assert_eq!(aimd.rate(), before);
}

#[test]
fn it_falls_to_what_arrives_and_then_climbs_slowly() {
    let mut aimd = Aimd::new(2e6, 6e4, 2e7);
    assert!(aimd.update(at(0), &sight(Usage::Overuse, 1e6)));
    assert!((aimd.rate() - 0.9e6).abs() < 1.0);
    assert!(!aimd.update(at(50), &sight(Usage::Overuse, 1e6)), "once a round trip is enough");
    for tick in 2..=41 {
        aimd.update(at(tick * 50), &sight(Usage::Normal, 1e6));
    }
    let grown = aimd.rate() - 0.9e6;
    assert!((20e3..60e3).contains(&grown), "{grown}");
}

#[test]
fn while_the_sender_limits_it_falls_by_steps_whatever_arrives() {
    let mut aimd = Aimd::new(2e6, 6e4, 2e7);
    let limited = Sight { is_limited: true, ..sight(Usage::Overuse, 4e4) };
    aimd.update(at(0), &limited);
    assert!((aimd.rate() - 1.4e6).abs() < 1.0, "{}", aimd.rate());
}

#[test]
fn it_stays_within_its_bounds() {
    let mut aimd = Aimd::new(1e6, 6e4, 2e6);
    aimd.set(at(0), 9e9);
    assert_eq!(aimd.rate(), 2e6);
    aimd.update(at(500), &sight(Usage::Overuse, 10.0));
    assert_eq!(aimd.rate(), 6e4);
}

#[test]
fn what_arrived_while_the_sender_limited_is_not_taken_for_the_line() {
    let mut aimd = Aimd::new(2e6, 5e4, 1e7);
    let begun = Sight { was_limited: true, ..sight(Usage::Overuse, 9e5) };
    assert!(aimd.update(at(1_000), &begun));
    assert!(aimd.rate() >= 1.4e6 && aimd.rate() < 2e6, "{}", aimd.rate());
    let full = Sight { is_busy: true, ..begun };
    assert!(aimd.update(at(2_000), &full));
    assert!(aimd.rate() < 9e5, "{}", aimd.rate());
}
