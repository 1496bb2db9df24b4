//! Compares servers on this machine: the same participants load each of them in turn, in one run,
//! beside the null forwarder, and every result is a ratio.
//!
//! The server has one processor and one network namespace, the participants have the other ones;
//! a veth pair joins them whose trains the sender's kernel segments, as it does for the network
//! card of a virtual machine. Without root it goes over the loopback, which flatters servers that
//! send trains: nothing segments them there. What is measured is said in `docs/performance.md`.

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
    let lab = Lab::new(arguments)?;
    if arguments.loopback {
        writeln!(
            progress,
            "over the loopback: nothing segments trains here, so they seem cheaper"
        )?;
    }
    let mut results = Results::new(arguments, &contenders)?;
    for scenario in &scenarios {
        let mut found = ScenarioResult::new(scenario, &contenders);
        for repeat in 1..=arguments.repeat {
            let mut train = None;
            for (place, contender) in contenders.iter().enumerate() {
                if !scenario.suits(contender) {
                    continue;
                }
                let name = contender.name();
                write!(progress, "{:<16} {name:<16} {repeat}: ", scenario.name)?;
                progress.flush()?;
                let report = measure(&lab, &own, scenario, contender, train)
                    .with_context(|| format!("{name} in {}", scenario.name))?;
                writeln!(progress, "{}", results::line(&report))?;
                if matches!(contender, Contender::Preau(_)) {
                    train = report.server.and_then(|server| server.packets_per_message);
                }
                found.contestants[place].runs.push(report);
            }
        }
        found.compare();
        results.scenarios.push(found);
    }
    if let Some(file) = &arguments.json {
        write_file(file, &serde_json::to_string_pretty(&results)?)?;
    }
    if let Some(file) = &arguments.html {
        write_file(file, &page::html(&results))?;
    }
    Ok(results)
}

/// Starts the server, lets the participants of the scenario join, and stops it.
fn measure(
    lab: &Lab,
    own: &Path,
    scenario: &Scenario,
    contender: &Contender,
    train: Option<f64>,
) -> anyhow::Result<Report> {
    let running = contender.start(lab, train)?;
    let file = lab.folder().join("report.json");
    let mut command = lab.load_command(own);
    command.arg("call").arg("--server").arg(&running.url);
    command.arg("--pid").arg(running.pid().to_string()).arg("--json").arg(&file);
    if let Some(metrics) = running.metrics {
        command.arg("--metrics").arg(metrics.to_string());
    }
    command.args(scenario.arguments(lab));
    let output = command.output().context("cannot start the participants")?;
    let told = String::from_utf8_lossy(&output.stderr);
    let last = told.lines().last().unwrap_or("they said nothing");
    ensure!(output.status.success(), "the participants failed: {last}");
    let text = fs::read_to_string(&file).context("the participants left no report")?;
    serde_json::from_str(&text).context("the report of the participants is no report")
}

fn write_file(file: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}
