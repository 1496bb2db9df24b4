//! What is on the machine before setup does anything.

use std::{
    env, fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

use super::plan::CONFIG;
use crate::doctor;

/// What the plan is made of.
#[derive(Clone, Debug)]
pub(super) struct Situation {
    /// The running program.
    pub(super) program: PathBuf,
    /// The settings file.
    pub(super) config: Option<String>,
    /// Files that setup writes where no package has brought them.
    pub(super) unit: Option<String>,
    pub(super) sysusers: Option<String>,
    pub(super) sysctl: Option<String>,
    /// Whether the Debian package has brought unit, user and limits.
    pub(super) is_packaged: bool,
    /// Whether the service's user exists.
    pub(super) has_user: bool,
    /// `rmem_max` and `wmem_max`; as large as can be where they cannot be read.
    pub(super) buffers: (u64, u64),
    pub(super) is_enabled: bool,
    pub(super) is_active: bool,
    /// Whether the service will obtain its certificate by itself.
    pub(super) awaits_certificate: bool,
    /// What the name of a backup ends with: the moment.
    pub(super) backup_suffix: String,
}

impl Situation {
    /// Looks around.
    ///
    /// # Errors
    ///
    /// A file that is there and cannot be read: it must not be taken for absent.
    pub(super) fn look() -> io::Result<Situation> {
        let limit = |name: &str| {
            let text = fs::read_to_string(Path::new(KERNEL_LIMITS).join(name)).ok();
            text.and_then(|text| text.trim().parse().ok()).unwrap_or(u64::MAX)
        };
        Ok(Situation {
            program: env::current_exe()?,
            config: text(CONFIG)?,
            unit: text("/etc/systemd/system/preau.service")?,
            sysusers: text("/etc/sysusers.d/preau.conf")?,
            sysctl: text("/etc/sysctl.d/90-preau.conf")?,
            is_packaged: Path::new("/usr/lib/systemd/system/preau.service").exists(),
            has_user: text("/etc/passwd")?
                .is_some_and(|users| users.lines().any(|line| line.starts_with("preau:"))),
            buffers: (limit("rmem_max"), limit("wmem_max")),
            is_enabled: systemctl_says("is-enabled"),
            is_active: systemctl_says("is-active"),
            awaits_certificate: false,
            backup_suffix: format!("bak-{}", moment(SystemTime::now())),
        })
    }
}

/// Where the kernel keeps what `net.core.…` names.
pub(super) const KERNEL_LIMITS: &str = "/proc/sys/net/core";

/// Whether systemd runs the machine (sd_booted(3)).
pub(super) fn has_systemd() -> bool {
    Path::new("/run/systemd/system").exists()
}

/// Whether this process may change the machine.
pub(super) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

fn text(path: &str) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io::Error::new(error.kind(), format!("{path}: {error}"))),
    }
}

fn systemctl_says(question: &str) -> bool {
    let asked = Command::new("systemctl").args([question, "--quiet", "preau.service"]).output();
    has_systemd() && asked.is_ok_and(|output| output.status.success())
}

/// As in `2026-11-23-224005`, in UTC.
fn moment(at: SystemTime) -> String {
    let second = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() % (24 * 3600);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{}-{hour:02}{minute:02}{:02}", doctor::date(at), second % 60)
}
