//! What goes into the estimator and comes out of it.

use protocol::{Bitrate, Duration};
use serde::{Deserialize, Serialize};

/// What a packet is to its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentKind {
    /// Sound: never waits, and does not count as using what pictures could have.
    Audio,
    /// Picture.
    Video,
    /// A retransmission that was asked for.
    Rtx,
    /// Bytes that only fill: old packets again, or padding alone.
    Padding,
}

/// Which probe a packet belongs to; 0 to 255 and round again, of which a few are open at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProbeId(pub u8);

/// A burst by which the way is tried: packets are sent at `rate`, media first and padding where
/// there is none, until both `bytes_min` and `packets_min` have gone out with its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeCluster {
    /// For [`super::Congestion::sent`].
    pub id: ProbeId,
    /// How fast.
    pub rate: Bitrate,
    /// RTP bytes, header included.
    pub bytes_min: u32,
    /// Packets.
    pub packets_min: u32,
}

/// The fate of one packet, as its receiver tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketReport {
    /// The number that [`super::Congestion::sent`] gave.
    pub seq: u16,
    /// When it arrived, in microseconds of the receiver's clock; `None` if it has not. Only
    /// differences count; a clock that jumps or wraps costs a fresh start of the delay's history.
    pub arrived_us: Option<i64>,
}

/// What the receiver could use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// What is chosen for it at present, sound included.
    pub allocated: Bitrate,
    /// What it would get if one more layer fitted; `None` if nothing more is wanted.
    pub wanted_next: Option<Bitrate>,
    /// What it would get if everything fitted, sound included.
    pub ideal: Bitrate,
}

/// How the receiver tells what arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Feedback {
    /// Packet by packet: the whole estimator works.
    PerPacket,
    /// Receiver reports, and REMB where it sends them: no delay is seen and nothing is probed.
    ReportsOnly,
    /// It has promised nothing: until a report comes, nobody makes an estimate.
    Unpromised,
}

/// How a [`super::Congestion`] begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CongestionConfig {
    /// How the receiver tells what arrived.
    pub feedback: Feedback,
    /// The estimate before anything is known. Default 300 kb/s. Raising it fills thin lines for
    /// the first half second.
    pub start: Bitrate,
    /// What is always sent. Default 60 kb/s: sound. Raising it fills lines that are thinner.
    pub min: Bitrate,
    /// What is never exceeded. Default 20 Mb/s.
    pub max: Bitrate,
    /// The first transport-wide sequence number; should be random.
    pub first_seq: u16,
}

impl Default for CongestionConfig {
    fn default() -> Self {
        CongestionConfig {
            feedback: Feedback::PerPacket,
            start: Bitrate::from_kbps(300),
            min: Bitrate::from_kbps(60),
            max: Bitrate::from_kbps(20_000),
            first_seq: 0,
        }
    }
}

/// What feedback brought, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CongestionCounters {
    /// Packets whose arrival was reported.
    pub received: u64,
    /// Packets that were reported lost, also those whose arrival was reported later.
    pub lost: u64,
    /// Reports about packets that were never sent or were forgotten.
    pub unknown: u64,
    /// Reports of an arrival that had been reported.
    pub repeated: u64,
}

/// Which part of the estimator sets the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitedBy {
    /// What is sent and arrives: delay allows more.
    Delay,
    /// A queue that grows or stands.
    Queue,
    /// Loss that comes from the rate.
    Loss,
    /// Nothing was heard for a while.
    Silence,
    /// Receiver reports and REMB.
    Reports,
}

/// What the estimator sees, for plots and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Insight {
    /// [`super::Congestion::target`].
    pub target: Bitrate,
    /// What sets it.
    pub limited_by: LimitedBy,
    /// What delay alone would allow.
    pub delay: Bitrate,
    /// What loss alone would allow; `None` while it does not limit.
    pub loss: Option<Bitrate>,
    /// What arrived in the last second; `None` while too little is known.
    pub acknowledged: Option<Bitrate>,
    /// The last rate of which is known that it arrives.
    pub proven: Bitrate,
    /// Loss of the last seconds, 0 to 1.
    pub lost: f64,
    /// The part of it that does not come from the rate.
    pub inherent: f64,
    /// How long the packets that arrived last have waited on the way.
    pub queue: Duration,
    /// The round trip.
    pub rtt: Option<Duration>,
    /// The sender sends less than it may.
    pub is_limited_by_sender: bool,
}

/// What a session that goes on elsewhere needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CongestionSnapshot {
    /// The next transport-wide sequence number, without any jump.
    pub next_seq: u16,
    /// The estimate.
    pub target: Bitrate,
    /// The last rate that was seen to arrive.
    pub proven: Bitrate,
}
