//! The offer of a model client, in the shape of a browser's, and what it needs of the answer.

use std::{fmt::Write, net::SocketAddr};

use protocol::{
    client::{MediaSection, SectionRole},
    media::{MediaKind, SlotKind, Source, Ssrc},
};
use sfu_transport::dtls::Fingerprint;

/// Payload types and header-extension ids of every model client.
pub(crate) const OPUS_PT: u8 = 111;
pub(super) const RED_PT: u8 = 63;
pub(crate) const VP8_PT: u8 = 96;
pub(super) const VP8_RTX_PT: u8 = 97;
pub(super) const LEVEL_ID: u8 = 1;
pub(crate) const TRANSPORT_ID: u8 = 3;
pub(super) const MID_ID: u8 = 4;
/// Browsers offer it, and a model never sends it of its own accord.
pub const DEPENDENCY_ID: u8 = 8;
pub(super) const RID_ID: u8 = 10;
pub(super) const REPAIRED_RID_ID: u8 = 11;

/// The names of the simulcast encodings, smallest first.
pub(super) const RIDS: [&str; 3] = ["q", "h", "f"];

/// What a client's media engine can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kit {
    /// Keyframe requests, and frames of a few packets of one size: for stories in which the
    /// network is no matter.
    Plain,
    /// What aiortc and GStreamer have: NACK and REMB, no transport-wide feedback, and here no
    /// stream for what is sent again.
    Remb,
    /// The same without REMB: what is lost is all that it tells.
    Nack,
    /// What browsers have: temporal layers, NACK and RTX both ways, RED, transport-wide feedback.
    Browser,
}

/// Which m-lines a client has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Whether it sends a microphone and a camera.
    pub publishes: bool,
    /// Slots for voices.
    pub voices: usize,
    /// Slots for pictures.
    pub videos: usize,
    /// Whether it has an m-line for a screen, behind all others.
    pub screen: bool,
    /// What it can do.
    pub kit: Kit,
}

impl Kit {
    /// Lost packets come again as they were, for want of another stream.
    pub(crate) const fn takes_copies(self) -> bool {
        matches!(self, Kit::Remb | Kit::Nack)
    }
}

impl Shape {
    /// Somebody in a small meeting.
    pub const PARTICIPANT: Shape =
        Shape { publishes: true, voices: 3, videos: 4, screen: false, kit: Kit::Plain };

    /// The same with a browser's media engine.
    pub const BROWSER: Shape = Shape { kit: Kit::Browser, ..Shape::PARTICIPANT };

    /// Somebody who only receives.
    pub const WATCHER: Shape = Shape { publishes: false, ..Shape::BROWSER };

    fn roles(self) -> Vec<SectionRole> {
        let mut roles = Vec::new();
        if self.publishes {
            roles.push(SectionRole::Publish(Source::Microphone));
            roles.push(SectionRole::Publish(Source::Camera));
        }
        roles.extend(std::iter::repeat_n(SectionRole::Slot(SlotKind::Voice), self.voices));
        roles.extend(std::iter::repeat_n(SectionRole::Slot(SlotKind::Video), self.videos));
        roles.extend(self.screen.then_some(SectionRole::Publish(Source::Screen)));
        roles
    }

    /// The use of each m-line; its mid is its number.
    pub(super) fn sections(self) -> Vec<MediaSection> {
        let roles = self.roles().into_iter().enumerate();
        roles.map(|(mid, role)| MediaSection { mid: mid.to_string(), role }).collect()
    }

    /// The names of the m-lines of camera and screen, empty where there is none.
    pub(super) fn video_mids(self) -> [String; 2] {
        let roles = self.roles();
        [Source::Camera, Source::Screen].map(|source| {
            let place = roles.iter().position(|role| *role == SectionRole::Publish(source));
            place.map(|place| place.to_string()).unwrap_or_default()
        })
    }

    /// The SDP.
    pub(super) fn offer(self, ufrag: &str, pwd: &str, fingerprint: &str) -> String {
        let roles = self.roles();
        let mids: Vec<String> = (0..roles.len()).map(|mid| mid.to_string()).collect();
        let mut sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n",
            mids.join(" ")
        );
        for (mid, role) in roles.into_iter().enumerate() {
            sdp.push_str(head(role, self.kit));
            let _ = write!(
                sdp,
                "c=IN IP4 0.0.0.0\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\n\
                 a=fingerprint:sha-256 {fingerprint}\r\na=setup:actpass\r\na=mid:{mid}\r\n\
                 a=rtcp-mux\r\n"
            );
            sdp.push_str(&body(role, self.kit));
        }
        sdp
    }
}

fn head(role: SectionRole, kit: Kit) -> &'static str {
    match (role_kind(role), kit) {
        (MediaKind::Audio, Kit::Plain | Kit::Remb | Kit::Nack) => {
            "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
        }
        (MediaKind::Audio, Kit::Browser) => "m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\n",
        (MediaKind::Video, Kit::Remb | Kit::Nack) => "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n",
        (MediaKind::Video, Kit::Plain | Kit::Browser) => "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n",
    }
}

fn role_kind(role: SectionRole) -> MediaKind {
    match role {
        SectionRole::Publish(source) => source.kind(),
        SectionRole::Slot(kind) => kind.kind(),
    }
}

fn body(role: SectionRole, kit: Kit) -> String {
    let kind = role_kind(role);
    let codecs = match kind {
        MediaKind::Audio => sound(kit),
        MediaKind::Video => pictures(kit),
    };
    let mid = format!("a=extmap:{MID_ID} urn:ietf:params:rtp-hdrext:sdes:mid\r\n");
    match role {
        SectionRole::Publish(Source::Camera) => {
            let rids = RIDS.map(|rid| format!("a=rid:{rid} send\r\n")).concat();
            let simulcast = format!("a=simulcast:send {}\r\n", RIDS.join(";"));
            format!(
                "a=sendonly\r\n{codecs}{mid}\
                 a=extmap:{RID_ID} urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n\
                 a=extmap:{REPAIRED_RID_ID} \
                 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n\
                 {rids}{simulcast}"
            )
        }
        SectionRole::Publish(Source::Microphone | Source::Screen | Source::ScreenAudio) => {
            format!("a=sendonly\r\n{codecs}{mid}")
        }
        SectionRole::Slot(_) => format!("a=recvonly\r\n{codecs}"),
    }
}

fn sound(kit: Kit) -> String {
    let mut lines = format!(
        "a=rtpmap:{OPUS_PT} opus/48000/2\r\n\
         a=extmap:{LEVEL_ID} urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
    );
    if kit == Kit::Browser {
        let _ = write!(
            lines,
            "a=rtcp-fb:{OPUS_PT} transport-cc\r\n\
             a=rtpmap:{RED_PT} red/48000/2\r\na=fmtp:{RED_PT} {OPUS_PT}/{OPUS_PT}\r\n{}",
            transport_extension()
        );
    }
    lines
}

fn pictures(kit: Kit) -> String {
    let mut lines = format!("a=rtpmap:{VP8_PT} VP8/90000\r\na=rtcp-fb:{VP8_PT} nack pli\r\n");
    if kit != Kit::Plain {
        let _ = write!(lines, "a=rtcp-fb:{VP8_PT} nack\r\n");
    }
    let rtx = format!("a=rtpmap:{VP8_RTX_PT} rtx/90000\r\na=fmtp:{VP8_RTX_PT} apt={VP8_PT}\r\n");
    match kit {
        Kit::Plain => lines.push_str(&rtx),
        Kit::Nack => {}
        Kit::Remb => {
            let _ = write!(lines, "a=rtcp-fb:{VP8_PT} goog-remb\r\n");
        }
        Kit::Browser => {
            let _ = write!(
                lines,
                "a=rtcp-fb:{VP8_PT} ccm fir\r\na=rtcp-fb:{VP8_PT} goog-remb\r\n\
                 a=rtcp-fb:{VP8_PT} transport-cc\r\n{rtx}{}\
                 a=extmap:{DEPENDENCY_ID} https://aomediacodec.github.io/av1-rtp-spec/\
                 #dependency-descriptor-rtp-header-extension\r\n",
                transport_extension()
            );
        }
    }
    lines
}

/// Names packets by numbers of the whole transport.
pub(super) const TRANSPORT_URI: &str =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

fn transport_extension() -> String {
    format!("a=extmap:{TRANSPORT_ID} {TRANSPORT_URI}\r\n")
}

/// What a client takes from an answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) ufrag: String,
    pub(super) pwd: String,
    /// The mid and the SSRC of each slot.
    pub(super) slots: Vec<(String, Ssrc)>,
    /// The SSRC on which lost packets of a slot come again, and the slot's.
    pub(super) repairs: Vec<(Ssrc, Ssrc)>,
    /// Whether the node tells of each packet that it gets.
    pub(super) has_transport_feedback: bool,
    /// The node's certificate.
    pub(super) fingerprint: Option<Fingerprint>,
    /// Where the node is reached by UDP.
    pub(super) candidates: Vec<SocketAddr>,
}

/// An answer that lacks credentials, or has a slot without a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadAnswer;

impl std::fmt::Display for BadAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the answer lacks credentials, or has a slot without a stream")
    }
}

impl std::error::Error for BadAnswer {}

impl Answer {
    /// Reads an answer of the node.
    pub(super) fn read(sdp: &str) -> Result<Self, BadAnswer> {
        Self::parse(sdp).ok_or(BadAnswer)
    }

    fn parse(sdp: &str) -> Option<Self> {
        let value = |name: &str| sdp.lines().find_map(|line| line.strip_prefix(name));
        let mut slots = Vec::new();
        let mut repairs = Vec::new();
        let mut mid = "";
        for line in sdp.lines() {
            if let Some(found) = line.strip_prefix("a=mid:") {
                mid = found;
            } else if let Some(rest) = line.strip_prefix("a=ssrc:")
                && slots.last().is_none_or(|(last, _): &(String, Ssrc)| last != mid)
            {
                let ssrc = rest.split(' ').next()?.parse().ok()?;
                slots.push((mid.to_owned(), Ssrc(ssrc)));
            } else if let Some(group) = line.strip_prefix("a=ssrc-group:FID ") {
                let (media, repair) = group.trim().split_once(' ')?;
                repairs.push((Ssrc(repair.parse().ok()?), Ssrc(media.parse().ok()?)));
            }
        }
        let has_transport_feedback = sdp.contains("transport-cc");
        let fingerprint = value("a=fingerprint:sha-256 ");
        let candidates = sdp.lines().filter_map(candidate);
        let ufrag = value("a=ice-ufrag:")?.to_owned();
        Some(Answer {
            ufrag,
            pwd: value("a=ice-pwd:")?.to_owned(),
            slots,
            repairs,
            has_transport_feedback,
            fingerprint: fingerprint.and_then(|text| Fingerprint::parse(text.trim()).ok()),
            candidates: candidates.collect(),
        })
    }
}

/// The address of a line with a UDP candidate (RFC 8839 §5.1).
fn candidate(line: &str) -> Option<SocketAddr> {
    let words: Vec<&str> = line.strip_prefix("a=candidate:")?.split(' ').collect();
    let [_, "1", transport, _, ip, port, ..] = words[..] else { return None };
    let is_udp = transport.eq_ignore_ascii_case("udp");
    is_udp.then(|| Some(SocketAddr::new(ip.parse().ok()?, port.parse().ok()?)))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_those_by_udp() {
        let line = "a=candidate:1 1 UDP 2130706431 10.0.0.1 8080 typ host";
        assert_eq!(candidate(line), Some(SocketAddr::from(([10, 0, 0, 1], 8080))));
        for other in [
            "a=candidate:2 1 TCP 1 10.0.0.1 8080 typ host tcptype passive",
            "a=candidate:3 1 udp 1 b7c.local 8080 typ host",
            "a=candidate:4 2 udp 1 10.0.0.1 8081 typ host",
            "a=end-of-candidates",
        ] {
            assert_eq!(candidate(other), None, "{other}");
        }
    }
}
