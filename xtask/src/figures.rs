//! `cargo xtask figures`: a release build against the targets, medians of five.
//!
//! A figure is a row of [`FIGURES`]: a target and a function that measures once. The machine must
//! be quiet, which is why tests assert other, wider bounds.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    failure::{Failure, Result},
    shell, versions, web, workspace,
};

/// Measures every figure and prints it beside its target.
///
/// # Errors
/// A figure misses its target, or cannot be measured.
pub(crate) fn run(_arguments: &[String]) -> Result<()> {
    versions::check()?;
    web::install()?;
    web::build()?;
    shell::run(shell::cargo(&["build", "--release", "--package", "preau", "--locked"]))?;
    let subject =
        Subject { program: workspace::release_program()?, scratch: workspace::scratch("figures")? };
    warn_of_noise();
    println!("\n{:<34} {:>10} {:>10}  of {ROUNDS}", "figure", "median", "target");
    let mut missed = 0;
    for figure in &FIGURES {
        let mut values = Vec::new();
        for _round in 0..ROUNDS {
            values.push((figure.measure)(&subject)?);
        }
        let median = median(&mut values);
        let verdict = if median <= figure.at_most { "" } else { "  missed" };
        let (unit, target) = (figure.unit, figure.at_most);
        let spread = format!("{:.1} to {:.1}", values[0], values[values.len() - 1]);
        println!(
            "{:<34} {median:>7.1} {unit:<2} {target:>7.1} {unit:<2}  {spread}{verdict}",
            figure.name
        );
        missed += u32::from(median > figure.at_most);
    }
    if missed > 0 { Err(Failure::already_said()) } else { Ok(()) }
}

/// Odd, so that the median is a value that was measured.
const ROUNDS: usize = 5;

/// A promise in numbers.
struct Figure {
    name: &'static str,
    unit: &'static str,
    /// The median may not be above this.
    at_most: f64,
    /// Measures once.
    measure: fn(&Subject) -> Result<f64>,
}

const FIGURES: [Figure; 6] = [
    Figure { name: "ready after start", unit: "ms", at_most: 200.0, measure: ready_ms },
    Figure { name: "idle process, resident", unit: "MB", at_most: 40.0, measure: idle_megabytes },
    Figure {
        name: "room page, JavaScript, gzip",
        unit: "kB",
        at_most: 60.0,
        measure: page_kilobytes,
    },
    Figure {
        name: "join to first picture, loopback",
        unit: "ms",
        at_most: 450.0,
        measure: |subject| browsers_say(subject, "joinMs"),
    },
    Figure {
        name: "restore, longest picture gap",
        unit: "ms",
        at_most: 300.0,
        measure: |subject| browsers_say(subject, "restoreMs"),
    },
    Figure {
        name: "allocation of 50 sources",
        unit: "us",
        at_most: 20.0,
        measure: allocation_micros,
    },
];

/// What is measured.
struct Subject {
    program: PathBuf,
    scratch: PathBuf,
}

fn ready_ms(subject: &Subject) -> Result<f64> {
    let server = Server::start(subject)?;
    Ok(server.ready_after.as_secs_f64() * 1e3)
}

/// After ten seconds, when nothing of the start is left to do.
fn idle_megabytes(subject: &Subject) -> Result<f64> {
    let server = Server::start(subject)?;
    thread::sleep(Duration::from_secs(10));
    let path = format!("/proc/{}/status", server.process.id());
    let status =
        fs::read_to_string(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
    let kibibytes = resident_kibibytes(&status).ok_or("the kernel names no VmRSS")?;
    Ok(kibibytes * 1024.0 / 1e6)
}

fn page_kilobytes(_subject: &Subject) -> Result<f64> {
    web::page_kilobytes()
}

/// The test that counts what an allocation takes from the heap says what it takes of time.
fn allocation_micros(_subject: &Subject) -> Result<f64> {
    let test = ["test", "--release", "--locked", "--quiet", "-p", "sfu-core", "--test", "it"];
    let said =
        shell::output("cargo", &[&test[..], &["fifty_sources", "--", "--nocapture"]].concat())?;
    number_in(&said, "allocationMicros").ok_or_else(|| format!("no figure in: {said}").into())
}

/// One round of what only browsers can measure.
fn browsers_say(subject: &Subject, name: &str) -> Result<f64> {
    let mut node = web::command("node", &["browser-tests/figures.mjs"]);
    let output = node
        .env("PREAU_BINARY", &subject.program)
        .output()
        .map_err(|error| format!("cannot start node: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = || {
        let errors = String::from_utf8_lossy(&output.stderr);
        format!("the browsers say no {name}: {said}{errors}")
    };
    number_in(&said, name).ok_or_else(|| complaint().into())
}

/// The number that a flat JSON object gives `name`.
fn number_in(json: &str, name: &str) -> Option<f64> {
    let (_, behind) = json.split_once(&format!("\"{name}\":"))?;
    behind.split([',', '}']).next()?.trim().parse().ok()
}

/// A running program with an empty data folder; it ends with this value.
struct Server {
    process: Child,
    ready_after: Duration,
    data: PathBuf,
}

impl Server {
    fn start(subject: &Subject) -> Result<Self> {
        let data = subject.scratch.join("data");
        let _nothing_there = fs::remove_dir_all(&data);
        let started = Instant::now();
        let mut process = Command::new(&subject.program)
            .args(["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .env("PREAU_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", subject.program.display()))?;
        let stdout = process.stdout.take();
        let mut server = Self { process, ready_after: Duration::ZERO, data };
        let mut lines = BufReader::new(stdout.ok_or("it has no output")?).lines();
        let is_ready =
            |line: std::io::Result<String>| line.is_ok_and(|line| line.starts_with("ready "));
        if !lines.any(is_ready) {
            return Err("the program ended before it was ready".into());
        }
        server.ready_after = started.elapsed();
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        shell::terminate(&mut self.process);
        let _gone = fs::remove_dir_all(&self.data);
    }
}

/// The middle value; sorts them.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// `VmRSS` of `/proc/PID/status`, in KiB (proc_pid_status(5)).
fn resident_kibibytes(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Figures on a busy machine are somebody else's figures.
fn warn_of_noise() {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let busy = load.split(' ').next().and_then(|load| load.parse::<f64>().ok()).unwrap_or(0.0);
    if busy > 0.5 {
        println!("the load of this machine is {busy}: figures measured here may be too bad");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_value() {
        assert_eq!(median(&mut [5.0, 1.0, 9.0]).to_bits(), 5.0_f64.to_bits());
    }

    #[test]
    fn a_number_is_found_by_its_name() {
        let json = "{\"joinMs\":312,\"restoreMs\":97.5}\n";
        assert_eq!(number_in(json, "joinMs").map(f64::to_bits), Some(312.0_f64.to_bits()));
        assert_eq!(number_in(json, "restoreMs").map(f64::to_bits), Some(97.5_f64.to_bits()));
        assert_eq!(number_in(json, "other"), None);
    }

    #[test]
    fn resident_memory_is_read_from_the_kernel() {
        let status = "Name:\tpreau\nVmRSS:\t   12345 kB\nThreads:\t4\n";
        assert_eq!(resident_kibibytes(status).map(f64::to_bits), Some(12345.0_f64.to_bits()));
        assert_eq!(resident_kibibytes("Name:\tpreau\n"), None);
    }
}
