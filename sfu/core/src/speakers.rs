//! Who has the floor of a room: the dominant speaker after Volfin & Cohen.
//!
//! I. Volfin and I. Cohen, "Dominant speaker identification for multipoint videoconferencing",
//! Computer Speech & Language 27 (2013); the constants are those of Jitsi's implementation
//! (`jitsi-utils`, `DominantSpeakerIdentification.java`), which has run in public for years.
//!
//! A voice is scored over three spans that end at the present: the *immediate* (its newest level,
//! 20 ms), the *medium* (100 ms) and the *long* one (1 s). A score is the log-likelihood ratio of
//! speech to silence, from how many of the span's parts are active. Every 300 ms, on a fixed grid,
//! whoever is far above the present speaker in the first two spans and above them in the third
//! takes the floor. So a cough, which is nothing in a second, does not take it; nor do two people
//! who talk over each other, because the first of them is never quiet for 100 ms.
//!
//! Four rules are ours:
//!
//! * Nobody has the floor until somebody has spoken.
//! * Who takes it has spoken for 300 ms of the last second: without that, a cough after a second of
//!   silence would do.
//! * Whoever has been quiet for 200 ms while another speaks without a pause for 300 ms has ended.
//!   The long span alone would let the new speaker wait for up to 800 ms; so it is at most 600 ms
//!   from a first word to the decision, at any phase of the grid.
//! * A voice's own noise is taken to be that of a quiet room until it has been heard: the first
//!   level alone would make a steady voice, or one that is unmuted in mid-word, noise for ever.
//!
//! A speaker keeps the floor in silence. Who does not tell levels (RFC 6464) never takes it.
//!
//! It is told levels and ticks and never reads a clock. A [`Speech`] is 72 bytes and costs two
//! copies of 50 bytes a packet; a tick costs about 100 ns for each voice that was not silent for a
//! second. Tests: `speakers/tests.rs`.

use protocol::{Duration, Instant};

/// Decisions are made this often; the paper's and Jitsi's 300 ms. Jitsi's tests show that already
/// 299 or 301 ms decide otherwise, so decisions stand on a grid: see [`next_tick`].
pub const TICK: Duration = Duration::from_millis(300);

/// The time that one level stands for.
const LEVEL_SPAN: Duration = Duration::from_millis(20);

/// A voice not heard of for longer than this is silent.
const LEVEL_IDLE: Duration = Duration::from_millis(40);

/// Levels further ahead of the time than this are not counted: whoever sends more packets than
/// there is time speaks no longer than others.
const LEAD_MAX: Duration = Duration::from_millis(100);

/// The longest Opus packet (RFC 6716 §2.1.4): a voice that pauses no longer may just send few
/// packets, or lose some.
const PACKET_SPAN_MAX: Duration = Duration::from_millis(120);

/// Parts of the immediate span: tens of dB.
const N1: u32 = 13;

/// Parts of the medium span: levels.
const N2: u32 = 5;

/// Parts of the long span: medium spans.
const N3: u32 = 10;

const LEVELS: usize = (N2 * N3) as usize;

/// Loudness of one part of the immediate span; also how far speech is above a voice's own noise.
const SUBUNIT: u8 = 127_u8.div_ceil(N1 as u8);

/// More parts than this make a level active: about −47 dBov.
const MEDIUM_THRESHOLD: u8 = 7;

/// More active levels than this, that is all five, make a medium span active.
const LONG_THRESHOLD: u8 = 4;

/// How far above the present speaker one must be: logarithms of the ratios of scores.
const C1: f64 = 3.0;
const C2: f64 = 2.0;
const C3: f64 = 0.0;

/// Scores are at least this, so that they can be divided.
const SCORE_MIN: f64 = 1e-10;

/// Exponents of the distributions of active parts in speech, for the three spans.
const LAMBDA: [f64; 3] = [0.78, 24.0, 47.0];

/// A voice's noise before it is known: a quiet room at −67 dBov.
const NOISE_FIRST: u8 = 60;

/// Levels after which the estimate of a voice's noise may rise: 15 s.
const NOISE_WINDOW: u16 = 750;

/// Levels of speech in the last second without which nobody takes the floor: 300 ms.
const EVIDENCE: u8 = 15;

/// Levels without a pause that show a new speaker: 300 ms.
const ONSET: u8 = 15;

/// Quiet levels that show that the present one has ended: 200 ms.
const END: u8 = 10;

/// The first instant after `now` on the grid of [`TICK`]s that begins at `start`.
#[must_use]
pub fn next_tick(start: Instant, now: Instant) -> Instant {
    let tick_us = TICK.as_micros() as u64;
    let passed_us = now.saturating_duration_since(start).as_micros() as u64;
    start + Duration::from_micros((passed_us / tick_us + 1) * tick_us)
}

/// The last second of one voice.
#[derive(Clone, Copy, Debug)]
pub struct Speech {
    /// Loudness, 127 the loudest, newest first; one for each 20 ms.
    levels: [u8; LEVELS],
    /// Until when `levels` tells.
    told_until: Option<Instant>,
    /// The quietest that the voice has been lately.
    noise: u8,
    /// The quietest since `noise` was found, 0 for none.
    noise_next: u8,
    noise_window: u16,
}

impl Default for Speech {
    fn default() -> Self {
        Speech {
            levels: [0; LEVELS],
            told_until: None,
            noise: NOISE_FIRST,
            noise_next: 0,
            noise_window: 0,
        }
    }
}

impl Speech {
    /// Takes the level of one packet as it stands in RFC 6464: 0 the loudest, 127 silence. Of a
    /// greater one the lower seven bits count.
    pub fn handle_level(&mut self, now: Instant, level: u8) {
        let loudness = 127 - (level & 0x7F);
        let told_until = *self.told_until.get_or_insert(now);
        if told_until.saturating_duration_since(now) > LEAD_MAX {
            return;
        }
        let gap = now.saturating_duration_since(told_until);
        let missing = if gap > LEVEL_IDLE { spans(gap - LEVEL_SPAN) } else { 0 };
        // Long packets, and those around a loss, sound like their neighbours; a pause does not.
        self.push(if gap <= PACKET_SPAN_MAX { loudness } else { 0 }, missing);
        self.push(loudness, 1);
        self.follow_noise(loudness);
    }

    /// The voice's scores at `now`.
    pub fn scores(&mut self, now: Instant) -> Scores {
        if let Some(at) = self.told_until {
            let idle = now.saturating_duration_since(at).saturating_sub(LEVEL_IDLE);
            self.push(0, spans(idle));
        }
        let floor = self.noise + SUBUNIT;
        let parts = |&level: &u8| if level < floor { 0 } else { level / SUBUNIT };
        let active = |level: &u8| parts(level) > MEDIUM_THRESHOLD;
        let spoken = |level: &u8| parts(level) > 0;
        let mediums =
            self.levels.chunks(N2 as usize).map(|span| count(span.iter().filter(|l| active(l))));
        let medium = mediums.clone().next().unwrap_or(0);
        let long = count(mediums.filter(|&medium| medium > LONG_THRESHOLD));
        Scores {
            immediate: score(parts(&self.levels[0]), N1, LAMBDA[0]),
            medium: score(medium, N2, LAMBDA[1]),
            long: score(long, N3, LAMBDA[2]),
            spoken: count(self.levels.iter().filter(|level| spoken(level))),
            onset: count(self.levels.iter().take_while(|level| spoken(level))),
            quiet: count(self.levels.iter().take_while(|level| !active(level))),
        }
    }

    fn push(&mut self, loudness: u8, times: u32) {
        let kept = LEVELS.saturating_sub(times as usize);
        self.levels.copy_within(..kept, LEVELS - kept);
        self.levels[..LEVELS - kept].fill(loudness);
        self.told_until = self.told_until.map(|at| at + LEVEL_SPAN * times);
    }

    /// The noise falls at once and rises, by the geometric mean, after 15 s above it.
    fn follow_noise(&mut self, loudness: u8) {
        if loudness == 0 {
            return;
        }
        if loudness < self.noise {
            self.noise = loudness;
            self.noise_next = 0;
            return;
        }
        if self.noise_next == 0 {
            self.noise_next = loudness;
            self.noise_window = 1;
            return;
        }
        self.noise_next = self.noise_next.min(loudness);
        self.noise_window += 1;
        if self.noise_window >= NOISE_WINDOW {
            let mean = f64::from(self.noise) * f64::from(self.noise_next);
            self.noise = mean.sqrt() as u8;
            self.noise_next = 0;
        }
    }
}

/// How much a voice is speech, over three spans.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scores {
    immediate: f64,
    medium: f64,
    long: f64,
    /// Levels above the voice's own noise in the last second.
    spoken: u8,
    /// The same without a pause until now.
    onset: u8,
    /// Inactive levels until now.
    quiet: u8,
}

impl Scores {
    /// Of a voice that is not there.
    const SILENCE: Scores = Scores {
        immediate: SCORE_MIN,
        medium: SCORE_MIN,
        long: SCORE_MIN,
        spoken: 0,
        onset: 0,
        quiet: LEVELS as u8,
    };
}

/// Who has the floor of one room. `Key` names a voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floor<Key> {
    dominant: Option<Key>,
}

impl<Key> Default for Floor<Key> {
    fn default() -> Self {
        Floor { dominant: None }
    }
}

impl<Key: Copy + Eq> Floor<Key> {
    /// Who has it.
    #[must_use]
    pub const fn dominant(&self) -> Option<Key> {
        self.dominant
    }

    /// Begins the decision of one tick. `dominant` are the scores of [`Floor::dominant`], `None`
    /// where nobody has the floor or their voice is gone for the moment.
    #[must_use]
    pub fn contest(&self, dominant: Option<Scores>) -> Contest<Key> {
        Contest { holder: dominant.unwrap_or(Scores::SILENCE), best_c2: C2, winner: None }
    }

    /// Ends the decision; returns whether the floor has changed.
    pub fn settle(&mut self, contest: Contest<Key>) -> bool {
        let changed = contest.winner.is_some() && contest.winner != self.dominant;
        self.dominant = contest.winner.or(self.dominant);
        changed
    }

    /// The voice of `key` is off; returns whether it had the floor, which is nobody's then.
    pub fn leave(&mut self, key: Key) -> bool {
        let had_it = self.dominant == Some(key);
        self.dominant = self.dominant.filter(|&dominant| dominant != key);
        had_it
    }
}

/// The decision of one tick: the other voices compete with the present speaker, and those who beat
/// them with each other.
#[derive(Clone, Copy, Debug)]
pub struct Contest<Key> {
    holder: Scores,
    best_c2: f64,
    winner: Option<Key>,
}

impl<Key: Copy> Contest<Key> {
    /// Lets a voice compete that has not got the floor.
    pub fn enter(&mut self, key: Key, scores: &Scores) {
        let c1 = (scores.immediate / self.holder.immediate).ln();
        let c2 = (scores.medium / self.holder.medium).ln();
        let c3 = (scores.long / self.holder.long).ln();
        let has_ended = self.holder.quiet >= END && scores.onset >= ONSET;
        let is_ahead = c1 > C1 && c2 > self.best_c2 && (c3 > C3 || has_ended);
        if is_ahead && scores.spoken >= EVIDENCE {
            self.best_c2 = c2;
            self.winner = Some(key);
        }
    }
}

/// The log-likelihood ratio of speech to silence where `active` of `parts` are active; in silence
/// each is active with probability 1/2, in speech they follow an exponential law.
fn score(active: u8, parts: u32, lambda: f64) -> f64 {
    let active = u32::from(active).min(parts);
    let mut choices = 1_u32;
    for place in 0..active.min(parts - active) {
        choices = choices * (parts - place) / (place + 1);
    }
    let silence = f64::from(parts) * 0.5_f64.ln();
    let score = f64::from(choices).ln() + silence - lambda.ln() + lambda * f64::from(active);
    score.max(SCORE_MIN)
}

/// Whole levels in `time`.
fn spans(time: Duration) -> u32 {
    u32::try_from(time.as_micros() / LEVEL_SPAN.as_micros()).unwrap_or(u32::MAX)
}

fn count<T>(items: impl Iterator<Item = T>) -> u8 {
    items.count() as u8
}

#[cfg(test)]
mod tests;
