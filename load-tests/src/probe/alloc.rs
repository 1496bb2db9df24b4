//! Op `alloc`: which layer of each source a receiver gets.

use std::collections::BTreeMap;

use protocol::Instant;
use serde::Deserialize;
use serde_json::json;
use sfu_core::allocation::{
    self, Budget, BudgetWindow, Choice, Content, Demand, LAYERS_PER_SOURCE_MAX, Layer, Place,
};

use super::{Event, Machine, Op, Outcome};

pub(super) const OP: Op = Op {
    name: "alloc",
    what: "chooses layers of any number of `sources` for a `budget`, or for an `estimate`",
    example: concat!(
        r#"{"t":0,"op":"alloc","budget":500000,"sources":[{"id":"a","layers":["#,
        r#"{"id":0,"height":180,"frame_rate":30,"bits_per_second":150000}]}]}"#
    ),
};

/// Sources of one line.
const SOURCES_MAX: usize = 4_096;

/// What there is and what is wanted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    sources: Vec<SourceLine>,
    /// What each source is wanted at, by its id.
    #[serde(default)]
    constraints: BTreeMap<String, Constraint>,
    /// What sources are wanted at that `constraints` does not name.
    #[serde(default)]
    default_constraint: Constraint,
    /// Ids of the sources in the large picture.
    #[serde(default)]
    stage: Vec<String>,
    /// Ids of the sources that were picked out.
    #[serde(default)]
    selected: Vec<String>,
    /// How many sources are seen at all.
    last_n: Option<usize>,
    /// Bits per second, for new and for current layers alike.
    budget: Option<u64>,
    /// Bits per second; new layers must fit the least of the last seconds.
    estimate: Option<u64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceLine {
    id: String,
    /// Rather sharp than smooth.
    #[serde(default)]
    screen: bool,
    layers: Vec<LayerLine>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerLine {
    id: u8,
    height: u16,
    #[serde(default)]
    frame_rate: f64,
    bits_per_second: u64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Constraint {
    max_height: u16,
    max_frame_rate: f64,
}

impl Default for Constraint {
    fn default() -> Self {
        Constraint { max_height: u16::MAX, max_frame_rate: f64::from(u8::MAX) }
    }
}

/// One receiver.
#[derive(Debug, Default)]
pub(super) struct Alloc {
    window: BudgetWindow,
    /// What each source was given last.
    previous: BTreeMap<String, u8>,
}

impl Machine for Alloc {
    type Line = Line;

    fn take(&mut self, now: Instant, line: Line) -> Outcome {
        let budget = match (line.budget, line.estimate) {
            (Some(budget), None) => Budget::even(budget),
            (None, Some(estimate)) => self.window.update(now, estimate),
            (Some(_), Some(_)) | (None, None) => {
                return Err("either `budget` or `estimate` is needed".to_owned());
            }
        };
        check(&line)?;
        let layers: Vec<Vec<Layer>> = line.sources.iter().map(layers_of).collect();
        let demands: Vec<Demand<'_>> = line
            .sources
            .iter()
            .zip(&layers)
            .map(|(source, layers)| {
                let constraint = line.constraints.get(&source.id);
                let constraint = constraint.unwrap_or(&line.default_constraint);
                Demand {
                    content: if source.screen { Content::Screen } else { Content::Person },
                    place: place_of(&line, &source.id),
                    max_height: constraint.max_height,
                    max_frame_rate: rounded(constraint.max_frame_rate),
                    layers,
                    previous: self.previous.get(&source.id).copied(),
                }
            })
            .collect();
        let mut choices = vec![Choice::default(); demands.len()];
        let summary = allocation::allocate(&demands, line.last_n, budget, &mut choices);
        self.previous.clear();
        let mut chosen = Vec::new();
        for (source, choice) in line.sources.iter().zip(&choices) {
            self.previous.extend(choice.layer().map(|layer| (source.id.clone(), layer)));
            chosen.push(json!({
                "id": source.id, "layer": choice.layer(), "ideal": choice.ideal(),
                "bits_per_second": choice.bits_per_second(),
            }));
        }
        Ok(vec![Event(
            "alloc",
            json!({
                "choices": chosen, "present": budget.present,
                "conservative": budget.conservative, "target": summary.target_bits_per_second,
                "ideal": summary.ideal_bits_per_second,
                "next_step": summary.next_step_bits_per_second, "wanted": summary.wanted,
                "shown": summary.shown, "reduced": summary.reduced,
            }),
        )])
    }
}

fn check(line: &Line) -> Result<(), String> {
    if line.sources.len() > SOURCES_MAX {
        return Err(format!("more than {SOURCES_MAX} sources"));
    }
    let mut ids: Vec<&str> = line.sources.iter().map(|source| source.id.as_str()).collect();
    ids.sort_unstable();
    if let Some(twice) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("two sources have the id `{}`", twice[0]));
    }
    let named = line.constraints.keys().chain(&line.stage).chain(&line.selected);
    for id in named {
        if ids.binary_search(&id.as_str()).is_err() {
            return Err(format!("no source has the id `{id}`"));
        }
    }
    for source in &line.sources {
        if source.layers.len() > LAYERS_PER_SOURCE_MAX {
            let id = &source.id;
            return Err(format!("`{id}` has more than {LAYERS_PER_SOURCE_MAX} layers"));
        }
    }
    Ok(())
}

fn layers_of(source: &SourceLine) -> Vec<Layer> {
    let layer = |layer: &LayerLine| Layer {
        id: layer.id,
        height: layer.height,
        frame_rate: rounded(layer.frame_rate),
        bits_per_second: layer.bits_per_second,
    };
    source.layers.iter().map(layer).collect()
}

fn place_of(line: &Line, id: &String) -> Place {
    if line.stage.contains(id) {
        Place::Stage
    } else if line.selected.contains(id) {
        Place::Selected
    } else {
        Place::Tile
    }
}

/// Saturates.
fn rounded(frame_rate: f64) -> u8 {
    frame_rate.round() as u8
}
