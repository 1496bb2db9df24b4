//! What a worker counts. Plain fields: nobody else reads them but through a copy.

use sfu_transport::{ice::IceDrop, srtp::SrtpDrop, stun::StunDrop};

/// Why a datagram was dropped before the forwarding engine saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerDrop {
    /// No protocol begins with its first byte.
    Unknown,
    /// Not a connectivity check, or not a right one.
    Stun(StunDrop),
    /// An error response to a check of ours.
    StunError,
    /// A check for no session of ours.
    UnknownUfrag,
    /// A check that ICE refuses.
    Ice(IceDrop),
    /// Anything but a check from a tuple that is not proven.
    UnprovenTuple,
    /// Longer than any datagram of its kind.
    TooLong,
    /// More DTLS than the control side takes.
    ControlBusy,
    /// Media before DTLS is done.
    NoKeys,
    /// Not an RTP header.
    BadHeader,
    /// SRTP or SRTCP that is replayed, forged or malformed.
    Srtp(SrtpDrop),
    /// An RTCP packet that does not fit its compound packet.
    BadRtcp,
}

/// The reasons that are the worker's own, in the order of their counters.
const OWN: [(WorkerDrop, &str); 9] = [
    (WorkerDrop::Unknown, "unknown_protocol"),
    (WorkerDrop::StunError, "stun_error_response"),
    (WorkerDrop::UnknownUfrag, "unknown_ufrag"),
    (WorkerDrop::UnprovenTuple, "unproven_tuple"),
    (WorkerDrop::TooLong, "too_long"),
    (WorkerDrop::ControlBusy, "control_busy"),
    (WorkerDrop::NoKeys, "no_keys"),
    (WorkerDrop::BadHeader, "bad_header"),
    (WorkerDrop::BadRtcp, "bad_rtcp"),
];

const STUN_AT: usize = OWN.len();
const ICE_AT: usize = STUN_AT + StunDrop::ALL.len();
const SRTP_AT: usize = ICE_AT + IceDrop::ALL.len();
const DROPS: usize = SRTP_AT + SrtpDrop::ALL.len();

impl WorkerDrop {
    /// Every reason with its metric label, in the order of the counters.
    pub fn all() -> impl Iterator<Item = (WorkerDrop, &'static str)> {
        let stun = StunDrop::ALL.iter().map(|&reason| (WorkerDrop::Stun(reason), reason.label()));
        let ice = IceDrop::ALL.iter().map(|&reason| (WorkerDrop::Ice(reason), reason.label()));
        let srtp = SrtpDrop::ALL.iter().map(|&reason| (WorkerDrop::Srtp(reason), reason.label()));
        OWN.into_iter().chain(stun).chain(ice).chain(srtp)
    }

    /// Its place among the counters.
    fn place(self) -> usize {
        match self {
            WorkerDrop::Stun(reason) => STUN_AT + reason.index(),
            WorkerDrop::Ice(reason) => ICE_AT + reason.index(),
            WorkerDrop::Srtp(reason) => SRTP_AT + reason.index(),
            WorkerDrop::Unknown => 0,
            WorkerDrop::StunError => 1,
            WorkerDrop::UnknownUfrag => 2,
            WorkerDrop::UnprovenTuple => 3,
            WorkerDrop::TooLong => 4,
            WorkerDrop::ControlBusy => 5,
            WorkerDrop::NoKeys => 6,
            WorkerDrop::BadHeader => 7,
            WorkerDrop::BadRtcp => 8,
        }
    }
}

/// Totals since the start of the worker; only `sessions` and `proven_tuples` may fall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Datagrams that arrived.
    pub received_datagrams: u64,
    /// Their bytes.
    pub received_bytes: u64,
    /// Sessions that are here.
    pub sessions: u64,
    /// Tuples that are proven.
    pub proven_tuples: u64,
    /// Impossible states that were contained; each is a bug.
    pub invariant_violations: u64,
    /// What the forwarding engine counts.
    pub forward: sfu_core::Counters,
    drops: [u64; DROPS],
}

impl Counters {
    /// How often `reason` was the case.
    #[must_use]
    pub fn drops(&self, reason: WorkerDrop) -> u64 {
        self.drops[reason.place()]
    }

    pub(crate) fn count(&mut self, reason: WorkerDrop) {
        self.drops[reason.place()] += 1;
    }
}

impl Default for Counters {
    fn default() -> Self {
        Counters {
            received_datagrams: 0,
            received_bytes: 0,
            sessions: 0,
            proven_tuples: 0,
            invariant_violations: 0,
            forward: sfu_core::Counters::default(),
            drops: [0; DROPS],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_counter_of_its_own() {
        for (place, (reason, _)) in WorkerDrop::all().enumerate() {
            assert_eq!(reason.place(), place, "{reason:?}");
        }
        assert_eq!(WorkerDrop::all().count(), DROPS);
    }
}
