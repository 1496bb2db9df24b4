//! When a publisher's media was captured, so that lips and voice are together at its receivers.
//!
//! A publisher's sender reports (RFC 3550 §6.4.1) put the RTP times of all its streams on one clock
//! of its own. Here that clock is put on the node's, with one offset for the whole publisher: an
//! error of the offset moves sound and picture alike, so between them there is none, however long
//! the pictures waited in the publisher's uplink. Where a stream has no report yet, its arrival
//! says when it was captured, which errs by that wait.
//!
//! The offset follows the fastest report, because delay only adds, and rises slowly with the drift
//! of two quartz clocks. What a publisher lies about its clock moves only its own media, and at
//! most [`WAIT_MAX`].

use protocol::{
    Duration, Instant,
    media::{RtpTime, Ssrc},
};

/// Streams of a publisher whose reports are kept: two sounds, three layers of two pictures.
const STREAMS_MAX: usize = 8;

/// The offset rises by a 64th of what a slower report says: reports come once a second, and
/// quartz clocks drift by 0.1 ms in that time.
const RISE: i64 = 64;

/// A report this far off says that the publisher's clock was set.
const CLOCK_STEP_US: i64 = 1_000_000;

/// Reports older than this say nothing: their sender's clocks have drifted by 3 ms at most.
const REPORT_AGE_MAX: Duration = Duration::from_secs(30);

/// Media was captured at most this long before it came; whatever says more is not believed.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(2);

/// A publisher's capture clock; see the module. 280 bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CaptureClock {
    /// Node time less the publisher's, in microseconds.
    offset_us: Option<i64>,
    reports: [Option<Report>; STREAMS_MAX],
}

#[derive(Clone, Copy, Debug)]
struct Report {
    ssrc: Ssrc,
    came_at: Instant,
    /// The publisher's time, in microseconds.
    sent_us: i64,
    rtp_time: RtpTime,
}

impl CaptureClock {
    /// Takes a sender report of one of the publisher's streams; `ntp` is in units of 2⁻³² s.
    pub(crate) fn note(&mut self, now: Instant, ssrc: Ssrc, ntp: u64, rtp_time: RtpTime) {
        let sent_us = ((u128::from(ntp) * 1_000_000) >> 32) as i64;
        let sample_us = now.as_micros() as i64 - sent_us;
        let offset_us = self.offset_us.filter(|known| (sample_us - known).abs() < CLOCK_STEP_US);
        self.offset_us = Some(match offset_us {
            Some(known) if sample_us > known => known + (sample_us - known) / RISE,
            Some(_) | None => sample_us,
        });
        let report = Report { ssrc, came_at: now, sent_us, rtp_time };
        let place = self
            .place_of(ssrc)
            .or_else(|| self.reports.iter().position(Option::is_none))
            .or_else(|| (0..STREAMS_MAX).min_by_key(|&at| self.reports[at].map(|it| it.came_at)));
        if let Some(place) = place {
            self.reports[place] = Some(report);
        }
    }

    /// The stream has ended.
    pub(crate) fn forget(&mut self, ssrc: Ssrc) {
        if let Some(place) = self.place_of(ssrc) {
            self.reports[place] = None;
        }
    }

    /// The RTP time of what the stream captures at `now`; `None` where its reports do not say.
    pub(crate) fn rtp_time(&self, now: Instant, ssrc: Ssrc, ticks_per_ms: u32) -> Option<RtpTime> {
        let report = self.reports[self.place_of(ssrc)?]?;
        if now.saturating_duration_since(report.came_at) > REPORT_AGE_MAX {
            return None;
        }
        let elapsed_us = now.as_micros() as i64 - self.offset_us? - report.sent_us;
        let ticks = elapsed_us.checked_mul(i64::from(ticks_per_ms))? / 1_000;
        Some(report.rtp_time.add(ticks as u32))
    }

    fn place_of(&self, ssrc: Ssrc) -> Option<usize> {
        self.reports.iter().position(|report| report.is_some_and(|report| report.ssrc == ssrc))
    }
}

#[cfg(test)]
mod tests;
