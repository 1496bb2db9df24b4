use std::collections::HashSet;

use sfu_worker::Counters;

use super::count_worker;
use crate::metrics::{METRICS, Snapshot};

#[test]
fn every_counter_of_a_worker_is_a_declared_metric_and_none_comes_twice() {
    let mut snapshot = Snapshot::new();
    count_worker(&Counters::default(), &mut snapshot);
    let mut seen = HashSet::new();
    for sample in snapshot.samples() {
        let metric = METRICS.iter().find(|metric| metric.name == sample.name);
        let metric = metric.unwrap_or_else(|| panic!("{} is not declared", sample.name));
        assert_eq!(metric.label.is_some(), !sample.label.is_empty(), "{}", sample.name);
        assert!(seen.insert((sample.name, sample.label)), "{} {} twice", sample.name, sample.label);
    }
}
