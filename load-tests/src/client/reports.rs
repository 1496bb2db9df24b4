//! What a model client reports once a second: its streams' clocks, how slots were received and, if
//! it has nothing better, what it believes it can take.

use std::collections::BTreeMap;

use protocol::{
    Duration, Instant,
    media::{RtpTime, Ssrc},
};
use sfu_transport::rtcp::{NtpTime, ReportBlock, RtcpWriter, SenderInfo};

use super::{media::StreamInfo, reception::Reception};

const INTERVAL: Duration = Duration::from_secs(1);

/// The longest compound packet.
const BYTES_MAX: usize = 1_200;

/// Report blocks in one packet.
const BLOCKS_MAX: usize = 12;

/// NTP time at the beginning of the run on the clock of a client whose number is 0; each other's is
/// so much further.
const NTP_AT_ZERO: u64 = 3_976_257_600 << 32;
const NTP_APART: u64 = 1_234_567_890_123;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Reports {
    next: Instant,
    /// The node's last sender report on each slot, and when it came.
    senders: BTreeMap<Ssrc, (SenderInfo, Instant)>,
    /// Bytes received at the last report.
    bytes: u64,
    /// What it believes it can take, in bits per second.
    believed: u64,
}

impl Reports {
    pub(super) fn due(&self) -> Instant {
        self.next
    }

    /// Takes a sender report of the node.
    pub(super) fn note(&mut self, now: Instant, info: &SenderInfo) {
        self.senders.insert(info.ssrc, (*info, now));
    }

    /// What the node's last sender report says of when `timestamp` was, on its clock, in µs.
    pub(super) fn captured_us(&self, ssrc: Ssrc, timestamp: RtpTime, rate: i64) -> Option<i64> {
        let (info, _) = self.senders.get(&ssrc)?;
        let reported_us = (u128::from(info.ntp.0) * 1_000_000) >> 32;
        let ticks = i64::from(timestamp.distance_from(info.rtp_time));
        Some(reported_us as i64 + ticks * 1_000_000 / rate)
    }

    /// The report that is due.
    pub(super) fn take(
        &mut self,
        now: Instant,
        own: Ssrc,
        has_remb: bool,
        sent: &[StreamInfo],
        slots: &mut BTreeMap<Ssrc, Reception>,
    ) -> Vec<u8> {
        self.next = now + INTERVAL;
        let bytes: u64 = slots.values().map(|slot| slot.bytes + slot.repair_bytes).sum();
        let rate = (bytes - std::mem::replace(&mut self.bytes, bytes)) * 8;
        let mut worst = 0;
        let mut blocks = Vec::new();
        for (ssrc, slot) in slots.iter_mut() {
            let Some(report) = slot.take_report() else { continue };
            worst = worst.max(report.fraction_lost);
            let sender = self.senders.get(ssrc);
            let since = sender.map(|(_, at)| now.saturating_duration_since(*at));
            blocks.push(ReportBlock {
                ssrc: *ssrc,
                fraction_lost: report.fraction_lost,
                cumulative_lost: report.cumulative_lost,
                highest_seq: report.highest_seq,
                jitter: 0,
                last_sender_report: sender.map_or(0, |(info, _)| info.ntp.middle()),
                delay_since_sender_report: since
                    .map_or(0, |since| (since.as_micros() * 65_536 / 1_000_000) as u32),
            });
        }
        blocks.truncate(BLOCKS_MAX);
        let streams: Vec<Ssrc> = blocks.iter().map(|block| block.ssrc).collect();
        let mut buffer = [0; BYTES_MAX];
        let mut writer = RtcpWriter::new(&mut buffer);
        let micros = u128::from(now.as_micros());
        let clock = NTP_AT_ZERO + u64::from(own.0) * NTP_APART;
        let ntp = NtpTime(clock + ((micros << 32) / 1_000_000) as u64);
        let mut written = writer.receiver_report(own, &blocks);
        for stream in sent {
            let info = SenderInfo {
                ssrc: stream.ssrc,
                ntp,
                rtp_time: RtpTime(stream.timestamp),
                packet_count: stream.packets,
                octet_count: stream.octets,
            };
            written = written.and_then(|()| writer.sender_report(&info, &[]));
        }
        if has_remb && !streams.is_empty() {
            self.believe(rate, worst);
            written = written.and_then(|()| writer.remb(own, self.believed, &streams));
        }
        debug_assert!(written.is_ok(), "a report fits its packet");
        let length = writer.length();
        buffer[..length].to_vec()
    }

    /// As a receiver without delays to look at: a twelfth more each second while hardly anything is
    /// lost, up to twice what comes; less where more than a tenth is.
    fn believe(&mut self, rate: u64, fraction_lost: u8) {
        let believed = self.believed.max(300_000);
        self.believed = match fraction_lost {
            0..=5 => (believed + believed / 12).min((2 * rate).max(300_000)),
            6..=25 => believed,
            26.. => rate - rate / 8,
        };
    }
}
