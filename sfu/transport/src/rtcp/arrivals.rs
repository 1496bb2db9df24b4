//! Records when packets with a transport-wide number arrive, and writes that as transport-wide
//! feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).
//!
//! A log is 2 KiB and never grows; a number costs constant time, a jump at most [`LOG_LENGTH`]
//! steps. Only authentic packets belong into it.

use protocol::{
    Instant,
    media::{SeqNo, Ssrc},
};

use super::{NoRoom, RtcpWriter, feedback, packet_type, twcc};

/// How many packets a log remembers: 0.8 s of a participant who sends 5 Mb/s.
pub const LOG_LENGTH: usize = 512;

/// Bytes of a message before its chunks, without the header: two SSRCs and 8 bytes of head.
const HEAD_LENGTH: usize = 16;

/// The arrivals on one transport that are still to be reported, and as many as fit before them.
#[derive(Clone, Debug)]
pub struct ArrivalLog {
    /// By number: when it arrived, in units of 250 µs. They wrap together with the reference time
    /// of the messages, whose unit is 256 of these.
    ticks: [u32; LOG_LENGTH],
    /// A bit by number: whether it arrived.
    is_received: [u64; LOG_LENGTH / 64],
    /// The first number to report.
    first: SeqNo,
    /// The number after the highest.
    end: SeqNo,
    /// A stream of the transport, once there is one.
    media: Option<Ssrc>,
    feedback_count: u8,
}

impl Default for ArrivalLog {
    fn default() -> Self {
        ArrivalLog {
            ticks: [0; LOG_LENGTH],
            is_received: [0; LOG_LENGTH / 64],
            first: SeqNo(0),
            end: SeqNo(0),
            media: None,
            feedback_count: 0,
        }
    }
}

impl ArrivalLog {
    /// Notes that the packet `seq` of the stream `media` arrived at `now`. The first arrival of a
    /// number counts, and one that is [`LOG_LENGTH`] or more behind is passed over. One that comes
    /// after it was reported lost is reported again, with all after it.
    pub fn record(&mut self, now: Instant, media: Ssrc, seq: SeqNo) {
        if self.media.replace(media).is_none() {
            (self.first, self.end) = (seq, seq);
        }
        let ahead = seq.distance_from(self.end);
        if ahead >= 0 {
            self.advance(seq, ahead as usize);
        } else if -i32::from(ahead) > LOG_LENGTH as i32 || self.arrival(seq).is_some() {
            return;
        } else if seq.distance_from(self.first) < 0 {
            self.first = seq;
        }
        let place = place(seq);
        self.ticks[place] = (now.as_micros() / twcc::TICK_MICROS as u64) as u32;
        self.is_received[place / 64] |= 1 << (place % 64);
    }

    /// Whether there is something to report.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.pending() > 0
    }

    /// How many numbers there are to report, lost ones among them.
    #[must_use]
    pub fn pending(&self) -> usize {
        usize::from(self.end.0.wrapping_sub(self.first.0))
    }

    /// Makes `seq`, `gap` numbers after the end, the highest.
    fn advance(&mut self, seq: SeqNo, gap: usize) {
        for step in 0..=gap.min(LOG_LENGTH - 1) {
            let place = place(SeqNo(seq.0.wrapping_sub(step as u16)));
            self.is_received[place / 64] &= !(1 << (place % 64));
        }
        self.end = seq.add(1);
        if self.pending() > LOG_LENGTH {
            self.first = SeqNo(self.end.0.wrapping_sub(LOG_LENGTH as u16));
        }
    }

    /// When `seq`, which is at most [`LOG_LENGTH`] behind the end, arrived.
    fn arrival(&self, seq: SeqNo) -> Option<u32> {
        let place = place(seq);
        let is_received = self.is_received[place / 64] >> (place % 64) & 1 == 1;
        is_received.then(|| self.ticks[place])
    }

    /// The symbols of the next message, of at most `length_max` bytes.
    fn draft(&self, length_max: usize) -> Draft {
        let mut draft = Draft {
            symbols: [0; LOG_LENGTH],
            count: 0,
            reference: 0,
            deltas_length: 0,
            has_arrival: false,
        };
        let mut last = 0;
        for step in 0..self.pending() as u16 {
            let symbol = match self.arrival(self.first.add(step)) {
                None => twcc::NOT_RECEIVED,
                Some(ticks) => {
                    if !draft.has_arrival {
                        last = ticks & !0xFF;
                    }
                    let delta = ticks.wrapping_sub(last) as i32;
                    match (u8::try_from(delta), i16::try_from(delta)) {
                        (Ok(_), _) => twcc::SMALL_DELTA,
                        (Err(_), Ok(_)) => twcc::LARGE_DELTA,
                        // 8 s apart: the next message begins anew.
                        (Err(_), Err(_)) => break,
                    }
                }
            };
            // A symbol is as many as its delta has bytes. Every seven take one chunk at most.
            let deltas_length = draft.deltas_length + usize::from(symbol);
            let chunks_length = 2 * (draft.count + 1).div_ceil(twcc::TWO_BIT_SYMBOLS);
            if HEAD_LENGTH + (chunks_length + deltas_length).next_multiple_of(4) > length_max {
                break;
            }
            if let Some(ticks) = self.arrival(self.first.add(step)) {
                if !draft.has_arrival {
                    (draft.has_arrival, draft.reference) = (true, ticks >> 8);
                }
                last = ticks;
            }
            draft.symbols[draft.count] = symbol as u8;
            draft.count += 1;
            draft.deltas_length = deltas_length;
        }
        draft
    }
}

fn place(seq: SeqNo) -> usize {
    usize::from(seq.0) % LOG_LENGTH
}

impl RtcpWriter<'_> {
    /// Appends what `log` has to report, as much as there is room for, and marks it as reported.
    /// Call it again, in a compound of its own if need be, while [`ArrivalLog::is_pending`].
    ///
    /// # Errors
    /// [`NoRoom`], also where there is nothing to report.
    pub fn transport_feedback(&mut self, sender: Ssrc, log: &mut ArrivalLog) -> Result<(), NoRoom> {
        let media = log.media.ok_or(NoRoom)?;
        let draft = log.draft(self.room());
        if !draft.has_arrival {
            return Err(NoRoom);
        }
        let chunks_length = 2 * draft.chunks().count();
        let body_length = HEAD_LENGTH + (chunks_length + draft.deltas_length).next_multiple_of(4);
        let format = usize::from(feedback::TRANSPORT_WIDE);
        let mut body = self.begin(packet_type::TRANSPORT_FEEDBACK, format, body_length)?;
        body.ssrcs(&[sender, media]);
        body.word(u32::from(log.first.0) << 16 | draft.count as u32);
        body.word(draft.reference << 8 | u32::from(log.feedback_count));
        for chunk in draft.chunks() {
            body.bytes(&chunk.to_be_bytes());
        }
        let mut last = draft.reference << 8;
        for step in 0..draft.count as u16 {
            let Some(ticks) = log.arrival(log.first.add(step)) else { continue };
            let delta = ticks.wrapping_sub(last) as u16;
            match u16::from(draft.symbols[usize::from(step)]) {
                twcc::SMALL_DELTA => body.bytes(&[delta as u8]),
                _ => body.bytes(&delta.to_be_bytes()),
            }
            last = ticks;
        }
        body.zeros();
        log.first = log.first.add(draft.count as u16);
        log.feedback_count = log.feedback_count.wrapping_add(1);
        Ok(())
    }
}

/// What a message will say.
struct Draft {
    symbols: [u8; LOG_LENGTH],
    count: usize,
    /// In units of 64 ms.
    reference: u32,
    deltas_length: usize,
    has_arrival: bool,
}

impl Draft {
    /// The symbols as chunks; each is of the kind that holds the most of what is left.
    fn chunks(&self) -> impl Iterator<Item = u16> {
        let mut rest = &self.symbols[..self.count];
        std::iter::from_fn(move || {
            let first = u16::from(*rest.first()?);
            let run = rest.iter().take_while(|symbol| u16::from(**symbol) == first).count();
            let narrow = rest.iter().take_while(|symbol| **symbol < 2).count();
            let one_bit = narrow.min(twcc::ONE_BIT_SYMBOLS);
            let two_bit = rest.len().min(twcc::TWO_BIT_SYMBOLS);
            let has_one_bit = one_bit == twcc::ONE_BIT_SYMBOLS || one_bit == rest.len();
            let (chunk, used) = if run >= two_bit && (run >= one_bit || !has_one_bit) {
                (first << 13 | run as u16, run)
            } else if has_one_bit {
                (0b10 << 14 | pack(&rest[..one_bit], 1), one_bit)
            } else {
                (0b11 << 14 | pack(&rest[..two_bit], 2), two_bit)
            };
            rest = &rest[used..];
            Some(chunk)
        })
    }
}

/// Symbols of `width` bits from bit 13 downwards; missing ones are [`twcc::NOT_RECEIVED`].
fn pack(symbols: &[u8], width: usize) -> u16 {
    symbols
        .iter()
        .zip(1..)
        .fold(0, |packed, (symbol, place)| packed | u16::from(*symbol) << (14 - width * place))
}

#[cfg(test)]
mod tests;
