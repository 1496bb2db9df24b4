//! What the engine needs to know of frames and layers, per codec and by header extensions.
//!
//! A packet says where its frame begins and ends, whether a decoder may begin with it, and which
//! layer it is of ([`FrameFacts`]). Where a stream has dependency descriptors all of this is read
//! from them and never from the payload, so that frames encrypted end to end take the same path;
//! else from the codec's payload descriptor. What cannot be parsed is no keyframe, and what
//! contradicts itself is dropped at ingress.
//!
//! | stream | layers from | up-switch in time at | numbers that go on |
//! |---|---|---|---|
//! | with descriptors | indications | "switch" of the target | frame number, and those below |
//! | VP8 | TID | layer sync | picture id without gaps, TL0PICIDX, KEYIDX |
//! | VP9 | TID, SID | U | picture id, TL0PICIDX |
//! | H264 | `nal_ref_idc` 0 | any frame | – |
//! | AV1 | OBU extension | a keyframe | – |
//!
//! Spatial layers of one stream are lowered at any picture and raised at a keyframe; with
//! descriptors, where the indications allow it.

pub(crate) mod av1;
mod bits;
mod bytes;
pub mod dependency;
#[cfg(test)]
#[path = "../tests/it/descriptors.rs"]
mod descriptors;
pub mod fallback;
pub(crate) mod h264;
pub mod layers_allocation;
pub(crate) mod numbering;
pub(crate) mod selection;
pub(crate) mod vp8;
pub(crate) mod vp9;

use protocol::media::{Codec, RtpTime};

/// The most bytes that [`Payload`] rewrites at its head.
pub(crate) const HEAD_LENGTH_MAX: usize = 6;

const _: () = assert!(
    vp8::DESCRIPTOR_LENGTH_MAX <= HEAD_LENGTH_MAX && vp9::HEAD_LENGTH_MAX <= HEAD_LENGTH_MAX,
    "every head fits"
);

/// The highest layers within one encoding that a receiver is to have.
///
/// Spatial layers are those of one RTP stream (VP9 and AV1 with scalable coding); simulcast
/// encodings are streams of their own and are chosen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerLimit {
    /// The highest spatial layer, 0 the smallest picture.
    pub spatial: u8,
    /// The highest temporal layer, 0 the lowest frame rate.
    pub temporal: u8,
}

impl LayerLimit {
    /// No limit: no descriptor can name more than 8 layers of either kind.
    pub const NONE: LayerLimit = LayerLimit { spatial: 7, temporal: 7 };

    /// What is within both.
    #[must_use]
    pub fn with(self, other: LayerLimit) -> Self {
        LayerLimit {
            spatial: self.spatial.min(other.spatial),
            temporal: self.temporal.min(other.temporal),
        }
    }

    /// Whether these layers are not above `limit`.
    #[must_use]
    pub const fn is_within(self, limit: LayerLimit) -> bool {
        self.spatial <= limit.spatial && self.temporal <= limit.temporal
    }
}

/// Which higher temporal layers may be joined at a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SwitchUp {
    /// None, as far as is known.
    #[default]
    Never,
    /// The frame's own, from the one below it.
    ToOwn,
    /// All that are above the frame's own.
    ToAll,
}

/// What a packet says of the frame that it belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameFacts {
    /// It is the first packet of a frame (of one spatial layer).
    pub starts_frame: bool,
    /// It is the last packet of a frame (of one spatial layer).
    pub ends_frame: bool,
    /// A decoder may begin with it.
    pub starts_keyframe: bool,
    /// Spatial layer within its RTP stream.
    pub spatial: u8,
    /// Temporal layer.
    pub temporal: u8,
    /// Which temporal layers may be joined here.
    pub switch_up: SwitchUp,
    /// No other frame refers to it.
    pub discardable: bool,
}

impl FrameFacts {
    /// What a dependency descriptor says.
    fn of(descriptor: &dependency::Descriptor<'_>) -> Self {
        let frame = descriptor.frame;
        FrameFacts {
            starts_frame: descriptor.starts_frame,
            ends_frame: descriptor.ends_frame,
            starts_keyframe: descriptor.starts_keyframe(),
            spatial: frame.map_or(0, |frame| frame.spatial),
            temporal: frame.map_or(0, |frame| frame.temporal),
            // Indications say it for each decode target.
            switch_up: SwitchUp::Never,
            discardable: false,
        }
    }
}

/// The head of a payload, as far as it is rewritten.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Payload {
    /// It passes as it is.
    Whole,
    /// VP8 numbers its frames.
    Vp8(vp8::Descriptor),
    /// VP9 numbers its pictures.
    Vp9(vp9::Descriptor),
}

impl Payload {
    /// Bytes at the head of the payload that are replaced.
    pub(crate) fn head_length(&self) -> usize {
        match self {
            Payload::Whole => 0,
            Payload::Vp8(descriptor) => descriptor.length(),
            Payload::Vp9(descriptor) => descriptor.head_length(),
        }
    }
}

/// What is remembered of a stream without dependency descriptors, from packet to packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct PayloadMemory {
    h264: h264::Parameters,
    av1: av1::NewestLayer,
}

/// One packet's payload and the RTP fields that belong to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incoming<'p> {
    pub(crate) codec: Codec,
    pub(crate) payload: &'p [u8],
    pub(crate) marker: bool,
    pub(crate) timestamp: RtpTime,
}

impl Incoming<'_> {
    /// Reads a packet; `None` if its payload contradicts itself. `descriptor` is its dependency
    /// descriptor.
    pub(crate) fn read(
        &self,
        descriptor: Option<&dependency::Descriptor<'_>>,
        memory: &mut PayloadMemory,
    ) -> Option<(FrameFacts, Payload)> {
        let Incoming { payload, marker, timestamp, .. } = *self;
        let (facts, head) = match self.codec {
            Codec::Opus | Codec::Red => (FrameFacts::default(), Payload::Whole),
            Codec::Vp8 => {
                let head = vp8::Descriptor::parse(payload)?;
                (head.frame(payload, marker), Payload::Vp8(head))
            }
            Codec::Vp9 => {
                let head = vp9::Descriptor::parse(payload)?;
                (head.frame(), Payload::Vp9(head))
            }
            Codec::H264 | Codec::Av1 if descriptor.is_some() => {
                (FrameFacts::default(), Payload::Whole)
            }
            Codec::H264 => {
                let facts = h264::read(payload, marker, timestamp, &mut memory.h264)?;
                (facts, Payload::Whole)
            }
            Codec::Av1 => (av1::read(payload, marker, timestamp, &mut memory.av1)?, Payload::Whole),
        };
        Some((descriptor.map_or(facts, FrameFacts::of), head))
    }
}

/// Reads one packet's payload by itself: what a packet of `codec` says of its frame where there is
/// no dependency descriptor. `None` if it contradicts itself.
#[must_use]
pub fn read_payload(codec: Codec, payload: &[u8], marker: bool) -> Option<FrameFacts> {
    let incoming = Incoming { codec, payload, marker, timestamp: RtpTime(0) };
    incoming.read(None, &mut PayloadMemory::default()).map(|(facts, _)| facts)
}

/// The numbers by which a payload's descriptor orders frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameNumbers {
    /// 7 or 15 bits; VP8 and VP9.
    pub picture_id: Option<u16>,
    /// Counts frames of the lowest temporal layer; VP8 and VP9.
    pub tl0_picture: Option<u8>,
    /// Counts keyframes, 5 bits; VP8.
    pub key_index: Option<u8>,
}

/// Reads the numbers of one packet's payload; `None` if its descriptor contradicts itself. Codecs
/// without a descriptor have none.
#[must_use]
pub fn read_numbers(codec: Codec, payload: &[u8]) -> Option<FrameNumbers> {
    match codec {
        Codec::Vp8 => vp8::Descriptor::parse(payload).map(|descriptor| FrameNumbers {
            picture_id: descriptor.picture().map(|picture| picture.value),
            tl0_picture: descriptor.tl0_picture(),
            key_index: descriptor.key_index(),
        }),
        Codec::Vp9 => vp9::Descriptor::parse(payload).map(|descriptor| FrameNumbers {
            picture_id: descriptor.picture().map(|picture| picture.value),
            tl0_picture: descriptor.tl0_picture(),
            key_index: None,
        }),
        Codec::Opus | Codec::Red | Codec::H264 | Codec::Av1 => Some(FrameNumbers::default()),
    }
}
