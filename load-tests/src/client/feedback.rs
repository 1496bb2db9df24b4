//! What a model client tells of the packets that it gets: transport-wide feedback and NACK.
//!
//! Written apart from the node's own code, so that a mistake there is not repeated here.

use std::collections::BTreeMap;

use protocol::{
    Duration, Instant,
    media::{SeqNo, Ssrc},
};

/// Time between messages.
const INTERVAL: Duration = Duration::from_millis(50);

/// Arrivals that are told again where a late packet lies before them.
const REMEMBERED: Duration = Duration::from_millis(500);

/// Steps of arrival times.
const TICK_US: i64 = 250;

/// Units of the reference time.
const REFERENCE_US: i64 = 64_000;

/// What a client says of arrivals that is not so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// One packet of three came.
    MostlyLost,
    /// Each takes longer than the one before: time goes a quarter faster.
    EverLater,
    /// They come four times as fast as they do.
    EverSooner,
    /// Each came up to half a second earlier, anyhow.
    Scrambled,
}

impl Lie {
    /// When a packet is said to have come that came `now`, if it is.
    pub(super) fn arrival(self, now: Instant, seq: u16) -> Option<Instant> {
        let micros = now.as_micros();
        let told = match self {
            Lie::MostlyLost => return seq.is_multiple_of(3).then_some(now),
            Lie::EverLater => micros + micros / 4,
            Lie::EverSooner => micros / 4,
            Lie::Scrambled => {
                let hash = u64::from(seq).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
                micros.saturating_sub(hash % 500_000)
            }
        };
        Some(Instant::from_micros(told))
    }
}

/// Packets that arrived, by their transport-wide number.
#[derive(Clone, Debug, Default)]
pub(super) struct TransportArrivals {
    arrived: BTreeMap<u64, Instant>,
    highest: Option<u64>,
    /// The lowest number that was not told.
    untold: Option<u64>,
    due: Option<Instant>,
    messages: u8,
}

impl TransportArrivals {
    /// Takes the number of a packet that is said to have come `at` some instant.
    pub(super) fn note(&mut self, now: Instant, at: Instant, seq: u16) {
        let highest = self.highest.unwrap_or(u64::from(seq) + (1 << 16));
        let step = SeqNo(seq).distance_from(SeqNo(highest as u16));
        let extended = highest.wrapping_add_signed(i64::from(step));
        self.highest = Some(highest.max(extended));
        self.arrived.entry(extended).or_insert(at);
        self.untold = Some(self.untold.map_or(extended, |untold| untold.min(extended)));
        self.due.get_or_insert(now + INTERVAL);
    }

    /// When the next message is to be sent.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// A message about what was not told yet (draft-holmer-rmcat-transport-wide-cc-extensions-01
    /// §3.1).
    pub(super) fn take(&mut self, now: Instant, sender: Ssrc, media: Ssrc) -> Option<Vec<u8>> {
        self.due = None;
        let (base, highest) = (self.untold.take()?, self.highest?);
        let first = *self.arrived.get(&base)?;
        let reference = first.as_micros() as i64 / REFERENCE_US;
        let mut symbols = Vec::new();
        let mut deltas = Vec::new();
        let mut ticks = reference * REFERENCE_US / TICK_US;
        for seq in base..=highest {
            let Some(at) = self.arrived.get(&seq) else {
                symbols.push(0_u8);
                continue;
            };
            let at_ticks = at.as_micros() as i64 / TICK_US;
            let delta = at_ticks - ticks;
            ticks = at_ticks;
            if let Ok(delta) = u8::try_from(delta) {
                symbols.push(1);
                deltas.push(delta);
            } else {
                symbols.push(2);
                let clamped = delta.clamp(i64::from(i16::MIN), i64::from(i16::MAX)) as i16;
                deltas.extend(clamped.to_be_bytes());
            }
        }
        self.untold = None;
        let newest = self.arrived.values().max().map_or(now, |at| *at);
        let oldest = newest.as_micros().saturating_sub(REMEMBERED.as_micros() as u64);
        self.arrived.retain(|_, at| at.as_micros() >= oldest);
        self.messages = self.messages.wrapping_add(1);
        let mut body = Vec::new();
        body.extend(sender.0.to_be_bytes());
        body.extend(media.0.to_be_bytes());
        body.extend((base as u16).to_be_bytes());
        body.extend((symbols.len() as u16).to_be_bytes());
        body.extend(&(reference as u32).to_be_bytes()[1..]);
        body.push(self.messages.wrapping_sub(1));
        for chunk in chunks(&symbols) {
            body.extend(chunk.to_be_bytes());
        }
        body.extend(deltas);
        Some(packet(205, 15, &body))
    }
}

/// Symbols as runs where seven and more are alike, else as vectors of seven symbols of two bits.
fn chunks(symbols: &[u8]) -> Vec<u16> {
    let mut chunks = Vec::new();
    let mut rest = symbols;
    while let Some(&first) = rest.first() {
        let run = rest.iter().take_while(|symbol| **symbol == first).count().min(0x1FFF);
        let taken = if run >= 7 {
            chunks.push(u16::from(first) << 13 | run as u16);
            run
        } else {
            let vector = rest.iter().take(7).enumerate();
            let bits = vector.map(|(n, symbol)| u16::from(*symbol) << (12 - 2 * n));
            chunks.push(0xC000 | bits.sum::<u16>());
            rest.len().min(7)
        };
        rest = &rest[taken..];
    }
    chunks
}

/// A generic NACK (RFC 4585 §6.2.1) for packets in the order of their numbers.
pub(super) fn nack(sender: Ssrc, media: Ssrc, lost: &[SeqNo]) -> Vec<u8> {
    let mut body = [sender.0.to_be_bytes(), media.0.to_be_bytes()].concat();
    let mut rest = lost;
    while let Some((pid, after)) = rest.split_first() {
        let covered = after.iter().take_while(|seq| (1..=16).contains(&seq.distance_from(*pid)));
        let count = covered.clone().count();
        let mask = covered.fold(0_u16, |mask, seq| mask | 1 << (seq.distance_from(*pid) - 1));
        body.extend(pid.0.to_be_bytes());
        body.extend(mask.to_be_bytes());
        rest = &after[count..];
    }
    packet(205, 1, &body)
}

/// A packet of RTCP around its body, which is padded to whole words.
pub(super) fn packet(packet_type: u8, count: u8, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let words = (padded / 4) as u16;
    let mut packet = vec![0x80 | count, packet_type];
    packet.extend(words.to_be_bytes());
    packet.extend(body);
    packet.resize(4 + padded, 0);
    packet
}

#[cfg(test)]
mod tests {
    use sfu_transport::rtcp::{ReferenceClock, Rtcp, RtcpPackets};

    use super::*;

    #[test]
    fn a_message_tells_each_arrival_to_a_tick() {
        let mut arrivals = TransportArrivals::default();
        let arrived = [
            (65_530, 1_000_000),
            (65_531, 1_000_300),
            (2, 1_200_000),
            (1, 1_201_000),
            (20, 1_201_250),
        ];
        for (seq, at) in arrived {
            let at = Instant::from_micros(at);
            arrivals.note(at, at, seq);
        }
        let now = Instant::from_micros(1_250_000);
        let message = arrivals.take(now, Ssrc(1), Ssrc(2)).expect("something to tell");
        let mut packets = RtcpPackets::try_new(&message).expect("it is well-formed");
        let Some(Rtcp::TransportFeedback(feedback)) = packets.next() else {
            panic!("no transport-wide feedback")
        };
        let reference = ReferenceClock::default().micros(feedback.reference);
        let told = feedback.packets().filter_map(|packet| {
            packet.arrival_micros.map(|at| (packet.seq.0, (reference + at) / 250))
        });
        let mut expected: Vec<(u16, i64)> =
            arrived.iter().map(|(seq, at)| (*seq, *at as i64 / 250)).collect();
        expected.swap(2, 3);
        assert_eq!(told.collect::<Vec<_>>(), expected);
        assert_eq!(feedback.packets().count(), 27);
        assert_eq!(arrivals.take(now, Ssrc(1), Ssrc(2)), None);
    }

    #[test]
    fn a_nack_names_what_is_lost() {
        let lost = [65_535, 0, 15, 16, 40].map(SeqNo);
        let message = nack(Ssrc(1), Ssrc(2), &lost);
        let mut packets = RtcpPackets::try_new(&message).expect("it is well-formed");
        let Some(Rtcp::Nack { lost: named, .. }) = packets.next() else { panic!("no NACK") };
        assert_eq!(named.collect::<Vec<_>>(), lost);
    }
}
