use protocol::{Bitrate, Duration, Instant};

use super::{Cluster, Outcome};
use crate::congestion::{ProbeCluster, ProbeId};

const DEADLINE: Duration = Duration::from_millis(400);

fn at(us: u64) -> Instant {
    Instant::from_micros(us)
}

/// Ten packets of 1 000 bytes at 1 Mb/s, of which those in `lost` do not arrive, over a way of so
/// many kb/s.
fn probe(kbps: u64, lost: &[u64]) -> Cluster {
    let rate = Bitrate::from_kbps(1_000);
    let plan = ProbeCluster { id: ProbeId(0), rate, bytes_min: 10_000, packets_min: 5 };
    let mut cluster = Cluster::new(plan, at(0));
    let step_us = 8_000_000 / kbps.min(1_000);
    for packet in 0..10 {
        cluster.sent(at(packet * 8_000), 1_000);
    }
    for packet in 0..10 {
        let arrived = 5_000_000 + (packet * step_us) as i64;
        let arrived_us = (!lost.contains(&packet)).then_some(arrived);
        cluster.told(at(packet * 8_000), 1_000, arrived_us, true);
    }
    cluster
}

fn shown(cluster: &Cluster, inherent: f64) -> (f64, bool) {
    match cluster.outcome(at(100_000), DEADLINE, inherent) {
        Outcome::Shown { rate, is_saturated } => (rate, is_saturated),
        Outcome::Open | Outcome::Failed => (0.0, false),
    }
}

#[test]
fn a_way_that_carries_the_probe_shows_its_rate() {
    let (rate, is_saturated) = shown(&probe(5_000, &[]), 0.0);
    assert!((rate - 1e6).abs() < 1.0 && !is_saturated);
}

#[test]
fn a_way_that_does_not_shows_a_little_less_than_its_own() {
    let (rate, is_saturated) = shown(&probe(500, &[]), 0.0);
    assert!((rate - 0.97 * 500e3).abs() < 1.0 && is_saturated, "{rate}");
}

#[test]
fn a_probe_of_which_a_fifth_is_lost_counts_and_with_more_it_does_not() {
    assert!(shown(&probe(5_000, &[3, 7]), 0.0).0 > 0.7e6);
    assert_eq!(probe(5_000, &[3, 5, 7]).outcome(at(100_000), DEADLINE, 0.0), Outcome::Failed);
}

#[test]
fn what_the_way_always_loses_does_not_lower_the_result() {
    let (rate, _) = shown(&probe(5_000, &[4]), 0.1);
    assert!((rate - 1e6).abs() < 0.02e6, "{rate}");
    assert!(shown(&probe(5_000, &[4]), 0.0).0 < 0.95e6);
}

#[test]
fn a_probe_that_was_not_sent_in_full_shows_nothing() {
    let rate = Bitrate::from_kbps(1_000);
    let plan = ProbeCluster { id: ProbeId(0), rate, bytes_min: 10_000, packets_min: 5 };
    let mut cluster = Cluster::new(plan, at(0));
    for packet in 0..10 {
        cluster.sent(at(packet * 8_000), 16);
        cluster.told(at(packet * 8_000), 16, Some(packet as i64 * 8_000), true);
    }
    assert_eq!(cluster.outcome(at(100_000), DEADLINE, 0.0), Outcome::Open);
    assert_eq!(cluster.outcome(at(900_000), DEADLINE, 0.0), Outcome::Failed);
}
