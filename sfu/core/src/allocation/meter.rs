//! What each published layer takes, measured where it comes in.
//!
//! Bytes and frames of each temporal layer are counted over windows of one second and smoothed: a
//! rise counts half at once, so that a screen that begins to move is soon known to cost more, and
//! a lone keyframe is not taken for a rate; a fall counts a quarter. A layer that pauses keeps its
//! last figures, which are the best guess of what it will take when it goes on.

use protocol::{Duration, Instant, media::RtpTime};

/// Temporal layers that are told apart; higher ones count as the highest.
pub(crate) const TEMPORAL_MAX: usize = 3;

const WINDOW: Duration = Duration::from_secs(1);

/// A temporal layer below this is not there: stray packets after a change of structure.
const RATE_MIN: u32 = 1_000;

/// What one encoding takes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LayerMeter {
    began: Option<Instant>,
    counts: [Count; TEMPORAL_MAX],
    measured: [Measured; TEMPORAL_MAX],
    last_timestamp: Option<RtpTime>,
}

/// What came within the present window.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    bytes: u32,
    frames: u32,
}

/// Of one temporal layer alone.
#[derive(Clone, Copy, Debug, Default)]
struct Measured {
    bits_per_second: u32,
    /// Frames in a thousand seconds.
    frames_per_kilosecond: u32,
}

/// A temporal layer with all below it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cumulated {
    pub(crate) bits_per_second: u64,
    /// Rounded, at most 255.
    pub(crate) frame_rate: u8,
}

impl LayerMeter {
    /// Counts a packet of `bytes`, RTP header included.
    pub(crate) fn count(&mut self, now: Instant, bytes: usize, temporal: u8, timestamp: RtpTime) {
        self.end_window(now);
        let count = &mut self.counts[usize::from(temporal).min(TEMPORAL_MAX - 1)];
        count.bytes = count.bytes.saturating_add(bytes as u32);
        if self.last_timestamp.replace(timestamp) != Some(timestamp) {
            count.frames += 1;
        }
    }

    /// What the whole encoding takes; 0 before the first window is over.
    pub(crate) fn bits_per_second(&self) -> u64 {
        self.measured.iter().map(|measured| u64::from(measured.bits_per_second)).sum()
    }

    /// Each temporal layer with all below it, the lowest first; nothing before the first window is
    /// over.
    pub(crate) fn cumulated(&self) -> impl Iterator<Item = Cumulated> + '_ {
        let is_there = |measured: &Measured| measured.bits_per_second >= RATE_MIN;
        let count = self.measured.iter().rposition(is_there).map_or(0, |place| place + 1);
        self.measured[..count].iter().scan((0, 0), |(bits_per_second, frames), measured| {
            *bits_per_second += u64::from(measured.bits_per_second);
            *frames += u64::from(measured.frames_per_kilosecond);
            Some(Cumulated {
                bits_per_second: *bits_per_second,
                frame_rate: ((*frames + 500) / 1_000).min(255) as u8,
            })
        })
    }

    /// Takes the window into the figures when it is over.
    fn end_window(&mut self, now: Instant) {
        let age = self.began.map(|began| now.saturating_duration_since(began));
        let Some(age) = age.filter(|age| *age < 2 * WINDOW) else {
            // It begins, or goes on after a pause: what was counted before it is no rate.
            self.began = Some(now);
            self.counts = Default::default();
            return;
        };
        if age < WINDOW {
            return;
        }
        let age_us = age.as_micros() as u64;
        for (measured, count) in self.measured.iter_mut().zip(&mut self.counts) {
            let per = |count: u32, time_us: u64| {
                u32::try_from(u64::from(count) * time_us / age_us).unwrap_or(u32::MAX)
            };
            smooth(&mut measured.bits_per_second, per(count.bytes, 8_000_000));
            smooth(&mut measured.frames_per_kilosecond, per(count.frames, 1_000_000_000));
            *count = Count::default();
        }
        self.began = Some(now);
    }
}

fn smooth(figure: &mut u32, sample: u32) {
    *figure = match (*figure, sample) {
        (0, sample) => sample,
        (figure, sample) if sample > figure => figure + (sample - figure).div_ceil(2),
        (figure, sample) => figure - (figure - sample).div_ceil(4),
    };
}

#[cfg(test)]
mod tests;
