//! Where the public name leads.

use std::net::IpAddr;

use super::finding::{Finding, Topic};
use crate::language::both;

/// What is known of the name.
#[derive(Clone, Debug)]
pub(crate) struct NameFacts {
    /// The host of `public_url`, as typed.
    pub(crate) host: String,
    /// What this machine's resolver answers, or what it says instead.
    pub(crate) resolved: Result<Vec<IpAddr>, String>,
    /// Addresses of this machine's interfaces, without link-local ones.
    pub(crate) own: Vec<IpAddr>,
    /// Addresses in front of a NAT that the operator has named.
    pub(crate) advertised: Vec<IpAddr>,
}

/// Where the name leads, and where it should.
pub(super) fn findings(facts: &NameFacts) -> Vec<Finding> {
    let host = &facts.host;
    if host.parse::<IpAddr>().is_ok() {
        let text = both!(
            "{host} est une adresse, pas un nom : il n’y a rien à chercher dans le DNS.",
            "{host} is an address, not a name: there is nothing to look up in the DNS.",
        );
        return vec![Topic::Name.ok("address", text)];
    }
    let resolved = match &facts.resolved {
        Ok(addresses) if !addresses.is_empty() => addresses,
        Ok(_) => return vec![unknown(facts, "–")],
        Err(message) => return vec![unknown(facts, message)],
    };
    if resolved.iter().all(IpAddr::is_loopback) {
        return vec![only_here(host)];
    }
    let elsewhere: Vec<IpAddr> = resolved
        .iter()
        .copied()
        .filter(|ip| !ip.is_loopback() && !leads_here(facts, *ip))
        .collect();
    if elsewhere.is_empty() {
        let list = list(resolved);
        return vec![Topic::Name.ok(
            "here",
            both!(
                "{host} mène à cette machine ({list}).",
                "{host} leads to this machine ({list})."
            ),
        )];
    }
    let is_behind_nat = facts.advertised.is_empty() && !facts.own.iter().copied().any(is_public);
    if is_behind_nat && elsewhere.len() == resolved.len() {
        vec![through_a_router(facts, &elsewhere)]
    } else {
        vec![not_here(facts, &elsewhere)]
    }
}

fn leads_here(facts: &NameFacts, ip: IpAddr) -> bool {
    facts.own.contains(&ip) || facts.advertised.contains(&ip)
}

/// The addresses that a record should hold: those named, else the public ones found.
fn wanted(facts: &NameFacts) -> Vec<IpAddr> {
    if facts.advertised.is_empty() {
        facts.own.iter().copied().filter(|ip| is_public(*ip)).collect()
    } else {
        facts.advertised.clone()
    }
}

fn unknown(facts: &NameFacts, message: &str) -> Finding {
    let host = &facts.host;
    let text = both!(
        "Le nom {host} ne mène nulle part ({message}).",
        "The name {host} leads nowhere ({message}).",
    );
    let wanted = wanted(facts);
    let cure = if wanted.is_empty() {
        both!(
            "Chez qui gère votre domaine, créez un enregistrement A avec l’adresse publique de \
             votre routeur ou de ce serveur ; il est connu partout en une heure au plus.",
            "Where your domain is managed, create an A record with the public address of your \
             router or of this server; it is known everywhere within an hour.",
        )
    } else {
        let records = records(&wanted);
        both!(
            "Chez qui gère votre domaine, créez : {records} ; c’est connu partout en une heure au \
             plus.",
            "Where your domain is managed, create: {records}; it is known everywhere within an \
             hour.",
        )
    };
    Topic::Name.error("unknown", text, cure)
}

fn only_here(host: &str) -> Finding {
    Topic::Name.warning(
        "loopback",
        both!(
            "Sur cette machine, {host} mène à elle-même : on ne peut pas voir d’ici où il mène \
             ailleurs.",
            "On this machine {host} leads to itself: where it leads elsewhere cannot be seen from \
             here.",
        ),
        both!(
            "Retirez {host} de /etc/hosts pour interroger le DNS, ou essayez depuis un autre \
             appareil.",
            "Take {host} out of /etc/hosts to ask the DNS, or try from another device.",
        ),
    )
}

fn through_a_router(facts: &NameFacts, elsewhere: &[IpAddr]) -> Finding {
    let (host, list) = (&facts.host, list(elsewhere));
    let quoted: Vec<String> = elsewhere.iter().map(|ip| format!("\"{ip}\"")).collect();
    let quoted = quoted.join(", ");
    Topic::Name.warning(
        "router",
        both!(
            "{host} mène à {list}, et cette machine n’a que des adresses privées : elle est \
             derrière un routeur, et les navigateurs ne sauront pas où envoyer son et image.",
            "{host} leads to {list}, and this machine has private addresses only: it is behind a \
             router, and browsers will not know where to send sound and picture.",
        ),
        both!(
            "Si {list} est l’adresse de votre routeur, faites-lui transmettre le port ici, TCP et \
             UDP, et écrivez dans la configuration : advertise = [{quoted}]",
            "If {list} is your router's address, have it forward the port here, TCP and UDP, and \
             write into the configuration: advertise = [{quoted}]",
        ),
    )
}

fn not_here(facts: &NameFacts, elsewhere: &[IpAddr]) -> Finding {
    let (host, found) = (&facts.host, list(elsewhere));
    let wanted = wanted(facts);
    let here = if wanted.is_empty() { list(&facts.own) } else { list(&wanted) };
    let records = records(&wanted);
    Topic::Name.error(
        "elsewhere",
        both!(
            "{host} mène à {found}, qui n’est pas cette machine ({here}).",
            "{host} leads to {found}, which is not this machine ({here}).",
        ),
        if wanted.is_empty() {
            both!(
                "Corrigez l’enregistrement dans le DNS, ou nommez votre adresse publique par \
                 `advertise`.",
                "Correct the record in the DNS, or name your public address by `advertise`.",
            )
        } else {
            both!(
                "Corrigez le DNS : il doit donner {records}, et rien d’autre ; un vieil \
                 enregistrement AAAA se supprime.",
                "Correct the DNS: it should give {records} and nothing else; delete an old AAAA \
                 record.",
            )
        },
    )
}

/// `A 203.0.113.7, AAAA 2001:db8::1`.
fn records(addresses: &[IpAddr]) -> String {
    let record = |ip: &IpAddr| format!("{} {ip}", if ip.is_ipv4() { "A" } else { "AAAA" });
    addresses.iter().map(record).collect::<Vec<_>>().join(", ")
}

/// Addresses for a sentence.
pub(super) fn list(addresses: &[IpAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Whether the Internet can reach an address.
fn is_public(ip: IpAddr) -> bool {
    !ip.is_loopback() && !sfu_node::addresses::is_private(ip)
}
