//! Handshakes of the server with the client side of `rtc-dtls`, in virtual time, over links that
//! lose, cut, shuffle and forge.

use std::{
    collections::VecDeque,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use protocol::{Duration, Instant};
use rtc_dtls::{
    config::{ConfigBuilder, ExtendedMasterSecretType},
    crypto::Certificate,
    endpoint::{Endpoint, EndpointEvent},
    extension::extension_use_srtp::SrtpProtectionProfile,
};
use rtc_shared::TransportProtocol;
use sfu_transport::{
    dtls::{
        ClientHandshake, FRAGMENTS_MAX, Fingerprint, HANDSHAKE_TIMEOUT, Handshake, HandshakeError,
        HandshakeOutput, HandshakeParams, Identity, RESENDS_MAX, ServerHandshake,
    },
    srtp::{Profile, SrtpKeys},
};

use crate::vectors::corpus;

const CM: SrtpProtectionProfile = SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80;
const GCM: SrtpProtectionProfile = SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm;
const CM_SHORT_TAG: SrtpProtectionProfile = SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_32;

#[test]
fn gcm_is_taken_though_the_client_likes_it_least() {
    let mut pair = Pair::new(&[CM, GCM]);
    pair.run_for(Duration::from_millis(1));
    assert_eq!(pair.server_keys().profile(), Profile::AeadAes128Gcm);
    assert_eq!(pair.client_material(56), pair.server_keys().material());
}

#[test]
fn a_client_of_ours_and_a_node_get_the_same_keys() {
    let (keys, failures) = meet(|identity| identity.fingerprint());
    assert_eq!(failures, []);
    let [of_server, of_client] = &keys[..] else { panic!("{} have keys", keys.len()) };
    assert_eq!(of_server.material(), of_client.material());
}

#[test]
fn a_client_of_ours_refuses_a_node_that_the_answer_did_not_name() {
    let (keys, failures) = meet(|_| Fingerprint::of_certificate(b"another certificate"));
    assert_eq!(failures, [HandshakeError::WrongFingerprint]);
    assert_eq!(keys.len(), 1, "the client has keys");
}

#[test]
fn a_client_without_gcm_gets_aes_cm() {
    let mut pair = Pair::new(&[CM_SHORT_TAG, CM]);
    pair.run_for(Duration::from_millis(1));
    assert_eq!(pair.server_keys().profile(), Profile::AesCm128HmacSha1_80);
    assert_eq!(pair.client_material(60), pair.server_keys().material());
}

#[test]
fn the_caller_may_prefer_aes_cm() {
    let mut pair = Pair::new(&[GCM, CM]);
    pair.server = pair.new_server(|params| params.profiles.reverse());
    pair.run_for(Duration::from_millis(1));
    assert_eq!(pair.server_keys().profile(), Profile::AesCm128HmacSha1_80);
}

#[test]
fn a_client_without_a_profile_of_ours_is_refused() {
    for profiles in [&[CM_SHORT_TAG][..], &[]] {
        let mut pair = Pair::new(profiles);
        pair.run_for(Duration::from_millis(1));
        assert_eq!(pair.failures, [HandshakeError::NoSrtpProfile]);
        assert_eq!(pair.keys, []);
    }
}

#[test]
fn a_certificate_that_the_sdp_did_not_name_gets_neither_keys_nor_a_finished() {
    let mut pair = Pair::new(&[GCM]);
    let other = Fingerprint::of_certificate(b"another certificate");
    pair.server = pair.new_server(|params| params.remote_fingerprint = other);
    pair.run_for(Duration::from_secs(1));
    assert_eq!(pair.failures, [HandshakeError::WrongFingerprint]);
    assert_eq!(pair.keys, []);
    assert!(!pair.is_client_done, "the client takes the session for established");
}

#[test]
fn a_client_without_a_certificate_gets_no_keys() {
    let mut pair = Pair::with_client(client_config(&[GCM], None));
    pair.run_for(HANDSHAKE_TIMEOUT + Duration::from_secs(1));
    assert_eq!(pair.failures.len(), 1);
    assert_eq!(pair.keys, []);
}

#[test]
fn any_one_datagram_may_be_lost() {
    let mut without_loss = Pair::new(&[GCM]);
    without_loss.run_for(Duration::from_millis(1));
    let datagrams = without_loss.sent;
    assert!(datagrams >= 6, "{datagrams} datagrams are no whole handshake");
    for lost in 0..datagrams {
        let mut pair = Pair::new(&[GCM]);
        pair.link = Link::LosesOne(lost);
        pair.run_for(Duration::from_secs(4));
        assert_eq!(pair.failures, [], "datagram {lost} lost");
        assert!(pair.is_client_done, "the client is not done, datagram {lost} lost");
        assert_eq!(pair.client_material(56), pair.server_keys().material());
    }
}

#[test]
fn a_client_hello_in_shuffled_pieces_is_understood() {
    for piece in [37, 100] {
        let mut pair = Pair::new(&[CM, GCM]);
        pair.link = Link::CutsAndReverses(piece);
        pair.run_for(Duration::from_millis(1));
        assert_eq!(pair.failures, [], "pieces of {piece} bytes");
        assert_eq!(pair.client_material(56), pair.server_keys().material());
    }
}

#[test]
fn too_many_pieces_end_the_handshake() {
    let mut pair = Pair::new(&[GCM]);
    for offset in 0..=FRAGMENTS_MAX {
        // Every other byte, so that no two pieces touch.
        let piece = handshake_record(1, 0, 4_096, 2 * offset, &[0]);
        pair.give(&piece);
    }
    assert_eq!(pair.failures, [HandshakeError::TooMuch]);
}

#[test]
fn messages_that_are_too_long_together_end_the_handshake() {
    let mut pair = Pair::new(&[GCM]);
    pair.give(&handshake_record(1, 0, 20_000, 0, &[0]));
    pair.give(&handshake_record(1, 1, 20_000, 0, &[0]));
    assert_eq!(pair.failures, [HandshakeError::TooMuch]);
}

#[test]
fn a_flood_of_worthless_fragments_leaves_the_handshake_as_it_was() {
    let mut pair = Pair::new(&[GCM]);
    let mut flood = Vec::new();
    for message_seq in 0..90 {
        // Empty pieces of messages to come, which `rtc-dtls` keeps and walks each time.
        flood.extend(handshake_record(11, message_seq, 1_000, 0, &[]));
    }
    for _ in 0..5_000 {
        pair.give(&flood);
    }
    pair.run_for(Duration::from_millis(1));
    assert_eq!(pair.failures, []);
    assert!(pair.is_client_done);
}

#[test]
fn forged_alerts_do_not_end_a_handshake() {
    let mut pair = Pair::new(&[GCM]);
    pair.link = Link::ForgesAlerts;
    pair.run_for(Duration::from_millis(1));
    assert_eq!(pair.failures, []);
    assert!(pair.is_client_done);
}

#[test]
fn a_finished_handshake_answers_to_nothing_but_a_repeated_finished() {
    let mut pair = Pair::new(&[GCM]);
    pair.run_for(Duration::from_millis(1));
    let client_hello = pair.from_client.first().cloned().expect("a ClientHello");
    let last_flight = pair.from_client.last().cloned().expect("a Finished");
    pair.now = pair.now + Duration::from_secs(60);
    for forged in [CLOSE_NOTIFY, FATAL_ALERT, CHANGE_CIPHER_SPEC, &client_hello, b"", b"junk"] {
        assert_eq!(pair.give(forged), 0, "an answer to {forged:02x?}");
    }
    assert_eq!(pair.server.poll_timeout(), None);

    let repeats = (0..2 * RESENDS_MAX).map(|_| {
        pair.now = pair.now + Duration::from_secs(1);
        pair.give(&last_flight)
    });
    let answers = repeats.collect::<Vec<_>>();
    let answered = answers.iter().filter(|&&datagrams| datagrams > 0).count();
    assert!(answers[0] > 0, "a client that missed the last flight stays without");
    assert_eq!(answered, RESENDS_MAX as usize, "repetitions are bounded");
    assert_eq!(pair.keys.len(), 1, "keys come once");
}

#[test]
fn a_flight_is_repeated_unasked_until_the_handshake_is_given_up() {
    let mut pair = Pair::new(&[GCM]);
    pair.link = Link::LosesAllFrom(3);
    pair.run_once();
    let mut repeated_at_ms = Vec::new();
    while let Some(due) = pair.server.poll_timeout() {
        assert!(due > pair.now, "due again at once");
        pair.now = due;
        pair.server.handle_timeout(due);
        pair.drain_server();
        if !pair.to_client.is_empty() {
            repeated_at_ms.push(due.as_micros() / 1_000);
            pair.to_client.clear();
        }
    }
    assert_eq!(repeated_at_ms, [400, 1_200, 2_800, 6_000]);
    assert_eq!(pair.now, Instant::ZERO + HANDSHAKE_TIMEOUT);
    assert_eq!(pair.failures, [HandshakeError::TimedOut]);
}

#[test]
fn a_stored_identity_is_the_same_certificate() {
    let identity = Identity::generate().expect("an identity");
    let pem = identity.to_pem().expect("an exportable key");
    let restored = Identity::from_pem(&pem).expect("what we wrote");
    assert_eq!(restored.fingerprint(), identity.fingerprint());
    assert!(Identity::from_pem("no PEM").is_err());
    assert!(!format!("{identity:?}").contains("PRIVATE"));

    let mut pair = Pair::new(&[GCM]);
    pair.identity = Arc::new(restored);
    pair.server = pair.new_server(|_| {});
    pair.run_for(Duration::from_millis(1));
    assert_eq!(pair.keys.len(), 1);
}

#[test]
fn public_corpora_neither_panic_nor_finish_nor_disturb() {
    let mut finished = Pair::new(&[GCM]);
    finished.run_for(Duration::from_millis(1));
    for bytes in corpus("dtls") {
        let mut fresh = Pair::new(&[GCM]);
        fresh.give(&bytes);
        assert_eq!(fresh.keys, [], "{bytes:02x?}");

        let mut disturbed = Pair::new(&[GCM]);
        disturbed.run_once();
        disturbed.give(&bytes);
        disturbed.run_for(Duration::from_secs(4));
        assert_eq!((disturbed.keys.len(), disturbed.failures.len()), (1, 0), "{bytes:02x?}");

        assert_eq!(finished.give(&bytes), 0, "answered after the end: {bytes:02x?}");
    }
}

const CLOSE_NOTIFY: &[u8] = &[21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0xFF, 0, 0, 2, 1, 0];
const FATAL_ALERT: &[u8] = &[21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0xFF, 1, 0, 2, 2, 40];
const CHANGE_CIPHER_SPEC: &[u8] = &[20, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0xFF, 2, 0, 1, 1];

/// What happens between client and server.
#[derive(Clone, Copy)]
enum Link {
    Good,
    /// The datagram of this number, either way, does not arrive.
    LosesOne(usize),
    /// Nor does any after it.
    LosesAllFrom(usize),
    /// Messages to the server come in pieces of this many bytes, each twice, the last first.
    CutsAndReverses(usize),
    /// Each datagram to the server comes between alerts that anybody may have sent.
    ForgesAlerts,
}

#[derive(Clone, Copy)]
enum Way {
    ToServer,
    ToClient,
}

/// A server of ours, a client of theirs, and the link between them.
struct Pair {
    identity: Arc<Identity>,
    params: HandshakeParams,
    server: ServerHandshake,
    client: Endpoint,
    now: Instant,
    link: Link,
    sent: usize,
    from_client: Vec<Vec<u8>>,
    to_client: VecDeque<Vec<u8>>,
    keys: Vec<SrtpKeys>,
    failures: Vec<HandshakeError>,
    is_client_done: bool,
}

/// What the client takes the server's address for.
const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9);

impl Pair {
    fn new(profiles: &[SrtpProtectionProfile]) -> Self {
        let provider = rtc_crypto::default_provider().expect("ring");
        let names = vec!["client".to_owned()];
        let certificate = Certificate::generate_self_signed(names, provider.crypto());
        Pair::with_client(client_config(profiles, Some(certificate.expect("a certificate"))))
    }

    fn with_client((config, fingerprint): (ConfigBuilder, Fingerprint)) -> Self {
        let mut client = Endpoint::new(SERVER, TransportProtocol::UDP, None);
        let config = Arc::new(config.build(true, Some(SERVER)).expect("a client"));
        let params = HandshakeParams {
            remote_fingerprint: fingerprint,
            profiles: vec![Profile::AeadAes128Gcm, Profile::AesCm128HmacSha1_80],
            clock_origin: clock_origin(),
        };
        client.connect(params.clock_origin, SERVER, config, None).expect("a ClientHello");
        let identity = Arc::new(Identity::generate().expect("an identity"));
        Pair {
            server: ServerHandshake::new(Arc::clone(&identity), params.clone()),
            identity,
            params,
            client,
            now: Instant::ZERO,
            link: Link::Good,
            sent: 0,
            from_client: Vec::new(),
            to_client: VecDeque::new(),
            keys: Vec::new(),
            failures: Vec::new(),
            is_client_done: false,
        }
    }

    fn new_server(&self, change: impl FnOnce(&mut HandshakeParams)) -> ServerHandshake {
        let mut params = self.params.clone();
        change(&mut params);
        ServerHandshake::new(Arc::clone(&self.identity), params)
    }

    /// Runs for `span` of virtual time, timers of both sides included.
    fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        for _ in 0..1_000 {
            self.run_once();
            let client_due = self.client.poll_timeout(&SERVER).map(|due| {
                Instant::from_micros((due - self.params.clock_origin).as_micros() as u64)
            });
            let due = self.server.poll_timeout().into_iter().chain(client_due).min();
            self.now = due.map_or(end, |due| due.min(end)).max(self.now);
            self.server.handle_timeout(self.now);
            if self.now == end {
                self.drain_server();
                return;
            }
            let _ = self.client.handle_timeout(SERVER, self.clock());
        }
        panic!("a timer is due again and again");
    }

    /// Carries datagrams both ways until none is under way.
    fn run_once(&mut self) {
        loop {
            self.drain_server();
            let mut is_quiet = true;
            while let Some(transmit) = self.client.poll_transmit() {
                is_quiet = false;
                let datagram = transmit.message.to_vec();
                self.from_client.push(datagram.clone());
                for datagram in self.carry(datagram, Way::ToServer) {
                    self.server.handle_datagram(self.now, &datagram);
                }
            }
            self.drain_server();
            while let Some(datagram) = self.to_client.pop_front() {
                is_quiet = false;
                for datagram in self.carry(datagram, Way::ToClient) {
                    let read = self.client.read(self.clock(), SERVER, None, datagram[..].into());
                    let is_done = |event: &_| matches!(event, EndpointEvent::HandshakeComplete);
                    self.is_client_done |= read.is_ok_and(|events| events.iter().any(is_done));
                }
            }
            if is_quiet {
                return;
            }
        }
    }

    /// Gives the server a datagram; returns how many it answers with.
    fn give(&mut self, datagram: &[u8]) -> usize {
        self.server.handle_datagram(self.now, datagram);
        let before = self.to_client.len();
        self.drain_server();
        self.to_client.len() - before
    }

    fn drain_server(&mut self) {
        while let Some(output) = self.server.poll() {
            match output {
                HandshakeOutput::Transmit(datagram) => {
                    assert!(datagram.len() <= 1_200, "a datagram of {} bytes", datagram.len());
                    self.to_client.push_back(datagram);
                }
                HandshakeOutput::Keys(keys) => self.keys.push(keys),
                HandshakeOutput::Failed(error) => self.failures.push(error),
            }
        }
    }

    fn carry(&mut self, datagram: Vec<u8>, way: Way) -> Vec<Vec<u8>> {
        let number = self.sent;
        self.sent += 1;
        match (self.link, way) {
            (Link::LosesOne(lost), _) if lost == number => vec![],
            (Link::LosesAllFrom(lost), _) if lost <= number => vec![],
            (Link::CutsAndReverses(piece), Way::ToServer) => cut_and_reverse(&datagram, piece),
            (Link::ForgesAlerts, Way::ToServer) => {
                vec![CLOSE_NOTIFY.to_vec(), FATAL_ALERT.to_vec(), datagram, CLOSE_NOTIFY.to_vec()]
            }
            _ => vec![datagram],
        }
    }

    fn clock(&self) -> std::time::Instant {
        self.params.clock_origin + Duration::from_micros(self.now.as_micros())
    }

    fn server_keys(&self) -> &SrtpKeys {
        assert_eq!(self.failures, []);
        self.keys.first().expect("the server has keys")
    }

    fn client_material(&self, length: usize) -> Vec<u8> {
        assert!(self.is_client_done, "the client is not done");
        let state = self.client.get_connection_state(SERVER).expect("an association");
        let material = state.export_keying_material("EXTRACTOR-dtls_srtp", &[], length);
        material.expect("keys").as_ref().to_vec()
    }
}

/// Both sides of ours over a good link, the client's first datagram lost: what keys they have, the
/// server's first, and why they failed. `named` is the fingerprint in the answer.
fn meet(named: impl Fn(&Identity) -> Fingerprint) -> (Vec<SrtpKeys>, Vec<HandshakeError>) {
    let [identity, own] = [(); 2].map(|()| Arc::new(Identity::generate().expect("an identity")));
    let params = HandshakeParams {
        remote_fingerprint: own.fingerprint(),
        profiles: vec![Profile::AeadAes128Gcm],
        clock_origin: clock_origin(),
    };
    let clock_origin = params.clock_origin;
    let mut server = ServerHandshake::new(Arc::clone(&identity), params);
    let mut client = ClientHandshake::new(own, named(&identity), clock_origin);
    let (mut now, mut keys, mut failures, mut sent) = (Instant::ZERO, vec![], vec![], 0);
    client.handle_timeout(now);
    while now < Instant::ZERO + Duration::from_secs(5) && keys.len() + failures.len() < 2 {
        let mut is_quiet = true;
        while let Some(output) = client.poll() {
            is_quiet = false;
            sent += 1;
            match output {
                HandshakeOutput::Transmit(_) if sent == 1 => {}
                HandshakeOutput::Transmit(datagram) => server.handle_datagram(now, &datagram),
                HandshakeOutput::Keys(of_client) => keys.push(of_client),
                HandshakeOutput::Failed(error) => failures.push(error),
            }
        }
        while let Some(output) = server.poll() {
            is_quiet = false;
            match output {
                HandshakeOutput::Transmit(datagram) => client.handle_datagram(now, &datagram),
                HandshakeOutput::Keys(of_server) => keys.insert(0, of_server),
                HandshakeOutput::Failed(error) => failures.push(error),
            }
        }
        if is_quiet {
            let due = [client.poll_timeout(), server.poll_timeout()].into_iter().flatten().min();
            now = due.expect("a timer").max(now);
            client.handle_timeout(now);
            server.handle_timeout(now);
        }
    }
    (keys, failures)
}

fn client_config(
    profiles: &[SrtpProtectionProfile],
    certificate: Option<Certificate>,
) -> (ConfigBuilder, Fingerprint) {
    let der = certificate.as_ref().map_or(&b""[..], |certificate| &certificate.certificate[0]);
    let fingerprint = Fingerprint::of_certificate(der);
    let config = ConfigBuilder::default()
        .with_crypto_provider(rtc_crypto::default_provider().expect("ring"))
        .with_certificates(certificate.into_iter().collect())
        .with_srtp_protection_profiles(profiles.to_vec())
        .with_extended_master_secret(ExtendedMasterSecretType::Require)
        .with_insecure_skip_verify(true);
    (config, fingerprint)
}

#[expect(clippy::disallowed_methods, reason = "the library wants to be given a reading")]
fn clock_origin() -> std::time::Instant {
    std::time::Instant::now()
}

/// A record of epoch 0 with one piece of a handshake message.
fn handshake_record(kind: u8, seq: u16, length: usize, offset: usize, piece: &[u8]) -> Vec<u8> {
    let uint24 = |number: usize| [(number >> 16) as u8, (number >> 8) as u8, number as u8];
    let mut fragment = vec![kind];
    fragment.extend(uint24(length));
    fragment.extend(seq.to_be_bytes());
    fragment.extend(uint24(offset));
    fragment.extend(uint24(piece.len()));
    fragment.extend(piece);
    let mut record = vec![22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0];
    record.extend((fragment.len() as u16).to_be_bytes());
    record.extend(fragment);
    record
}

/// Every handshake message of epoch 0 in pieces; other records stay. All twice, and the last first.
fn cut_and_reverse(datagram: &[u8], piece: usize) -> Vec<Vec<u8>> {
    let mut datagrams = Vec::new();
    let mut rest = datagram;
    while rest.len() >= 13 {
        let length = 13 + usize::from(u16::from_be_bytes([rest[11], rest[12]]));
        let (record, after) = rest.split_at(length);
        rest = after;
        let is_plain_handshake = record[0] == 22 && record[4] == 0;
        if !is_plain_handshake {
            datagrams.push(record.to_vec());
            continue;
        }
        let (header, message) = record[13..].split_at(12);
        let seq = u16::from_be_bytes([header[4], header[5]]);
        for (index, part) in message.chunks(piece).enumerate() {
            let offset = index * piece;
            datagrams.push(handshake_record(header[0], seq, message.len(), offset, part));
        }
    }
    datagrams.reverse();
    datagrams.iter().flat_map(|datagram| [datagram.clone(), datagram.clone()]).collect()
}
