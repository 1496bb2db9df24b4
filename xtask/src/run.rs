//! `cargo xtask run`: from a checkout to a room one can join.
//!
//! This process becomes `preau` in the end (exec): Ctrl-C and SIGTERM reach the server itself, and
//! there is no parent that could outlive it or leave it behind. A second process, the announcer,
//! reads the server's output, passes it on, and prints the links of a new room when the server is
//! ready; it ends with the server.

use std::{
    io::BufRead,
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
};

use crate::{failure::Result, http, shell, versions, web, workspace};

/// The announcer's name among the commands.
pub(crate) const ANNOUNCE: &str = "announce-room";

/// Builds the web client and the program, then becomes the program.
///
/// # Errors
/// A tool is missing or too old, or something does not build.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    versions::check()?;
    web::install()?;
    web::build()?;
    shell::run(shell::cargo(&["build", "--package", "preau", "--locked"]))?;
    serve(&workspace::debug_folder()?.join("preau"), without_separator(arguments))
}

/// The arguments for `preau`: all after the `--` that may stand before them.
fn without_separator(arguments: &[String]) -> &[String] {
    match arguments {
        [first, rest @ ..] if first == "--" => rest,
        all => all,
    }
}

fn serve(program: &Path, arguments: &[String]) -> Result<()> {
    let myself = std::env::current_exe().map_err(|error| format!("cannot find myself: {error}"))?;
    let mut announcer = Command::new(myself)
        .arg(ANNOUNCE)
        .stdin(Stdio::piped())
        // A group of its own: Ctrl-C is for the server, whose last words it still passes on.
        .process_group(0)
        .spawn()
        .map_err(|error| format!("cannot start the announcer: {error}"))?;
    let mut server = Command::new(program);
    server.args(arguments);
    if let Some(stdin) = announcer.stdin.take() {
        server.stdout(stdin);
    }
    if std::env::var_os("PREAU_DATA").is_none() {
        server.env("PREAU_DATA", workspace::scratch("data")?);
    }
    println!("$ {}", program.display());
    let error = server.exec();
    Err(format!("cannot start {}: {error}", program.display()).into())
}

/// The announcer: copies stdin to stdout until it ends, and prints links once.
pub(crate) fn announce(_arguments: &[String]) -> Result<()> {
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| format!("cannot read the server's output: {error}"))?;
        println!("{line}");
        if let Some(origin) = ready_origin(&line) {
            println!("{}", invitation(origin));
        }
    }
    Ok(())
}

/// The address in the line `ready http://…`.
fn ready_origin(line: &str) -> Option<&str> {
    let origin = line.strip_prefix("ready ")?.split_whitespace().next()?;
    origin.starts_with("http").then_some(origin)
}

/// What to do next, as text.
fn invitation(origin: &str) -> String {
    match room(origin) {
        Ok(links) => format!(
            "\n  A room is open.\n\n    host link   {}\n    guest link  {}\n\n  \
             Open the host link in one browser and the guest link in another. Ctrl-C ends.\n",
            links.host, links.guest
        ),
        // Over TLS we cannot ask, and the home page does the same.
        Err(failure) => format!(
            "\n  No room is open yet: {failure}.\n  \
             Open {origin} and create one there. Ctrl-C ends.\n"
        ),
    }
}

/// The two links of one room.
#[derive(Debug, PartialEq, Eq)]
struct Links {
    host: String,
    guest: String,
}

fn room(origin: &str) -> Result<Links> {
    let answer = http::post(origin, "/api/v1/rooms", "{}")?;
    links(&answer).ok_or_else(|| "the server's answer holds no links".into())
}

fn links(json: &str) -> Option<Links> {
    Some(Links { host: string_field(json, "host_link")?, guest: string_field(json, "guest_link")? })
}

/// A string of a flat JSON object. Links hold no character that JSON escapes.
fn string_field(json: &str, name: &str) -> Option<String> {
    let (_, after) = json.split_once(&format!("\"{name}\""))?;
    let (_, value) = after.trim_start().strip_prefix(':')?.split_once('"')?;
    Some(value.split_once('"')?.0.to_owned())
}

#[cfg(test)]
mod tests;
