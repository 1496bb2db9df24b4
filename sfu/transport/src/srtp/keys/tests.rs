use super::*;
use crate::hex::hex;

#[test]
fn the_key_derivation_of_rfc_3711_appendix_b_3_is_met() {
    let key = hex("E1F97A0D3E018BE0D64FA32C06DE4139");
    let master = MasterKey::new(&key, &hex("0EC675AD498AFEEBB6960B3AABE6"));
    let encryption: [u8; 16] = master.derive(Label::RtpEncryption);
    assert_eq!(encryption.to_vec(), hex("C61E7A93744F39EE10734AFE3FF7A087"));
    let salt: [u8; 14] = master.derive(Label::RtpSalt);
    assert_eq!(salt.to_vec(), hex("30CBBC08863D8C85D49DB34A9AE1"));
    // The appendix derives a longer key than HMAC-SHA1 takes: the same stream, read further.
    let authentication: [u8; 94] = master.derive(Label::RtpAuthentication);
    let expected = hex("
        CEBE321F6FF7716B6FD4AB49AF256A15 6D38BAA48F0A0ACF3C34E2359E6CDBCE
        E049646C43D9327AD175578EF7227098 6371C10C9A369AC2F94A8C5FBCDDDC25
        6D6E919A48B610EF17C2041E47403576 6B68642C59BBFC2F34DB60DBDFB2");
    assert_eq!(authentication.to_vec(), expected);
}

#[test]
fn each_side_has_its_own_part_of_the_exported_material() {
    // RFC 5764 §4.2: client key, server key, client salt, server salt.
    for profile in [Profile::AeadAes128Gcm, Profile::AesCm128HmacSha1_80] {
        let material: Vec<u8> = (0..profile.material_length() as u8).collect();
        let keys = SrtpKeys::try_new(profile, &material).expect("the right length");
        let salt_length = profile.material_length() / 2 - 16;
        let client = MasterKey::new(&material[..16], &material[32..32 + salt_length]);
        let server = MasterKey::new(&material[16..32], &material[32 + salt_length..]);
        for (side, expected) in [(Side::Client, client), (Side::Server, server)] {
            let derived: [u8; 16] = keys.master(side).derive(Label::RtcpSalt);
            assert_eq!(derived, expected.derive(Label::RtcpSalt), "{profile:?} {side:?}");
        }
    }
}

#[test]
fn material_of_another_length_is_refused() {
    for length in [0, 55, 57, 59, 60, 61] {
        let result = SrtpKeys::try_new(Profile::AeadAes128Gcm, &vec![1; length]);
        assert_eq!(result, Err(BadSrtpKeys), "{length}");
    }
    assert!(SrtpKeys::try_new(Profile::AesCm128HmacSha1_80, &[1; 60]).is_ok());
    assert!(SrtpKeys::try_new(Profile::AesCm128HmacSha1_80, &[1; 56]).is_err());
}

#[test]
fn keys_survive_a_snapshot_and_do_not_print() {
    let keys = SrtpKeys::try_new(Profile::AeadAes128Gcm, &[0xAB; 56]).expect("the right length");
    let text = serde_json::to_string(&keys).expect("a snapshot");
    assert_eq!(serde_json::from_str::<SrtpKeys>(&text).expect("a snapshot"), keys);
    let cut = text.replacen("171,", "", 1);
    assert!(serde_json::from_str::<SrtpKeys>(&cut).is_err());
    assert_eq!(format!("{keys:?}"), "<AeadAes128Gcm keys>");
}
