//! Op `forward`: publishers' RTP in, one receiver's RTP out.
//!
//! The engine is the real one, with a participant for each source and one receiver with a slot for
//! a picture and one for a voice. The target layer is asked for as a client does: by the height of
//! the tile.

use std::collections::BTreeMap;

use protocol::{
    EndpointIndex, Instant, ParticipantId,
    client::{SourceState, Tile, View},
    media::{
        Codec, ExtensionIds, MediaKind, Mid, Payload, Pt, PublishSection, Rid, SeqNo, SessionPlan,
        SlotKind, SlotSection, Source, Ssrc,
    },
    rtp::RtpHeader,
};
use serde::Deserialize;
use serde_json::json;
use sfu_core::{
    Egress, Endpoint, ForwardDrop, ForwardEvent, Forwarder, Limits, OutgoingPacket, RoomIndex,
};

use super::{
    Event, Machine, Op, Outcome,
    hex::{self, Hex},
};

pub(super) const OP: Op = Op {
    name: "forward",
    what: "rewrites RTP for a receiver: declare each `source`, `show` one, then packets `in`",
    example: r#"{"t":0,"op":"forward","source":{"name":"a","codec":"vp8","pt":96,"ssrcs":[1,2]}}"#,
};

const ROOM: RoomIndex = RoomIndex(0);

/// Sources of one forwarder at most.
const SOURCES_MAX: usize = 32;

/// The receiver is the endpoint after all sources.
const RECEIVER: EndpointIndex = EndpointIndex(SOURCES_MAX as u32);

/// Height of the largest layer; each smaller one is half as high.
const HEIGHT: u16 = 720;

/// The receiver's payload types, by codec.
const RECEIVER_PTS: [(Codec, u8); 6] = [
    (Codec::Opus, 111),
    (Codec::Red, 63),
    (Codec::Vp8, 96),
    (Codec::Vp9, 98),
    (Codec::H264, 102),
    (Codec::Av1, 45),
];

/// The receiver's SSRCs.
const PICTURE_SSRC: Ssrc = Ssrc(1_000);
const VOICE_SSRC: Ssrc = Ssrc(2_000);

/// Extension ids that the probe gives to RIDs, and that the receiver has.
const RID_ID: u8 = 14;
const RECEIVER_IDS: ExtensionIds = ExtensionIds {
    mid: None,
    rid: None,
    repaired_rid: None,
    audio_level: Some(1),
    orientation: Some(3),
    transport_cc: None,
    dependency_descriptor: Some(8),
    layers_allocation: None,
};

/// The names of layers, smallest first.
const RIDS: [&str; 3] = ["q", "h", "f"];

/// What happens.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Line {
    /// A source begins.
    Source(SourceLine),
    /// The receiver is to see this layer of a source, or nothing.
    Show(Option<Show>),
    /// A packet of the source that has its SSRC.
    In(Hex),
}

/// A source and its encodings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceLine {
    /// What it is called in other lines.
    name: String,
    codec: CodecWord,
    /// Its payload type.
    pt: u8,
    /// The streams of its encodings, smallest first, at most three.
    ssrcs: Vec<u32>,
    /// Ids of its header extensions.
    #[serde(default)]
    extensions: Extensions,
}

/// A codec's name.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CodecWord {
    /// See [`Codec`].
    Opus,
    /// See [`Codec`].
    Red,
    /// See [`Codec`].
    Vp8,
    /// See [`Codec`].
    Vp9,
    /// See [`Codec`].
    H264,
    /// See [`Codec`].
    Av1,
}

impl From<CodecWord> for Codec {
    fn from(word: CodecWord) -> Codec {
        match word {
            CodecWord::Opus => Codec::Opus,
            CodecWord::Red => Codec::Red,
            CodecWord::Vp8 => Codec::Vp8,
            CodecWord::Vp9 => Codec::Vp9,
            CodecWord::H264 => Codec::H264,
            CodecWord::Av1 => Codec::Av1,
        }
    }
}

/// Ids of a source's header extensions.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Extensions {
    audio_level: Option<u8>,
    orientation: Option<u8>,
    dependency_descriptor: Option<u8>,
}

/// What the receiver is to see.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Show {
    source: String,
    layer: u8,
}

/// One forwarder with its sources.
#[derive(Debug)]
pub(super) struct Forward {
    forwarder: Forwarder,
    sources: Vec<Known>,
    /// Whose each stream is: the source's place and the layer.
    streams: BTreeMap<u32, Stream>,
    out: Out,
}

#[derive(Debug)]
struct Known {
    line: SourceLine,
    source: Source,
}

#[derive(Clone, Copy, Debug)]
struct Stream {
    place: usize,
    layer: usize,
    /// Whether the engine knows which layer it is.
    is_announced: bool,
}

impl Default for Forward {
    fn default() -> Self {
        let limits = Limits {
            endpoints: SOURCES_MAX + 1,
            rooms: 1,
            participants_per_room: SOURCES_MAX + 1,
            slots_per_endpoint: 2,
            ..Limits::default()
        };
        let mut forwarder = Forwarder::new(limits);
        forwarder.open_room(ROOM);
        let plan = SessionPlan { publishes: Vec::new(), slots: receiver_slots() };
        let participant = ParticipantId(RECEIVER.get() + 1);
        let receiver = Endpoint::new(RECEIVER, ROOM, participant, &plan, &limits, 0);
        // The first endpoint of an empty engine finds its place.
        let _ = forwarder.add_endpoint(Instant::ZERO, receiver);
        forwarder.set_media_ready(Instant::ZERO, RECEIVER, true);
        Forward { forwarder, sources: Vec::new(), streams: BTreeMap::new(), out: Out::default() }
    }
}

impl Machine for Forward {
    type Line = Line;

    fn take(&mut self, now: Instant, line: Line) -> Outcome {
        while let Some(due) = self.forwarder.poll_timeout().filter(|due| *due <= now) {
            self.forwarder.handle_timeout(due, &mut self.out);
        }
        let mut events = Vec::new();
        match line {
            Line::Source(line) => self.add_source(now, line)?,
            Line::Show(show) => self.show(now, show)?,
            Line::In(Hex(packet)) => events = self.forward(now, &packet)?,
        }
        events.extend(self.drain(now));
        Ok(events)
    }
}

impl Forward {
    fn add_source(&mut self, now: Instant, line: SourceLine) -> Result<(), String> {
        if self.sources.len() == SOURCES_MAX {
            return Err(format!("more than {SOURCES_MAX} sources"));
        }
        if self.sources.iter().any(|known| known.line.name == line.name) {
            return Err(format!("the source `{}` is there already", line.name));
        }
        if line.ssrcs.is_empty() || line.ssrcs.len() > RIDS.len() {
            return Err("a source has one to three `ssrcs`".to_owned());
        }
        if line.ssrcs.iter().any(|ssrc| self.streams.contains_key(ssrc)) {
            return Err("an SSRC is another source's".to_owned());
        }
        let place = self.sources.len();
        let source = match Codec::from(line.codec).kind() {
            MediaKind::Audio => Source::Microphone,
            MediaKind::Video => Source::Camera,
        };
        let index = EndpointIndex(place as u32);
        let limits = *self.forwarder.limits();
        let plan = publisher_plan(&line, source);
        let endpoint = Endpoint::new(index, ROOM, participant(place), &plan, &limits, 0);
        self.forwarder.add_endpoint(now, endpoint).map_err(|it| it.reason.to_string())?;
        self.forwarder.set_media_ready(now, index, true);
        let state = SourceState { width: HEIGHT / 9 * 16, height: HEIGHT };
        self.forwarder.set_source(now, index, source, Some(state));
        for (layer, &ssrc) in line.ssrcs.iter().enumerate() {
            self.streams.insert(ssrc, Stream { place, layer, is_announced: false });
        }
        self.sources.push(Known { line, source });
        if place == 0 {
            self.forwarder.set_view(now, RECEIVER, &nothing());
        }
        Ok(())
    }

    fn show(&mut self, now: Instant, show: Option<Show>) -> Result<(), String> {
        let Some(Show { source, layer }) = show else {
            self.forwarder.set_view(now, RECEIVER, &nothing());
            return Ok(());
        };
        let place = self.sources.iter().position(|known| known.line.name == source);
        let place = place.ok_or_else(|| format!("no source is called `{source}`"))?;
        let layers = self.sources[place].line.ssrcs.len();
        if usize::from(layer) >= layers {
            return Err(format!("`{source}` has {layers} layers, counted from 0"));
        }
        let height = HEIGHT >> (layers - 1 - usize::from(layer));
        let source = self.sources[place].source;
        let tile = Tile { participant: participant(place), source, height };
        self.forwarder.set_view(now, RECEIVER, &View { stage: Some(tile), tiles: Vec::new() });
        Ok(())
    }

    fn forward(&mut self, now: Instant, packet: &[u8]) -> Outcome {
        let header = RtpHeader::parse(packet).ok_or("not an RTP packet")?;
        let stream = self.streams.get_mut(&header.ssrc.0);
        let stream = stream.ok_or_else(|| format!("no source has SSRC {}", header.ssrc.0))?;
        let index = EndpointIndex(stream.place as u32);
        if !std::mem::replace(&mut stream.is_announced, true) {
            let announcement = announcement(&header, RIDS[stream.layer]);
            if let Some(header) = RtpHeader::parse(&announcement) {
                let forwarder = &mut self.forwarder;
                // It is dropped for being empty, once it has named its layer.
                let _ = forwarder.handle_rtp(now, index, &announcement, &header, &mut self.out);
            }
        }
        let before = *self.forwarder.counters();
        let result = self.forwarder.handle_rtp(now, index, packet, &header, &mut self.out);
        let mut events: Vec<Event> = self.out.take();
        if let Err(reason) = result {
            events.push(Event("drop", json!({ "seq": header.seq.0, "reason": reason.name() })));
            return Ok(events);
        }
        let after = self.forwarder.counters();
        let grew = |reason: &&ForwardDrop| after.drops(**reason) > before.drops(**reason);
        events.extend(
            ForwardDrop::ALL.iter().filter(grew).map(|reason| {
                Event("drop", json!({ "seq": header.seq.0, "reason": reason.name() }))
            }),
        );
        Ok(events)
    }

    /// Keyframes that the engine wants, and what the receiver's slots carry.
    fn drain(&mut self, now: Instant) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.forwarder.poll_event() {
            match event {
                ForwardEvent::KeyframeWanted { endpoint, ssrc } => {
                    let name = self.name(endpoint.get() as usize);
                    events.push(Event("keyframe", json!({ "source": name, "ssrc": ssrc.0 })));
                }
                ForwardEvent::PacketsMissing { endpoint, ssrc } => {
                    let name = self.name(endpoint.get() as usize).to_owned();
                    let mut lost = [SeqNo(0); 64];
                    let count = self.forwarder.take_missing(now, endpoint, ssrc, &mut lost);
                    let lost: Vec<_> = lost[..count].iter().map(|seq| seq.0).collect();
                    let told = json!({ "source": name, "ssrc": ssrc.0, "lost": lost });
                    events.push(Event("nack", told));
                }
                ForwardEvent::SendConstraintsChanged { endpoint } => {
                    let name = self.name(endpoint.get() as usize).to_owned();
                    for told in self.forwarder.take_send_constraints(endpoint) {
                        let told = json!({ "source": name, "encodings": told.encodings });
                        events.push(Event("constraint", told));
                    }
                }
                ForwardEvent::ConnectionChanged { endpoint } => {
                    // The line of this op is without limit.
                    let _ = self.forwarder.take_connection_state(Instant::ZERO, endpoint);
                }
                ForwardEvent::SlotsChanged { endpoint } => {
                    for (mid, carries) in self.forwarder.take_changed_slots(endpoint) {
                        let place = carries.map(|it| it.participant.get() as usize - 1);
                        let source = place.map(|place| self.sources[place].line.name.clone());
                        let slot = mid.as_str().to_owned();
                        events.push(Event("slot", json!({ "slot": slot, "carries": source })));
                    }
                }
                // The op `level` tells of the floor.
                ForwardEvent::SpeakerChanged { .. } => {}
            }
        }
        events
    }

    fn name(&self, place: usize) -> &str {
        self.sources.get(place).map_or("", |known| &known.line.name)
    }
}

/// What has left.
#[derive(Debug, Default)]
struct Out(Vec<Vec<u8>>);

impl Out {
    fn take(&mut self) -> Vec<Event> {
        self.0.drain(..).map(|packet| Event("rtp", json!({ "hex": hex::write(&packet) }))).collect()
    }
}

impl Egress for Out {
    fn forward(&mut self, _to: EndpointIndex, packet: &OutgoingPacket<'_>) {
        let mut bytes = vec![0; packet.length()];
        if packet.write(&mut bytes).is_some() {
            self.0.push(bytes);
        }
    }
}

/// Whose source stands at `place`.
fn participant(place: usize) -> ParticipantId {
    ParticipantId(place as u32 + 1)
}

/// A view that shows nothing names one hidden tile.
fn nothing() -> View {
    let hidden = Tile { participant: participant(0), source: Source::Camera, height: 0 };
    View { stage: None, tiles: vec![hidden] }
}

/// A packet without a payload that says which encoding its stream is.
fn announcement(header: &RtpHeader, rid: &str) -> Vec<u8> {
    let mut packet = vec![0x90, header.pt.0];
    packet.extend(header.seq.0.wrapping_sub(1).to_be_bytes());
    packet.extend(header.timestamp.0.to_be_bytes());
    packet.extend(header.ssrc.0.to_be_bytes());
    // RFC 8285 §4.2: one element of one byte, in one word.
    packet.extend([0xBE, 0xDE, 0, 1, RID_ID << 4, rid.as_bytes()[0], 0, 0]);
    packet
}

fn publisher_plan(line: &SourceLine, source: Source) -> SessionPlan {
    let Extensions { audio_level, orientation, dependency_descriptor } = line.extensions;
    let rids = RIDS.iter().take(line.ssrcs.len());
    let rids = rids.filter(|_| source.kind() == MediaKind::Video);
    SessionPlan {
        publishes: vec![PublishSection {
            mid: name("0"),
            source,
            payloads: vec![Payload { codec: line.codec.into(), pt: Pt(line.pt), rtx: None }],
            rids: rids.map(|rid| name(rid)).collect(),
            ssrcs: Vec::new(),
            extensions: ExtensionIds {
                rid: Some(RID_ID),
                audio_level,
                orientation,
                dependency_descriptor,
                ..ExtensionIds::default()
            },
        }],
        slots: Vec::new(),
    }
}

fn receiver_slots() -> Vec<SlotSection> {
    let slot = |mid: &str, kind: SlotKind, ssrc: Ssrc| SlotSection {
        mid: name(mid),
        kind,
        payloads: RECEIVER_PTS
            .iter()
            .filter(|(codec, _)| codec.kind() == kind.kind())
            .map(|(codec, pt)| Payload { codec: *codec, pt: Pt(*pt), rtx: None })
            .collect(),
        ssrc,
        rtx_ssrc: None,
        is_reported: false,
        extensions: RECEIVER_IDS,
    };
    vec![slot("picture", SlotKind::Video, PICTURE_SSRC), slot("voice", SlotKind::Voice, VOICE_SSRC)]
}

#[expect(clippy::expect_used, reason = "every name here is a word of ASCII letters")]
fn name(word: &str) -> Rid {
    Mid::try_new(word.as_bytes()).expect("a short word")
}
