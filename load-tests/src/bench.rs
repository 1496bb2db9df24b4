//! Compares servers on this machine: the same participants load each of them in turn, in one run,
//! beside the null forwarder, and every result is a ratio.
//!
//! The server has one processor and one network namespace, the participants have the other ones;
//! a veth pair joins them whose trains the sender's kernel segments, as it does for the network
//! card of a virtual machine. Without root it goes over the loopback, which flatters servers that
//! send trains: nothing segments them there. What is measured is said in `docs/performance.md`.

mod climb;
mod conclusions;
mod contender;
mod lab;
mod page;
mod results;
mod scenario;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};

pub use climb::{Climb, Limit, Step};
pub use conclusions::Conclusion;
pub use contender::Peer;
pub use results::{Contestant, Results, ScenarioResult, Spread};

use crate::call::Report;
use contender::{Contender, Trains};
use lab::Lab;
use scenario::Scenario;

/// What to compare.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The release build of Préau [default: `preau` beside this program]
    #[arg(long, value_name = "FILE")]
    pub preau: Option<PathBuf>,
    /// Another server to compare with; repeat it for several
    #[arg(long, value_name = "PEER", value_enum)]
    pub peer: Vec<Peer>,
    /// A scenario, or the beginning of its name; repeat it for several [default: all]
    #[arg(long, value_name = "NAME")]
    pub scenario: Vec<String>,
    /// How often to measure each
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub repeat: usize,
    /// How long to measure each time, in seconds
    #[arg(long, value_name = "S", default_value_t = 10)]
    pub duration: u64,
    /// The processor of the server
    #[arg(long, value_name = "CPU", default_value_t = 1)]
    pub server_processor: usize,
    /// The processor of the participants
    #[arg(long, value_name = "CPU", default_value_t = 0)]
    pub load_processor: usize,
    /// Go over the loopback, which needs no root and flatters servers that send trains
    #[arg(long)]
    pub loopback: bool,
    /// File for the results, as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// File for a page with tables
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// Runs the comparison, telling how it goes, and writes the files that are asked for.
///
/// # Errors
/// If a server does not start or nobody can join it.
pub fn run(arguments: &Arguments, progress: &mut dyn Write) -> anyhow::Result<Results> {
    let mut scenarios = scenario::all();
    if !arguments.scenario.is_empty() {
        let named: Vec<&str> = scenarios.iter().map(|it| it.name).collect();
        let is_meant = |name: &str| {
            arguments.scenario.iter().any(|word| match named.contains(&word.as_str()) {
                true => name == word,
                false => name.starts_with(word),
            })
        };
        scenarios.retain(|scenario| is_meant(scenario.name));
    }
    ensure!(!scenarios.is_empty(), "no such scenario; there are {}", scenario::names());
    let own = std::env::current_exe().context("where is this program?")?;
    let preau = arguments.preau.clone().unwrap_or_else(|| own.with_file_name("preau"));
    ensure!(
        preau.is_file(),
        "{} is no program: build it by `cargo build --release -p preau`, or name it with --preau",
        preau.display()
    );
    let null = |trains| Contender::NullForwarder(own.clone(), trains);
    let mut contenders =
        vec![Contender::Preau(preau), null(Trains::Natural), null(Trains::SameAsPreau)];
    contenders.extend(arguments.peer.iter().map(|peer| Contender::Peer(*peer)));
    let mut results = Results::new(arguments, &contenders)?;
    let lab = Lab::new(arguments)?;
    if arguments.loopback {
        writeln!(
            progress,
            "over the loopback: nothing segments trains here, so they seem cheaper"
        )?;
    }
    let mut bench = Bench { lab, own, contenders, repeat: arguments.repeat, progress };
    for scenario in &scenarios {
        let found = if scenario.is_rising { bench.rise(scenario) } else { bench.compare(scenario) };
        results.scenarios.push(found?);
        // What is known is kept even if somebody fails later.
        results.conclude();
        if let Some(file) = &arguments.json {
            write_file(file, &serde_json::to_string_pretty(&results)?)?;
        }
        if let Some(file) = &arguments.html {
            write_file(file, &page::html(&results))?;
        }
    }
    Ok(results)
}

/// What measures, and whom.
struct Bench<'a> {
    lab: Lab,
    own: PathBuf,
    contenders: Vec<Contender>,
    repeat: usize,
    progress: &'a mut dyn Write,
}

impl Bench<'_> {
    /// Lets all who can take part in a scenario, in turns.
    fn compare(&mut self, scenario: &Scenario) -> anyhow::Result<ScenarioResult> {
        let mut found = ScenarioResult::new(scenario, &self.contenders);
        for repeat in 1..=self.repeat {
            let mut train = None;
            for place in 0..self.contenders.len() {
                if !scenario.suits(&self.contenders[place]) {
                    continue;
                }
                let report = self.measure(scenario, place, train, repeat, None)?;
                if matches!(self.contenders[place], Contender::Preau(_)) {
                    train = report.server.and_then(|server| server.packets_per_message);
                }
                found.contestants[place].runs.push(report);
            }
        }
        found.compare();
        Ok(found)
    }

    /// Adds rooms to each server until it can do no more.
    fn rise(&mut self, scenario: &Scenario) -> anyhow::Result<ScenarioResult> {
        let mut found = ScenarioResult::new(scenario, &self.contenders);
        for place in 0..self.contenders.len() {
            let mut climb = Climb::default();
            while let Some(rooms) = climb.next().filter(|_| scenario.suits(&self.contenders[place]))
            {
                let report = self.measure(scenario, place, None, rooms, Some(rooms))?;
                climb.steps.push(Step { rooms, report });
            }
            found.contestants[place].climb = Some(climb).filter(|climb| !climb.steps.is_empty());
        }
        found.compare();
        Ok(found)
    }

    /// Starts a server, lets the participants of the scenario join, and stops it. `count` tells
    /// runs apart for whoever looks on.
    fn measure(
        &mut self,
        scenario: &Scenario,
        place: usize,
        train: Option<f64>,
        count: usize,
        rooms: Option<usize>,
    ) -> anyhow::Result<Report> {
        let contender = &self.contenders[place];
        let name = contender.name();
        write!(self.progress, "{:<19} {name:<16} {count:>3}: ", scenario.name)?;
        self.progress.flush()?;
        let attend = || {
            let running = contender.start(&self.lab, train)?;
            let file = self.lab.folder().join("report.json");
            let mut command = self.lab.load_command(&self.own);
            command.arg("call").arg("--server").arg(&running.url);
            command.arg("--pid").arg(running.pid().to_string()).arg("--json").arg(&file);
            if let Some(metrics) = running.metrics {
                command.arg("--metrics").arg(metrics.to_string());
            }
            command.args(scenario.arguments(&self.lab, rooms));
            let output = command.output().context("cannot start the participants")?;
            let told = String::from_utf8_lossy(&output.stderr);
            let last = told.lines().last().unwrap_or("they said nothing");
            ensure!(output.status.success(), "the participants failed: {last}");
            let text = fs::read_to_string(&file).context("the participants left no report")?;
            serde_json::from_str(&text).context("the report of the participants is no report")
        };
        let report: Report = attend().with_context(|| format!("{name} in {}", scenario.name))?;
        writeln!(self.progress, "{}", results::line(&report))?;
        Ok(report)
    }
}

fn write_file(file: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
