//! The parts of a handshake, each for itself.

use super::{
    FRAGMENTS_MAX, Fingerprint, HandshakeError, MESSAGE_BYTES_MAX,
    client_hello::choose_profile,
    reassembly::{MessageKind, Pushed, Reassembler},
    record::{self, Fragment},
};
use crate::srtp::Profile;
use proptest::prelude::*;

const BOTH: [Profile; 2] = [Profile::AeadAes128Gcm, Profile::AesCm128HmacSha1_80];

#[test]
fn a_fingerprint_reads_what_it_writes() {
    let fingerprint = Fingerprint::of_certificate(b"certificate");
    let text = fingerprint.to_string();
    assert_eq!(text.len(), 95);
    assert_eq!(Fingerprint::parse(&text), Ok(fingerprint));
    assert_eq!(Fingerprint::parse(&text.to_lowercase()), Ok(fingerprint));
    for bad in [&text[3..], &text.replace(':', ""), &format!("{text}:00"), &text.replace(':', "+")]
    {
        assert!(Fingerprint::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_wanted_profile_wins_over_the_clients_order() {
    let hello = client_hello(&[(14, &[0, 6, 0, 2, 0, 1, 0, 7, 0])]);
    assert_eq!(choose_profile(&hello, &BOTH), Some(Profile::AeadAes128Gcm));
    assert_eq!(choose_profile(&hello, &BOTH[1..]), Some(Profile::AesCm128HmacSha1_80));
    let only_others = client_hello(&[(14, &[0, 4, 0, 2, 0, 8, 0])]);
    assert_eq!(choose_profile(&only_others, &BOTH), None);
}

#[test]
fn use_srtp_is_found_behind_other_extensions() {
    let hello = client_hello(&[(51, &[7; 1_300]), (23, &[]), (14, &[0, 2, 0, 7, 0])]);
    assert_eq!(choose_profile(&hello, &BOTH), Some(Profile::AeadAes128Gcm));
    for length in 0..hello.len() - 1 {
        assert_eq!(choose_profile(&hello[..length], &BOTH), None, "cut to {length} bytes");
    }
}

#[test]
fn messages_come_out_whole_once_and_in_order() {
    let mut reassembler = Reassembler::default();
    let hello = [1_u8, 2, 3, 4, 5, 6];
    push(&mut reassembler, 11, 1, 2, 0, &[8, 9]);
    push(&mut reassembler, 1, 0, 6, 4, &hello[4..]);
    push(&mut reassembler, 1, 0, 6, 0, &hello[..2]);
    assert_eq!(reassembler.pop(), None);
    push(&mut reassembler, 1, 0, 6, 1, &hello[1..5]);
    let first = reassembler.pop().expect("a message").expect("in order");
    assert_eq!((first.kind, first.message_seq), (MessageKind::ClientHello, 0));
    assert_eq!(first.body, hello);
    let second = reassembler.pop().expect("a message").expect("in order");
    assert_eq!((second.kind, second.body), (MessageKind::Certificate, vec![8, 9]));
    assert_eq!(reassembler.pop(), None);
}

#[test]
fn the_last_message_again_is_a_repetition_and_an_older_one_is_nothing() {
    let mut reassembler = Reassembler::default();
    push(&mut reassembler, 1, 0, 1, 0, &[1]);
    assert!(reassembler.pop().is_some());
    assert_eq!(push(&mut reassembler, 1, 0, 1, 0, &[1]), Pushed::Repeated);
    push(&mut reassembler, 1, 1, 1, 0, &[1]);
    assert!(reassembler.pop().is_some());
    assert_eq!(push(&mut reassembler, 1, 0, 1, 0, &[1]), Pushed::Taken);
    assert_eq!(reassembler.pop(), None);
}

#[test]
fn a_certificate_without_its_proof_is_out_of_order() {
    for wrong in [[1, 16], [1, 15], [11, 16], [16, 15]] {
        let mut reassembler = Reassembler::default();
        let popped = wrong.iter().zip(0..).map(|(&kind, seq)| {
            push(&mut reassembler, kind, seq, 1, 0, &[0]);
            reassembler.pop().expect("a message")
        });
        assert!(popped.into_iter().any(|p| p == Err(HandshakeError::OutOfOrder)), "{wrong:?}");
    }
}

#[test]
fn worthless_fragments_do_not_count() {
    let mut reassembler = Reassembler::default();
    for seq in 0..50_000 {
        push(&mut reassembler, 11, seq, 30_000, 0, &[]); // empty
        push(&mut reassembler, 11, seq.wrapping_add(8).max(8), 30_000, 0, &[1]); // too far ahead
        push(&mut reassembler, 99, seq, 30_000, 0, &[1]); // no message of a client
        push(&mut reassembler, 1, 0, 2, 0, &[1]); // the same again
    }
    push(&mut reassembler, 1, 0, 2, 1, &[1]);
    assert!(reassembler.pop().is_some());
}

proptest! {
    #[test]
    fn any_pieces_make_the_message_or_hit_a_limit(
        body in prop::collection::vec(any::<u8>(), 1..2_000),
        cuts in prop::collection::vec((any::<u16>(), 1_usize..900), 0..FRAGMENTS_MAX),
    ) {
        let mut reassembler = Reassembler::default();
        let mut covered = vec![false; body.len()];
        for (offset, length) in cuts {
            let offset = usize::from(offset) % body.len();
            let end = (offset + length).min(body.len());
            covered[offset..end].fill(true);
            push(&mut reassembler, 1, 0, body.len(), offset, &body[offset..end]);
        }
        match reassembler.pop() {
            Some(message) => {
                prop_assert!(covered.iter().all(|is_covered| *is_covered));
                prop_assert_eq!(message.expect("in order").body, body);
            }
            None => prop_assert!(covered.iter().any(|is_covered| !is_covered)),
        }
    }

    #[test]
    fn no_datagram_makes_the_readers_reach_outside(
        datagram in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut reassembler = Reassembler::default();
        for record in record::records(&datagram) {
            prop_assert!(record.whole.len() <= datagram.len());
            for fragment in record::fragments(record.content) {
                let _ = reassembler.push(&fragment);
            }
        }
        for fragment in record::fragments(&datagram) {
            let end = fragment.offset + fragment.body.len();
            prop_assert!(end <= fragment.message_length);
            let result = reassembler.push(&fragment);
            prop_assert!(result.is_ok() || fragment.message_length > MESSAGE_BYTES_MAX / 4);
        }
        let _ = choose_profile(&datagram, &BOTH);
    }
}

#[track_caller]
fn push(
    reassembler: &mut Reassembler,
    kind: u8,
    message_seq: u16,
    message_length: usize,
    offset: usize,
    body: &[u8],
) -> Pushed {
    let fragment = Fragment { kind, message_length, message_seq, offset, body };
    reassembler.push(&fragment).expect("within the limits")
}

/// A ClientHello with these extensions, as RFC 5246 §7.4.1.2 and RFC 6347 §4.2.1 lay it out.
fn client_hello(extensions: &[(u16, &[u8])]) -> Vec<u8> {
    let mut hello = vec![0xFE, 0xFD];
    hello.extend([5; 32]); // random
    hello.extend([0, 2, 6, 6]); // no session id, a cookie of two bytes
    hello.extend([0, 2, 0xC0, 0x2B, 1, 0]); // one cipher suite, no compression
    let mut block = Vec::new();
    for (kind, body) in extensions {
        block.extend(kind.to_be_bytes());
        block.extend((body.len() as u16).to_be_bytes());
        block.extend(*body);
    }
    hello.extend((block.len() as u16).to_be_bytes());
    hello.extend(block);
    hello
}
