//! STUN binding messages as ICE uses them (RFC 8489, RFC 8445 §7), read and written in place.
//!
//! It never allocates, never reads beyond the datagram and never takes a message for authentic:
//! that is [`BindingRequest::is_authentic`]. The order of attributes is strict: whatever stands
//! behind MESSAGE-INTEGRITY is not covered by it, so nothing there is read but a final FINGERPRINT.
//!
//! Tests: `stun/tests.rs`, with the vectors of RFC 5769 and mutants of an authentic request.

#[cfg(test)]
pub(crate) mod builder;
mod fingerprint;
mod reader;
mod writer;

pub use reader::{BindingRequest, BindingSuccess, Message, Role, StunDrop, parse};
pub use writer::{
    Check, REQUEST_LENGTH_MAX, SUCCESS_LENGTH_MAX, write_check, write_role_conflict, write_success,
};

pub(crate) use fingerprint::fingerprint;
pub(crate) use reader::{address_mask, read_address};

use serde::{Deserialize, Serialize};

use crate::hmac::{self, HmacSha1Key, equal_in_constant_time};

/// The second word of every STUN message (RFC 8489 §5).
pub(crate) const MAGIC_COOKIE: u32 = 0x2112_A442;

/// Bytes of the header.
pub(crate) const HEADER_LENGTH: usize = 20;

/// Bytes of an attribute's type and length.
pub(crate) const ATTRIBUTE_HEAD_LENGTH: usize = 4;

/// FINGERPRINT's XOR: "STUN" in ASCII (RFC 8489 §14.7).
const FINGERPRINT_XOR: u32 = 0x5354_554E;

/// Message types (RFC 8489 §5): class and method "Binding".
mod message_type {
    pub(super) const REQUEST: u16 = 0x0001;
    pub(super) const SUCCESS: u16 = 0x0101;
    pub(super) const ERROR: u16 = 0x0111;
}

/// Attribute types (RFC 8489 §18.3, RFC 8445 §16.1).
mod attribute {
    pub(super) const USERNAME: u16 = 0x0006;
    pub(super) const MESSAGE_INTEGRITY: u16 = 0x0008;
    pub(super) const ERROR_CODE: u16 = 0x0009;
    pub(super) const XOR_MAPPED_ADDRESS: u16 = 0x0020;
    pub(super) const PRIORITY: u16 = 0x0024;
    pub(super) const USE_CANDIDATE: u16 = 0x0025;
    pub(super) const FINGERPRINT: u16 = 0x8028;
    pub(super) const ICE_CONTROLLED: u16 = 0x8029;
    pub(super) const ICE_CONTROLLING: u16 = 0x802A;
    /// RFC 8489 §14: types from here on may be ignored by who does not know them.
    pub(super) const COMPREHENSION_OPTIONAL: u16 = 0x8000;
}

/// Names a request and its response (RFC 8489 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TransactionId(pub [u8; 12]);

/// A password, ready to make and to check MESSAGE-INTEGRITY (RFC 8489 §14.5, short-term).
#[derive(Clone, Debug)]
pub struct IceKey(HmacSha1Key);

impl IceKey {
    /// Absorbs the password.
    #[must_use]
    pub fn new(pwd: &[u8]) -> Self {
        IceKey(HmacSha1Key::new(pwd))
    }

    /// The tag of a message that ends before MESSAGE-INTEGRITY, which begins at `covered.len()`.
    pub(crate) fn tag(&self, covered: &[u8]) -> [u8; hmac::TAG_LENGTH] {
        let (header, attributes) = covered.split_at(HEADER_LENGTH);
        let mut counted = [0; HEADER_LENGTH];
        counted.copy_from_slice(header);
        // RFC 8489 §14.5: the length covers the message up to and with MESSAGE-INTEGRITY.
        let length = attributes.len() + ATTRIBUTE_HEAD_LENGTH + hmac::TAG_LENGTH;
        counted[2..4].copy_from_slice(&(length as u16).to_be_bytes());
        self.0.tag(&counted, attributes)
    }

    pub(crate) fn verifies(&self, covered: &[u8], claimed: &[u8]) -> bool {
        equal_in_constant_time(&self.tag(covered), claimed)
    }
}

#[cfg(test)]
mod tests;
