//! Writes an answer in the form that Chromium, Firefox, aiortc and GStreamer all take.

use std::{fmt::Write, net::SocketAddr};

use protocol::media::{Codec, MediaKind, Mid, PublishSection, SlotKind, SlotSection, Source};

use super::{
    AnsweredExtension, AnsweredPayload, AnsweredRole, AnsweredSection, Format, Negotiated,
    attributes::encoding_name,
};
use crate::{dtls::Fingerprint, ice::IceCredentials};

/// Priority of the first candidate; each further one has one less.
///
/// Far below the priority of a host candidate (RFC 8445 §5.1.2), so that a session which moves can
/// announce its new address with a strictly higher one: Chromium follows no other.
pub const CANDIDATE_PRIORITY: u32 = 1_000_000_000;

/// Priority of the first candidate over TCP; each further one has 256 less.
///
/// RFC 6544 §4.2: below every one over UDP by its type preference; as local preference the
/// direction's 4 of a passive candidate in the upper 3 bits, and the place among the others below.
const TCP_CANDIDATE_PRIORITY: u32 = 29 << 24 | (4 << 13 | 0x1FFF) << 8 | 255;

/// What an answer says of the node itself.
#[derive(Clone, Copy, Debug)]
pub struct AnswerParams<'a> {
    /// The session's ICE credentials on the node.
    pub ice: &'a IceCredentials,
    /// The node's certificate.
    pub fingerprint: Fingerprint,
    /// Where the node can be reached.
    pub candidates: Candidates<'a>,
}

/// Where a node listens, most wanted first; UDP is wanted more than TCP.
#[derive(Clone, Copy, Debug, Default)]
pub struct Candidates<'a> {
    /// For UDP.
    pub udp: &'a [SocketAddr],
    /// For ICE-TCP (RFC 6544), passively.
    pub tcp: &'a [SocketAddr],
}

/// Writes the answer to the offer that was negotiated.
#[must_use]
pub fn answer_text(negotiated: &Negotiated, params: &AnswerParams<'_>) -> String {
    let mut out = Writer(String::with_capacity(512 + 512 * negotiated.sections.len()));
    session(&mut out, negotiated, params);
    let mut candidates = params.candidates;
    let stage = Stage::of(negotiated);
    for section in &negotiated.sections {
        match section.role {
            AnsweredRole::Rejected => rejected(&mut out, section),
            AnsweredRole::Publish(index) => {
                let publish = negotiated.plan.publishes.get(index);
                let is_voice = publish.is_some_and(|it| it.source == Source::Microphone);
                let way = if is_voice { Way::VoiceIn } else { Way::In };
                common(&mut out, section, way, std::mem::take(&mut candidates));
                if let Some(publish) = publish {
                    encodings(&mut out, publish);
                }
            }
            AnsweredRole::Slot(index) => {
                common(&mut out, section, Way::Out, std::mem::take(&mut candidates));
                if let Some(slot) = negotiated.plan.slots.get(index) {
                    streams(&mut out, slot, &stage);
                }
            }
        }
    }
    out.0
}

/// Collects lines. Writing to a string cannot fail.
struct Writer(String);

impl Writer {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _ = self.0.write_fmt(line);
        self.0.push_str("\r\n");
    }
}

/// Writes a line.
macro_rules! line {
    ($out:expr, $($text:tt)*) => { $out.line(format_args!($($text)*)) };
}

fn session(out: &mut Writer, negotiated: &Negotiated, params: &AnswerParams<'_>) {
    line!(out, "v=0");
    let (id, version) = (negotiated.session_id, negotiated.version);
    // RFC 9429 §5.2.1: the address means nothing, so it tells nothing.
    line!(out, "o=- {id} {version} IN IP4 127.0.0.1");
    line!(out, "s=-");
    line!(out, "t=0 0");
    if negotiated.has_bundle {
        let mut group = String::new();
        for mid in negotiated.accepted().filter_map(|section| section.mid) {
            group.push(' ');
            group.push_str(mid.as_str());
        }
        line!(out, "a=group:BUNDLE{group}");
    }
    if negotiated.extmap_allow_mixed {
        line!(out, "a=extmap-allow-mixed");
    }
    line!(out, "a=ice-lite");
    line!(out, "a=msid-semantic: WMS *");
    // Once for all m-lines: with a fingerprint in the first m-line alone Firefox 153 crashes.
    line!(out, "a=ice-ufrag:{}", params.ice.ufrag());
    line!(out, "a=ice-pwd:{}", params.ice.pwd());
    line!(out, "a=fingerprint:sha-256 {}", params.fingerprint);
}

/// RFC 3264 §6: a rejected m-line has port 0 and at least one format.
fn rejected(out: &mut Writer, section: &AnsweredSection) {
    let head = &section.head;
    line!(out, "m={} 0 {} {}", head.media, head.protocol, head.format);
    line!(out, "c=IN IP4 0.0.0.0");
    if let Some(mid) = section.mid {
        line!(out, "a=mid:{}", mid.as_str());
    }
    line!(out, "a=inactive");
}

/// Which way the media of an m-line goes, from our view.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// A person's voice comes.
    VoiceIn,
    /// Anything else comes.
    In,
    /// A slot.
    Out,
}

impl Way {
    const fn direction(self) -> &'static str {
        match self {
            Way::VoiceIn | Way::In => "recvonly",
            Way::Out => "sendonly",
        }
    }
}

/// All that an accepted m-line says whichever way its media goes.
fn common(out: &mut Writer, section: &AnsweredSection, way: Way, candidates: Candidates<'_>) {
    let (head, direction) = (&section.head, way.direction());
    let mut formats = String::new();
    for AnsweredPayload { payload, .. } in &section.payloads {
        for pt in std::iter::once(payload.pt).chain(payload.rtx) {
            let _ = write!(formats, " {}", pt.0);
        }
    }
    line!(out, "m={} 9 {}{formats}", head.media, head.protocol);
    line!(out, "c=IN IP4 0.0.0.0");
    // BUNDLE: the candidates of the first m-line are those of all (RFC 9143 §7.3.1).
    for (address, number) in candidates.udp.iter().zip(0..) {
        let priority = CANDIDATE_PRIORITY - number;
        let (ip, port) = (address.ip().to_canonical(), address.port());
        let foundation = number + 1;
        line!(out, "a=candidate:{foundation} 1 udp {priority} {ip} {port} typ host");
    }
    for (address, number) in candidates.tcp.iter().zip(0..) {
        let priority = TCP_CANDIDATE_PRIORITY - (number << 8);
        let (ip, port) = (address.ip().to_canonical(), address.port());
        // RFC 8445 §5.1.1.3: another transport, another foundation.
        let foundation = candidates.udp.len() + number as usize + 1;
        line!(
            out,
            "a=candidate:{foundation} 1 TCP {priority} {ip} {port} typ host tcptype passive"
        );
    }
    if let Some(mid) = section.mid {
        line!(out, "a=mid:{}", mid.as_str());
    }
    line!(out, "a={direction}");
    // In every m-line: GStreamer 1.22 does not find it before the first.
    line!(out, "a=setup:passive");
    line!(out, "a=rtcp-mux");
    if section.rtcp_rsize {
        line!(out, "a=rtcp-rsize");
    }
    for payload in &section.payloads {
        codec(out, payload, way);
    }
    for AnsweredExtension { id, extension, is_one_way } in &section.extensions {
        let suffix = if *is_one_way { format!("/{direction}") } else { String::new() };
        line!(out, "a=extmap:{id}{suffix} {}", extension.uri());
    }
}

fn codec(out: &mut Writer, answered: &AnsweredPayload, way: Way) {
    let AnsweredPayload { payload, feedback, format } = answered;
    let pt = payload.pt.0;
    let (name, clock_rate) = (encoding_name(payload.codec), payload.codec.clock_rate());
    let channels = if payload.codec.kind() == MediaKind::Audio { "/2" } else { "" };
    line!(out, "a=rtpmap:{pt} {name}/{clock_rate}{channels}");
    match format {
        Format::Plain if payload.codec == Codec::Opus => {
            // RFC 7587 §6.1: what the answer asks for is what the client sends. FEC fills a lost
            // packet from the next; a voice may pause, the sound of a screen is never silence.
            let dtx = if way == Way::VoiceIn { ";usedtx=1" } else { "" };
            line!(out, "a=fmtp:{pt} minptime=10;useinbandfec=1{dtx}");
        }
        Format::Plain => {}
        Format::Red(opus) => line!(out, "a=fmtp:{pt} {0}/{0}", opus.0),
        Format::Vp9 => line!(out, "a=fmtp:{pt} profile-id=0"),
        Format::H264 { profile, level_asymmetry } => {
            // RFC 6184 §8.2.2: profile and mode are the offer's; without asymmetry the level too.
            let asymmetry = if *level_asymmetry { "level-asymmetry-allowed=1;" } else { "" };
            line!(out, "a=fmtp:{pt} {asymmetry}packetization-mode=1;profile-level-id={profile}");
        }
        Format::Av1 { level, tier } => {
            let level = level.map_or(String::new(), |level| format!("level-idx={level};"));
            let tier = tier.map_or(String::new(), |tier| format!(";tier={tier}"));
            line!(out, "a=fmtp:{pt} {level}profile=0{tier}");
        }
    }
    let named = [
        (feedback.transport_cc, "transport-cc"),
        (feedback.nack, "nack"),
        (feedback.nack_pli, "nack pli"),
        (feedback.ccm_fir, "ccm fir"),
        (feedback.goog_remb, "goog-remb"),
    ];
    for (_, name) in named.into_iter().filter(|(is_accepted, _)| *is_accepted) {
        line!(out, "a=rtcp-fb:{pt} {name}");
    }
    if let Some(rtx) = payload.rtx {
        line!(out, "a=rtpmap:{} rtx/{clock_rate}", rtx.0);
        line!(out, "a=fmtp:{} apt={pt}", rtx.0);
    }
}

/// The simulcast encodings that the node takes (RFC 8853 §5.3).
fn encodings(out: &mut Writer, publish: &PublishSection) {
    for rid in &publish.rids {
        line!(out, "a=rid:{} recv", rid.as_str());
    }
    if let Some((first, rest)) = publish.rids.split_first() {
        let mut list = first.as_str().to_owned();
        for rid in rest {
            list.push(';');
            list.push_str(rid.as_str());
        }
        line!(out, "a=simulcast:recv {list}");
    }
}

/// The name of all streams of a node (RFC 7022 asks for one that tells nothing about it).
const CNAME: &str = "preau";

/// Declares a slot's SSRCs. Without the FID group Firefox ignores RTX; without the SSRCs a browser
/// cannot tell which m-line a packet without a mid belongs to.
fn streams(out: &mut Writer, slot: &SlotSection, stage: &Stage) {
    let mid = slot.mid.as_str();
    if stage.contains(slot) {
        line!(out, "a=msid:stage slot-{mid}");
    } else {
        line!(out, "a=msid:slot-{mid} slot-{mid}");
    }
    let ssrc = slot.ssrc.0;
    if let Some(rtx) = slot.rtx_ssrc {
        line!(out, "a=ssrc-group:FID {ssrc} {}", rtx.0);
    }
    for ssrc in std::iter::once(slot.ssrc).chain(slot.rtx_ssrc) {
        line!(out, "a=ssrc:{} cname:{CNAME}", ssrc.0);
    }
}

/// The first voice and the first picture: they share a media stream, so that the browser plays
/// lips and voice together.
struct Stage {
    voice: Option<Mid>,
    video: Option<Mid>,
}

impl Stage {
    fn of(negotiated: &Negotiated) -> Self {
        let first = |kind| {
            let mut slots = negotiated.plan.slots.iter();
            slots.find(|slot| slot.kind == kind).map(|slot| slot.mid)
        };
        Stage { voice: first(SlotKind::Voice), video: first(SlotKind::Video) }
    }

    fn contains(&self, slot: &SlotSection) -> bool {
        match slot.kind {
            SlotKind::Voice => self.voice == Some(slot.mid),
            SlotKind::Video => self.video == Some(slot.mid),
            SlotKind::Programme => false,
        }
    }
}
