use std::collections::HashSet;

use prometheus::{Encoder, Registry, TextEncoder, core::Collector};

use super::{METRICS, NodeMetrics, Snapshot};

fn snapshot(samples: &[(&'static str, &'static str, u64)]) -> Snapshot {
    let mut snapshot = Snapshot::new();
    for (name, label, value) in samples {
        snapshot.push(name, label, *value);
    }
    snapshot
}

fn page(metrics: &NodeMetrics) -> String {
    let registry = Registry::new();
    registry.register(Box::new(metrics.clone())).expect("the table is valid");
    let mut page = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut page).expect("text");
    String::from_utf8(page).expect("text")
}

#[test]
fn every_metric_has_one_valid_declaration() {
    let names: HashSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(names.len(), METRICS.len());
    assert_eq!(NodeMetrics::new(1).desc().len(), METRICS.len(), "Prometheus takes them all");
}

#[test]
fn the_page_adds_up_the_latest_of_all_sources() {
    let metrics = NodeMetrics::new(2);
    metrics.update(0, snapshot(&[("sfu_sent_datagrams_total", "", 1)]));
    metrics.update(0, snapshot(&[("sfu_sent_datagrams_total", "", 5)]));
    metrics.update(1, snapshot(&[("sfu_sent_datagrams_total", "", 2)]));
    assert!(page(&metrics).contains("\nsfu_sent_datagrams_total 7\n"), "{}", page(&metrics));
}

#[test]
fn labels_keep_series_apart_and_microseconds_become_seconds() {
    let metrics = NodeMetrics::new(1);
    let dropped = "sfu_send_dropped_datagrams_total";
    metrics.update(
        0,
        snapshot(&[
            (dropped, "refused", 3),
            (dropped, "too_long", 4),
            ("sfu_worker_cpu_seconds_total", "", 1_500_000),
        ]),
    );
    let page = page(&metrics);
    for line in [
        "sfu_send_dropped_datagrams_total{reason=\"refused\"} 3",
        "sfu_send_dropped_datagrams_total{reason=\"too_long\"} 4",
        "sfu_worker_cpu_seconds_total 1.5",
    ] {
        assert!(page.contains(line), "{line} in {page}");
    }
    assert_eq!(metrics.value(dropped, "too_long"), 4);
}

#[test]
fn what_is_not_declared_is_not_shown() {
    let metrics = NodeMetrics::new(1);
    metrics.update(0, snapshot(&[("somebody_typed_this", "", 3)]));
    assert_eq!(page(&metrics), "");
}
