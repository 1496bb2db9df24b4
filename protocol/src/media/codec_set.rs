//! The codecs that a room uses, by their names in settings and in order of preference.

use std::{fmt, str::FromStr};

use super::Codec;

/// The codecs of a room, the most wanted first: every m-line is negotiated with all of them, so
/// that nobody who comes renegotiates others. It holds [`Codec::Opus`] and [`Codec::Vp8`], which
/// every browser has, and each codec once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecSet(Vec<Codec>);

/// Why a list of codecs is no set for a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCodecSet {
    /// One is named twice.
    #[error("{0} is named twice: name each codec once")]
    Twice(Codec),
    /// One that every browser has, and to which those fall back who lack another, is missing.
    #[error("{0} is missing: every room needs opus and vp8, which all browsers have")]
    Missing(Codec),
}

/// A name that no codec has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected one of opus, red, vp8, vp9, h264 and av1")]
pub struct UnknownCodec;

impl CodecSet {
    /// Takes a list in order of preference.
    ///
    /// # Errors
    /// [`BadCodecSet`].
    pub fn try_new(codecs: Vec<Codec>) -> Result<CodecSet, BadCodecSet> {
        let twice = codecs.iter().enumerate().find(|(place, it)| codecs[..*place].contains(it));
        if let Some((_, codec)) = twice {
            return Err(BadCodecSet::Twice(*codec));
        }
        match [Codec::Opus, Codec::Vp8].into_iter().find(|needed| !codecs.contains(needed)) {
            Some(missing) => Err(BadCodecSet::Missing(missing)),
            None => Ok(CodecSet(codecs)),
        }
    }

    /// The codecs, the most wanted first.
    #[must_use]
    pub fn as_slice(&self) -> &[Codec] {
        &self.0
    }
}

impl Default for CodecSet {
    /// What every browser decodes without effort, and sound that survives losses where a browser
    /// has RED.
    fn default() -> Self {
        CodecSet(vec![Codec::Opus, Codec::Red, Codec::Vp8])
    }
}

impl Codec {
    /// Its name in settings and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Codec::Opus => "opus",
            Codec::Red => "red",
            Codec::Vp8 => "vp8",
            Codec::Vp9 => "vp9",
            Codec::H264 => "h264",
            Codec::Av1 => "av1",
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Codec {
    type Err = UnknownCodec;

    fn from_str(text: &str) -> Result<Self, UnknownCodec> {
        let mut known = Codec::ALL.into_iter();
        known.find(|codec| codec.name().eq_ignore_ascii_case(text)).ok_or(UnknownCodec)
    }
}

#[cfg(test)]
mod tests;
