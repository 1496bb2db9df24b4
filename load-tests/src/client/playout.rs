//! When pictures are shown: a jitter buffer, and the freezes that a person sees.
//!
//! A frame is due at its timestamp, mapped to the clock by the fastest way that a frame has had
//! lately, plus a delay that follows how late frames become whole: it rises at once and falls by a
//! two-hundredth with each frame, up to [`DELAY_MAX`]. A frame that is whole in time is shown when
//! it is due; one that needs a frame which was never shown is not shown at all, and a late one is
//! skipped when a newer one was shown. Freezes are counted as WebRTC's statistics count them.

use std::collections::{BTreeMap, VecDeque};

use protocol::{Duration, Instant};

use super::{media::Tag, timeline::Timeline};

/// The longest that a frame waits for being due.
const DELAY_MAX_US: i64 = 500_000;

/// Shown frames that others may need.
const REMEMBERED: usize = 64;

/// Intervals that the mean of the freeze rule goes over (W3C webrtc-stats, `freezeCount`).
const INTERVALS: usize = 30;

/// A frame that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// When.
    pub at: Instant,
    /// Whose it is.
    pub author: u32,
    /// The encoding.
    pub layer: u8,
    /// The temporal layer.
    pub temporal: u8,
}

/// What a person saw of one author.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Freezes {
    /// From when to when the picture stood still.
    pub spans: Vec<(Instant, Instant)>,
    /// For how long altogether.
    pub frozen: Duration,
    /// The time that was looked at, from the first frame on, without what was paused.
    pub watched: Duration,
    /// For how long the node had said that there is no picture: it stands still, and the person is
    /// told why, which is no freeze.
    pub paused: Duration,
}

impl Freezes {
    /// The rule: an interval is a freeze if it is longer than three times the mean, and longer than
    /// the mean and 150 ms. `times` are in order; what is after the last one counts up to `until`.
    /// From each interval the `pauses` within it are taken away first.
    #[must_use]
    pub fn among(
        times: impl IntoIterator<Item = Instant>,
        until: Instant,
        pauses: &[(Instant, Instant)],
    ) -> Self {
        let mut freezes = Freezes::default();
        let mut recent: VecDeque<Duration> = VecDeque::with_capacity(INTERVALS);
        let mut last: Option<Instant> = None;
        for at in times.into_iter().chain([until]) {
            let Some(before) = last.replace(at) else { continue };
            let paused = pauses
                .iter()
                .map(|(from, to)| (*to).min(at).saturating_duration_since((*from).max(before)));
            let paused: Duration = paused.sum();
            let interval = at.saturating_duration_since(before).saturating_sub(paused);
            freezes.paused += paused;
            freezes.watched += interval;
            let sum: Duration = recent.iter().sum();
            let mean = sum / recent.len().max(1) as u32;
            let limit = (3 * mean).max(mean + Duration::from_millis(150));
            if recent.len() >= 5 && interval > limit {
                freezes.spans.push((before, at));
                freezes.frozen += interval;
            }
            if recent.len() == INTERVALS {
                recent.pop_front();
            }
            recent.push_back(interval);
        }
        freezes
    }

    /// The part of the time for which the picture stood still.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.frozen.as_secs_f64() / self.watched.as_secs_f64().max(1e-9)
    }
}

/// Author, encoding and number of a frame.
type FrameKey = (u32, u8, u32);

#[derive(Clone, Copy, Debug)]
struct Waiting {
    tag: Tag,
    whole_at: Instant,
}

/// One slot's jitter buffer.
#[derive(Clone, Debug)]
pub(super) struct Playout {
    timeline: Timeline,
    delay_us: i64,
    /// Whole frames that were not shown yet, by their time.
    waiting: BTreeMap<i64, Waiting>,
    known: VecDeque<FrameKey>,
    last: Option<(i64, Instant)>,
    pub(super) shown: Vec<Shown>,
}

impl Playout {
    pub(super) fn new() -> Self {
        Playout {
            timeline: Timeline::new(90),
            delay_us: 10_000,
            waiting: BTreeMap::new(),
            known: VecDeque::new(),
            last: None,
            shown: Vec::new(),
        }
    }

    /// Takes a frame that has become whole.
    pub(super) fn take(&mut self, now: Instant, timestamp: u32, tag: Tag) {
        self.advance(now);
        let lateness = self.timeline.note(now, timestamp);
        self.delay_us -= self.delay_us / 200;
        self.delay_us = self.delay_us.max(lateness.min(DELAY_MAX_US) + 5_000);
        let media_us = self.timeline.media_us(timestamp);
        if self.last.is_some_and(|(last, _)| media_us <= last) {
            return;
        }
        self.waiting.insert(media_us, Waiting { tag, whole_at: now });
    }

    /// Shows what was due until `now`.
    pub(super) fn advance(&mut self, now: Instant) {
        loop {
            let ready = |waiting: &Waiting| {
                let Tag { author, layer, frame, back, is_key, .. } = waiting.tag;
                is_key || self.known.contains(&(author, layer, frame - u32::from(back)))
            };
            let next = self.waiting.iter().find(|(_, waiting)| ready(waiting));
            let Some((&media_us, &Waiting { tag, whole_at })) = next else { return };
            let due = self.timeline.at(media_us, self.delay_us).max(whole_at);
            let at = self.last.map_or(due, |(_, last)| due.max(last));
            if at > now {
                return;
            }
            self.last = Some((media_us, at));
            self.waiting.retain(|waiting_us, _| *waiting_us > media_us);
            if self.known.len() == REMEMBERED {
                self.known.pop_front();
            }
            self.known.push_back((tag.author, tag.layer, tag.frame));
            let Tag { author, layer, temporal, .. } = tag;
            self.shown.push(Shown { at, author, layer, temporal });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_micros(millis * 1_000)
    }

    #[test]
    fn an_interval_is_a_freeze_by_both_rules() {
        // At 30 frames a second the limit is the mean and 150 ms, 183 ms.
        let steady = (0..60).map(|n| at(n * 100 / 3));
        let gap = |millis: u64| {
            let times = steady.clone().chain([at(1_966 + millis)]);
            Freezes::among(times, at(1_966 + millis), &[]).spans.len()
        };
        assert_eq!(gap(182), 0);
        assert_eq!(gap(186), 1);
        // At 4 frames a second it is three times the mean.
        let slow = (0..40).map(|n| at(n * 250));
        let gap = |millis: u64| {
            let times = slow.clone().chain([at(9_750 + millis)]);
            Freezes::among(times, at(9_750 + millis), &[]).spans.len()
        };
        assert_eq!(gap(740), 0);
        assert_eq!(gap(760), 1);
    }

    #[test]
    fn a_pause_that_was_told_is_no_freeze_and_what_is_around_it_is() {
        // Steady until 1.967 s, then again from 5 s on.
        let times = (0..60).chain(150..200).map(|n| at(n * 100 / 3));
        let freezes = |from, to| Freezes::among(times.clone(), at(6_633), &[(at(from), at(to))]);
        let told = freezes(2_000, 4_950);
        assert_eq!((told.spans.len(), told.paused), (0, Duration::from_millis(2_950)));
        assert_eq!(told.watched, Duration::from_millis(6_633 - 2_950));
        // Half a second before the pause, or after it, nothing was shown.
        for (from, to) in [(2_500, 4_950), (2_000, 4_500)] {
            let late = freezes(from, to);
            assert_eq!(late.spans.len(), 1);
            assert!((500..650).contains(&late.frozen.as_millis()), "{late:?}");
        }
    }

    #[test]
    fn a_late_frame_is_shown_if_nothing_newer_was_and_those_that_need_it_follow() {
        let tag = |frame: u32, back: u8| Tag {
            author: 1,
            layer: 0,
            is_key: back == 0,
            part: 0,
            parts: 1,
            frame,
            back,
            temporal: 0,
        };
        let mut playout = Playout::new();
        playout.take(at(100), 0, tag(1, 0));
        playout.take(at(133), 3_000, tag(2, 1));
        // Frame 3 is 60 ms late; 4 needs it.
        playout.take(at(200), 9_000, tag(4, 1));
        playout.take(at(227), 6_000, tag(3, 1));
        playout.advance(at(500));
        assert_eq!(playout.shown.len(), 4);
        assert!(playout.shown.is_sorted_by_key(|shown| shown.at));
        // Frame 5 never comes, so 6 is not shown.
        playout.take(at(600), 15_000, tag(6, 1));
        playout.advance(at(2_000));
        assert_eq!(playout.shown.len(), 4);
    }
}
