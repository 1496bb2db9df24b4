//! ICE credentials whose ufrag names its session, so that a first check needs no table of names.
//!
//! A ufrag is 4 characters of session number and 8 of randomness: whoever guesses the number still
//! fails the comparison with the whole ufrag and the message integrity.

use protocol::EndpointIndex;
use sfu_transport::ice::IceCredentials;

use crate::random::SeededRandom;

/// Characters that hold the session's number: 24 bits.
const INDEX_CHARS: usize = 4;

/// Fresh credentials for the session at `index`, which is below 2^24.
pub(crate) fn credentials(index: EndpointIndex, random: &mut SeededRandom) -> IceCredentials {
    let mut bytes = random.bytes::<{ IceCredentials::RANDOM_LENGTH }>();
    // Three bytes make four characters.
    bytes[..3].copy_from_slice(&index.get().to_be_bytes()[1..]);
    IceCredentials::from_random(&bytes)
}

/// The session that `ufrag` names, if it is one of ours.
pub(crate) fn session(ufrag: &[u8]) -> Option<EndpointIndex> {
    let digits = ufrag.get(..INDEX_CHARS)?;
    let number = digits.iter().try_fold(0, |number, &char| Some(number << 6 | ice_value(char)?))?;
    Some(EndpointIndex(number))
}

/// The value of an `ice-char` (RFC 8839 §5.4) as [`IceCredentials::from_random`] writes it.
fn ice_value(char: u8) -> Option<u32> {
    let value = match char {
        b'A'..=b'Z' => char - b'A',
        b'a'..=b'z' => char - b'a' + 26,
        b'0'..=b'9' => char - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ufrag_names_its_session_whatever_the_number() {
        let mut random = SeededRandom::new([7; 32]);
        for number in [0, 1, 63, 64, 4_095, 70_000, (1 << 24) - 1] {
            let index = EndpointIndex(number);
            let made = credentials(index, &mut random);
            assert_eq!(session(made.ufrag().as_bytes()), Some(index));
        }
        assert_eq!(session(b"abc"), None);
        assert_eq!(session(b"ab-cdefgh"), None);
    }
}
