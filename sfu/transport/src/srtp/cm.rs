//! AES_CM_128_HMAC_SHA1_80 for SRTP and SRTCP (RFC 3711), on RustCrypto.
//!
//! `ring` has no AES counter mode to offer, and its SHA-1 takes four times as long.

use std::fmt;

use aes::{Aes128Enc, cipher::KeyInit};

use super::{
    PacketId, RTCP_CLEAR_LENGTH, RTCP_INDEX_LENGTH,
    keys::{KEY_LENGTH, Label, MASTER_SALT_LENGTH_MAX, MasterKey, xor_key_stream},
};
use crate::hmac::{self, HmacSha1Key, equal_in_constant_time};

/// Bytes of the authentication tag: 80 bits (RFC 3711 §5.2).
pub(super) const TAG_LENGTH: usize = 10;

/// The keys of one direction, expanded once.
pub(super) struct CmCipher {
    rtp: CounterMode,
    rtp_authentication: HmacSha1Key,
    rtcp: CounterMode,
    rtcp_authentication: HmacSha1Key,
}

impl CmCipher {
    pub(super) fn new(master: &MasterKey) -> Self {
        // RFC 3711 §5.2: the authentication key has 160 bits.
        let authentication_key =
            |label| HmacSha1Key::new(&master.derive::<{ hmac::TAG_LENGTH }>(label));
        CmCipher {
            rtp: CounterMode::new(
                &master.derive(Label::RtpEncryption),
                master.derive(Label::RtpSalt),
            ),
            rtp_authentication: authentication_key(Label::RtpAuthentication),
            rtcp: CounterMode::new(
                &master.derive(Label::RtcpEncryption),
                master.derive(Label::RtcpSalt),
            ),
            rtcp_authentication: authentication_key(Label::RtcpAuthentication),
        }
    }

    pub(super) fn seal_rtp(&self, id: PacketId, packet: &mut [u8], header_length: usize) -> bool {
        let Some(tag_offset) = tag_offset(packet, header_length) else {
            return false;
        };
        let (covered, tag_room) = packet.split_at_mut(tag_offset);
        self.rtp.apply(id, &mut covered[header_length..]);
        let tag = self.rtp_authentication.tag(covered, &roc(id));
        tag_room.copy_from_slice(&tag[..TAG_LENGTH]);
        true
    }

    pub(super) fn open_rtp(&self, id: PacketId, packet: &mut [u8], header_length: usize) -> bool {
        let Some(tag_offset) = tag_offset(packet, header_length) else {
            return false;
        };
        let (covered, claimed) = packet.split_at_mut(tag_offset);
        let tag = self.rtp_authentication.tag(covered, &roc(id));
        if !equal_in_constant_time(&tag[..TAG_LENGTH], claimed) {
            return false;
        }
        self.rtp.apply(id, &mut covered[header_length..]);
        true
    }

    /// RFC 3711 §3.4: the tag covers the whole packet with its index word.
    pub(super) fn seal_rtcp(&self, id: PacketId, packet: &mut [u8]) -> bool {
        let Some(tag_offset) = tag_offset(packet, RTCP_CLEAR_LENGTH + RTCP_INDEX_LENGTH) else {
            return false;
        };
        let (covered, tag_room) = packet.split_at_mut(tag_offset);
        self.rtcp.apply(id, &mut covered[RTCP_CLEAR_LENGTH..tag_offset - RTCP_INDEX_LENGTH]);
        let tag = self.rtcp_authentication.tag(covered, &[]);
        tag_room.copy_from_slice(&tag[..TAG_LENGTH]);
        true
    }

    pub(super) fn open_rtcp(&self, id: PacketId, packet: &mut [u8]) -> bool {
        let Some(tag_offset) = tag_offset(packet, RTCP_CLEAR_LENGTH + RTCP_INDEX_LENGTH) else {
            return false;
        };
        let (covered, claimed) = packet.split_at_mut(tag_offset);
        let tag = self.rtcp_authentication.tag(covered, &[]);
        if !equal_in_constant_time(&tag[..TAG_LENGTH], claimed) {
            return false;
        }
        self.rtcp.apply(id, &mut covered[RTCP_CLEAR_LENGTH..tag_offset - RTCP_INDEX_LENGTH]);
        true
    }
}

impl fmt::Debug for CmCipher {
    /// A key does not print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<key>")
    }
}

/// Where the tag of a packet begins, if `clear_length` bytes and a tag fit into it.
fn tag_offset(packet: &[u8], clear_length: usize) -> Option<usize> {
    packet.len().checked_sub(TAG_LENGTH).filter(|offset| *offset >= clear_length)
}

/// RFC 3711 §4.2: the rollover counter is authenticated as if it stood behind the packet.
fn roc(id: PacketId) -> [u8; 4] {
    ((id.index >> 16) as u32).to_be_bytes()
}

/// AES in counter mode with the session salt (RFC 3711 §4.1.1).
pub(super) struct CounterMode {
    cipher: Aes128Enc,
    salt: [u8; MASTER_SALT_LENGTH_MAX],
}

impl CounterMode {
    pub(super) fn new(key: &[u8; KEY_LENGTH], salt: [u8; MASTER_SALT_LENGTH_MAX]) -> Self {
        CounterMode { cipher: Aes128Enc::new(&(*key).into()), salt }
    }

    /// Encrypts or decrypts: the key stream is XORed.
    pub(super) fn apply(&self, id: PacketId, payload: &mut [u8]) {
        // IV = (salt * 2^16) XOR (SSRC * 2^64) XOR (index * 2^16), as a number of 128 bits.
        let mut salt = [0; 16];
        salt[..MASTER_SALT_LENGTH_MAX].copy_from_slice(&self.salt);
        let iv =
            u128::from_be_bytes(salt) ^ (u128::from(id.ssrc) << 64) ^ (u128::from(id.index) << 16);
        xor_key_stream(&self.cipher, iv.to_be_bytes(), payload);
    }
}

#[cfg(test)]
mod tests;
