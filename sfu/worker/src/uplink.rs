//! When a participant's packets arrive: a browser that stamps transport-wide numbers estimates its
//! uplink from nothing else, and without word of them stays at the rate it began with.

use protocol::{
    Duration, Instant,
    media::{SeqNo, SessionPlan},
    rtp::RtpHeader,
};
use sfu_transport::rtcp::ArrivalLog;

/// With so many packets a report is due at once; timers look every 50 ms. At 300 kb/s of picture
/// and sound that is every 100 ms, and 5 % of the rate is never reached
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01 §4 wants 50 to 250 ms).
const PACKETS_DUE: usize = 8;

/// Fewer packets wait no longer than this.
const WAIT_MAX: Duration = Duration::from_millis(200);

/// The most messages of one report. One holds all that a log holds, unless its packets arrived
/// seconds apart.
pub(crate) const MESSAGES_MAX: usize = 4;

/// The arrivals of one session.
#[derive(Debug)]
pub(crate) struct Uplink {
    extension_id: Option<u8>,
    pub(crate) log: ArrivalLog,
    last_report: Instant,
}

impl Uplink {
    /// Arrivals under the plan of a session.
    pub(crate) fn new(plan: &SessionPlan) -> Self {
        Uplink {
            extension_id: extension_id(plan),
            log: ArrivalLog::default(),
            last_report: Instant::ZERO,
        }
    }

    /// Takes over what a renegotiation has changed.
    pub(crate) fn set_extension_id(&mut self, extension_id: Option<u8>) {
        self.extension_id = extension_id;
    }

    /// Notes an authentic packet.
    pub(crate) fn note(&mut self, now: Instant, header: &RtpHeader, packet: &[u8]) {
        let Some(wanted) = self.extension_id else { return };
        let value =
            header.extensions(packet).find_map(|(id, value)| (id == wanted).then_some(value));
        if let Some(Ok(seq)) = value.map(<[u8; 2]>::try_from) {
            self.log.record(now, header.ssrc, SeqNo(u16::from_be_bytes(seq)));
        }
    }

    /// Whether to report, and if so, that it is done.
    pub(crate) fn take_due(&mut self, now: Instant) -> bool {
        let waited = now.saturating_duration_since(self.last_report);
        let is_due =
            self.log.pending() >= PACKETS_DUE || (self.log.is_pending() && waited >= WAIT_MAX);
        if is_due {
            self.last_report = now;
        }
        is_due
    }
}

/// The id of transport-wide numbers. All m-lines of a BUNDLE group have the same (RFC 9143 §9.1).
pub(crate) fn extension_id(plan: &SessionPlan) -> Option<u8> {
    plan.publishes.iter().find_map(|publish| publish.extensions.transport_cc)
}

#[cfg(test)]
mod tests;
