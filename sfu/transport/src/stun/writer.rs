//! Writes binding responses and our own checks into the caller's buffer.

use std::net::{IpAddr, SocketAddr};

use super::{
    ATTRIBUTE_HEAD_LENGTH, HEADER_LENGTH, IceKey, MAGIC_COOKIE, TransactionId, attribute,
    fingerprint::fingerprint, message_type, reader::address_mask,
};
use crate::hmac;

/// Bytes of MESSAGE-INTEGRITY and FINGERPRINT, which end every message.
const ENDING_LENGTH: usize = 2 * ATTRIBUTE_HEAD_LENGTH + hmac::TAG_LENGTH + 4;

/// Bytes of the longest binding success response: that to an IPv6 address.
pub const SUCCESS_LENGTH_MAX: usize = HEADER_LENGTH + ATTRIBUTE_HEAD_LENGTH + 20 + ENDING_LENGTH;

/// Bytes of the longest check: USERNAME holds fewer than 509 bytes (RFC 8489 §14.3).
pub const REQUEST_LENGTH_MAX: usize =
    HEADER_LENGTH + (ATTRIBUTE_HEAD_LENGTH + 508) + (4 + 4) + (4 + 8) + ENDING_LENGTH;

/// A check of our own, sent before media moves to a new tuple.
#[derive(Clone, Copy, Debug)]
pub struct Check<'c> {
    /// Names it; not to be guessed.
    pub transaction_id: TransactionId,
    /// The ufrag of who is asked.
    pub remote_ufrag: &'c [u8],
    /// Our ufrag.
    pub local_ufrag: &'c [u8],
    /// The priority of a peer-reflexive candidate, were one found (RFC 8445 §7.1.1).
    pub priority: u32,
    /// Ours, in ICE-CONTROLLED: a node never controls.
    pub tie_breaker: u64,
}

/// Answers an authentic check: `mapped` is where it came from, `key` that of our password.
///
/// Returns the length: 64 for an IPv4 address, else 76.
///
/// An IPv4 address as a dual-stack socket shows it is written as IPv4: it is what the other side
/// knows itself by.
pub fn write_success(
    out: &mut [u8; SUCCESS_LENGTH_MAX],
    transaction_id: TransactionId,
    mapped: SocketAddr,
    key: &IceKey,
) -> usize {
    let mut writer = Writer::begin(out, message_type::SUCCESS, transaction_id);
    let port = mapped.port() ^ (MAGIC_COOKIE >> 16) as u16;
    let [high, low] = port.to_be_bytes();
    match mapped.ip().to_canonical() {
        IpAddr::V4(address) => {
            let bits = (address.to_bits() ^ MAGIC_COOKIE).to_be_bytes();
            writer.attribute(attribute::XOR_MAPPED_ADDRESS, &[&[0, 1, high, low], &bits]);
        }
        IpAddr::V6(address) => {
            let bits = (address.to_bits() ^ address_mask(transaction_id)).to_be_bytes();
            writer.attribute(attribute::XOR_MAPPED_ADDRESS, &[&[0, 2, high, low], &bits]);
        }
    }
    writer.end(key)
}

/// Answers an authentic check whose sender claims to be controlled, as we are: 487
/// (RFC 8445 §7.3.1.1). Returns the length, which is below that of any check.
pub fn write_role_conflict(
    out: &mut [u8; SUCCESS_LENGTH_MAX],
    transaction_id: TransactionId,
    key: &IceKey,
) -> usize {
    let mut writer = Writer::begin(out, message_type::ERROR, transaction_id);
    writer.attribute(attribute::ERROR_CODE, &[&[0, 0, 4, 87]]);
    writer.end(key)
}

/// Writes a check of our own; `key` is that of the other side's password. Returns the length, or
/// `None` if the two ufrags are too long for a USERNAME.
pub fn write_check(
    out: &mut [u8; REQUEST_LENGTH_MAX],
    check: &Check<'_>,
    key: &IceKey,
) -> Option<usize> {
    if check.remote_ufrag.len() + 1 + check.local_ufrag.len() > 508 {
        return None;
    }
    let mut writer = Writer::begin(out, message_type::REQUEST, check.transaction_id);
    let username = [check.remote_ufrag, b":", check.local_ufrag];
    writer.attribute(attribute::USERNAME, &username);
    writer.attribute(attribute::PRIORITY, &[&check.priority.to_be_bytes()]);
    writer.attribute(attribute::ICE_CONTROLLED, &[&check.tie_breaker.to_be_bytes()]);
    Some(writer.end(key))
}

/// Appends attributes to a message in a buffer that its caller has sized for them.
struct Writer<'b> {
    out: &'b mut [u8],
    length: usize,
}

impl<'b> Writer<'b> {
    fn begin(out: &'b mut [u8], message_type: u16, transaction_id: TransactionId) -> Self {
        out[..2].copy_from_slice(&message_type.to_be_bytes());
        out[4..8].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
        out[8..HEADER_LENGTH].copy_from_slice(&transaction_id.0);
        Writer { out, length: HEADER_LENGTH }
    }

    fn attribute(&mut self, kind: u16, parts: &[&[u8]]) {
        let value_length: usize = parts.iter().map(|part| part.len()).sum();
        self.append(&kind.to_be_bytes());
        self.append(&(value_length as u16).to_be_bytes());
        for part in parts {
            self.append(part);
        }
        let padding = value_length.next_multiple_of(4) - value_length;
        self.append(&[0; 3][..padding]);
    }

    fn end(mut self, key: &IceKey) -> usize {
        let tag = key.tag(&self.out[..self.length]);
        self.attribute(attribute::MESSAGE_INTEGRITY, &[&tag]);
        // RFC 8489 §14.7: the length counts FINGERPRINT while it is computed.
        let counted = self.length - HEADER_LENGTH + ATTRIBUTE_HEAD_LENGTH + 4;
        self.out[2..4].copy_from_slice(&(counted as u16).to_be_bytes());
        let value = fingerprint(&self.out[..self.length]);
        self.attribute(attribute::FINGERPRINT, &[&value.to_be_bytes()]);
        self.length
    }

    fn append(&mut self, bytes: &[u8]) {
        self.out[self.length..self.length + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }
}
