//! The keys that a DTLS handshake exports, and the session keys derived from them.

use std::fmt;

use aes::{
    Aes128Enc,
    cipher::{InnerIvInit, KeyInit, StreamCipher},
};
use ctr::{Ctr128BE, CtrCore};
use serde::{Deserialize, Serialize};

/// Bytes of a master key and of every session encryption key.
pub(super) const KEY_LENGTH: usize = 16;

/// Bytes of the longest master salt, that of AES-CM; GCM's is shorter by two.
pub(super) const MASTER_SALT_LENGTH_MAX: usize = 14;

/// The longest exported material: two keys and two salts of AES-CM.
const MATERIAL_LENGTH_MAX: usize = 2 * (KEY_LENGTH + MASTER_SALT_LENGTH_MAX);

/// A protection profile of RFC 5764 §4.1.2 and RFC 7714 §14.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Profile {
    /// AEAD_AES_128_GCM (RFC 7714): preferred, three times cheaper.
    AeadAes128Gcm,
    /// AES_CM_128_HMAC_SHA1_80 (RFC 3711): what everybody has (RFC 8827 §6.5).
    AesCm128HmacSha1_80,
}

impl Profile {
    /// Its number in DTLS's `use_srtp`.
    #[must_use]
    pub const fn dtls_id(self) -> u16 {
        match self {
            Profile::AeadAes128Gcm => 0x0007,
            Profile::AesCm128HmacSha1_80 => 0x0001,
        }
    }

    /// Bytes to take from DTLS's exporter `EXTRACTOR-dtls_srtp` (RFC 5764 §4.2).
    #[must_use]
    pub const fn material_length(self) -> usize {
        2 * (KEY_LENGTH + self.master_salt_length())
    }

    const fn master_salt_length(self) -> usize {
        match self {
            Profile::AeadAes128Gcm => 12,
            Profile::AesCm128HmacSha1_80 => MASTER_SALT_LENGTH_MAX,
        }
    }
}

/// An end of the DTLS association: whose keys protect what it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Side {
    /// The end that sent the ClientHello.
    Client,
    /// The end that answered it; a node always is.
    Server,
}

impl Side {
    /// The other end.
    #[must_use]
    pub const fn other(self) -> Side {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }
}

/// Profile and master keys of both directions: all of a DTLS handshake that outlives it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WireKeys", into = "WireKeys")]
pub struct SrtpKeys {
    profile: Profile,
    /// Client key, server key, client salt, server salt (RFC 5764 §4.2); zeros after them.
    material: [u8; MATERIAL_LENGTH_MAX],
}

/// Exported material of a length that does not fit its profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("exported SRTP material has another length than its profile asks for")]
pub struct BadSrtpKeys;

impl SrtpKeys {
    /// Takes the exporter's output, [`Profile::material_length`] bytes.
    ///
    /// # Errors
    /// [`BadSrtpKeys`] if it has another length.
    pub fn try_new(profile: Profile, material: &[u8]) -> Result<Self, BadSrtpKeys> {
        if material.len() != profile.material_length() {
            return Err(BadSrtpKeys);
        }
        let mut padded = [0; MATERIAL_LENGTH_MAX];
        padded[..material.len()].copy_from_slice(material);
        Ok(SrtpKeys { profile, material: padded })
    }

    /// The profile they are for.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    /// The exporter's output.
    #[must_use]
    pub fn material(&self) -> &[u8] {
        &self.material[..self.profile.material_length()]
    }

    /// The master key of what `writer` sends.
    pub(super) fn master(&self, writer: Side) -> MasterKey {
        let place = match writer {
            Side::Client => 0,
            Side::Server => 1,
        };
        let salt_length = self.profile.master_salt_length();
        let (keys, salts) = self.material.split_at(2 * KEY_LENGTH);
        MasterKey::new(
            &keys[place * KEY_LENGTH..][..KEY_LENGTH],
            &salts[place * salt_length..][..salt_length],
        )
    }
}

impl fmt::Debug for SrtpKeys {
    /// Keys do not print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{:?} keys>", self.profile)
    }
}

/// [`SrtpKeys`] as a snapshot holds them.
#[derive(Serialize, Deserialize)]
struct WireKeys {
    profile: Profile,
    material: Vec<u8>,
}

impl TryFrom<WireKeys> for SrtpKeys {
    type Error = BadSrtpKeys;

    fn try_from(wire: WireKeys) -> Result<Self, BadSrtpKeys> {
        SrtpKeys::try_new(wire.profile, &wire.material)
    }
}

impl From<SrtpKeys> for WireKeys {
    fn from(keys: SrtpKeys) -> WireKeys {
        WireKeys { profile: keys.profile, material: keys.material().to_vec() }
    }
}

/// What a session key is for: the label of RFC 3711 §4.3.1 and §4.3.2.
#[derive(Clone, Copy, Debug)]
pub(super) enum Label {
    RtpEncryption = 0,
    RtpAuthentication = 1,
    RtpSalt = 2,
    RtcpEncryption = 3,
    RtcpAuthentication = 4,
    RtcpSalt = 5,
}

/// The master key and salt of one direction.
pub(super) struct MasterKey {
    cipher: Aes128Enc,
    /// A shorter salt is padded on its right with zeros (RFC 7714 §11).
    salt: [u8; MASTER_SALT_LENGTH_MAX],
}

impl MasterKey {
    /// Takes [`KEY_LENGTH`] and at most [`MASTER_SALT_LENGTH_MAX`] bytes.
    pub(super) fn new(key: &[u8], salt: &[u8]) -> Self {
        let mut sized_key = [0; KEY_LENGTH];
        sized_key.copy_from_slice(key);
        let mut padded_salt = [0; MASTER_SALT_LENGTH_MAX];
        padded_salt[..salt.len()].copy_from_slice(salt);
        MasterKey { cipher: Aes128Enc::new(&sized_key.into()), salt: padded_salt }
    }

    /// The first `N` bytes of the key stream for `label` (RFC 3711 §4.3.3).
    pub(super) fn derive<const N: usize>(&self, label: Label) -> [u8; N] {
        // RFC 3711 §4.3.1 with a key derivation rate of 0: key_id = label || 0^48, aligned to the
        // right of the salt, so the label meets its eighth byte; the block counter takes two more.
        let mut counter = [0; 16];
        counter[..MASTER_SALT_LENGTH_MAX].copy_from_slice(&self.salt);
        counter[7] ^= label as u8;
        let mut derived = [0; N];
        xor_key_stream(&self.cipher, counter, &mut derived);
        derived
    }
}

/// XORs `text` with AES in counter mode from `counter` on. The expanded key is borrowed.
pub(super) fn xor_key_stream(cipher: &Aes128Enc, counter: [u8; 16], text: &mut [u8]) {
    let core = CtrCore::inner_iv_init(cipher, &counter.into());
    Ctr128BE::from_core(core).apply_keystream(text);
}

#[cfg(test)]
mod tests;
