//! What this machine alone can tell of the time.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Files that a running system writes again and again.
const OFTEN_WRITTEN: [&str; 4] = [
    // The last time that systemd-timesyncd knew (systemd-timesyncd.service(8)).
    "/var/lib/systemd/timesync/clock",
    "/var/lib/dpkg/status",
    "/var/log/wtmp",
    "/etc/preau/preau.toml",
];

/// The one written last of those and of the data folder.
pub(super) fn newest_file(data: &Path) -> Option<(PathBuf, SystemTime)> {
    let kept = fs::read_dir(data).into_iter().flatten().flatten().map(|entry| entry.path());
    let often = OFTEN_WRITTEN.into_iter().map(PathBuf::from);
    let written = |path: PathBuf| {
        let at = fs::metadata(&path).ok()?.modified().ok()?;
        Some((path, at))
    };
    kept.chain(often).filter_map(written).max_by_key(|(_, at)| *at)
}

/// The battery-backed clock (Linux `Documentation/ABI/testing/sysfs-class-rtc`).
pub(super) fn hardware() -> Option<SystemTime> {
    let text = fs::read_to_string("/sys/class/rtc/rtc0/since_epoch").ok()?;
    let seconds = text.trim().parse().ok()?;
    Some(UNIX_EPOCH + Duration::from_secs(seconds))
}

/// Whether the kernel is told the time by whatever program (timedatectl(1)).
pub(super) fn is_synchronised() -> Option<bool> {
    let output = Command::new("timedatectl")
        .args(["show", "--property=NTPSynchronized", "--value"])
        .output()
        .ok()?;
    match String::from_utf8_lossy(&output.stdout).trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}
