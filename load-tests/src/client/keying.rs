//! How a model client gets its keys: by the double, in runs that are repeated, or by DTLS.

use std::sync::Arc;

use protocol::{Duration, Instant};
use sfu_transport::{
    dtls::{ClientHandshake, Fingerprint, Handshake, HandshakeOutput, Identity},
    srtp::SrtpKeys,
};

use crate::handshake;

/// A hello of the double without an answer is said again.
const HELLO_INTERVAL: Duration = Duration::from_millis(200);

/// A handshake from the client's side.
#[derive(Debug)]
pub(super) enum Keying {
    /// See [`crate::handshake`].
    Double { nonce: [u8; 8], next_hello: Option<Instant> },
    /// The real one.
    Dtls(Box<Dtls>),
}

#[derive(Debug)]
pub(super) struct Dtls {
    identity: Arc<Identity>,
    clock_origin: std::time::Instant,
    handshake: Option<ClientHandshake>,
}

/// What came of a turn.
#[derive(Debug, Default)]
pub(super) struct Turn {
    pub(super) datagrams: Vec<Vec<u8>>,
    pub(super) keys: Option<SrtpKeys>,
    pub(super) has_failed: bool,
}

impl Keying {
    pub(super) fn double(nonce: [u8; 8]) -> Self {
        Keying::Double { nonce, next_hello: None }
    }

    pub(super) fn dtls(identity: Arc<Identity>, clock_origin: std::time::Instant) -> Self {
        Keying::Dtls(Box::new(Dtls { identity, clock_origin, handshake: None }))
    }

    /// What the offer says of the client's certificate.
    pub(super) fn fingerprint(&self) -> String {
        match self {
            Keying::Double { .. } => ["AB"; 32].join(":"),
            Keying::Dtls(dtls) => dtls.identity.fingerprint().to_string(),
        }
    }

    /// Begins with the node whose answer named this certificate; of no effect once it has begun.
    pub(super) fn begin(&mut self, now: Instant, remote: Option<Fingerprint>) {
        match self {
            Keying::Double { next_hello, .. } => *next_hello = Some(now),
            Keying::Dtls(dtls) => {
                let (identity, origin) = (&dtls.identity, dtls.clock_origin);
                let new = |remote| ClientHandshake::new(Arc::clone(identity), remote, origin);
                if dtls.handshake.is_none() {
                    dtls.handshake = remote.map(new);
                }
            }
        }
    }

    pub(super) fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) -> Turn {
        match self {
            Keying::Double { nonce, next_hello } => {
                let keys = handshake::keys_from(datagram, *nonce);
                if keys.is_some() {
                    *next_hello = None;
                }
                Turn { keys, ..Turn::default() }
            }
            Keying::Dtls(dtls) => {
                let Some(handshake) = &mut dtls.handshake else { return Turn::default() };
                handshake.handle_datagram(now, datagram);
                drain(handshake)
            }
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) -> Turn {
        match self {
            Keying::Double { nonce, next_hello } => {
                let mut turn = Turn::default();
                if next_hello.is_some_and(|due| due <= now) {
                    *next_hello = Some(now + HELLO_INTERVAL);
                    turn.datagrams.push(handshake::hello(*nonce));
                }
                turn
            }
            Keying::Dtls(dtls) => {
                let Some(handshake) = &mut dtls.handshake else { return Turn::default() };
                if handshake.poll_timeout().is_some_and(|due| due <= now) {
                    handshake.handle_timeout(now);
                }
                drain(handshake)
            }
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Keying::Double { next_hello, .. } => *next_hello,
            Keying::Dtls(dtls) => dtls.handshake.as_ref()?.poll_timeout(),
        }
    }
}

fn drain(handshake: &mut ClientHandshake) -> Turn {
    let mut turn = Turn::default();
    while let Some(output) = handshake.poll() {
        match output {
            HandshakeOutput::Transmit(datagram) => turn.datagrams.push(datagram),
            HandshakeOutput::Keys(keys) => turn.keys = Some(keys),
            HandshakeOutput::Failed(_) => turn.has_failed = true,
        }
    }
    turn
}
