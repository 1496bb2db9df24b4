//! `preau setup DOMAIN`: from a program on a Debian to a service that people can come to.
//!
//! It looks around ([`situation`]), checks what the doctor checks, makes a [`plan`], which is pure,
//! prints it and carries it out ([`carry_out`]) unless this is a rehearsal. What is so already is
//! not done again; of a file that it changes it keeps the old one. Tests: `setup/plan/tests.rs` for
//! what it decides, `tests/it/setup.rs` for the rehearsal, `cargo xtask trial` for the whole.

mod carry_out;
mod diff;
mod plan;
mod settings_file;
mod situation;

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    net::{IpAddr, Ipv6Addr, SocketAddr},
    path::Path,
    process::ExitCode,
};

use signaling_service::Origin;

use crate::{
    cli::SetupArguments,
    config::{Advertised, Config, ConfigError, Layer, Sources, Text, Tls, TlsMode},
    doctor::{self, Level},
    language::{self, Bilingual, Language, both},
};
use carry_out::Outcome;
use plan::{Step, Wish};
use situation::Situation;

/// Sets the machine up, or tells how it would.
pub(crate) fn setup(arguments: &SetupArguments, flags: &Layer) -> ExitCode {
    let language = arguments.lang.unwrap_or_else(language::at_the_terminal);
    match try_setup(arguments, flags, language) {
        Ok(code) => code,
        Err(sentence) => {
            let head = both!("erreur : ", "error: ");
            // Nothing is left to do when stderr is closed.
            writeln!(io::stderr(), "{}{sentence}", head.text(language)).ok();
            ExitCode::FAILURE
        }
    }
}

fn try_setup(
    arguments: &SetupArguments,
    flags: &Layer,
    language: Language,
) -> Result<ExitCode, String> {
    let words = |text: &Bilingual| text.text(language).to_owned();
    if !arguments.dry_run {
        may_change(situation::is_root(), situation::has_systemd()).map_err(|why| words(&why))?;
    }
    let mut situation = Situation::look().map_err(|error| error.to_string())?;
    let wish =
        wish(arguments, flags, situation.config.as_deref(), language).map_err(|why| words(&why))?;
    let unusable = |error: &dyn std::error::Error| {
        words(&both!("la configuration n’est pas utilisable : {error}", "{error}"))
    };
    let existing = situation.config.as_deref();
    let broken =
        |error| ConfigError::syntax(Path::new(CONFIG), existing.unwrap_or_default(), &error);
    let text = plan::settings(existing, &wish).map_err(|error| unusable(&broken(error)))?;
    let config = decided(&text).map_err(|error| unusable(&error))?;
    situation.awaits_certificate = matches!(config.tls, Tls::Acme(_));
    let checks = doctor::before_start(&config);
    say(&checks.list(language));
    if checks.worst() == Level::Error && !arguments.anyway && !arguments.dry_run {
        return Err(words(&both!(
            "rien n’a été changé ; corrigez ce qui précède (chaque réglage est aussi une option : \
             --advertise, --listen…), ou passez outre avec --anyway",
            "nothing was changed; mend the above (each setting is an option too: --advertise, \
             --listen…), or go on with --anyway",
        )));
    }
    let steps = plan::plan(&situation, &text);
    if arguments.dry_run {
        say(&rehearsal(&steps, language));
        return Ok(ExitCode::from(if checks.worst() == Level::Error { 2 } else { 0 }));
    }
    let outcome = all(&steps, &config, language)?;
    say(&farewell(&config, &outcome, language));
    let left = doctor::after_start(&config);
    if left.worst() != Level::Ok {
        let head = both!("Ce qui reste à améliorer :", "What is left to mend:");
        say(&format!("\n{}\n{}", head.text(language), left.list(language)));
    }
    Ok(if left.worst() == Level::Error { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn may_change(is_root: bool, has_systemd: bool) -> Result<(), Bilingual> {
    if !is_root {
        return Err(both!(
            "il faut être root : sudo preau setup … (ou --dry-run pour voir ce qui serait fait)",
            "root is needed: sudo preau setup … (or --dry-run to see what would be done)",
        ));
    }
    if !has_systemd {
        return Err(both!(
            "systemd ne tourne pas ici : lancez `preau --config {CONFIG}` à votre façon, ou voyez \
             ce que le service attend avec --dry-run",
            "systemd does not run here: start `preau --config {CONFIG}` your own way, or see what \
             the service needs with --dry-run",
        ));
    }
    Ok(())
}

/// What the command line asks of the settings, and what goes without saying.
fn wish(
    arguments: &SetupArguments,
    flags: &Layer,
    existing: Option<&str>,
    language: Language,
) -> Result<Wish, Bilingual> {
    let from_file = existing.and_then(|text| decided(text).ok());
    let is_proxied = flags.behind_proxy.is_some()
        || from_file.as_ref().is_some_and(|config| !config.behind_proxy.is_empty());
    // Behind a proxy 443 is the proxy's.
    let port = if is_proxied { 8080 } else { 443 };
    let listen = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    let effective =
        flags.listen.or(from_file.as_ref().map(|config| config.listen)).unwrap_or(listen);
    let host = match &arguments.domain.0 {
        Advertised::Address(IpAddr::V6(address)) => format!("[{address}]"),
        domain @ (Advertised::Address(IpAddr::V4(_)) | Advertised::Name(_)) => domain.to_string(),
    };
    let url = match effective.port() {
        port if port != 443 && !is_proxied => format!("https://{host}:{port}"),
        _usual => format!("https://{host}"),
    };
    let url: Origin = url.parse().map_err(|_| {
        both!(
            "`listen` doit nommer un port, comme dans [::]:443",
            "`listen` must name a port, as in [::]:443",
        )
    })?;
    let (tls, domains) = match host.parse() {
        // No authority gives certificates for a name without a dot.
        Ok(domain) if host.contains('.') => (TlsMode::Acme, Some(vec![Text(domain)])),
        Ok(_) | Err(_) => (TlsMode::SelfSigned, None),
    };
    let is_served = matches!(from_file.map(|config| config.tls), Some(Tls::Acme(acme))
        if acme.domains.contains(&host));
    let asked = Layer {
        public_url: Some(Text(url)),
        acme_email: arguments.email.clone().or(flags.acme_email.clone()),
        ..flags.clone()
    };
    let default = Layer {
        listen: Some(listen),
        data: Some(doctor::SYSTEM_DATA.into()),
        tls: Some(tls),
        // The names that stand there already may be more.
        domains: domains.filter(|_| !is_served),
        ..Layer::default()
    };
    Ok(Wish { asked, default, language })
}

fn decided(text: &str) -> Result<Config, ConfigError> {
    Sources::of_text(Path::new(CONFIG), text)?.decide()
}

/// Says a text on standard output; a closed one is nobody's loss.
fn say(text: &str) {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes()).and_then(|()| output.flush()).ok();
}

/// Every step with what it would write.
fn rehearsal(steps: &[Step], language: Language) -> String {
    let head = both!("Voici ce qui serait fait :", "This is what would be done:");
    let mut text = format!("\n{}\n", head.text(language));
    for (number, step) in (1..).zip(steps) {
        writeln!(text, "\n{number}. {}", step.sentence().text(language)).ok();
        if let Step::Write(change) = step {
            let before = change.before.as_deref().unwrap_or_default();
            for line in diff::diff(before, &change.after).lines() {
                writeln!(text, "     {line}").ok();
            }
        }
    }
    let tail = both!("Rien n’a été changé.", "Nothing was changed.");
    writeln!(text, "\n{}", tail.text(language)).ok();
    text
}

/// Carries out all steps, saying each.
fn all(steps: &[Step], config: &Config, language: Language) -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    say("\n");
    for (number, step) in (1..).zip(steps) {
        say(&format!("[{number}/{}] {}\n", steps.len(), step.sentence().text(language)));
        carry_out::carry_out(step, config, language, &mut outcome)
            .map_err(|error| format!("{error:#}"))?;
    }
    Ok(outcome)
}

/// The links, and what to do next.
fn farewell(config: &Config, outcome: &Outcome, language: Language) -> String {
    let mut text = String::from("\n");
    let place = config.public_url.as_ref().map(ToString::to_string).unwrap_or_default();
    let port = config.listen.port();
    let state = if outcome.lacks_certificate {
        both!(
            "Préau tourne à {place}, mais n’a pas encore de certificat : voyez plus bas.",
            "Préau runs at {place}, but has no certificate yet: see below.",
        )
    } else {
        both!("Préau est prêt : {place}", "Préau is ready: {place}")
    };
    let rooms = match &outcome.links {
        Some((host, guest)) => both!(
            "  lien d’hôte    {host}\n  lien d’invité  {guest}\n\nLe lien d’hôte est pour vous, le \
             lien d’invité pour les autres.",
            "  host link   {host}\n  guest link  {guest}\n\nThe host link is yours, the guest \
             link is for the others.",
        ),
        None => both!(
            "`sudo preau link SALLE --host` donne un nouveau lien d’hôte vers une salle.",
            "`sudo preau link ROOM --host` gives a new host link to a room.",
        ),
    };
    let next = both!(
        "À faire encore :\n  - ouvrir le port {port} en TCP et en UDP chez le fournisseur ou sur \
         le routeur ;\n  - vérifier : sudo preau doctor\n  - les réglages : {CONFIG}, puis sudo \
         systemctl restart preau",
        "What is left to do:\n  - open port {port} for TCP and UDP at the provider or on the \
         router;\n  - check: sudo preau doctor\n  - the settings: {CONFIG}, then sudo systemctl \
         restart preau",
    );
    let parts = [&state, &rooms, &next].map(|part| part.text(language));
    writeln!(text, "{}", parts.join("\n\n")).ok();
    text
}

const CONFIG: &str = plan::CONFIG;
