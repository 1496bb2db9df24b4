//! Servers that are compared: how each is started, and that it is stopped.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};

use super::lab::{INTERFACE, Lab, listens};

/// Servers of other makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
pub enum Peer {
    /// Janus with its videoroom, Debian package `janus`.
    Janus,
}

/// A server that is compared.
#[derive(Clone, Debug)]
pub(super) enum Contender {
    /// The program.
    Preau(PathBuf),
    /// See [`crate::null_forwarder`]: this program itself.
    NullForwarder(PathBuf, Trains),
    /// Another server.
    Peer(Peer),
}

/// How long the null forwarder's trains are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trains {
    /// As many packets as are there.
    Natural,
    /// As Préau's in the same round.
    SameAsPreau,
}

/// A server that runs; dropping it ends it.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    /// For `preau-load call --server`.
    pub(super) url: String,
    /// Where it shows what it counts, if it does.
    pub(super) metrics: Option<SocketAddr>,
}

const HTTP_PORT: u16 = 8_080;
const NULL_PORT: u16 = 9_000;
const JANUS_PORT: u16 = 8_188;
const METRICS_PORT: u16 = 9_600;

/// A server that does not listen by then never will.
const START_PATIENCE: Duration = Duration::from_secs(20);

impl Contender {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Contender::Preau(_) => "preau",
            Contender::NullForwarder(_, Trains::Natural) => "null forwarder",
            Contender::NullForwarder(_, Trains::SameAsPreau) => "null, same trains",
            Contender::Peer(Peer::Janus) => "janus",
        }
    }

    /// What it calls itself.
    ///
    /// # Errors
    /// If it is not there.
    pub(super) fn version(&self) -> anyhow::Result<String> {
        let program = match self {
            Contender::Preau(program) | Contender::NullForwarder(program, _) => program.clone(),
            Contender::Peer(Peer::Janus) => PathBuf::from("janus"),
        };
        let output =
            Command::new(&program).arg("--version").output().with_context(|| match self {
                Contender::Preau(_) | Contender::NullForwarder(..) => {
                    format!("{} does not start", program.display())
                }
                Contender::Peer(Peer::Janus) => {
                    "Janus is not installed: apt-get install --no-install-recommends janus"
                        .to_owned()
                }
            })?;
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text.lines().next().unwrap_or_default().trim().to_owned())
    }

    /// Starts it on the server's side and waits until it listens. `train` is how many packets a
    /// message of Préau's had.
    pub(super) fn start(&self, lab: &Lab, train: Option<f64>) -> anyhow::Result<Running> {
        let address = lab.server_address;
        let (mut command, scheme, protocol, port) = match self {
            Contender::Preau(program) => (preau(lab, program)?, "http", "tcp", HTTP_PORT),
            Contender::NullForwarder(program, trains) => {
                let mut command = lab.server_command(program);
                let at = |port: u16| format!("{address}:{port}");
                command.args(["null-forwarder", "--listen", &at(NULL_PORT)]);
                command.args(["--metrics-listen", &at(METRICS_PORT)]);
                if let (Trains::SameAsPreau, Some(train)) = (trains, train) {
                    command.args(["--train", &train.to_string()]);
                }
                (command, "null", "udp", NULL_PORT)
            }
            Contender::Peer(Peer::Janus) => (janus(lab)?, "janus", "tcp", JANUS_PORT),
        };
        let log = fs::File::create(lab.folder().join("server.log"))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().context("cannot start it: is `taskset` installed?")?;
        let metrics = match self {
            Contender::Preau(_) | Contender::NullForwarder(..) => {
                Some(SocketAddr::new(address, METRICS_PORT))
            }
            Contender::Peer(Peer::Janus) => None,
        };
        let url = format!("{scheme}://{address}:{port}");
        let mut running = Running { child, url, metrics };
        let begun = Instant::now();
        while !listens(running.pid(), protocol, port)? {
            let has_ended = running.child.try_wait()?.is_some();
            if has_ended || begun.elapsed() > START_PATIENCE {
                let log = fs::read_to_string(lab.folder().join("server.log"));
                let log = log.unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(3).collect();
                bail!("it does not listen; the end of its log, last line first: {last:?}");
            }
            sleep(Duration::from_millis(20));
        }
        Ok(running)
    }
}

impl Running {
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Nothing is to be kept of it, so it need not be asked.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn preau(lab: &Lab, program: &Path) -> anyhow::Result<Command> {
    let data = lab.folder().join("data");
    // Rooms of the run before.
    let _ = fs::remove_dir_all(&data);
    fs::create_dir_all(&data)?;
    let address = lab.server_address.to_string();
    let mut command = lab.server_command(program);
    command.args(["--listen", &format!("{address}:{HTTP_PORT}"), "--advertise", &address]);
    command.args(["--metrics-listen", &format!("{address}:{METRICS_PORT}")]);
    command.args(["--log", "error", "--data"]).arg(data);
    Ok(command)
}

/// Janus with a configuration of its own and its videoroom alone.
fn janus(lab: &Lab) -> anyhow::Result<Command> {
    ensure!(lab.has_namespaces(), "Janus does not use the loopback: leave --loopback out");
    let installed = fs::read_dir("/usr/lib")?
        .filter_map(|folder| Some(folder.ok()?.path().join("janus")))
        .find(|folder| folder.join("plugins/libjanus_videoroom.so").exists());
    let installed = installed
        .context("Janus is not installed: apt-get install --no-install-recommends janus")?;
    let home = lab.folder().join("janus");
    let _ = fs::remove_dir_all(&home);
    let folders = ["etc", "plugins", "transports", "none"].map(|name| home.join(name));
    for folder in &folders {
        fs::create_dir_all(folder)?;
    }
    let [etc, plugins, transports, none] = &folders;
    for (from, to, name) in [
        ("plugins", plugins, "libjanus_videoroom.so"),
        ("transports", transports, "libjanus_websockets.so"),
    ] {
        let library = installed.join(from).join(name);
        ensure!(library.exists(), "Janus lacks {}", library.display());
        symlink(library, to.join(name))?;
    }
    let address = lab.server_address;
    let show = |path: &PathBuf| path.display().to_string();
    fs::write(
        etc.join("janus.jcfg"),
        format!(
            "general: {{ configs_folder = \"{}\"\nplugins_folder = \"{}\"\n\
             transports_folder = \"{}\"\nevents_folder = \"{none}\"\n\
             loggers_folder = \"{none}\"\ndebug_level = 3 }}\n\
             media: {{ rtp_port_range = \"20000-29999\" }}\n\
             nat: {{ ice_enforce_list = \"{}\"\nice_lite = true\nice_tcp = false }}\n",
            show(etc),
            show(plugins),
            show(transports),
            INTERFACE,
            none = show(none),
        ),
    )?;
    fs::write(
        etc.join("janus.transport.websockets.jcfg"),
        format!(
            "general: {{ ws = true\nws_port = {JANUS_PORT}\nws_ip = \"{address}\"\nwss = false }}\n"
        ),
    )?;
    fs::write(etc.join("janus.plugin.videoroom.jcfg"), "general: { }\n")?;
    let mut command = lab.server_command(Path::new("janus"));
    command.arg("-F").arg(etc).arg("-C").arg(etc.join("janus.jcfg"));
    Ok(command)
}
