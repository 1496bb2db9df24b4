//! What came of a comparison: medians, their spread, and ratios.

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::{
    Arguments,
    climb::Climb,
    conclusions::{self, Conclusion},
    contender::{Contender, Trains},
    scenario::Scenario,
};
use crate::call::Report;

/// What came of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The processor of the machine, and how many it has.
    pub processor: String,
    /// Its kernel.
    pub kernel: String,
    /// What the packets went over.
    pub way: String,
    /// Seconds of each measurement.
    pub seconds: u64,
    /// Name and version of whoever took part.
    pub versions: Vec<(String, String)>,
    /// One for each scenario.
    pub scenarios: Vec<ScenarioResult>,
    /// What several of them tell together.
    pub conclusions: Vec<Conclusion>,
}

/// What came of one scenario.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScenarioResult {
    /// Its name.
    pub name: String,
    /// What participants do in it.
    pub about: String,
    /// Whoever took part, in the order of [`Results::versions`].
    pub contestants: Vec<Contestant>,
}

/// How one server did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Contestant {
    /// Its name.
    pub name: String,
    /// Processor time for each packet that was delivered, in nanoseconds.
    pub ns_per_packet: Spread,
    /// The same as a multiple of the null forwarder's in the same round.
    pub times_null: Option<Spread>,
    /// As a multiple of what the null forwarder needs with trains of the same length.
    pub times_same: Option<Spread>,
    /// The runs.
    pub runs: Vec<Report>,
    /// Where rooms were added, how it went.
    pub climb: Option<Climb>,
}

/// The median of some runs, and their range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// The least.
    pub least: f64,
    /// The most.
    pub most: f64,
}

impl Spread {
    /// Of these values; `None` if there are none.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median = match values.len() % 2 {
            0 => f64::midpoint(values[middle - 1], values[middle]),
            _ => values[middle],
        };
        Some(Spread { median, least, most })
    }
}

impl Results {
    pub(super) fn new(arguments: &Arguments, contenders: &[Contender]) -> anyhow::Result<Results> {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = info.lines().find_map(|line| line.strip_prefix("model name"));
        let model = model.and_then(|line| line.split_once(':')).map_or("", |(_, name)| name);
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let way = if arguments.loopback {
            "loopback (trains are not segmented)"
        } else {
            "veth between two namespaces, trains segmented by the sender's kernel"
        };
        let version =
            |contender: &Contender| Ok((contender.name().to_owned(), contender.version()?));
        let versions: anyhow::Result<Vec<_>> = contenders.iter().map(version).collect();
        Ok(Results {
            processor: format!("{count} × {}", model.trim()),
            kernel: kernel.trim().to_owned(),
            way: way.to_owned(),
            seconds: arguments.duration,
            versions: versions.context("somebody cannot take part")?,
            scenarios: Vec::new(),
            conclusions: Vec::new(),
        })
    }

    /// Draws what several scenarios tell together.
    pub(super) fn conclude(&mut self) {
        let names: Vec<&str> = self.versions.iter().map(|(name, _)| name.as_str()).collect();
        self.conclusions = conclusions::draw(&self.scenarios, &names);
    }
}

impl ScenarioResult {
    pub(super) fn new(scenario: &Scenario, contenders: &[Contender]) -> ScenarioResult {
        let contestant = |contender: &Contender| Contestant {
            name: contender.name().to_owned(),
            ..Contestant::default()
        };
        ScenarioResult {
            name: scenario.name.to_owned(),
            about: scenario.about.to_owned(),
            contestants: contenders.iter().map(contestant).collect(),
        }
    }

    /// Draws the conclusions from the runs. Who did not take part is left out.
    pub(super) fn compare(&mut self) {
        self.contestants.retain(|it| !it.runs.is_empty() || it.climb.is_some());
        let costs =
            |contestant: &Contestant| -> Vec<f64> { contestant.runs.iter().map(cost).collect() };
        let [null, same] = [Trains::Natural, Trains::SameAsPreau].map(|trains| {
            let name = Contender::NullForwarder(PathBuf::new(), trains).name();
            self.contestants.iter().find(|it| it.name == name).map(costs)
        });
        for contestant in &mut self.contestants {
            let own = costs(contestant);
            let ratios = |to: &Option<Vec<f64>>| {
                let to = to.as_ref()?;
                Spread::of(own.iter().zip(to).map(|(own, to)| own / to))
            };
            contestant.times_null = ratios(&null);
            contestant.times_same = ratios(&same);
            contestant.ns_per_packet = Spread::of(own).unwrap_or_default();
        }
    }
}

fn cost(report: &Report) -> f64 {
    report.server.map_or(0.0, |server| server.ns_per_packet)
}

/// A run in one line.
pub(super) fn line(report: &Report) -> String {
    let server = report.server.unwrap_or_default();
    let mut line = format!(
        "{:6.0} ns a packet ({:.0} % user, {:.2} a message), {:7.0}/s, {:.3} % lost, p99 {:.2} ms, \
         server {:.2}, load {:.2}",
        server.ns_per_packet,
        server.usage.user_share * 100.0,
        server.packets_per_message.unwrap_or(1.0),
        report.media.packets_per_second,
        report.media.lost_share * 100.0,
        report.sound_delay.p99.max(report.picture_delay.p99),
        server.usage.processors,
        report.load.processors,
    );
    if let Some(seconds) = report.joins.storm_seconds {
        line.push_str(&format!(", storm {seconds:.2} s"));
    }
    if report.joins.connected < report.joins.wanted {
        let missing = report.joins.wanted - report.joins.connected;
        line.push_str(&format!(", {missing} NOT IN: {:?}", report.failures));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::Load;

    fn contestant(name: &str, costs: &[f64]) -> Contestant {
        let run = |cost: &f64| Report {
            server: Some(Load { ns_per_packet: *cost, ..Load::default() }),
            ..Report::default()
        };
        let runs = costs.iter().map(run).collect();
        Contestant { name: name.to_owned(), runs, ..Contestant::default() }
    }

    #[test]
    fn a_ratio_is_of_runs_of_the_same_round() {
        let mut result = ScenarioResult {
            contestants: vec![
                contestant("preau", &[2.0, 9.0, 4.0]),
                contestant("null forwarder", &[1.0, 3.0, 4.0]),
                contestant("null, same trains", &[2.0, 9.0, 1.0]),
                contestant("absent", &[]),
            ],
            ..ScenarioResult::default()
        };
        result.compare();
        assert_eq!(result.contestants.len(), 3);
        let preau = &result.contestants[0];
        assert_eq!(preau.ns_per_packet, Spread { median: 4.0, least: 2.0, most: 9.0 });
        assert_eq!(preau.times_null, Some(Spread { median: 2.0, least: 1.0, most: 3.0 }));
        assert_eq!(preau.times_same, Some(Spread { median: 1.0, least: 1.0, most: 4.0 }));
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        let spread = Spread { median: 3.0, least: 1.0, most: 9.0 };
        assert_eq!(Spread::of([9.0, 2.0, 4.0, 1.0]), Some(spread));
        assert_eq!(Spread::of([]), None);
    }
}
