//! Op `level`: audio levels of many people, to whom is heard and who has the floor.
//!
//! The engine is the real one: each level is a packet of 20 ms of sound with that level, and one
//! listener has three slots for voices.

use std::collections::BTreeMap;

use protocol::{
    EndpointIndex, Instant, ParticipantId,
    client::SourceState,
    media::{
        Codec, ExtensionIds, Mid, Payload, Pt, PublishSection, SessionPlan, SlotKind, SlotSection,
        Source, Ssrc,
    },
    rtp::RtpHeader,
};
use serde::Deserialize;
use serde_json::json;
use sfu_core::{Egress, Endpoint, ForwardEvent, Forwarder, Limits, OutgoingPacket, RoomIndex};

use super::{Event, Machine, Op, Outcome, millis};

pub(super) const OP: Op = Op {
    name: "level",
    what: "ranks voices: `levels` of people's next packets, 0 the loudest and 127 silence",
    example: r#"{"t":0,"op":"level","levels":{"ann":30,"bob":127}}"#,
};

const ROOM: RoomIndex = RoomIndex(0);

/// People of one room.
const PEOPLE_MAX: usize = 1_000;

/// The listener is the endpoint after all people.
const LISTENER: EndpointIndex = EndpointIndex(PEOPLE_MAX as u32);

const VOICES: [&str; 3] = ["1", "2", "3"];

const OPUS: Payload = Payload { codec: Codec::Opus, pt: Pt(111), rtx: None };
const LEVEL_ID: u8 = 1;

/// What comes.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Line {
    /// A packet of each, with its level (RFC 6464); `null` turns a microphone off.
    Levels(BTreeMap<String, Option<u8>>),
    /// Nothing comes, but time has gone by.
    Wait(()),
}

/// One room.
#[derive(Debug)]
pub(super) struct Level {
    forwarder: Forwarder,
    people: Vec<Voice>,
    heard: [Option<usize>; VOICES.len()],
}

#[derive(Debug)]
struct Voice {
    name: String,
    is_on: bool,
    seq: u16,
}

impl Default for Level {
    fn default() -> Self {
        let limits = Limits {
            endpoints: PEOPLE_MAX + 1,
            rooms: 1,
            participants_per_room: PEOPLE_MAX + 1,
            slots_per_endpoint: VOICES.len(),
            ..Limits::default()
        };
        let mut forwarder = Forwarder::new(limits);
        forwarder.open_room(ROOM);
        let slot = |(place, mid): (usize, &&str)| SlotSection {
            mid: name(mid),
            kind: SlotKind::Voice,
            payloads: vec![OPUS],
            ssrc: Ssrc(place as u32 + 1),
            rtx_ssrc: None,
            is_reported: false,
            extensions: ExtensionIds::default(),
        };
        let slots = VOICES.iter().enumerate().map(slot).collect();
        let plan = SessionPlan { publishes: Vec::new(), slots };
        let participant = ParticipantId(LISTENER.get() + 1);
        let listener = Endpoint::new(LISTENER, ROOM, participant, &plan, &limits, 0);
        // The first endpoint of an empty engine finds its place.
        let _ = forwarder.add_endpoint(Instant::ZERO, listener);
        forwarder.set_media_ready(Instant::ZERO, LISTENER, true);
        Level { forwarder, people: Vec::new(), heard: [None; VOICES.len()] }
    }
}

impl Machine for Level {
    type Line = Line;

    fn take(&mut self, now: Instant, line: Line) -> Outcome {
        let mut events = Vec::new();
        while let Some(due) = self.forwarder.poll_timeout().filter(|due| *due <= now) {
            self.forwarder.handle_timeout(due, &mut Nowhere);
            events.extend(self.drain(due));
        }
        let Line::Levels(levels) = line else { return Ok(events) };
        if let Some((name, _)) = levels.iter().find(|(_, level)| level.is_some_and(|it| it > 127)) {
            return Err(format!("the level of `{name}` is above 127"));
        }
        for (name, level) in levels {
            let place = self.place_of(now, name)?;
            self.set_on(now, place, level.is_some());
            if let Some(level) = level {
                self.speak(now, place, level);
            }
            events.extend(self.drain(now));
        }
        Ok(events)
    }
}

impl Level {
    fn place_of(&mut self, now: Instant, name: String) -> Result<usize, String> {
        if let Some(place) = self.people.iter().position(|voice| voice.name == name) {
            return Ok(place);
        }
        let place = self.people.len();
        if place == PEOPLE_MAX {
            return Err(format!("more than {PEOPLE_MAX} people"));
        }
        let index = EndpointIndex(place as u32);
        let participant = ParticipantId(place as u32 + 1);
        let limits = *self.forwarder.limits();
        let endpoint = Endpoint::new(index, ROOM, participant, &microphone(), &limits, 0);
        self.forwarder.add_endpoint(now, endpoint).map_err(|it| it.reason.to_string())?;
        self.forwarder.set_media_ready(now, index, true);
        self.people.push(Voice { name, is_on: false, seq: 0 });
        Ok(place)
    }

    fn set_on(&mut self, now: Instant, place: usize, is_on: bool) {
        if std::mem::replace(&mut self.people[place].is_on, is_on) != is_on {
            let state = is_on.then(SourceState::default);
            self.forwarder.set_source(now, EndpointIndex(place as u32), Source::Microphone, state);
        }
    }

    fn speak(&mut self, now: Instant, place: usize, level: u8) {
        let voice = &mut self.people[place];
        voice.seq = voice.seq.wrapping_add(1);
        let mut packet = vec![0x90, OPUS.pt.0];
        packet.extend(voice.seq.to_be_bytes());
        packet.extend((u32::from(voice.seq) * 960).to_be_bytes());
        packet.extend((place as u32 + 1).to_be_bytes());
        // RFC 8285 §4.2: one element of one byte, in one word; then some Opus.
        packet.extend([0xBE, 0xDE, 0, 1, LEVEL_ID << 4, level, 0, 0, 0x78, 0, 0, 0]);
        if let Some(header) = RtpHeader::parse(&packet) {
            let index = EndpointIndex(place as u32);
            // A voice that is not heard is no error here.
            let _ = self.forwarder.handle_rtp(now, index, &packet, &header, &mut Nowhere);
        }
    }

    fn drain(&mut self, at: Instant) -> Vec<Event> {
        let mut events = Vec::new();
        let before = self.heard;
        while let Some(event) = self.forwarder.poll_event() {
            match event {
                ForwardEvent::SlotsChanged { endpoint } => {
                    for (mid, carries) in self.forwarder.take_changed_slots(endpoint) {
                        let slot = VOICES.iter().position(|voice| *voice == mid.as_str());
                        if let Some(slot) = slot {
                            let place = carries.map(|it| it.participant.get() as usize - 1);
                            self.heard[slot] = place;
                        }
                    }
                }
                ForwardEvent::SpeakerChanged { participant, .. } => {
                    let place = participant.map(|it| it.get() as usize - 1);
                    let name = place.map(|place| self.people[place].name.as_str());
                    let body = json!({ "t": millis(at), "speaker": name });
                    events.push(Event("speaker", body));
                }
                ForwardEvent::KeyframeWanted { .. }
                | ForwardEvent::PacketsMissing { .. }
                | ForwardEvent::SendConstraintsChanged { .. }
                | ForwardEvent::ConnectionChanged { .. } => {}
            }
        }
        if self.heard != before {
            let heard = self.heard.iter().flatten();
            let mut heard: Vec<&str> =
                heard.map(|place| self.people[*place].name.as_str()).collect();
            heard.sort_unstable();
            events.insert(0, Event("heard", json!({ "t": millis(at), "heard": heard })));
        }
        events
    }
}

/// Nobody listens to the sound itself.
struct Nowhere;

impl Egress for Nowhere {
    fn forward(&mut self, _to: EndpointIndex, _packet: &OutgoingPacket<'_>) {}
}

fn microphone() -> SessionPlan {
    SessionPlan {
        publishes: vec![PublishSection {
            mid: name("0"),
            source: Source::Microphone,
            payloads: vec![OPUS],
            rids: Vec::new(),
            ssrcs: Vec::new(),
            extensions: ExtensionIds { audio_level: Some(LEVEL_ID), ..ExtensionIds::default() },
        }],
        slots: Vec::new(),
    }
}

#[expect(clippy::expect_used, reason = "every name here is a digit")]
fn name(word: &str) -> Mid {
    Mid::try_new(word.as_bytes()).expect("a short word")
}
