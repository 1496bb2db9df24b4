//! Why an authority issued no certificate, in the words of the doctor.

use signaling_service::Fault;

use super::finding::{Finding, Topic};
use crate::language::{Bilingual, both};

/// What kept the certificate from coming, and how to mend it.
pub(super) fn finding(fault: Fault) -> Finding {
    let (code, why, cure) = words(fault);
    let (fr, en) = (why.french(), why.english());
    let text = both!("Pas de certificat : {fr}.", "There is no certificate: {en}.",);
    Topic::Certificate.error(code, text, cure)
}

fn words(fault: Fault) -> (&'static str, Bilingual, Bilingual) {
    match fault {
        Fault::Dns => (
            "acme_dns",
            both!("le nom n’est pas dans le DNS", "the name is not in the DNS"),
            both!(
                "Créez un enregistrement A ou AAAA vers cette machine, et comptez une heure.",
                "Create an A or AAAA record that leads to this machine, and allow it an hour.",
            ),
        ),
        Fault::PortClosed => (
            "acme_port",
            both!(
                "l’autorité ne peut pas se connecter ici",
                "the authority cannot connect to this machine",
            ),
            both!(
                "Ouvrez le port TCP 443 (80 avec http-01) chez le fournisseur et sur le routeur ; \
                 A et AAAA doivent tous deux mener ici.",
                "Open TCP port 443 (80 with http-01) at the provider and on the router; A and AAAA \
                 must both lead here.",
            ),
        ),
        Fault::OtherAnswer => (
            "acme_other",
            both!(
                "un autre que Préau a répondu à l’autorité",
                "somebody else than Préau answered the authority",
            ),
            both!(
                "Le nom doit mener à cette machine, et aucun proxy ne doit tenir le port 443.",
                "The name must lead to this machine, and no proxy may hold port 443.",
            ),
        ),
        Fault::RateLimited
        | Fault::Caa
        | Fault::NameRefused
        | Fault::AccountRefused
        | Fault::ChallengeNotOffered => words_of_a_refusal(fault),
        Fault::AuthorityUnreachable
        | Fault::AuthorityUntrusted
        | Fault::AuthorityFailed
        | Fault::ClockOff
        | Fault::Unusable
        | Fault::Storage => words_about_the_rest(fault),
    }
}

/// What the authority said no to.
fn words_of_a_refusal(fault: Fault) -> (&'static str, Bilingual, Bilingual) {
    if fault == Fault::RateLimited {
        let why = both!("l’autorité a eu trop de demandes", "the authority had too many orders");
        ("acme_limit", why, wait())
    } else if fault == Fault::Caa {
        let why = both!(
            "l’enregistrement CAA du domaine n’admet pas cette autorité",
            "the CAA record of the domain does not allow this authority",
        );
        ("acme_caa", why, both!("Ajoutez-la, ou retirez-le.", "Add it there, or remove it."))
    } else if fault == Fault::NameRefused {
        let why = both!(
            "l’autorité n’en donne pas pour un tel nom",
            "the authority gives none for such a name",
        );
        let cure = both!(
            "Il faut un nom public ; sur un réseau local, tls = \"self-signed\".",
            "It must be a public name; on a LAN, tls = \"self-signed\".",
        );
        ("acme_name", why, cure)
    } else if fault == Fault::AccountRefused {
        let why = both!("l’autorité refuse le compte", "the authority refuses the account");
        ("acme_account", why, both!("Vérifiez `acme_email`.", "Check `acme_email`."))
    } else {
        let why = both!(
            "l’autorité n’offre pas cette façon de vérifier le nom",
            "the authority does not offer this way to check the name",
        );
        let cure = both!(
            "Essayez l’autre valeur de `acme_challenge`.",
            "Try the other value of `acme_challenge`.",
        );
        ("acme_challenge", why, cure)
    }
}

fn wait() -> Bilingual {
    both!(
        "Il n’y a qu’à attendre : Préau réessaie de lui-même.",
        "Nothing but waiting helps: Préau tries again by itself.",
    )
}

/// What is not about the name.
fn words_about_the_rest(fault: Fault) -> (&'static str, Bilingual, Bilingual) {
    if fault == Fault::AuthorityUnreachable {
        let why = both!("l’autorité est injoignable", "the authority cannot be reached");
        let cure = both!(
            "Cette machine doit pouvoir se connecter au port TCP 443 de l’autorité \
             (`acme_directory`), et son DNS répondre.",
            "This machine must be able to connect to TCP port 443 of the authority \
             (`acme_directory`), and its DNS must answer.",
        );
        ("acme_unreachable", why, cure)
    } else if fault == Fault::AuthorityUntrusted {
        let why = both!(
            "ce qui répond à la place de l’autorité n’est pas reconnu",
            "what answers in the authority's place is not known to be it",
        );
        let cure = both!(
            "Nommez la racine d’une autorité privée par `acme_ca`, ou cherchez qui intercepte la \
             connexion.",
            "Name the root of a private authority by `acme_ca`, or find out who intercepts the \
             connection.",
        );
        ("acme_untrusted", why, cure)
    } else if fault == Fault::ClockOff {
        let why = both!("l’horloge de cette machine est fausse", "this machine's clock is wrong");
        let cure = both!(
            "Mettez-la à l’heure : timedatectl set-ntp true",
            "Set it: timedatectl set-ntp true",
        );
        ("acme_clock", why, cure)
    } else if fault == Fault::Storage {
        let why = both!(
            "le dossier de données ne peut pas être écrit",
            "the data folder cannot be written to",
        );
        let cure = both!(
            "Faites de la place, et vérifiez à qui il appartient.",
            "Free space there, and check who owns it.",
        );
        ("acme_storage", why, cure)
    } else {
        let why = both!("l’autorité est en défaut", "the authority has a fault of its own");
        ("acme_failed", why, wait())
    }
}
