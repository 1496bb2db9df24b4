//! How a participant's streams arrive, as report blocks say it (RFC 3550 §6.4.1).

use protocol::{Instant, media::Ssrc};
use sfu_core::ReceptionReport;
use sfu_transport::{
    rtcp::{NtpTime, ReportBlock},
    srtp::RTP_SOURCES_MAX,
};

/// The last sender report of each stream, so that the sender can measure its round trip.
#[derive(Debug, Default)]
pub(crate) struct SenderReports {
    last: [Option<SenderReport>; RTP_SOURCES_MAX],
}

#[derive(Clone, Copy, Debug)]
struct SenderReport {
    ssrc: Ssrc,
    ntp: NtpTime,
    arrived: Instant,
}

impl SenderReports {
    /// Notes a report; streams beyond the table's size go without.
    pub(crate) fn note(&mut self, arrived: Instant, ssrc: Ssrc, ntp: NtpTime) {
        let known = self.last.iter().position(|it| it.is_some_and(|it| it.ssrc == ssrc));
        let place = known.or_else(|| self.last.iter().position(Option::is_none));
        if let Some(place) = place {
            self.last[place] = Some(SenderReport { ssrc, ntp, arrived });
        }
    }

    /// The report block for what the engine counted.
    pub(crate) fn block(&self, now: Instant, report: &ReceptionReport) -> ReportBlock {
        let last = self.last.iter().flatten().find(|last| last.ssrc == report.ssrc);
        ReportBlock {
            ssrc: report.ssrc,
            fraction_lost: report.figures.fraction_lost,
            cumulative_lost: i32::try_from(report.figures.cumulative_lost).unwrap_or(i32::MAX),
            highest_seq: report.figures.highest_seq,
            jitter: report.figures.jitter,
            last_sender_report: last.map_or(0, |last| last.ntp.middle()),
            delay_since_sender_report: last.map_or(0, |last| delay(last.arrived, now)),
        }
    }
}

/// Time since `arrived` in units of 2^-16 s.
fn delay(arrived: Instant, now: Instant) -> u32 {
    let micros = now.saturating_duration_since(arrived).as_micros();
    u32::try_from((micros << 16) / 1_000_000).unwrap_or(u32::MAX)
}
