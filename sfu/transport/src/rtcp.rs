//! RTCP (RFC 3550 §6, RFC 4585, RFC 5104, REMB, transport-wide feedback): compound packets read and
//! written in place.
//!
//! It never allocates and never believes a length: a compound packet is checked as a whole before
//! its first part is given out, and is dropped as a whole. Whether a report's SSRC belongs to who
//! sent it is for the caller to say (RFC 3550 §9.1): the transport knows only that the bytes are
//! authentic. Every walk is bounded by the bytes it walks over; a NACK of 1 400 bytes names at most
//! 5 900 packets. Only transport-wide feedback counts runs, and it ends at [`STATUS_COUNT_MAX`].
//!
//! Tests: `rtcp/tests.rs`, and libwebrtc's fuzz corpus in `tests/it`.

mod arrivals;
mod reader;
mod transport_feedback;
mod writer;

pub use arrivals::{ArrivalLog, LOG_LENGTH};
pub use reader::{
    FirEntries, FirEntry, Nack, Remb, ReportBlocks, Rtcp, RtcpMalformed, RtcpPackets, Ssrcs,
};
pub use transport_feedback::{
    ReferenceClock, ReferenceTime, STATUS_COUNT_MAX, TransportFeedback, TransportPacket,
    TransportPackets,
};
pub use writer::{NoRoom, RtcpWriter};

use protocol::media::{RtpTime, Ssrc};
use serde::{Deserialize, Serialize};

/// Bytes of the header that every packet of a compound has.
const HEADER_LENGTH: usize = 4;

/// Bytes of a report block.
const REPORT_BLOCK_LENGTH: usize = 24;

/// Ends of a cumulative loss, which has 24 bits with a sign and stays at them (RFC 3550 §6.4.1).
const CUMULATIVE_LOST_MIN: i32 = -0x80_0000;
const CUMULATIVE_LOST_MAX: i32 = 0x7F_FFFF;

/// The most entries that a count of five bits can say.
const COUNT_MAX: usize = 31;

/// Packet types (RFC 3550 §12.1, RFC 4585 §6.1).
mod packet_type {
    pub(super) const SENDER_REPORT: u8 = 200;
    pub(super) const RECEIVER_REPORT: u8 = 201;
    pub(super) const SOURCE_DESCRIPTION: u8 = 202;
    pub(super) const BYE: u8 = 203;
    pub(super) const TRANSPORT_FEEDBACK: u8 = 205;
    pub(super) const PAYLOAD_FEEDBACK: u8 = 206;
}

/// Feedback message types: the count field of feedback packets (RFC 4585 §6.2, §6.3, RFC 5104
/// §4.3).
mod feedback {
    pub(super) const NACK: u8 = 1;
    pub(super) const PLI: u8 = 1;
    pub(super) const FIR: u8 = 4;
    pub(super) const APPLICATION: u8 = 15;
    /// Draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1.
    pub(super) const TRANSPORT_WIDE: u8 = 15;
}

/// Numbers of transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).
mod twcc {
    /// What is said of a packet; 3 is reserved.
    pub(super) const NOT_RECEIVED: u16 = 0;
    pub(super) const SMALL_DELTA: u16 = 1;
    pub(super) const LARGE_DELTA: u16 = 2;

    /// Symbols in a chunk of each kind.
    pub(super) const ONE_BIT_SYMBOLS: usize = 14;
    pub(super) const TWO_BIT_SYMBOLS: usize = 7;
    pub(super) const RUN_LENGTH_MAX: usize = 0x1FFF;

    /// Unit of deltas.
    pub(super) const TICK_MICROS: i64 = 250;
    /// Unit of the reference time.
    pub(super) const REFERENCE_MICROS: i64 = 64_000;
}

/// A point on the wall clock as NTP has it: seconds since 1900 above, their 2^-32 parts below
/// (RFC 3550 §4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// The middle 32 bits, in units of 2^-16 s: what LSR holds (RFC 3550 §6.4.1).
    #[must_use]
    pub const fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

/// What a sender report says of its sender (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderInfo {
    /// The stream it is about.
    pub ssrc: Ssrc,
    /// When it was made.
    pub ntp: NtpTime,
    /// The same moment on the stream's clock.
    pub rtp_time: RtpTime,
    /// Packets sent since the beginning; wraps.
    pub packet_count: u32,
    /// Payload bytes sent since the beginning; wraps.
    pub octet_count: u32,
}

/// How a stream is received (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportBlock {
    /// The stream it is about.
    pub ssrc: Ssrc,
    /// Lost since the last report, in 256ths of what was expected.
    pub fraction_lost: u8,
    /// Lost since the beginning, −2^23 to 2^23 − 1; duplicates make it negative.
    pub cumulative_lost: i32,
    /// Cycles and sequence number of the highest packet.
    pub highest_seq: u32,
    /// Mean deviation of the time between packets, in ticks of the stream's clock.
    pub jitter: u32,
    /// [`NtpTime::middle`] of the last sender report, 0 without one.
    pub last_sender_report: u32,
    /// Time from that report to this, in units of 2^-16 s, 0 without one.
    pub delay_since_sender_report: u32,
}

#[cfg(test)]
mod tests;
