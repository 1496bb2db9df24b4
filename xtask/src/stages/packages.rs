//! The Debian packages that tests need, installed when we may.

use std::process::Command;

use super::Tally;
use crate::{failure::Result, shell};

/// Every name, with what it is for.
const LIST: &str = include_str!("../../packages.txt");

/// Installs what is missing as root; otherwise says how and fails.
pub(super) fn install(tally: &mut Tally) -> Result<()> {
    let missing: Vec<&str> = names(LIST).filter(|name| !is_installed(name)).collect();
    if !missing.is_empty() {
        println!("missing: {}", missing.join(" "));
        let install = install_command(&missing);
        if shell::output("id", &["-u"])? != "0" {
            let command = install.join(" ");
            return Err(format!("packages are missing; run\n  sudo {command}").into());
        }
        apt(&["apt-get", "update", "--quiet=2"])?;
        apt(&install)?;
    }
    for name in names(LIST) {
        let present =
            if is_installed(name) { Ok(()) } else { Err(format!("{name} is missing").into()) };
        tally.check(present)?;
    }
    Ok(())
}

/// The names in the list, without comments.
fn names(list: &str) -> impl Iterator<Item = &str> {
    list.lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
        .filter(|name| !name.is_empty())
}

fn is_installed(name: &str) -> bool {
    shell::output("dpkg-query", &["--show", "--showformat=${db:Status-Status}", name])
        .is_ok_and(|status| status == "installed")
}

fn install_command<'a>(missing: &[&'a str]) -> Vec<&'a str> {
    let mut command = vec!["apt-get", "install", "--yes", "--no-install-recommends"];
    command.extend(missing);
    command
}

/// A mirror may stumble, and another apt may run on a machine that has just started.
const APT_PATIENCE: [&str; 4] = ["-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=120"];

fn apt(words: &[&str]) -> Result<()> {
    let (program, arguments) = words.split_first().ok_or("nothing to run")?;
    let mut command: Command = shell::command(program, &APT_PATIENCE);
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    shell::run(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blank_lines_are_no_packages() {
        let list = "# heading\n\nchromium   # first engine\n  nftables\n";
        assert_eq!(names(list).collect::<Vec<_>>(), ["chromium", "nftables"]);
    }

    #[test]
    fn the_list_holds_plain_names_once_each_with_a_reason() {
        let mut seen = Vec::new();
        for line in LIST.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (name, reason) = line.split_once('#').expect("each line says why");
            let name = name.trim();
            let plain = name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c));
            assert!(plain, "{name}");
            assert!(!reason.trim().is_empty(), "{name} has no reason");
            assert!(!seen.contains(&name), "{name} stands twice");
            seen.push(name);
        }
        assert!(!seen.is_empty());
    }

    #[test]
    fn what_is_not_there_is_not_installed() {
        assert!(!is_installed("preau-no-such-package"));
    }
}
