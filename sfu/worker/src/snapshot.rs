//! A session as a plain value of a few KiB, from which another worker, process or node goes on.
//!
//! DTLS is over once the keys are exported, so they stand for it. Counters of what we send go on at
//! a distance, because the snapshot may be older than the last packet; nothing else is guessed.

use protocol::{Duration, EndpointIndex, Instant, media::Ssrc};
use serde::{Deserialize, Serialize};
use sfu_core::{Endpoint, EndpointSnapshot, Limits, Restoration, RoomIndex};
use sfu_transport::{
    ice::{IceAgent, IceCredentials, IceSnapshot},
    sdp::Negotiated,
    srtp::{Side, SrtpKeys, SrtpReceiver, SrtpReceiverSnapshot, SrtpSender, SrtpSenderSnapshot},
};

use crate::{
    random::SeededRandom,
    session::{MediaKeys, Session, SessionMemory},
};

/// How far outgoing counters go on after a restore.
///
/// It must exceed what can be sent after the snapshot was taken and stay below 2^15, so that the
/// receiver's guess of the rollover counter holds. An SSRC is capped at 1 800 packets a second and
/// a node stops 10 s after the last check: 18 000.
pub const COUNTER_JUMP: u16 = 20_000;

/// The shape of [`SessionSnapshot`]; a reader refuses another.
pub const SNAPSHOT_VERSION: u16 = 1;

/// All that is left of a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionSnapshot {
    /// [`SNAPSHOT_VERSION`] when it was taken.
    pub version: u16,
    /// What offer and answer agreed on.
    pub negotiated: Negotiated,
    /// Our ICE credentials in the last answer.
    pub local: IceCredentials,
    /// ICE.
    pub ice: IceSnapshot,
    /// What DTLS exported, and the profile.
    pub keys: SrtpKeys,
    /// How far the outgoing streams are.
    pub sender: SrtpSenderSnapshot,
    /// How far the incoming streams are.
    pub receiver: SrtpReceiverSnapshot,
    /// Publications, slot map, slot clocks, rewrite offsets.
    pub endpoint: EndpointSnapshot,
}

/// Why a snapshot was not restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// Another version of the program took it.
    #[error("the snapshot has version {0}, this program reads {SNAPSHOT_VERSION}")]
    Version(u16),
}

impl SessionSnapshot {
    /// Writes down a session that the worker has handed back; `None` if it has no keys yet.
    pub(crate) fn take(
        now: Instant,
        negotiated: &Negotiated,
        local: &IceCredentials,
        keys: &SrtpKeys,
        memory: &SessionMemory,
    ) -> Option<Self> {
        let contexts = memory.session.keys.as_ref()?;
        Some(SessionSnapshot {
            version: SNAPSHOT_VERSION,
            negotiated: negotiated.clone(),
            local: local.clone(),
            ice: memory.session.ice.snapshot(),
            keys: keys.clone(),
            sender: contexts.sender.snapshot(),
            receiver: contexts.receiver.snapshot(),
            endpoint: memory.endpoint.as_ref()?.snapshot(now),
        })
    }

    /// Builds the session again. No tuple is proven: media flows from the first authentic check.
    ///
    /// # Errors
    /// [`RestoreError`] if another version of the program took it.
    pub(crate) fn rebuild(
        &self,
        place: &Place<'_>,
        random: &mut SeededRandom,
    ) -> Result<SessionMemory, RestoreError> {
        if self.version != SNAPSHOT_VERSION {
            return Err(RestoreError::Version(self.version));
        }
        let sender =
            SrtpSender::restore(&self.keys, Side::Server, &self.sender, u32::from(COUNTER_JUMP));
        let receiver = SrtpReceiver::restore(&self.keys, Side::Server, &self.receiver);
        let ice = IceAgent::restore(place.now, self.ice.clone(), random.next_u64());
        let keys = Some(Box::new(MediaKeys { sender, receiver }));
        let restoration = Restoration {
            index: place.index,
            room: place.room,
            now: place.now,
            elapsed: Duration::ZERO,
            jump: COUNTER_JUMP,
            seed: random.next_u64(),
        };
        let plan = &self.negotiated.plan;
        let endpoint = Endpoint::restore(&self.endpoint, plan, place.limits, &restoration);
        Ok(SessionMemory {
            session: Session::new(place.index, ice, keys, Ssrc(random.next_u32()), plan),
            endpoint: Some(endpoint),
        })
    }
}

/// Where a session will stand, and when it gets there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'l> {
    pub(crate) now: Instant,
    pub(crate) index: EndpointIndex,
    pub(crate) room: RoomIndex,
    pub(crate) limits: &'l Limits,
}
