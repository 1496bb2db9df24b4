//! Which voices of a room are forwarded: the loudest, chosen once at ingress.
//!
//! Three voices are *heard* by everyone, and a *reserve* fourth by those three, who do not hear
//! themselves; so a thousand people cost a receiver 150 packets a second, and in a room of four
//! everyone hears everyone. A packet costs one comparison with four entries.
//!
//! A voice's loudness is its RFC 6464 level turned round (127 is loudest), rising fast and falling
//! slowly; a publisher without the extension counts as [`LOUDNESS_UNKNOWN`]. A louder voice takes
//! the place of the quietest
//!
//! * at once, if that one has been silent for the hang-over of 500 ms (the gap between two
//!   sentences; 150 ms cuts them), so that a new voice loses no packet to old silence;
//! * else after having been louder for those 500 ms.
//!
//! Silence displaces nobody. A place that nobody has is taken by whoever sends.
//!
//! A voice of higher [`VoicePriority`] that speaks takes the place of a lower one at once, however
//! loud that is, and is not displaced by one while it speaks. So whoever keeps order is heard with
//! their first word also where three others talk.

use std::cmp::Ordering;

use protocol::{Duration, EndpointIndex, Instant, media::VoicePriority};

/// Voices that every receiver hears.
pub(crate) const HEARD: usize = 3;

/// Voices that are forwarded: one more, for those who are heard themselves.
pub(crate) const RANKED: usize = HEARD + 1;

/// How long a voice keeps its place after it has fallen silent or behind.
pub(crate) const HANGOVER: Duration = Duration::from_millis(500);

/// Loudness of a publisher that does not tell: below speech, above a quiet room.
const LOUDNESS_UNKNOWN: u8 = 60;

/// From here on a packet is speech and not a room: −55 dBov.
const LOUDNESS_SPEECH: u8 = 72;

/// By how much a voice must be louder to take another's place, in dB.
const MARGIN: u16 = 3;

/// A challenge lapses if the challenger is not heard of for this long.
const CHALLENGE_LAPSES: Duration = Duration::from_millis(200);

/// How loud one voice is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Loudness {
    /// Smoothed, in 1/256 dB.
    smoothed: u16,
    heard_at: Option<Instant>,
    spoke_at: Option<Instant>,
}

impl Loudness {
    /// Takes the level of one packet (RFC 6464: 0 the loudest, 127 silence).
    pub(crate) fn update(&mut self, now: Instant, level: Option<u8>) {
        let loudness = level.map_or(LOUDNESS_UNKNOWN, |level| 127 - (level & 0x7F));
        let sample = u16::from(loudness) << 8;
        self.smoothed = if sample > self.smoothed {
            self.smoothed + (sample - self.smoothed).div_ceil(2)
        } else {
            self.smoothed - (self.smoothed - sample) / 16
        };
        self.heard_at = Some(now);
        if loudness >= LOUDNESS_SPEECH {
            self.spoke_at = Some(now);
        }
    }

    /// Zero if no packet came within the hang-over.
    fn at(&self, now: Instant) -> u16 {
        if within(self.heard_at, now, HANGOVER) { self.smoothed } else { 0 }
    }

    fn is_speaking(&self, now: Instant) -> bool {
        within(self.spoke_at, now, HANGOVER)
    }
}

/// The ranking of one room.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Voices {
    /// The heard ones, then the reserve; places fill from the front.
    ranked: [Option<Voice>; RANKED],
    for_reserve: Option<Challenge>,
    for_heard: Option<Challenge>,
}

#[derive(Clone, Copy, Debug)]
struct Voice {
    endpoint: EndpointIndex,
    loudness: Loudness,
    priority: VoicePriority,
}

impl Voice {
    /// Whether it comes before all others that are not so at `now`: nobody does in silence.
    fn standing(&self, now: Instant) -> VoicePriority {
        if self.loudness.is_speaking(now) { self.priority } else { VoicePriority::Usual }
    }
}

/// Somebody has been louder than the quietest since some time.
#[derive(Clone, Copy, Debug)]
struct Challenge {
    since: Instant,
    last: Instant,
}

/// What a packet did to the ranking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ranking {
    /// Whether the packet's voice is forwarded.
    pub(crate) forwarded: bool,
    /// Whether anybody hears somebody else than before.
    pub(crate) changed: bool,
}

impl Voices {
    /// Ranks a packet of `endpoint`, whose loudness has just been updated with it.
    pub(crate) fn rank(
        &mut self,
        now: Instant,
        endpoint: EndpointIndex,
        loudness: Loudness,
        priority: VoicePriority,
    ) -> Ranking {
        let voice = Voice { endpoint, loudness, priority };
        let mut changed = false;
        let place = match self.place_of(endpoint) {
            Some(place) => {
                self.ranked[place] = Some(voice);
                Some(place)
            }
            None => {
                let place = self.enter(now, voice);
                changed = place.is_some();
                place
            }
        };
        if place == Some(HEARD) {
            changed |= self.promote(now, voice);
        }
        Ranking { forwarded: place.is_some(), changed }
    }

    /// Forgets `endpoint`; returns whether it had a place.
    pub(crate) fn remove(&mut self, endpoint: EndpointIndex) -> bool {
        let Some(place) = self.place_of(endpoint) else {
            return false;
        };
        self.ranked[place..].rotate_left(1);
        self.ranked[RANKED - 1] = None;
        true
    }

    /// The voices that `receiver` hears, at most [`HEARD`].
    pub(crate) fn heard_by(
        &self,
        receiver: EndpointIndex,
    ) -> impl Iterator<Item = EndpointIndex> + '_ {
        self.ranked
            .iter()
            .flatten()
            .map(|voice| voice.endpoint)
            .filter(move |&endpoint| endpoint != receiver)
            .take(HEARD)
    }

    fn place_of(&self, endpoint: EndpointIndex) -> Option<usize> {
        self.ranked.iter().position(|voice| voice.is_some_and(|voice| voice.endpoint == endpoint))
    }

    /// Gives a newcomer a free place, or the reserve's.
    fn enter(&mut self, now: Instant, voice: Voice) -> Option<usize> {
        if let Some(free) = self.ranked.iter().position(Option::is_none) {
            self.ranked[free] = Some(voice);
            return Some(free);
        }
        let reserve = self.ranked[HEARD]?;
        if !wins(&mut self.for_reserve, now, voice, reserve) {
            return None;
        }
        self.ranked[HEARD] = Some(voice);
        Some(HEARD)
    }

    /// Lets the reserve change places with the quietest of the heard, if it is louder.
    fn promote(&mut self, now: Instant, voice: Voice) -> bool {
        let quietest = (0..HEARD).min_by_key(|&place| {
            self.ranked[place].map_or((VoicePriority::Usual, false, 0), |voice| {
                let Voice { loudness, .. } = voice;
                (voice.standing(now), loudness.is_speaking(now), loudness.at(now))
            })
        });
        let Some(place) = quietest else {
            return false;
        };
        let Some(holder) = self.ranked[place] else {
            return false;
        };
        if !wins(&mut self.for_heard, now, voice, holder) {
            return false;
        }
        self.ranked.swap(place, HEARD);
        true
    }
}

/// Whether `challenger` takes the place of `holder`.
fn wins(challenge: &mut Option<Challenge>, now: Instant, challenger: Voice, holder: Voice) -> bool {
    match challenger.standing(now).cmp(&holder.standing(now)) {
        Ordering::Greater => {
            *challenge = None;
            return true;
        }
        Ordering::Less => return false,
        Ordering::Equal => {}
    }
    let (challenger, holder) = (challenger.loudness, holder.loudness);
    if challenger.at(now) <= holder.at(now) + (MARGIN << 8) {
        return false;
    }
    let since = challenge
        .filter(|challenge| within(Some(challenge.last), now, CHALLENGE_LAPSES))
        .map_or(now, |challenge| challenge.since);
    let outlasted = now.saturating_duration_since(since) >= HANGOVER;
    if outlasted || !holder.is_speaking(now) {
        *challenge = None;
        return true;
    }
    *challenge = Some(Challenge { since, last: now });
    false
}

fn within(at: Option<Instant>, now: Instant, span: Duration) -> bool {
    at.is_some_and(|at| now.saturating_duration_since(at) < span)
}

#[cfg(test)]
mod tests;
