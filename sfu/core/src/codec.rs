//! What the engine needs to know of a payload, per codec.
//!
//! A codec says whether a packet begins a keyframe, and which bytes at the head of its payload
//! change from receiver to receiver. Nothing else of a payload is read: what cannot be parsed is
//! no keyframe, and what contradicts itself is dropped at ingress.

pub(crate) mod vp8;

use protocol::media::Codec;

/// The most bytes that [`CodecFacts`] rewrite at the head of a payload.
pub(crate) const HEAD_LENGTH_MAX: usize = vp8::DESCRIPTOR_LENGTH_MAX;

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
    /// No limit: 4 spatial and 8 temporal layers are the most that any descriptor can name.
    pub const NONE: LayerLimit = LayerLimit { spatial: 3, temporal: 7 };
}

/// What was read of one payload.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CodecFacts {
    /// Opus passes as it is.
    Opus,
    /// VP8 numbers its frames.
    Vp8(vp8::Descriptor),
}

impl CodecFacts {
    /// Reads `payload`; `None` if it contradicts itself.
    pub(crate) fn read(codec: Codec, payload: &[u8]) -> Option<Self> {
        match codec {
            Codec::Opus | Codec::Red => Some(CodecFacts::Opus),
            Codec::Vp8 => vp8::Descriptor::parse(payload).map(CodecFacts::Vp8),
            Codec::Vp9 | Codec::H264 | Codec::Av1 => None,
        }
    }

    /// Whether the packet with `payload` is the first of a keyframe.
    pub(crate) fn starts_keyframe(&self, payload: &[u8]) -> bool {
        match self {
            CodecFacts::Opus => false,
            CodecFacts::Vp8(descriptor) => descriptor.starts_keyframe(payload),
        }
    }

    /// Bytes at the head of the payload that are replaced.
    pub(crate) fn head_length(&self) -> usize {
        match self {
            CodecFacts::Opus => 0,
            CodecFacts::Vp8(descriptor) => descriptor.length(),
        }
    }
}
