//! One receiving m-line: what it carries, and the rewriting of packets into it.
//!
//! A slot has one SSRC for life. It has a *feed*, the source that it is mapped to. Sound flows at
//! once. A picture flows from the first packet of a keyframe on; until then the former source goes
//! on (it is *leaving*), so that a remap shows no gap. A layer switch is the same within one feed:
//! the old layer flows until a keyframe of the target. While a feed shows nothing at all, a smaller
//! layer's keyframe is taken too.
//!
//! Cost: about 400 bytes a slot, of which a packet touches three or four cache lines.

mod pictures;

use protocol::{
    EndpointIndex, Instant, ParticipantId,
    client::SlotContent,
    media::{
        Codec, ExtensionIds, MediaKind, Mid, Pt, RtpTime, SeqNo, SlotKind, SlotSection, Source,
        Ssrc,
    },
};

use crate::{
    clock::{Takeover, Timeline},
    codec::{
        LayerLimit,
        numbering::Numbering,
        selection::{Choice, Selection},
    },
    counters::ForwardDrop,
    fanout::Position,
    keyframes::ReceiverBudget,
    packet::{EXTENSION_LENGTH_MAX, Extensions, HeaderFields, OutgoingPacket},
    publication::SourcePacket,
    rate::{Bucket, Rate},
    recovery::SentId,
    red::{DISTANCE, HEADERS_LENGTH_MAX, Redundancy},
    sequence::{Placed, Sequence},
};

/// What one outgoing SSRC may send. Over the 11 s that a dead node's newest checkpoint can be old
/// it is 19 700 packets, so that a restored session that jumps by 20 000 uses no SRTP index twice.
const SLOT_RATE: Rate = Rate::new(1_700, 1_000);

/// Packets of a voice that go without redundancy when it takes a slot over: what they would repeat
/// is of the time before, which belongs to another voice.
const FRESH_PACKETS: u8 = DISTANCE as u8;

/// A source that a slot receives, and where it stands in that source's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Feed {
    pub(crate) publisher: EndpointIndex,
    pub(crate) participant: ParticipantId,
    pub(crate) source: Source,
    pub(crate) position: Position,
}

impl Feed {
    pub(crate) const fn content(&self) -> SlotContent {
        SlotContent { participant: self.participant, source: self.source }
    }
}

/// The former source of a picture slot, which flows until the new one's keyframe.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaving {
    pub(crate) feed: Feed,
    pub(crate) layer: u8,
    pub(crate) since: Instant,
}

/// A receiving m-line; see the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) mid: Mid,
    pub(crate) kind: SlotKind,
    pub(crate) ssrc: Ssrc,
    pts: [Option<Pt>; Codec::ALL.len()],
    /// Ids of the extensions that it passes on: audio level or orientation, and the number that
    /// the sender stamps.
    state_id: Option<u8>,
    transport_cc_id: Option<u8>,
    dependency_id: Option<u8>,
    /// See [`SlotSection::is_reported`].
    pub(crate) is_reported: bool,
    /// Its retransmissions, where they were negotiated.
    pub(crate) repair: Option<Repair>,

    pub(crate) feed: Option<Feed>,
    /// The layer of the feed that flows.
    pub(crate) layer: Option<u8>,
    /// The codec that flows in a picture slot.
    codec: Option<Codec>,
    /// The publisher has changed its codec, and its keyframe has not come.
    awaits_codec: bool,
    /// The layer of the feed that is wanted.
    pub(crate) target: u8,
    /// The highest layers of that encoding that are wanted: lowered at any frame, raised where the
    /// encoder allows.
    pub(crate) limit: LayerLimit,
    /// The same for an encoding that flows until the wanted one begins.
    pub(crate) interim: LayerLimit,
    /// The encoding that allocation wishes for; `target` is what flows in its place.
    pub(crate) wish: u8,
    /// What allocation gave to the feed, by its own name; `None` before it has, or if nothing.
    pub(crate) given: Option<u8>,
    /// Nothing of the feed fits the receiver's line, or is of use to it: nothing flows.
    pub(crate) is_paused: bool,
    pub(crate) leaving: Option<Leaving>,
    /// What it carried before the session was restored, until it carries something again.
    pub(crate) remembered: Option<SlotContent>,
    /// What was last told of it.
    pub(crate) reported: Option<SlotContent>,
    /// Height of the tile, which chooses the layer.
    pub(crate) height: u16,
    pub(crate) keyframe_budget: ReceiverBudget,
    /// The feed came in a codec that was not negotiated, so no keyframe will help.
    pub(crate) lacks_codec: bool,
    /// Its receiver's line was full, so it goes without until a keyframe.
    pub(crate) is_starved: bool,
    /// What was sent before this is of a picture that another one has replaced.
    pub(crate) obsolete_before: Option<SentId>,
    /// Sound repeats itself, where the receiver understands that. It does until the line is
    /// divided for the first time.
    pub(crate) is_redundant: bool,
    /// The source's time of the frame that was last begun.
    frame_time: RtpTime,

    takeover: Option<Takeover>,
    /// Packets of sound that still go without redundancy.
    fresh: u8,
    pub(crate) sequence: Sequence,
    pub(crate) timeline: Timeline,
    pub(crate) numbering: Numbering,
    selection: Selection,
    rate: Bucket,
    pub(crate) packets: u64,
    pub(crate) octets: u64,
}

/// A packet on its way out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Forwarded<'p> {
    pub(crate) packet: OutgoingPacket<'p>,
    /// Whether another layer or source flows from this packet on.
    pub(crate) switched: bool,
    /// What it leaves behind.
    pub(crate) leaves: Leaves,
}

/// What nobody needs of the picture that flowed before a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaves {
    /// All of it is needed: it goes on, or gets better.
    Nothing,
    /// What has not been sent: another source flows.
    Unsent,
    /// Nor what has got lost: the same source flows in a smaller picture, because the line is full.
    Everything,
}

impl Slot {
    /// A slot that has sent nothing; its counters begin where `random` says.
    pub(crate) fn new(section: &SlotSection, random: u64) -> Self {
        let mut pts = [None; Codec::ALL.len()];
        for payload in &section.payloads {
            let pt = &mut pts[payload.codec.index()];
            *pt = pt.or(Some(payload.pt));
        }
        // RFC 3711 §3.3.1: a first sequence number in the lower half cannot wrap before the
        // receiver has seen it.
        let first_seq = SeqNo(random as u16 & 0x7FFF);
        let kind = section.kind.kind();
        Slot {
            mid: section.mid,
            kind: section.kind,
            ssrc: section.ssrc,
            pts,
            state_id: state_id(kind, section.extensions),
            transport_cc_id: one_byte_id(section.extensions.transport_cc),
            dependency_id: one_byte_id(section.extensions.dependency_descriptor),
            is_reported: section.is_reported,
            repair: Repair::new(section, random >> 32),
            feed: None,
            layer: None,
            codec: None,
            awaits_codec: false,
            target: 0,
            limit: LayerLimit::NONE,
            interim: LayerLimit::NONE,
            wish: 0,
            given: None,
            is_paused: false,
            leaving: None,
            remembered: None,
            reported: None,
            height: 0,
            keyframe_budget: ReceiverBudget::default(),
            lacks_codec: false,
            is_starved: false,
            obsolete_before: None,
            is_redundant: true,
            frame_time: RtpTime(0),
            takeover: Some(Takeover::Source { held: false }),
            fresh: FRESH_PACKETS,
            sequence: Sequence::new(SeqNo(first_seq.0.wrapping_sub(1))),
            timeline: Timeline::new(kind, RtpTime((random >> 16) as u32)),
            numbering: Numbering::new((random >> 48) as u16),
            selection: Selection::NEW,
            rate: Bucket::default(),
            packets: 0,
            octets: 0,
        }
    }

    /// Takes over from the same m-line of an older plan everything but its feeds.
    pub(crate) fn continue_from(&mut self, old: &Slot) {
        *self = Slot {
            pts: self.pts,
            state_id: self.state_id,
            transport_cc_id: self.transport_cc_id,
            dependency_id: self.dependency_id,
            is_reported: self.is_reported,
            repair: self.repair.map(|repair| repair.continued_from(old.repair.as_ref())),
            feed: None,
            leaving: None,
            lacks_codec: false,
            obsolete_before: None,
            ..*old
        };
    }

    pub(crate) const fn media(&self) -> MediaKind {
        self.kind.kind()
    }

    /// What the slot carries, or carried before a restoration.
    pub(crate) fn content(&self) -> Option<SlotContent> {
        self.flow().map(|(feed, _)| feed.content()).or(self.remembered)
    }

    /// What flows in the slot on its own clock; nothing while the first packet of a source that
    /// takes over has not come.
    pub(crate) fn settled_flow(&self) -> Option<(Feed, u8)> {
        self.flow().filter(|_| self.takeover.is_none())
    }

    /// Whether anything does.
    pub(crate) fn flows(&self) -> bool {
        self.flow().is_some()
    }

    /// The source and layer that flow, or are to flow at once.
    fn flow(&self) -> Option<(Feed, u8)> {
        let leaving = self.leaving.map(|leaving| (leaving.feed, leaving.layer));
        self.feed.zip(self.layer).or(leaving)
    }

    /// Whether it is to show a layer that does not flow yet.
    pub(crate) fn awaits(&self, layer: u8) -> bool {
        let lacks_it = self.target == layer && (self.layer != Some(layer) || self.awaits_codec);
        self.feed.is_some() && lacks_it && !self.lacks_codec && !self.is_paused
    }

    /// Which layers of its feed the slot is to see.
    pub(crate) const fn feed_layers(&self) -> u8 {
        if self.is_paused {
            return 0;
        }
        match self.layer {
            Some(layer) => 1 << layer | 1 << self.target,
            None => (2 << self.target) - 1,
        }
    }

    /// Bit n: it has negotiated the codec of index n.
    pub(crate) fn codecs(&self) -> u8 {
        let has = |(codec, pt): (usize, &Option<Pt>)| u8::from(pt.is_some()) << codec;
        self.pts.iter().enumerate().map(has).fold(0, |codecs, bit| codecs | bit)
    }

    /// Whether its packets bear a number under which the receiver reports them.
    pub(crate) const fn stamps_transport_number(&self) -> bool {
        self.transport_cc_id.is_some()
    }

    /// The next packet of the feed begins a new stretch of the slot's time.
    pub(crate) const fn expect_takeover(&mut self) {
        self.takeover = Some(Takeover::Source { held: false });
    }

    /// Rewrites one packet of `publisher`, who is the slot's feed or leaving it. `room` says
    /// whether a frame may begin; `scratch` holds what is laid out anew of its extensions.
    pub(crate) fn forward<'p>(
        &mut self,
        now: Instant,
        publisher: EndpointIndex,
        packet: &SourcePacket<'p>,
        room: Room,
        scratch: &'p mut [u8; EXTENSION_LENGTH_MAX],
    ) -> Result<Forwarded<'p>, ForwardDrop> {
        let Some(pt) = self.pts[packet.codec.index()] else {
            self.lacks_codec = true;
            return Err(ForwardDrop::NoCodec);
        };
        self.lacks_codec = false;
        let from_feed = |feed: &Feed| feed.publisher == publisher && feed.source == packet.source;
        let feed = self.feed.filter(from_feed);
        let switches = self.is_switch(feed.is_some(), packet)?;
        if packet.payload.is_empty() {
            if self.takeover.is_none() {
                self.sequence.skip(packet.header.seq);
            }
            return Err(ForwardDrop::Empty);
        }
        let Some(feed) = feed.or(self.leaving.map(|leaving| leaving.feed)) else {
            debug_assert!(false, "a packet of a source that the slot does not receive");
            return Err(ForwardDrop::UnknownEndpoint);
        };
        let mut ends_picture = false;
        if !switches {
            match self.choose(packet) {
                Choice::Forward { ends_picture: ends } => ends_picture = ends,
                Choice::LeaveOut { goes_on } => {
                    return self.leave_out(now, packet, goes_on, pt, feed.participant);
                }
            }
        }
        let leaves = if switches { self.leaves(packet.layer) } else { Leaves::Nothing };
        let room = if leaves == Leaves::Nothing { room } else { Room::Free };
        if !self.admits(packet, switches, room) {
            return Err(ForwardDrop::LineFull);
        }
        if !self.rate.take(now, SLOT_RATE) {
            return Err(ForwardDrop::OverSlotRate);
        }
        let takeover = if switches { Some(self.switch()) } else { self.takeover };
        let (placed, timestamp) = self.place(now, packet, takeover)?;
        if switches {
            self.layer = Some(packet.layer);
            self.codec = Some(packet.codec);
            self.awaits_codec = false;
            ends_picture = self.begin_layers(packet);
        }
        let (Placed::Newest(seq) | Placed::Late(seq)) = placed;
        let newest = matches!(placed, Placed::Newest(_));
        let begins_sound = takeover.is_some() && self.media() == MediaKind::Audio;
        let fields = HeaderFields {
            kind: self.media(),
            // RFC 3551 §4.1: the marker begins a talkspurt.
            marker: packet.header.marker || begins_sound || ends_picture,
            pt,
            seq,
            timestamp,
            ssrc: self.ssrc,
            participant: feed.participant,
            extensions: Extensions {
                state: self.state_id.zip(packet.extension),
                transport_cc: self.transport_cc_id,
                dependency_descriptor: self.write_dependency(packet, newest, scratch),
            },
        };
        let outgoing = match self.redundancy(packet) {
            Some((red, redundancy)) => write_redundant(red, &redundancy, &fields),
            None => self.write(packet, newest, &fields),
        };
        self.frame_time = packet.header.timestamp;
        self.packets += 1;
        self.octets += (outgoing.length() - outgoing.header_length()) as u64;
        Ok(Forwarded { packet: outgoing, switched: switches, leaves })
    }

    /// What a switch to `layer` of the feed leaves behind.
    const fn leaves(&self, layer: u8) -> Leaves {
        match (self.media(), self.layer, self.leaving) {
            (MediaKind::Video, Some(present), _) if layer < present => Leaves::Everything,
            (MediaKind::Video, None, Some(_)) => Leaves::Unsent,
            (MediaKind::Video | MediaKind::Audio, _, _) => Leaves::Nothing,
        }
    }

    /// What takes over where another layer or source flows.
    const fn switch(&self) -> Takeover {
        match self.layer {
            Some(_) => Takeover::Layer,
            None => Takeover::Source { held: false },
        }
    }

    /// Whether a picture's packet may go: while the line is full no frame begins, and after one
    /// was left out only a keyframe does. What is left out closes its gap.
    fn admits(&mut self, packet: &SourcePacket<'_>, switches: bool, room: Room) -> bool {
        if self.media() == MediaKind::Audio {
            return true;
        }
        let begins_frame = switches || packet.header.timestamp != self.frame_time;
        self.is_starved |= room == Room::Full && begins_frame;
        if !self.is_starved {
            return true;
        }
        let begins = Selection::can_begin(self.limit, &packet.frame, packet.dependency.as_ref());
        if begins && room == Room::Free {
            self.is_starved = false;
            return true;
        }
        if !switches && self.takeover.is_none() {
            // A hole that it could have filled stays one.
            let _ = self.sequence.skip(packet.header.seq);
        }
        false
    }

    /// The redundancy that goes with the packet, under which payload type.
    fn redundancy<'p>(&mut self, packet: &SourcePacket<'p>) -> Option<(Pt, Redundancy<'p>)> {
        let is_fresh = self.fresh > 0;
        self.fresh = self.fresh.saturating_sub(1);
        let red = self.pts[Codec::Red.index()].filter(|_| self.is_redundant && !is_fresh)?;
        Some((red, packet.redundancy?))
    }

    /// Finds the packet's sequence number and timestamp.
    fn place(
        &mut self,
        now: Instant,
        packet: &SourcePacket<'_>,
        takeover: Option<Takeover>,
    ) -> Result<(Placed, RtpTime), ForwardDrop> {
        let header = packet.header;
        let Some(mut takeover) = takeover else {
            let placed = self.sequence.place(header.seq)?;
            let newest = matches!(placed, Placed::Newest(_));
            let offset = self.timeline.offset();
            let timestamp = self.timeline.follow(now, header.timestamp, newest);
            if self.timeline.offset() != offset {
                self.fresh = FRESH_PACKETS; // The stream has joined anew.
            }
            return Ok((placed, timestamp));
        };
        let Some(timestamp) = self.timeline.join(now, header.timestamp, &mut takeover) else {
            self.takeover = Some(takeover);
            return Err(ForwardDrop::HeldForClock);
        };
        self.takeover = None;
        self.fresh = FRESH_PACKETS;
        self.sequence.restart(header.seq);
        self.numbering.restart();
        let placed = self.sequence.place(header.seq)?;
        Ok((placed, timestamp))
    }
}

impl Slot {
    /// A packet of padding alone on the retransmission stream, if that can be sent. Nothing need
    /// have flowed: a picture that does not fit is waited for by trying what the line carries.
    pub(crate) fn padding(&mut self, now: Instant) -> Option<OutgoingPacket<'static>> {
        let participant = self.feed?.participant;
        let timestamp = self.timeline.rtp_time(now).unwrap_or_default();
        let repair = self.repair.as_mut()?;
        let of_codec = self.codec.and_then(|codec| repair.pts[codec.index()]);
        let (_, pt) = of_codec.or_else(|| repair.pts.iter().copied().flatten().next())?;
        let fields = HeaderFields {
            kind: MediaKind::Video,
            marker: false,
            pt,
            seq: repair.next_seq(now)?,
            timestamp,
            ssrc: repair.ssrc,
            participant,
            extensions: Extensions { transport_cc: self.transport_cc_id, ..Extensions::default() },
        };
        Some(OutgoingPacket::padding_only(&fields, u8::MAX))
    }
}

/// Whether the line to a receiver takes another frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// It does.
    Free,
    /// What waits already would take too long.
    Full,
}

/// A slot's retransmission stream (RFC 4588), which has numbers of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repair {
    pub(crate) ssrc: Ssrc,
    /// For each codec its payload type and that of its retransmissions.
    pts: [Option<(Pt, Pt)>; Codec::ALL.len()],
    pub(crate) last_seq: SeqNo,
    rate: Bucket,
}

impl Repair {
    fn new(section: &SlotSection, random: u64) -> Option<Self> {
        let mut pts = [None; Codec::ALL.len()];
        for payload in &section.payloads {
            let pair = &mut pts[payload.codec.index()];
            *pair = pair.or(payload.rtx.map(|rtx| (payload.pt, rtx)));
        }
        Some(Repair {
            ssrc: section.rtx_ssrc?,
            pts,
            // RFC 3711 §3.3.1, as for the slot itself.
            last_seq: SeqNo(random as u16 & 0x7FFF),
            rate: Bucket::default(),
        })
    }

    /// The payload type of retransmissions of packets with payload type `pt`.
    pub(crate) fn pt_for(&self, pt: Pt) -> Option<Pt> {
        self.pts.iter().flatten().find(|(media, _)| *media == pt).map(|(_, rtx)| *rtx)
    }

    /// The next number of the stream, unless it has sent as many packets as an SSRC may.
    pub(crate) fn next_seq(&mut self, now: Instant) -> Option<SeqNo> {
        self.rate.take(now, SLOT_RATE).then(|| {
            self.last_seq = self.last_seq.add(1);
            self.last_seq
        })
    }

    fn continued_from(self, old: Option<&Repair>) -> Self {
        match old.filter(|old| old.ssrc == self.ssrc) {
            Some(old) => Repair { last_seq: old.last_seq, rate: old.rate, ..self },
            None => self,
        }
    }
}

/// Lays out a sound with the frames before it; `fields` have the payload type of plain Opus.
fn write_redundant<'p>(
    red: Pt,
    redundancy: &Redundancy<'p>,
    fields: &HeaderFields<'p>,
) -> OutgoingPacket<'p> {
    let mut head = [0; HEADERS_LENGTH_MAX];
    let length = redundancy.write_headers(fields.pt, &mut head);
    let mut outgoing = OutgoingPacket::new(&HeaderFields { pt: red, ..*fields }, redundancy.body());
    outgoing.set_head(head, length);
    outgoing
}

/// The id of the one-byte state that a slot of `kind` passes on.
fn state_id(kind: MediaKind, ids: ExtensionIds) -> Option<u8> {
    one_byte_id(match kind {
        MediaKind::Audio => ids.audio_level,
        MediaKind::Video => ids.orientation,
    })
}

/// RFC 8285 §4.2: one-byte elements have ids 1 to 14.
fn one_byte_id(id: Option<u8>) -> Option<u8> {
    id.filter(|id| (1..=14).contains(id))
}
