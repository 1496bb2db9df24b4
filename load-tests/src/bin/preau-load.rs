//! The command line of the load tests: a probe for the parts that decide, and a simulator.

use std::{
    fs,
    io::{self, BufReader, BufWriter, Write},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use load_tests::{
    bench, call,
    null_forwarder::{self, Habits, Shown},
    plan::Plan,
    plot, probe, relay,
    run::{self, Report},
};
use sfu_node::net::UdpSocket;

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
    /// Runs a plan of networks in the simulator: a table, and a plot on request
    ///
    /// A room of model clients and the real media worker run under virtual time; participant 1 is
    /// the receiver that is watched. The same plan and seed give the same run, bit for bit. Plans
    /// are TOML files; load-tests/plans holds some, and load-tests/src/plan.rs says what may stand
    /// in them.
    Sim(Sim),
    /// Lets participants by the hundred join a running server, and tells what they get
    ///
    /// They sign in, connect by ICE and DTLS, send what a browser's encoder would, and measure what
    /// arrives: loss, order, delay, freezes. The delay counts from when a publisher has a packet
    /// until this program reads it on another participant's socket; when this program is short of
    /// processor time, that is in it too.
    Call(call::Arguments),
    /// Compares servers on this machine: cost of a packet, loss, delay, memory, joins
    ///
    /// The same participants load each server in turn, the server pinned to one processor and in a
    /// network namespace of its own, and beside them the null forwarder, which is what the machine
    /// allows. It needs root, iproute2 and util-linux, and a machine that does nothing else. It
    /// leaves nothing behind; after a kill, `ip netns delete` removes what is left.
    Bench(bench::Arguments),
    /// Forwards like a server, and does nothing that a server could do without: the yard-stick
    ///
    /// Load it with `preau-load call --server null://IP:PORT`. Its keys are no secret.
    NullForwarder(Null),
    /// Stands between real clients and a node as the network of a plan
    ///
    /// Clients are told to send media to where it listens. Lines on standard input tell it what to
    /// do: `receivers`, `plan FILE`, `clear`; it ends with the input.
    Relay(relay::Arguments),
}

#[derive(Debug, Args)]
struct Sim {
    /// File with the plan
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    /// What chance is drawn from; repeat it, or give a range such as 0..20, for several runs
    #[arg(long, value_name = "N", default_value = "1", value_parser = seeds)]
    seed: Vec<Seeds>,
    /// Folder for the plots, PLAN-SEED.svg; it is made if it is not there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Null {
    /// Where its UDP socket listens
    #[arg(long, value_name = "IP:PORT")]
    listen: SocketAddr,
    /// Packets for each message in the mean; packets wait up to 5 ms for others [default: as many
    /// as are there]
    #[arg(long, value_name = "N")]
    train: Option<f64>,
    /// Where it shows what it has sent, over HTTP
    #[arg(long, value_name = "IP:PORT")]
    metrics_listen: Option<SocketAddr>,
}

/// Seeds from the first up to, not including, the second.
type Seeds = (u64, u64);

fn seeds(text: &str) -> Result<Seeds, String> {
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("`{text}` is no number"));
    match text.split_once("..") {
        Some((first, end)) => Ok((number(first)?, number(end)?)),
        None => number(text).map(|seed| (seed, seed + 1)),
    }
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Probe => {
            let output = BufWriter::new(io::stdout().lock());
            probe::run(io::stdin().lock(), output).context("cannot read or write lines")
        }
        Command::Sim(sim) => simulate(&sim),
        Command::NullForwarder(null) => forward(&null),
        Command::Bench(arguments) => bench::run(&arguments, &mut io::stderr()).map(drop),
        Command::Call(arguments) => attend(&arguments),
        Command::Relay(arguments) => {
            relay::run(arguments, BufReader::new(io::stdin()), io::stdout().lock())
        }
    }
}

fn forward(null: &Null) -> anyhow::Result<()> {
    let socket = UdpSocket::bind(null.listen)?;
    writeln!(io::stdout().lock(), "null forwarder on {}", socket.local_addr())?;
    let habits = Habits { train: null.train, shown: Shown::default() };
    if let Some(address) = null.metrics_listen {
        let listener =
            TcpListener::bind(address).with_context(|| format!("cannot use {address}"))?;
        let shown = habits.shown.clone();
        std::thread::spawn(move || shown.serve(&listener));
    }
    null_forwarder::serve(&socket, &habits, || false).context("the null forwarder cannot go on")
}

fn attend(arguments: &call::Arguments) -> anyhow::Result<()> {
    let report = call::run(arguments, &mut io::stderr())?;
    writeln!(io::stdout().lock(), "{}", report.text())?;
    if let Some(file) = &arguments.json {
        let json = serde_json::to_string_pretty(&report)?;
        fs::write(file, json).with_context(|| format!("cannot write {}", file.display()))?;
    }
    if let Some(file) = &arguments.html {
        let page = call::html(&report);
        fs::write(file, page).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn simulate(sim: &Sim) -> anyhow::Result<()> {
    let file = sim.plan.display();
    let text = fs::read_to_string(&sim.plan).with_context(|| format!("cannot read {file}"))?;
    let plan = Plan::read(&text).with_context(|| format!("{file} is not a plan"))?;
    for seed in sim.seed.iter().flat_map(|(first, end)| *first..*end) {
        let report = run::run(&plan, seed).with_context(|| format!("cannot run {file}"))?;
        writeln!(io::stdout().lock(), "{}", report.table())?;
        if let Some(folder) = &sim.out {
            draw(&report, &sim.plan, folder)?;
        }
    }
    Ok(())
}

fn draw(report: &Report, plan: &Path, folder: &Path) -> anyhow::Result<()> {
    let stem = plan.file_stem().unwrap_or_default().to_string_lossy();
    let file = folder.join(format!("{stem}-{}.svg", report.seed));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&file, plot::svg(report)))
        .with_context(|| format!("cannot write {}", file.display()))?;
    writeln!(io::stdout().lock(), "plot: {}\n", file.display())?;
    Ok(())
}
