//! The port on TCP and UDP: who holds it, and whether it is reached through the addresses that
//! browsers are told. What lies between this machine and the Internet cannot be seen from inside.

use std::net::{IpAddr, SocketAddr};

use super::{
    finding::{Finding, Topic},
    name::list,
};
use crate::language::both;

/// What is known of the port.
#[derive(Clone, Debug)]
pub(crate) struct PortFacts {
    /// As configured.
    pub(crate) listen: SocketAddr,
    /// Who holds it on TCP.
    pub(crate) tcp: Holder,
    /// Who holds it on UDP.
    pub(crate) udp: Holder,
    /// What came of trying each advertised address from this machine.
    pub(crate) loops: Vec<Loop>,
    /// Whether the firewall of this machine lets both through, as far as its rules can be read.
    pub(crate) firewall: Firewall,
}

/// Who holds a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// Préau.
    Service,
    /// Nobody, and it could be bound.
    Nobody,
    /// Another program, with its process id.
    Other(String, u32),
    /// Somebody whom this user may not see.
    Unseen,
    /// Nobody, but it could not be bound either.
    Unbindable(String),
    /// This user may not try.
    Untried,
}

/// A way from this machine to itself through an advertised address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Loop {
    /// The address.
    pub(crate) to: IpAddr,
    /// Whether TCP connected; absent where it could not be tried.
    pub(crate) tcp: Option<bool>,
    /// Whether a datagram arrived; absent where it could not be tried.
    pub(crate) udp: Option<bool>,
}

/// The rules of this machine's own firewall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Firewall {
    /// None that we know how to read.
    Unknown,
    /// ufw is on.
    Ufw {
        /// Whether it allows the port on TCP.
        tcp: bool,
        /// Whether it allows the port on UDP.
        udp: bool,
    },
}

/// All that is to be said.
pub(super) fn findings(facts: &PortFacts) -> Vec<Finding> {
    let mut findings: Vec<Finding> =
        [held(facts, "TCP", &facts.tcp), held(facts, "UDP", &facts.udp)]
            .into_iter()
            .flatten()
            .collect();
    if findings.is_empty() {
        findings.push(both_fine(facts));
    }
    findings.extend(firewalled(facts));
    findings.extend(unreached(facts));
    findings
}

fn both_fine(facts: &PortFacts) -> Finding {
    let port = facts.listen.port();
    if facts.tcp == Holder::Service && facts.udp == Holder::Service {
        let text = both!(
            "Préau tient le port {port} en TCP et en UDP.",
            "Préau holds port {port} on TCP and on UDP.",
        );
        Topic::Port.ok("held", text)
    } else {
        let text = both!(
            "Le port {port} est libre en TCP et en UDP.",
            "Port {port} is free on TCP and on UDP.",
        );
        Topic::Port.ok("free", text)
    }
}

/// What is wrong with the port on one protocol.
fn held(facts: &PortFacts, protocol: &str, holder: &Holder) -> Option<Finding> {
    let port = facts.listen.port();
    let flag = if protocol == "TCP" { "-tlpn" } else { "-ulpn" };
    match holder {
        Holder::Service | Holder::Nobody => None,
        Holder::Other(program, pid) => Some(Topic::Port.error(
            "busy",
            both!(
                "Le programme {program} (processus {pid}) tient le port {protocol} {port}.",
                "The program {program} (process {pid}) holds {protocol} port {port}.",
            ),
            both!(
                "Arrêtez-le (systemctl disable --now {program}), ou gardez-le comme proxy inverse \
                 et donnez à Préau un autre port par `listen`.",
                "Stop it (systemctl disable --now {program}), or keep it as a reverse proxy and \
                 give Préau another port by `listen`.",
            ),
        )),
        Holder::Unseen => Some(Topic::Port.warning(
            "unseen",
            both!(
                "Un programme que vous ne pouvez pas voir tient le port {protocol} {port}.",
                "A program that you may not see holds {protocol} port {port}.",
            ),
            both!(
                "En root, `preau doctor` ou `ss {flag} 'sport = :{port}'` le nomme.",
                "As root, `preau doctor` or `ss {flag} 'sport = :{port}'` names it.",
            ),
        )),
        Holder::Unbindable(message) => {
            let listen = facts.listen;
            Some(Topic::Port.error(
                "unbindable",
                both!(
                    "On ne peut pas écouter en {protocol} sur {listen} ({message}).",
                    "It is not possible to listen on {listen} by {protocol} ({message}).",
                ),
                both!(
                    "Donnez à `listen` une adresse de cette machine, ou [::] pour toutes.",
                    "Give `listen` an address of this machine, or [::] for all of them.",
                ),
            ))
        }
        Holder::Untried => Some(Topic::Port.warning(
            "untried",
            both!(
                "Cet utilisateur ne peut pas essayer le port {protocol} {port}.",
                "This user may not try {protocol} port {port}.",
            ),
            both!("Relancez `preau doctor` en root.", "Run `preau doctor` as root."),
        )),
    }
}

fn firewalled(facts: &PortFacts) -> Option<Finding> {
    let port = facts.listen.port();
    let (what, rule) = match facts.firewall {
        Firewall::Unknown | Firewall::Ufw { tcp: true, udp: true } => return None,
        Firewall::Ufw { tcp: false, udp: false } => ("TCP, UDP", format!("{port}")),
        Firewall::Ufw { tcp: true, udp: false } => ("UDP", format!("{port}/udp")),
        Firewall::Ufw { tcp: false, udp: true } => ("TCP", format!("{port}/tcp")),
    };
    Some(Topic::Port.error(
        "firewall",
        both!(
            "Le pare-feu ufw de cette machine ne laisse pas entrer le port {port} ({what}).",
            "This machine's firewall ufw does not let port {port} in ({what}).",
        ),
        both!("Ouvrez-le : ufw allow {rule}", "Open it: ufw allow {rule}"),
    ))
}

fn unreached(facts: &PortFacts) -> Option<Finding> {
    let port = facts.listen.port();
    let failed = |by: fn(&Loop) -> Option<bool>| -> Vec<IpAddr> {
        facts.loops.iter().filter(|one| by(one) == Some(false)).map(|one| one.to).collect()
    };
    let (tcp, udp) = (failed(|one| one.tcp), failed(|one| one.udp));
    let (what, mut at) = match (tcp.is_empty(), udp.is_empty()) {
        (true, true) => return reached(facts),
        (false, true) => ("TCP", tcp),
        (true, false) => ("UDP", udp),
        (false, false) => ("TCP, UDP", [tcp, udp].concat()),
    };
    at.sort();
    at.dedup();
    let at = list(&at);
    Some(Topic::Port.warning(
        "loop",
        both!(
            "D’ici même, {at} ne répond pas au port {port} ({what}) ; certains routeurs ne \
             renvoient pas vers l’intérieur ce qui en vient, cela ne prouve donc rien.",
            "From here, {at} does not answer on port {port} ({what}); some routers do not send \
             back inside what comes from there, so this proves nothing.",
        ),
        both!(
            "Vérifiez que le routeur transmet le port {port} ici, TCP et UDP, puis essayez avec un \
             téléphone sans Wi-Fi.",
            "Check that the router forwards port {port} here, TCP and UDP, then try with a phone \
             off Wi-Fi.",
        ),
    ))
}

fn reached(facts: &PortFacts) -> Option<Finding> {
    let port = facts.listen.port();
    let through = |one: &&Loop| one.tcp == Some(true) && one.udp == Some(true);
    let at: Vec<IpAddr> = facts.loops.iter().filter(through).map(|one| one.to).collect();
    if at.is_empty() {
        return None;
    }
    let at = list(&at);
    Some(Topic::Port.ok(
        "reached",
        both!(
            "D’ici, le port {port} répond à {at} en TCP et en UDP.",
            "From here, port {port} answers at {at} on TCP and on UDP.",
        ),
    ))
}
