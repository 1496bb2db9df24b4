//! What a process uses, as Linux tells in `/proc`.

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// Counters of a process at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time of all its threads that live, in nanoseconds. The scheduler counts it
    /// exactly, unlike the ticks below.
    pub cpu_ns: u64,
    /// Ticks of 10 ms in user mode and in the kernel: right in the mean only.
    pub user_ticks: u64,
    /// See `user_ticks`.
    pub system_ticks: u64,
    /// Resident memory in bytes.
    pub rss: u64,
}

/// What a process used between two times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Use {
    /// Processor time in seconds.
    pub cpu_s: f64,
    /// In processors: 1 is a whole one.
    pub processors: f64,
    /// The part of it in user mode.
    pub user_share: f64,
    /// Resident memory at the end, in bytes.
    pub rss: u64,
}

impl Usage {
    /// Reads the counters of a process.
    ///
    /// # Errors
    /// If it does not run.
    pub fn of(pid: u32) -> anyhow::Result<Usage> {
        let folder = PathBuf::from(format!("/proc/{pid}"));
        let about = || format!("process {pid} does not run");
        let stat = fs::read_to_string(folder.join("stat")).with_context(about)?;
        let status = fs::read_to_string(folder.join("status")).with_context(about)?;
        let (user_ticks, system_ticks) = ticks(&stat).context("a line of /proc/PID/stat")?;
        let mut cpu_ns = 0;
        for task in fs::read_dir(folder.join("task")).with_context(about)? {
            // A thread that has ended meanwhile has nothing to read (ENOENT or ESRCH).
            if let Ok(line) = fs::read_to_string(task?.path().join("schedstat")) {
                cpu_ns += on_processor(&line).context("a line of schedstat")?;
            }
        }
        let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).map(kilobytes);
        Ok(Usage { cpu_ns, user_ticks, system_ticks, rss: rss.flatten().unwrap_or(0) })
    }

    /// What was used since an earlier time.
    #[must_use]
    pub fn since(&self, earlier: &Usage, seconds: f64) -> Use {
        let cpu_s = self.cpu_ns.saturating_sub(earlier.cpu_ns) as f64 / 1e9;
        let user = self.user_ticks.saturating_sub(earlier.user_ticks) as f64;
        let system = self.system_ticks.saturating_sub(earlier.system_ticks) as f64;
        Use {
            cpu_s,
            processors: cpu_s / seconds,
            user_share: user / (user + system).max(1.0),
            rss: self.rss,
        }
    }
}

/// Fields 14 and 15 of proc_pid_stat(5); the name before them may hold blanks and parentheses.
fn ticks(stat: &str) -> Option<(u64, u64)> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// The first number is nanoseconds on a processor (Linux, `Documentation/scheduler/sched-stats`).
fn on_processor(schedstat: &str) -> Option<u64> {
    schedstat.split_whitespace().next()?.parse().ok()
}

fn kilobytes(text: &str) -> Option<u64> {
    Some(text.split_whitespace().next()?.parse::<u64>().ok()? * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_move_the_fields() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 86 0 0 0 41 17 0 0 20 0 1 0 91 2 3";
        assert_eq!(ticks(stat), Some((41, 17)));
    }

    #[test]
    fn work_shows_in_the_counters_of_this_process() {
        let pid = std::process::id();
        let before = Usage::of(pid).expect("this process");
        let mut sum = 0_u64;
        let worked = || Usage::of(pid).expect("this process").since(&before, 1.0);
        while worked().cpu_s < 0.02 {
            sum = std::hint::black_box((0..10_000).fold(sum, u64::wrapping_add));
        }
        assert!(worked().rss > 1 << 20, "less than a megabyte");
        assert!(Usage::of(u32::MAX).is_err());
    }
}
