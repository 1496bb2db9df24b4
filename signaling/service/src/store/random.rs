//! Secrets and names from the operating system's random numbers.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom as _, SystemRandom};

use protocol::RoomName;
use signaling_core::RoomCode;

/// What makes a link open its room: 128 random bits. `Display` writes it as it stands in a link.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkSecret([u8; LinkSecret::LENGTH]);

impl LinkSecret {
    /// In bytes.
    pub const LENGTH: usize = 16;

    pub(crate) fn random() -> Result<Self, NoRandomness> {
        random_bytes().map(LinkSecret)
    }

    pub(crate) fn try_from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(LinkSecret)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for LinkSecret {
    /// A secret does not print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

/// The operating system gave no random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoRandomness;

pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// A code that was drawn among all with the same chance, but for a bias below 10^-13.
pub(crate) fn random_code() -> Result<RoomCode, NoRandomness> {
    let draw = u64::from_le_bytes(random_bytes()?) % u64::from(RoomCode::COUNT);
    u32::try_from(draw).ok().and_then(RoomCode::try_new).ok_or(NoRandomness)
}

/// A name that can be read out over the telephone: three words of two open syllables, one of
/// 2 × 10^9. It is no secret.
pub(crate) fn random_room_name() -> Result<RoomName, NoRandomness> {
    // Without `s`, `g`, `k`, `p`, `z` and `e`, of which French and English make rude words.
    const CONSONANTS: &[u8] = b"bdflmnrtv";
    const VOWELS: &[u8] = b"aiou";

    let mut name = String::with_capacity(14);
    for (place, byte) in random_bytes::<24>()?.chunks_exact(4).enumerate() {
        if place == 2 || place == 4 {
            name.push('-');
        }
        // 32 bits over 36 syllables: the bias is below 10^-8.
        let draw = u32::from_le_bytes([byte[0], byte[1], byte[2], byte[3]]) as usize;
        name.push(char::from(CONSONANTS[draw % CONSONANTS.len()]));
        name.push(char::from(VOWELS[draw / CONSONANTS.len() % VOWELS.len()]));
    }
    RoomName::try_from(name).map_err(|_| NoRandomness)
}
