//! What receivers tell of how their packets arrived, and the estimators that hear it.

use protocol::{
    Bitrate, Duration, EndpointIndex, Instant,
    media::{SeqNo, Ssrc},
};

use super::Forwarder;
use crate::congestion::{Insight, PacketReport};

/// How often estimators are told the time.
const TICK: Duration = Duration::from_millis(50);

/// One block of a receiver's report about what a slot sends it (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiverBlock {
    /// The slot's SSRC.
    pub ssrc: Ssrc,
    /// Lost since the last report, in 256ths of what was expected.
    pub fraction_lost: u8,
    /// The highest sequence number that arrived.
    pub highest_seq: SeqNo,
    /// The round trip, where the block allows to measure it.
    pub rtt: Option<Duration>,
}

impl Forwarder {
    /// Takes what a receiver tells of its packets, one by one: transport-wide feedback.
    pub fn handle_packet_reports(
        &mut self,
        now: Instant,
        from: EndpointIndex,
        reports: impl IntoIterator<Item = PacketReport>,
    ) {
        let Some(receiver) = self.endpoint_mut(from) else {
            return;
        };
        receiver.sending.line.congestion.handle_reports(now, reports);
        receiver.sending.line.follow_estimate(now);
        self.allot_if_due(now, from);
        self.start_filling(now, from);
    }

    /// Takes one block of a receiver's report. One about a slot that it does not have is counted
    /// and says nothing.
    pub fn handle_receiver_block(
        &mut self,
        now: Instant,
        from: EndpointIndex,
        block: &ReceiverBlock,
    ) {
        let Some(receiver) = self.endpoint_mut(from) else {
            return;
        };
        let Some(place) = receiver.slot_of(block.ssrc) else {
            // Retransmissions are streams of their own, of which the estimator learns nothing.
            let of_repairs = |slot: &crate::slot::Slot| {
                slot.repair.is_some_and(|repair| repair.ssrc == block.ssrc)
            };
            if !receiver.plan.slots.iter().any(of_repairs) {
                self.counters.foreign_feedback += 1;
            }
            return;
        };
        let sending = &mut receiver.sending;
        let last = sending.reported.get_mut(place).and_then(|it| it.replace(block.highest_seq));
        let steps = last.map_or(0, |last| block.highest_seq.distance_from(last));
        let packets = u32::try_from(steps).unwrap_or(0);
        let congestion = &mut sending.line.congestion;
        if let Some(rtt) = block.rtt {
            congestion.handle_rtt(now, rtt);
        }
        congestion.handle_loss(now, packets * u32::from(block.fraction_lost) / 256, packets);
        sending.line.follow_estimate(now);
    }

    /// Takes a receiver's own estimate of its line (REMB).
    pub fn handle_receiver_estimate(
        &mut self,
        now: Instant,
        from: EndpointIndex,
        estimate: Bitrate,
    ) {
        if let Some(receiver) = self.endpoint_mut(from) {
            receiver.sending.line.congestion.handle_remb(now, estimate);
            receiver.sending.line.follow_estimate(now);
        }
    }

    /// What is seen of the line to a receiver.
    #[must_use]
    pub fn line_insight(&self, now: Instant, receiver: EndpointIndex) -> Option<Insight> {
        self.endpoint(receiver).map(|it| it.sending.line.congestion.insight(now))
    }

    /// Tells all estimators the time.
    pub(super) fn run_estimators(&mut self, now: Instant) {
        self.estimators_due = Some(now + TICK);
        for place in 0..self.endpoints.len() {
            let Some(endpoint) = self.endpoints[place].as_mut().filter(|it| it.is_ready) else {
                continue;
            };
            let line = &mut endpoint.sending.line;
            if line.congestion.poll_timeout().is_some_and(|due| due <= now) {
                line.congestion.handle_timeout(now);
                line.follow_estimate(now);
                self.start_filling(now, EndpointIndex(place as u32));
            }
        }
    }
}
