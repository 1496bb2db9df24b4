//! An offer as typed values: what of it the node understands.

use protocol::media::{Codec, MediaKind, Mid, Pt, Rid, Ssrc};
use serde::{Deserialize, Serialize};

use super::{
    ATTRIBUTES_MAX, OFFER_BYTES_MAX, RIDS_MAX, SECTIONS_MAX, SSRCS_MAX, SdpError,
    attributes::{self, Encoding, Line},
    format::{Format, Parameters},
};
use crate::dtls::Fingerprint;

/// What a client offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Each `a=group:BUNDLE`: the mids that share one transport (RFC 9143).
    pub bundle_groups: Vec<Vec<Mid>>,
    /// Whether one- and two-byte header extensions may be mixed (RFC 8285 §6).
    pub extmap_allow_mixed: bool,
    /// Transport attributes before the first m-line; they hold where an m-line has none.
    pub transport: Transport,
    /// The m-lines.
    pub sections: Vec<OfferedSection>,
}

/// One m-line of an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedSection {
    /// Its name (RFC 5888).
    pub mid: Option<Mid>,
    /// Sound or picture; `None` for what is not RTP.
    pub kind: Option<MediaKind>,
    /// The words of the m-line, to repeat them.
    pub head: MediaHead,
    /// Port 0 without `a=bundle-only`: the client has stopped it (RFC 3264 §8.2).
    pub is_stopped: bool,
    /// From the client's view.
    pub direction: Direction,
    /// Its own transport attributes.
    pub transport: Transport,
    /// Whether RTCP may come in reduced size (RFC 5506).
    pub rtcp_rsize: bool,
    /// Payload types with a codec that we know and in the form of it that rooms use, one of each,
    /// in the client's order.
    pub payloads: Vec<OfferedPayload>,
    /// Header extensions that we use.
    pub extensions: Vec<OfferedExtension>,
    /// Simulcast encodings that the client sends, in the order of `a=simulcast`, at most
    /// [`RIDS_MAX`].
    pub rids: Vec<Rid>,
    /// Declared SSRCs, at most [`SSRCS_MAX`].
    pub ssrcs: Vec<Ssrc>,
    /// Pairs of a stream and the one that repairs it, at most [`SSRCS_MAX`].
    pub fid_groups: Vec<(Ssrc, Ssrc)>,
}

/// The words of an m-line that an answer must repeat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaHead {
    /// `audio`, `video`, `application`, …
    pub media: String,
    /// `UDP/TLS/RTP/SAVPF`, …
    pub protocol: String,
    /// The first format; a rejected m-line must name one (RFC 3264 §6).
    pub format: String,
}

/// A payload type that the client offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferedPayload {
    /// Its number.
    pub pt: Pt,
    /// What it carries.
    pub codec: Codec,
    /// The first RTX payload type that repairs it.
    pub rtx: Option<Pt>,
    /// The feedback it allows.
    pub feedback: FeedbackSet,
    /// What an answer repeats of its parameters.
    pub format: Format,
}

/// RTCP feedback messages that we use (`a=rtcp-fb`, RFC 4585 §4.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedbackSet {
    /// `nack`: single losses (RFC 4585 §6.2.1).
    pub nack: bool,
    /// `nack pli`: a lost picture (RFC 4585 §6.3.1).
    pub nack_pli: bool,
    /// `ccm fir`: a key frame, at once (RFC 5104 §4.3.1).
    pub ccm_fir: bool,
    /// `goog-remb`: the receiver's estimate.
    pub goog_remb: bool,
    /// `transport-cc`: when each packet of the transport arrived.
    #[serde(default)]
    pub transport_cc: bool,
}

/// A header extension that the client offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferedExtension {
    /// 1 to 14.
    pub id: u8,
    /// From the client's view.
    pub direction: Direction,
    /// Which.
    pub extension: Extension,
}

/// Header extensions that we use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Extension {
    /// RFC 9143 §15.
    Mid,
    /// RFC 8852 §4.1.
    Rid,
    /// RFC 8852 §4.2.
    RepairedRid,
    /// RFC 6464.
    AudioLevel,
    /// 3GPP TS 26.114 §7.4.5.
    Orientation,
    /// Draft-holmer-rmcat-transport-wide-cc-extensions-01 §2.
    TransportCc,
    /// AV1 RTP specification, appendix A; for every codec.
    DependencyDescriptor,
    /// `docs/native-code/rtp-hdrext/video-layers-allocation00` of libwebrtc.
    LayersAllocation,
}

/// Which way media goes, or a header extension.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Both ways; what holds where nothing is said (RFC 8866 §6.7).
    #[default]
    SendRecv,
    /// From the one who says it.
    SendOnly,
    /// To the one who says it.
    RecvOnly,
    /// Neither.
    Inactive,
}

/// Who may begin DTLS (RFC 4145 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// The client begins or waits.
    ActPass,
    /// The client begins.
    Active,
    /// The client waits.
    Passive,
    /// No connection for the time being.
    HoldConn,
}

/// Attributes of the transport. They stand before the first m-line, or in one, which then
/// overrides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transport {
    /// `a=ice-ufrag`.
    pub ufrag: Option<String>,
    /// `a=ice-pwd`.
    pub pwd: Option<String>,
    /// The SHA-256 `a=fingerprint`.
    pub fingerprint: Option<Fingerprint>,
    /// Whether there is a fingerprint of another hash.
    pub has_other_fingerprint: bool,
    /// `a=setup`.
    pub setup: Option<Setup>,
    /// RTCP on the port of RTP (RFC 5761).
    pub rtcp_mux: bool,
}

impl Offer {
    /// Reads an offer. Unknown attributes are skipped, as are those of payload types that the
    /// m-line does not name (Firefox leaves some behind after `setCodecPreferences`).
    ///
    /// # Errors
    /// [`SdpError`] where the text is no SDP or is over a limit.
    pub fn parse(text: &str) -> Result<Offer, SdpError> {
        if text.len() > OFFER_BYTES_MAX {
            return Err(SdpError::TooLong);
        }
        let mut offer = Offer::default();
        let mut session = SessionReader::default();
        let mut current: Option<SectionReader> = None;
        for line in attributes::lines(text) {
            match (line?, &mut current) {
                ((number, Line::Media(value)), _) => {
                    if offer.sections.len() + usize::from(current.is_some()) == SECTIONS_MAX {
                        return Err(SdpError::TooManySections);
                    }
                    offer.sections.extend(current.take().map(SectionReader::finish));
                    current = Some(SectionReader::try_new(number, value, session.direction)?);
                }
                ((number, Line::Attribute(name, value)), Some(section)) => {
                    section.attribute(number, name, value)?;
                }
                ((number, Line::Attribute(name, value)), None) => {
                    session.attribute(&mut offer, number, name, value)?;
                }
            }
        }
        offer.sections.extend(current.take().map(SectionReader::finish));
        offer.refuse_duplicate_mids()?;
        Ok(offer)
    }

    fn refuse_duplicate_mids(&self) -> Result<(), SdpError> {
        let mids = || self.sections.iter().filter_map(|section| section.mid);
        match mids().enumerate().find(|&(place, mid)| mids().take(place).any(|m| m == mid)) {
            Some((_, mid)) => Err(SdpError::DuplicateMid(mid)),
            None => Ok(()),
        }
    }
}

impl Direction {
    /// The word of SDP.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Direction::SendRecv => "sendrecv",
            Direction::SendOnly => "sendonly",
            Direction::RecvOnly => "recvonly",
            Direction::Inactive => "inactive",
        }
    }

    /// Reads the word of SDP.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "sendrecv" => Some(Direction::SendRecv),
            "sendonly" => Some(Direction::SendOnly),
            "recvonly" => Some(Direction::RecvOnly),
            "inactive" => Some(Direction::Inactive),
            _ => None,
        }
    }

    /// Whether the one who says it sends.
    #[must_use]
    pub const fn sends(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::SendOnly)
    }

    /// Whether the one who says it receives.
    #[must_use]
    pub const fn receives(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::RecvOnly)
    }
}

impl Extension {
    /// Every one.
    pub const ALL: [Extension; 8] = [
        Extension::Mid,
        Extension::Rid,
        Extension::RepairedRid,
        Extension::AudioLevel,
        Extension::Orientation,
        Extension::TransportCc,
        Extension::DependencyDescriptor,
        Extension::LayersAllocation,
    ];

    /// Its name in `a=extmap`.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Extension::Mid => "urn:ietf:params:rtp-hdrext:sdes:mid",
            Extension::Rid => "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
            Extension::RepairedRid => "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
            Extension::AudioLevel => "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
            Extension::Orientation => "urn:3gpp:video-orientation",
            Extension::TransportCc => {
                "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
            }
            Extension::DependencyDescriptor => {
                "https://aomediacodec.github.io/av1-rtp-spec/\
                 #dependency-descriptor-rtp-header-extension"
            }
            Extension::LayersAllocation => {
                "http://www.webrtc.org/experiments/rtp-hdrext/video-layers-allocation00"
            }
        }
    }
}

impl FeedbackSet {
    fn add(&mut self, name: &str) {
        match name.trim_end() {
            "nack" => self.nack = true,
            "nack pli" => self.nack_pli = true,
            "ccm fir" => self.ccm_fir = true,
            "goog-remb" => self.goog_remb = true,
            "transport-cc" => self.transport_cc = true,
            _ => {}
        }
    }

    const fn union(self, other: FeedbackSet) -> FeedbackSet {
        FeedbackSet {
            nack: self.nack || other.nack,
            nack_pli: self.nack_pli || other.nack_pli,
            ccm_fir: self.ccm_fir || other.ccm_fir,
            goog_remb: self.goog_remb || other.goog_remb,
            transport_cc: self.transport_cc || other.transport_cc,
        }
    }
}

impl Transport {
    /// Takes an attribute of the transport; others have no effect.
    fn attribute(&mut self, name: &str, value: &str) -> Result<(), &'static str> {
        match name {
            "ice-ufrag" => self.ufrag = Some(value.to_owned()),
            "ice-pwd" => self.pwd = Some(value.to_owned()),
            "setup" => self.setup = Some(attributes::setup(value).ok_or("a=setup")?),
            "rtcp-mux" => self.rtcp_mux = true,
            "fingerprint" => {
                let (hash, digest) = value.split_once(' ').ok_or("a=fingerprint")?;
                if hash.eq_ignore_ascii_case("sha-256") {
                    let digest = Fingerprint::parse(digest.trim());
                    self.fingerprint = Some(digest.map_err(|_| "a=fingerprint")?);
                } else {
                    self.has_other_fingerprint = true;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Reads what stands before the first m-line.
#[derive(Default)]
struct SessionReader {
    direction: Direction,
    attributes: usize,
}

impl SessionReader {
    fn attribute(
        &mut self,
        offer: &mut Offer,
        line: usize,
        name: &str,
        value: &str,
    ) -> Result<(), SdpError> {
        self.attributes += 1;
        if self.attributes > ATTRIBUTES_MAX {
            return Err(SdpError::TooManyAttributes(line));
        }
        match name {
            "extmap-allow-mixed" => offer.extmap_allow_mixed = true,
            "group" => {
                let mut words = value.split_ascii_whitespace();
                if words.next() == Some("BUNDLE") {
                    let mids = words.map(|word| Mid::try_new(word.as_bytes()));
                    let mids = mids.take(SECTIONS_MAX).filter_map(Result::ok);
                    offer.bundle_groups.push(mids.collect());
                }
            }
            _ => {
                let transport = offer.transport.attribute(name, value);
                transport.map_err(|what| SdpError::BadValue { line, what })?;
                self.direction = Direction::from_name(name).unwrap_or(self.direction);
            }
        }
        Ok(())
    }
}

/// Reads one m-line and its attributes, whose order is free: tables by payload type keep the time
/// linear whatever the text says.
struct SectionReader {
    section: OfferedSection,
    is_bundle_only: bool,
    attributes: usize,
    payload_types: Vec<Pt>,
    encodings: Box<[Option<Encoding>; 128]>,
    parameters: Box<[Parameters; 128]>,
    feedback: Box<[FeedbackSet; 128]>,
    feedback_of_all: FeedbackSet,
    sent_rids: Vec<Rid>,
    simulcast: Vec<Rid>,
}

impl SectionReader {
    fn try_new(line: usize, value: &str, direction: Direction) -> Result<Self, SdpError> {
        let bad = SdpError::BadValue { line, what: "m-line" };
        let mut words = value.split_ascii_whitespace();
        let (Some(media), Some(port), Some(protocol), Some(format)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(bad);
        };
        let port = port.split('/').next().and_then(|port| port.parse::<u16>().ok()).ok_or(bad)?;
        let kind = match media {
            "audio" => Some(MediaKind::Audio),
            "video" => Some(MediaKind::Video),
            _ => None,
        };
        let is_rtp = protocol.contains("RTP/");
        // RFC 8866 §5.14: formats of RTP are payload types. At most 128 are distinct.
        let payload_types = std::iter::once(format).chain(words).take(128);
        Ok(SectionReader {
            section: OfferedSection {
                mid: None,
                kind: kind.filter(|_| is_rtp),
                head: MediaHead {
                    media: media.to_owned(),
                    protocol: protocol.to_owned(),
                    format: format.to_owned(),
                },
                is_stopped: port == 0,
                direction,
                transport: Transport::default(),
                rtcp_rsize: false,
                payloads: Vec::new(),
                extensions: Vec::new(),
                rids: Vec::new(),
                ssrcs: Vec::new(),
                fid_groups: Vec::new(),
            },
            is_bundle_only: false,
            attributes: 0,
            payload_types: payload_types.filter_map(attributes::payload_type).collect(),
            encodings: Box::new([None; 128]),
            parameters: Box::new([Parameters::default(); 128]),
            feedback: Box::new([FeedbackSet::default(); 128]),
            feedback_of_all: FeedbackSet::default(),
            sent_rids: Vec::new(),
            simulcast: Vec::new(),
        })
    }

    fn attribute(&mut self, line: usize, name: &str, value: &str) -> Result<(), SdpError> {
        self.attributes += 1;
        if self.attributes > ATTRIBUTES_MAX {
            return Err(SdpError::TooManyAttributes(line));
        }
        let section = &mut self.section;
        match name {
            "mid" => {
                let mid = Mid::try_new(value.as_bytes());
                section.mid = Some(mid.map_err(|_| SdpError::BadValue { line, what: "a=mid" })?);
            }
            "bundle-only" => self.is_bundle_only = true,
            "rtcp-rsize" => section.rtcp_rsize = true,
            "rtpmap" => {
                if let Some((pt, encoding)) = attributes::rtpmap(value) {
                    self.encodings[usize::from(pt.0)] = Some(encoding);
                }
            }
            "fmtp" => {
                if let Some((pt, text)) = value.split_once(' ')
                    && let Some(pt) = attributes::payload_type(pt)
                {
                    self.parameters[usize::from(pt.0)] = Parameters::parse(text);
                }
            }
            "rtcp-fb" => self.feedback(value),
            "extmap" => {
                if let Some((id, direction, extension)) = attributes::extmap(value) {
                    section.extensions.retain(|known| known.extension != extension);
                    section.extensions.push(OfferedExtension { id, direction, extension });
                }
            }
            "rid" => push_rid(&mut self.sent_rids, attributes::sent_rid(value)),
            "simulcast" => {
                for rid in attributes::sent_simulcast(value) {
                    push_rid(&mut self.simulcast, Some(rid));
                }
            }
            "ssrc" => push_new(&mut section.ssrcs, attributes::ssrc(value), SSRCS_MAX),
            "ssrc-group" => {
                push_new(&mut section.fid_groups, attributes::fid_group(value), SSRCS_MAX);
            }
            _ => {
                let transport = section.transport.attribute(name, value);
                transport.map_err(|what| SdpError::BadValue { line, what })?;
                section.direction = Direction::from_name(name).unwrap_or(section.direction);
            }
        }
        Ok(())
    }

    fn feedback(&mut self, value: &str) {
        let Some((pt, feedback)) = value.split_once(' ') else {
            return;
        };
        // RFC 4585 §4.2: `*` is every payload type of the m-line.
        if pt == "*" {
            self.feedback_of_all.add(feedback);
        } else if let Some(pt) = attributes::payload_type(pt) {
            self.feedback[usize::from(pt.0)].add(feedback);
        }
    }

    fn finish(self) -> OfferedSection {
        let mut section = self.section;
        section.is_stopped &= !self.is_bundle_only;
        let encoding = |pt: Pt| self.encodings[usize::from(pt.0)];
        let mut rtx_of = [None; 128];
        for &pt in self.payload_types.iter().rev() {
            if let (Some(Encoding::Rtx), Some(repaired)) =
                (encoding(pt), self.parameters[usize::from(pt.0)].apt)
            {
                rtx_of[usize::from(repaired.0)] = Some(pt);
            }
        }
        for &pt in &self.payload_types {
            let Some(Encoding::Codec(codec)) = encoding(pt) else {
                continue;
            };
            let is_opus = |pt| {
                self.payload_types.contains(&pt)
                    && encoding(pt) == Some(Encoding::Codec(Codec::Opus))
            };
            let format = self.parameters[usize::from(pt.0)].format(codec, is_opus);
            let is_ours = Some(codec.kind()) == section.kind;
            // One payload type of each codec is enough: the first is the one the client prefers.
            if let Some(format) = format
                && is_ours
                && section.payloads.iter().all(|known| known.codec != codec)
            {
                section.payloads.push(OfferedPayload {
                    pt,
                    codec,
                    rtx: rtx_of[usize::from(pt.0)],
                    feedback: self.feedback[usize::from(pt.0)].union(self.feedback_of_all),
                    format,
                });
            }
        }
        let is_sent = |rid: &Rid| self.sent_rids.contains(rid);
        section.rids = if self.simulcast.is_empty() {
            self.sent_rids
        } else {
            self.simulcast.iter().copied().filter(is_sent).collect()
        };
        section
    }
}

fn push_rid(rids: &mut Vec<Rid>, rid: Option<&str>) {
    push_new(rids, rid.and_then(|rid| Rid::try_new(rid.as_bytes()).ok()), RIDS_MAX);
}

/// Appends what is not there yet, while there are fewer than `most`.
fn push_new<T: PartialEq>(list: &mut Vec<T>, item: Option<T>, most: usize) {
    if let Some(item) = item
        && list.len() < most
        && !list.contains(&item)
    {
        list.push(item);
    }
}
