//! A comparison as one HTML page without anything from elsewhere.

use std::fmt::Write as _;

use super::results::{Contestant, Results, ScenarioResult, Spread};
use crate::{
    call::{Report, page_head},
    chart::escape,
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
        table(&mut page, scenario);
    }
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
    let _ = writeln!(
        page,
        "<h2>{}</h2>\n<p>{}.</p>\n<table><thead><tr><th>Server</th>",
        escape(&scenario.name),
        escape(&scenario.about)
    );
    for (head, _) in COLUMNS {
        let _ = write!(page, "<th>{head}</th>");
    }
    page.push_str("</tr></thead><tbody>\n");
    for contestant in &scenario.contestants {
        let _ = write!(page, "<tr><td>{}</td>", escape(&contestant.name));
        for (_, value) in COLUMNS {
            let _ = write!(page, "<td>{}</td>", value(contestant));
        }
        page.push_str("</tr>\n");
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
}
