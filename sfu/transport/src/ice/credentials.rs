//! Username fragment and password of one end (RFC 8839 §5.4).

use std::fmt;

use serde::{Deserialize, Serialize};

/// The `ice-char` of RFC 8839 §5.4: 64 of them, so each takes 6 random bits.
const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Characters of the ufrags we make: 72 random bits, so that no two sessions of a node share one.
/// With them every check is at least as long as its response ([`crate::stun::SUCCESS_LENGTH_MAX`]).
const UFRAG_LENGTH: usize = 12;

/// Characters of the passwords we make: 144 random bits; RFC 8445 §5.3 asks for 128.
const PWD_LENGTH: usize = 24;

/// A ufrag of 4 to 256 and a password of 22 to 256 characters of `A-Z`, `a-z`, `0-9`, `+`, `/`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WireCredentials", into = "WireCredentials")]
pub struct IceCredentials {
    ufrag: Box<str>,
    pwd: Box<str>,
}

/// Why a pair of texts is no [`IceCredentials`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadIceCredentials {
    /// The ufrag has fewer than 4 or more than 256 characters.
    #[error("an ice-ufrag has 4 to 256 characters")]
    UfragLength,
    /// The password has fewer than 22 or more than 256 characters.
    #[error("an ice-pwd has 22 to 256 characters")]
    PwdLength,
    /// A character outside the alphabet.
    #[error("ice-ufrag and ice-pwd are made of letters, digits, + and /")]
    Character,
}

impl IceCredentials {
    /// Random bytes that [`Self::from_random`] takes.
    pub const RANDOM_LENGTH: usize = (UFRAG_LENGTH + PWD_LENGTH) * 6 / 8;

    /// Makes credentials of our own from unpredictable bytes.
    #[must_use]
    pub fn from_random(random: &[u8; Self::RANDOM_LENGTH]) -> Self {
        let text: String = random.chunks_exact(3).flat_map(four_chars).collect();
        let (ufrag, pwd) = text.split_at(UFRAG_LENGTH);
        IceCredentials { ufrag: ufrag.into(), pwd: pwd.into() }
    }

    /// Takes the values of `a=ice-ufrag` and `a=ice-pwd`.
    ///
    /// # Errors
    /// [`BadIceCredentials`] if one has a wrong length or character.
    pub fn try_new(ufrag: &str, pwd: &str) -> Result<Self, BadIceCredentials> {
        if !(4..=256).contains(&ufrag.len()) {
            return Err(BadIceCredentials::UfragLength);
        }
        if !(22..=256).contains(&pwd.len()) {
            return Err(BadIceCredentials::PwdLength);
        }
        let mut bytes = ufrag.bytes().chain(pwd.bytes());
        if !bytes.all(|byte| ICE_CHARS.contains(&byte)) {
            return Err(BadIceCredentials::Character);
        }
        Ok(IceCredentials { ufrag: ufrag.into(), pwd: pwd.into() })
    }

    /// The username fragment.
    #[must_use]
    pub fn ufrag(&self) -> &str {
        &self.ufrag
    }

    /// The password.
    #[must_use]
    pub fn pwd(&self) -> &str {
        &self.pwd
    }
}

impl fmt::Debug for IceCredentials {
    /// A password does not print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<credentials>")
    }
}

/// Three bytes as four characters.
fn four_chars(bytes: &[u8]) -> [char; 4] {
    let bits = bytes.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte));
    [18, 12, 6, 0].map(|shift| char::from(ICE_CHARS[bits >> shift & 0x3F]))
}

/// [`IceCredentials`] as a snapshot holds them.
#[derive(Serialize, Deserialize)]
struct WireCredentials {
    ufrag: String,
    pwd: String,
}

impl TryFrom<WireCredentials> for IceCredentials {
    type Error = BadIceCredentials;

    fn try_from(wire: WireCredentials) -> Result<Self, BadIceCredentials> {
        IceCredentials::try_new(&wire.ufrag, &wire.pwd)
    }
}

impl From<IceCredentials> for WireCredentials {
    fn from(credentials: IceCredentials) -> WireCredentials {
        WireCredentials { ufrag: credentials.ufrag.into(), pwd: credentials.pwd.into() }
    }
}
