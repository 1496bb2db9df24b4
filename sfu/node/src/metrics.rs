//! What the node counts, and how Prometheus reads it.
//!
//! A worker counts in plain fields and sends a cumulative [`Snapshot`] once a second; the collector
//! adds the latest of all workers. [`METRICS`] declares every series: a sample that is not in it is
//! not exported, and no label is an id.

mod table;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use prometheus::{
    core::{Collector, Desc},
    proto,
};

pub use table::{Kind, METRICS, Metric, Unit};

/// One value under a name of [`METRICS`], with the value of its label (empty without label).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The metric.
    pub name: &'static str,
    /// The value of its label.
    pub label: &'static str,
    /// The value in the metric's own unit.
    pub value: u64,
}

/// All that a worker has counted in its life, held without the heap.
#[derive(Clone)]
pub struct Snapshot {
    samples: [Sample; Snapshot::SAMPLES_MAX],
    count: usize,
}

impl Snapshot {
    /// The most samples of one worker.
    pub const SAMPLES_MAX: usize = 192;

    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        let nothing = Sample { name: "", label: "", value: 0 };
        Snapshot { samples: [nothing; Self::SAMPLES_MAX], count: 0 }
    }

    /// Adds a sample; one too many is left out.
    pub fn push(&mut self, name: &'static str, label: &'static str, value: u64) {
        debug_assert!(self.count < Self::SAMPLES_MAX, "more samples than a snapshot holds");
        if let Some(place) = self.samples.get_mut(self.count) {
            *place = Sample { name, label, value };
            self.count += 1;
        }
    }

    /// The samples.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples[..self.count]
    }
}

impl Default for Snapshot {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.samples()).finish()
    }
}

/// The node's metrics, to be registered with a [`prometheus::Registry`]. Clones show the same.
#[derive(Clone, Debug)]
pub struct NodeMetrics {
    descriptions: Arc<Vec<Desc>>,
    /// The latest of each worker, and of the control side behind them.
    latest: Arc<Mutex<Vec<Snapshot>>>,
}

impl NodeMetrics {
    /// For `sources` numbered from 0 that send snapshots.
    #[must_use]
    pub(crate) fn new(sources: usize) -> Self {
        // A name or label that Prometheus refuses is found by a test over the table.
        let descriptions = METRICS.iter().filter_map(|metric| {
            let labels = metric.label.iter().map(|label| (*label).to_owned()).collect();
            Desc::new(metric.name.to_owned(), metric.help.to_owned(), labels, HashMap::new()).ok()
        });
        NodeMetrics {
            descriptions: Arc::new(descriptions.collect()),
            latest: Arc::new(Mutex::new(vec![Snapshot::new(); sources])),
        }
    }

    /// Replaces what `source` has said.
    pub(crate) fn update(&self, source: usize, snapshot: Snapshot) {
        // No code panics while it holds this lock.
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = latest.get_mut(source) {
            *place = snapshot;
        }
    }

    /// The sum over all sources of the samples with this name and label, in the metric's own unit.
    #[must_use]
    pub fn value(&self, name: &str, label: &str) -> u64 {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let samples = latest.iter().flat_map(Snapshot::samples);
        let wanted = samples.filter(|sample| sample.name == name && sample.label == label);
        wanted.map(|sample| sample.value).sum()
    }
}

impl Collector for NodeMetrics {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone();
        METRICS.iter().filter_map(|metric| family(metric, &latest)).collect()
    }
}

/// The series of one metric; `None` while nobody has counted it.
fn family(metric: &Metric, latest: &[Snapshot]) -> Option<proto::MetricFamily> {
    let mut series: Vec<(&'static str, u64)> = Vec::new();
    for sample in latest.iter().flat_map(Snapshot::samples) {
        if sample.name != metric.name {
            continue;
        }
        match series.iter_mut().find(|(label, _)| *label == sample.label) {
            Some((_, value)) => *value += sample.value,
            None => series.push((sample.label, sample.value)),
        }
    }
    if series.is_empty() {
        return None;
    }
    let mut family = proto::MetricFamily::default();
    family.set_name(metric.name.to_owned());
    family.set_help(metric.help.to_owned());
    family.set_field_type(match metric.kind {
        Kind::Counter => proto::MetricType::COUNTER,
        Kind::Gauge => proto::MetricType::GAUGE,
    });
    let points = series.into_iter().map(|(label, value)| point(metric, label, value));
    family.set_metric(points.collect());
    Some(family)
}

fn point(metric: &Metric, label: &str, value: u64) -> proto::Metric {
    let mut labels = Vec::new();
    if let Some(name) = metric.label {
        let mut pair = proto::LabelPair::default();
        pair.set_name(name.to_owned());
        pair.set_value(label.to_owned());
        labels.push(pair);
    }
    let mut point = proto::Metric::from_label(labels);
    let value = metric.unit.base(value);
    match metric.kind {
        Kind::Counter => {
            let mut counter = proto::Counter::default();
            counter.set_value(value);
            point.set_counter(counter);
        }
        Kind::Gauge => {
            let mut gauge = proto::Gauge::default();
            gauge.set_value(value);
            point.set_gauge(gauge);
        }
    }
    point
}

#[cfg(test)]
mod tests;
