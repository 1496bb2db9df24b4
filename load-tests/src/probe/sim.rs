//! Op `sim`: a plan of networks, to the estimate and the delivered layers.

use protocol::Instant;
use serde::Deserialize;
use serde_json::json;

use super::{Event, Machine, Op, Outcome};
use crate::{
    plan::Plan,
    run::{self, Report, Sample},
};

pub(super) const OP: Op = Op {
    name: "sim",
    what: "runs a `plan` of networks in the simulator, as `preau-load sim` does",
    example: concat!(
        r#"{"t":0,"op":"sim","seed":1,"plan":{"seconds":2,"#,
        r#""network":[{"rate_kbps":2000,"loss_percent":2}]}}"#
    ),
};

/// A run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    plan: Plan,
    #[serde(default)]
    seed: u64,
    /// Time between samples, in ms; a multiple of 100.
    #[serde(default = "every_ms")]
    every_ms: u32,
}

const fn every_ms() -> u32 {
    1_000
}

/// Each run is a world of its own.
#[derive(Debug, Default)]
pub(super) struct Sim {}

impl Machine for Sim {
    type Line = Line;

    fn take(&mut self, _now: Instant, line: Line) -> Outcome {
        if line.every_ms == 0 || !line.every_ms.is_multiple_of(100) {
            return Err("`every_ms` is a multiple of 100".to_owned());
        }
        let report = run::run(&line.plan, line.seed).map_err(|error| error.to_string())?;
        let chunks = report.samples.chunks(line.every_ms as usize / 100);
        let mut events: Vec<Event> = chunks.filter_map(sample).collect();
        events.push(summary(&report));
        Ok(events)
    }
}

/// Means of the rates, the longest queue, and the rest as it was at the end.
fn sample(samples: &[Sample]) -> Option<Event> {
    let last = samples.last()?;
    let mean =
        |of: fn(&Sample) -> u64| samples.iter().map(of).sum::<u64>() / samples.len().max(1) as u64;
    let pictures = last.pictures.iter().map(|picture| {
        json!({ "of": picture.author, "layer": picture.layer, "temporal": picture.temporal })
    });
    let queue = samples.iter().map(|it| it.queue.as_micros()).max().unwrap_or(0);
    let body = json!({
        "at": last.at.as_millis() as u64, "line": last.line, "estimate": last.estimate,
        "sent": mean(|it| it.sent), "received": mean(|it| it.received),
        "overhead": mean(|it| it.overhead), "queue_ms": queue as f64 / 1_000.0,
        "pictures": pictures.collect::<Vec<_>>(),
    });
    Some(Event("sim", body))
}

fn summary(report: &Report) -> Event {
    let freezes = report.freezes.iter().map(|(author, freezes)| {
        json!({ "of": author, "count": freezes.spans.len(), "ratio": freezes.ratio(),
                "paused_ms": freezes.paused.as_millis() as u64 })
    });
    let heard = report.gaps.heard.as_secs_f64().max(1e-9);
    Event(
        "summary",
        json!({
            "freezes": freezes.collect::<Vec<_>>(), "sound_gaps": report.gaps.ratio(),
            "sound_missing": report.gaps.missing.as_secs_f64() / heard,
            "keyframes": report.keyframes, "switches": report.switches,
        }),
    )
}
