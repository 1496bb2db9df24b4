//! The dependency descriptor (AV1 RTP specification, appendix A): which frames depend on which, in
//! the header, for any codec and for encrypted frames.
//!
//! | word | meaning |
//! |---|---|
//! | structure | what a stream can send: templates, decode targets, chains, resolutions |
//! | template | a kind of frame: its layers, what it is to each decode target, what it refers to |
//! | decode target | a set of frames that can be decoded by itself, such as "180p at 15 Hz" |
//! | chain | frames that a decode target cannot do without |
//! | indication | what a frame is to a target: absent, discardable, a switch into it, required |
//!
//! A structure comes with the first packet of a keyframe and holds until the next one, so a stream
//! has a [`Dependencies`]. Every packet names its template and says where its frame differs.
//!
//! Bounds: 64 templates, 32 decode targets, 4 × 8 layers (all from the widths of the fields), one
//! extension of 255 bytes, [`FRAME_DIFFS_MAX`] references. Everything else is [`Malformed`]. A
//! descriptor whose structure was lost is not: it can be passed on, but chooses nothing.
//!
//! Cost: 3 KiB a stream; a packet reads 3 to 8 bytes.

mod rewrite;
mod structure;

use super::bits::BitReader;

pub(crate) use self::rewrite::{Changes, write};
pub use self::structure::{Dependencies, Template};

/// Spatial layers at most (two bits of `spatial_id`).
pub const SPATIAL_LAYERS_MAX: usize = 4;

/// Temporal layers at most (three bits of `temporal_id`).
pub const TEMPORAL_LAYERS_MAX: usize = 8;

/// Decode targets at most (five bits of `dt_cnt_minus_one`).
pub const TARGETS_MAX: usize = 32;

/// Templates at most (six bits of `template_id`).
pub const TEMPLATES_MAX: usize = 64;

/// References of one frame at most: AV1 keeps eight frames, the others fewer.
pub const FRAME_DIFFS_MAX: usize = 8;

/// Bits of the mandatory fields.
const MANDATORY_BITS: usize = 24;

/// Bits of the flags behind them.
const FLAG_BITS: usize = 5;

/// A descriptor that contradicts itself or what may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed dependency descriptor")]
pub struct Malformed;

/// What a frame is to one decode target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indication {
    /// It is not part of it.
    Absent,
    /// Part of it, and no other frame of it refers to this one.
    Discardable,
    /// With this frame a decoder may change to the target.
    Switch,
    /// Part of it, and others refer to this one.
    Required,
}

/// The indications of one frame, two bits for each decode target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Indications(pub(crate) u64);

impl Indications {
    /// What the frame is to `target`, below 32.
    #[must_use]
    pub const fn of(self, target: u8) -> Indication {
        match self.0 >> (2 * (target & 31)) & 3 {
            0 => Indication::Absent,
            1 => Indication::Discardable,
            2 => Indication::Switch,
            _ => Indication::Required,
        }
    }

    /// Bit n: the frame is part of target n.
    pub(crate) fn present(self, targets: u8) -> u32 {
        let is_present = |target: &u8| self.of(*target) != Indication::Absent;
        (0..targets).filter(is_present).fold(0, |mask, target| mask | 1 << target)
    }

    fn read(reader: &mut BitReader<'_>, targets: u8) -> Option<Self> {
        let mut bits = 0;
        for target in 0..targets {
            bits |= u64::from(reader.take(2)?) << (2 * target);
        }
        Some(Indications(bits))
    }
}

/// A descriptor as it was read.
#[derive(Clone, Copy, Debug)]
pub struct Descriptor<'d> {
    bytes: &'d [u8],
    /// The packet is the first of its frame.
    pub starts_frame: bool,
    /// The packet is the last of its frame.
    pub ends_frame: bool,
    /// Names the template.
    pub template_id: u8,
    /// Counts the frames of the stream; it wraps.
    pub frame_number: u16,
    /// Bit n: decode target n is sent; only where the descriptor says it.
    pub active_targets: Option<u32>,
    /// Where the bits of its structure begin and end; empty if it has none.
    structure: (u16, u16),
    /// Where the frame's own definition begins and ends; the end is unknown without structure.
    definition: (u16, u16),
    flags: u8,
    /// What its frame is; `None` if its structure is not known.
    pub frame: Option<FrameDependencies>,
}

/// What a frame is and what it refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameDependencies {
    /// Its spatial layer, 0 to 3.
    pub spatial: u8,
    /// Its temporal layer, 0 to 7.
    pub temporal: u8,
    /// What it is to each decode target.
    pub indications: Indications,
    /// How many frames back each reference is.
    pub frame_diffs: FrameDiffs,
}

/// How many frames back the references of a frame are, each from 1 to 4 096.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameDiffs {
    diffs: [u16; FRAME_DIFFS_MAX],
    count: u8,
}

impl FrameDiffs {
    /// The references.
    #[must_use]
    pub fn as_slice(&self) -> &[u16] {
        &self.diffs[..usize::from(self.count)]
    }

    fn push(&mut self, diff: u16) -> Option<()> {
        *self.diffs.get_mut(usize::from(self.count))? = diff;
        self.count += 1;
        Some(())
    }
}

impl Descriptor<'_> {
    /// Whether it brings a structure.
    #[must_use]
    pub const fn has_structure(&self) -> bool {
        self.structure.0 < self.structure.1
    }

    /// Whether a decoder may begin with the packet: the first of a frame that refers to no other.
    #[must_use]
    pub fn starts_keyframe(&self) -> bool {
        let is_alone = |frame: FrameDependencies| frame.frame_diffs.as_slice().is_empty();
        self.starts_frame && self.frame.is_some_and(is_alone)
    }

    const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// The flags of the extended fields, first one highest.
const HAS_STRUCTURE: u8 = 0x10;
const HAS_ACTIVE_TARGETS: u8 = 0x08;
const HAS_INDICATIONS: u8 = 0x04;
const HAS_FRAME_DIFFS: u8 = 0x02;
const HAS_CHAINS: u8 = 0x01;

#[cfg(test)]
mod tests;
