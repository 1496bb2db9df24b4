//! `cargo xtask figures`: a release build against the targets, in five rounds.
//!
//! A figure is a row of [`FIGURES`]: a target and a function that measures in one round. The
//! machine must be quiet, which is why tests assert other, wider bounds.

use std::{
    cell::RefCell,
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
    let subject = Subject {
        program: workspace::release_program()?,
        scratch: workspace::scratch("figures")?,
        browsers: RefCell::default(),
    };
    warn_of_noise();
    println!("\n{:<34} {:>10} {:>10}  measured", "figure", "result", "target");
    let mut missed = 0;
    for figure in &FIGURES {
        let mut values = Vec::new();
        for round in 0..ROUNDS {
            values.extend((figure.measure)(&subject, round)?);
        }
        let result = figure.of.among(&mut values).ok_or("nothing was measured")?;
        let verdict = if result <= figure.at_most { "" } else { "  missed" };
        let (unit, target, count) = (figure.unit, figure.at_most, values.len());
        let spread = format!("{:.1} to {:.1}, {count} times", values[0], values[count - 1]);
        println!(
            "{:<34} {result:>7.1} {unit:<2} {target:>7.1} {unit:<2}  {spread}{verdict}",
            figure.name
        );
        missed += u32::from(result > figure.at_most);
    }
    if missed > 0 { Err(Failure::already_said()) } else { Ok(()) }
}

/// Odd, so that the median is a value that was measured.
const ROUNDS: usize = 5;

/// A promise in numbers.
struct Figure {
    name: &'static str,
    unit: &'static str,
    /// What of all rounds together may not be above `at_most`.
    of: Statistic,
    at_most: f64,
    /// Measures once or several times; the number is that of the round, from 0.
    measure: fn(&Subject, usize) -> Result<Vec<f64>>,
}

/// What stands for many values.
#[derive(Clone, Copy)]
enum Statistic {
    Median,
    /// What 95 of 100 are not above.
    P95,
    Most,
}

impl Statistic {
    /// By nearest rank; none of nothing. Sorts the values.
    fn among(self, values: &mut [f64]) -> Option<f64> {
        values.sort_by(f64::total_cmp);
        let rank = match self {
            Self::Median => values.len().div_ceil(2),
            Self::P95 => (values.len() * 95).div_ceil(100),
            Self::Most => values.len(),
        };
        values.get(rank.checked_sub(1)?).copied()
    }
}

const FIGURES: [Figure; 8] = [
    Figure {
        name: "ready after start",
        unit: "ms",
        of: Statistic::Median,
        at_most: 200.0,
        measure: |subject, _| ready_ms(subject).map(once),
    },
    Figure {
        name: "idle process, resident",
        unit: "MB",
        of: Statistic::Median,
        at_most: 40.0,
        measure: |subject, _| idle_megabytes(subject).map(once),
    },
    Figure {
        name: "room page, JavaScript, gzip",
        unit: "kB",
        of: Statistic::Median,
        at_most: 60.0,
        measure: |_, _| web::page_kilobytes().map(once),
    },
    Figure {
        name: "join to first picture, median",
        unit: "ms",
        of: Statistic::Median,
        at_most: 450.0,
        measure: |subject, round| browsers_say(subject, round, "joinMs"),
    },
    Figure {
        name: "join to first picture, p95",
        unit: "ms",
        of: Statistic::P95,
        at_most: 900.0,
        measure: |subject, round| browsers_say(subject, round, "joinMs"),
    },
    Figure {
        name: "longest task, page of 25 pictures",
        unit: "ms",
        of: Statistic::Most,
        at_most: 50.0,
        measure: |subject, round| browsers_say(subject, round, "taskMs"),
    },
    Figure {
        name: "restore, longest picture gap",
        unit: "ms",
        of: Statistic::Median,
        at_most: 300.0,
        measure: |subject, round| browsers_say(subject, round, "restoreMs"),
    },
    Figure {
        name: "allocation of 50 sources",
        unit: "us",
        of: Statistic::Median,
        at_most: 20.0,
        measure: |_, _| allocation_micros().map(once),
    },
];

/// What is measured.
struct Subject {
    program: PathBuf,
    scratch: PathBuf,
    /// What the browsers said in each round, as several figures read it.
    browsers: RefCell<Vec<String>>,
}

fn once(value: f64) -> Vec<f64> {
    vec![value]
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

/// The test that counts what an allocation takes from the heap says what it takes of time.
fn allocation_micros() -> Result<f64> {
    let test = ["test", "--release", "--locked", "--quiet", "-p", "sfu-core", "--test", "it"];
    let said =
        shell::output("cargo", &[&test[..], &["fifty_sources", "--", "--nocapture"]].concat())?;
    let values = numbers_in(&said, "allocationMicros");
    values.first().copied().ok_or_else(|| format!("no figure in: {said}").into())
}

/// What only browsers can measure, of one round that gives several figures.
fn browsers_say(subject: &Subject, round: usize, name: &str) -> Result<Vec<f64>> {
    let mut rounds = subject.browsers.borrow_mut();
    while rounds.len() <= round {
        rounds.push(browsers_round(subject)?);
    }
    let said = &rounds[round];
    let values = numbers_in(said, name);
    if values.is_empty() {
        return Err(format!("the browsers say no {name}: {said}").into());
    }
    Ok(values)
}

fn browsers_round(subject: &Subject) -> Result<String> {
    let mut node = web::command("node", &["browser-tests/figures.mjs"]);
    let output = node
        .env("PREAU_BINARY", &subject.program)
        .output()
        .map_err(|error| format!("cannot start node: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!("the browsers measure nothing: {said}{errors}").into())
}

/// The numbers that a JSON object of one line gives `name`: one, or those of an array.
fn numbers_in(json: &str, name: &str) -> Vec<f64> {
    let Some((_, behind)) = json.split_once(&format!("\"{name}\":")) else {
        return Vec::new();
    };
    let end = if behind.starts_with('[') { &[']'][..] } else { &[',', '}'] };
    let value = behind.split(end).next().unwrap_or_default().trim_start_matches('[');
    value.split(',').map_while(|number| number.trim().parse().ok()).collect()
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
    fn a_statistic_is_a_value_that_was_measured() {
        let mut values: Vec<f64> = (1..=40).rev().map(f64::from).collect();
        let mut among = |statistic: Statistic| statistic.among(&mut values).map(f64::to_bits);
        assert_eq!(among(Statistic::Median), Some(20.0_f64.to_bits()));
        assert_eq!(among(Statistic::P95), Some(38.0_f64.to_bits()));
        assert_eq!(among(Statistic::Most), Some(40.0_f64.to_bits()));
        assert_eq!(Statistic::Median.among(&mut [5.0, 1.0, 9.0]), Some(5.0));
        assert_eq!(Statistic::P95.among(&mut [7.0]), Some(7.0));
        assert_eq!(Statistic::Most.among(&mut []), None);
    }

    #[test]
    fn numbers_are_found_by_their_name() {
        let json = "{\"joinMs\":[312,290.5],\"restoreMs\":97.5,\"none\":[]}\n";
        assert_eq!(numbers_in(json, "joinMs"), [312.0, 290.5]);
        assert_eq!(numbers_in(json, "restoreMs"), [97.5]);
        assert_eq!(numbers_in(json, "none"), [0.0; 0]);
        assert_eq!(numbers_in(json, "other"), [0.0; 0]);
    }

    #[test]
    fn resident_memory_is_read_from_the_kernel() {
        let status = "Name:\tpreau\nVmRSS:\t   12345 kB\nThreads:\t4\n";
        assert_eq!(resident_kibibytes(status).map(f64::to_bits), Some(12345.0_f64.to_bits()));
        assert_eq!(resident_kibibytes("Name:\tpreau\n"), None);
    }
}
