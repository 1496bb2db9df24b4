//! The command line of the load tests: a probe for the parts that decide, and a simulator.

use std::io::{self, BufWriter};

use anyhow::Context;
use clap::{Parser, Subcommand};
use load_tests::probe;

/// Probes and loads the parts of Préau, without a browser.
#[derive(Debug, Parser)]
#[command(name = "preau-load", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Feeds the parts that decide: lines of JSON in, lines of JSON out
    ///
    /// Reads standard input to its end. Each line is one object with `t` (milliseconds, never less
    /// than on the line before) and `op`; what comes of it is written as objects with `t` and `ev`.
    /// A line that is wrong gets an `error` line that says what is wrong, and the run goes on.
    #[command(after_long_help = probe::help())]
    Probe,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Probe => {
            let output = BufWriter::new(io::stdout().lock());
            probe::run(io::stdin().lock(), output).context("cannot read or write lines")
        }
    }
}
