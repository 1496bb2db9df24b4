//! What a certificate says of itself: its names and its time.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use x509_parser::{
    extensions::GeneralName,
    prelude::{FromDer as _, X509Certificate},
    time::ASN1Time,
};

use super::TlsError;

/// What a certificate says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CertificateFacts {
    /// Host names, in lower case, perhaps with `*` as first label, and addresses: all that it is
    /// good for. Browsers read no other field (RFC 9525 §2).
    pub(super) names: Vec<String>,
    /// From when it holds.
    pub(super) begins: SystemTime,
    /// Until when.
    pub(super) ends: SystemTime,
}

/// Why browsers refuse a certificate that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Its time is over.
    Expired,
    /// Its time has not begun.
    NotYetValid,
    /// It is for another name.
    OtherName,
}

impl Flaw {
    /// Cause and cure in one sentence.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Flaw::Expired => {
                "the certificate has expired, so browsers refuse it: renew it, and check the clock \
                 of this machine"
            }
            Flaw::NotYetValid => {
                "the certificate is not valid yet: the clock of this machine is most likely slow, \
                 so set it by NTP"
            }
            Flaw::OtherName => {
                "the certificate is for other names than `public_url`, so browsers refuse it: get \
                 one for that name, or correct `public_url`"
            }
        }
    }
}

impl CertificateFacts {
    /// Reads the leaf of a chain.
    pub(super) fn of(leaf: &[u8]) -> Result<Self, TlsError> {
        let (_, parsed) = X509Certificate::from_der(leaf).map_err(|_| TlsError::NotX509)?;
        let names = parsed.subject_alternative_name().map_err(|_| TlsError::NotX509)?;
        let names = names.map(|extension| &extension.value.general_names[..]);
        let names = names.unwrap_or_default().iter().filter_map(name_text).collect();
        let validity = parsed.validity();
        Ok(CertificateFacts {
            names,
            begins: system_time(validity.not_before),
            ends: system_time(validity.not_after),
        })
    }

    /// Whether it is good for a host name or an address.
    pub(super) fn covers(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        // RFC 9525 §6.3: a wildcard stands for one whole label, the first.
        let behind_first = name.split_once('.').map(|(_, rest)| rest);
        self.names.iter().any(|own| match own.strip_prefix("*.") {
            Some(suffix) => behind_first == Some(suffix),
            None => *own == name,
        })
    }

    /// What browsers would say against it at a time, for a name if one is asked for.
    pub(super) fn flaw(&self, now: SystemTime, name: Option<&str>) -> Option<Flaw> {
        if now > self.ends {
            Some(Flaw::Expired)
        } else if now < self.begins {
            Some(Flaw::NotYetValid)
        } else if name.is_some_and(|name| !self.covers(name)) {
            Some(Flaw::OtherName)
        } else {
            None
        }
    }

    /// From its first to its last moment.
    pub(super) fn length(&self) -> Duration {
        self.ends.duration_since(self.begins).unwrap_or_default()
    }
}

fn name_text(name: &GeneralName<'_>) -> Option<String> {
    if let GeneralName::DNSName(name) = name {
        return Some(name.to_ascii_lowercase());
    }
    let GeneralName::IPAddress(octets) = name else {
        return None;
    };
    let v4 = <[u8; 4]>::try_from(*octets).map(IpAddr::from);
    let v6 = <[u8; 16]>::try_from(*octets).map(IpAddr::from);
    v4.or(v6).ok().map(|address| address.to_string())
}

/// A certificate from before 1970 is as expired as one from 1970.
fn system_time(time: ASN1Time) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(time.timestamp()).unwrap_or(0))
}

#[cfg(test)]
mod tests;
