//! What signaling counts. Label sets are closed: no room, person or address is ever a label.

use std::time::{SystemTime, UNIX_EPOCH};

use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts, Registry};

use protocol::client::ErrorCode;
use signaling_core::{CloseReason, LeaveCause, ResumedFrom, RoomEvent, Rooms};

/// Counters and gauges of one service. Clones share them.
#[derive(Clone)]
pub(crate) struct Metrics {
    rooms: IntGauge,
    sessions: IntGauge,
    waiting: IntGauge,
    sockets: IntGauge,
    joins: IntCounterVec,
    leaves: IntCounterVec,
    resumes: IntCounterVec,
    closes: IntCounterVec,
    pub(crate) rooms_created: IntCounter,
    pub(crate) connections: IntGauge,
    pub(crate) connections_failed: IntCounterVec,
    /// Handshakes that asked for a name which the certificate does not have.
    pub(crate) foreign_names: IntCounter,
    certificate_end: IntGauge,
    certificate_attempts: IntCounterVec,
}

impl Metrics {
    /// # Errors
    /// A metric of the same name is registered already.
    pub(crate) fn register(registry: &Registry) -> Result<Metrics, prometheus::Error> {
        let made = Registration(registry);
        Ok(Metrics {
            rooms: made.gauge("signaling_rooms", "Live rooms.")?,
            sessions: made.gauge(
                "signaling_sessions",
                "Sessions in live rooms, those whose socket is lost included.",
            )?,
            waiting: made.gauge("signaling_lobby", "People who wait for a host to let them in.")?,
            sockets: made.gauge("signaling_sockets", "Open WebSockets.")?,
            joins: made.counters(
                "signaling_joins_total",
                "Joins by result.",
                "result",
                &JOIN_RESULTS,
            )?,
            leaves: made.counters(
                "signaling_leaves_total",
                "Ends of sessions by cause.",
                "cause",
                &["left", "timed_out", "media_lost", "stopping", "removed", "ended_by_host"],
            )?,
            resumes: made.counters(
                "signaling_resumes_total",
                "Resumes by what the client was given.",
                "result",
                &["ring", "snapshot", "gone"],
            )?,
            closes: made.counters(
                "signaling_sockets_closed_total",
                "Ends of WebSockets by reason.",
                "reason",
                &["ended", "refused", "abuse", "stopping", "slow", "lost"],
            )?,
            rooms_created: made.counter("signaling_rooms_created_total", "Rooms made.")?,
            connections: made.gauge("signaling_connections", "Open TCP connections.")?,
            connections_failed: made.counters(
                "signaling_connections_failed_total",
                "TCP connections that came to no request, by stage.",
                "stage",
                &["accept", "tls", "http"],
            )?,
            foreign_names: made.counter(
                "signaling_tls_foreign_names_total",
                "TLS handshakes for a name that the certificate is not for.",
            )?,
            certificate_end: made.gauge(
                "signaling_certificate_expiry_timestamp_seconds",
                "When the certificate in use ends, in seconds since 1970; 0 if there is none.",
            )?,
            certificate_attempts: made.counters(
                "signaling_certificate_attempts_total",
                "Certificates asked of the authority, by result.",
                "result",
                &["issued", "failed"],
            )?,
        })
    }

    pub(crate) fn set_sizes(&self, rooms: &Rooms) {
        self.rooms.set(rooms.live_rooms() as i64);
        self.sessions.set(rooms.sessions() as i64);
        self.waiting.set(rooms.waiting() as i64);
        self.sockets.set(rooms.sockets() as i64);
    }

    pub(crate) fn set_certificate_end(&self, end: SystemTime) {
        let since = end.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.certificate_end.set(i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    }

    /// An authority was asked, and issued one.
    pub(crate) fn certificate_issued(&self) {
        self.certificate_attempts.with_label_values(&["issued"]).inc();
    }

    /// An authority was asked, or should have been, and issued none.
    pub(crate) fn certificate_not_issued(&self) {
        self.certificate_attempts.with_label_values(&["failed"]).inc();
    }

    /// Counts, and logs what an operator may want to see: numbers alone, no name and no address.
    pub(crate) fn handle_event(&self, event: &RoomEvent) {
        match *event {
            RoomEvent::Joined { room, participant } => {
                self.joins.with_label_values(&["joined"]).inc();
                tracing::info!(?room, ?participant, "joined");
            }
            RoomEvent::JoinRefused { code } => {
                self.joins.with_label_values(&[join_result(code)]).inc();
                tracing::debug!(?code, "join refused");
            }
            RoomEvent::JoinAbandoned => self.joins.with_label_values(&["abandoned"]).inc(),
            RoomEvent::Left { room, participant, cause } => {
                self.leaves.with_label_values(&[leave_cause(cause)]).inc();
                tracing::info!(?room, ?participant, ?cause, "left");
            }
            RoomEvent::Resumed { room, participant, from } => {
                let result = match from {
                    ResumedFrom::Ring => "ring",
                    ResumedFrom::Snapshot => "snapshot",
                };
                self.resumes.with_label_values(&[result]).inc();
                tracing::debug!(?room, ?participant, ?from, "resumed");
            }
            RoomEvent::ResumeRefused => self.resumes.with_label_values(&["gone"]).inc(),
            RoomEvent::NodeAnswered => {}
        }
    }

    pub(crate) fn socket_closed(&self, reason: CloseReason) {
        let reason = match reason {
            CloseReason::Ended => "ended",
            CloseReason::Refused => "refused",
            CloseReason::Abuse => "abuse",
            CloseReason::Stopping => "stopping",
        };
        self.closes.with_label_values(&[reason]).inc();
    }

    pub(crate) fn socket_too_slow(&self) {
        self.closes.with_label_values(&["slow"]).inc();
    }

    pub(crate) fn socket_lost(&self) {
        self.closes.with_label_values(&["lost"]).inc();
    }
}

struct Registration<'a>(&'a Registry);

impl Registration<'_> {
    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        let gauge = IntGauge::new(name, help)?;
        self.0.register(Box::new(gauge.clone()))?;
        Ok(gauge)
    }

    fn counter(&self, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
        let counter = IntCounter::new(name, help)?;
        self.0.register(Box::new(counter.clone()))?;
        Ok(counter)
    }

    /// Every value of the label is there from the start, at 0.
    fn counters(
        &self,
        name: &str,
        help: &str,
        label: &str,
        values: &[&str],
    ) -> Result<IntCounterVec, prometheus::Error> {
        let counters = IntCounterVec::new(Opts::new(name, help), &[label])?;
        self.0.register(Box::new(counters.clone()))?;
        for value in values {
            counters.with_label_values(&[value]);
        }
        Ok(counters)
    }
}

const JOIN_RESULTS: [&str; 15] = [
    "joined",
    "abandoned",
    "unknown_link",
    "expired_link",
    "bad_request",
    "bad_offer",
    "room_full",
    "server_full",
    "too_fast",
    "too_slow",
    "media_unavailable",
    "denied",
    "banned",
    "locked",
    "bad_code",
];

fn join_result(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::UnknownLink => "unknown_link",
        ErrorCode::ExpiredLink => "expired_link",
        ErrorCode::BadMessage
        | ErrorCode::Unsupported
        | ErrorCode::TooLong
        | ErrorCode::BadName
        | ErrorCode::BadText
        | ErrorCode::UnknownParticipant
        | ErrorCode::NotAllowed
        | ErrorCode::UnknownPoll
        | ErrorCode::SessionGone
        | ErrorCode::NotJoined => "bad_request",
        ErrorCode::Denied => "denied",
        ErrorCode::Banned => "banned",
        ErrorCode::Locked => "locked",
        ErrorCode::BadCode => "bad_code",
        ErrorCode::BadOffer => "bad_offer",
        ErrorCode::RoomFull => "room_full",
        ErrorCode::ServerFull => "server_full",
        ErrorCode::TooFast => "too_fast",
        ErrorCode::TooSlow => "too_slow",
        ErrorCode::MediaUnavailable => "media_unavailable",
    }
}

fn leave_cause(cause: LeaveCause) -> &'static str {
    match cause {
        LeaveCause::Left => "left",
        LeaveCause::TimedOut => "timed_out",
        LeaveCause::MediaLost => "media_lost",
        LeaveCause::Stopping => "stopping",
        LeaveCause::Removed => "removed",
        LeaveCause::EndedByHost => "ended_by_host",
    }
}
