//! The publishing half of an endpoint: which packet is which source and layer.
//!
//! An SSRC is mapped once, by the first of these that its packet has: the MID header extension
//! (RFC 9143), an `a=ssrc` of the offer, a payload type that only one m-line uses; the layer comes
//! from the RID extension (RFC 8852). All of it is read from authenticated packets only. From then
//! on the SSRC alone decides, because browsers stop sending MID and RID after the first receiver
//! report. SSRCs are a publisher's own: two publishers may use the same.
//!
//! Retransmission streams are mapped the same way, by the repaired RID; see [`repair`].
//!
//! At most [`STREAMS_MAX`] SSRCs are known. When the table is full, one that has been silent for
//! 10 s makes room; if there is none, the packet is dropped and counted.

mod ending;
mod naming;
mod repair;

use protocol::{
    Duration, Instant,
    client::SourceState,
    media::{Codec, MediaKind, Pt, PublishSection, SeqNo, Source, Ssrc},
    rtp::RtpHeader,
};
use serde::{Deserialize, Serialize};

use self::{
    naming::{find_layer, find_section, media_codec, payload_of},
    repair::{Losses, Way},
};
use crate::{
    allocation::LayerMeter,
    camera_limit::CameraLimit,
    capture::CaptureClock,
    codec::{
        FrameFacts, Incoming, Payload as PayloadHead, PayloadMemory, dependency::Dependencies,
        fallback::Fallback, layers_allocation::LayersAllocation, selection::Dependency,
    },
    constraint::Constraint,
    counters::ForwardDrop,
    dependencies::DependencyTable,
    fanout::List,
    keyframes::Series,
    layers::{self, LAYERS_MAX},
    rate::{Bucket, Rate},
    reception::Reception,
    recovery::{Arrival, PacketRing, Sent, Serial},
    red::Redundancy,
    sound::Sound,
    speakers::Speech,
    voices::Loudness,
};

/// SSRCs of one publisher: microphone, three camera layers, screen and its sound, each with its
/// repair stream, and as many again while a browser replaces them.
pub(crate) const STREAMS_MAX: usize = 20;

/// A stream silent for this long gives its place to a new one when the table is full.
const STREAM_IDLE: Duration = Duration::from_secs(10);

/// What one publisher may send: three camera layers, a screen and two sounds are about 1 000
/// packets/s; a keyframe of a shared screen is a few hundred at once.
const PUBLISHER_RATE: Rate = Rate::new(2_000, 1_000);

/// Streams that a publisher may end: all of them at once, and then as fast as browsers replace
/// them.
const BYE_RATE: Rate = Rate::new(1, STREAMS_MAX as u64);
/// A step back further than this is a stream that began anew (RFC 3550 A.1, `MAX_DROPOUT`).
const DROPOUT_MAX: i16 = 3_000;

/// One encoding of a source.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Layer {
    /// Its place in the table of streams.
    pub(crate) stream: Option<u8>,
    pub(crate) last_packet_at: Option<Instant>,
    pub(crate) keyframes: Series,
    pub(crate) meter: LayerMeter,
}

/// One source of a publisher and who receives it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Publication {
    /// `None` while the source is off.
    pub(crate) state: Option<SourceState>,
    pub(crate) subscribers: List,
    pub(crate) layers: [Layer; LAYERS_MAX],
    /// Encodings that were negotiated, at least 1.
    pub(crate) layer_count: u8,
    /// Layers that flowed when the receivers' layers were last chosen.
    pub(crate) alive: u8,
    pub(crate) constraint: Constraint,
    pub(crate) loudness: Loudness,
    /// The codec of the newest packet.
    pub(crate) codec: Option<Codec>,
    pub(crate) fallback: Fallback,
}

impl Publication {
    /// Bit n: layer n flows at `now`.
    pub(crate) fn alive_at(&self, now: Instant) -> u8 {
        (0..self.layer_count)
            .filter(|&layer| layers::is_alive(self.layers[usize::from(layer)].last_packet_at, now))
            .fold(0, |alive, layer| alive | 1 << layer)
    }
}

/// An SSRC that is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stream {
    pub(crate) ssrc: Ssrc,
    pub(crate) source: Source,
    pub(crate) layer: u8,
    /// The m-line's place in the plan.
    pub(crate) section: u8,
    /// Payload type and codec of its last packet.
    pt: Pt,
    pub(crate) codec: Codec,
    /// When its last packet came; not in a snapshot, whose clock may be another one.
    #[serde(skip)]
    last_at: Instant,
    pub(crate) reception: Reception,
    #[serde(skip)]
    memory: PayloadMemory,
    /// It brings what the encoding's own stream has lost.
    #[serde(default)]
    pub(crate) is_repair: bool,
    /// Its publisher has said goodbye, which browsers do whenever an encoding pauses or its codec
    /// changes; they go on under the same SSRC and need not name the stream again.
    #[serde(default)]
    has_ended: bool,
    /// Its newest packet; not in a snapshot, after which whatever comes is new.
    #[serde(skip)]
    newest: Option<SeqNo>,
}

impl Stream {
    /// Notes `seq`; whether a packet newer than it, or the same, has come before. A stream that
    /// goes far back has begun anew.
    fn falls_behind(&mut self, seq: SeqNo) -> bool {
        let is_behind = self.is_newer_than(seq);
        if !is_behind {
            self.newest = Some(seq);
        }
        is_behind
    }

    /// Whether a packet newer than `seq`, or the same, has come.
    fn is_newer_than(&self, seq: SeqNo) -> bool {
        let step = self.newest.map(|newest| seq.distance_from(newest));
        step.is_some_and(|step| (-DROPOUT_MAX..=0).contains(&step))
    }

    /// The same stream where its m-line is at another place.
    pub(crate) const fn in_section(self, section: u8) -> Self {
        Stream { section, ..self }
    }
}

/// A packet that is mapped and read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SourcePacket<'p> {
    /// The packet's own, also where a retransmission brought it.
    pub(crate) header: RtpHeader,
    pub(crate) source: Source,
    pub(crate) layer: u8,
    pub(crate) codec: Codec,
    /// Without padding; empty if there was nothing else.
    pub(crate) payload: &'p [u8],
    pub(crate) frame: FrameFacts,
    pub(crate) head: PayloadHead,
    pub(crate) dependency: Option<Dependency<'p>>,
    /// Audio level or orientation, as it stands in the extension.
    pub(crate) extension: Option<u8>,
    /// Whether the layer flows again after a second without packets, or for the first time.
    pub(crate) revived: bool,
    /// For receivers that negotiated it, the sound with the frames before it.
    pub(crate) redundancy: Option<Redundancy<'p>>,
    /// Whether the stream's packets before it were in another codec.
    pub(crate) changes_codec: bool,
    /// What it is to the packets before it; sound is always the next.
    pub(crate) arrival: Arrival,
}

/// Rings of one publisher: the camera's three layers, and one for all layers of the screen.
const RINGS: [(usize, u32); 4] =
    [(64 * KIB, 256), (160 * KIB, 512), (512 * KIB, 1_024), (512 * KIB, 1_024)];

const KIB: usize = 1_024;

/// A payload that is kept for whoever loses it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeptPayload {
    /// Which of the publisher's rings holds it.
    pub(crate) ring: u8,
    pub(crate) serial: Serial,
}

/// All that an endpoint publishes.
#[derive(Debug)]
pub(crate) struct Publications {
    pub(crate) by_source: [Publication; Source::ALL.len()],
    /// What the microphone told in the last second.
    pub(crate) speech: Speech,
    pub(crate) capture: CaptureClock,
    /// The microphone, and the sound of the screen.
    sounds: [Sound; 2],
    streams: [Option<Stream>; STREAMS_MAX],
    /// What the publisher itself says of the layers of its camera and its screen.
    allocations: [LayersAllocation; 2],
    /// What an encoding of the camera may take, in bits per second.
    camera_max: u64,
    budget: Bucket,
    byes: Bucket,
    /// Payloads of pictures: 64 KiB for the smallest layer to 512 KiB for the largest are one or
    /// two seconds of each.
    rings: [PacketRing; RINGS.len()],
    pub(crate) losses: Losses,
}

impl Publications {
    /// `random` keeps the names of this publisher's payloads apart from those of the one before.
    pub(crate) fn new(sections: &[PublishSection], limit: CameraLimit, random: u32) -> Self {
        let mut publications = Publications {
            by_source: [Publication::default(); Source::ALL.len()],
            speech: Speech::default(),
            capture: CaptureClock::default(),
            sounds: [Sound::NEW; 2],
            streams: [None; STREAMS_MAX],
            allocations: [LayersAllocation::default(); 2],
            camera_max: limit.bits_per_second_max(),
            budget: Bucket::default(),
            byes: Bucket::default(),
            rings: RINGS.map(|(bytes, packets)| PacketRing::new(bytes, packets, random)),
            losses: Losses::new(),
        };
        publications.count_layers(sections);
        publications
    }

    /// Takes the number of encodings of each source from the plan.
    pub(crate) fn count_layers(&mut self, sections: &[PublishSection]) {
        for publication in &mut self.by_source {
            publication.layer_count = 1;
        }
        for section in sections {
            let count = section.rids.len().clamp(1, LAYERS_MAX) as u8;
            self.by_source[section.source.index()].layer_count = count;
        }
    }

    /// What the publisher says of the layers of a picture, its `stream_count` being 0 before it
    /// has said anything.
    pub(crate) const fn layers_allocation(&self, source: Source) -> &LayersAllocation {
        &self.allocations[matches!(source, Source::Screen) as usize]
    }

    /// The mapped streams.
    pub(crate) fn streams(&self) -> impl Iterator<Item = &Stream> + '_ {
        self.streams.iter().flatten()
    }

    pub(crate) fn streams_mut(&mut self) -> impl Iterator<Item = &mut Stream> + '_ {
        self.streams.iter_mut().flatten()
    }

    /// Whether the stream is the one that its layer is received from.
    pub(crate) fn is_current(&self, stream: &Stream) -> bool {
        self.ssrc_of(stream.source, stream.layer) == Some(stream.ssrc)
    }

    /// Whether a session that goes on elsewhere must know the stream.
    pub(crate) fn is_lasting(&self, stream: &Stream) -> bool {
        stream.is_repair || stream.has_ended || self.is_current(stream)
    }

    /// The SSRC from which a layer comes.
    pub(crate) fn ssrc_of(&self, source: Source, layer: u8) -> Option<Ssrc> {
        let place = self.by_source[source.index()].layers[usize::from(layer)].stream?;
        self.streams[usize::from(place)].map(|stream| stream.ssrc)
    }

    /// Keeps the payload of a picture's packet that somebody receives.
    pub(crate) fn keep(&mut self, packet: &SourcePacket<'_>) -> Option<KeptPayload> {
        let ring = match packet.source {
            Source::Camera => packet.layer,
            Source::Screen => LAYERS_MAX as u8,
            Source::Microphone | Source::ScreenAudio => return None,
        };
        let is_received = self.by_source[packet.source.index()].subscribers.length() > 0;
        if !is_received || packet.payload.is_empty() {
            return None;
        }
        let serial = self.rings.get_mut(usize::from(ring))?.store(packet.payload)?;
        Some(KeptPayload { ring, serial })
    }

    /// The payload of a packet that was sent to somebody, if it is still kept.
    pub(crate) fn payload(&self, sent: &Sent) -> Option<&[u8]> {
        self.rings.get(usize::from(sent.ring))?.payload(sent.serial)
    }

    /// The sound of `source`; `None` for a picture.
    pub(crate) fn sound_mut(&mut self, source: Source) -> Option<&mut Sound> {
        match source {
            Source::Microphone => self.sounds.first_mut(),
            Source::ScreenAudio => self.sounds.last_mut(),
            Source::Camera | Source::Screen => None,
        }
    }

    /// Maps again what a snapshot knew; `section` of each is already of the present plan.
    pub(crate) fn restore_stream(&mut self, stream: Stream) {
        if let Some(place) = self.streams.iter().position(Option::is_none) {
            self.streams[place] = Some(stream);
            if stream.is_repair || stream.has_ended {
                return;
            }
            let publication = &mut self.by_source[stream.source.index()];
            if let Some(layer) = publication.layers.get_mut(usize::from(stream.layer)) {
                layer.stream = Some(place as u8);
            }
        }
    }

    /// Gives each stream its m-line's place in a new plan; drops those whose m-line is gone.
    pub(crate) fn renumber_sections(&mut self, place_of: impl Fn(u8) -> Option<u8>) {
        for stream in self.streams.iter_mut() {
            *stream = stream.and_then(|stream| {
                let section = place_of(stream.section)?;
                Some(stream.in_section(section))
            });
        }
    }

    /// Maps and reads one authenticated packet.
    pub(crate) fn receive<'p>(
        &mut self,
        now: Instant,
        sections: &[PublishSection],
        dependencies: &'p mut DependencyTable,
        packet: &'p [u8],
        header: &RtpHeader,
    ) -> Result<SourcePacket<'p>, ForwardDrop> {
        if !self.budget.take(now, PUBLISHER_RATE) {
            return Err(ForwardDrop::OverBudget);
        }
        let mut place = match self.place_of(header.ssrc) {
            Some(place) => place,
            None => self.map(now, sections, dependencies, packet, header)?,
        };
        self.resume_stream(place, header.seq);
        let mut header = *header;
        let mut way = Way::Direct;
        if let Some(stream) = self.streams[place].as_mut().filter(|stream| stream.is_repair) {
            stream.last_at = now;
            header = self.repaired_header(place, sections, packet, &header)?;
            place = self.place_of(header.ssrc).ok_or(ForwardDrop::Repair)?;
            way = Way::Repaired;
        }
        self.receive_mapped(now, sections, dependencies, packet, header, (place, way))
    }

    /// Reads a packet of the stream at a place.
    fn receive_mapped<'p>(
        &mut self,
        now: Instant,
        sections: &[PublishSection],
        dependencies: &'p mut DependencyTable,
        packet: &'p [u8],
        header: RtpHeader,
        (place, way): (usize, Way),
    ) -> Result<SourcePacket<'p>, ForwardDrop> {
        let Some(stream) = &mut self.streams[place] else {
            return Err(ForwardDrop::Unmapped);
        };
        let Some(section) = sections.get(usize::from(stream.section)) else {
            return Err(ForwardDrop::Unmapped);
        };
        let codec = stream.codec;
        if stream.pt != header.pt {
            stream.codec = media_codec(section, header.pt)?;
            stream.pt = header.pt;
        }
        let changes_codec = stream.codec != codec;
        stream.last_at = now;
        let is_behind = stream.falls_behind(header.seq);
        // What had to be sent again counts as lost in reports: the line did lose it.
        if way == Way::Direct {
            let ticks_per_ms = stream.codec.clock_rate() / 1_000;
            stream.reception.count(now, header.seq, header.timestamp, ticks_per_ms);
        }
        let encoding = (stream.source, stream.layer);
        let publication = &mut self.by_source[stream.source.index()];
        let layer = &mut publication.layers[usize::from(stream.layer)];
        if layer.stream != Some(place as u8) {
            return Err(ForwardDrop::Superseded);
        }
        if publication.state.is_none() {
            return Err(ForwardDrop::SourceOff);
        }
        publication.codec = Some(stream.codec);
        let revived = !layers::is_alive(layer.last_packet_at, now);
        let most = if stream.source == Source::Camera { self.camera_max } else { u64::MAX };
        // It is measured all the same, and does not flow for as long as it takes too much.
        let is_over = layer.meter.bits_per_second() > most;
        if !is_over {
            layer.last_packet_at = Some(now);
        }
        let bytes = packet.len();
        let arrival = self.note_arrival(now, encoding, header.seq, way)?;
        let Some(stream) = &mut self.streams[place] else {
            return Err(ForwardDrop::Unmapped);
        };
        let found = Found::read(stream.source, section, packet, &header);
        if let Some(allocation) = found.allocation.and_then(LayersAllocation::parse) {
            self.allocations[usize::from(stream.source == Source::Screen)] = allocation;
        }
        let dependencies = dependencies.of(stream.source, stream.layer);
        let mut packet = read(stream, &found, dependencies, packet, header)?;
        // Packets of its frame that came before it went to nobody who waits for a keyframe.
        packet.frame.starts_keyframe &= !is_behind;
        let publication = &mut self.by_source[packet.source.index()];
        let layer = &mut publication.layers[usize::from(packet.layer)];
        layer.meter.count(now, bytes, packet.frame.temporal, header.timestamp);
        if is_over {
            return Err(ForwardDrop::OverCameraLimit);
        }
        if packet.source == Source::Microphone {
            publication.loudness.update(now, packet.extension);
            if let Some(level) = packet.extension {
                self.speech.handle_level(now, level);
            }
        }
        Ok(SourcePacket { revived, changes_codec, arrival, ..packet })
    }

    fn place_of(&self, ssrc: Ssrc) -> Option<usize> {
        self.streams.iter().position(|stream| stream.is_some_and(|stream| stream.ssrc == ssrc))
    }

    /// Finds what a new SSRC is and gives it a place.
    fn map(
        &mut self,
        now: Instant,
        sections: &[PublishSection],
        dependencies: &mut DependencyTable,
        packet: &[u8],
        header: &RtpHeader,
    ) -> Result<usize, ForwardDrop> {
        let section = find_section(sections, packet, header).ok_or(ForwardDrop::Unmapped)?;
        let layer = find_layer(&sections[section], packet, header).ok_or(ForwardDrop::Unmapped)?;
        let payload = payload_of(&sections[section], header.pt);
        let payload = payload.ok_or(ForwardDrop::UnknownPayloadType)?;
        let source = sections[section].source;
        if payload.codec.kind() != source.kind() {
            return Err(ForwardDrop::UnknownPayloadType);
        }
        let is_repair = payload.rtx == Some(header.pt);
        if is_repair && source.kind() == MediaKind::Audio {
            return Err(ForwardDrop::Repair);
        }
        let place = self.free_place(now).ok_or(ForwardDrop::TooManyStreams)?;
        self.streams[place] = Some(Stream {
            ssrc: header.ssrc,
            source,
            layer,
            section: section as u8,
            pt: header.pt,
            codec: payload.codec,
            last_at: now,
            reception: Reception::default(),
            memory: PayloadMemory::default(),
            is_repair,
            has_ended: false,
            newest: None,
        });
        for publication in &mut self.by_source {
            for layer in &mut publication.layers {
                if layer.stream == Some(place as u8) {
                    layer.stream = None;
                }
            }
        }
        if is_repair {
            return Ok(place);
        }
        self.take_layer(place, (source, layer));
        if let Some(dependencies) = dependencies.of(source, layer) {
            dependencies.forget();
        }
        Ok(place)
    }

    /// Lets an encoding come from the stream at a place.
    fn take_layer(&mut self, place: usize, (source, layer): (Source, u8)) {
        self.by_source[source.index()].layers[usize::from(layer)].stream = Some(place as u8);
        if let Some(losses) = self.losses.of(source, layer) {
            losses.clear();
        }
    }

    fn free_place(&self, now: Instant) -> Option<usize> {
        let value =
            |place: &usize| self.streams[*place].map(|stream| (!stream.has_ended, stream.last_at));
        let least = (0..STREAMS_MAX).min_by_key(value)?;
        let is_free = self.streams[least].is_none_or(|stream| {
            stream.has_ended || now.saturating_duration_since(stream.last_at) >= STREAM_IDLE
        });
        is_free.then_some(least)
    }
}

/// The header extensions that matter once a stream is mapped.
#[derive(Clone, Copy, Debug, Default)]
struct Found<'p> {
    /// Audio level or orientation.
    state: Option<u8>,
    dependency: Option<&'p [u8]>,
    allocation: Option<&'p [u8]>,
}

impl<'p> Found<'p> {
    fn read(
        source: Source,
        section: &PublishSection,
        packet: &'p [u8],
        header: &RtpHeader,
    ) -> Self {
        let ids = &section.extensions;
        let state = match source {
            Source::Microphone | Source::ScreenAudio => ids.audio_level,
            Source::Camera | Source::Screen => ids.orientation,
        };
        let mut found = Found::default();
        for (id, value) in header.extensions(packet) {
            let id = Some(id);
            if id == state {
                found.state = value.first().copied();
            } else if id == ids.dependency_descriptor {
                found.dependency = Some(value);
            } else if id == ids.layers_allocation {
                found.allocation = Some(value);
            }
        }
        found
    }
}

/// Reads what forwarding needs of a packet of `stream`.
fn read<'p>(
    stream: &mut Stream,
    found: &Found<'p>,
    dependencies: Option<&'p mut Dependencies>,
    packet: &'p [u8],
    header: RtpHeader,
) -> Result<SourcePacket<'p>, ForwardDrop> {
    let payload = header.payload(packet).ok_or(ForwardDrop::Malformed)?;
    let dependency = match found.dependency.zip(dependencies) {
        Some((bytes, dependencies)) => {
            let descriptor = dependencies.read(bytes).map_err(|_| ForwardDrop::Malformed)?;
            Some(Dependency { descriptor, dependencies })
        }
        None => None,
    };
    let (frame, head) = if payload.is_empty() {
        (FrameFacts::default(), PayloadHead::Whole)
    } else {
        let RtpHeader { marker, timestamp, .. } = header;
        let incoming = Incoming { codec: stream.codec, payload, marker, timestamp };
        let descriptor = dependency.as_ref().map(|dependency| &dependency.descriptor);
        incoming.read(descriptor, &mut stream.memory).ok_or(ForwardDrop::Malformed)?
    };
    Ok(SourcePacket {
        header,
        source: stream.source,
        layer: stream.layer,
        codec: stream.codec,
        payload,
        frame,
        head,
        dependency,
        extension: found.state,
        revived: false,
        redundancy: None,
        changes_codec: false,
        arrival: Arrival::Next,
    })
}

#[cfg(test)]
mod tests;
