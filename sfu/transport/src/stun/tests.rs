use std::net::SocketAddr;

use proptest::prelude::*;

use super::{builder::MessageBuilder, *};
use crate::hex::hex;

/// RFC 5769 §2: the password of the short-term vectors.
const PASSWORD: &str = "VOkJxbRl1RmTxUk/WvJxBt";

/// RFC 5769 §2.1.
const SAMPLE_REQUEST: &str = "
    00010058 2112a442 b7e7a701 bc34d686 fa87dfae 80220010 5354554e 20746573 7420636c 69656e74
    00240004 6e0001ff 80290008 932ff9b1 51263b36 00060009 6576746a 3a683676 59202020 00080014
    9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2 80280004 e57a3bcf";

/// RFC 5769 §2.2.
const SAMPLE_IPV4_RESPONSE: &str = "
    0101003c 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200008
    0001a147 e112a643 00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7 80280004 c07d4c96";

/// RFC 5769 §2.3.
const SAMPLE_IPV6_RESPONSE: &str = "
    01010048 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200014
    0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9 00080014 a382954e 4be67bf1 1784c97c 8292c275
    bfe3ed41 80280004 c8fb0b4c";

/// RFC 5769 §2.4: long-term credentials, which ICE does not use.
const SAMPLE_LONG_TERM_REQUEST: &str = "
    00010060 2112a442 78ad3433 c6ad72c0 29da412e 00060012 e3839ee3 8388e383 aae38383 e382afe3
    82b90000 0015001c 662f2f34 39396b39 35346436 4f4c3334 6f4c3946 53547679 3634734100 14000b
    6578616d 706c652e 6f726700 00080014 f6702465 6dd64a3e 02b8e071 2e85c9a2 8ca89666";

/// MD5 of the user name, realm and password of §2.4.
const LONG_TERM_KEY: &str = "e8ca7ad59d5eb0518e312911d2dab2a9";

fn request(datagram: &[u8]) -> Result<BindingRequest<'_>, StunDrop> {
    match parse(datagram)? {
        Message::Request(request) => Ok(request),
        Message::Success(_) | Message::Error(..) => panic!("another message"),
    }
}

fn success(datagram: &[u8]) -> Result<BindingSuccess<'_>, StunDrop> {
    match parse(datagram)? {
        Message::Success(success) => Ok(success),
        Message::Request(_) | Message::Error(..) => panic!("another message"),
    }
}

/// All that a request says, as text: its name and attributes.
fn content(request: &BindingRequest<'_>) -> String {
    let (local, remote) = (request.local_ufrag(), request.remote_ufrag());
    let BindingRequest { transaction_id, priority, role, use_candidate, .. } = request;
    format!("{transaction_id:?} {local:?} {remote:?} {priority:?} {role:?} {use_candidate}")
}

/// Whether a node with this password would take the datagram for an authentic check.
fn is_accepted(datagram: &[u8], pwd: &str) -> bool {
    let key = IceKey::new(pwd.as_bytes());
    matches!(parse(datagram), Ok(Message::Request(request)) if request.is_authentic(&key))
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("a test's address")
}

#[test]
fn the_sample_request_of_rfc_5769_is_authentic_and_read_whole() {
    let datagram = hex(SAMPLE_REQUEST);
    let request = request(&datagram).expect("well-formed");
    assert_eq!(request.transaction_id.0.to_vec(), hex("b7e7a701bc34d686fa87dfae"));
    assert_eq!(request.local_ufrag(), b"evtj");
    assert_eq!(request.remote_ufrag(), b"h6vY");
    assert_eq!(request.priority, Some(0x6E00_01FF));
    assert_eq!(request.role, Some(Role::Controlled(0x932F_F9B1_5126_3B36)));
    assert!(!request.use_candidate);
    assert_eq!(request.length, 108);
    assert!(request.is_authentic(&IceKey::new(PASSWORD.as_bytes())));
    assert!(!request.is_authentic(&IceKey::new(b"VOkJxbRl1RmTxUk/WvJxBu")));
}

#[test]
fn the_sample_responses_of_rfc_5769_are_authentic_and_name_their_addresses() {
    let cases = [
        (SAMPLE_IPV4_RESPONSE, "192.0.2.1:32853"),
        (SAMPLE_IPV6_RESPONSE, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"),
    ];
    for (text, mapped) in cases {
        let datagram = hex(text);
        let success = success(&datagram).expect("well-formed");
        assert_eq!(success.mapped, address(mapped));
        assert!(success.is_authentic(&IceKey::new(PASSWORD.as_bytes())));
        assert!(!success.is_authentic(&IceKey::new(b"another")));
    }
}

#[test]
fn the_long_term_sample_of_rfc_5769_has_the_right_tag_and_is_no_check() {
    let datagram = hex(SAMPLE_LONG_TERM_REQUEST);
    let (covered, integrity) = datagram.split_at(datagram.len() - 24);
    assert!(IceKey::new(&hex(LONG_TERM_KEY)).verifies(covered, &integrity[4..]));
    assert_eq!(parse(&datagram).err(), Some(StunDrop::UnknownRequired));
}

#[test]
fn no_bit_of_a_valid_request_can_be_flipped() {
    let datagram = hex(SAMPLE_REQUEST);
    assert!(is_accepted(&datagram, PASSWORD));
    for bit in 0..8 * datagram.len() {
        let mut mutant = datagram.clone();
        mutant[bit / 8] ^= 1 << (bit % 8);
        assert!(!is_accepted(&mutant, PASSWORD), "bit {bit}");
        // The same with a FINGERPRINT to match, as an attacker would make it.
        let without_fingerprint = mutant.len() - 8;
        let value = super::fingerprint::fingerprint(&mutant[..without_fingerprint]);
        mutant[without_fingerprint + 4..].copy_from_slice(&value.to_be_bytes());
        let is_covered = bit / 8 < without_fingerprint;
        assert_eq!(is_accepted(&mutant, PASSWORD), !is_covered && mutant == datagram, "bit {bit}");
    }
}

#[test]
fn no_part_of_a_valid_request_is_a_valid_request() {
    let datagram = hex(SAMPLE_REQUEST);
    for length in 0..datagram.len() {
        assert!(!is_accepted(&datagram[..length], PASSWORD), "{length} bytes");
        let mut counted = datagram[..length].to_vec();
        if let Some(place) = counted.get_mut(2..4) {
            let claimed = length.saturating_sub(HEADER_LENGTH) as u16;
            place.copy_from_slice(&claimed.to_be_bytes());
        }
        assert!(!is_accepted(&counted, PASSWORD), "{length} bytes, counted");
    }
    let longer = [&datagram[..], &[0; 4]].concat();
    assert!(!is_accepted(&longer, PASSWORD));
}

#[test]
fn integrity_must_be_there_once_and_cover_what_is_read() {
    let check = MessageBuilder::request(1).check("ours:theirs", true);
    let accepted = check.clone().integrity(PASSWORD).fingerprint().bytes();
    assert!(is_accepted(&accepted, PASSWORD));

    let absent = check.clone().fingerprint().bytes();
    assert_eq!(parse(&absent).err(), Some(StunDrop::NoIntegrity));
    let twice = check.clone().integrity(PASSWORD).integrity(PASSWORD).fingerprint().bytes();
    assert_eq!(parse(&twice).err(), Some(StunDrop::Duplicate));
    let short = check.clone().attribute(attribute::MESSAGE_INTEGRITY, &[0; 19]).fingerprint();
    assert_eq!(parse(&short.bytes()).err(), Some(StunDrop::BadAttribute));
    let long = check.clone().attribute(attribute::MESSAGE_INTEGRITY, &[0; 32]).fingerprint();
    assert_eq!(parse(&long.bytes()).err(), Some(StunDrop::BadAttribute));
    // RFC 8489 §14.6: MESSAGE-INTEGRITY-SHA256 does not stand in for it.
    let sha256 = check.clone().attribute(0x001C, &[0; 32]).fingerprint().bytes();
    assert_eq!(parse(&sha256).err(), Some(StunDrop::UnknownRequired));

    let first = MessageBuilder::request(1).integrity(PASSWORD).check("ours:theirs", true);
    assert_eq!(parse(&first.fingerprint().bytes()).err(), Some(StunDrop::Incomplete));
}

#[test]
fn what_stands_behind_integrity_is_not_read() {
    let check = MessageBuilder::request(1).check("ours:theirs", false).integrity(PASSWORD);
    let datagram = check.attribute(attribute::USE_CANDIDATE, &[]).fingerprint().bytes();
    let request = request(&datagram).expect("well-formed");
    assert!(request.is_authentic(&IceKey::new(PASSWORD.as_bytes())));
    assert!(!request.use_candidate);
}

#[test]
fn a_fingerprint_must_be_there_and_be_last() {
    let check = MessageBuilder::request(1).check("ours:theirs", false).integrity(PASSWORD);
    let absent = check.clone().bytes();
    assert_eq!(parse(&absent).err(), Some(StunDrop::NoFingerprint));
    let followed = check.clone().fingerprint().attribute(0x8022, b"soft").bytes();
    assert_eq!(parse(&followed).err(), Some(StunDrop::BadFingerprint));
    let twice = check.clone().fingerprint().fingerprint().bytes();
    assert_eq!(parse(&twice).err(), Some(StunDrop::BadFingerprint));
    // Right for what stands before it, were it the last.
    let mut inner = check.fingerprint().attribute(0x8022, b"soft").bytes();
    let place = inner.len() - 16;
    let value = super::fingerprint::fingerprint(&inner[..place]);
    inner[place + 4..place + 8].copy_from_slice(&value.to_be_bytes());
    assert_eq!(parse(&inner).err(), Some(StunDrop::BadFingerprint));
}

#[test]
fn an_attribute_that_must_be_understood_and_is_not_ends_the_message() {
    let check = MessageBuilder::request(1).check("ours:theirs", false);
    let required = check.clone().attribute(0x0014, b"realm").integrity(PASSWORD).fingerprint();
    assert_eq!(parse(&required.bytes()).err(), Some(StunDrop::UnknownRequired));
    // libwebrtc's network information is optional.
    let optional = check.attribute(0xC057, &[0, 1, 0, 10]).integrity(PASSWORD).fingerprint();
    assert!(is_accepted(&optional.bytes(), PASSWORD));
}

#[test]
fn an_attribute_of_a_check_stands_once_and_has_its_length() {
    let check = MessageBuilder::request(1).check("ours:theirs", true);
    let ended = |builder: MessageBuilder| builder.integrity(PASSWORD).fingerprint().bytes();
    let username = check.clone().attribute(attribute::USERNAME, b"ours:others");
    assert_eq!(parse(&ended(username)).err(), Some(StunDrop::Duplicate));
    let both_roles = check.clone().attribute(attribute::ICE_CONTROLLED, &[1; 8]);
    assert_eq!(parse(&ended(both_roles)).err(), Some(StunDrop::Duplicate));
    let no_colon = MessageBuilder::request(1).attribute(attribute::USERNAME, b"ours");
    assert_eq!(parse(&ended(no_colon)).err(), Some(StunDrop::Incomplete));
    for (kind, length) in [
        (attribute::PRIORITY, 5),
        (attribute::USE_CANDIDATE, 1),
        (attribute::ICE_CONTROLLING, 7),
        (attribute::XOR_MAPPED_ADDRESS, 3),
        (attribute::ERROR_CODE, 3),
    ] {
        let wrong = MessageBuilder::request(1).attribute(kind, &vec![0; length]);
        assert_eq!(parse(&ended(wrong)).err(), Some(StunDrop::BadAttribute), "{kind:#x}");
    }
}

#[test]
fn only_binding_requests_and_responses_of_the_second_edition_are_read() {
    for message_type in [0x0011, 0x0003, 0x0103, 0x0002] {
        let other = MessageBuilder::new(message_type, [0; 12]).integrity(PASSWORD).fingerprint();
        assert_eq!(parse(&other.bytes()).err(), Some(StunDrop::NotBinding), "{message_type:#x}");
    }
    let mut first_edition = hex(SAMPLE_REQUEST);
    first_edition[4] ^= 1;
    assert_eq!(parse(&first_edition).err(), Some(StunDrop::NotStun));
}

#[test]
fn a_check_of_ours_is_what_the_other_side_accepts() {
    let check = Check {
        transaction_id: TransactionId([9; 12]),
        remote_ufrag: b"theirs",
        local_ufrag: b"ours",
        priority: 0x6EFF_FFFF,
        tie_breaker: 42,
    };
    let mut out = [0; REQUEST_LENGTH_MAX];
    let key = IceKey::new(PASSWORD.as_bytes());
    let length = write_check(&mut out, &check, &key).expect("short names");
    let request = request(&out[..length]).expect("well-formed");
    assert_eq!(request.transaction_id, check.transaction_id);
    assert_eq!((request.local_ufrag(), request.remote_ufrag()), (&b"theirs"[..], &b"ours"[..]));
    assert_eq!(request.priority, Some(check.priority));
    assert_eq!(request.role, Some(Role::Controlled(42)));
    assert!(!request.use_candidate);
    assert!(request.is_authentic(&key));
}

#[test]
fn the_longest_names_fit_and_longer_ones_are_refused() {
    let name = [b'a'; 256];
    let mut check = Check {
        transaction_id: TransactionId([9; 12]),
        remote_ufrag: &name,
        local_ufrag: &name[..251],
        priority: 1,
        tie_breaker: 2,
    };
    let mut out = [0; REQUEST_LENGTH_MAX];
    let key = IceKey::new(b"pwd");
    assert_eq!(write_check(&mut out, &check, &key), Some(REQUEST_LENGTH_MAX));
    check.local_ufrag = &name[..252];
    assert_eq!(write_check(&mut out, &check, &key), None);
}

#[test]
fn a_response_names_the_address_as_the_client_knows_it() {
    let key = IceKey::new(PASSWORD.as_bytes());
    let id = TransactionId(*b"0123456789ab");
    for (from, named, expected_length) in [
        ("192.0.2.7:5004", "192.0.2.7:5004", 64),
        ("[::ffff:192.0.2.7]:5004", "192.0.2.7:5004", 64),
        ("[2001:db8::7]:5004", "[2001:db8::7]:5004", SUCCESS_LENGTH_MAX),
    ] {
        let mut out = [0; SUCCESS_LENGTH_MAX];
        let length = write_success(&mut out, id, address(from), &key);
        assert_eq!(length, expected_length);
        let success = success(&out[..length]).expect("well-formed");
        assert_eq!((success.transaction_id, success.mapped), (id, address(named)));
        assert!(success.is_authentic(&key));
    }
}

#[test]
fn a_role_conflict_says_487() {
    let key = IceKey::new(PASSWORD.as_bytes());
    let mut out = [0; SUCCESS_LENGTH_MAX];
    let id = TransactionId([3; 12]);
    let length = write_role_conflict(&mut out, id, &key);
    assert!(matches!(parse(&out[..length]), Ok(Message::Error(named, 487)) if named == id));
}

proptest! {
    #[test]
    fn any_bytes_are_a_message_or_a_reason(
        mut datagram in proptest::collection::vec(any::<u8>(), 0..200),
        keep_header in any::<bool>(),
    ) {
        if keep_header && datagram.len() >= HEADER_LENGTH {
            datagram.truncate(datagram.len() & !3);
            let length = (datagram.len() - HEADER_LENGTH) as u16;
            datagram[..2].copy_from_slice(&message_type::REQUEST.to_be_bytes());
            datagram[2..4].copy_from_slice(&length.to_be_bytes());
            datagram[4..8].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
        }
        prop_assert!(!is_accepted(&datagram, PASSWORD));
    }

    #[test]
    fn a_mutant_of_a_valid_request_says_the_same_or_nothing(
        place in 0..108_usize,
        cut in 0..12_usize,
        inserted in proptest::collection::vec(any::<u8>(), 0..12),
    ) {
        let original = hex(SAMPLE_REQUEST);
        let mut mutant = original.clone();
        let end = (place + cut).min(mutant.len());
        mutant.splice(place..end, inserted);
        mutant.truncate(mutant.len() & !3);
        // Length and FINGERPRINT are made to match: nobody needs the password for that.
        if mutant.len() >= HEADER_LENGTH + 8 {
            let length = (mutant.len() - HEADER_LENGTH) as u16;
            mutant[2..4].copy_from_slice(&length.to_be_bytes());
            let end = mutant.len() - 8;
            let value = super::fingerprint::fingerprint(&mutant[..end]);
            mutant[end + 4..].copy_from_slice(&value.to_be_bytes());
        }
        if is_accepted(&mutant, PASSWORD) {
            let (mutant, original) = (request(&mutant), request(&original));
            let (mutant, original) = (mutant.expect("accepted"), original.expect("a vector"));
            prop_assert_eq!(content(&mutant), content(&original));
        }
    }

    #[test]
    fn an_address_survives_its_response(bits in any::<u128>(), port in any::<u16>(), id: [u8; 12]) {
        let from = SocketAddr::new(std::net::Ipv6Addr::from_bits(bits).into(), port);
        let mut out = [0; SUCCESS_LENGTH_MAX];
        let length = write_success(&mut out, TransactionId(id), from, &IceKey::new(b"pwd"));
        let read = success(&out[..length]).expect("well-formed");
        prop_assert_eq!(read.mapped.ip(), from.ip().to_canonical());
        prop_assert_eq!(read.mapped.port(), port);
    }
}
