//! What setup would do on a machine: a pure function of what is there and what is wanted.

use std::path::PathBuf;

use toml::de::Error;

use super::{settings_file, situation::Situation};
use crate::{
    config::{Layer, TlsMode, in_file},
    language::{Bilingual, Language, both},
};

/// What is wanted of the settings.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    /// Asked for: it stands above what the file says.
    pub(super) asked: Layer,
    /// What a new file says besides, and an existing one where it is silent.
    pub(super) default: Layer,
    /// The language of a new file's comments.
    pub(super) language: Language,
}

/// One thing to do. Each is done once and does nothing when it is done again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Put the program where the service can run it.
    CopyProgram {
        /// Where it lies.
        from: PathBuf,
        /// Where it goes.
        to: PathBuf,
    },
    /// Write a file.
    Write(Change),
    /// Make the user that `sysusers.d` names.
    AddUser,
    /// Raise a limit of the running kernel.
    RaiseKernelLimit {
        /// Below `/proc/sys/net/core`.
        name: &'static str,
        /// What it is.
        from: u64,
        /// What it will be.
        to: u64,
    },
    /// Have systemd read its units again.
    ReloadUnits,
    /// Start with the machine.
    Enable,
    /// Start the service and wait until people can come.
    Start,
    /// The same for one that runs with older settings.
    Restart,
    /// Wait for the certificate that the service obtains.
    AwaitCertificate,
    /// Make a room, if there is none.
    FirstRoom,
}

/// A file before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) path: PathBuf,
    /// Absent if there is no such file.
    pub(super) before: Option<String>,
    pub(super) after: String,
    /// Where a copy of what was there goes.
    pub(super) backup: Option<PathBuf>,
}

/// The settings of the service.
pub(super) const CONFIG: &str = crate::doctor::SYSTEM_CONFIG;
const UNIT: &str = "/etc/systemd/system/preau.service";
const SYSCTL: &str = "/etc/sysctl.d/90-preau.conf";
const SYSUSERS: &str = "/etc/sysusers.d/preau.conf";
/// Where a program goes that lies where the service cannot see it.
const PROGRAM: &str = "/usr/local/bin/preau";

const UNIT_TEXT: &str = include_str!("../../../deploy/preau.service");
const SYSCTL_TEXT: &str = include_str!("../../../deploy/90-preau.conf");
const SYSUSERS_TEXT: &str = include_str!("../../../deploy/preau.sysusers");
const CONFIG_ENGLISH: &str = include_str!("../../../deploy/preau.toml");
const CONFIG_FRENCH: &str = include_str!("../../../deploy/preau.fr.toml");

/// What only stands with `tls = "acme"`.
const OF_ACME: [&str; 5] = ["domains", "acme_email", "acme_directory", "acme_ca", "acme_challenge"];

/// What `90-preau.conf` says.
const KERNEL_LIMIT: u64 = 8 * 1024 * 1024;

/// The settings file as it should be.
///
/// # Errors
///
/// The file that is there is not TOML.
pub(super) fn settings(existing: Option<&str>, wish: &Wish) -> Result<String, Error> {
    let template = match wish.language {
        Language::French => CONFIG_FRENCH,
        Language::English => CONFIG_ENGLISH,
    };
    let mut text = existing.unwrap_or(template).to_owned();
    // A certificate that is asked for another way ends the former one.
    let asked = &wish.asked;
    let is_proxied = asked.behind_proxy.is_some();
    let mut over: Vec<&str> = Vec::new();
    if is_proxied || asked.tls.is_some() {
        over.extend(["tls_cert", "tls_key"]);
    }
    if is_proxied || asked.tls_cert.is_some() {
        over.push("tls");
    }
    if is_proxied || asked.tls_cert.is_some() || asked.tls.is_some_and(|tls| tls != TlsMode::Acme) {
        over.extend(OF_ACME);
    }
    for key in over {
        text = settings_file::unset(&text, key)?;
    }
    for (key, value) in pairs(asked) {
        text = settings_file::set(&text, &key, &value)?;
    }
    let table: toml::Table = text.parse()?;
    let is_other = ["tls_cert", "behind_proxy"].iter().any(|key| table.contains_key(*key));
    let mode = table.get("tls").and_then(|mode| mode.as_str()).map(str::to_owned);
    for (key, value) in pairs(&wish.default) {
        let is_settled = match key.as_str() {
            "tls" => is_other || mode.is_some(),
            // A name that is new stands in place of the former ones.
            "domains" => is_other || mode.as_deref().is_some_and(|mode| mode != "acme"),
            key => settings_file::look_up(&table, key).is_some(),
        };
        if !is_settled {
            text = settings_file::set(&text, &key, &value)?;
        }
    }
    Ok(text)
}

/// The settings of a layer as TOML.
fn pairs(layer: &Layer) -> Vec<(String, toml::Value)> {
    let entries = layer.entries().unwrap_or_default();
    let with_value = entries
        .into_iter()
        .filter_map(|(key, value)| Some((in_file(&key), toml::Value::try_from(value).ok()?)));
    with_value.collect()
}

/// Every step, in order; none that is done already.
///
/// # Errors
///
/// The settings file that is there is not TOML.
pub(super) fn plan(situation: &Situation, settings: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let program = program(situation);
    if program != situation.program {
        let from = situation.program.clone();
        steps.push(Step::CopyProgram { from, to: program.clone() });
    }
    let change = |path: &str, before: &Option<String>, after: &str| {
        let is_same = before.as_deref() == Some(after);
        let backup = before.as_ref().map(|_| format!("{path}.{}", situation.backup_suffix).into());
        let (before, after) = (before.clone(), after.to_owned());
        (!is_same).then(|| Step::Write(Change { path: path.into(), before, after, backup }))
    };
    steps.extend(change(CONFIG, &situation.config, settings));
    if !situation.is_packaged {
        let unit = UNIT_TEXT.replace("/usr/bin/preau", &program.display().to_string());
        steps.extend(change(SYSUSERS, &situation.sysusers, SYSUSERS_TEXT));
        steps.extend(change(SYSCTL, &situation.sysctl, SYSCTL_TEXT));
        steps.extend(change(UNIT, &situation.unit, &unit));
    }
    if !situation.has_user {
        steps.push(Step::AddUser);
    }
    for (name, from) in [("rmem_max", situation.buffers.0), ("wmem_max", situation.buffers.1)] {
        if from < KERNEL_LIMIT {
            steps.push(Step::RaiseKernelLimit { name, from, to: KERNEL_LIMIT });
        }
    }
    let is_unit = |step: &Step| matches!(step, Step::Write(change) if change.path == *UNIT);
    if steps.iter().any(is_unit) {
        steps.push(Step::ReloadUnits);
    }
    let is_read_at_start = |step: &Step| {
        matches!(step, Step::CopyProgram { .. })
            || matches!(step, Step::Write(change) if change.path == *UNIT || change.path == *CONFIG)
    };
    let is_newer = steps.iter().any(is_read_at_start);
    if !situation.is_enabled {
        steps.push(Step::Enable);
    }
    if !situation.is_active {
        steps.push(Step::Start);
    } else if is_newer {
        steps.push(Step::Restart);
    }
    if situation.awaits_certificate {
        steps.push(Step::AwaitCertificate);
    }
    steps.push(Step::FirstRoom);
    steps
}

/// Where the service runs the program from. The unit hides homes and `/tmp` from it.
fn program(situation: &Situation) -> PathBuf {
    if situation.program.starts_with("/usr") || situation.program.starts_with("/opt") {
        situation.program.clone()
    } else {
        PROGRAM.into()
    }
}

impl Step {
    /// As one says it before doing it.
    pub(super) fn sentence(&self) -> Bilingual {
        match self {
            Step::CopyProgram { from, to } => {
                let (from, to) = (from.display(), to.display());
                both!("Copier {from} vers {to}", "Copy {from} to {to}")
            }
            Step::Write(change) => change.sentence(),
            Step::AddUser => both!(
                "Créer l’utilisateur système preau (systemd-sysusers)",
                "Make the system user preau (systemd-sysusers)",
            ),
            Step::RaiseKernelLimit { name, from, to } => both!(
                "Porter net.core.{name} de {from} à {to} octets, pour les tampons UDP",
                "Raise net.core.{name} from {from} to {to} bytes, for UDP buffers",
            ),
            Step::ReloadUnits => both!(
                "Faire relire les services (systemctl daemon-reload)",
                "Have the services read again (systemctl daemon-reload)",
            ),
            Step::Enable => both!(
                "Lancer Préau au démarrage de la machine (systemctl enable preau)",
                "Start Préau with the machine (systemctl enable preau)",
            ),
            Step::Start => both!(
                "Lancer Préau et attendre qu’il soit prêt (systemctl start preau)",
                "Start Préau and wait until it is ready (systemctl start preau)",
            ),
            Step::Restart => both!(
                "Relancer Préau avec les nouveaux réglages (systemctl restart preau)",
                "Start Préau again with the new settings (systemctl restart preau)",
            ),
            Step::AwaitCertificate => both!(
                "Obtenir le certificat (c’est accepter les conditions de l’autorité, Let’s Encrypt \
                 sauf autre réglage)",
                "Obtain the certificate (which accepts the terms of the authority, Let's Encrypt \
                 unless set otherwise)",
            ),
            Step::FirstRoom => both!(
                "Ouvrir une première salle, s’il n’y en a pas, et afficher ses liens",
                "Open a first room, if there is none, and print its links",
            ),
        }
    }
}

impl Change {
    fn sentence(&self) -> Bilingual {
        let path = self.path.display();
        match &self.backup {
            None => both!("Écrire {path}", "Write {path}"),
            Some(backup) => {
                let backup = backup.display();
                both!(
                    "Modifier {path} ; l’ancien est gardé sous {backup}",
                    "Change {path}; the old one is kept as {backup}",
                )
            }
        }
    }
}

#[cfg(test)]
mod tests;
