//! Limits of the kernel, and systemd's word about the unit.

use std::{fs, path::Path, process::Command};

use super::{
    super::{machine::MachineFacts, service::Unit},
    ports,
};

/// Buffers, files and trains; those of the program that holds `port`, where that is ours.
pub(super) fn facts(port: u16) -> MachineFacts {
    MachineFacts {
        buffers_max: kernel_limit("rmem_max").zip(kernel_limit("wmem_max")),
        files_max: ports::service_process(port)
            .and_then(|pid| files_max(&format!("/proc/{pid}/limits")))
            .or_else(|| files_max("/proc/self/limits")),
        segmentation: sfu_node::net::segmentation_works(),
    }
}

/// Linux `Documentation/admin-guide/sysctl/net.rst`.
fn kernel_limit(name: &str) -> Option<u64> {
    let text = fs::read_to_string(Path::new("/proc/sys/net/core").join(name)).ok()?;
    text.trim().parse().ok()
}

/// The soft limit in `/proc/PID/limits` (proc_pid_limits(5)).
fn files_max(path: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

/// systemctl(1), `show`.
pub(super) fn unit() -> Unit {
    // sd_booted(3): the folder is there if systemd runs the machine.
    if !Path::new("/run/systemd/system").exists() {
        return Unit::Absent;
    }
    let output = Command::new("systemctl")
        .args(["show", "preau.service", "--property=LoadState,ActiveState"])
        .output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let text = text.unwrap_or_default();
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or("");
    match (value("LoadState="), value("ActiveState=")) {
        ("loaded", "failed") => Unit::Failed,
        ("loaded", "inactive" | "deactivating") => Unit::Stopped,
        ("loaded", _) => Unit::Active,
        _ => Unit::Absent,
    }
}
