//! What the machine gives the program: socket buffers, open files, trains of datagrams.

use super::finding::{Finding, Topic};
use crate::language::both;

/// What is known of the machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MachineFacts {
    /// `net.core.rmem_max` and `net.core.wmem_max`, in bytes.
    pub(crate) buffers_max: Option<(u64, u64)>,
    /// The soft limit of open files: of the running service, else of this process.
    pub(crate) files_max: Option<u64>,
    /// Whether the kernel cuts trains of datagrams (`UDP_SEGMENT`).
    pub(crate) segmentation: bool,
}

/// What the node asks for in each direction, in bytes.
pub(crate) const BUFFER_WANTED: u64 = 8 * 1024 * 1024;

/// A person costs one socket, and two while they come back; the rest is listeners, the store, and
/// files of the page. 4 096 serve 2 000 people, more than one node carries.
const FILES_WANTED: u64 = 4_096;

/// All that is to be said.
pub(super) fn findings(facts: &MachineFacts) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(facts.buffers_max.map(|(receive, send)| buffers(receive.min(send))));
    findings.extend(facts.files_max.map(files));
    findings.push(segmentation(facts.segmentation));
    findings
}

fn buffers(smaller: u64) -> Finding {
    let kibibytes = smaller / 1024;
    if smaller >= BUFFER_WANTED {
        let text = both!(
            "Les tampons UDP peuvent atteindre {kibibytes} Kio.",
            "UDP buffers may grow to {kibibytes} KiB.",
        );
        return Topic::Buffers.ok("wide", text);
    }
    Topic::Buffers.warning(
        "narrow",
        both!(
            "Le noyau limite les tampons UDP à {kibibytes} Kio : quand plusieurs caméras changent \
             d’image en même temps, des paquets se perdent.",
            "The kernel limits UDP buffers to {kibibytes} KiB: when several cameras send a whole \
             picture at once, packets are lost.",
        ),
        both!(
            "En root : sysctl -w net.core.rmem_max={BUFFER_WANTED} \
             net.core.wmem_max={BUFFER_WANTED} ; `preau setup` le fait pour de bon.",
            "As root: sysctl -w net.core.rmem_max={BUFFER_WANTED} \
             net.core.wmem_max={BUFFER_WANTED}; `preau setup` makes it last.",
        ),
    )
}

fn files(limit: u64) -> Finding {
    if limit >= FILES_WANTED {
        let text = both!(
            "Le programme peut ouvrir {limit} fichiers et connexions.",
            "The program may open {limit} files and connections.",
        );
        return Topic::Files.ok("enough", text);
    }
    let people = limit / 2;
    Topic::Files.warning(
        "few",
        both!(
            "Le programme ne peut ouvrir que {limit} fichiers et connexions : à peu près {people} \
             personnes.",
            "The program may open only {limit} files and connections: about {people} people.",
        ),
        both!(
            "Lancez-le comme service (preau.service demande 65536), ou avec `ulimit -n 65536`.",
            "Run it as a service (preau.service asks for 65536), or with `ulimit -n 65536`.",
        ),
    )
}

fn segmentation(works: bool) -> Finding {
    if works {
        let text = both!(
            "Le noyau envoie les paquets par trains (GSO).",
            "The kernel sends packets in trains (GSO).",
        );
        return Topic::Offload.ok("trains", text);
    }
    Topic::Offload.warning(
        "singles",
        both!(
            "Le noyau n’envoie les paquets qu’un par un : cette machine servira à peu près trois \
             fois moins de monde.",
            "The kernel sends packets one by one only: this machine will serve about a third of \
             the people.",
        ),
        both!(
            "Prenez un noyau Linux à partir de 4.18 ; certains hébergements en conteneur n’en ont \
             pas l’usage.",
            "Use Linux 4.18 or later; some container hosts do not offer it.",
        ),
    )
}
