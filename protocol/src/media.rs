//! Words of media that the wire, the forwarding engine and signaling share: RFC 3550, RFC 7656 and
//! W3C WebRTC.

mod codec_set;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use codec_set::{BadCodecSet, CodecSet, UnknownCodec};

/// Sound or picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// Sound.
    Audio,
    /// Picture.
    Video,
}

/// What a participant can publish: at most one publication of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The person's voice; ranked, so that only the loudest are forwarded.
    Microphone,
    /// The person's picture; simulcast.
    Camera,
    /// A shared screen or window.
    Screen,
    /// The sound of what is shared; never ranked.
    ScreenAudio,
}

impl Source {
    /// Every source, in the order of [`Source::index`].
    pub const ALL: [Source; 4] =
        [Source::Microphone, Source::Camera, Source::Screen, Source::ScreenAudio];

    /// Its place in per-participant tables.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Whether it is heard or seen.
    #[must_use]
    pub const fn kind(self) -> MediaKind {
        match self {
            Source::Microphone | Source::ScreenAudio => MediaKind::Audio,
            Source::Camera | Source::Screen => MediaKind::Video,
        }
    }
}

/// What a receiving m-line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SlotKind {
    /// One of the loudest voices. The first voice slot follows the stage.
    Voice,
    /// The sound of a shared screen.
    Programme,
    /// A camera or a screen. The first video slot is the stage.
    Video,
}

impl SlotKind {
    /// Whether it is heard or seen.
    #[must_use]
    pub const fn kind(self) -> MediaKind {
        match self {
            SlotKind::Voice | SlotKind::Programme => MediaKind::Audio,
            SlotKind::Video => MediaKind::Video,
        }
    }
}

/// The codecs a room may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    /// RFC 6716, 7587; RTP clock 48 kHz.
    Opus,
    /// Opus with the frames before it repeated (RFC 2198); RTP clock 48 kHz.
    Red,
    /// RFC 6386, 7741; RTP clock 90 kHz.
    Vp8,
    /// RFC 9628, profile 0; RTP clock 90 kHz.
    Vp9,
    /// RFC 6184, constrained baseline, packetization mode 1; RTP clock 90 kHz.
    H264,
    /// AV1 RTP specification 1.0, profile 0; RTP clock 90 kHz.
    Av1,
}

impl Codec {
    /// Every codec, in the order of [`Codec::index`].
    pub const ALL: [Codec; 6] =
        [Codec::Opus, Codec::Red, Codec::Vp8, Codec::Vp9, Codec::H264, Codec::Av1];

    /// Its place in tables by codec.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Ticks of the RTP clock per second.
    #[must_use]
    pub const fn clock_rate(self) -> u32 {
        match self {
            Codec::Opus | Codec::Red => 48_000,
            Codec::Vp8 | Codec::Vp9 | Codec::H264 | Codec::Av1 => 90_000,
        }
    }

    /// Sound or picture.
    #[must_use]
    pub const fn kind(self) -> MediaKind {
        match self {
            Codec::Opus | Codec::Red => MediaKind::Audio,
            Codec::Vp8 | Codec::Vp9 | Codec::H264 | Codec::Av1 => MediaKind::Video,
        }
    }
}

/// RTP payload type, 0 to 127 (RFC 3550 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pt(pub u8);

/// Synchronization source (RFC 3550 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ssrc(pub u32);

/// RTP sequence number. It wraps, so it has no order; see [`SeqNo::distance_from`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SeqNo(pub u16);

impl SeqNo {
    /// Signed steps from `earlier` to `self`, −32 768 to 32 767: the shorter way round the circle.
    #[must_use]
    pub const fn distance_from(self, earlier: SeqNo) -> i16 {
        self.0.wrapping_sub(earlier.0) as i16
    }

    /// The number `steps` further on.
    #[must_use]
    pub const fn add(self, steps: u16) -> SeqNo {
        SeqNo(self.0.wrapping_add(steps))
    }
}

/// RTP timestamp in ticks of its codec's clock. It wraps, so it has no order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RtpTime(pub u32);

impl RtpTime {
    /// Signed ticks from `earlier` to `self`: the shorter way round the circle.
    #[must_use]
    pub const fn distance_from(self, earlier: RtpTime) -> i32 {
        self.0.wrapping_sub(earlier.0) as i32
    }

    /// The time `ticks` further on.
    #[must_use]
    pub const fn add(self, ticks: u32) -> RtpTime {
        RtpTime(self.0.wrapping_add(ticks))
    }
}

/// The `mid` of an m-line (RFC 5888), at most [`Mid::LENGTH_MAX`] bytes, held without the heap.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mid {
    bytes: [u8; Mid::LENGTH_MAX],
    length: u8,
}

/// A token longer than [`Mid::LENGTH_MAX`], empty, or not visible ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a mid or rid has 1 to 16 visible ASCII characters")]
pub struct BadMid;

impl Mid {
    /// The longest token that fits a one-byte header extension (RFC 8285 §4.2).
    pub const LENGTH_MAX: usize = 16;

    /// Takes the token as it stands in SDP or in a header extension.
    ///
    /// # Errors
    /// [`BadMid`] if it is empty, too long or not visible ASCII.
    pub fn try_new(token: &[u8]) -> Result<Self, BadMid> {
        let fits = !token.is_empty() && token.len() <= Self::LENGTH_MAX;
        if !fits || !token.iter().all(u8::is_ascii_graphic) {
            return Err(BadMid);
        }
        let mut bytes = [0; Self::LENGTH_MAX];
        bytes[..token.len()].copy_from_slice(token);
        Ok(Mid { bytes, length: token.len() as u8 })
    }

    /// The token's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// The token as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or("")
    }
}

impl TryFrom<String> for Mid {
    type Error = BadMid;

    fn try_from(text: String) -> Result<Self, BadMid> {
        Mid::try_new(text.as_bytes())
    }
}

impl From<Mid> for String {
    fn from(mid: Mid) -> String {
        mid.as_str().to_owned()
    }
}

impl std::fmt::Debug for Mid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The `rid` of a simulcast encoding (RFC 8851) has the same shape as a [`Mid`].
pub type Rid = Mid;

/// Header-extension ids of one m-line (RFC 8285), 1 to 14, absent where not negotiated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionIds {
    /// `urn:ietf:params:rtp-hdrext:sdes:mid` (RFC 9143).
    pub mid: Option<u8>,
    /// `urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id` (RFC 8852).
    pub rid: Option<u8>,
    /// `urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id` (RFC 8852).
    pub repaired_rid: Option<u8>,
    /// `urn:ietf:params:rtp-hdrext:ssrc-audio-level` (RFC 6464).
    pub audio_level: Option<u8>,
    /// `urn:3gpp:video-orientation`.
    pub orientation: Option<u8>,
    /// `draft-holmer-rmcat-transport-wide-cc-extensions-01`, two bytes.
    #[serde(default)]
    pub transport_cc: Option<u8>,
    /// The AV1 RTP specification's dependency descriptor, for any codec.
    #[serde(default)]
    pub dependency_descriptor: Option<u8>,
    /// `video-layers-allocation00`: which layers a publisher sends, and their rates.
    #[serde(default)]
    pub layers_allocation: Option<u8>,
}

/// One payload type of an m-line with the one that repairs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// What it carries.
    pub codec: Codec,
    /// Its number.
    pub pt: Pt,
    /// The RTX payload type with `apt` naming `pt` (RFC 4588 §8.6).
    pub rtx: Option<Pt>,
}

/// An m-line on which the participant sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishSection {
    /// Names the m-line.
    pub mid: Mid,
    /// What it carries.
    pub source: Source,
    /// Accepted payload types, in the client's order.
    pub payloads: Vec<Payload>,
    /// Simulcast encodings from the smallest to the largest; empty without simulcast.
    pub rids: Vec<Rid>,
    /// SSRCs that the offer declared, media before RTX; empty where RIDs name the streams.
    pub ssrcs: Vec<Ssrc>,
    /// Header-extension ids.
    pub extensions: ExtensionIds,
}

/// How much a voice counts where more speak than are heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum VoicePriority {
    /// As much as it is loud.
    #[default]
    Usual,
    /// More than any usual one: of whoever keeps order, or has been given the word.
    First,
}

/// An m-line on which the participant receives: one slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotSection {
    /// Names the m-line.
    pub mid: Mid,
    /// What it is for.
    pub kind: SlotKind,
    /// Accepted payload types.
    pub payloads: Vec<Payload>,
    /// The slot's SSRC for its whole life.
    pub ssrc: Ssrc,
    /// The SSRC of its RTX stream, declared even while nothing is repaired.
    pub rtx_ssrc: Option<Ssrc>,
    /// The client has promised to tell what is lost or what its line carries: generic NACK
    /// (RFC 4585 §6.2.1), REMB or transport-wide feedback.
    #[serde(default)]
    pub is_reported: bool,
    /// Header-extension ids.
    pub extensions: ExtensionIds,
}

/// What offer and answer agreed on: all that the forwarding engine needs to know of the SDP.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionPlan {
    /// M-lines on which the participant sends.
    pub publishes: Vec<PublishSection>,
    /// M-lines on which the participant receives, in the order of the SDP.
    pub slots: Vec<SlotSection>,
}
