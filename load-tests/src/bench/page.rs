//! A comparison as one HTML page without anything from elsewhere.

use std::fmt::Write as _;

use super::{
    climb::{Limit, SHARES, Step},
    results::{Contestant, Results, ScenarioResult, Spread},
};
use crate::{
    call::{Report, page_head},
    chart::{Chart, Curve, escape},
};

/// The page.
pub(super) fn html(results: &Results) -> String {
    let mut page = page_head("Préau beside others");
    let _ = writeln!(
        page,
        "<p>{}, Linux {}. The server on one processor, the participants on another one; {}. Each \
         figure is the median of the runs, with their range; {} s each. A ratio is to the null \
         forwarder's cost in the same round.</p>\n<ul>",
        escape(&results.processor),
        escape(&results.kernel),
        escape(&results.way),
        results.seconds
    );
    for (name, version) in &results.versions {
        let _ = writeln!(page, "<li>{}: {}</li>", escape(name), escape(version));
    }
    page.push_str("</ul>\n");
    for scenario in &results.scenarios {
        if scenario.contestants.iter().any(|it| it.climb.is_some()) {
            climbs(&mut page, scenario);
        } else {
            table(&mut page, scenario);
        }
    }
    conclusions(&mut page, results);
    page.push_str("</body></html>\n");
    page
}

/// Column heads and what stands below them.
type Column = (&'static str, fn(&Contestant) -> String);

const COLUMNS: [Column; 14] = [
    ("ns a packet", |it| range(Some(it.ns_per_packet), 0)),
    ("× null", |it| range(it.times_null, 2)),
    ("× null, same trains", |it| range(it.times_same, 2)),
    ("user ns", |it| median(it, |run| run.server.map(|it| it.user_ns()), 0)),
    ("kernel ns", |it| median(it, |run| run.server.map(|it| it.ns_per_packet - it.user_ns()), 0)),
    ("packets a message", |it| median(it, |run| run.server?.packets_per_message, 2)),
    ("allocations a packet", |it| median(it, |run| run.server?.allocations_per_packet, 4)),
    ("packets/s", |it| median(it, |run| Some(run.media.packets_per_second), 0)),
    ("lost %", |it| median(it, |run| Some(run.media.lost_share * 100.0), 3)),
    ("delay p50 ms", |it| median(it, |run| Some(worse(run, |delay| delay.p50)), 2)),
    ("p99", |it| median(it, |run| Some(worse(run, |delay| delay.p99)), 2)),
    ("p99.9", |it| median(it, |run| Some(worse(run, |delay| delay.p999)), 2)),
    ("KiB each", |it| median(it, |run| run.server.map(|it| it.rss_per_participant / 1_024.0), 0)),
    ("join p99 ms", |it| median(it, |run| Some(run.joins.connection.p99), 0)),
];

fn table(page: &mut String, scenario: &ScenarioResult) {
    heading(page, scenario);
    let heads: Vec<&str> = COLUMNS.iter().map(|(head, _)| *head).collect();
    open_table(page, &heads);
    for contestant in &scenario.contestants {
        let cells: Vec<String> = COLUMNS.iter().map(|(_, value)| value(contestant)).collect();
        row(page, &contestant.name, &cells);
    }
    page.push_str("</tbody></table>\n");
    for contestant in &scenario.contestants {
        let storms = contestant.runs.iter().filter_map(|run| run.joins.storm_seconds);
        if let Some(spread) = Spread::of(storms) {
            let name = escape(&contestant.name);
            let joins = contestant.runs.iter().filter_map(|run| run.joins.storm_per_second());
            let _ = writeln!(
                page,
                "<p>{name}: all in after {} s, {} joins a second.</p>",
                range(Some(spread), 2),
                range(Spread::of(joins), 0)
            );
        }
    }
}

fn heading(page: &mut String, scenario: &ScenarioResult) {
    let (name, about) = (escape(&scenario.name), escape(&scenario.about));
    let _ = writeln!(page, "<h2>{name}</h2>\n<p>{about}.</p>");
}

/// The head of a table whose first column is the server.
fn open_table(page: &mut String, heads: &[&str]) {
    page.push_str("<table><thead><tr><th>Server</th>");
    for head in heads {
        let _ = write!(page, "<th>{head}</th>");
    }
    page.push_str("</tr></thead><tbody>\n");
}

fn row(page: &mut String, name: &str, cells: &[String]) {
    let _ = write!(page, "<tr><td>{}</td>", escape(name));
    for cell in cells {
        let _ = write!(page, "<td>{cell}</td>");
    }
    page.push_str("</tr>\n");
}

/// Curves of cost and delay over load, and where each server ended.
fn climbs(page: &mut String, scenario: &ScenarioResult) {
    heading(page, scenario);
    let climbs = || scenario.contestants.iter().filter_map(|it| Some((it, it.climb.as_ref()?)));
    let curves = |title, unit, x: fn(&Step) -> f64, y: fn(&Step) -> f64| {
        climbs().fold(Chart::over(title, unit, ""), |chart, (contestant, climb)| {
            let mut points: Vec<(f64, f64)> =
                climb.steps.iter().map(|step| (x(step), y(step))).collect();
            points.sort_by(|one, other| one.0.total_cmp(&other.0));
            chart.with(Curve::new(&contestant.name, points))
        })
    };
    let rooms = |step: &Step| step.rooms as f64;
    let delay = |step: &Step| worse(&step.report, |delay| delay.p99);
    let cost = |step: &Step| step.report.server.map_or(0.0, |it| it.ns_per_packet);
    let share = |step: &Step| step.share() * 100.0;
    page.push_str(&curves("Cost by rooms", "ns a packet", rooms, cost).svg());
    page.push_str(&curves("Processor by rooms", "%", rooms, share).svg());
    page.push_str(&curves("Delay by processor in %, 99 of 100", "ms", share, delay).svg());
    let mut heads = vec!["rooms".to_owned(), "packets/s".to_owned(), "ends at".to_owned()];
    heads.extend(SHARES.iter().map(|share| format!("p50 / p99 / p99.9 ms at {} %", share * 100.0)));
    open_table(page, &heads.iter().map(String::as_str).collect::<Vec<_>>());
    for (contestant, climb) in climbs() {
        let mut cells = match climb.top() {
            Some((step, limit)) => vec![
                step.rooms.to_string(),
                format!("{:.0}", step.report.media.packets_per_second),
                match limit {
                    Limit::Server => "1 % lost".to_owned(),
                    Limit::Participants => "the participants' processor".to_owned(),
                },
            ],
            None => vec![String::new(), String::new(), "the first room".to_owned()],
        };
        cells.extend(SHARES.iter().map(|share| {
            let Some(step) = climb.nearest(*share) else { return String::new() };
            let [p50, p99, p999] = [
                worse(&step.report, |delay| delay.p50),
                worse(&step.report, |delay| delay.p99),
                worse(&step.report, |delay| delay.p999),
            ];
            format!("{p50:.2} / {p99:.2} / {p999:.2} (at {:.0} %)", step.share() * 100.0)
        }));
        row(page, &contestant.name, &cells);
    }
    page.push_str("</tbody></table>\n");
}

/// What several scenarios tell together.
fn conclusions(page: &mut String, results: &Results) {
    if results.conclusions.is_empty() {
        return;
    }
    page.push_str("<h2>Memory and growth</h2>\n");
    let heads = [
        "KiB for each who watches",
        "KiB for each published stream",
        "cost with 10 000 subscriptions, × with 10",
        "the same, × the null forwarder's",
    ];
    open_table(page, &heads);
    for it in &results.conclusions {
        let number = |value: Option<f64>, digits: usize| {
            value.map_or_else(String::new, |value| format!("{value:.digits$}"))
        };
        let cells = [
            number(it.bytes_per_watcher.map(|bytes| bytes / 1_024.0), 1),
            number(it.bytes_per_stream.map(|bytes| bytes / 1_024.0), 1),
            number(it.growth, 2),
            number(it.times_null, 2),
        ];
        row(page, &it.name, &cells);
    }
    page.push_str("</tbody></table>\n");
}

/// Of sound or of pictures, whichever took longer.
fn worse(run: &Report, of: fn(&crate::histogram::Percentiles) -> f64) -> f64 {
    of(&run.sound_delay).max(of(&run.picture_delay))
}

fn median(contestant: &Contestant, of: fn(&Report) -> Option<f64>, digits: usize) -> String {
    let spread = Spread::of(contestant.runs.iter().filter_map(of));
    spread.map_or_else(String::new, |spread| format!("{:.digits$}", spread.median))
}

fn range(spread: Option<Spread>, digits: usize) -> String {
    spread.map_or_else(String::new, |Spread { median, least, most }| {
        format!("{median:.digits$} ({least:.digits$}–{most:.digits$})")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bench::{Climb, Conclusion},
        call::{Load, Use},
        histogram::Percentiles,
    };

    #[test]
    fn a_page_has_a_table_for_each_scenario_and_a_row_for_each_server() {
        let contestant = |name: &str| Contestant {
            name: name.to_owned(),
            times_null: Spread::of([1.25, 1.5, 1.75]),
            runs: vec![Report::default()],
            ..Contestant::default()
        };
        let scenario = ScenarioResult {
            name: "audience-30".to_owned(),
            contestants: vec![contestant("preau"), contestant("<janus>")],
            ..ScenarioResult::default()
        };
        let results = Results { scenarios: vec![scenario; 2], ..Results::default() };
        let page = html(&results);
        assert_eq!((page.matches("<table>").count(), page.matches("<tr><td>").count()), (2, 4));
        assert!(page.contains("1.50 (1.25–1.75)") && page.contains("&lt;janus&gt;"));
    }

    #[test]
    fn a_climb_is_drawn_and_its_delays_stand_at_the_shares() {
        let step = |rooms: usize| {
            let usage = Use { processors: rooms as f64 / 10.0, ..Use::default() };
            let server = Some(Load { usage, ..Load::default() });
            let sound_delay = Percentiles { p99: rooms as f64, ..Percentiles::default() };
            Step { rooms, report: Report { server, sound_delay, ..Report::default() } }
        };
        let climb = Climb { steps: [1, 5, 8, 10].map(step).into() };
        let contestant =
            Contestant { name: "preau".to_owned(), climb: Some(climb), ..Contestant::default() };
        let scenario =
            ScenarioResult { contestants: vec![contestant], ..ScenarioResult::default() };
        let conclusion = Conclusion { growth: Some(1.5), ..Conclusion::default() };
        let results = Results {
            scenarios: vec![scenario],
            conclusions: vec![conclusion],
            ..Results::default()
        };
        let page = html(&results);
        assert_eq!((page.matches("<svg").count(), page.matches("<tr><td>").count()), (3, 2));
        for found in ["0.00 / 1.00 / 0.00 (at 10 %)", "0.00 / 8.00 / 0.00 (at 80 %)", "1.50"] {
            assert!(page.contains(found), "{found}");
        }
    }
}
