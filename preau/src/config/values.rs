//! What single settings can hold: texts from a file, the environment or a flag, parsed once.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a setting's text is refused: the rule and an example, for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadValue {
    /// Not an address, and no name could look like it.
    #[error("expected an IP address or a host name, such as 203.0.113.7 or meet.example.org")]
    Advertised,
    /// Neither an address with a port nor `off`.
    #[error("expected ADDRESS:PORT or off, such as 127.0.0.1:9600")]
    SideListener,
    /// No name that could have a certificate.
    #[error("expected a host name in ASCII, such as meet.example.org, without a wildcard")]
    Domain,
    /// No mail address.
    #[error("expected a mail address, such as admin@example.org")]
    Email,
    /// No language.
    #[error("expected the tag of a language, such as fr or en")]
    Language,
    /// Nothing that a link could lead to.
    #[error("expected an address such as https://example.org/page")]
    WebAddress,
    /// Neither of both.
    #[error("expected a mail address or https://…, such as admin@example.org")]
    Contact,
    /// A rule that does not exist, or is neither true nor false.
    #[error(
        "expected rules of lobby, locked, microphone, camera, screen, chat, private_chat and \
         recording, each true or false"
    )]
    Rules,
}

/// A value that travels as the text of its `FromStr` and `Display`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text<T>(pub(crate) T);

impl<T: FromStr> FromStr for Text<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        text.parse().map(Text)
    }
}

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Text).map_err(de::Error::custom)
    }
}

/// Where the media can be reached: an address, or a name whose addresses are looked up at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Advertised {
    /// An address as it is.
    Address(IpAddr),
    /// A host name.
    Name(String),
}

impl FromStr for Advertised {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse() {
            return Ok(Advertised::Address(address));
        }
        if is_host_name(text) {
            Ok(Advertised::Name(text.to_ascii_lowercase()))
        } else {
            Err(BadValue::Advertised)
        }
    }
}

impl fmt::Display for Advertised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Advertised::Address(address) => address.fmt(f),
            Advertised::Name(name) => f.write_str(name),
        }
    }
}

/// Where a listener beside the one for people is, such as that of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SideListener {
    /// Nowhere.
    Off,
    /// On this address.
    At(SocketAddr),
}

impl FromStr for SideListener {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if text == "off" {
            return Ok(SideListener::Off);
        }
        text.parse().map(SideListener::At).map_err(|_| BadValue::SideListener)
    }
}

impl fmt::Display for SideListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SideListener::Off => f.write_str("off"),
            SideListener::At(address) => address.fmt(f),
        }
    }
}

/// Where the certificate comes from, as one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TlsMode {
    /// Plain HTTP: for localhost, or behind a proxy that speaks HTTPS.
    Off,
    /// HTTPS with a certificate made here, which browsers warn about once: for a LAN.
    SelfSigned,
    /// HTTPS with a certificate that an authority issues to this program: for a public name.
    Acme,
}

/// How an authority makes sure that a name leads here, as one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub(crate) enum AcmeChallenge {
    /// On port 443, where people connect.
    #[serde(rename = "tls-alpn-01")]
    #[value(name = "tls-alpn-01")]
    TlsAlpn01,
    /// On port 80, where browsers look first.
    #[serde(rename = "http-01")]
    #[value(name = "http-01")]
    Http01,
}

/// A host name that a certificate can be for, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Domain(String);

impl Domain {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Domain {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if is_host_name(text) {
            Ok(Domain(text.to_ascii_lowercase()))
        } else {
            Err(BadValue::Domain)
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A mail address. Authorities check it; this catches what is none at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Email(String);

impl FromStr for Email {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let parts = text.split_once('@');
        // RFC 6068 §2: these would need an escape behind `mailto:`, or make two addresses of one.
        let is_plain = |b: u8| b.is_ascii_graphic() && !b",?&%@<>".contains(&b);
        match parts {
            Some((local, host))
                if !local.is_empty() && local.bytes().all(is_plain) && is_host_name(host) =>
            {
                Ok(Email(text.to_owned()))
            }
            Some(_) | None => Err(BadValue::Email),
        }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// RFC 1123 §2.1: letters, digits and inner hyphens in labels of 1 to 63, 253 in all.
fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    // A last label of digits alone would be a mistyped IPv4 address (WHATWG URL §4.5).
    let ends_in_number =
        text.rsplit('.').next().is_some_and(|label| label.bytes().all(|b| b.is_ascii_digit()));
    text.len() <= 253 && text.split('.').all(is_label) && !ends_in_number
}

#[cfg(test)]
mod tests;
