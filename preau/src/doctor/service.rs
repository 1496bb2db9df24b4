//! Whether the program runs, and what it says of itself.

use super::finding::{Finding, Topic};
use crate::language::both;

/// What is known of the running program.
#[derive(Clone, Debug)]
pub(crate) struct ServiceFacts {
    /// What `/readyz` on its port answers.
    pub(crate) readiness: Readiness,
    /// What systemd says of `preau.service`.
    pub(crate) unit: Unit,
}

/// An answer to `/readyz`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// People can come.
    Ready,
    /// They cannot, and this is why.
    NotReady(String),
    /// It runs, and waits for its first certificate.
    NoCertificate,
    /// The port is held by Préau, and it does not answer.
    Silent(String),
    /// Nothing of ours holds the port.
    NotRunning,
}

/// The unit's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// There is no systemd, or no such unit.
    Absent,
    /// It is there and stopped.
    Stopped,
    /// It starts, or runs.
    Active,
    /// It was given up.
    Failed,
}

/// All that is to be said.
pub(super) fn findings(facts: &ServiceFacts) -> Vec<Finding> {
    vec![match &facts.readiness {
        Readiness::Ready => Topic::Service
            .ok("ready", both!("Préau tourne et laisse entrer.", "Préau runs and lets people in.")),
        Readiness::NotReady(reason) => Topic::Service.error(
            "not_ready",
            both!(
                "Préau tourne mais ne laisse entrer personne ({reason}).",
                "Préau runs but lets nobody in ({reason}).",
            ),
            journal(),
        ),
        Readiness::NoCertificate => Topic::Service.warning(
            "no_certificate",
            both!(
                "Préau tourne, mais n’a pas encore de certificat à montrer.",
                "Préau runs, but has no certificate to show yet.",
            ),
            both!(
                "Voyez ce qui est dit du certificat ; Préau réessaie de lui-même.",
                "See what is said of the certificate; Préau tries again by itself.",
            ),
        ),
        Readiness::Silent(reason) => Topic::Service.error(
            "silent",
            both!(
                "Préau tient le port mais ne répond pas ({reason}).",
                "Préau holds the port but does not answer ({reason}).",
            ),
            both!(
                "Redémarrez-le : systemctl restart preau ; `journalctl -u preau` dit ce qui s’est \
                 passé.",
                "Restart it: systemctl restart preau; `journalctl -u preau` says what happened.",
            ),
        ),
        Readiness::NotRunning => not_running(facts.unit),
    }]
}

fn journal() -> crate::language::Bilingual {
    both!("`journalctl -u preau -n 30` dit pourquoi.", "`journalctl -u preau -n 30` says why.",)
}

fn not_running(unit: Unit) -> Finding {
    let stopped = both!("Préau ne tourne pas.", "Préau does not run.");
    match unit {
        Unit::Failed => Topic::Service.error(
            "failed",
            both!("Préau n’a pas pu démarrer.", "Préau could not start."),
            journal(),
        ),
        Unit::Active => Topic::Service.error(
            "starting",
            both!(
                "systemd lance Préau, mais le port n’est pas ouvert.",
                "systemd runs Préau, but the port is not open.",
            ),
            journal(),
        ),
        Unit::Stopped => Topic::Service.warning(
            "stopped",
            stopped,
            both!(
                "Lancez-le : systemctl enable --now preau",
                "Start it: systemctl enable --now preau"
            ),
        ),
        Unit::Absent => Topic::Service.warning(
            "stopped",
            stopped,
            both!(
                "`sudo preau setup VOTRE.DOMAINE` l’installe comme service et le lance.",
                "`sudo preau setup YOUR.DOMAIN` installs it as a service and starts it.",
            ),
        ),
    }
}
