//! `cargo xtask test`: every check and test, in stages, as CI runs them.
//!
//! Each stage prints its time. A stage that executed nothing is a failure: a test run that finds no
//! tests is the kindest-looking way to test nothing. All stages run, whatever the ones before them
//! found, and the last line is always `N passed, N failed`, summed over them.

mod counts;
mod packages;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    failure::{Failure, Result},
    shell, tidy, versions, web,
    workspace::{self, root},
};
use counts::Reading;

/// Runs the named stages, or all.
///
/// # Errors
/// Something failed, or a tool is missing.
pub(crate) fn run(names: &[String]) -> Result<()> {
    let chosen = choose(names)?;
    versions::check()?;
    let mut total = Tally::default();
    let mut lines = Vec::new();
    for stage in chosen {
        println!("\n== {}: {}", stage.name, stage.about);
        let started = Instant::now();
        let tally = stage.execute();
        let time = started.elapsed();
        let line = format!("{}: {tally} in {}", stage.name, timed(time, stage.plan));
        println!("== {line}");
        lines.push(line);
        total.add(tally);
    }
    println!("\n{}\n", lines.join("\n"));
    // The last line, and the only one of this form: a reader of the log may look for it.
    println!("{} passed, {} failed", total.passed, total.failed);
    if total.failed > 0 { Err(Failure::already_said()) } else { Ok(()) }
}

/// The stages and what they are for.
pub(crate) fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    STAGES.iter().map(|stage| (stage.name, stage.about))
}

/// One step of the test command.
struct Stage {
    name: &'static str,
    about: &'static str,
    /// How long it may take on two cores. Together they stay below the 40 minutes of CI.
    plan: Duration,
    run: fn(&mut Tally) -> Result<()>,
}

const STAGES: [Stage; 9] = [
    Stage {
        name: "packages",
        about: "install the Debian packages that tests need",
        plan: minutes(2),
        run: packages::install,
    },
    Stage {
        name: "format",
        about: "cargo fmt",
        plan: minutes(1),
        run: |tally| tally.check(shell::run(shell::cargo(&["fmt", "--check"]))),
    },
    Stage {
        name: "tidy",
        about: "rules that compilers do not know",
        plan: minutes(1),
        run: |tally| {
            let rules = tidy::check(root())?;
            tally.passed += rules.kept;
            tally.failed += rules.broken;
            Ok(())
        },
    },
    Stage {
        name: "web",
        about: "types, tests, build and weight of the web client",
        plan: minutes(3),
        run: web_client,
    },
    Stage {
        name: "build",
        about: "everything, with its tests",
        plan: minutes(8),
        // All targets at once: cargo then settles on one set of features, and the stages after this
        // one find everything built.
        run: |tally| {
            let arguments = ["build", "--workspace", "--all-targets", "--locked"];
            tally.check(shell::run(shell::cargo(&arguments)))
        },
    },
    Stage {
        name: "clippy",
        about: "lints",
        plan: minutes(4),
        run: |tally| {
            let arguments =
                ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
            tally.check(shell::run(shell::cargo(&arguments)))
        },
    },
    Stage {
        name: "unit",
        about: "unit and integration tests, examples in the documentation",
        plan: minutes(3),
        run: unit,
    },
    Stage {
        name: "simulation",
        about: "whole rooms under virtual time",
        plan: minutes(2),
        run: |tally| tally.watch(cargo_test(&["--test", SIMULATION]), Reading::Libtest),
    },
    Stage {
        name: "browsers",
        about: "Chromium and Firefox in calls",
        plan: minutes(8),
        run: browsers,
    },
];

/// The integration test of `load-tests` that holds the simulator's runs.
const SIMULATION: &str = "simulation";

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

/// The stages of these names, in the order of [`STAGES`]; without names all.
fn choose(names: &[String]) -> Result<Vec<&'static Stage>> {
    if let Some(stray) = names.iter().find(|name| STAGES.iter().all(|stage| stage.name != **name)) {
        let known: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
        return Err(format!("there is no stage `{stray}`; there are {}", known.join(", ")).into());
    }
    let wanted = |stage: &&Stage| names.is_empty() || names.iter().any(|name| name == stage.name);
    Ok(STAGES.iter().filter(wanted).collect())
}

impl Stage {
    fn execute(&self) -> Tally {
        let mut tally = Tally::default();
        let outcome = (self.run)(&mut tally);
        if let Err(failure) = &outcome {
            println!("{}: {failure}", self.name);
        }
        if tally == Tally::default() && outcome.is_ok() {
            println!("{}: it executed nothing, which proves nothing", self.name);
        }
        if tally.failed == 0 && (outcome.is_err() || tally.passed == 0) {
            tally.failed = 1;
        }
        tally
    }
}

fn timed(time: Duration, plan: Duration) -> String {
    let text = format!("{:.1} s", time.as_secs_f64());
    if time > plan { format!("{text}, over its plan of {} s", plan.as_secs()) } else { text }
}

/// How many tests or checks went which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u32,
    failed: u32,
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.passed, self.passed + self.failed)
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// Counts a step that either works or does not.
    fn check(&mut self, outcome: Result<()>) -> Result<()> {
        if outcome.is_ok() {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
        outcome
    }

    /// Runs a test command and adds the counts that it prints. A command that fails without a
    /// failed test (it did not compile, it crashed) counts as one failure.
    fn watch(&mut self, command: Command, reading: Reading) -> Result<()> {
        self.watch_lines(command, reading, |_line| ())
    }

    /// As [`Tally::watch`], and `also` sees each line.
    fn watch_lines(
        &mut self,
        command: Command,
        reading: Reading,
        mut also: impl FnMut(&str),
    ) -> Result<()> {
        let mut own = Self::default();
        let outcome = shell::watch(command, |line| {
            also(line);
            if let Some(counted) = reading.counts(line) {
                own.add(counted);
            }
        });
        if own.failed == 0 && !matches!(outcome, Ok(true)) {
            own.failed = 1;
        }
        self.add(own);
        outcome.map(|_succeeded| ())
    }
}

fn web_client(tally: &mut Tally) -> Result<()> {
    web::install()?;
    tally.check(web::build())?;
    tally.check(shell::run(web::npm(&["run", "budget"])))?;
    tally.watch(web::npm(&["test"]), Reading::Vitest)
}

fn unit(tally: &mut Tally) -> Result<()> {
    let mut targets = vec!["--lib".to_owned(), "--bins".to_owned()];
    for name in integration_tests(&workspace::members()?)? {
        targets.extend(["--test".to_owned(), name]);
    }
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let tests = tally.watch(cargo_test(&targets), Reading::Libtest);
    tally.watch(cargo_test(&["--doc"]), Reading::Libtest)?;
    tests
}

/// `cargo test` over the whole workspace, so that every call settles on the same features.
fn cargo_test(targets: &[&str]) -> Command {
    let mut cargo = shell::cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]);
    cargo.args(targets);
    cargo
}

/// The names of all integration tests in `members` but the simulation.
fn integration_tests(members: &[String]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for member in members {
        let Ok(entries) = std::fs::read_dir(root().join(member).join("tests")) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let is_test = path.join("main.rs").is_file()
                || path.extension().is_some_and(|extension| extension == "rs");
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            if is_test && name != SIMULATION {
                names.push(name);
            }
        }
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// The browser tests start the program that `cargo xtask test build` made.
fn browsers(tally: &mut Tally) -> Result<()> {
    web::install()?;
    let program = workspace::debug_folder()?.join("preau");
    if !program.is_file() {
        return Err("there is no built `preau`; `cargo xtask test web build browsers`".into());
    }
    let mut npm = web::npm(&["run", "browsers"]);
    npm.env("PREAU_BINARY", program);
    let mut unsteady = 0;
    tally.watch_lines(npm, Reading::NodeTest, |line| unsteady += u32::from(is_unsteady(line)))?;
    println!("{unsteady} stories passed or failed only at the second telling");
    if unsteady > UNSTEADY_MAX {
        tally.failed += 1;
        return Err(format!("{unsteady} unsteady stories; {UNSTEADY_MAX} are borne").into());
    }
    Ok(())
}

/// Stories that may need a second telling before the stage fails: a busy machine stalls one, a
/// fault stalls many.
const UNSTEADY_MAX: u32 = 3;

/// Whether a line tells of a story that begins anew, see `onStage` of the browser tests.
fn is_unsteady(line: &str) -> bool {
    let note = line.trim_start().trim_start_matches(['#', 'ℹ']);
    note.starts_with(" unsteady: ")
}

#[cfg(test)]
mod tests;
