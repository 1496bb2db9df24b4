//! What an `a=fmtp` says of a payload type, as far as it decides whether two ends understand each
//! other, and what an answer says back.
//!
//! Clients write parameters in any order and spacing; unknown and unreadable ones count as absent,
//! and absent ones have the default of the codec's payload specification.

use protocol::media::{Codec, Pt};
use serde::{Deserialize, Serialize};

use super::attributes;

/// The most payload types that one packet of RED is read to hold.
const RED_BLOCKS_MAX: usize = 8;

/// The parameters of one `a=fmtp`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters {
    /// RFC 4588 §8.6: which payload type it repairs.
    pub(super) apt: Option<Pt>,
    /// RFC 2198 §5: the payload type of all blocks, if it is one and the same.
    red_of: Option<Pt>,
    /// RFC 9628 §6.1; 0 where absent.
    vp9_profile: Option<u8>,
    /// RFC 6184 §8.1.
    profile_level_id: Option<H264Profile>,
    packetization_mode: Option<u8>,
    level_asymmetry: bool,
    /// AV1 RTP specification §7.1; profile 0, level 5 and tier 0 where absent.
    av1_profile: Option<u8>,
    av1_level: Option<u8>,
    av1_tier: Option<u8>,
}

/// What an answer repeats of an offered payload type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// Nothing.
    #[default]
    Plain,
    /// The Opus payload type within RED.
    Red(Pt),
    /// VP9, profile 0.
    Vp9,
    /// H.264, constrained baseline, packetization mode 1.
    H264 {
        /// Profile and level.
        profile: H264Profile,
        /// Whether each direction may have a level of its own.
        level_asymmetry: bool,
    },
    /// AV1, profile 0; level and tier where the client named them.
    Av1 {
        /// `level-idx`.
        level: Option<u8>,
        /// `tier`.
        tier: Option<u8>,
    },
}

/// `profile-level-id` (RFC 6184 §8.1): `profile_idc`, `profile-iop` and `level_idc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct H264Profile(pub [u8; 3]);

impl Parameters {
    /// Reads what follows the payload type.
    pub(super) fn parse(text: &str) -> Parameters {
        let mut parameters = Parameters { red_of: red_blocks(text), ..Parameters::default() };
        for parameter in text.split(';') {
            let Some((name, value)) = parameter.split_once('=') else { continue };
            let (name, value) = (name.trim(), value.trim());
            match name.to_ascii_lowercase().as_str() {
                "apt" => parameters.apt = attributes::payload_type(value),
                "profile-id" => parameters.vp9_profile = Some(number(value)),
                "packetization-mode" => parameters.packetization_mode = Some(number(value)),
                "profile-level-id" => parameters.profile_level_id = H264Profile::parse(value),
                "level-asymmetry-allowed" => parameters.level_asymmetry = value == "1",
                "profile" => parameters.av1_profile = Some(number(value)),
                "level-idx" => parameters.av1_level = Some(number(value)),
                "tier" => parameters.av1_tier = Some(number(value)),
                _ => {}
            }
        }
        parameters
    }

    /// What an answer repeats of a payload type of `codec` with these parameters; `None` where it
    /// is a form of the codec that rooms do not use. `opus` tells whether a payload type carries
    /// Opus.
    pub(super) fn format(&self, codec: Codec, opus: impl FnOnce(Pt) -> bool) -> Option<Format> {
        match codec {
            Codec::Opus | Codec::Vp8 => Some(Format::Plain),
            Codec::Red => self.red_of.filter(|pt| opus(*pt)).map(Format::Red),
            Codec::Vp9 => (self.vp9_profile.unwrap_or(0) == 0).then_some(Format::Vp9),
            Codec::H264 => {
                let profile = self.profile_level_id.filter(H264Profile::is_constrained_baseline)?;
                let format = Format::H264 { profile, level_asymmetry: self.level_asymmetry };
                (self.packetization_mode == Some(1)).then_some(format)
            }
            Codec::Av1 => {
                let format = Format::Av1 { level: self.av1_level, tier: self.av1_tier };
                (self.av1_profile.unwrap_or(0) == 0).then_some(format)
            }
        }
    }
}

/// A number that an unreadable value is not: no profile, mode or tier is 255.
fn number(value: &str) -> u8 {
    value.parse().unwrap_or(u8::MAX)
}

/// `111/111`: the payload type of all blocks.
fn red_blocks(text: &str) -> Option<Pt> {
    let mut blocks = text.trim().split('/').map(attributes::payload_type);
    let first = blocks.next()??;
    let (mut count, mut is_same) = (1, true);
    for block in blocks {
        count += 1;
        is_same &= block == Some(first);
    }
    ((2..=RED_BLOCKS_MAX).contains(&count) && is_same).then_some(first)
}

impl H264Profile {
    fn parse(text: &str) -> Option<H264Profile> {
        // `from_str_radix` would take a sign.
        let is_hex = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(text, 16).ok().filter(|_| is_hex)?;
        let [_, profile, constraints, level] = number.to_be_bytes();
        Some(H264Profile([profile, constraints, level]))
    }

    /// RFC 6184 §8.1, table 5: three ways to say it, by profile and constraint flags.
    fn is_constrained_baseline(&self) -> bool {
        let H264Profile([profile, constraints, _]) = *self;
        match profile {
            0x42 => constraints & 0x4F == 0x40,
            0x4D => constraints & 0x8F == 0x80,
            0x58 => constraints & 0xCF == 0xC0,
            _ => false,
        }
    }
}

impl std::fmt::Display for H264Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let H264Profile([profile, constraints, level]) = self;
        write!(f, "{profile:02x}{constraints:02x}{level:02x}")
    }
}

#[cfg(test)]
mod tests;
