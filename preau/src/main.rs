//! The Préau service in one binary: command line, configuration, composition.
//!
//! It decides nothing about rooms or media. It reads the configuration, binds the port, joins
//! signaling and the media node by a bus in memory, and ends them on a signal. What it must hold is
//! in `tests/it`, which starts the program itself.

mod addresses;
mod cli;
mod config;
mod doctor;
mod language;
mod link;
mod logs;
mod media;
mod notify;
mod operator;
mod serve;
mod setup;
mod site;
mod sockets;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use anyhow::Context as _;

use cli::{Command, ConfigCommand, Invocation};
use config::{ConfigError, Sources};

/// What a shell expects after a mistake in the command line (as clap itself ends) or configuration.
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    let error = match run(&cli::parse()) {
        Ok(code) => return code,
        Err(error) => error,
    };
    // Nothing is left to do when stderr is closed.
    writeln!(io::stderr(), "error: {error:#}").ok();
    if error.is::<ConfigError>() { ExitCode::from(EXIT_USAGE) } else { ExitCode::FAILURE }
}

fn run(invocation: &Invocation) -> anyhow::Result<ExitCode> {
    let file = invocation.config_file.as_deref();
    let sources = || Sources::read(invocation.settings.clone(), file);
    match &invocation.command {
        Command::Serve => serve::serve(&sources()?.decide()?)?,
        Command::Config { command: ConfigCommand::Show } => {
            print(&sources()?.show(&invocation.from_environment)?)?;
        }
        Command::Link(arguments) => {
            let file = file.or_else(doctor::installed_config);
            let config = Sources::read(invocation.settings.clone(), file)?.decide()?;
            print(&link::link(&config, arguments)?)?;
        }
        Command::Doctor(arguments) => {
            let report = doctor::doctor(&invocation.settings, file);
            let language = arguments.lang.unwrap_or_else(language::at_the_terminal);
            print(&if arguments.json { report.json()? } else { report.text(language) })?;
            return Ok(ExitCode::from(report.exit_code()));
        }
        Command::Setup(arguments) => return Ok(setup::setup(arguments, &invocation.settings)),
    }
    Ok(ExitCode::SUCCESS)
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut output = io::stdout().lock();
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .context("cannot write to standard output")
}
