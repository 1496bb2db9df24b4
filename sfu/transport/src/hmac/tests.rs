use super::{HmacSha1Key, equal_in_constant_time};
use crate::hex::hex;

#[test]
fn the_vectors_of_rfc_2202_are_met() {
    let cases: [(&[u8], &[u8], &str); 4] = [
        (&[0x0B; 20], b"Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
        (b"Jefe", b"what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        (&[0xAA; 20], &[0xDD; 50], "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
        (
            &[0xAA; 80],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "aa4ae5e15272d00e95705637ce8a3b55ed402112",
        ),
    ];
    for (key, text, tag) in cases {
        let key = HmacSha1Key::new(key);
        for split in [0, 3, text.len()] {
            let (head, body) = text.split_at(split);
            assert_eq!(key.tag(head, body).to_vec(), hex(tag));
        }
    }
}

#[test]
fn only_equal_bytes_of_equal_length_are_equal() {
    assert!(equal_in_constant_time(b"", b""));
    assert!(equal_in_constant_time(b"same", b"same"));
    assert!(!equal_in_constant_time(b"same", b"sama"));
    assert!(!equal_in_constant_time(b"same", b"tame"));
    assert!(!equal_in_constant_time(b"same", b"sam"));
    assert!(!equal_in_constant_time(b"", b"s"));
}

#[test]
fn a_key_does_not_print() {
    assert_eq!(format!("{:?}", HmacSha1Key::new(b"secret")), "<key>");
}
