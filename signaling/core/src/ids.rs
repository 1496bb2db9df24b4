//! Names that the machines give out: participants, tickets, sockets.

use std::{fmt, str::FromStr};

use protocol::{ParticipantId, RoomId};

/// A WebSocket of the shell, numbered by the shell and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

/// Gives out participant ids that look random and do not repeat for 2^32 − 1 of them.
#[derive(Debug)]
pub(crate) struct ParticipantIds {
    seed: u32,
    given: u32,
}

impl ParticipantIds {
    pub(crate) fn new(seed: u32) -> Self {
        ParticipantIds { seed, given: 0 }
    }

    pub(crate) fn next(&mut self) -> ParticipantId {
        loop {
            self.given = self.given.wrapping_add(1);
            // 0 is no CSRC and the protocol's "nobody".
            match mix(self.given.wrapping_add(self.seed)) {
                0 => {}
                id => return ParticipantId(id),
            }
        }
    }
}

/// The finalizer of MurmurHash3 (Appleby, public domain): a bijection, so distinct inputs stay so.
fn mix(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x85EB_CA6B);
    x ^= x >> 13;
    x = x.wrapping_mul(0xC2B2_AE35);
    x ^ (x >> 16)
}

/// Random bytes that the shell gives for one session.
pub type SessionSecret = [u8; 16];

/// Opens a session again: where it is, and the secret that proves whose it is.
#[derive(Clone, Copy)]
pub(crate) struct Ticket {
    pub(crate) room: RoomId,
    pub(crate) participant: ParticipantId,
    pub(crate) secret: SessionSecret,
}

impl Ticket {
    /// Whether the secret is this one, in the same time whatever it is.
    pub(crate) fn proves(&self, secret: &SessionSecret) -> bool {
        let difference = self.secret.iter().zip(secret).fold(0, |d, (a, b)| d | (a ^ b));
        std::hint::black_box(difference) == 0
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = u128::from_be_bytes(self.secret);
        write!(f, "{:x}.{:x}.{secret:032x}", self.room.get(), self.participant.get())
    }
}

/// Not a ticket of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BadTicket;

impl FromStr for Ticket {
    type Err = BadTicket;

    fn from_str(text: &str) -> Result<Self, BadTicket> {
        let mut parts = text.split('.');
        let mut part = || parts.next().ok_or(BadTicket);
        let (room, participant, secret) = (part()?, part()?, part()?);
        Ok(Ticket {
            room: RoomId(u64::from_str_radix(room, 16).map_err(|_| BadTicket)?),
            participant: ParticipantId(
                u32::from_str_radix(participant, 16).map_err(|_| BadTicket)?,
            ),
            secret: u128::from_str_radix(secret, 16).map_err(|_| BadTicket)?.to_be_bytes(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn participant_ids_are_never_zero_and_never_repeat() {
        // Seeds that meet the one input of which the mix is 0, and the wrap of the counter.
        for seed in [0, u32::MAX, u32::MAX - 5000, 0x1234_5678] {
            let mut ids = ParticipantIds::new(seed);
            let seen: BTreeSet<_> = (0..10_000).map(|_| ids.next().get()).collect();
            assert_eq!(seen.len(), 10_000);
            assert!(!seen.contains(&0));
        }
    }

    proptest! {
        #[test]
        fn tickets_come_back_as_they_went(room: u64, participant: u32, secret: [u8; 16]) {
            let ticket = Ticket {
                room: RoomId(room),
                participant: ParticipantId(participant),
                secret,
            };
            let back: Ticket = ticket.to_string().parse().expect("a ticket");
            prop_assert_eq!((back.room, back.participant), (ticket.room, ticket.participant));
            prop_assert!(back.proves(&secret));
            let mut other = secret;
            other[usize::from(secret[0] % 16)] ^= 1;
            prop_assert!(!back.proves(&other));
        }

        #[test]
        fn no_text_breaks_a_ticket(text in "\\PC{0,60}") {
            let _ = text.parse::<Ticket>();
        }
    }
}
