//! The certificate for HTTPS: whether it can be read, whom it names, when it ends.

use std::{
    net::IpAddr,
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use signaling_service::Fault as AcmeFault;

use super::{
    authority,
    finding::{Finding, Topic},
};
use crate::language::both;

/// What is known of the certificate.
#[derive(Clone, Debug)]
pub(crate) struct CertificateFacts {
    /// The host of `public_url`.
    pub(crate) host: Option<String>,
    /// Where it comes from, and what was found there.
    pub(crate) source: Source,
    /// What the running service shows on its port, if it runs and speaks HTTPS.
    pub(crate) served: Option<Leaf>,
    /// This machine's clock.
    pub(crate) now: SystemTime,
}

/// Where the certificate comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// Nobody speaks HTTPS, and nobody but this machine can connect.
    Loopback,
    /// Nobody speaks HTTPS.
    Plain,
    /// The reverse proxy has it.
    Proxy,
    /// Made here, for a LAN.
    SelfSigned,
    /// Obtained by the service itself; with what went wrong last.
    Acme(Option<AcmeFault>),
    /// Files of the operator.
    Files(Result<Leaf, Fault>),
}

/// The server's own certificate of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leaf {
    /// DNS names and addresses of its `subjectAltName`.
    pub(crate) names: Vec<String>,
    /// When it begins.
    pub(crate) not_before: SystemTime,
    /// When it ends.
    pub(crate) not_after: SystemTime,
    /// Who signed it, for a person.
    pub(crate) issuer: String,
}

/// Why the files are of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A file is not there.
    Absent(PathBuf),
    /// The service's user may not read it.
    Forbidden(PathBuf),
    /// It cannot be read, for a reason of its own.
    Unreadable(PathBuf, String),
    /// It is not what it should be.
    NotPem(PathBuf),
    /// The key is not the certificate's.
    Mismatch,
}

/// All that is to be said.
pub(super) fn findings(facts: &CertificateFacts) -> Vec<Finding> {
    let topic = Topic::Certificate;
    match &facts.source {
        Source::Loopback => vec![topic.ok(
            "loopback",
            both!(
                "Pas de HTTPS : seule cette machine se connecte, et pour elle les navigateurs \
                 n’en demandent pas.",
                "No HTTPS: only this machine connects, for which browsers do not ask for it.",
            ),
        )],
        Source::Plain => vec![plain()],
        Source::Proxy => vec![topic.ok(
            "proxy",
            both!(
                "Le proxy inverse parle HTTPS ; son certificat est son affaire.",
                "The reverse proxy speaks HTTPS; its certificate is its own affair.",
            ),
        )],
        Source::SelfSigned => vec![self_signed(facts.host.as_deref())],
        Source::Files(Err(fault)) => vec![unusable(fault)],
        Source::Files(Ok(leaf)) => {
            let mut findings = vec![judged(facts, leaf)];
            findings.extend(facts.served.as_ref().filter(|served| *served != leaf).map(stale));
            findings
        }
        Source::Acme(fault) => vec![match (&facts.served, fault) {
            (Some(leaf), _) => judged(facts, leaf),
            (None, Some(fault)) => authority::finding(*fault),
            (None, None) => unseen(),
        }],
    }
}

fn plain() -> Finding {
    Topic::Certificate.warning(
        "plain",
        both!(
            "Sans HTTPS, les navigateurs ne donnent ni caméra ni micro, sauf sur la machine même.",
            "Without HTTPS browsers give neither camera nor microphone, except on the machine \
             itself.",
        ),
        both!(
            "Obtenez un certificat avec `preau setup VOTRE.DOMAINE`, ou, sur un réseau local, \
             écrivez tls = \"self-signed\".",
            "Get a certificate by `preau setup YOUR.DOMAIN`, or, on a LAN, write tls = \
             \"self-signed\".",
        ),
    )
}

fn self_signed(host: Option<&str>) -> Finding {
    let text = both!(
        "Certificat fait ici : chaque navigateur avertit une fois.",
        "Certificate made here: each browser warns once.",
    );
    // A name with a dot can have a certificate that browsers know.
    match host.filter(|host| host.contains('.') && host.parse::<IpAddr>().is_err()) {
        Some(host) => Topic::Certificate.warning(
            "self_signed",
            text,
            both!(
                "Si {host} est un nom public, `preau setup {host}` obtient un certificat que les \
                 navigateurs connaissent.",
                "If {host} is a public name, `preau setup {host}` gets a certificate that browsers \
                 know.",
            ),
        ),
        None => Topic::Certificate.ok("self_signed", text),
    }
}

fn unusable(fault: &Fault) -> Finding {
    let error = |code, text, cure| Topic::Certificate.error(code, text, cure);
    match fault {
        Fault::Absent(path) => {
            let path = path.display();
            error(
                "absent",
                both!("Le fichier {path} n’existe pas.", "The file {path} does not exist."),
                both!(
                    "Corrigez `tls_cert` et `tls_key`, ou mettez le certificat à cet endroit.",
                    "Correct `tls_cert` and `tls_key`, or put the certificate there.",
                ),
            )
        }
        Fault::Forbidden(path) => {
            let path = path.display();
            error(
                "forbidden",
                both!(
                    "Le service n’a pas le droit de lire {path}.",
                    "The service may not read {path}.",
                ),
                both!(
                    "Donnez-le à son groupe : chgrp preau {path} ; chmod g+r {path} ; que \
                     chaque dossier au-dessus lui soit ouvert (chgrp preau, chmod g+x).",
                    "Give it to its group: chgrp preau {path}; chmod g+r {path}; and open each \
                     folder above it (chgrp preau, chmod g+x).",
                ),
            )
        }
        Fault::Unreadable(path, message) => {
            let path = path.display();
            error(
                "unreadable",
                both!(
                    "Le fichier {path} ne se lit pas ({message}).",
                    "The file {path} cannot be read ({message}).",
                ),
                both!("Vérifiez le fichier et le disque.", "Check the file and the disk."),
            )
        }
        Fault::NotPem(path) => {
            let path = path.display();
            error(
                "not_pem",
                both!(
                    "Le fichier {path} ne contient pas ce qu’il faut au format PEM.",
                    "The file {path} does not hold what it should in PEM.",
                ),
                both!(
                    "`tls_cert` veut la chaîne (BEGIN CERTIFICATE), `tls_key` la clé privée \
                     (BEGIN PRIVATE KEY).",
                    "`tls_cert` wants the chain (BEGIN CERTIFICATE), `tls_key` the private key \
                     (BEGIN PRIVATE KEY).",
                ),
            )
        }
        Fault::Mismatch => error(
            "mismatch",
            both!(
                "La clé n’est pas celle du certificat.",
                "The key is not that of the certificate.",
            ),
            both!(
                "Nommez par `tls_cert` et `tls_key` deux fichiers faits ensemble ; dans la chaîne, \
                 le certificat du serveur vient en premier.",
                "Name two files by `tls_cert` and `tls_key` that were made together; in the chain \
                 the server's certificate comes first.",
            ),
        ),
    }
}

/// What there is to say of a certificate that can be read.
fn judged(facts: &CertificateFacts, leaf: &Leaf) -> Finding {
    let (from, until) = (date(leaf.not_before), date(leaf.not_after));
    let today = date(facts.now);
    let renewal = if matches!(facts.source, Source::Acme(_)) {
        both!(
            "Le renouvellement échoue : `journalctl -u preau` dit pourquoi.",
            "Its renewal fails: `journalctl -u preau` says why.",
        )
    } else {
        both!(
            "Renouvelez-le là où il a été fait ; Préau relit les fichiers de lui-même.",
            "Renew it where it was made; Préau reads the files again by itself.",
        )
    };
    let error = |code, text, cure| Topic::Certificate.error(code, text, cure);
    if facts.now > leaf.not_after {
        let text = both!(
            "Le certificat a expiré le {until} (pour l’horloge de cette machine, nous sommes le \
             {today}) : les navigateurs refusent la page.",
            "The certificate expired on {until} (this machine's clock says {today}): browsers \
             refuse the page.",
        );
        return error("expired", text, renewal);
    }
    if facts.now < leaf.not_before {
        return error(
            "not_yet",
            both!(
                "Le certificat ne vaut qu’à partir du {from}, et pour l’horloge de cette machine \
                 nous sommes le {today}.",
                "The certificate begins on {from}, and this machine's clock says {today}.",
            ),
            both!(
                "Mettez l’horloge à l’heure : timedatectl set-ntp true",
                "Set the clock: timedatectl set-ntp true",
            ),
        );
    }
    if let Some(host) = facts.host.as_deref().filter(|host| !leaf.covers(host)) {
        let names = leaf.names.join(", ");
        return error(
            "other_name",
            both!(
                "Le certificat vaut pour {names}, pas pour {host} : les navigateurs refusent la \
                 page.",
                "The certificate is for {names}, not for {host}: browsers refuse the page.",
            ),
            both!(
                "Obtenez-en un pour {host}, ou corrigez `public_url`.",
                "Get one for {host}, or correct `public_url`.",
            ),
        );
    }
    if leaf.ends_soon(facts.now) {
        let text = both!("Le certificat expire le {until}.", "The certificate expires on {until}.");
        return Topic::Certificate.warning("soon", text, renewal);
    }
    let issuer = &leaf.issuer;
    Topic::Certificate.ok(
        "valid",
        both!(
            "Certificat valable jusqu’au {until} (signé par {issuer}).",
            "The certificate is good until {until} (signed by {issuer}).",
        ),
    )
}

fn stale(served: &Leaf) -> Finding {
    let until = date(served.not_after);
    Topic::Certificate.warning(
        "stale",
        both!(
            "Le service montre un autre certificat que celui des fichiers (valable jusqu’au \
             {until}).",
            "The service shows another certificate than that of the files (good until {until}).",
        ),
        both!(
            "Il relit les fichiers toutes les deux secondes ; si cela dure, `journalctl -u preau` \
             dit ce qui l’en empêche.",
            "It reads the files every two seconds; if this lasts, `journalctl -u preau` says what \
             keeps it from that.",
        ),
    )
}

fn unseen() -> Finding {
    Topic::Certificate.warning(
        "unseen",
        both!(
            "Le service obtient lui-même son certificat, mais n’en montre pas encore.",
            "The service gets its certificate by itself, but shows none yet.",
        ),
        both!(
            "S’il tourne depuis plus d’une minute, `journalctl -u preau` dit pourquoi ; le nom \
             doit mener ici et le port TCP 443 (ou 80) être ouvert vers l’Internet.",
            "If it has run for more than a minute, `journalctl -u preau` says why; the name must \
             lead here and TCP port 443 (or 80) be open to the Internet.",
        ),
    )
}

impl Leaf {
    /// Whether browsers accept it for `host` (RFC 9525 §6.3: a wildcard is one whole first label).
    fn covers(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let behind_first = host.split_once('.').map(|(_, rest)| rest);
        self.names.iter().map(|name| name.to_ascii_lowercase()).any(|name| {
            name == host || (behind_first.is_some() && name.strip_prefix("*.") == behind_first)
        })
    }

    /// Whether it should have been renewed: less than a fifth of its life is left, and less than a
    /// fortnight. Renewal is usual at two thirds.
    fn ends_soon(&self, now: SystemTime) -> bool {
        const FORTNIGHT: Duration = Duration::from_secs(14 * 24 * 3600);
        let left = self.not_after.duration_since(now).unwrap_or_default();
        let life = self.not_after.duration_since(self.not_before).unwrap_or_default();
        left < FORTNIGHT.min(life / 5)
    }
}

/// The day in UTC, as in `2026-11-23`.
pub(crate) fn date(at: SystemTime) -> String {
    let days = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / (24 * 3600);
    // Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`, for years from
    // 1970: eras of 400 years that begin on 1 March.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}
