//! The tools a fresh machine must have, and the sentence that says how to get them.

use crate::{failure::Result, shell, workspace};

/// What the web client's build needs; older Node lacks what Vite asks for.
const NODE_MIN: Version = Version(20, 19);

/// Checks Rust, Node and npm, in that order.
///
/// # Errors
/// One is missing or too old; the sentence names the cure.
pub(crate) fn check() -> Result<()> {
    check_rust()?;
    check_node()
}

/// Checks cargo and rustc against `rust-version` of the root manifest.
pub(crate) fn check_rust() -> Result<()> {
    let manifest = workspace::read("Cargo.toml")?;
    let wanted = rust_version(&manifest).ok_or("Cargo.toml names no `rust-version`")?;
    let cure = format!(
        "needed is Rust {wanted} or later: `rustup update stable`, or https://rustup.rs when rustup is \
         not there"
    );
    require("cargo", wanted, &cure)?;
    require("rustc", wanted, &cure)
}

fn check_node() -> Result<()> {
    let cure = format!(
        "needed is Node {NODE_MIN} or later with npm: https://nodejs.org/en/download (Debian 12's own \
         is too old)"
    );
    require("node", NODE_MIN, &cure)?;
    require("npm", Version(0, 0), &cure)
}

fn require(program: &str, wanted: Version, cure: &str) -> Result<()> {
    let Ok(text) = shell::output(program, &["--version"]) else {
        return Err(format!("{program} is not here; {cure}").into());
    };
    let Some(found) = Version::find(&text) else {
        return Err(format!("{program} names no version (`{text}`); {cure}").into());
    };
    if found < wanted {
        return Err(format!("{program} is {found}, which is too old; {cure}").into());
    }
    Ok(())
}

/// Major and minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32);

impl Version {
    /// The first `MAJOR.MINOR` in `text`.
    fn find(text: &str) -> Option<Self> {
        text.split(|c: char| !(c.is_ascii_digit() || c == '.')).find_map(|word| {
            let mut numbers = word.split('.');
            let major = numbers.next()?.parse().ok()?;
            let minor = numbers.next()?.parse().ok()?;
            Some(Self(major, minor))
        })
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

fn rust_version(manifest: &str) -> Option<Version> {
    let line = manifest.lines().find(|line| line.starts_with("rust-version"))?;
    Version::find(line)
}

#[cfg(test)]
mod tests;
