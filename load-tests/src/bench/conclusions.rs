//! What only several scenarios together tell: memory of each thing by itself, and how the cost of
//! a packet grows with the number of subscriptions.

use serde::{Deserialize, Serialize};

use super::results::{Contestant, ScenarioResult, Spread};
use crate::call::Report;

/// What several scenarios tell of one server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Conclusion {
    /// Its name.
    pub name: String,
    /// Resident bytes for each participant who watches: the growth from 10 to 100 of them.
    pub bytes_per_watcher: Option<f64>,
    /// Resident bytes for each published stream (a microphone, or one encoding of a camera): what
    /// 200 rooms of two need beyond one meeting of 30, without the participants themselves.
    pub bytes_per_stream: Option<f64>,
    /// The cost of a packet with 10 000 subscriptions as a multiple of that with 10.
    pub growth: Option<f64>,
    /// The same as a multiple of the null forwarder's growth.
    pub times_null: Option<f64>,
}

/// Participants and published streams of the scenarios that memory is read from.
const FEW: (&str, f64) = ("audience-10", 11.0);
const MANY: (&str, f64) = ("audience-100", 101.0);
const MEETING: (&str, f64, f64) = ("meeting-30", 30.0, 120.0);
const ROOMS: (&str, f64, f64) = ("small-rooms-200", 400.0, 1_600.0);

/// Scenarios between which the number of subscriptions alone grows.
const SPARSE: &str = "subscriptions-10";
const DENSE: &str = "subscriptions-10000";

/// What `scenarios` tell of each of `names`.
pub(super) fn draw(scenarios: &[ScenarioResult], names: &[&str]) -> Vec<Conclusion> {
    let null = growth(scenarios, "null forwarder");
    let drawn = names.iter().map(|name| {
        let bytes_per_watcher = per_watcher(scenarios, name);
        let own = growth(scenarios, name);
        Conclusion {
            name: (*name).to_owned(),
            bytes_per_watcher,
            bytes_per_stream: bytes_per_watcher.and_then(|it| per_stream(scenarios, name, it)),
            growth: own,
            times_null: own.zip(null).map(|(own, null)| own / null),
        }
    });
    let says = |it: &Conclusion| it.bytes_per_watcher.is_some() || it.growth.is_some();
    drawn.filter(says).collect()
}

fn per_watcher(scenarios: &[ScenarioResult], name: &str) -> Option<f64> {
    let [few, many] = [FEW, MANY].map(|(scenario, _)| median(scenarios, scenario, name, grown));
    Some((many? - few?) / (MANY.1 - FEW.1))
}

fn per_stream(scenarios: &[ScenarioResult], name: &str, per_watcher: f64) -> Option<f64> {
    let [meeting, rooms] =
        [MEETING, ROOMS].map(|(scenario, ..)| median(scenarios, scenario, name, grown));
    let people = per_watcher * (ROOMS.1 - MEETING.1);
    Some((rooms? - meeting? - people) / (ROOMS.2 - MEETING.2))
}

fn growth(scenarios: &[ScenarioResult], name: &str) -> Option<f64> {
    let cost = |run: &Report| Some(run.server?.ns_per_packet);
    let [sparse, dense] = [SPARSE, DENSE].map(|scenario| median(scenarios, scenario, name, cost));
    Some(dense? / sparse?)
}

/// Growth of resident memory since nobody was there.
fn grown(run: &Report) -> Option<f64> {
    let server = run.server?;
    Some(server.usage.rss.saturating_sub(server.rss_before) as f64)
}

fn median(
    scenarios: &[ScenarioResult],
    scenario: &str,
    name: &str,
    of: fn(&Report) -> Option<f64>,
) -> Option<f64> {
    let scenario = scenarios.iter().find(|it| it.name == scenario)?;
    let contestant: &Contestant = scenario.contestants.iter().find(|it| it.name == name)?;
    Some(Spread::of(contestant.runs.iter().filter_map(of))?.median)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{Load, Use};

    fn scenario(name: &str, runs: &[(&str, u64, f64)]) -> ScenarioResult {
        let contestants = runs.iter().map(|(name, rss, ns_per_packet)| {
            let usage = Use { rss: *rss + 5_000, ..Use::default() };
            let ns_per_packet = *ns_per_packet;
            let load = Load { usage, rss_before: 5_000, ns_per_packet, ..Load::default() };
            let run = Report { server: Some(load), ..Report::default() };
            Contestant { name: (*name).to_owned(), runs: vec![run], ..Contestant::default() }
        });
        ScenarioResult {
            name: name.to_owned(),
            contestants: contestants.collect(),
            ..ScenarioResult::default()
        }
    }

    #[test]
    fn memory_of_watchers_and_of_streams_is_told_apart() {
        // 1 000 at the beginning, 20 for each participant, 300 for each stream.
        let rss = |people: u64, streams: u64| 1_000 + 20 * people + 300 * streams;
        let scenarios = [
            scenario("audience-10", &[("preau", rss(11, 4), 1.0)]),
            scenario("audience-100", &[("preau", rss(101, 4), 1.0)]),
            scenario("meeting-30", &[("preau", rss(30, 120), 1.0)]),
            scenario("small-rooms-200", &[("preau", rss(400, 1_600), 1.0)]),
        ];
        let drawn = draw(&scenarios, &["preau", "janus"]);
        assert_eq!(drawn.len(), 1, "nothing is known of the other one");
        assert_eq!(drawn[0].bytes_per_watcher, Some(20.0));
        assert_eq!(drawn[0].bytes_per_stream, Some(300.0));
        assert_eq!(drawn[0].growth, None);
    }

    #[test]
    fn growth_is_told_beside_the_null_forwarders() {
        let scenarios = [
            scenario("subscriptions-10", &[("preau", 0, 9.0), ("null forwarder", 0, 6.0)]),
            scenario("subscriptions-10000", &[("preau", 0, 6.0), ("null forwarder", 0, 3.0)]),
        ];
        let drawn = draw(&scenarios, &["preau"]);
        assert_eq!((drawn[0].growth, drawn[0].times_null), (Some(6.0 / 9.0), Some(4.0 / 3.0)));
    }
}
