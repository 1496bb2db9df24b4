//! Connectivity checks of a controlling client (RFC 8445 §7.2, RFC 8489), written apart from the
//! node's own code so that a mistake there is not repeated here.

use ring::hmac;

const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];
const REQUEST: u16 = 0x0001;
const SUCCESS: u16 = 0x0101;
const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const PRIORITY: u16 = 0x0024;
const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;
const ICE_CONTROLLING: u16 = 0x802A;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;

/// Names a check.
pub type TransactionId = [u8; 12];

/// A check that nominates its pair: `username` is `server:client`, `pwd` the server's.
#[must_use]
pub fn nomination(id: TransactionId, username: &str, pwd: &str) -> Vec<u8> {
    let mut message = begin(REQUEST, id);
    attribute(&mut message, USERNAME, username.as_bytes());
    attribute(&mut message, PRIORITY, &1_853_693_695u32.to_be_bytes());
    attribute(&mut message, ICE_CONTROLLING, &[7; 8]);
    attribute(&mut message, USE_CANDIDATE, &[]);
    end(message, pwd)
}

/// The answer to a check of the node; `pwd` is the client's own.
#[must_use]
pub fn success(id: TransactionId, pwd: &str) -> Vec<u8> {
    let mut message = begin(SUCCESS, id);
    // 192.0.2.1:9 (RFC 5737), XORed with the cookie; the node does not look at it.
    attribute(&mut message, XOR_MAPPED_ADDRESS, &[0, 1, 0x21, 0x1B, 0xE1, 0x12, 0xA6, 0x43]);
    end(message, pwd)
}

/// What a STUN message is to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A check of the node's own.
    Request(TransactionId),
    /// The answer to a check of ours.
    Success(TransactionId),
    /// Anything else.
    Other,
}

/// Reads just the header: a client of a test trusts its node.
#[must_use]
pub fn kind(message: &[u8]) -> Kind {
    let Some(header) = message.first_chunk::<20>() else { return Kind::Other };
    let mut id = [0; 12];
    id.copy_from_slice(&header[8..]);
    match u16::from_be_bytes([header[0], header[1]]) {
        REQUEST => Kind::Request(id),
        SUCCESS => Kind::Success(id),
        _ => Kind::Other,
    }
}

fn begin(message_type: u16, id: TransactionId) -> Vec<u8> {
    [&message_type.to_be_bytes()[..], &[0, 0], &MAGIC_COOKIE, &id].concat()
}

fn attribute(message: &mut Vec<u8>, kind: u16, value: &[u8]) {
    message.extend(kind.to_be_bytes());
    message.extend((value.len() as u16).to_be_bytes());
    message.extend(value);
    message.resize(message.len().next_multiple_of(4), 0);
    set_length(message, 0);
}

/// RFC 8489 §14.5, §14.7: both cover the length as if they were there already.
fn end(mut message: Vec<u8>, pwd: &str) -> Vec<u8> {
    set_length(&mut message, 24);
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, pwd.as_bytes());
    let tag = hmac::sign(&key, &message);
    attribute(&mut message, MESSAGE_INTEGRITY, tag.as_ref());
    set_length(&mut message, 8);
    let checksum = crc32(&message) ^ 0x5354_554E;
    attribute(&mut message, FINGERPRINT, &checksum.to_be_bytes());
    message
}

fn set_length(message: &mut [u8], more: usize) {
    let length = (message.len() - 20 + more) as u16;
    message[2..4].copy_from_slice(&length.to_be_bytes());
}

/// CRC-32 of ITU-T V.42, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let register = bytes.iter().fold(u32::MAX, |register, byte| {
        (0..8).fold(register ^ u32::from(*byte), |register, _| {
            (register >> 1) ^ (0xEDB8_8320 & (register & 1).wrapping_neg())
        })
    });
    !register
}
