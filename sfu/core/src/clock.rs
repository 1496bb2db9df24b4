//! Outgoing timestamps of one slot, on the node's clock.
//!
//! A slot has an anchor: this RTP time at that instant. While one stream flows, its own timestamps
//! go through with an offset. When another takes over, the time that the anchor gives says where it
//! joins:
//!
//! * Video joins at the clock's time, and at least one tick after the last frame.
//! * Sound joins in whole steps of 960 (20 ms of Opus) on the clock. Adding exactly the elapsed
//!   time costs one concealment a switch, always adding a step makes the receiver's buffer grow
//!   (both measured in Chromium and Firefox). So if less than half a step is due, the first packet
//!   of the new stream is held back, once; the slot then stays within 10 ms of its clock. A slot
//!   that has run more than 60 ms ahead is anchored anew: repaying a large lead at once conceals.
//! * After a pause the timestamp has run on with the clock: a receiver whose buffer sees only one
//!   step after two seconds delays everything by those two seconds. So does a sender whose own
//!   timestamps stood still while its microphone did, and that joins anew after a second; a line
//!   that held packets up gives them all at once, so it does not look like that.
//!
//! The lead is how far the flowing stream is from the clock, smoothed over arrival jitter; sender
//! reports (RFC 3550 §6.4.1) need it to say which RTP time is now.

use protocol::{Instant, media::RtpTime};
use serde::{Deserialize, Serialize};

use protocol::media::MediaKind;

/// One 20 ms step of a 48 kHz clock.
const AUDIO_STEP: i32 = 960;

/// A sound slot further ahead than this is anchored anew: 60 ms at 48 kHz.
const AUDIO_LEAD_MAX: i32 = 60 * 48;

/// Sound that stays further behind than this, 200 ms at 48 kHz, …
const AUDIO_LAG_MAX: i32 = 200 * 48;

/// … for more packets than this, one second, has stood still and joins anew.
const AUDIO_LAG_PACKETS: u8 = 50;

/// A stream this far from the clock, in milliseconds, has jumped, and joins anew.
const STRAY_MS_MAX: i32 = 10_000;

/// What takes over a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Takeover {
    /// Another source, or the same after a pause.
    Source {
        /// Whether a packet has been held back for this takeover.
        held: bool,
    },
    /// Another encoding of the same source.
    Layer,
}

/// Rewrites timestamps; see the module. 40 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeline {
    kind: MediaKind,
    /// Whether anything was ever sent: before, the anchor's instant means nothing.
    started: bool,
    anchor_at: Instant,
    anchor: RtpTime,
    /// What is added to the timestamps of the stream that flows.
    offset: u32,
    last: RtpTime,
    lead: i32,
    /// Packets of sound since the last that was not far behind.
    behind: u8,
}

impl Timeline {
    pub(crate) const fn new(kind: MediaKind, first: RtpTime) -> Self {
        Timeline {
            kind,
            started: false,
            anchor_at: Instant::ZERO,
            anchor: first,
            offset: 0,
            last: first,
            lead: 0,
            behind: 0,
        }
    }

    /// Goes on from another timeline's `state`, `now`.
    pub(crate) fn resume(kind: MediaKind, state: TimelineState, now: Instant) -> Self {
        Timeline {
            kind,
            started: state.started,
            anchor_at: now,
            anchor: state.clock,
            offset: 0,
            last: state.last,
            lead: 0,
            behind: 0,
        }
    }

    /// What goes into a snapshot taken at `now`: no instant, so that it holds on another clock.
    pub(crate) fn state(&self, now: Instant) -> TimelineState {
        TimelineState { started: self.started, clock: self.clock(now), last: self.last }
    }

    /// What is added to the timestamps of the stream that flows.
    pub(crate) const fn offset(&self) -> u32 {
        self.offset
    }

    /// The RTP time at `now` of the stream that flows; `None` before the first packet.
    pub(crate) fn rtp_time(&self, now: Instant) -> Option<RtpTime> {
        self.started.then(|| self.clock(now).add(self.lead as u32))
    }

    /// The outgoing time of the first packet after a takeover; `None` if it has to wait.
    pub(crate) fn join(
        &mut self,
        now: Instant,
        input: RtpTime,
        takeover: &mut Takeover,
    ) -> Option<RtpTime> {
        let output = if !self.started {
            self.started = true;
            self.anchor_at = now;
            self.anchor
        } else {
            match self.kind {
                MediaKind::Audio => self.join_audio(now, takeover)?,
                MediaKind::Video => self.join_video(now, *takeover),
            }
        };
        self.offset = output.0.wrapping_sub(input.0);
        self.last = output;
        self.behind = 0;
        if matches!(takeover, Takeover::Source { .. }) {
            self.lead = output.distance_from(self.clock(now));
        }
        Some(output)
    }

    /// The outgoing time of a further packet; `newest` unless it came late.
    pub(crate) fn follow(&mut self, now: Instant, input: RtpTime, newest: bool) -> RtpTime {
        let output = input.add(self.offset);
        if !newest {
            // It may be newer than all that went, where newer ones were left out.
            if output.distance_from(self.last) > 0 {
                self.last = output;
            }
            return output;
        }
        let lead = output.distance_from(self.clock(now));
        let is_behind = self.kind == MediaKind::Audio && lead < -AUDIO_LAG_MAX;
        self.behind = if is_behind { self.behind.saturating_add(1) } else { 0 };
        let is_stray = lead.saturating_abs() > STRAY_MS_MAX * self.ticks_per_ms() as i32;
        if is_stray || self.behind > AUDIO_LAG_PACKETS {
            let mut takeover = Takeover::Source { held: true };
            return self.join(now, input, &mut takeover).unwrap_or(output);
        }
        self.lead += (lead - self.lead) / 16;
        self.last = output;
        output
    }

    fn join_audio(&mut self, now: Instant, takeover: &mut Takeover) -> Option<RtpTime> {
        let due = self.clock(now).distance_from(self.last);
        if due < -AUDIO_LEAD_MAX {
            let output = self.last.add(AUDIO_STEP as u32);
            self.anchor_at = now;
            self.anchor = output;
            return Some(output);
        }
        if due < AUDIO_STEP / 2
            && let Takeover::Source { held: held @ false } = takeover
        {
            *held = true;
            return None;
        }
        let steps = (due.saturating_add(AUDIO_STEP / 2) / AUDIO_STEP).max(1);
        Some(self.last.add((steps * AUDIO_STEP) as u32))
    }

    fn join_video(&mut self, now: Instant, takeover: Takeover) -> RtpTime {
        // Layers of one source share its distance from the clock, another source does not.
        let lead = match takeover {
            Takeover::Source { .. } => 0,
            Takeover::Layer => self.lead,
        };
        let due = self.clock(now).add(lead as u32).distance_from(self.last);
        let output = self.last.add(due.max(1) as u32);
        if due < -STRAY_MS_MAX * self.ticks_per_ms() as i32 {
            // The slot is hours idle (the distance has wrapped) or its last stream ran away.
            self.anchor_at = now;
            self.anchor = output;
        }
        output
    }

    fn clock(&self, now: Instant) -> RtpTime {
        let elapsed = now.saturating_duration_since(self.anchor_at);
        let ticks = elapsed.as_micros() as u64 * u64::from(self.ticks_per_ms()) / 1_000;
        self.anchor.add(ticks as u32)
    }

    pub(crate) const fn ticks_per_ms(&self) -> u32 {
        match self.kind {
            MediaKind::Audio => 48,
            MediaKind::Video => 90,
        }
    }
}

/// A [`Timeline`] at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TimelineState {
    started: bool,
    clock: RtpTime,
    last: RtpTime,
}

impl TimelineState {
    /// The same after `elapsed_us` microseconds more, for `kind`.
    pub(crate) fn after(self, kind: MediaKind, elapsed_us: u64) -> Self {
        let per_ms = match kind {
            MediaKind::Audio => 48,
            MediaKind::Video => 90,
        };
        TimelineState { clock: self.clock.add((elapsed_us * per_ms / 1_000) as u32), ..self }
    }
}

#[cfg(test)]
mod tests;
