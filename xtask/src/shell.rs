//! Other programs: started, watched line by line, and ended when they hang.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use crate::{failure::Result, workspace};

/// A test that has printed nothing for this long hangs: the slowest browser test takes a minute.
const SILENCE_MAX: Duration = Duration::from_secs(300);

/// How often a watched program is asked whether it still runs.
const WATCH_PERIOD: Duration = Duration::from_millis(200);

/// `program` with `arguments`, to run in the root of the checkout.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(workspace::root());
    command
}

/// The cargo that runs this program, so that `cargo +toolchain xtask` stays on its toolchain.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = command(&cargo, arguments);
    // What cargo told us about ourselves is not about what is built: ring's build script watches
    // these names, and with them left in, `cargo build` by hand and by us would undo each other.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&*name);
        }
    }
    command
}

/// Runs to the end with the terminal as it is.
pub(crate) fn run(mut command: Command) -> Result<()> {
    println!("$ {}", shown(&command));
    let status = command.status().map_err(|error| cannot_start(&command, &error))?;
    if !status.success() {
        return Err(format!("`{}` failed ({status})", shown(&command)).into());
    }
    Ok(())
}

/// What a short program prints, without the blank around it.
pub(crate) fn output(program: &str, arguments: &[&str]) -> Result<String> {
    let mut command = command(program, arguments);
    let output = command.output().map_err(|error| cannot_start(&command, &error))?;
    if !output.status.success() {
        return Err(format!("`{}` failed ({})", shown(&command), output.status).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs to the end, printing each line as it comes and showing it to `line`. Answers whether the
/// program succeeded.
///
/// # Errors
/// The program cannot be started, or was ended because it printed nothing for [`SILENCE_MAX`].
pub(crate) fn watch(mut command: Command, mut line: impl FnMut(&str)) -> Result<bool> {
    println!("$ {}", shown(&command));
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|error| cannot_start(&command, &error))?;
    let (sender, lines) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        // Ends with the pipe, or with the receiver when a stray grandchild keeps the pipe open.
        thread::spawn(move || {
            BufReader::new(stdout)
                .split(b'\n')
                .map_while(std::result::Result::ok)
                .try_for_each(|bytes| sender.send(bytes))
        });
    }
    let mut heard = Instant::now();
    loop {
        match lines.recv_timeout(WATCH_PERIOD) {
            Ok(bytes) => {
                heard = Instant::now();
                let text = String::from_utf8_lossy(&bytes);
                println!("{text}");
                line(&without_colours(&text));
            }
            Err(RecvTimeoutError::Timeout) if heard.elapsed() > SILENCE_MAX => {
                end_tree(&mut child);
                let seconds = SILENCE_MAX.as_secs();
                let what = shown(&command);
                return Err(
                    format!("`{what}` printed nothing for {seconds} s and was ended").into()
                );
            }
            Err(RecvTimeoutError::Timeout) => {
                if matches!(child.try_wait(), Ok(Some(_))) {
                    break;
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let status = child.wait().map_err(|error| cannot_start(&command, &error))?;
    Ok(status.success())
}

/// Asks a program to end and waits until it has.
pub(crate) fn terminate(child: &mut Child) {
    signal("TERM", &[child.id()]);
    // A failing wait means that it is gone already, which is what was asked for.
    let _gone = child.wait();
}

/// Ends a program with all that it started.
fn end_tree(child: &mut Child) {
    let mut doomed = vec![child.id()];
    let parents = parents();
    let mut next = 0;
    while let Some(&parent) = doomed.get(next) {
        doomed.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    signal("KILL", &doomed);
    let _gone = child.wait();
}

/// Sends a signal. By the shell, because `kill` is built in there and std has none.
fn signal(name: &str, pids: &[u32]) {
    let mut command = Command::new("sh");
    command.args(["-c", "kill -s \"$@\" 2>/dev/null", "sh", name]);
    command.args(pids.iter().map(u32::to_string));
    // It fails when one of them has just ended, which is fine.
    let _sent = command.status();
}

/// Every process of this machine with its parent.
fn parents() -> Vec<(u32, u32)> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            Some((pid, parent_in_stat(&stat)?))
        })
        .collect()
}

/// The fourth field of `/proc/PID/stat`; the second is the program's name in parentheses and may
/// hold blanks and parentheses itself (proc_pid_stat(5)).
fn parent_in_stat(stat: &str) -> Option<u32> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(1)?.parse().ok()
}

/// The line without terminal colours (ECMA-48 §5.4: ESC `[` parameters, then a final letter).
fn without_colours(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c.is_ascii_alphabetic()).map_or(part.len(), |at| at + 1);
        plain.push_str(&part[end..]);
    }
    plain
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let mut text = program.rsplit('/').next().unwrap_or_default().to_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

fn cannot_start(command: &Command, error: &std::io::Error) -> String {
    format!("cannot start `{}`: {error}", shown(command))
}

#[cfg(test)]
mod tests;
