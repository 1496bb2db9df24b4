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
    MetricsListen,
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

/// Where metrics and the operator's commands are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MetricsListen {
    /// Nowhere.
    Off,
    /// On this address.
    At(SocketAddr),
}

impl FromStr for MetricsListen {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if text == "off" {
            return Ok(MetricsListen::Off);
        }
        text.parse().map(MetricsListen::At).map_err(|_| BadValue::MetricsListen)
    }
}

impl fmt::Display for MetricsListen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MetricsListen::Off => f.write_str("off"),
            MetricsListen::At(address) => address.fmt(f),
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
