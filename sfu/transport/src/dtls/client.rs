//! The client's half of a handshake over `rtc-dtls`, for the participants of load tests.
//!
//! It trusts its network more than the node may: nothing shields the library here.

use std::{
    collections::VecDeque,
    fmt,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::Arc,
};

use protocol::{Duration, Instant};
use rtc_dtls::{
    config::{ConfigBuilder, ExtendedMasterSecretType},
    endpoint::{Endpoint, EndpointEvent},
    extension::extension_use_srtp::SrtpProtectionProfile,
};
use rtc_shared::TransportProtocol;

use super::{
    Fingerprint, HANDSHAKE_TIMEOUT, Handshake, HandshakeError, HandshakeOutput, Identity,
    server::{EXPORTER_LABEL, refused},
};
use crate::srtp::{Profile, SrtpKeys};

/// What the library takes the node's address for; it knows peers by address.
const NODE: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 2));

/// A client's handshake. The first [`Handshake::handle_timeout`] sends its hello.
pub struct ClientHandshake {
    endpoint: Endpoint,
    identity: Arc<Identity>,
    remote: Fingerprint,
    clock_origin: std::time::Instant,
    state: State,
    outputs: VecDeque<HandshakeOutput>,
}

/// Progress, to the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Shaking { deadline: Instant },
    Finished,
    Failed,
}

impl ClientHandshake {
    /// Prepares a handshake with the node whose certificate the answer named. The client offers
    /// AEAD_AES_128_GCM alone.
    ///
    /// `clock_origin` is any reading of the system's clock, which the library wants to be given.
    #[must_use]
    pub fn new(
        identity: Arc<Identity>,
        remote: Fingerprint,
        clock_origin: std::time::Instant,
    ) -> Self {
        ClientHandshake {
            endpoint: Endpoint::new(NODE, TransportProtocol::UDP, None),
            identity,
            remote,
            clock_origin,
            state: State::Idle,
            outputs: VecDeque::new(),
        }
    }

    fn begin(&mut self, now: Instant) -> Result<(), HandshakeError> {
        let config = ConfigBuilder::default()
            .with_crypto_provider(Arc::clone(&self.identity.provider))
            .with_certificates(vec![self.identity.certificate.clone()])
            .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm])
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            // The fingerprint says whose certificate it must be, not an authority.
            .with_insecure_skip_verify(true)
            .build(true, Some(NODE))
            .map_err(refused)?;
        let clock = self.clock(now);
        self.endpoint.connect(clock, NODE, Arc::new(config), None).map_err(refused)
    }

    fn clock(&self, now: Instant) -> std::time::Instant {
        self.clock_origin + Duration::from_micros(now.as_micros())
    }

    fn finish(&mut self) -> Result<SrtpKeys, HandshakeError> {
        let state = self.endpoint.get_connection_state(NODE);
        let state = state.ok_or_else(|| refused("the association is gone"))?;
        let certificate = state.peer_certificates.first();
        if certificate.map(|der| Fingerprint::of_certificate(der)) != Some(self.remote) {
            return Err(HandshakeError::WrongFingerprint);
        }
        let profile = Profile::AeadAes128Gcm;
        let length = profile.material_length();
        let material =
            state.export_keying_material(EXPORTER_LABEL, &[], length).map_err(refused)?;
        SrtpKeys::try_new(profile, material.as_ref()).map_err(refused)
    }

    fn fail(&mut self, error: HandshakeError) {
        self.state = State::Failed;
        self.outputs.push_back(HandshakeOutput::Failed(error));
    }

    fn collect(&mut self) {
        while let Some(transmit) = self.endpoint.poll_transmit() {
            self.outputs.push_back(HandshakeOutput::Transmit(transmit.message.to_vec()));
        }
    }
}

impl Handshake for ClientHandshake {
    fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) {
        if self.state == State::Failed {
            return;
        }
        let clock = self.clock(now);
        let events = self.endpoint.read(clock, NODE, None, datagram.into());
        self.collect();
        let is_complete = |event: &EndpointEvent| matches!(event, EndpointEvent::HandshakeComplete);
        match events {
            Ok(events) if events.iter().any(is_complete) => match self.finish() {
                Ok(keys) => {
                    self.state = State::Finished;
                    self.outputs.push_back(HandshakeOutput::Keys(keys));
                }
                Err(error) => self.fail(error),
            },
            Ok(_) => {}
            Err(_) if self.state == State::Finished => {}
            Err(error) => self.fail(refused(error)),
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        match self.state {
            State::Idle => {
                self.state = State::Shaking { deadline: now + HANDSHAKE_TIMEOUT };
                if let Err(error) = self.begin(now) {
                    self.fail(error);
                }
            }
            State::Shaking { deadline } if deadline <= now => {
                self.fail(HandshakeError::TimedOut);
            }
            State::Shaking { .. } => {
                let clock = self.clock(now);
                if let Err(error) = self.endpoint.handle_timeout(NODE, clock) {
                    self.fail(refused(error));
                }
            }
            State::Finished | State::Failed => {}
        }
        self.collect();
    }

    fn poll(&mut self) -> Option<HandshakeOutput> {
        self.outputs.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let State::Shaking { deadline } = self.state else {
            return (self.state == State::Idle).then_some(Instant::ZERO);
        };
        let due = self.endpoint.poll_timeout(&NODE).map(|due| {
            let since = due.saturating_duration_since(self.clock_origin);
            // Rounded up, so that it is due when it is handled.
            Instant::from_micros(since.as_micros() as u64 + 1)
        });
        Some(due.map_or(deadline, |due| due.min(deadline)))
    }
}

impl fmt::Debug for ClientHandshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientHandshake").field(&self.state).finish()
    }
}
