//! Long-term credentials that end (RFC 8489 §9.2, draft-uberti-behave-turn-rest-00 §2.2).
//!
//! Nothing is kept of them: the name says when it ends, the password follows from name and secret.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use md5::{Digest as _, Md5};

use crate::{hmac::HmacSha1Key, stun::IceKey};

/// The longest name: a number of seconds, a colon and 16 characters leave room.
const USERNAME_LENGTH_MAX: usize = 64;

/// What signaling and the relay share. It makes passwords and nonces.
#[derive(Clone, Debug)]
pub struct TurnSecret(HmacSha1Key);

impl TurnSecret {
    /// Absorbs the secret.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        TurnSecret(HmacSha1Key::new(secret))
    }

    /// The password of a name, whoever made it and whenever it ends.
    #[must_use]
    pub fn password(&self, username: &[u8]) -> String {
        STANDARD.encode(self.0.tag(username, b""))
    }

    /// The key of a name at `unix_seconds`; `None` if the name is none of ours or has ended.
    pub(super) fn key(&self, username: &[u8], realm: &str, unix_seconds: u64) -> Option<IceKey> {
        let is_sized = username.len() <= USERNAME_LENGTH_MAX;
        let text = std::str::from_utf8(username).ok().filter(|_| is_sized)?;
        let (end, _) = text.split_once(':')?;
        let end: u64 = end.parse().ok()?;
        (unix_seconds < end).then(|| long_term_key(username, realm, &self.password(username)))
    }

    /// A nonce for the connection of this number in its `hour`: nobody else can make it, and a new
    /// one follows (RFC 8489 §9.2.4).
    pub(super) fn nonce(&self, connection: u32, hour: u64) -> String {
        let tag = self.0.tag(&connection.to_be_bytes(), &hour.to_be_bytes());
        STANDARD.encode(&tag[..15])
    }
}

/// RFC 8489 §9.2.2: MD5 of name, realm and password between colons. The password is of an alphabet
/// that OpaqueString (RFC 8265 §4) leaves as it is.
pub(super) fn long_term_key(username: &[u8], realm: &str, password: &str) -> IceKey {
    let mut hash = Md5::new();
    hash.update(username);
    hash.update(b":");
    hash.update(realm);
    hash.update(b":");
    hash.update(password);
    IceKey::new(&hash.finalize())
}
