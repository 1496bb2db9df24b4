//! Bytes that only fill: probes of a receiver's line, and padding up to the next layer's rate.
//!
//! A probe is a burst at a given rate: what waits goes first, the rest is the largest of the
//! packets sent lately, again, as retransmissions (a cache of small packets starves a probe), else
//! packets of padding alone on the retransmission stream. Without such a stream nothing is filled.

use protocol::{Duration, EndpointIndex, Instant};

use super::Forwarder;
use crate::{
    congestion::SentKind, counters::ForwardDrop, endpoint::Endpoint, packet::Egress,
    recovery::SentId,
};

/// Sent packets of which the largest is sent again.
const CANDIDATES: usize = 16;

/// A payload smaller than this is no better than padding alone.
const USEFUL_BYTES: usize = 300;

/// Packets that fill, in one look at a line; at 1 ms a look that is 150 Mb/s.
const FILLS_MAX: usize = 16;

/// How often padding up to a rate is looked at: libwebrtc `pacing_controller.cc` has the same.
const PADDING_TICK: Duration = Duration::from_millis(5);

impl Forwarder {
    /// Begins what the estimator of a receiver's line wants to try.
    pub(super) fn start_filling(&mut self, now: Instant, index: EndpointIndex) {
        let Some(receiver) = self.endpoint_mut(index).filter(|it| it.is_ready) else {
            return;
        };
        let line = &mut receiver.sending.line;
        let was_probing = line.probe.is_some();
        line.start_probe(now);
        if line.probe.is_some() && !was_probing || line.wants_padding() {
            self.list_waiting(now, index);
        }
    }

    /// Fills a line as far as its probe or padding rate wants `now`; when to look again.
    pub(super) fn fill(
        &mut self,
        now: Instant,
        to: EndpointIndex,
        egress: &mut impl Egress,
    ) -> Option<Instant> {
        for _ in 0..FILLS_MAX {
            let line = &mut self.endpoint_mut(to)?.sending.line;
            if !line.wants_filling(now) {
                break;
            }
            if let Err(reason) = self.send_filling(now, to, egress) {
                self.counters.count(reason);
                self.endpoint_mut(to)?.sending.line.give_up_filling(now);
                break;
            }
        }
        let line = &mut self.endpoint_mut(to)?.sending.line;
        line.end_probe_if_done(now);
        match (&line.probe, line.wants_padding()) {
            (Some(_), _) => Some(now + crate::recovery::TICK),
            (None, true) => Some(now + PADDING_TICK),
            (None, false) => None,
        }
    }

    fn send_filling(
        &mut self,
        now: Instant,
        to: EndpointIndex,
        egress: &mut impl Egress,
    ) -> Result<(), ForwardDrop> {
        if let Some(id) = self.largest_of_late(to) {
            return self.send_kept(now, to, id, SentKind::Padding, egress);
        }
        let receiver = self.endpoint_mut(to).ok_or(ForwardDrop::UnknownEndpoint)?;
        let Endpoint { plan, sending, .. } = receiver;
        let packet = plan.slots.iter_mut().find_map(|slot| slot.padding(now));
        let mut packet = packet.ok_or(ForwardDrop::NoRepair)?;
        sending.line.leave(now, &mut packet, SentKind::Padding);
        egress.forward(to, &packet);
        self.counters.padding_packets += 1;
        self.counters.padding_bytes += packet.length() as u64;
        Ok(())
    }

    /// The largest of the packets that a receiver was sent lately and can be sent again.
    fn largest_of_late(&self, to: EndpointIndex) -> Option<SentId> {
        let receiver = self.endpoint(to)?;
        let candidates = receiver.sending.history.newest().take(CANDIDATES);
        let sized = candidates.filter_map(|id| {
            let (sent, _) = receiver.sending.history.packet(id)?;
            let slot = receiver.plan.slots.get(usize::from(sent.slot))?;
            let length = self.payload(&sent)?.len();
            (slot.repair.is_some() && length >= USEFUL_BYTES).then_some((length, id))
        });
        sized.max_by_key(|(length, _)| *length).map(|(_, id)| id)
    }
}
