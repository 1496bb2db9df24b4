//! Whether browsers are told addresses that they can reach.

use std::net::IpAddr;

use super::{
    finding::{Finding, Topic},
    name::list,
};
use crate::language::both;

/// What is known of the addresses.
#[derive(Clone, Debug)]
pub(crate) struct AddressFacts {
    /// What SDP answers will hold, or the name in `advertise` that leads nowhere.
    pub(crate) candidates: Result<Vec<IpAddr>, String>,
    /// Whether `advertise` names any.
    pub(crate) is_named: bool,
    /// Whether people come by a public name.
    pub(crate) has_public_name: bool,
    /// The port.
    pub(crate) port: u16,
}

/// All that is to be said.
pub(super) fn findings(facts: &AddressFacts) -> Vec<Finding> {
    let candidates = match &facts.candidates {
        Ok(candidates) => candidates,
        Err(name) => return vec![unknown_name(name)],
    };
    let found = list(candidates);
    if candidates.iter().all(IpAddr::is_loopback) {
        return vec![if facts.has_public_name {
            only_loopback()
        } else {
            let text = both!(
                "Seule cette machine peut échanger son et image ({found}).",
                "Only this machine can exchange sound and picture ({found}).",
            );
            Topic::Addresses.ok("loopback", text)
        }];
    }
    if candidates.iter().copied().any(is_public) {
        let text = both!(
            "Les navigateurs envoient son et image à {found}.",
            "Browsers send sound and picture to {found}.",
        );
        return vec![Topic::Addresses.ok("public", text)];
    }
    let mut findings = Vec::new();
    if facts.has_public_name {
        findings.push(only_private(facts, &found));
    } else {
        let text = both!(
            "Les navigateurs du réseau local envoient son et image à {found}.",
            "Browsers of the local network send sound and picture to {found}.",
        );
        findings.push(Topic::Addresses.ok("private", text));
    }
    // libwebrtc takes candidates of ports below 1024 on public addresses only, and there 80 and
    // 443 alone (`VerifyCandidate` in `p2p_transport_channel`); measured in Chromium 156.
    if facts.port < 1024 {
        findings.push(low_port(facts.port));
    }
    findings
}

fn unknown_name(name: &str) -> Finding {
    Topic::Addresses.error(
        "unknown_name",
        both!(
            "Le nom {name}, écrit dans `advertise`, ne mène à aucune adresse.",
            "The name {name} in `advertise` has no address.",
        ),
        both!(
            "Corrigez ce nom, ou écrivez l’adresse elle-même.",
            "Correct the name, or write the address itself.",
        ),
    )
}

fn only_loopback() -> Finding {
    Topic::Addresses.error(
        "only_loopback",
        both!(
            "Les navigateurs n’apprennent aucune adresse qu’ils puissent atteindre : on se verra \
             dans la liste, sans se voir ni s’entendre.",
            "Browsers are told no address that they can reach: people will see one another's \
             names, and neither see nor hear one another.",
        ),
        both!(
            "Écrivez l’adresse publique dans la configuration : advertise = [\"203.0.113.7\"]",
            "Write the public address into the configuration: advertise = [\"203.0.113.7\"]",
        ),
    )
}

fn only_private(facts: &AddressFacts, found: &str) -> Finding {
    let text = both!(
        "Les navigateurs n’apprennent que des adresses privées ({found}) : hors du réseau local, \
         personne ne se verra ni ne s’entendra.",
        "Browsers are told private addresses only ({found}): outside of the local network nobody \
         will see or hear anybody.",
    );
    let cure = if facts.is_named {
        both!(
            "Mettez dans `advertise` l’adresse publique, celle du routeur ou du fournisseur.",
            "Put the public address into `advertise`: that of the router or of the provider.",
        )
    } else {
        both!(
            "Le fournisseur ou le routeur traduit les adresses (NAT 1:1 ou redirection de port) : \
             écrivez l’adresse publique, advertise = [\"203.0.113.7\"]",
            "The provider or the router translates addresses (1:1 NAT or a forwarded port): write \
             the public one, advertise = [\"203.0.113.7\"]",
        )
    };
    Topic::Addresses.error("only_private", text, cure)
}

fn low_port(port: u16) -> Finding {
    Topic::Addresses.warning(
        "low_port",
        both!(
            "Chromium n’envoie ni son ni image à une adresse privée sur le port {port}.",
            "Chromium sends neither sound nor picture to a private address on port {port}.",
        ),
        both!(
            "Pour un réseau local, prenez un port au-dessus de 1023 : listen = \"[::]:8443\"",
            "For a local network choose a port above 1023: listen = \"[::]:8443\"",
        ),
    )
}

fn is_public(ip: IpAddr) -> bool {
    !ip.is_loopback() && !sfu_node::addresses::is_private(ip)
}
