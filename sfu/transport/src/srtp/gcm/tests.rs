use super::*;
use crate::hex::hex;

/// RFC 7714 §16 and §17 give session keys, not master keys; both sections use the same.
fn cipher_of_rfc_7714() -> GcmCipher {
    let mut key = [0; KEY_LENGTH];
    key.copy_from_slice(&hex("000102030405060708090a0b0c0d0e0f"));
    let mut salt = [0; NONCE_LENGTH];
    salt.copy_from_slice(&hex("517569642070726f2071756f"));
    GcmCipher { rtp_key: expand(&key), rtp_salt: salt, rtcp_key: expand(&key), rtcp_salt: salt }
}

#[test]
fn the_srtp_packet_of_rfc_7714_section_16_1_is_met() {
    let cipher = cipher_of_rfc_7714();
    let plain = hex("
        8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976 69736120
        696e2070 61727465 73207472 6573");
    let sealed = hex("
        8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f
        42a5f47a 51c7d19b 36de3adf 8833 899d7f27 beb16a91 52cf765e e4390cce");
    let id = PacketId { ssrc: 0x5501_A0B2, index: 0xF17B };
    let mut packet = [&plain[..], &[0; TAG_LENGTH]].concat();
    assert!(cipher.seal_rtp(id, &mut packet, 12));
    assert_eq!(packet, sealed);
    assert!(cipher.open_rtp(id, &mut packet, 12));
    assert_eq!(packet[..plain.len()], plain[..]);
}

#[test]
fn the_srtcp_packet_of_rfc_7714_section_17_1_is_met() {
    let cipher = cipher_of_rfc_7714();
    let plain = hex("
        81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61
        deadbeef deadbeef deadbeef deadbeef deadbeef");
    let sealed = hex("
        81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1
        730d6fda 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4");
    let id = PacketId { ssrc: 0x4D61_7273, index: 0x5D4 };
    let mut packet = [&plain[..], &[0; TAG_LENGTH], &hex("800005d4")].concat();
    assert!(cipher.seal_rtcp(id, &mut packet));
    assert_eq!(packet, sealed);
    assert!(cipher.open_rtcp(id, &mut packet));
    assert_eq!(packet[..plain.len()], plain[..]);
}

/// The packets that libsrtp checks itself with (`test/srtp_driver.c`, `srtp_validate_gcm`), from
/// the master key on.
#[test]
fn the_packets_of_libsrtp_are_met() {
    let key = hex("000102030405060708090a0b0c0d0e0f");
    let cipher = GcmCipher::new(&MasterKey::new(&key, &hex("a0a1a2a3a4a5a6a7a8a9aaab")));
    let ssrc = 0xCAFE_BABE;

    let plain = hex("800f1234decafbadcafebabe abababababababababababababababab");
    let sealed = hex(
        "
        800f1234decafbadcafebabe c5002ede04cfdd2eb91159e0880aa06e d2976826f796b201df3131a127e8a392",
    );
    let mut packet = [&plain[..], &[0; TAG_LENGTH]].concat();
    assert!(cipher.seal_rtp(PacketId { ssrc, index: 0x1234 }, &mut packet, 12));
    assert_eq!(packet, sealed);

    let plain = hex("81c8000bcafebabe abababababababababababababababab");
    let sealed = hex("
        81c8000bcafebabe c98b8b5df0392a55852b6c21ac8e7025
        c52c6fbea2b3b446ea31123ba88ce61e 80000001");
    let mut packet = [&plain[..], &[0; TAG_LENGTH], &hex("80000001")].concat();
    assert!(cipher.seal_rtcp(PacketId { ssrc, index: 1 }, &mut packet));
    assert_eq!(packet, sealed);
}

#[test]
fn header_index_word_and_index_are_authenticated() {
    let cipher = cipher_of_rfc_7714();
    let id = PacketId { ssrc: 1, index: 5 };
    let mut packet = [&hex("80600005000000000000000101020304")[..], &[0; TAG_LENGTH]].concat();
    assert!(cipher.seal_rtp(id, &mut packet, 12));
    let mut other_header = packet.clone();
    other_header[1] ^= 0x80;
    assert!(!cipher.open_rtp(id, &mut other_header, 12));
    assert!(!cipher.open_rtp(PacketId { ssrc: 1, index: 0x1_0005 }, &mut packet.clone(), 12));
    assert!(cipher.open_rtp(id, &mut packet, 12));
}
