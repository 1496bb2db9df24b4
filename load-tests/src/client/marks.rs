//! The words in a payload by which a receiver knows what it got, and when it was sent.

use protocol::{Duration, Instant, media::MediaKind, rtp::RtpHeader};

/// What a payload says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Who sent it: a number of the test's choice.
    pub author: u32,
    /// The encoding, 0 the smallest; [`SCREEN`](super::media::SCREEN) for a screen.
    pub layer: u8,
    /// Whether its frame is a keyframe.
    pub is_key: bool,
    /// The part of the frame, and how many there are.
    pub part: u8,
    /// See `part`.
    pub parts: u8,
    /// The frame, counted without holes.
    pub frame: u32,
    /// How many frames back is the one that it needs; 0 in a keyframe.
    pub back: u8,
    /// Its temporal layer.
    pub temporal: u8,
}

impl Tag {
    /// Bytes of a tag.
    pub const LENGTH: usize = 14;

    pub(super) fn write(self) -> [u8; Tag::LENGTH] {
        let mut out = [0; Tag::LENGTH];
        out[..4].copy_from_slice(&self.author.to_be_bytes());
        out[4..8].copy_from_slice(&[self.layer, u8::from(self.is_key), self.part, self.parts]);
        out[8..12].copy_from_slice(&self.frame.to_be_bytes());
        out[12..].copy_from_slice(&[self.back, self.temporal]);
        out
    }

    /// Reads the tag at the end of a payload.
    #[must_use]
    pub fn read(payload: &[u8]) -> Option<Tag> {
        let tag = payload.last_chunk::<{ Tag::LENGTH }>()?;
        Some(Tag {
            author: u32::from_be_bytes([tag[0], tag[1], tag[2], tag[3]]),
            layer: tag[4],
            is_key: tag[5] != 0,
            part: tag[6],
            parts: tag[7],
            frame: u32::from_be_bytes([tag[8], tag[9], tag[10], tag[11]]),
            back: tag[12],
            temporal: tag[13],
        })
    }
}

/// What a packet is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cargo {
    /// Sound.
    Sound,
    /// A frame that needs another one.
    Picture,
    /// A keyframe: a burst, which a server may send slower than it comes.
    Keyframe,
}

impl Cargo {
    fn of(kind: MediaKind, packet: &[u8], header: &RtpHeader) -> Cargo {
        let tag = header.payload(packet).and_then(Tag::read);
        match (kind, tag) {
            (MediaKind::Audio, _) => Cargo::Sound,
            (MediaKind::Video, Some(Tag { is_key: true, .. })) => Cargo::Keyframe,
            (MediaKind::Video, _) => Cargo::Picture,
        }
    }
}

/// When its publisher took a packet from its encoder: eight bytes in front of the [`Tag`], in place
/// of media.
#[derive(Clone, Copy, Debug)]
pub struct Stamp;

impl Stamp {
    const LENGTH: usize = 8;

    /// Writes it over the end of a payload that has no tag yet, if that is long enough.
    pub(super) fn write(at: Instant, media: &mut [u8]) {
        if let Some(end) = media.last_chunk_mut::<{ Stamp::LENGTH }>() {
            *end = at.as_micros().to_be_bytes();
        }
    }

    /// Reads it from a payload with its tag.
    #[must_use]
    pub fn read(payload: &[u8]) -> Option<Instant> {
        let media = payload.get(..payload.len().checked_sub(Tag::LENGTH)?)?;
        media.last_chunk().map(|bytes| Instant::from_micros(u64::from_be_bytes(*bytes)))
    }

    /// How long ago the packet was stamped, if it was, and what it is part of.
    pub(super) fn age(
        now: Instant,
        kind: MediaKind,
        packet: &[u8],
        header: &RtpHeader,
    ) -> Option<(Cargo, Duration)> {
        let at = header.payload(packet).and_then(Stamp::read).filter(|at| *at <= now)?;
        Some((Cargo::of(kind, packet, header), now.saturating_duration_since(at)))
    }
}
