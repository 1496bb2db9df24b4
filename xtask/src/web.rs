//! The web client: its packages, its build, its weight.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{failure::Result, shell, workspace};

/// The certificates that a Debian machine trusts; Node 20 reads its own alone.
const SYSTEM_CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// An npm command in the web client's folder. It trusts what the machine trusts, so that it works
/// behind the proxy of a school or a company.
pub(crate) fn npm(arguments: &[&str]) -> Command {
    let mut npm = command("npm", arguments);
    let variable = "NODE_EXTRA_CA_CERTS";
    if env::var_os(variable).is_none() && Path::new(SYSTEM_CERTIFICATES).is_file() {
        npm.env(variable, SYSTEM_CERTIFICATES);
    }
    npm
}

/// Any command in the web client's folder.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder());
    command
}

/// Brings the packages of the lock file, when they are not those that are there.
///
/// Install scripts stay off: no package of ours needs one, and one broken into could use it.
pub(crate) fn install() -> Result<()> {
    let lock = workspace::read("web-client/package-lock.json")?;
    // Inside `node_modules`, so that it goes when they go.
    let stamp = folder().join("node_modules/.preau-lock");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    shell::run(npm(&["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
    fs::write(&stamp, lock)
        .map_err(|error| format!("cannot write {}: {error}", stamp.display()))?;
    Ok(())
}

/// Makes `web-client/dist`, which the program embeds.
pub(crate) fn build() -> Result<()> {
    shell::run(npm(&["run", "build"]))
}

/// What the room's page loads, gzipped, in kB, by the count that also guards the budget.
pub(crate) fn page_kilobytes() -> Result<f64> {
    let output = npm(&["run", "--silent", "budget"])
        .output()
        .map_err(|error| format!("cannot start npm: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| line.contains("for the room page"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| format!("`npm run budget` names no size:\n{text}").into())
}

fn folder() -> PathBuf {
    workspace::root().join("web-client")
}
