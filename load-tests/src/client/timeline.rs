//! Maps a stream's timestamps to the receiver's clock by the fastest way that packets had lately.

use protocol::{Duration, Instant};

/// The fastest way is remembered for one to two of these.
const WINDOW: Duration = Duration::from_secs(2);

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    ticks_per_ms: i64,
    /// The last timestamp, unwrapped.
    ticks: Option<i64>,
    /// The least difference between clock and media in this window and the one before.
    fastest: [i64; 2],
    window_ends: Instant,
}

impl Timeline {
    pub(super) fn new(ticks_per_ms: i64) -> Self {
        let (fastest, window_ends) = ([i64::MAX; 2], Instant::ZERO);
        Timeline { ticks_per_ms, ticks: None, fastest, window_ends }
    }

    /// Media time of a timestamp, in µs.
    pub(super) fn media_us(&mut self, timestamp: u32) -> i64 {
        let last = self.ticks.unwrap_or(i64::from(timestamp));
        let step = timestamp.wrapping_sub(last as u32) as i32;
        self.ticks = Some(last + i64::from(step));
        (last + i64::from(step)) * 1_000 / self.ticks_per_ms
    }

    /// Takes an arrival; tells how much later it is than the fastest, in µs.
    pub(super) fn note(&mut self, now: Instant, timestamp: u32) -> i64 {
        let way = now.as_micros() as i64 - self.media_us(timestamp);
        if now >= self.window_ends {
            self.window_ends = now + WINDOW;
            self.fastest = [i64::MAX, self.fastest[0]];
        }
        self.fastest[0] = self.fastest[0].min(way);
        way - self.fastest_way()
    }

    /// The instant of a media time, `delay_us` later than by the fastest way.
    pub(super) fn at(&self, media_us: i64, delay_us: i64) -> Instant {
        let micros = media_us.saturating_add(self.fastest_way()).saturating_add(delay_us);
        Instant::from_micros(micros.max(0) as u64)
    }

    fn fastest_way(&self) -> i64 {
        self.fastest[0].min(self.fastest[1])
    }
}
