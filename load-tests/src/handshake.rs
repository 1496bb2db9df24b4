//! A double for DTLS: two datagrams, and keys that follow from what they hold.
//!
//! The real handshake draws its own random numbers, so no run with it could be repeated. The first
//! byte is that of a DTLS handshake record, so the datagrams take the same way as real ones.

use std::collections::VecDeque;

use protocol::Instant;
use sfu_transport::{
    dtls::{Fingerprint, Handshake, HandshakeOutput},
    srtp::{Profile, SrtpKeys},
};
use sfu_worker::HandshakeMaker;

/// Content type of a DTLS handshake record (RFC 6347 §4.1).
const RECORD: u8 = 22;
const HELLO: u8 = 1;
const DONE: u8 = 2;

/// Bytes of the client's nonce.
const NONCE_LENGTH: usize = 8;

/// The client's first datagram. Its last byte shows a flipped bit, as a real handshake's Finished
/// would.
#[must_use]
pub fn hello(nonce: [u8; NONCE_LENGTH]) -> Vec<u8> {
    [&[RECORD, HELLO][..], &nonce, &[parity(nonce)]].concat()
}

fn parity(nonce: [u8; NONCE_LENGTH]) -> u8 {
    nonce.into_iter().fold(0, |parity, byte| parity ^ byte)
}

/// The keys, if `datagram` is the server's answer to `nonce`. A client takes either profile.
#[must_use]
pub fn keys_from(datagram: &[u8], nonce: [u8; NONCE_LENGTH]) -> Option<SrtpKeys> {
    let profiles = [Profile::AeadAes128Gcm, Profile::AesCm128HmacSha1_80];
    let profile = profiles.into_iter().find(|profile| datagram == done(*profile, nonce));
    profile.map(|profile| keys(profile, nonce))
}

/// The server's answer.
fn done(profile: Profile, nonce: [u8; NONCE_LENGTH]) -> Vec<u8> {
    let choice = match profile {
        Profile::AeadAes128Gcm => 7,
        Profile::AesCm128HmacSha1_80 => 1,
    };
    [&[RECORD, DONE, choice][..], &nonce].concat()
}

fn keys(profile: Profile, nonce: [u8; NONCE_LENGTH]) -> SrtpKeys {
    // RFC 7714 §12 and RFC 3711 §8.2: two keys of 16 bytes, two salts of 12 or 14.
    let length = match profile {
        Profile::AeadAes128Gcm => 56,
        Profile::AesCm128HmacSha1_80 => 60,
    };
    let material: Vec<u8> = nonce.iter().copied().cycle().take(length).collect();
    #[expect(clippy::expect_used, reason = "it is what the profile asks for")]
    SrtpKeys::try_new(profile, &material).expect("material of the right length")
}

/// Makes the server's half of the double.
#[derive(Clone, Copy, Debug, Default)]
pub struct DoubleMaker;

impl HandshakeMaker for DoubleMaker {
    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_certificate(b"the double's certificate")
    }

    fn server(&self, _remote: Fingerprint, profiles: &[Profile]) -> Box<dyn Handshake> {
        let profile = profiles.first().copied().unwrap_or(Profile::AeadAes128Gcm);
        Box::new(Double { profile, outputs: VecDeque::new(), nonce: None })
    }
}

#[derive(Debug)]
struct Double {
    /// What the node wants most.
    profile: Profile,
    outputs: VecDeque<HandshakeOutput>,
    /// Of the first hello; there is no other client.
    nonce: Option<[u8; NONCE_LENGTH]>,
}

impl Handshake for Double {
    fn handle_datagram(&mut self, _now: Instant, datagram: &[u8]) {
        let Some((&[RECORD, HELLO], rest)) = datagram.split_first_chunk() else { return };
        let Some((&nonce, &[sum])) = rest.split_first_chunk() else { return };
        if sum != parity(nonce) {
            return;
        }
        match self.nonce {
            Some(known) if known != nonce => return,
            Some(_) => {}
            None => {
                self.nonce = Some(nonce);
                self.outputs.push_back(HandshakeOutput::Keys(keys(self.profile, nonce)));
            }
        }
        self.outputs.push_back(HandshakeOutput::Transmit(done(self.profile, nonce)));
    }

    fn handle_timeout(&mut self, _now: Instant) {}

    fn poll(&mut self) -> Option<HandshakeOutput> {
        self.outputs.pop_front()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}
