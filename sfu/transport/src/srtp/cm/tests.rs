use super::*;
use crate::hex::hex;

#[test]
fn the_key_stream_of_rfc_3711_appendix_b_2_is_met() {
    let mut key = [0; KEY_LENGTH];
    key.copy_from_slice(&hex("2B7E151628AED2A6ABF7158809CF4F3C"));
    let mut salt = [0; MASTER_SALT_LENGTH_MAX];
    salt.copy_from_slice(&hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD"));
    let mut stream = vec![0; 65_282 * 16];
    CounterMode::new(&key, salt).apply(PacketId { ssrc: 0, index: 0 }, &mut stream);
    let first = hex("
        E03EAD0935C95E80E166B16DD92B4EB4
        D23513162B02D0F72A43A2FE4A5F97AB
        41E95B3BB0A2E8DD477901E4FCA894C0");
    let last = hex("
        EC8CDF7398607CB0F2D21675EA9EA1E4
        362B7C3C6773516318A077D7FC5073AE
        6A2CC3787889374FBEB4C81B17BA6C44");
    assert_eq!(stream[..48], first[..]);
    assert_eq!(stream[stream.len() - 48..], last[..]);
}

/// The packets that libsrtp checks itself with (`test/srtp_driver.c`, `srtp_validate`).
#[test]
fn the_packets_of_libsrtp_are_met() {
    let key = hex("E1F97A0D3E018BE0D64FA32C06DE4139");
    let cipher = CmCipher::new(&MasterKey::new(&key, &hex("0EC675AD498AFEEBB6960B3AABE6")));
    let ssrc = 0xCAFE_BABE;

    let plain = hex("800f1234decafbadcafebabe abababababababababababababababab");
    let sealed = hex("
        800f1234decafbadcafebabe 4e55dc4ce79978d88ca4d215949d2402 b78d6acc99ea179b8dbb");
    let mut packet = [&plain[..], &[0; TAG_LENGTH]].concat();
    assert!(cipher.seal_rtp(PacketId { ssrc, index: 0x1234 }, &mut packet, 12));
    assert_eq!(packet, sealed);
    assert!(cipher.open_rtp(PacketId { ssrc, index: 0x1234 }, &mut packet, 12));
    assert_eq!(packet[..plain.len()], plain[..]);

    let plain = hex("81c8000bcafebabe abababababababababababababababab");
    let sealed = hex("
        81c8000bcafebabe 7128035be487b9bdbef89041f977a5a8 80000001 993e08cd54d6c1230798");
    let mut packet = [&plain[..], &hex("80000001"), &[0; TAG_LENGTH]].concat();
    assert!(cipher.seal_rtcp(PacketId { ssrc, index: 1 }, &mut packet));
    assert_eq!(packet, sealed);
    assert!(cipher.open_rtcp(PacketId { ssrc, index: 1 }, &mut packet));
    assert_eq!(packet[..plain.len()], plain[..]);
}

#[test]
fn a_packet_under_another_rollover_counter_is_not_authentic() {
    let cipher = CmCipher::new(&MasterKey::new(&[1; 16], &[2; 14]));
    let mut packet = [&hex("800f1234decafbadcafebabe")[..], &[7; 30]].concat();
    let ssrc = 0xCAFE_BABE;
    assert!(cipher.seal_rtp(PacketId { ssrc, index: 0x1234 }, &mut packet, 12));
    let before = packet.clone();
    assert!(!cipher.open_rtp(PacketId { ssrc, index: 0x1_1234 }, &mut packet, 12));
    assert_eq!(packet, before, "checked before it is decrypted");
    assert!(cipher.open_rtp(PacketId { ssrc, index: 0x1234 }, &mut packet, 12));
}
