//! Who speaks HTTPS, with which certificate: the settings for it, decided and checked together.

use std::{
    net::{Ipv6Addr, SocketAddr},
    path::PathBuf,
};

use signaling_service::{Acme, Directory};

use super::{
    Layer, SideListener,
    values::{AcmeChallenge, Text, TlsMode},
};

/// HTTPS on the listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    /// Plain HTTP.
    Off,
    /// A certificate made here, kept under the data folder.
    SelfSigned,
    /// PEM files, reread when they change.
    Files {
        /// The chain, leaf first.
        cert: PathBuf,
        /// The leaf's key.
        key: PathBuf,
    },
    /// A certificate of an authority, kept under the data folder and renewed in time.
    Acme(Acme),
}

/// Settings of HTTPS that contradict each other, or lack one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadTls {
    /// Half a certificate.
    #[error("`{present}` is set without `{missing}`: HTTPS needs both, set `{missing}` too")]
    HalfCertificate {
        /// What is set.
        present: &'static str,
        /// What is not.
        missing: &'static str,
    },
    /// Two certificates.
    #[error("`tls = \"{mode}\"` and `{file}` contradict each other: remove one of them")]
    TwoCertificates {
        /// Where one comes from.
        mode: &'static str,
        /// Where the other does.
        file: &'static str,
    },
    /// An authority, and no name to ask for.
    #[error("`tls = \"acme\"` needs to know for which name: set `domains`")]
    NoDomain,
    /// More names than authorities put into a certificate.
    #[error(
        "`domains` holds more than {DOMAINS_MAX} names: authorities put no more into one \
             certificate"
    )]
    TooManyDomains,
    /// Links that begin with a name which the certificate would not be for.
    #[error(
        "`public_url` names {host}, which is not among `domains`: add it there, so that the \
             certificate is for it too"
    )]
    LinksElsewhere {
        /// The host of `public_url`.
        host: String,
    },
    /// A setting that means nothing without an authority.
    #[error("`{setting}` is set without `tls = \"acme\"`: set that too, or remove `{setting}`")]
    WithoutAuthority {
        /// Which.
        setting: &'static str,
    },
    /// HTTP-01 is asked for on port 80, where nobody would answer.
    #[error(
        "`acme_challenge = \"http-01\"` is answered on `http_listen`: remove \
             `http_listen = \"off\"`, or choose tls-alpn-01"
    )]
    NobodyAnswers,
    /// Nothing to send people on to.
    #[error("`http_listen` sends people on to HTTPS, and `tls` is off: set `tls`, or remove it")]
    NoHttps,
}

/// Let's Encrypt's limit.
const DOMAINS_MAX: usize = 100;

pub(super) fn decide(layer: &Layer) -> Result<Tls, BadTls> {
    let mode = layer.tls.unwrap_or(TlsMode::Off);
    if mode != TlsMode::Acme {
        check_without_authority(layer)?;
    }
    match (mode, layer.tls_cert.clone(), layer.tls_key.clone()) {
        (TlsMode::Off, None, None) => Ok(Tls::Off),
        (TlsMode::SelfSigned, None, None) => Ok(Tls::SelfSigned),
        (TlsMode::Acme, None, None) => decide_acme(layer).map(Tls::Acme),
        (TlsMode::Off, Some(cert), Some(key)) => Ok(Tls::Files { cert, key }),
        (TlsMode::Off, Some(_), None) => {
            Err(BadTls::HalfCertificate { present: "tls_cert", missing: "tls_key" })
        }
        (TlsMode::Off, None, Some(_)) => {
            Err(BadTls::HalfCertificate { present: "tls_key", missing: "tls_cert" })
        }
        (TlsMode::SelfSigned | TlsMode::Acme, cert, _) => Err(BadTls::TwoCertificates {
            mode: if mode == TlsMode::Acme { "acme" } else { "self-signed" },
            file: if cert.is_some() { "tls_cert" } else { "tls_key" },
        }),
    }
}

/// Fills what depends on other settings: where plain HTTP is answered, and with an authority, by
/// what name people come.
pub(super) fn with_derived_defaults(mut layer: Layer) -> Layer {
    let plain =
        if is_asked_by_http(&layer) { SideListener::At(PLAIN_DEFAULT) } else { SideListener::Off };
    layer.http_listen.get_or_insert(Text(plain));
    if layer.tls == Some(TlsMode::Acme) && layer.public_url.is_none() {
        // Port 0 is not known yet; 443 goes without saying in an origin.
        let port = layer.listen.map(|listen| listen.port()).filter(|port| *port != 0);
        let name = layer.domains.as_ref().and_then(|domains| domains.first());
        layer.public_url = name
            .and_then(|name| format!("https://{}:{}", name.0, port.unwrap_or(443)).parse().ok());
    }
    layer
}

/// Where plain HTTP is answered beside HTTPS.
pub(super) fn decide_plain(layer: &Layer) -> Result<SideListener, BadTls> {
    let is_encrypted = layer.tls.unwrap_or(TlsMode::Off) != TlsMode::Off
        || layer.tls_cert.is_some()
        || layer.tls_key.is_some();
    match layer.http_listen {
        Some(Text(SideListener::Off)) | None if is_asked_by_http(layer) => {
            Err(BadTls::NobodyAnswers)
        }
        Some(Text(SideListener::At(_))) if !is_encrypted => Err(BadTls::NoHttps),
        Some(Text(listener)) => Ok(listener),
        None => Ok(SideListener::Off),
    }
}

fn is_asked_by_http(layer: &Layer) -> bool {
    layer.tls == Some(TlsMode::Acme) && layer.acme_challenge == Some(AcmeChallenge::Http01)
}

const PLAIN_DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::UNSPECIFIED), 80);

fn decide_acme(layer: &Layer) -> Result<Acme, BadTls> {
    let domains = layer.domains.as_deref().unwrap_or_default();
    if domains.is_empty() {
        return Err(BadTls::NoDomain);
    }
    if domains.len() > DOMAINS_MAX {
        return Err(BadTls::TooManyDomains);
    }
    let is_asked_for = |host: &str| domains.iter().any(|Text(domain)| domain.as_str() == host);
    let host = layer.public_url.as_ref().map(|Text(url)| url.host());
    if let Some(host) = host.filter(|host| !is_asked_for(host)) {
        return Err(BadTls::LinksElsewhere { host: host.to_owned() });
    }
    let challenge = match layer.acme_challenge {
        Some(AcmeChallenge::Http01) => signaling_service::AcmeChallenge::Http01,
        Some(AcmeChallenge::TlsAlpn01) | None => signaling_service::AcmeChallenge::TlsAlpn01,
    };
    let directory = layer.acme_directory.as_ref();
    Ok(Acme {
        domains: domains.iter().map(|Text(domain)| domain.as_str().to_owned()).collect(),
        email: layer.acme_email.as_ref().map(|Text(email)| email.to_string()),
        directory: directory.map_or_else(Directory::default, |Text(url)| url.clone()),
        root: layer.acme_ca.clone(),
        challenge,
    })
}

/// What is set for an authority that is not asked is a mistake: a certificate is expected, and none
/// would come. The two settings with a default are compared with it.
fn check_without_authority(layer: &Layer) -> Result<(), BadTls> {
    let directory = layer.acme_directory.as_ref();
    let settings = [
        ("domains", layer.domains.as_ref().is_some_and(|domains| !domains.is_empty())),
        ("acme_email", layer.acme_email.is_some()),
        ("acme_directory", directory.is_some_and(|Text(url)| *url != Directory::default())),
        ("acme_ca", layer.acme_ca.is_some()),
        ("acme_challenge", layer.acme_challenge == Some(AcmeChallenge::Http01)),
    ];
    match settings.into_iter().find(|(_, is_set)| *is_set) {
        Some((setting, _)) => Err(BadTls::WithoutAuthority { setting }),
        None => Ok(()),
    }
}
