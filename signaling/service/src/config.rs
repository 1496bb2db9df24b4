//! What the service is told at its start.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::PathBuf,
    str::FromStr,
};

use protocol::client::order::Rules;
use signaling_core::Limits;

use crate::{ServiceError, store::random_bytes};

use crate::{Acme, SiteConfig};

/// Everything that the service is told.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// The folder of the store, its key and the self-signed certificate. It is made if absent.
    pub data_dir: PathBuf,
    /// What links begin with. `None`: the `Host` of the request that makes the room.
    pub public_url: Option<Origin>,
    /// Who may say `X-Forwarded-For`, `-Host` and `-Proto`.
    pub behind_proxy: Vec<Cidr>,
    /// Sites other than this one that may embed the page, load the SDK and open the WebSocket.
    pub allowed_origins: Vec<Origin>,
    /// Encryption of the listener.
    pub tls: TlsMode,
    /// Relays for browsers that reach nothing but TCP.
    pub turn: TurnConfig,
    /// How the pages look, and what they tell.
    pub site: SiteConfig,
    /// What guests may do in a room that was made without rules of its own.
    pub rules: Rules,
    /// Limits of rooms, sessions and commands.
    pub limits: Limits,
}

impl ServiceConfig {
    /// Defaults around a data folder: plain HTTP, no proxy, no other site.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        ServiceConfig {
            data_dir: data_dir.into(),
            public_url: None,
            behind_proxy: Vec::new(),
            allowed_origins: Vec::new(),
            tls: TlsMode::Off,
            turn: TurnConfig::default(),
            site: SiteConfig::default(),
            rules: Rules::default(),
            limits: Limits::default(),
        }
    }
}

/// The TURN servers that clients are told of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TurnConfig {
    /// The secret of the listener's own, where its node has one. It is offered only where the
    /// listener itself encrypts.
    pub own: Option<TurnSecret>,
    /// Another server.
    pub other: Option<OtherTurn>,
}

/// A TURN server that is not ours, such as coturn with `use-auth-secret`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherTurn {
    /// Its addresses (RFC 7065).
    pub urls: Vec<String>,
    /// What it shares with us.
    pub secret: TurnSecret,
}

/// What proves the credentials that are made of it (draft-uberti-behave-turn-rest-00 §2.2).
#[derive(Clone, PartialEq, Eq)]
pub struct TurnSecret(pub Vec<u8>);

impl TurnSecret {
    /// One that nobody else knows.
    ///
    /// # Errors
    /// The operating system gives no random numbers.
    pub fn random() -> Result<TurnSecret, ServiceError> {
        Ok(TurnSecret(random_bytes::<32>()?.to_vec()))
    }
}

impl fmt::Debug for TurnSecret {
    /// A secret does not print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

/// How the listener encrypts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// Plain HTTP: on localhost, or behind a proxy that encrypts.
    Off,
    /// A certificate chain and its key in PEM, read again when the files change.
    Files {
        /// The chain, the server's own certificate first.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// A certificate of our own for a local network, kept in the data folder.
    SelfSigned {
        /// Host names and IP addresses that it names.
        names: Vec<String>,
    },
    /// A certificate of an authority that speaks ACME, renewed by ourselves and kept in the data
    /// folder.
    Acme(Acme),
}

/// A web origin: scheme, host, and port where it is not the scheme's own. It has no path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    text: String,
    scheme_length: usize,
}

/// Why a text is not an [`Origin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an origin is written https://HOST or https://HOST:PORT, without a path")]
pub struct BadOrigin;

impl Origin {
    /// The whole as browsers write it in `Origin`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether its scheme is `https`.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.scheme_length == "https".len()
    }

    /// Host, and port if not the scheme's own.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.text[self.scheme_length + "://".len()..]
    }

    /// The host name, or the address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        let authority = self.authority();
        if let Some(rest) = authority.strip_prefix('[') {
            return rest.split_once(']').map_or(rest, |(address, _)| address);
        }
        authority.split_once(':').map_or(authority, |(host, _)| host)
    }
}

impl FromStr for Origin {
    type Err = BadOrigin;

    fn from_str(text: &str) -> Result<Self, BadOrigin> {
        let text = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
        let (scheme, authority) = text.split_once("://").ok_or(BadOrigin)?;
        let own_port = match scheme {
            "https" => ":443",
            "http" => ":80",
            _ => return Err(BadOrigin),
        };
        if !is_authority(authority) {
            return Err(BadOrigin);
        }
        let authority = authority.strip_suffix(own_port).unwrap_or(authority);
        Ok(Origin { text: format!("{scheme}://{authority}"), scheme_length: scheme.len() })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether a text is a host with an optional port, made of characters that are safe in a link.
pub(crate) fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        Some(_) | None => (text, None),
    };
    let port_is_fine = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port != 0));
    let host_is_fine = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(|ip| ip.parse::<Ipv6Addr>().is_ok()),
        None => {
            let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-';
            !host.is_empty() && host.len() <= 253 && host.bytes().all(allowed)
        }
    };
    port_is_fine && host_is_fine
}

/// A range of IP addresses, as in `10.0.0.0/8`; a bare address is a range of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    /// First address as 128 bits, IPv4 mapped into IPv6 (RFC 4291 §2.5.5.2).
    network: u128,
    /// Leading bits that count, of 128.
    prefix: u32,
}

/// Why a text is not a [`Cidr`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a range of addresses is written ADDRESS or ADDRESS/BITS")]
pub struct BadCidr;

impl Cidr {
    /// Whether the range holds an address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        (bits(address) ^ self.network)
            .checked_shr(128 - self.prefix)
            .is_none_or(|difference| difference == 0)
    }
}

impl FromStr for Cidr {
    type Err = BadCidr;

    fn from_str(text: &str) -> Result<Self, BadCidr> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| BadCidr)?;
        let width: u32 = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            Some(length) => length.parse().map_err(|_| BadCidr)?,
            None => width,
        };
        if length > width {
            return Err(BadCidr);
        }
        Ok(Cidr { network: bits(address), prefix: 128 - width + length })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = Ipv6Addr::from_bits(self.network);
        match address.to_ipv4_mapped() {
            Some(address) if self.prefix >= 96 => write!(f, "{address}/{}", self.prefix - 96),
            Some(_) | None => write!(f, "{address}/{}", self.prefix),
        }
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => Ipv4Addr::to_ipv6_mapped(&address).to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests;
