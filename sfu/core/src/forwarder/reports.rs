//! What the engine tells when asked: slots, streams, reception.

use protocol::{
    EndpointIndex, Instant,
    client::SlotContent,
    media::{MediaKind, Mid, RtpTime, SeqNo, Source, Ssrc},
};

use super::Forwarder;
use crate::{
    capture::WAIT_MAX, reception::ReceptionFigures, slot::Slot, snapshot::EndpointSnapshot,
};

/// What a slot has sent: the sender part of a report (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutgoingStream {
    /// The slot's SSRC.
    pub ssrc: Ssrc,
    /// Sound or picture.
    pub kind: MediaKind,
    /// The slot's RTP time at the instant asked for; `None` while nothing has been sent.
    pub rtp_time: Option<RtpTime>,
    /// The highest sequence number sent, or the one before the first.
    pub last_seq: SeqNo,
    /// Packets sent.
    pub packets: u64,
    /// Bytes of payload sent, without headers and padding.
    pub octets: u64,
    /// SSRC of its retransmissions and their highest number, where they were negotiated.
    pub repair: Option<(Ssrc, SeqNo)>,
}

/// A stream of a publisher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncomingStream {
    /// The publisher's SSRC.
    pub ssrc: Ssrc,
    /// What it carries.
    pub source: Source,
    /// Which simulcast layer, 0 the smallest.
    pub layer: u8,
}

/// One report block about a publisher's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceptionReport {
    /// The publisher's SSRC.
    pub ssrc: Ssrc,
    /// The figures.
    pub figures: ReceptionFigures,
}

impl Forwarder {
    /// What each slot of the endpoint carries.
    pub fn slot_map(
        &self,
        index: EndpointIndex,
    ) -> impl Iterator<Item = (Mid, Option<SlotContent>)> + '_ {
        let slots = self.endpoint(index).map(|endpoint| &*endpoint.plan.slots);
        let slots = slots.unwrap_or_default().iter();
        slots.map(|slot| (slot.mid, slot.content()))
    }

    /// The slots that carry something else than when they were last taken. To be used up.
    pub fn take_changed_slots(
        &mut self,
        index: EndpointIndex,
    ) -> impl Iterator<Item = (Mid, Option<SlotContent>)> + '_ {
        let slots = self.endpoint_mut(index).map(|endpoint| &mut *endpoint.plan.slots);
        slots.unwrap_or_default().iter_mut().filter_map(|slot| {
            let content = slot.content();
            let changed = std::mem::replace(&mut slot.reported, content) != content;
            changed.then_some((slot.mid, content))
        })
    }

    /// What the endpoint's slots have sent, for sender reports at `now`.
    pub fn outgoing_streams(
        &self,
        now: Instant,
        index: EndpointIndex,
    ) -> impl Iterator<Item = OutgoingStream> + '_ {
        let slots = self.endpoint(index).map(|endpoint| &*endpoint.plan.slots);
        slots.unwrap_or_default().iter().map(move |slot| OutgoingStream {
            ssrc: slot.ssrc,
            kind: slot.media(),
            rtp_time: self.rtp_time(now, slot),
            last_seq: slot.sequence.last(),
            packets: slot.packets,
            octets: slot.octets,
            repair: slot.repair.map(|repair| (repair.ssrc, repair.last_seq)),
        })
    }

    /// The slot's RTP time at `now`: of what its source captures then, where the publisher's
    /// reports say; else of what arrives.
    fn rtp_time(&self, now: Instant, slot: &Slot) -> Option<RtpTime> {
        let arriving = slot.timeline.rtp_time(now)?;
        let ticks_per_ms = slot.timeline.ticks_per_ms();
        let captured = slot.settled_flow().and_then(|(feed, layer)| {
            let publications = &self.endpoint(feed.publisher)?.publications;
            let ssrc = publications.ssrc_of(feed.source, layer)?;
            let input = publications.capture.rtp_time(now, ssrc, ticks_per_ms)?;
            Some(input.add(slot.timeline.offset()))
        });
        let wait_max = WAIT_MAX.as_millis() as u32 * ticks_per_ms;
        let is_likely = |time: &RtpTime| time.distance_from(arriving).unsigned_abs() <= wait_max;
        Some(captured.filter(is_likely).unwrap_or(arriving))
    }

    /// The streams that the endpoint publishes, as far as they have come.
    pub fn incoming_streams(
        &self,
        index: EndpointIndex,
    ) -> impl Iterator<Item = IncomingStream> + '_ {
        let publications = self.endpoint(index).map(|endpoint| &endpoint.publications);
        publications.into_iter().flat_map(|publications| {
            let current = move |stream: &&_| publications.is_current(stream);
            publications.streams().filter(current).map(|stream| IncomingStream {
                ssrc: stream.ssrc,
                source: stream.source,
                layer: stream.layer,
            })
        })
    }

    /// Report blocks about the streams of the endpoint that sent since the last time; each begins
    /// its next interval.
    pub fn reception_reports(
        &mut self,
        index: EndpointIndex,
    ) -> impl Iterator<Item = ReceptionReport> + '_ {
        let publications = self.endpoint_mut(index).map(|endpoint| &mut endpoint.publications);
        publications.into_iter().flat_map(|publications| {
            publications.streams_mut().filter_map(|stream| {
                let figures = stream.reception.report()?;
                Some(ReceptionReport { ssrc: stream.ssrc, figures })
            })
        })
    }

    /// Takes what is needed to go on with the endpoint elsewhere.
    #[must_use]
    pub fn snapshot(&self, now: Instant, index: EndpointIndex) -> Option<EndpointSnapshot> {
        self.endpoint(index).map(|endpoint| endpoint.snapshot(now))
    }
}
