use protocol::{Duration, Instant};

use super::{Deltas, Grouped, Grouping};

fn at(ms: u64) -> Instant {
    Instant::from_micros(ms * 1_000)
}

#[test]
fn groups_are_as_far_apart_as_their_last_packets() {
    let mut grouping = Grouping::default();
    let packets = [(0, 100_000), (4, 110_000), (20, 120_000), (40, 145_000)];
    let seen = packets.map(|(sent, arrived_us)| grouping.add(at(200), at(sent), arrived_us));
    let deltas = Deltas { sent_us: 16_000, arrived_us: 10_000, at_us: 120_000 };
    assert_eq!(seen, [Grouped::Open, Grouped::Open, Grouped::Open, Grouped::Complete(deltas)]);
}

#[test]
fn packets_that_waited_together_are_one_group() {
    let mut grouping = Grouping::default();
    // Sent every 10 ms, and let through all at once.
    for packet in 0..6 {
        let seen = grouping.add(at(200), at(packet * 10), 100_000 + packet as i64 * 300);
        assert_eq!(seen, Grouped::Open);
    }
}

#[test]
fn a_clock_that_jumps_begins_all_anew() {
    let mut grouping = Grouping::default();
    grouping.add(at(100), at(0), 1_000);
    assert_eq!(grouping.add(at(200), at(100), 4_000_000), Grouped::Reset);
    assert_eq!(grouping.add(at(300), at(200), 4_100_000), Grouped::Open);
    assert_eq!(grouping.add(at(400), at(300), 0), Grouped::Reset, "nor may it run backwards");
    assert_eq!(grouping.add(at(500), at(400), i64::MAX), Grouped::Open);
    assert_eq!(grouping.add(at(600), at(500), i64::MIN), Grouped::Reset);
}

#[test]
fn silence_makes_what_was_known_stale() {
    let mut grouping = Grouping::default();
    assert!(!grouping.hear(at(0)));
    assert!(!grouping.hear(at(0) + Duration::from_secs(2)));
    assert!(grouping.hear(at(0) + Duration::from_millis(4_001)));
}
