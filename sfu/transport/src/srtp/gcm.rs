//! AEAD_AES_128_GCM for SRTP and SRTCP (RFC 7714), on `ring`.

use std::fmt;

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::{
    PacketId, RTCP_CLEAR_LENGTH, RTCP_INDEX_LENGTH,
    keys::{KEY_LENGTH, Label, MasterKey},
};

/// Bytes of the authentication tag (RFC 7714 §13.1).
pub(super) const TAG_LENGTH: usize = 16;

/// Bytes of session salt and nonce (RFC 7714 §8.1).
const NONCE_LENGTH: usize = 12;

/// The keys of one direction, expanded once.
pub(super) struct GcmCipher {
    rtp_key: LessSafeKey,
    rtp_salt: [u8; NONCE_LENGTH],
    rtcp_key: LessSafeKey,
    rtcp_salt: [u8; NONCE_LENGTH],
}

impl GcmCipher {
    pub(super) fn new(master: &MasterKey) -> Self {
        GcmCipher {
            rtp_key: expand(&master.derive(Label::RtpEncryption)),
            rtp_salt: master.derive(Label::RtpSalt),
            rtcp_key: expand(&master.derive(Label::RtcpEncryption)),
            rtcp_salt: master.derive(Label::RtcpSalt),
        }
    }

    /// RFC 7714 §9.1: the RTP header is the associated data.
    pub(super) fn seal_rtp(&self, id: PacketId, packet: &mut [u8], header_length: usize) -> bool {
        let nonce = rtp_nonce(&self.rtp_salt, id);
        let (header, sealed) = packet.split_at_mut(header_length);
        let Some(plain_length) = sealed.len().checked_sub(TAG_LENGTH) else {
            return false;
        };
        let (plain, tag_room) = sealed.split_at_mut(plain_length);
        seal(&self.rtp_key, nonce, header, plain, tag_room)
    }

    pub(super) fn open_rtp(&self, id: PacketId, packet: &mut [u8], header_length: usize) -> bool {
        let nonce = rtp_nonce(&self.rtp_salt, id);
        let (header, sealed) = packet.split_at_mut(header_length);
        self.rtp_key.open_in_place(nonce, Aad::from(&*header), sealed).is_ok()
    }

    /// RFC 7714 §9.2: the associated data are the first eight bytes and the index word.
    pub(super) fn seal_rtcp(&self, id: PacketId, packet: &mut [u8]) -> bool {
        let nonce = rtcp_nonce(&self.rtcp_salt, id);
        let aad = rtcp_aad(packet);
        let end = packet.len() - RTCP_INDEX_LENGTH;
        let (plain, tag_room) =
            packet[RTCP_CLEAR_LENGTH..end].split_at_mut(end - RTCP_CLEAR_LENGTH - TAG_LENGTH);
        seal(&self.rtcp_key, nonce, &aad, plain, tag_room)
    }

    pub(super) fn open_rtcp(&self, id: PacketId, packet: &mut [u8]) -> bool {
        let nonce = rtcp_nonce(&self.rtcp_salt, id);
        let aad = rtcp_aad(packet);
        let end = packet.len() - RTCP_INDEX_LENGTH;
        let sealed = &mut packet[RTCP_CLEAR_LENGTH..end];
        self.rtcp_key.open_in_place(nonce, Aad::from(aad), sealed).is_ok()
    }
}

impl fmt::Debug for GcmCipher {
    /// A key does not print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<key>")
    }
}

#[expect(clippy::expect_used, reason = "ring refuses a key only for its length, which is a type")]
fn expand(key: &[u8; KEY_LENGTH]) -> LessSafeKey {
    let unbound = UnboundKey::new(&AES_128_GCM, key).expect("AES-128 takes 16 bytes");
    LessSafeKey::new(unbound)
}

fn seal(key: &LessSafeKey, nonce: Nonce, aad: &[u8], plain: &mut [u8], tag: &mut [u8]) -> bool {
    let sealed = key.seal_in_place_separate_tag(nonce, Aad::from(aad), plain);
    if let Ok(computed) = &sealed {
        tag.copy_from_slice(computed.as_ref());
    }
    sealed.is_ok()
}

/// RFC 7714 §8.1: two zero bytes, SSRC, ROC and sequence number, all XOR the salt.
fn rtp_nonce(salt: &[u8; NONCE_LENGTH], id: PacketId) -> Nonce {
    let mut nonce = *salt;
    xor(&mut nonce[2..6], &id.ssrc.to_be_bytes());
    xor(&mut nonce[6..], &id.index.to_be_bytes()[2..]);
    Nonce::assume_unique_for_key(nonce)
}

/// RFC 7714 §9.1: two zero bytes, SSRC, two zero bytes and the index, all XOR the salt.
fn rtcp_nonce(salt: &[u8; NONCE_LENGTH], id: PacketId) -> Nonce {
    let mut nonce = *salt;
    xor(&mut nonce[2..6], &id.ssrc.to_be_bytes());
    xor(&mut nonce[8..], &id.index.to_be_bytes()[4..]);
    Nonce::assume_unique_for_key(nonce)
}

fn xor(nonce: &mut [u8], with: &[u8]) {
    for (byte, other) in nonce.iter_mut().zip(with) {
        *byte ^= other;
    }
}

fn rtcp_aad(packet: &[u8]) -> [u8; RTCP_CLEAR_LENGTH + RTCP_INDEX_LENGTH] {
    let mut aad = [0; RTCP_CLEAR_LENGTH + RTCP_INDEX_LENGTH];
    aad[..RTCP_CLEAR_LENGTH].copy_from_slice(&packet[..RTCP_CLEAR_LENGTH]);
    aad[RTCP_CLEAR_LENGTH..].copy_from_slice(&packet[packet.len() - RTCP_INDEX_LENGTH..]);
    aad
}

#[cfg(test)]
mod tests;
