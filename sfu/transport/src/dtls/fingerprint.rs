//! The SHA-256 fingerprint of a certificate as SDP carries it (RFC 8122 §5).

use std::fmt;

use ring::digest;
use serde::{Deserialize, Serialize};

/// SHA-256 of a certificate's DER form: what ties a DTLS peer to its SDP.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint([u8; Fingerprint::LENGTH]);

/// A text that is not 32 bytes in hexadecimal with colons between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 fingerprint is 32 hexadecimal bytes with colons between")]
pub struct BadFingerprint;

impl Fingerprint {
    /// Bytes of a SHA-256 digest.
    pub const LENGTH: usize = digest::SHA256_OUTPUT_LEN;

    /// The fingerprint of a certificate in DER.
    #[must_use]
    pub fn of_certificate(der: &[u8]) -> Self {
        let mut bytes = [0; Self::LENGTH];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, der).as_ref());
        Fingerprint(bytes)
    }

    /// Reads `AB:CD:…`, in either case.
    ///
    /// # Errors
    /// [`BadFingerprint`] for anything else.
    pub fn parse(text: &str) -> Result<Self, BadFingerprint> {
        let mut bytes = [0; Self::LENGTH];
        let mut pairs = text.split(':');
        for byte in &mut bytes {
            let pair = pairs.next().ok_or(BadFingerprint)?;
            let is_pair = pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit());
            if !is_pair {
                return Err(BadFingerprint);
            }
            *byte = u8::from_str_radix(pair, 16).map_err(|_| BadFingerprint)?;
        }
        match pairs.next() {
            None => Ok(Fingerprint(bytes)),
            Some(_) => Err(BadFingerprint),
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { ":" };
            write!(f, "{separator}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    /// The first bytes tell two apart in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}{:02x}…", self.0[0], self.0[1])
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = BadFingerprint;

    fn try_from(text: String) -> Result<Self, BadFingerprint> {
        Fingerprint::parse(&text)
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> String {
        fingerprint.to_string()
    }
}
