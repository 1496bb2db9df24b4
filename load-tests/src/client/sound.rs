//! What a person hears of one slot: which packets came, themselves or as RED, and where sound was
//! missing when it was due.

use std::collections::BTreeMap;

use protocol::{Duration, Instant};

use super::timeline::Timeline;

/// A packet lasts 20 ms, 960 ticks.
const PACKET: Duration = Duration::from_millis(20);
const TICKS: u32 = 960;

/// The least and the most that sound waits for being due.
const DELAY_MIN_US: i64 = 40_000;
const DELAY_MAX_US: i64 = 300_000;

/// How long sound was missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Time that was missing, in stretches of more than 60 ms.
    pub long: Duration,
    /// Time that was missing altogether.
    pub missing: Duration,
    /// The time that was looked at.
    pub heard: Duration,
}

impl Gaps {
    /// The part of the time that was in long gaps.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.long.as_secs_f64() / self.heard.as_secs_f64().max(1e-9)
    }

    fn end_stretch(&mut self, stretch: Duration) {
        if stretch > Duration::from_millis(60) {
            self.long += stretch;
        }
    }
}

/// One slot's sound.
#[derive(Clone, Debug, Default)]
pub(super) struct Sound {
    /// When each packet was first there, and its timestamp.
    packets: BTreeMap<u64, (Instant, u32)>,
    /// Packets that were only there as RED.
    pub(super) recovered: u64,
}

impl Sound {
    /// Takes a packet; `red` are its redundant blocks.
    pub(super) fn take(&mut self, now: Instant, seq: u64, timestamp: u32, red: &[Block<'_>]) {
        self.packets.entry(seq).or_insert((now, timestamp));
        for block in red {
            let steps = u64::from(u32::from(block.offset) / TICKS);
            let earlier = timestamp.wrapping_sub(u32::from(block.offset));
            let Some(place) = seq.checked_sub(steps).filter(|_| steps > 0) else { continue };
            // A block may be of before a pause, in which no number was sent.
            let is_other = |(_, other): &(Instant, u32)| *other != earlier;
            if self.packets.get(&place).is_some_and(is_other) {
                continue;
            }
            self.packets.entry(place).or_insert_with(|| {
                self.recovered += 1;
                (now, earlier)
            });
        }
    }

    /// What was missing of the packets that were due between two instants.
    ///
    /// Sound is due by the fastest way that it had lately and a delay that follows how late packets
    /// come: it rises at once and falls by a five-hundredth with each packet.
    pub(super) fn gaps(&self, since: Instant, until: Instant) -> Gaps {
        let mut timeline = Timeline::new(48);
        let mut gaps = Gaps::default();
        let mut delay_us = DELAY_MIN_US;
        let mut stretch = Duration::ZERO;
        let mut last = None;
        for (&seq, &(at, timestamp)) in &self.packets {
            let lateness = timeline.note(at, timestamp);
            let due = timeline.at(timeline.clone().media_us(timestamp), delay_us);
            let skipped = last.map_or(0, |last| seq - last - 1) as u32;
            last = Some(seq);
            let is_looked_at = (since..until).contains(&due);
            let lost = u32::from(at > due) + skipped;
            if is_looked_at {
                gaps.heard += PACKET * (skipped + 1);
                gaps.missing += PACKET * lost;
                stretch += PACKET * skipped;
                if at > due {
                    stretch += PACKET;
                } else {
                    gaps.end_stretch(std::mem::take(&mut stretch));
                }
            }
            delay_us -= (delay_us - DELAY_MIN_US) / 500;
            delay_us = delay_us.max(lateness + 10_000).min(DELAY_MAX_US);
        }
        gaps.end_stretch(stretch);
        gaps
    }
}

/// A redundant block of a RED payload (RFC 2198 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block<'p> {
    /// How many ticks before the packet's own timestamp.
    pub(super) offset: u16,
    pub(super) bytes: &'p [u8],
}

/// The redundant blocks of a RED payload; `None` if its lengths do not fit.
pub(super) fn read_red(payload: &[u8]) -> Option<Vec<Block<'_>>> {
    let mut heads = Vec::new();
    let mut rest = payload;
    while rest.first()? & 0x80 != 0 {
        let (head, after) = rest.split_first_chunk::<4>()?;
        let word = u32::from_be_bytes(*head);
        heads.push((((word >> 10) & 0x3FFF) as u16, (word & 0x3FF) as usize));
        rest = after;
    }
    rest = &rest[1..];
    let mut blocks = Vec::new();
    for (offset, length) in heads {
        let (bytes, after) = rest.split_at_checked(length)?;
        blocks.push(Block { offset, bytes });
        rest = after;
    }
    Some(blocks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_micros(millis * 1_000)
    }

    fn sound(lost: impl Fn(u64) -> bool, red: usize) -> Sound {
        let mut sound = Sound::default();
        let blocks: Vec<Block<'_>> =
            (1..=red as u16).map(|n| Block { offset: n * 960, bytes: &[] }).collect();
        for n in (0..500).filter(|n| !lost(*n)) {
            sound.take(at(1_000 + n * 20), n, n as u32 * TICKS, &blocks);
        }
        sound
    }

    #[test]
    fn a_gap_of_four_packets_counts_and_one_of_three_does_not() {
        let four = sound(|n| (100..104).contains(&n), 0).gaps(at(0), at(20_000));
        assert_eq!(four.long, Duration::from_millis(80));
        let three = sound(|n| (100..103).contains(&n), 0).gaps(at(0), at(20_000));
        assert_eq!((three.long, three.missing), (Duration::ZERO, Duration::from_millis(60)));
    }

    #[test]
    fn redundancy_fills_what_it_reaches() {
        let gaps = sound(|n| n % 10 == 0 || n % 10 == 1, 2).gaps(at(0), at(20_000));
        assert_eq!(gaps.long, Duration::ZERO);
        assert!(gaps.missing <= Duration::from_millis(60), "{gaps:?}");
    }

    #[test]
    fn red_blocks_are_found_by_their_lengths() {
        // One block of 2 bytes 960 ticks ago, then the primary.
        let payload = [0x80 | 111, 960_u16.to_be_bytes()[0] << 2 | 0x0F, 0x00, 2, 111, 7, 8, 9];
        let word = u32::from_be_bytes([payload[0], 0, 0, 0]) | 960 << 10 | 2;
        let payload = [&word.to_be_bytes()[..], &payload[4..]].concat();
        assert_eq!(read_red(&payload), Some(vec![Block { offset: 960, bytes: &[7, 8] }]));
        assert_eq!(read_red(&payload[..6]), None);
        assert_eq!(read_red(&[]), None);
    }
}
