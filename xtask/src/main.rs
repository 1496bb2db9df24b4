//! The project's commands; `cargo xtask help` lists them.
//!
//! It depends on std alone, so that it builds in seconds on a fresh machine and can say what that
//! machine lacks. It never holds product code: what it starts is the product as people get it. Each
//! command is a row of [`COMMANDS`]; its tests are the `tests` modules beside the code.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command speaks to the person who ran it"
)]

mod dist;
mod failure;
mod figures;
mod http;
mod run;
mod screenshots;
mod shell;
mod stages;
mod tidy;
mod trial;
mod versions;
mod web;
mod workspace;

use std::process::ExitCode;

use failure::Result;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "help".to_owned());
    let rest: Vec<String> = arguments.collect();
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprintln!("error: there is no command `{name}`\n");
        print_help();
        return ExitCode::FAILURE;
    };
    match (command.run)(&rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_already_said() {
                eprintln!("error: {failure}");
            }
            ExitCode::FAILURE
        }
    }
}

/// One word after `cargo xtask`.
struct Command {
    name: &'static str,
    /// What it is for; a command without this is for other commands only and is not listed.
    about: &'static str,
    run: fn(&[String]) -> Result<()>,
}

const COMMANDS: [Command; 11] = [
    Command {
        name: "run",
        about: "Build everything, serve a room, print its links; `run -- ARGS` gives preau ARGS.",
        run: run::run,
    },
    Command {
        name: "test",
        about: "Run every check and test, or only the stages named after it: what CI runs.",
        run: stages::run,
    },
    Command {
        name: "tidy",
        about: "Check what compilers do not: dependency arrows, budgets, locales, records.",
        run: tidy::run,
    },
    Command {
        name: "bindings",
        about: "Write the TypeScript types of the wire messages anew.",
        run: bindings,
    },
    Command {
        name: "figures",
        about: "Measure a release build and compare with the targets. Needs a quiet machine.",
        run: figures::run,
    },
    Command {
        name: "screenshots",
        about: "Picture the main views for people to look at; `--only VIEW` takes one of them.",
        run: screenshots::run,
    },
    Command {
        name: "deny",
        about: "Check licences, advisories and sources of all dependencies (needs cargo-deny).",
        run: deny,
    },
    Command {
        name: "dist",
        about: "Build a release and its Debian package; `dist --program FILE` packs FILE.",
        run: dist::run,
    },
    Command {
        name: "trial",
        about: "Follow the quick start on a bare Debian, then upgrade and remove (as root).",
        run: trial::run,
    },
    Command { name: "help", about: "Print this.", run: help },
    Command { name: run::ANNOUNCE, about: "", run: run::announce },
];

fn help(_arguments: &[String]) -> Result<()> {
    print_help();
    Ok(())
}

fn print_help() {
    println!("Usage: cargo xtask COMMAND\n\nCommands:");
    for command in COMMANDS.iter().filter(|command| !command.about.is_empty()) {
        println!("  {:<12} {}", command.name, command.about);
    }
    println!("\nStages of `cargo xtask test`, in order:");
    for (name, about) in stages::names() {
        println!("  {name:<10} {about}");
    }
}

/// Lets the freshness test of the bindings write what it would compare with.
fn bindings(_arguments: &[String]) -> Result<()> {
    versions::check_rust()?;
    let mut cargo = shell::cargo(&["test", "--package", "protocol", "--test", "it", "bindings"]);
    cargo.env("PREAU_WRITE_BINDINGS", "1");
    shell::run(cargo)?;
    println!("written: {}", workspace::BINDINGS);
    Ok(())
}

fn deny(_arguments: &[String]) -> Result<()> {
    if shell::output("cargo", &["deny", "--version"]).is_err() {
        return Err("cargo-deny is not here; `cargo install --locked cargo-deny` brings it".into());
    }
    shell::run(shell::cargo(&["deny", "--workspace", "check", "bans", "licenses", "sources"]))?;
    // Apart, because it fetches the list of advisories and so fails without a network.
    shell::run(shell::cargo(&["deny", "--workspace", "check", "advisories"]))
}
