//! The way out: what goes at once, what waits for the line, what is sent again.
//!
//! Everything that leaves for a receiver leaves here, in the order of sending, so this is where a
//! packet is counted and stamped. Sound goes at once. A picture's packet is remembered and goes at
//! once if the receiver's [`Pacer`] is open; else its name waits there, and it is put together
//! again when its turn comes. A NACK is answered the same way, out of the retransmission's own
//! budget.
//!
//! When a receiver's queue is full, a frame that has begun goes on and no new one begins: the slot
//! goes without until a keyframe finds room. No number is spent on what is left out, so the
//! receiver sees no loss. A slot's other source, and its smaller picture, go all the same: what
//! waits of the picture before is withdrawn for them. A packet whose payload was overwritten while
//! it waited leaves a hole, and its slot goes without as well.
//!
//! [`Pacer`]: crate::recovery::Pacer

use protocol::{
    EndpointIndex, Instant,
    media::{MediaKind, SeqNo, Ssrc},
};

use super::Forwarder;
use crate::{
    congestion::SentKind,
    counters::ForwardDrop,
    endpoint::Endpoint,
    fanout::Entry,
    keyframes::Need,
    packet::{EXTENSION_LENGTH_MAX, Egress, Kept, OutgoingPacket},
    publication::{KeptPayload, SourcePacket},
    recovery::{History, Lane, Refusal, Sent, SentId, Waiting},
    sending::{NACK_RATE, Sending},
    slot::{Forwarded, Leaves, Room, Slot},
};

/// What a forwarded packet does to its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// The same layer of the same source goes on.
    Same,
    /// Another one flows from this packet on.
    Switched,
}

impl Forwarder {
    /// Rewrites a packet for one receiver and sends it, or lets it wait.
    pub(super) fn forward_to(
        &mut self,
        now: Instant,
        entry: Entry,
        from: EndpointIndex,
        packet: &SourcePacket<'_>,
        payload: Option<KeptPayload>,
        egress: &mut impl Egress,
    ) -> Result<Flow, ForwardDrop> {
        let receiver = self.endpoints.get_mut(entry.endpoint.get() as usize);
        let Some(Some(receiver)) = receiver.map(Option::as_deref_mut) else {
            return Ok(Flow::Same);
        };
        let Endpoint { plan, sending, .. } = receiver;
        let Some(slot) = plan.slots.get_mut(usize::from(entry.slot)) else {
            return Ok(Flow::Same);
        };
        let mut scratch = [0; EXTENSION_LENGTH_MAX];
        let room = if sending.line.pacer.has_room() { Room::Free } else { Room::Full };
        let forwarded = slot.forward(now, from, packet, room, &mut scratch)?;
        let Forwarded { packet: mut outgoing, switched, leaves } = forwarded;
        match leaves {
            Leaves::Nothing => {}
            Leaves::Unsent => sending.withdraw(entry.slot, Lane::Picture),
            Leaves::Everything => {
                sending.withdraw(entry.slot, Lane::Picture);
                sending.withdraw(entry.slot, Lane::Repair);
                slot.obsolete_before = Some(sending.history.next_id());
            }
        }
        let flow = if switched { Flow::Switched } else { Flow::Same };
        self.counters.forwarded_packets += 1;
        self.counters.forwarded_bytes += outgoing.length() as u64;
        let sent = payload.and_then(|kept| sent(entry.slot, from, kept, packet, &outgoing));
        if let Some(sent) = sent {
            let id = sending.history.remember(sent, outgoing.front_length(), |out| {
                let _ = outgoing.write_front(out);
            });
            if !sending.line.pacer.is_open(now) {
                let waiting = Waiting::whole(id, outgoing.length() as u16);
                if !sending.line.pacer.push(Lane::Picture, waiting) {
                    slot.is_starved = true;
                    self.counters.count(ForwardDrop::QueueFull);
                }
                self.counters.delayed_packets += 1;
                self.list_waiting(now, entry.endpoint);
                return Ok(flow);
            }
        }
        let kind = match outgoing.kind() {
            MediaKind::Audio => SentKind::Audio,
            MediaKind::Video => SentKind::Video,
        };
        sending.line.leave(now, &mut outgoing, kind);
        egress.forward(entry.endpoint, &outgoing);
        Ok(flow)
    }

    /// Takes a NACK of a receiver (RFC 4585 §6.2.1) for packets of one of its slots.
    ///
    /// A packet is sent again five times at most, a round trip or 100 ms apart, as a packet of the
    /// slot's retransmission stream; or as it was, where that was not negotiated and the cipher
    /// allows it. Together it is a fifth of the receiver's rate. A flood costs its sender, and
    /// nobody else.
    pub fn handle_nack(
        &mut self,
        now: Instant,
        from: EndpointIndex,
        slot_ssrc: Ssrc,
        lost: impl IntoIterator<Item = SeqNo>,
        egress: &mut impl Egress,
    ) {
        let Some(place) = self.endpoint_mut(from).and_then(|it| it.slot_of(slot_ssrc)) else {
            self.counters.foreign_feedback += 1;
            return;
        };
        for seq in lost {
            let Some(receiver) = self.endpoint_mut(from) else {
                return;
            };
            if !receiver.sending.nacks.take(now, NACK_RATE) {
                self.counters.count(ForwardDrop::NackFlood);
                return;
            }
            self.counters.nacked_packets += 1;
            if let Err(reason) = self.send_again(now, from, place, seq, egress) {
                self.counters.count(reason);
            }
        }
    }

    /// Says whether the endpoint's cipher may seal a sequence number twice (AES-CM may, GCM must
    /// not: design §3.1), so that a packet can be sent again as it was.
    pub fn set_copies_allowed(&mut self, index: EndpointIndex, allowed: bool) {
        if let Some(endpoint) = self.endpoint_mut(index) {
            endpoint.sending.may_copy = allowed;
        }
    }

    /// Sends what has waited and has room.
    pub(super) fn send_waiting(&mut self, now: Instant, egress: &mut impl Egress) {
        self.pacing_due = None;
        let mut place = 0;
        while let Some(&receiver) = self.waiting.get(place) {
            let due = self.send_waiting_of(now, receiver, egress);
            self.pacing_due = self.pacing_due.into_iter().chain(due).min();
            if due.is_some() {
                place += 1;
                continue;
            }
            self.waiting.swap_remove(place);
            if let Some(receiver) = self.endpoint_mut(receiver) {
                receiver.sending.is_listed = false;
            }
        }
    }

    /// A slot that goes without asks for a keyframe when it would find room, as far as its budget
    /// allows.
    pub(super) fn ask_for_starved(&mut self, now: Instant, entry: Entry) {
        let Some(receiver) = self.endpoint_mut(entry.endpoint) else {
            return;
        };
        let Endpoint { plan, sending, .. } = receiver;
        let Some(slot) = plan.slots.get_mut(usize::from(entry.slot)) else {
            return;
        };
        let Some((feed, layer)) = slot.feed.zip(slot.layer) else {
            return;
        };
        if sending.line.pacer.has_room() && slot.keyframe_budget.take(now) {
            self.want_keyframe(now, feed.publisher, feed.source, layer, Need::ReceiverAsked);
        }
    }

    /// Answers for one packet of a NACK.
    fn send_again(
        &mut self,
        now: Instant,
        to: EndpointIndex,
        place: usize,
        seq: SeqNo,
        egress: &mut impl Egress,
    ) -> Result<(), ForwardDrop> {
        let receiver = self.endpoint_mut(to).ok_or(ForwardDrop::UnknownEndpoint)?;
        let Endpoint { plan, sending, .. } = receiver;
        let slot = plan.slots.get(place).ok_or(ForwardDrop::UnknownEndpoint)?;
        if slot.repair.is_none() && !sending.may_copy {
            return Err(ForwardDrop::NoRepair);
        }
        let id = sending.history.find(place as u8, seq).ok_or(ForwardDrop::Forgotten)?;
        if slot.obsolete_before.is_some_and(|first| History::is_before(id, first)) {
            return Err(ForwardDrop::Forgotten);
        }
        sending.history.check(now, id, sending.line.round_trip()).map_err(
            |refusal| match refusal {
                Refusal::Unknown => ForwardDrop::Forgotten,
                Refusal::TooSoon | Refusal::TooOften => ForwardDrop::SentAgain,
            },
        )?;
        let (sent, head) = sending.history.packet(id).ok_or(ForwardDrop::Forgotten)?;
        let head_length = head.len();
        let payload = self.payload(&sent).ok_or(ForwardDrop::Forgotten)?;
        let bytes = head_length + payload.len() - usize::from(sent.replaced);
        let receiver = self.endpoint_mut(to).ok_or(ForwardDrop::UnknownEndpoint)?;
        let sending = &mut receiver.sending;
        if !sending.repairs.take(now, bytes, sending.line.congestion.target()) {
            return Err(ForwardDrop::OverRepairBudget);
        }
        sending.history.note_answer(id);
        if sending.line.pacer.is_open(now) {
            sending.history.note_leaving(now, id);
            return self.send_kept(now, to, id, SentKind::Rtx, egress);
        }
        let waits = sending.line.pacer.push(Lane::Repair, Waiting::whole(id, bytes as u16));
        if !waits {
            sending.history.note_leaving(now, id);
        }
        self.list_waiting(now, to);
        if waits { Ok(()) } else { Err(ForwardDrop::QueueFull) }
    }

    /// Sends what has waited for one receiver; when there will be room for more of it.
    fn send_waiting_of(
        &mut self,
        now: Instant,
        to: EndpointIndex,
        egress: &mut impl Egress,
    ) -> Option<Instant> {
        while let Some((lane, waiting)) = self.endpoint_mut(to)?.sending.line.pacer.pop(now) {
            let sent = match lane {
                Lane::Repair => {
                    self.endpoint_mut(to)?.sending.history.note_leaving(now, waiting.id);
                    self.send_kept(now, to, waiting.id, SentKind::Rtx, egress)
                }
                Lane::Picture if waiting.is_hollow => self.send_hollow(now, to, waiting.id, egress),
                Lane::Picture => self.send_kept(now, to, waiting.id, SentKind::Video, egress),
            };
            if let Err(reason) = sent {
                self.counters.count(reason);
                if lane == Lane::Picture {
                    self.starve(to, waiting.id);
                }
            }
        }
        let fill = self.fill(now, to, egress);
        let queue = self.endpoint_mut(to)?.sending.line.pacer.poll_timeout(now);
        fill.into_iter().chain(queue).min()
    }

    /// Puts a remembered packet together and sends it: for the first time as a picture, else as
    /// its retransmission.
    pub(super) fn send_kept(
        &mut self,
        now: Instant,
        to: EndpointIndex,
        id: SentId,
        kind: SentKind,
        egress: &mut impl Egress,
    ) -> Result<(), ForwardDrop> {
        let receiver = self.endpoint(to).ok_or(ForwardDrop::UnknownEndpoint)?;
        let (sent, _) = receiver.sending.history.packet(id).ok_or(ForwardDrop::Forgotten)?;
        let places = [to, sent.publisher].map(|index| index.get() as usize);
        let Ok([Some(receiver), Some(publisher)]) = self.endpoints.get_disjoint_mut(places) else {
            return Err(ForwardDrop::Overwritten);
        };
        let payload = publisher.publications.payload(&sent).ok_or(ForwardDrop::Overwritten)?;
        let body = payload.get(usize::from(sent.replaced)..).ok_or(ForwardDrop::Overwritten)?;
        let Endpoint { plan, sending, .. } = &mut **receiver;
        let slot = plan.slots.get_mut(usize::from(sent.slot)).ok_or(ForwardDrop::Forgotten)?;
        let Sending { history, line, .. } = sending;
        let (_, front) = history.packet(id).ok_or(ForwardDrop::Forgotten)?;
        let kept = kept(&sent, front, body, slot);
        let first = OutgoingPacket::kept(&kept).ok_or(ForwardDrop::Forgotten)?;
        let mut packet = match kind {
            SentKind::Audio | SentKind::Video => first,
            SentKind::Rtx | SentKind::Padding => repair(now, slot, first)?,
        };
        line.leave(now, &mut packet, kind);
        egress.forward(to, &packet);
        self.counters.count_again(kind, packet.length());
        Ok(())
    }

    /// Sends the number of a packet that was withdrawn.
    fn send_hollow(
        &mut self,
        now: Instant,
        to: EndpointIndex,
        id: SentId,
        egress: &mut impl Egress,
    ) -> Result<(), ForwardDrop> {
        let receiver = self.endpoint_mut(to).ok_or(ForwardDrop::UnknownEndpoint)?;
        let Endpoint { plan, sending: Sending { history, line, .. }, .. } = receiver;
        let (sent, front) = history.packet(id).ok_or(ForwardDrop::Forgotten)?;
        let slot = plan.slots.get(usize::from(sent.slot)).ok_or(ForwardDrop::Forgotten)?;
        let kept = kept(&sent, front, &[], slot);
        let mut packet = OutgoingPacket::kept(&kept).ok_or(ForwardDrop::Forgotten)?.into_hollow();
        line.leave(now, &mut packet, SentKind::Video);
        egress.forward(to, &packet);
        Ok(())
    }

    /// The payload of a sent packet, if its ring still holds it.
    pub(super) fn payload(&self, sent: &Sent) -> Option<&[u8]> {
        self.endpoint(sent.publisher)?.publications.payload(sent)
    }

    /// A packet has been lost on the way out: its slot goes without until a keyframe.
    fn starve(&mut self, to: EndpointIndex, id: SentId) {
        let Some(receiver) = self.endpoint_mut(to) else {
            return;
        };
        if let Some((sent, _)) = receiver.sending.history.packet(id)
            && let Some(slot) = receiver.plan.slots.get_mut(usize::from(sent.slot))
        {
            slot.is_starved = true;
        }
    }

    /// Something waits for the receiver.
    pub(super) fn list_waiting(&mut self, now: Instant, index: EndpointIndex) {
        let Some(endpoint) = self.endpoint_mut(index) else {
            return;
        };
        let sending = &mut endpoint.sending;
        let queue = sending.line.pacer.poll_timeout(now);
        let due = if sending.line.wants_filling(now) { Some(now) } else { queue };
        if !std::mem::replace(&mut sending.is_listed, true) {
            self.waiting.push(index);
        }
        self.pacing_due = self.pacing_due.into_iter().chain(due).min();
    }
}

/// What is remembered of a packet; nothing of one that is left out but for its number.
fn sent(
    slot: u8,
    publisher: EndpointIndex,
    payload: KeptPayload,
    packet: &SourcePacket<'_>,
    outgoing: &OutgoingPacket<'_>,
) -> Option<Sent> {
    let replaced = packet.payload.len().checked_sub(outgoing.body().len())?;
    Some(Sent {
        publisher,
        ring: payload.ring,
        serial: payload.serial,
        replaced: u8::try_from(replaced).ok().filter(|_| !outgoing.body().is_empty())?,
        transport_number_at: outgoing.transport_number_at().unwrap_or(0) as u8,
        slot,
        seq: outgoing.seq(),
        header_length: outgoing.header_length() as u16,
    })
}

/// A remembered packet in its parts.
fn kept<'p>(sent: &Sent, front: &'p [u8], body: &'p [u8], slot: &Slot) -> Kept<'p> {
    Kept {
        front,
        header_length: usize::from(sent.header_length),
        transport_number_at: sent.transport_number_at,
        body,
        ssrc: slot.ssrc,
        seq: sent.seq,
    }
}

/// Makes a retransmission of a packet: on the stream for it, or as a copy.
fn repair<'p>(
    now: Instant,
    slot: &mut Slot,
    first: OutgoingPacket<'p>,
) -> Result<OutgoingPacket<'p>, ForwardDrop> {
    let Some(repair) = &mut slot.repair else {
        return Ok(first.into_copy());
    };
    let pt = repair.pt_for(first.pt()).ok_or(ForwardDrop::NoRepair)?;
    let seq = repair.next_seq(now).ok_or(ForwardDrop::OverSlotRate)?;
    Ok(first.into_repair(pt, repair.ssrc, seq))
}
