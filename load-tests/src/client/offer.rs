//! The offer of a model client, in the shape of a browser's, and what it needs of the answer.

use std::fmt::Write;

use protocol::{
    client::{MediaSection, SectionRole},
    media::{SlotKind, Source, Ssrc},
};

/// Payload types and header-extension ids of every model client.
pub(super) const OPUS_PT: u8 = 111;
pub(super) const VP8_PT: u8 = 96;
pub(super) const VP8_RTX_PT: u8 = 97;
pub(super) const LEVEL_ID: u8 = 1;
pub(super) const MID_ID: u8 = 4;
pub(super) const RID_ID: u8 = 10;

/// The names of the simulcast encodings, smallest first.
pub(super) const RIDS: [&str; 3] = ["q", "h", "f"];

/// Which m-lines a client has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Whether it sends a microphone and a camera.
    pub publishes: bool,
    /// Slots for voices.
    pub voices: usize,
    /// Slots for pictures.
    pub videos: usize,
}

impl Shape {
    /// Somebody in a small meeting.
    pub const PARTICIPANT: Shape = Shape { publishes: true, voices: 3, videos: 4 };

    fn roles(self) -> Vec<SectionRole> {
        let mut roles = Vec::new();
        if self.publishes {
            roles.push(SectionRole::Publish(Source::Microphone));
            roles.push(SectionRole::Publish(Source::Camera));
        }
        roles.extend(std::iter::repeat_n(SectionRole::Slot(SlotKind::Voice), self.voices));
        roles.extend(std::iter::repeat_n(SectionRole::Slot(SlotKind::Video), self.videos));
        roles
    }

    /// The use of each m-line; its mid is its number.
    pub(super) fn sections(self) -> Vec<MediaSection> {
        let roles = self.roles().into_iter().enumerate();
        roles.map(|(mid, role)| MediaSection { mid: mid.to_string(), role }).collect()
    }

    /// The SDP.
    pub(super) fn offer(self, ufrag: &str, pwd: &str) -> String {
        let roles = self.roles();
        let mids: Vec<String> = (0..roles.len()).map(|mid| mid.to_string()).collect();
        let mut sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n",
            mids.join(" ")
        );
        let fingerprint = ["AB"; 32].join(":");
        for (mid, role) in roles.into_iter().enumerate() {
            sdp.push_str(head(role));
            let _ = write!(
                sdp,
                "c=IN IP4 0.0.0.0\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\n\
                 a=fingerprint:sha-256 {fingerprint}\r\na=setup:actpass\r\na=mid:{mid}\r\n\
                 a=rtcp-mux\r\n"
            );
            sdp.push_str(&body(role));
        }
        sdp
    }
}

fn head(role: SectionRole) -> &'static str {
    match role {
        SectionRole::Publish(Source::Microphone | Source::ScreenAudio)
        | SectionRole::Slot(SlotKind::Voice | SlotKind::Programme) => {
            "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
        }
        SectionRole::Publish(Source::Camera | Source::Screen)
        | SectionRole::Slot(SlotKind::Video) => "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n",
    }
}

fn body(role: SectionRole) -> String {
    let opus = format!(
        "a=rtpmap:{OPUS_PT} opus/48000/2\r\n\
         a=extmap:{LEVEL_ID} urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
    );
    let vp8 = format!(
        "a=rtpmap:{VP8_PT} VP8/90000\r\n\
         a=rtcp-fb:{VP8_PT} nack\r\na=rtcp-fb:{VP8_PT} nack pli\r\n\
         a=rtpmap:{VP8_RTX_PT} rtx/90000\r\na=fmtp:{VP8_RTX_PT} apt={VP8_PT}\r\n"
    );
    let mid = format!("a=extmap:{MID_ID} urn:ietf:params:rtp-hdrext:sdes:mid\r\n");
    match role {
        SectionRole::Publish(Source::Microphone | Source::ScreenAudio) => {
            format!("a=sendonly\r\n{opus}{mid}")
        }
        SectionRole::Publish(Source::Camera | Source::Screen) => {
            let rids = RIDS.map(|rid| format!("a=rid:{rid} send\r\n")).concat();
            let simulcast = format!("a=simulcast:send {}\r\n", RIDS.join(";"));
            format!(
                "a=sendonly\r\n{vp8}{mid}\
                 a=extmap:{RID_ID} urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n\
                 {rids}{simulcast}"
            )
        }
        SectionRole::Slot(SlotKind::Voice | SlotKind::Programme) => {
            format!("a=recvonly\r\n{opus}")
        }
        SectionRole::Slot(SlotKind::Video) => format!("a=recvonly\r\n{vp8}"),
    }
}

/// What a client takes from an answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) ufrag: String,
    pub(super) pwd: String,
    /// The mid and the SSRC of each slot.
    pub(super) slots: Vec<(String, Ssrc)>,
}

impl Answer {
    /// Reads an answer of the node; `None` if something is missing.
    pub(super) fn read(sdp: &str) -> Option<Self> {
        let value = |name: &str| sdp.lines().find_map(|line| line.strip_prefix(name));
        let mut slots = Vec::new();
        let mut mid = "";
        for line in sdp.lines() {
            if let Some(found) = line.strip_prefix("a=mid:") {
                mid = found;
            } else if let Some(rest) = line.strip_prefix("a=ssrc:")
                && slots.last().is_none_or(|(last, _): &(String, Ssrc)| last != mid)
            {
                let ssrc = rest.split(' ').next()?.parse().ok()?;
                slots.push((mid.to_owned(), Ssrc(ssrc)));
            }
        }
        let ufrag = value("a=ice-ufrag:")?.to_owned();
        Some(Answer { ufrag, pwd: value("a=ice-pwd:")?.to_owned(), slots })
    }
}
