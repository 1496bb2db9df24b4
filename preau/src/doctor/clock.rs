//! Whether the machine's clock can be right: no other machine is asked for the time.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use super::{
    certificate::date,
    finding::{Finding, Topic},
};
use crate::language::both;

/// What is known of the time.
#[derive(Clone, Debug)]
pub(crate) struct ClockFacts {
    /// This machine's clock.
    pub(crate) now: SystemTime,
    /// The file written last among those that the machine writes often.
    pub(crate) newest_file: Option<(PathBuf, SystemTime)>,
    /// The battery-backed clock.
    pub(crate) hardware: Option<SystemTime>,
    /// Whether the kernel follows a time server.
    pub(crate) is_synchronised: Option<bool>,
}

/// Files are written on time: this much ahead is no rounding.
const FILE_AHEAD_MAX: Duration = Duration::from_secs(600);

/// The hardware clock may keep local time, which is up to 14 hours from UTC.
const HARDWARE_APART_MAX: Duration = Duration::from_secs(15 * 3600);

/// All that is to be said.
pub(super) fn findings(facts: &ClockFacts) -> Vec<Finding> {
    let today = date(facts.now);
    let cure = || {
        both!(
            "Mettez l’horloge à l’heure : timedatectl set-ntp true (au besoin : apt install \
             systemd-timesyncd).",
            "Set the clock: timedatectl set-ntp true (apt install systemd-timesyncd if needed).",
        )
    };
    if let Some((path, written)) = &facts.newest_file
        && *written > facts.now + FILE_AHEAD_MAX
    {
        let (path, day) = (path.display(), date(*written));
        return vec![Topic::Clock.error(
            "behind",
            both!(
                "L’horloge retarde : elle dit {today}, mais {path} a été écrit le {day} ; les \
                 certificats paraissent ne pas valoir encore.",
                "The clock is behind: it says {today}, but {path} was written on {day}; \
                 certificates seem not to have begun.",
            ),
            cure(),
        )];
    }
    if let Some(hardware) = facts.hardware
        && apart(hardware, facts.now) > HARDWARE_APART_MAX
    {
        let day = date(hardware);
        return vec![Topic::Clock.error(
            "apart",
            both!(
                "L’horloge dit {today} et celle du matériel {day} : l’une des deux est fausse, et \
                 les certificats paraîtront expirés, ou ne pas valoir encore.",
                "The clock says {today} and that of the hardware {day}: one of them is wrong, and \
                 certificates will seem expired, or not to have begun.",
            ),
            cure(),
        )];
    }
    vec![match facts.is_synchronised {
        Some(true) => Topic::Clock.ok(
            "synchronised",
            both!(
                "L’horloge suit un serveur de temps ({today}).",
                "The clock follows a time server ({today}).",
            ),
        ),
        Some(false) => Topic::Clock.warning(
            "unsynchronised",
            both!(
                "L’horloge ne suit aucun serveur de temps : elle finira par dériver.",
                "The clock follows no time server: it will drift.",
            ),
            cure(),
        ),
        None => Topic::Clock.ok(
            "plausible",
            both!(
                "Rien ne contredit l’horloge ({today}) ; ce système ne dit pas si elle suit un \
                 serveur de temps.",
                "Nothing contradicts the clock ({today}); this system does not say whether it \
                 follows a time server.",
            ),
        ),
    }]
}

fn apart(a: SystemTime, b: SystemTime) -> Duration {
    a.duration_since(b).or_else(|_| b.duration_since(a)).unwrap_or_default()
}
