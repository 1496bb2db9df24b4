//! A media session as a worker holds it: ICE, SRTP, and what its reports need.
//!
//! Its memory, about 30 KiB with the endpoint's, is taken on the control side and goes back there.

use protocol::{
    EndpointIndex, Instant,
    media::{SessionPlan, Ssrc},
};
use sfu_core::Endpoint;
use sfu_transport::{
    ice::{IceAgent, MEDIA_TIMEOUT},
    rtcp::ReferenceClock,
    srtp::{Side, SrtpKeys, SrtpReceiver, SrtpSender},
    tuple::Tuple,
};

use crate::{reception::SenderReports, uplink::Uplink};

/// Everything of a session that crosses between the control side and a worker.
#[derive(Debug)]
pub struct SessionMemory {
    pub(crate) session: Session,
    /// Its part of the forwarding engine; the engine holds it while the session is in a worker.
    pub(crate) endpoint: Option<Box<Endpoint>>,
}

/// Both directions of a session's SRTP, keys expanded.
#[derive(Debug)]
pub struct MediaKeys {
    pub(crate) sender: SrtpSender,
    pub(crate) receiver: SrtpReceiver,
}

impl MediaKeys {
    /// Expands freshly exported keys.
    pub(crate) fn new(keys: &SrtpKeys) -> Self {
        MediaKeys {
            sender: SrtpSender::new(keys, Side::Server),
            receiver: SrtpReceiver::new(keys, Side::Server),
        }
    }
}

/// The worker's half of a session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) index: EndpointIndex,
    pub(crate) ice: IceAgent,
    /// Boxed on the control side; present once DTLS is done.
    pub(crate) keys: Option<Box<MediaKeys>>,
    /// Where media goes; a copy of what `ice` says, for the packet path.
    media: Option<MediaPath>,
    /// The control side knows that media flows.
    pub(crate) is_connected: bool,
    /// The session is over and the control side does not know it.
    pub(crate) is_expired: bool,
    pub(crate) next_report: Instant,
    /// A slot carries something else, of which the client's reports do not know.
    pub(crate) reports_early: bool,
    /// Whom our own reports name as their sender.
    pub(crate) rtcp_ssrc: Ssrc,
    pub(crate) sender_reports: SenderReports,
    /// The clock of the client's transport-wide feedback.
    pub(crate) feedback_clock: ReferenceClock,
    pub(crate) uplink: Uplink,
}

/// Where media goes, and until when without another check.
#[derive(Clone, Copy, Debug)]
struct MediaPath {
    tuple: Tuple,
    until: Instant,
}

impl Session {
    /// A session under `plan` that begins, or with `keys` one that goes on.
    pub(crate) fn new(
        index: EndpointIndex,
        ice: IceAgent,
        keys: Option<Box<MediaKeys>>,
        rtcp_ssrc: Ssrc,
        plan: &SessionPlan,
    ) -> Self {
        Session {
            index,
            ice,
            keys,
            media: None,
            is_connected: false,
            is_expired: false,
            next_report: Instant::ZERO,
            reports_early: false,
            rtcp_ssrc,
            sender_reports: SenderReports::default(),
            feedback_clock: ReferenceClock::default(),
            uplink: Uplink::new(plan),
        }
    }

    /// Where packets of media may go at `now`: consent is asked of the time, so that a node which
    /// has slept sends nothing before its timers have run.
    pub(crate) fn media_tuple(&self, now: Instant) -> Option<&Tuple> {
        self.media.as_ref().filter(|path| now < path.until).map(|path| &path.tuple)
    }

    /// Takes over what a check on the selected tuple, or the lack of one, has changed.
    pub(crate) fn refresh_media_path(&mut self, now: Instant) {
        self.media = self
            .ice
            .media_tuple(now)
            .map(|tuple| MediaPath { tuple: *tuple, until: now + MEDIA_TIMEOUT });
    }

    /// Whether packets can be sealed and have somewhere to go.
    pub(crate) fn is_ready(&self, now: Instant) -> bool {
        self.keys.is_some() && self.media_tuple(now).is_some()
    }
}
