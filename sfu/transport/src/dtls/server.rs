//! The server's handshake over `rtc-dtls`.

use std::{
    collections::VecDeque,
    fmt,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    panic::{self, AssertUnwindSafe},
    sync::Arc,
};

use protocol::{Duration, Instant};
use rtc_dtls::{
    cipher_suite::CipherSuiteId,
    config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType},
    endpoint::{Endpoint, EndpointEvent},
    extension::extension_use_srtp::SrtpProtectionProfile,
};
use rtc_shared::TransportProtocol;

use super::{
    Fingerprint, HANDSHAKE_TIMEOUT, Handshake, HandshakeError, HandshakeOutput, Identity,
    RESENDS_MAX, client_hello,
    reassembly::{Message, MessageKind, Pushed, Reassembler},
    record::{self, Record},
};
use crate::srtp::{Profile, SrtpKeys};

/// What a handshake needs to know beside the node's [`Identity`].
#[derive(Clone, Debug)]
pub struct HandshakeParams {
    /// The certificate that the client's SDP named.
    pub remote_fingerprint: Fingerprint,
    /// SRTP profiles that the node takes, the most wanted first.
    pub profiles: Vec<Profile>,
    /// Any reading of the system's clock: the library wants to be given one.
    pub clock_origin: std::time::Instant,
}

/// A session's handshake, from the first datagram on.
pub struct ServerHandshake {
    identity: Arc<Identity>,
    params: HandshakeParams,
    state: State,
    outputs: VecDeque<HandshakeOutput>,
    last_flight: LastFlight,
}

/// Progress. Datagrams move it to the right; `Failed` is reached from the first three.
enum State {
    /// Nothing has come.
    Idle,
    /// Collects the ClientHello.
    Waiting(Progress),
    /// The library answers.
    Shaking(Progress, Engine),
    /// Keys are out; the client may have missed the last flight.
    Finished,
    /// Over.
    Failed,
}

/// What has come of the client's flights.
struct Progress {
    deadline: Instant,
    reassembler: Reassembler,
    cipher_change: CipherChange,
    /// Encrypted records that came before the library can read them.
    early: Vec<Vec<u8>>,
}

/// The client's ChangeCipherSpec. It belongs behind CertificateVerify, but may overtake it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CipherChange {
    Absent,
    Received,
    Delivered,
}

/// The most encrypted records kept: a client's flight has one.
const EARLY_RECORDS_MAX: usize = 4;

/// The longest encrypted record kept: a Finished has 61 bytes.
const EARLY_RECORD_BYTES_MAX: usize = 256;

impl ServerHandshake {
    /// Prepares a handshake. Its time begins with the first datagram.
    #[must_use]
    pub fn new(identity: Arc<Identity>, params: HandshakeParams) -> Self {
        ServerHandshake {
            identity,
            params,
            state: State::Idle,
            outputs: VecDeque::new(),
            last_flight: LastFlight::default(),
        }
    }

    fn fail(&mut self, error: HandshakeError) {
        self.state = State::Failed;
        self.last_flight = LastFlight::default();
        self.outputs.push_back(HandshakeOutput::Failed(error));
    }

    fn send_flight(&mut self, now: Instant, flight: Vec<Vec<u8>>) {
        if !flight.is_empty() {
            self.outputs.extend(flight.iter().cloned().map(HandshakeOutput::Transmit));
            self.last_flight = LastFlight::new(now, flight);
        }
    }

    fn resend(&mut self, now: Instant) {
        let flight = self.last_flight.repeat(now);
        self.outputs.extend(flight.iter().cloned().map(HandshakeOutput::Transmit));
    }

    /// Takes what `progress` collects from a datagram, then does what has become possible.
    fn advance(&mut self, now: Instant, datagram: &[u8]) -> Result<(), HandshakeError> {
        let progress = match &mut self.state {
            State::Waiting(progress) | State::Shaking(progress, _) => progress,
            State::Idle | State::Finished | State::Failed => return Ok(()),
        };
        let mut is_repeated = false;
        for record in record::records(datagram) {
            is_repeated |= progress.take(&record)? == Pushed::Repeated;
        }
        let before = self.outputs.len();
        while let State::Waiting(progress) | State::Shaking(progress, _) = &mut self.state {
            let Some(step) = progress.next_step().transpose()? else {
                break;
            };
            self.deliver(now, &step)?;
        }
        if is_repeated && self.outputs.len() == before {
            self.resend(now);
        }
        Ok(())
    }

    fn deliver(&mut self, now: Instant, step: &Step) -> Result<(), HandshakeError> {
        if let State::Waiting(_) = self.state {
            self.start_engine(step)?;
        }
        let State::Shaking(_, engine) = &mut self.state else {
            return Ok(());
        };
        let clock = self.params.clock_origin + Duration::from_micros(now.as_micros());
        let mut flight = Vec::new();
        let outcome = guarded(|| engine.deliver(clock, step, &mut flight));
        match outcome.and_then(|outcome| outcome) {
            Ok(Progressed::Goes) => self.send_flight(now, flight),
            Ok(Progressed::Done { certificate, keys }) => {
                if Fingerprint::of_certificate(&certificate) != self.params.remote_fingerprint {
                    return Err(HandshakeError::WrongFingerprint);
                }
                self.state = State::Finished;
                self.send_flight(now, flight);
                self.outputs.push_back(HandshakeOutput::Keys(keys));
            }
            Err(error) => {
                // The flight is an alert that tells the client why.
                self.outputs.extend(flight.into_iter().map(HandshakeOutput::Transmit));
                return Err(error);
            }
        }
        Ok(())
    }

    /// The first step is a ClientHello: it decides the profile, which the library must know first.
    fn start_engine(&mut self, step: &Step) -> Result<(), HandshakeError> {
        let Step::Message(hello) = step else {
            return Ok(());
        };
        let profile = client_hello::choose_profile(&hello.body, &self.params.profiles);
        let profile = profile.ok_or(HandshakeError::NoSrtpProfile)?;
        let engine = guarded(|| Engine::try_new(&self.identity, profile))??;
        self.state = match std::mem::replace(&mut self.state, State::Failed) {
            State::Waiting(progress) => State::Shaking(progress, engine),
            other @ (State::Idle | State::Shaking(..) | State::Finished | State::Failed) => other,
        };
        Ok(())
    }
}

impl Handshake for ServerHandshake {
    fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) {
        self.handle_timeout(now);
        match &self.state {
            State::Idle => self.state = State::Waiting(Progress::new(now + HANDSHAKE_TIMEOUT)),
            State::Waiting(_) | State::Shaking(..) => {}
            State::Finished => {
                // RFC 6347 §4.2.4: a client that repeats its Finished has missed ours.
                let mut records = record::records(datagram);
                if records.any(|r| r.epoch == 1 && r.content_type == record::HANDSHAKE) {
                    self.resend(now);
                }
                return;
            }
            State::Failed => return,
        }
        if let Err(error) = self.advance(now, datagram) {
            self.fail(error);
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        let (State::Waiting(progress) | State::Shaking(progress, _)) = &self.state else {
            return;
        };
        if now >= progress.deadline {
            self.fail(HandshakeError::TimedOut);
        } else if self.last_flight.due.is_some_and(|due| now >= due) {
            self.resend(now);
        }
    }

    fn poll(&mut self) -> Option<HandshakeOutput> {
        self.outputs.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Waiting(progress) | State::Shaking(progress, _) => {
                let due = self.last_flight.due.unwrap_or(progress.deadline);
                Some(due.min(progress.deadline))
            }
            State::Idle | State::Finished | State::Failed => None,
        }
    }
}

impl fmt::Debug for ServerHandshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Idle => "idle",
            State::Waiting(_) => "waiting",
            State::Shaking(..) => "shaking",
            State::Finished => "finished",
            State::Failed => "failed",
        };
        f.debug_tuple("ServerHandshake").field(&state).finish()
    }
}

/// The next thing for the library.
enum Step {
    Message(Message),
    ChangeCipherSpec,
    Encrypted(Vec<u8>),
}

impl Progress {
    fn new(deadline: Instant) -> Self {
        Progress {
            deadline,
            reassembler: Reassembler::default(),
            cipher_change: CipherChange::Absent,
            early: Vec::new(),
        }
    }

    fn take(&mut self, record: &Record<'_>) -> Result<Pushed, HandshakeError> {
        let mut pushed = Pushed::Taken;
        match (record.epoch, record.content_type) {
            (0, record::HANDSHAKE) => {
                for fragment in record::fragments(record.content) {
                    if self.reassembler.push(&fragment)? == Pushed::Repeated {
                        pushed = Pushed::Repeated;
                    }
                }
            }
            (0, record::CHANGE_CIPHER_SPEC) if self.cipher_change == CipherChange::Absent => {
                self.cipher_change = CipherChange::Received;
            }
            (1, record::HANDSHAKE) => {
                let has_room = self.early.len() < EARLY_RECORDS_MAX;
                if has_room && record.whole.len() <= EARLY_RECORD_BYTES_MAX {
                    self.early.push(record.whole.to_vec());
                }
            }
            // Alerts in the clear may be anybody's; everything else has no place in a handshake.
            _ => {}
        }
        Ok(pushed)
    }

    fn next_step(&mut self) -> Option<Result<Step, HandshakeError>> {
        if let Some(message) = self.reassembler.pop() {
            return Some(message.map(Step::Message));
        }
        let is_verified = self.reassembler.last() == Some(MessageKind::CertificateVerify);
        match self.cipher_change {
            CipherChange::Received if is_verified => {
                self.cipher_change = CipherChange::Delivered;
                Some(Ok(Step::ChangeCipherSpec))
            }
            CipherChange::Absent | CipherChange::Received => None,
            CipherChange::Delivered => self.early.pop().map(Step::Encrypted).map(Ok),
        }
    }
}

/// What the node sent last, to send it again as it was: its records were either lost or are dropped
/// by the client's replay window.
#[derive(Default)]
struct LastFlight {
    datagrams: Vec<Vec<u8>>,
    /// When it is sent again unasked.
    due: Option<Instant>,
    interval: Duration,
    not_before: Instant,
    resends: u32,
}

/// When the first flight is repeated unasked. Browsers repeat theirs from 50 ms on, which mostly
/// comes first.
const RESEND_INTERVAL: Duration = Duration::from_millis(400);

/// Between two repetitions, so that a repeated flight of several datagrams is answered once.
const RESEND_SPACING: Duration = Duration::from_millis(20);

/// RFC 5246 §7.4: the message that asks for a cookie.
const HELLO_VERIFY_REQUEST: u8 = 3;

impl LastFlight {
    fn new(now: Instant, datagrams: Vec<Vec<u8>>) -> Self {
        let first_message = datagrams.first().and_then(|first| first.get(13));
        // RFC 6347 §4.2.1: a HelloVerifyRequest is repeated when asked only.
        let has_timer = first_message != Some(&HELLO_VERIFY_REQUEST);
        LastFlight {
            datagrams,
            due: has_timer.then_some(now + RESEND_INTERVAL),
            interval: RESEND_INTERVAL,
            not_before: now + RESEND_SPACING,
            resends: 0,
        }
    }

    fn repeat(&mut self, now: Instant) -> &[Vec<u8>] {
        if now < self.not_before || self.resends == RESENDS_MAX {
            return &[];
        }
        self.resends += 1;
        self.not_before = now + RESEND_SPACING;
        if self.due.is_some() {
            self.interval *= 2;
            self.due = (self.resends < RESENDS_MAX).then_some(now + self.interval);
        }
        &self.datagrams
    }
}

/// The library knows its peers by address; a client that moves must stay the same peer.
const PEER: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1));

/// RFC 5764 §4.2.
pub(super) const EXPORTER_LABEL: &str = "EXTRACTOR-dtls_srtp";

/// The library, and how its input is numbered.
struct Engine {
    endpoint: Endpoint,
    profile: Profile,
    /// Number of the next record of epoch 0. Ours, because its content is put together here.
    sequence: u32,
}

enum Progressed {
    Goes,
    Done { certificate: Vec<u8>, keys: SrtpKeys },
}

impl Engine {
    fn try_new(identity: &Identity, profile: Profile) -> Result<Self, HandshakeError> {
        let library_profile = match profile {
            Profile::AeadAes128Gcm => SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
            Profile::AesCm128HmacSha1_80 => SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
        };
        let config = ConfigBuilder::default()
            .with_crypto_provider(Arc::clone(&identity.provider))
            .with_certificates(vec![identity.certificate.clone()])
            // RFC 8827 §6.5 wants the first of everybody.
            .with_cipher_suites(vec![
                CipherSuiteId::Tls_Ecdhe_Ecdsa_With_Aes_128_Gcm_Sha256,
                CipherSuiteId::Tls_Ecdhe_Ecdsa_With_ChaCha20_Poly1305_Sha256,
            ])
            .with_srtp_protection_profiles(vec![library_profile])
            // Any: which one it is says the SDP, not an authority. The caller compares.
            .with_client_auth(ClientAuthType::RequireAnyClientCert)
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .with_insecure_skip_verify(true)
            .build(false, None)
            .map_err(refused)?;
        let endpoint = Endpoint::new(PEER, TransportProtocol::UDP, Some(Arc::new(config)));
        Ok(Engine { endpoint, profile, sequence: 0 })
    }

    fn deliver(
        &mut self,
        clock: std::time::Instant,
        step: &Step,
        flight: &mut Vec<Vec<u8>>,
    ) -> Result<Progressed, HandshakeError> {
        let events = match step {
            Step::Message(message) => {
                let (kind, length) = (message.kind.number(), message.body.len());
                let header = record::whole_message_header(kind, message.message_seq, length);
                self.read_plain(clock, record::HANDSHAKE, &[&header, &message.body])
            }
            Step::ChangeCipherSpec => self.read_plain(clock, record::CHANGE_CIPHER_SPEC, &[&[1]]),
            Step::Encrypted(record) => self.endpoint.read(clock, PEER, None, record[..].into()),
        };
        while let Some(transmit) = self.endpoint.poll_transmit() {
            flight.push(transmit.message.to_vec());
        }
        let events = events.map_err(refused)?;
        match events.iter().any(|event| matches!(event, EndpointEvent::HandshakeComplete)) {
            true => self.finish(),
            false => Ok(Progressed::Goes),
        }
    }

    fn read_plain(
        &mut self,
        clock: std::time::Instant,
        content_type: u8,
        parts: &[&[u8]],
    ) -> rtc_shared::error::Result<Vec<EndpointEvent>> {
        let record = record::plain_record(content_type, self.sequence, parts);
        self.sequence += 1;
        self.endpoint.read(clock, PEER, None, record[..].into())
    }

    fn finish(&self) -> Result<Progressed, HandshakeError> {
        let state = self.endpoint.get_connection_state(PEER);
        let state = state.ok_or_else(|| refused("the association is gone"))?;
        let length = self.profile.material_length();
        let material =
            state.export_keying_material(EXPORTER_LABEL, &[], length).map_err(refused)?;
        let keys = SrtpKeys::try_new(self.profile, material.as_ref()).map_err(refused)?;
        let certificate = state.peer_certificates.first().cloned();
        let certificate = certificate.ok_or(HandshakeError::WrongFingerprint)?;
        Ok(Progressed::Done { certificate, keys })
    }
}

pub(super) fn refused(error: impl fmt::Display) -> HandshakeError {
    HandshakeError::Refused(error.to_string())
}

/// Runs the library; a panic in it is an error of this handshake. What it leaves behind is dropped.
fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, HandshakeError> {
    panic::catch_unwind(AssertUnwindSafe(run)).map_err(|_| HandshakeError::Panicked)
}
