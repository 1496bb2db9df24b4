//! `preau doctor`: looks at everything a call depends on, says what is wrong and how to mend it.
//!
//! [`examine`] is a pure function of [`Facts`], each topic in a file of its own; [`collect`]
//! gathers the facts and decides nothing. It changes nothing and asks no machine but this one and
//! its resolver. Tests: `doctor/tests.rs` is a table of facts; `tests/it/doctor.rs` breaks things.

mod addresses;
mod authority;
mod certificate;
mod clock;
mod collect;
mod finding;
mod machine;
mod name;
mod port;
mod report;
mod service;

use std::path::{Path, PathBuf};

use crate::{
    config::{Config, ConfigError, Layer, Sources, Tls},
    language::both,
    serve,
};
pub(crate) use certificate::date;
pub(crate) use collect::shows_certificate;
pub(crate) use finding::Level;
use finding::{Finding, Topic};
pub(crate) use report::Report;

/// The configuration that `preau setup` writes and the unit names.
pub(crate) const SYSTEM_CONFIG: &str = "/etc/preau/preau.toml";

/// Where the unit keeps the data.
pub(crate) const SYSTEM_DATA: &str = "/var/lib/preau";

/// Looks at everything, with the settings of `file`, or of the installed service where none is
/// named.
pub(crate) fn doctor(arguments: &Layer, file: Option<&Path>) -> Report {
    match settings(arguments, file) {
        Ok(config) => {
            let findings = examine(&collect::facts(&config));
            Report::new(findings, &place(&config), config.listen.port())
        }
        Err(error) => {
            let (place, port) = ("http://localhost:8080", 8080);
            Report::new(vec![unusable_settings(&error)], place, port)
        }
    }
}

/// Looks at what must be right before the service is started with `config`: not at what setup
/// itself is about to do.
pub(crate) fn before_start(config: &Config) -> Report {
    let mut findings = examine(&collect::facts(config));
    findings.retain(|finding| match finding.topic {
        Topic::Name | Topic::Clock | Topic::Port | Topic::Addresses | Topic::Offload => true,
        // Whether the files are good. What the service shows, and what an authority answers it, is
        // no reason not to start it again.
        Topic::Certificate => matches!(config.tls, Tls::Files { .. }) && finding.code != "stale",
        Topic::Configuration | Topic::Buffers | Topic::Files | Topic::Service => false,
    });
    Report::new(findings, &place(config), config.listen.port())
}

/// Looks at everything once the service runs with `config`, and keeps what is not well.
pub(crate) fn after_start(config: &Config) -> Report {
    let mut findings = examine(&collect::facts(config));
    findings.retain(|finding| finding.level != Level::Ok);
    Report::new(findings, &place(config), config.listen.port())
}

fn settings(arguments: &Layer, file: Option<&Path>) -> Result<Config, ConfigError> {
    let file = file.or_else(installed_config);
    let mut config = Sources::read(arguments.clone(), file)?.decide()?;
    // The unit hands the folder to the service in a variable that is not set here.
    let is_kept = file.is_some_and(|file| file == Path::new(SYSTEM_CONFIG));
    if is_kept && arguments.data.is_none() && Path::new(SYSTEM_DATA).exists() {
        config.data = PathBuf::from(SYSTEM_DATA);
    }
    Ok(config)
}

/// The settings of the installed service, where there is one.
pub(crate) fn installed_config<'p>() -> Option<&'p Path> {
    let installed = Path::new(SYSTEM_CONFIG);
    installed.exists().then_some(installed)
}

/// What people open.
fn place(config: &Config) -> String {
    match &config.public_url {
        Some(url) => url.to_string(),
        None => serve::local_url(config, config.listen),
    }
}

fn unusable_settings(error: &ConfigError) -> Finding {
    Topic::Configuration.error(
        "unusable",
        both!("La configuration n’est pas utilisable : {error}.", "{error}."),
        both!(
            "`preau config show --config {SYSTEM_CONFIG}` montre les réglages, `preau --help` les \
             explique.",
            "`preau config show --config {SYSTEM_CONFIG}` shows the settings, `preau --help` \
             explains them.",
        ),
    )
}

/// Everything that was found out about this machine.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// The public name; absent where there is none.
    name: Option<name::NameFacts>,
    certificate: certificate::CertificateFacts,
    clock: clock::ClockFacts,
    port: port::PortFacts,
    addresses: addresses::AddressFacts,
    machine: machine::MachineFacts,
    service: service::ServiceFacts,
}

/// What the facts mean, topic by topic.
fn examine(facts: &Facts) -> Vec<Finding> {
    let mut findings = vec![match &facts.name {
        Some(_) => Topic::Configuration
            .ok("usable", both!("Les réglages se tiennent.", "The settings hold together.")),
        None => nameless(),
    }];
    findings.extend(facts.name.iter().flat_map(name::findings));
    findings.extend(certificate::findings(&facts.certificate));
    findings.extend(clock::findings(&facts.clock));
    findings.extend(port::findings(&facts.port));
    findings.extend(addresses::findings(&facts.addresses));
    findings.extend(machine::findings(&facts.machine));
    findings.extend(service::findings(&facts.service));
    findings
}

fn nameless() -> Finding {
    Topic::Configuration.ok(
        "nameless",
        both!(
            "Les réglages se tiennent ; sans `public_url`, les liens commencent par l’adresse de \
             la page.",
            "The settings hold together; without `public_url` links begin with the page's address.",
        ),
    )
}

/// Whether the service speaks HTTPS itself.
fn is_encrypted(config: &Config) -> bool {
    match config.tls {
        Tls::Off => false,
        Tls::SelfSigned | Tls::Files { .. } | Tls::Acme(_) => true,
    }
}

#[cfg(test)]
mod tests;
