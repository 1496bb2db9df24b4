//! Carries out the steps of a plan, as root.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, anyhow, bail};
use signaling_service::{CertificateStatus, NewRoom, Store};

use super::{
    plan::{Change, Step},
    situation::KERNEL_LIMITS,
};
use crate::{
    config::Config,
    doctor,
    language::{Bilingual, Language, both},
};

/// What is left to say when all is done.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The links of the first room, host's then guest's.
    pub(super) links: Option<(String, String)>,
    /// Whether a certificate was waited for and did not come.
    pub(super) lacks_certificate: bool,
}

/// Does one step.
///
/// # Errors
///
/// What went wrong, in `language` as far as it is ours to say.
pub(super) fn carry_out(
    step: &Step,
    config: &Config,
    language: Language,
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
    match step {
        Step::CopyProgram { from, to } => replace(to, 0o755, &fs::read(from)?),
        Step::Write(change) => write(change),
        Step::AddUser => run("systemd-sysusers", &[]),
        Step::RaiseKernelLimit { name, to, .. } => raise(name, *to),
        Step::ReloadUnits => run("systemctl", &["daemon-reload"]),
        Step::Enable => run("systemctl", &["enable", "--quiet", "preau.service"]),
        Step::Start => start("start", language),
        Step::Restart => start("restart", language),
        Step::AwaitCertificate => {
            outcome.lacks_certificate = !certificate_comes(config);
            Ok(())
        }
        Step::FirstRoom => {
            outcome.links = first_room(config)?;
            Ok(())
        }
    }
}

fn raise(name: &str, to: u64) -> anyhow::Result<()> {
    let Err(error) = fs::write(Path::new(KERNEL_LIMITS).join(name), to.to_string()) else {
        return Ok(());
    };
    // In a container the limit is the machine's; the doctor says so afterwards.
    let is_another_s = [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem];
    if is_another_s.contains(&error.kind()) { Ok(()) } else { Err(error.into()) }
}

fn write(change: &Change) -> anyhow::Result<()> {
    if let (Some(backup), Some(before)) = (&change.backup, &change.before) {
        replace(backup, 0o644, before.as_bytes())?;
    }
    replace(&change.path, 0o644, change.after.as_bytes())
}

/// Writes a file as a whole or not at all: beside it first, then in its place.
fn replace(path: &Path, mode: u32, content: &[u8]) -> anyhow::Result<()> {
    let replaced = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(mode)
            .open(&beside)?;
        // The mode at creation passes the umask, which may be strict.
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    replaced().with_context(|| path.display().to_string())
}

fn run(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let output =
        Command::new(program).args(arguments).output().with_context(|| program.to_owned())?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{program} {}: {}", arguments.join(" "), said.trim());
    }
    Ok(())
}

/// The unit is of type `notify`: systemctl returns when people can come, or when it failed.
fn start(verb: &str, language: Language) -> anyhow::Result<()> {
    let Err(error) = run("systemctl", &[verb, "preau.service"]) else {
        return Ok(());
    };
    let journal = Command::new("journalctl")
        .args(["--unit=preau.service", "--lines=6", "--output=cat", "--no-pager"])
        .output();
    let journal = journal.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let journal = journal.unwrap_or_default();
    let said: Bilingual = both!(
        "Préau n’a pas démarré. Il dit :\n{journal}\n({error})",
        "Préau did not start. It says:\n{journal}\n({error})",
    );
    Err(anyhow!("{}", said.text(language)))
}

/// An authority takes seconds, and its second try a minute.
const CERTIFICATE_TIME_MAX: Duration = Duration::from_secs(90);

fn certificate_comes(config: &Config) -> bool {
    let (start, begin) = (Instant::now(), SystemTime::now());
    while start.elapsed() < CERTIFICATE_TIME_MAX {
        if doctor::shows_certificate(config) {
            return true;
        }
        let status = CertificateStatus::read(&config.data).ok().flatten();
        let failure = status.and_then(|status| status.last_failure);
        // Times in it are in whole seconds. It is tried again, but not while a person waits.
        if failure.is_some_and(|failure| failure.at + Duration::from_secs(1) > begin) {
            return false;
        }
        thread::sleep(Duration::from_millis(500));
    }
    false
}

/// The links of a new room, or nothing if there are rooms.
fn first_room(config: &Config) -> anyhow::Result<Option<(String, String)>> {
    let store = Store::open(&config.data)?;
    if !store.rooms()?.is_empty() {
        return Ok(None);
    }
    let room = store.create_room(SystemTime::now(), &NewRoom::default())?;
    let origin = config.public_url.as_ref().map(ToString::to_string).unwrap_or_default();
    let link = |secret| format!("{origin}/{}#{secret}", room.room.as_str());
    Ok(Some((link(&room.host), link(&room.guest))))
}
