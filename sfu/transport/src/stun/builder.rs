//! Builds STUN messages for tests, the wrong ones too, without the code under test's writer.

use super::{FINGERPRINT_XOR, HEADER_LENGTH, IceKey, MAGIC_COOKIE, attribute, message_type};

/// A message under construction; nothing about it need be right.
#[derive(Clone)]
pub(crate) struct MessageBuilder {
    bytes: Vec<u8>,
}

impl MessageBuilder {
    pub(crate) fn new(message_type: u16, id: [u8; 12]) -> Self {
        let mut bytes = message_type.to_be_bytes().to_vec();
        bytes.extend([0, 0]);
        bytes.extend(MAGIC_COOKIE.to_be_bytes());
        bytes.extend(id);
        MessageBuilder { bytes }
    }

    /// A binding request with a number for its transaction id.
    pub(crate) fn request(id: u64) -> Self {
        let mut bytes = [0; 12];
        bytes[4..].copy_from_slice(&id.to_be_bytes());
        MessageBuilder::new(message_type::REQUEST, bytes)
    }

    pub(crate) fn attribute(mut self, kind: u16, value: &[u8]) -> Self {
        self.bytes.extend(kind.to_be_bytes());
        self.bytes.extend((value.len() as u16).to_be_bytes());
        self.bytes.extend(value);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self.count(0)
    }

    /// The attributes that browsers send before MESSAGE-INTEGRITY.
    pub(crate) fn check(self, username: &str, use_candidate: bool) -> Self {
        let common = self
            .attribute(attribute::USERNAME, username.as_bytes())
            .attribute(attribute::ICE_CONTROLLING, &[7; 8])
            .attribute(attribute::PRIORITY, &[0x6E, 0, 1, 0xFF]);
        if use_candidate { common.attribute(attribute::USE_CANDIDATE, &[]) } else { common }
    }

    pub(crate) fn integrity(self, pwd: &str) -> Self {
        let tag = IceKey::new(pwd.as_bytes()).tag(&self.bytes);
        self.attribute(attribute::MESSAGE_INTEGRITY, &tag)
    }

    pub(crate) fn fingerprint(self) -> Self {
        let counted = self.count(8);
        let value = slow_crc32(&counted.bytes) ^ FINGERPRINT_XOR;
        counted.attribute(attribute::FINGERPRINT, &value.to_be_bytes())
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Sets the length as if `more` bytes followed.
    fn count(mut self, more: usize) -> Self {
        let length = (self.bytes.len() - HEADER_LENGTH + more) as u16;
        self.bytes[2..4].copy_from_slice(&length.to_be_bytes());
        self
    }
}

/// Bit by bit, unlike the table under test.
fn slow_crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let carry = crc & 1;
            crc = (crc >> 1) ^ (carry * 0xEDB8_8320);
        }
    }
    !crc
}
