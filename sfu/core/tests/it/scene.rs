//! A worker's engine with people in one room, and what reaches each of them.

use protocol::{
    Bitrate, Duration, EndpointIndex, Instant, ParticipantId,
    client::{ConnectionState, SendConstraint, SlotContent, SourceState, Tile, View},
    media::{
        Codec, ExtensionIds, Mid, Payload, Pt, PublishSection, RtpTime, SeqNo, SessionPlan,
        SlotKind, SlotSection, Source, Ssrc,
    },
    rtp::RtpHeader,
};
use sfu_core::{
    Egress, Endpoint, ForwardDrop, ForwardEvent, Forwarder, Limits, OutgoingPacket, ReceiverBlock,
    Removal, RoomIndex,
};

pub(crate) const ROOM: RoomIndex = RoomIndex(0);
pub(crate) const OPUS: u8 = 111;
pub(crate) const VP8: u8 = 96;

/// What publishers call their extensions; receivers have other ids.
pub(crate) const PUBLISHER_IDS: ExtensionIds = ExtensionIds {
    mid: Some(4),
    rid: Some(10),
    repaired_rid: Some(11),
    audio_level: Some(1),
    orientation: Some(13),
    transport_cc: None,
    dependency_descriptor: None,
    layers_allocation: None,
};
pub(crate) const RECEIVER_IDS: ExtensionIds = ExtensionIds {
    mid: Some(9),
    rid: None,
    repaired_rid: None,
    audio_level: Some(2),
    orientation: Some(3),
    transport_cc: None,
    dependency_descriptor: None,
    layers_allocation: None,
};

/// A person, by number: participant number + 1, at the same place in the tables.
pub(crate) type Person = u32;

/// One packet that reached somebody, read.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    pub(crate) at: Instant,
    pub(crate) to: Person,
    pub(crate) header: RtpHeader,
    pub(crate) csrc: u32,
    pub(crate) extensions: Vec<(u8, Vec<u8>)>,
    pub(crate) payload: Vec<u8>,
}

#[derive(Default)]
struct Wire {
    now: Instant,
    arrived: Vec<Arrived>,
}

impl Egress for Wire {
    /// Its own memory is not counted as the forwarder's.
    fn forward(&mut self, to: EndpointIndex, packet: &OutgoingPacket<'_>) {
        allocation_counter::opt_out(|| self.keep(to, packet));
    }
}

impl Wire {
    fn keep(&mut self, to: EndpointIndex, packet: &OutgoingPacket<'_>) {
        let mut bytes = vec![0; packet.length()];
        assert_eq!(packet.write(&mut bytes), Some(packet.length()));
        let header = RtpHeader::parse(&bytes).expect("what leaves is RTP");
        assert_eq!(bytes[0] & 0x0F, 1, "one CSRC");
        assert_eq!(header.ssrc, packet.ssrc());
        assert_eq!(header.seq, packet.seq());
        assert_eq!(usize::from(header.payload_offset), packet.header_length());
        self.arrived.push(Arrived {
            at: self.now,
            to: to.get(),
            header,
            csrc: u32::from_be_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]),
            extensions: header.extensions(&bytes).map(|(id, value)| (id, value.to_vec())).collect(),
            payload: header.payload(&bytes).expect("no padding of its own").to_vec(),
        });
    }
}

pub(crate) struct Scene {
    pub(crate) forwarder: Forwarder,
    pub(crate) now: Instant,
    /// How often packets and timers have made the forwarder take memory from the heap.
    pub(crate) allocations: u64,
    wire: Wire,
    /// Keyframes asked for, by person and SSRC.
    pub(crate) asked: Vec<(Instant, Person, u32)>,
    /// Who took the floor, and when.
    pub(crate) speakers: Vec<(Instant, Option<Person>)>,
    /// What publishers were told of what is wanted.
    pub(crate) constrained: Vec<(Instant, Person, SendConstraint)>,
    /// What receivers were told of their lines.
    pub(crate) connections: Vec<(Instant, Person, ConnectionState)>,
    /// Packets asked for again, by person and SSRC.
    pub(crate) missed: Vec<(Instant, Person, u32, Vec<u16>)>,
    pub(crate) sources: Vec<PersonSources>,
    /// What receivers say that their lines carry, in kb/s.
    lines: Vec<(Person, u64)>,
}

/// What one person's browser sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PersonSources {
    seq: [u16; 8],
    time: [u32; 8],
    picture: [u16; 8],
}

impl Scene {
    /// A room of `people`, each with `video_slots`, connected, with nothing on.
    pub(crate) fn new(people: u32, video_slots: u32) -> Self {
        let mut scene = Scene::empty(Limits {
            endpoints: people as usize + 1,
            rooms: 2,
            participants_per_room: people as usize + 1,
            slots_per_endpoint: 53,
            ..Limits::default()
        });
        for person in 0..people {
            scene.join(person, &plan(person, video_slots));
        }
        scene
    }

    pub(crate) fn empty(limits: Limits) -> Self {
        let mut forwarder = Forwarder::new(limits);
        assert!(forwarder.open_room(ROOM));
        Scene {
            forwarder,
            now: Instant::ZERO + Duration::from_secs(100),
            allocations: 0,
            wire: Wire::default(),
            asked: Vec::new(),
            missed: Vec::new(),
            speakers: Vec::new(),
            constrained: Vec::new(),
            connections: Vec::new(),
            sources: Vec::new(),
            lines: Vec::new(),
        }
    }

    pub(crate) fn join(&mut self, person: Person, plan: &SessionPlan) {
        let limits = *self.forwarder.limits();
        let id = participant(person);
        let seed = u64::from(person) + 1;
        let endpoint = Endpoint::new(EndpointIndex(person), ROOM, id, plan, &limits, seed);
        self.add(endpoint);
    }

    pub(crate) fn add(&mut self, endpoint: Box<Endpoint>) {
        let index = endpoint.index();
        let person = index.get() as usize;
        let added = self.forwarder.add_endpoint(self.now, endpoint);
        added.expect("there is a place");
        self.forwarder.set_media_ready(self.now, index, true);
        while self.sources.len() <= person {
            let start = self.sources.len() as u16;
            self.sources.push(PersonSources {
                seq: [start.wrapping_mul(7_919); 8],
                time: [u32::from(start).wrapping_mul(1_000_003); 8],
                picture: [start.wrapping_mul(331) & 0x7FFF; 8],
            });
        }
        self.drain();
    }

    pub(crate) fn leave(&mut self, person: Person) {
        let removed =
            self.forwarder.remove_endpoint(self.now, EndpointIndex(person), Removal::ForGood);
        assert!(removed.is_some(), "{person} was here");
        self.drain();
    }

    pub(crate) fn turn_on(&mut self, person: Person, source: Source) {
        self.set_source(person, source, Some(SourceState { width: 1_280, height: 720 }));
    }

    pub(crate) fn turn_off(&mut self, person: Person, source: Source) {
        self.set_source(person, source, None);
    }

    pub(crate) fn set_source(
        &mut self,
        person: Person,
        source: Source,
        state: Option<SourceState>,
    ) {
        self.forwarder.set_source(self.now, EndpointIndex(person), source, state);
        self.drain();
    }

    /// `tiles` are person, source, height.
    pub(crate) fn view(&mut self, person: Person, stage: Option<Tile>, tiles: &[Tile]) {
        let view = View { stage, tiles: tiles.to_vec() };
        self.forwarder.set_view(self.now, EndpointIndex(person), &view);
        self.drain();
    }

    /// A receiver says that it lost packets of the slot `mid`.
    pub(crate) fn nack(&mut self, person: Person, mid: &str, lost: &[u16]) {
        self.wire.now = self.now;
        let lost = lost.iter().map(|seq| SeqNo(*seq));
        let (index, ssrc) = (EndpointIndex(person), slot_ssrc(person, mid));
        self.forwarder.handle_nack(self.now, index, ssrc, lost, &mut self.wire);
    }

    /// Lets time go by, with all that is due in it; receivers with lines report of them.
    pub(crate) fn wait(&mut self, millis: u64) {
        for (person, kilobits) in self.lines.clone() {
            self.report_line(person, kilobits);
        }
        let until = self.now + Duration::from_millis(millis);
        while let Some(due) = self.forwarder.poll_timeout().filter(|&due| due <= until) {
            self.now = self.now.max(due);
            self.wire.now = self.now;
            let used = allocation_counter::measure(|| {
                self.forwarder.handle_timeout(self.now, &mut self.wire);
            });
            self.allocations += used.count_total;
            assert!(self.forwarder.poll_timeout() > Some(due), "time goes on");
            self.drain();
        }
        self.now = until;
    }

    /// Takes the events; keyframe requests are noted.
    pub(crate) fn drain(&mut self) {
        while let Some(event) = self.forwarder.poll_event() {
            match event {
                ForwardEvent::KeyframeWanted { endpoint, ssrc } => {
                    self.asked.push((self.now, endpoint.get(), ssrc.0));
                }
                ForwardEvent::SpeakerChanged { room, participant } => {
                    assert_eq!(room, ROOM);
                    self.speakers.push((self.now, participant.map(|it| it.get() - 1)));
                }
                ForwardEvent::PacketsMissing { endpoint, ssrc } => {
                    let mut lost = [SeqNo(0); 256];
                    let now = self.now;
                    let count = self.forwarder.take_missing(now, endpoint, ssrc, &mut lost);
                    let lost = lost[..count].iter().map(|seq| seq.0).collect();
                    self.missed.push((now, endpoint.get(), ssrc.0, lost));
                }
                ForwardEvent::SlotsChanged { .. } => {}
                ForwardEvent::SendConstraintsChanged { endpoint } => {
                    for told in self.forwarder.take_send_constraints(endpoint) {
                        self.constrained.push((self.now, endpoint.get(), told));
                    }
                }
                ForwardEvent::ConnectionChanged { endpoint } => {
                    let told = self.forwarder.take_connection_state(self.now, endpoint);
                    self.connections.extend(told.map(|told| (self.now, endpoint.get(), told)));
                }
            }
        }
    }

    pub(crate) fn send_raw(&mut self, person: Person, packet: &[u8]) -> Result<(), ForwardDrop> {
        let header = RtpHeader::parse(packet).expect("a good header");
        let index = EndpointIndex(person);
        self.wire.now = self.now;
        let mut result = Ok(());
        let used = allocation_counter::measure(|| {
            result = self.forwarder.handle_rtp(self.now, index, packet, &header, &mut self.wire);
        });
        self.allocations += used.count_total;
        self.drain();
        result
    }

    /// One packet of sound, 20 ms after the one before, at `level` (127 is silence).
    pub(crate) fn speak(&mut self, person: Person, level: u8) -> Result<(), ForwardDrop> {
        self.sound(person, Source::Microphone, level)
    }

    pub(crate) fn sound(
        &mut self,
        person: Person,
        source: Source,
        level: u8,
    ) -> Result<(), ForwardDrop> {
        let packet = self.sound_packet(person, source, level);
        self.send_raw(person, &packet)
    }

    pub(crate) fn sound_packet(&mut self, person: Person, source: Source, level: u8) -> Vec<u8> {
        let stream = stream_index(source, 0);
        let state = &mut self.sources[person as usize];
        state.seq[stream] = state.seq[stream].wrapping_add(1);
        state.time[stream] = state.time[stream].wrapping_add(960);
        Outgoing {
            pt: OPUS,
            marker: false,
            seq: state.seq[stream],
            time: state.time[stream],
            ssrc: ssrc_of(source, 0),
            extensions: vec![(4, mid_of(source).into()), (1, vec![level])],
            payload: vec![0xF8, person as u8, level],
        }
        .bytes()
    }

    /// One frame of two packets; its timestamp is the present moment's.
    pub(crate) fn frame(&mut self, person: Person, source: Source, layer: u8, keyframe: bool) {
        for packet in self.frame_packets(person, source, layer, keyframe) {
            let _ = self.send_raw(person, &packet);
        }
    }

    pub(crate) fn frame_packets(
        &mut self,
        person: Person,
        source: Source,
        layer: u8,
        keyframe: bool,
    ) -> [Vec<u8>; 2] {
        let stream = stream_index(source, layer);
        let micros = self.now.as_micros();
        let state = &mut self.sources[person as usize];
        state.picture[stream] = state.picture[stream].wrapping_add(1) & 0x7FFF;
        let picture = state.picture[stream];
        let time = state.time[stream].wrapping_add((micros * 90 / 1_000) as u32);
        [true, false].map(|first| {
            state.seq[stream] = state.seq[stream].wrapping_add(1);
            let mut extensions: Vec<(u8, Vec<u8>)> = vec![(4, mid_of(source).into())];
            if source == Source::Camera {
                extensions.push((10, RIDS[usize::from(layer)].as_bytes().to_vec()));
            }
            if !first {
                extensions.push((13, vec![1]));
            }
            Outgoing {
                pt: VP8,
                marker: !first,
                seq: state.seq[stream],
                time,
                ssrc: ssrc_of(source, layer),
                extensions,
                payload: vp8_payload(picture, first, keyframe, person as u8, layer),
            }
            .bytes()
        })
    }

    /// One frame of `bytes` of payload, in as many packets as it takes.
    pub(crate) fn large_frame(
        &mut self,
        person: Person,
        source: Source,
        layer: u8,
        keyframe: bool,
        bytes: usize,
    ) {
        let [first, last] = self.frame_packets(person, source, layer, keyframe);
        let _ = self.send_raw(person, &first);
        let stream = stream_index(source, layer);
        let names = last.len() - 2;
        let mut left = bytes;
        let mut seq = u16::from_be_bytes([last[2], last[3]]);
        while left > 0 {
            let part = left.min(1_100);
            left -= part;
            let mut packet = last[..names].to_vec();
            packet.resize(names + part, 0);
            packet.extend_from_slice(&last[names..]);
            packet[1] = u8::from(left == 0) << 7 | VP8;
            packet[2..4].copy_from_slice(&seq.to_be_bytes());
            let _ = self.send_raw(person, &packet);
            seq = seq.wrapping_add(1);
        }
        self.sources[person as usize].seq[stream] = seq.wrapping_sub(1);
    }

    /// Lets the receiver `person` say what its line carries, at least once a second from now on.
    pub(crate) fn line(&mut self, person: Person, kilobits: u64) {
        self.lines.retain(|line| line.0 != person);
        self.lines.push((person, kilobits));
        self.report_line(person, kilobits);
    }

    fn report_line(&mut self, person: Person, kilobits: u64) {
        let index = EndpointIndex(person);
        let streams: Vec<_> = self.forwarder.outgoing_streams(self.now, index).collect();
        for stream in streams {
            let block = ReceiverBlock {
                ssrc: stream.ssrc,
                fraction_lost: 0,
                highest_seq: stream.last_seq,
                rtt: Some(Duration::from_millis(50)),
            };
            self.forwarder.handle_receiver_block(self.now, index, &block);
        }
        let estimate = Bitrate::from_kbps(kilobits);
        self.forwarder.handle_receiver_estimate(self.now, index, estimate);
        self.drain();
    }

    /// What arrived since the last time.
    pub(crate) fn take(&mut self) -> Vec<Arrived> {
        std::mem::take(&mut self.wire.arrived)
    }

    /// Packets of `source` that arrived at each person since the last time.
    pub(crate) fn take_counts(&mut self) -> Vec<usize> {
        let mut counts = vec![0; self.sources.len()];
        for arrived in self.take() {
            counts[arrived.to as usize] += 1;
        }
        counts
    }

    /// What the slots of `person` carry, by mid.
    pub(crate) fn carried(&self, person: Person) -> Vec<(String, Person, Source)> {
        let map = self.forwarder.slot_map(EndpointIndex(person));
        let mut carried: Vec<_> = map
            .filter_map(|(mid, content)| Some((mid, content?)))
            .map(|(mid, content)| {
                (mid.as_str().to_owned(), content.participant.get() - 1, content.source)
            })
            .collect();
        carried.sort_unstable();
        carried
    }

    pub(crate) fn changed(&mut self, person: Person) -> Vec<(String, Option<SlotContent>)> {
        let changes = self.forwarder.take_changed_slots(EndpointIndex(person));
        changes.map(|(mid, content)| (mid.as_str().to_owned(), content)).collect()
    }
}

/// What a browser sends for a lost `packet` of its camera's `layer`: RFC 4588, with the repaired
/// RID where `named`.
pub(crate) fn repair_of(packet: &[u8], layer: u8, seq: u16, named: bool) -> Vec<u8> {
    let header = RtpHeader::parse(packet).expect("a good header");
    let mut extensions = vec![(4, mid_of(Source::Camera).to_vec())];
    if named {
        extensions.push((11, RIDS[usize::from(layer)].as_bytes().to_vec()));
    }
    let payload = header.payload(packet).expect("a good payload");
    Outgoing {
        pt: VP8 + 1,
        marker: header.marker,
        seq,
        time: header.timestamp.0,
        ssrc: 2_000 + u32::from(layer),
        extensions,
        payload: [&header.seq.0.to_be_bytes(), payload].concat(),
    }
    .bytes()
}

pub(crate) const RIDS: [&str; 3] = ["q", "h", "f"];

pub(crate) fn participant(person: Person) -> ParticipantId {
    ParticipantId(person + 1)
}

pub(crate) fn tile(person: Person, source: Source, height: u16) -> Tile {
    Tile { participant: participant(person), source, height }
}

/// Publishers all use the same SSRCs: they are scoped to each of them.
pub(crate) fn ssrc_of(source: Source, layer: u8) -> u32 {
    1_000 + stream_index(source, layer) as u32
}

/// The SSRC of the slot `mid` of `person`.
pub(crate) fn slot_ssrc(person: Person, mid: &str) -> Ssrc {
    let number: u32 = mid[1..].parse().expect("a slot's mid ends in its number");
    let kind = match &mid[..1] {
        "a" => 0,
        "p" => 100,
        _ => 200,
    };
    Ssrc(500_000 + person * 1_000 + kind + number)
}

/// The SSRC of retransmissions of the slot `mid` of `person`.
pub(crate) fn repair_ssrc(person: Person, mid: &str) -> Ssrc {
    Ssrc(500_000_000 + slot_ssrc(person, mid).0)
}

fn stream_index(source: Source, layer: u8) -> usize {
    match source {
        Source::Microphone => 0,
        Source::Camera => 1 + usize::from(layer),
        Source::Screen => 4,
        Source::ScreenAudio => 5,
    }
}

fn mid_of(source: Source) -> &'static [u8] {
    match source {
        Source::Microphone => b"0",
        Source::Camera => b"1",
        Source::Screen => b"2",
        Source::ScreenAudio => b"3",
    }
}

fn mid(name: &str) -> Mid {
    Mid::try_new(name.as_bytes()).expect("a mid")
}

/// What a browser negotiates: four things to send, 3 + 1 + `video_slots` to receive.
pub(crate) fn plan(person: Person, video_slots: u32) -> SessionPlan {
    let opus = || vec![Payload { codec: Codec::Opus, pt: Pt(OPUS), rtx: None }];
    let vp8 = || vec![Payload { codec: Codec::Vp8, pt: Pt(VP8), rtx: Some(Pt(97)) }];
    let publishes = Source::ALL.map(|source| PublishSection {
        mid: mid(std::str::from_utf8(mid_of(source)).expect("ascii")),
        source,
        payloads: match source {
            Source::Microphone | Source::ScreenAudio => opus(),
            Source::Camera | Source::Screen => vp8(),
        },
        rids: match source {
            Source::Camera => RIDS.iter().map(|rid| mid(rid)).collect(),
            Source::Microphone | Source::Screen | Source::ScreenAudio => Vec::new(),
        },
        ssrcs: Vec::new(),
        extensions: PUBLISHER_IDS,
    });
    let slot = |name: String, kind: SlotKind| SlotSection {
        mid: mid(&name),
        kind,
        payloads: match kind {
            // Receivers have their own payload types.
            SlotKind::Voice | SlotKind::Programme => {
                vec![Payload { codec: Codec::Opus, pt: Pt(100), rtx: None }]
            }
            SlotKind::Video => {
                vec![Payload { codec: Codec::Vp8, pt: Pt(120), rtx: Some(Pt(121)) }]
            }
        },
        ssrc: slot_ssrc(person, &name),
        rtx_ssrc: (kind == SlotKind::Video).then(|| repair_ssrc(person, &name)),
        is_reported: false,
        extensions: RECEIVER_IDS,
    };
    let voices = (0..3).map(|n| slot(format!("a{n}"), SlotKind::Voice));
    let programme = std::iter::once(slot("p0".to_owned(), SlotKind::Programme));
    let videos = (0..video_slots).map(|n| slot(format!("v{n}"), SlotKind::Video));
    SessionPlan {
        publishes: publishes.into(),
        slots: voices.chain(programme).chain(videos).collect(),
    }
}

/// An RTP packet of a publisher.
pub(crate) struct Outgoing {
    pub(crate) pt: u8,
    pub(crate) marker: bool,
    pub(crate) seq: u16,
    pub(crate) time: u32,
    pub(crate) ssrc: u32,
    pub(crate) extensions: Vec<(u8, Vec<u8>)>,
    pub(crate) payload: Vec<u8>,
}

impl Outgoing {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut block = Vec::new();
        for (id, value) in &self.extensions {
            block.push(id << 4 | (value.len() - 1) as u8);
            block.extend_from_slice(value);
        }
        block.resize(block.len().next_multiple_of(4), 0);
        let mut packet = vec![0x90, u8::from(self.marker) << 7 | self.pt];
        packet.extend_from_slice(&self.seq.to_be_bytes());
        packet.extend_from_slice(&self.time.to_be_bytes());
        packet.extend_from_slice(&self.ssrc.to_be_bytes());
        packet.extend_from_slice(&[0xBE, 0xDE, 0, (block.len() / 4) as u8]);
        packet.extend_from_slice(&block);
        packet.extend_from_slice(&self.payload);
        packet
    }
}

/// Descriptor with a 15-bit picture id, and a frame that names its person and layer.
fn vp8_payload(picture: u16, first: bool, keyframe: bool, person: u8, layer: u8) -> Vec<u8> {
    let [high, low] = picture.to_be_bytes();
    let flags = if first { 0x90 } else { 0x80 };
    let mut payload = vec![flags, 0x80, 0x80 | high, low];
    if first && keyframe {
        payload.extend_from_slice(&[0x10, 0x02, 0, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0x68, 0x01]);
    } else {
        payload.extend_from_slice(&[0x11, 0x02, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
    payload.extend_from_slice(&[person, layer]);
    payload
}

impl Arrived {
    pub(crate) fn seq(&self) -> SeqNo {
        self.header.seq
    }

    pub(crate) fn time(&self) -> RtpTime {
        self.header.timestamp
    }

    /// The picture id of a VP8 packet, which is always 15 bits wide.
    pub(crate) fn picture(&self) -> u16 {
        assert_eq!(self.payload[2] & 0x80, 0x80, "a wide picture id");
        u16::from_be_bytes([self.payload[2] & 0x7F, self.payload[3]])
    }

    /// Person and layer that the frame itself names.
    pub(crate) fn names(&self) -> (Person, u8) {
        match self.payload[..] {
            [.., person, layer] => (u32::from(person), layer),
            _ => panic!("a payload of the scene"),
        }
    }
}
