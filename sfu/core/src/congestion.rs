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

mod aimd;
mod alr;
mod capacity;
mod clusters;
mod delay;
mod grouping;
mod history;
mod loss;
mod probing;
mod queueing;
mod reports;
mod standing;
mod throughput;
mod trendline;
mod values;

use protocol::{Bitrate, Duration, Instant};

use self::{
    alr::Alr,
    delay::{Context, DelayBased},
    history::{History, Refused},
    loss::{LossBased, LossState},
    probing::{Probing, Situation},
    reports::Reports,
    throughput::Throughput,
    trendline::Usage,
};

pub use self::values::{
    CongestionConfig, CongestionCounters, CongestionSnapshot, Demand, Feedback, Insight, LimitedBy,
    PacketReport, ProbeCluster, ProbeId, SentKind,
};

/// How far the pacer may run ahead of the estimate, so that a frame does not wait for the next;
/// and before anything is heard, when the first keyframes are awaited (libwebrtc
/// `goog_cc_network_control.cc`, `kDefaultPaceMultiplier`).
const PACING_FACTOR: f64 = 1.1;
const PACING_FACTOR_FIRST: f64 = 2.5;
/// Room above what is wanted, so that a probe that shows a little less still opens the layer.
const GOAL_FACTOR: f64 = 1.2;
/// Without packet reports the estimate grows up to the next layer's cost and this much more.
const NEXT_FACTOR: f64 = 1.1;
/// Padding goes up to the next layer's cost and this much more.
const PADDING_FACTOR: f64 = 1.1;
/// A probe that shows less than this above the estimate may as well be off by that.
const SMALL_GAIN: f64 = 1.2;
const TICK: Duration = Duration::from_millis(50);
/// Packet reports that one feedback message may hold: what is remembered of the sent.
const REPORTS_MAX: usize = 4_096;
/// A receiver that negotiated per-packet feedback and sends none is served by its reports.
const FEEDBACK_PATIENCE: Duration = Duration::from_secs(3);
/// Without feedback for so long and three round trips, the way is taken for lost…
const SILENCE: Duration = Duration::from_millis(1_000);
/// … and the rate falls by this, again at each such step, to this part of what was proven.
const SILENCE_FACTOR: f64 = 0.7;
const SILENCE_STEP: Duration = Duration::from_millis(500);
const SILENCE_FLOOR: f64 = 0.1;
/// Receivers' clocks are taken for 140 years, so that no difference overflows.
const CLOCK_MAX_US: i64 = 1 << 52;
const RTT_DEFAULT: Duration = Duration::from_millis(200);
const RTT_MAX: Duration = Duration::from_secs(5);

/// The estimator of one receiver; see the module.
#[derive(Debug)]
pub struct Congestion {
    config: CongestionConfig,
    history: History,
    throughput: Throughput,
    delay: DelayBased,
    loss: LossBased,
    alr: Alr,
    probing: Probing,
    reports: Reports,
    demand: Demand,
    target: f64,
    /// The last rate, in bits per second, of which is known that it arrives.
    proven: f64,
    rtt: Option<Duration>,
    first_sent: Option<Instant>,
    last_feedback: Option<Instant>,
    silence_due: Option<Instant>,
    is_silent: bool,
    /// Since when the way has been clear; `None` while it is not, or was not lowered.
    clear_since: Option<Instant>,
    was_lowered: bool,
    tick_due: Option<Instant>,
    counters: CongestionCounters,
}

impl Congestion {
    /// Takes all memory and begins.
    #[must_use]
    pub fn new(config: CongestionConfig) -> Box<Congestion> {
        let rate = |rate: Bitrate| rate.as_bps() as f64;
        let (start, min, max) = (rate(config.start), rate(config.min), rate(config.max));
        Box::new(Congestion {
            config,
            history: History::new(config.first_seq),
            throughput: Throughput::new(),
            delay: DelayBased::new(start, min, max),
            loss: LossBased::new(start),
            alr: Alr::default(),
            probing: Probing::new(),
            reports: Reports::new(start, min, max),
            demand: Demand::default(),
            target: start,
            proven: 0.0,
            rtt: None,
            first_sent: None,
            last_feedback: None,
            silence_due: None,
            is_silent: false,
            clear_since: None,
            was_lowered: false,
            tick_due: None,
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
        let mut congestion = Congestion::new(CongestionConfig { first_seq, start, ..config });
        congestion.proven = snapshot.proven.min(config.max).as_bps() as f64;
        congestion
    }

    /// What is needed to go on elsewhere.
    #[must_use]
    pub fn snapshot(&self) -> CongestionSnapshot {
        CongestionSnapshot {
            next_seq: self.history.next_seq(),
            target: self.target(),
            proven: bitrate(self.proven),
        }
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
        if self.first_sent.is_none() {
            self.first_sent = Some(now);
            self.tick_due = Some(now + TICK);
        }
        self.reports.sent(bytes);
        match kind {
            SentKind::Audio | SentKind::Video | SentKind::Rtx => {
                self.alr.sent(now, bytes, self.target);
            }
            SentKind::Padding => {}
        }
        if let Some(cluster) = self.probing.active_mut().filter(|cluster| cluster.is(probe)) {
            cluster.sent(now, bytes);
        }
        self.history.push(now, bytes, probe)
    }

    /// Takes one feedback message that came at `now`. Of its reports, 4 096 are read.
    pub fn handle_reports(
        &mut self,
        now: Instant,
        reports: impl IntoIterator<Item = PacketReport>,
    ) {
        if self.config.feedback != Feedback::PerPacket {
            return;
        }
        if self.delay.hear(now) {
            self.throughput.clear();
        }
        let mut sighting = Sighting { is_after_silence: self.is_silent, ..Sighting::default() };
        for report in reports.into_iter().take(REPORTS_MAX) {
            self.handle_report(now, report, &mut sighting);
        }
        if sighting.is_empty {
            return;
        }
        self.last_feedback = Some(now);
        self.silence_due = None;
        if std::mem::take(&mut self.is_silent) {
            self.loss.skip();
        }
        if let Some(rtt) = sighting.rtt() {
            self.note_rtt(rtt);
        }
        self.update(now);
    }

    /// Takes the round trip that a receiver report allows to measure.
    pub fn handle_rtt(&mut self, now: Instant, rtt: Duration) {
        self.reports.round_trip(now, rtt);
        // What feedback measures is fresher.
        if self.last_feedback.is_none() {
            self.note_rtt(rtt);
        }
    }

    /// Takes a block of a receiver report: of `packets` since the last one, `lost` are missing.
    pub fn handle_loss(&mut self, now: Instant, lost: u32, packets: u32) {
        let next = self.demand.wanted_next.map_or(0.0, |next| next.as_bps() as f64);
        self.reports.loss(now, lost, packets, next * NEXT_FACTOR);
        self.choose_target(now);
    }

    /// Takes the receiver's own estimate (draft-alvestrand-rmcat-remb).
    pub fn handle_remb(&mut self, now: Instant, rate: Bitrate) {
        self.reports.remb(now, rate.as_bps() as f64);
        self.choose_target(now);
    }

    /// Says what the receiver could use; it bounds probing and padding.
    pub fn set_demand(&mut self, _now: Instant, demand: Demand) {
        if demand.wanted_next.is_some() && demand.ideal > self.demand.ideal {
            self.probing.encourage();
        }
        self.demand = demand;
    }

    /// What may be sent in all: sound, pictures and retransmissions.
    #[must_use]
    pub fn target(&self) -> Bitrate {
        bitrate(self.target)
    }

    /// As [`Congestion::target`]; `None` while nobody makes an estimate, because a receiver that
    /// has promised nothing has not told anything.
    #[must_use]
    pub fn estimate(&self) -> Option<Bitrate> {
        let is_made = self.config.feedback != Feedback::Unpromised || self.is_heard();
        is_made.then(|| self.target())
    }

    /// How fast pictures may leave the pacer: a little faster than [`Congestion::target`], and
    /// slower while a queue on the way is to drain.
    #[must_use]
    pub fn pacing_rate(&self) -> Bitrate {
        let drain = self.delay.drain();
        let ahead = if self.is_heard() { PACING_FACTOR } else { PACING_FACTOR_FIRST };
        let factor = if drain < 1.0 { drain } else { ahead };
        bitrate(self.target * factor).max(self.config.min)
    }

    /// Up to what rate, media included, the pacer is to fill with padding when it has nothing
    /// else; [`Bitrate::ZERO`] for none.
    #[must_use]
    pub fn padding_rate(&self) -> Bitrate {
        let Some(next) = self.demand.wanted_next else { return Bitrate::ZERO };
        if self.loss.state() != LossState::Increasing {
            return Bitrate::ZERO;
        }
        next.scaled(PADDING_FACTOR).min(self.demand.ideal).min(self.target())
    }

    /// The round trip, of the feedback or else of reports; `None` before the first.
    #[must_use]
    pub const fn rtt(&self) -> Option<Duration> {
        self.rtt
    }

    /// How long the packets that arrived last have waited on the way.
    #[must_use]
    pub fn queue(&self) -> Duration {
        self.delay.queue()
    }

    /// Loss of the last seconds, 0 to 1, whatever its cause.
    #[must_use]
    pub const fn loss(&self) -> f64 {
        self.loss.average()
    }

    /// A probe that is to be sent, at most one at a time: the next is given when it is known what
    /// the last has shown.
    pub fn poll_probe(&mut self, now: Instant) -> Option<ProbeCluster> {
        if !self.is_per_packet(now) || self.is_silent {
            return None;
        }
        let situation = self.situation();
        self.probing.poll(now, &situation)
    }

    /// When [`Congestion::handle_timeout`] has something to do.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Instant> {
        self.tick_due
    }

    /// Lets timers run that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.tick_due.is_none_or(|due| now < due) {
            return;
        }
        self.tick_due = Some(now + TICK);
        self.alr.pass(now, self.target);
        self.take_probe_result(now);
        self.notice_silence(now);
        self.reports.pass(now);
        self.choose_target(now);
    }

    /// What is seen at `now`, for plots and metrics.
    #[must_use]
    pub fn insight(&self, now: Instant) -> Insight {
        let limited_by = if !self.is_per_packet(now) {
            LimitedBy::Reports
        } else if self.is_silent {
            LimitedBy::Silence
        } else if self.loss.state() != LossState::Free {
            LimitedBy::Loss
        } else if self.delay.usage() == Usage::Overuse || !self.delay.is_drained() {
            LimitedBy::Queue
        } else {
            LimitedBy::Delay
        };
        Insight {
            target: self.target(),
            limited_by,
            delay: bitrate(self.delay.aimd.rate()),
            loss: Some(self.loss.limit()).filter(|limit| limit.is_finite()).map(bitrate),
            acknowledged: self.throughput.rate().map(bitrate),
            proven: bitrate(self.proven),
            lost: self.loss.average(),
            inherent: self.loss.inherent(),
            queue: self.delay.queue(),
            rtt: self.rtt,
            is_limited_by_sender: self.alr.is_limited(),
        }
    }

    /// What feedback brought so far.
    #[must_use]
    pub const fn counters(&self) -> &CongestionCounters {
        &self.counters
    }

    fn handle_report(&mut self, now: Instant, report: PacketReport, sighting: &mut Sighting) {
        let told = match self.history.tell(now, report.seq, report.arrived_us.is_some()) {
            Ok(told) => told,
            Err(Refused::Unknown) => {
                self.counters.unknown += 1;
                return;
            }
            Err(Refused::Repeated) => {
                self.counters.repeated += 1;
                return;
            }
        };
        sighting.is_empty = false;
        let clamp = |us: i64| us.clamp(-CLOCK_MAX_US, CLOCK_MAX_US);
        let arrived_us = report.arrived_us.map(clamp);
        if let Some(cluster) = self.probing.active_mut().filter(|it| it.is(told.probe)) {
            cluster.told(told.sent, told.bytes, arrived_us, told.is_first);
            self.delay.note_probe(now, self.rtt.unwrap_or(RTT_DEFAULT));
        }
        let Some(arrived_us) = arrived_us else {
            self.counters.lost += 1;
            if !sighting.is_after_silence {
                self.loss.add(told.sent, told.bytes, true);
            }
            return;
        };
        self.counters.received += 1;
        if told.is_first {
            self.loss.add(told.sent, told.bytes, false);
        } else {
            self.loss.take_back(told.bytes);
        }
        sighting.add(now, told.sent, arrived_us);
        if !self.delay.add(now, told.sent, arrived_us) {
            self.throughput.clear();
        }
        let sent_us = told.sent.as_micros() as i64;
        self.throughput.add(sent_us, arrived_us, told.bytes + told.untold_bytes);
    }

    /// Lets all parts follow after a feedback message.
    fn update(&mut self, now: Instant) {
        let is_limited = self.alr.is_limited();
        // What the way loses at any rate is missing in what arrives, and is no reason to send less.
        let factor = 1.0 / (1.0 - self.loss.inherent());
        let throughput = self.throughput.rate().map(|rate| rate * factor);
        let recent = self.throughput.recent_rate().map(|rate| rate * factor);
        self.take_probe_result(now);
        let context = Context {
            throughput,
            recent,
            is_limited,
            was_limited: self.alr.was_limited(now),
            rtt: self.rtt.unwrap_or(RTT_DEFAULT),
            is_losing: self.loss.state() == LossState::Decreasing,
        };
        let is_lowered = self.delay.update(now, &context);
        let arriving = self.throughput.rate().filter(|_| !is_limited);
        self.loss.update(now, self.delay.aimd.rate(), arriving);
        if is_lowered {
            self.was_lowered = true;
            self.proven = self.proven.min(recent.unwrap_or(f64::MAX).max(self.delay.aimd.rate()));
        }
        self.proven = self.proven.max(throughput.unwrap_or(0.0).min(self.delay.aimd.rate()));
        self.notice_recovery(now);
        self.choose_target(now);
    }

    fn take_probe_result(&mut self, now: Instant) {
        let situation = self.situation();
        let Some(rate) = self.probing.result(now, &situation) else { return };
        // Of many measurements the luckiest would win: a small gain counts by half.
        let is_small = rate < self.target * SMALL_GAIN;
        let rate = if is_small { (self.target + rate) / 2.0 } else { rate };
        if rate > self.target {
            self.proven = self.proven.max(rate);
            self.delay.aimd.set(now, rate);
            self.loss.set(rate);
        }
        self.choose_target(now);
    }

    /// Lets a probe go out soon after the way has become clear again.
    fn notice_recovery(&mut self, now: Instant) {
        let is_clear = self.delay.usage() == Usage::Normal && self.delay.is_drained();
        if !self.was_lowered || !is_clear {
            self.clear_since = None;
            return;
        }
        let since = *self.clear_since.get_or_insert(now);
        if now.saturating_duration_since(since) >= self.rtt.unwrap_or(RTT_DEFAULT) * 2 {
            self.was_lowered = false;
            self.probing.encourage();
        }
    }

    /// Lowers the rate while packets go out and nothing is heard.
    fn notice_silence(&mut self, now: Instant) {
        let Some(last) = self.last_feedback else { return };
        if !self.history.has_untold() {
            return;
        }
        let patience = SILENCE.max(self.rtt.unwrap_or(RTT_DEFAULT) * 3);
        let due = *self.silence_due.get_or_insert(last + patience);
        if now < due {
            return;
        }
        self.silence_due = Some(now + SILENCE_STEP);
        self.is_silent = true;
        self.was_lowered = true;
        let floor = (self.proven * SILENCE_FLOOR).min(self.delay.aimd.rate());
        let lowered = (self.delay.aimd.rate() * SILENCE_FACTOR).max(floor);
        self.delay.aimd.set(now, lowered);
    }

    fn choose_target(&mut self, now: Instant) {
        let (min, max) = (self.config.min.as_bps() as f64, self.config.max.as_bps() as f64);
        let rate = if self.is_per_packet(now) {
            self.delay.aimd.rate().min(self.loss.limit())
        } else {
            self.reports.rate(now)
        };
        self.target = rate.clamp(min, max.max(min));
    }

    /// Something came from the receiver.
    const fn is_heard(&self) -> bool {
        self.last_feedback.is_some() || self.reports.is_heard()
    }

    /// Whether the receiver tells packet by packet, as far as is known.
    fn is_per_packet(&self, now: Instant) -> bool {
        let waits = |sent: Instant| now.saturating_duration_since(sent) < FEEDBACK_PATIENCE;
        let is_heard = self.last_feedback.is_some() || self.first_sent.is_none_or(waits);
        self.config.feedback == Feedback::PerPacket && is_heard
    }

    fn situation(&self) -> Situation {
        Situation {
            estimate: self.target,
            goal: self.goal(),
            proven: self.proven,
            rtt: self.rtt.unwrap_or(RTT_DEFAULT),
            is_congested: self.delay.usage() == Usage::Overuse || !self.delay.is_drained(),
            loss: self.loss.average(),
            jitter: self.delay.jitter(),
        }
    }

    /// The rate beyond which nothing more is wanted, in bits per second.
    fn goal(&self) -> f64 {
        let Demand { wanted_next, ideal, .. } = self.demand;
        wanted_next.map_or(0.0, |next| next.max(ideal).as_bps() as f64 * GOAL_FACTOR)
    }

    fn note_rtt(&mut self, rtt: Duration) {
        let rtt = rtt.min(RTT_MAX);
        // RFC 6298 §2.3.
        self.rtt = Some(self.rtt.map_or(rtt, |smoothed| (smoothed * 7 + rtt) / 8));
    }
}

/// What one feedback message says about the round trip.
#[derive(Debug)]
struct Sighting {
    is_empty: bool,
    /// It is the first after an outage: what it says is lost was lost then.
    is_after_silence: bool,
    /// Least sum of the time since sending and the time of arrival, each by its clock.
    least_us: i64,
    last_arrived_us: i64,
}

impl Default for Sighting {
    fn default() -> Self {
        Sighting {
            is_empty: true,
            is_after_silence: false,
            least_us: i64::MAX,
            last_arrived_us: i64::MIN,
        }
    }
}

impl Sighting {
    fn add(&mut self, now: Instant, sent: Instant, arrived_us: i64) {
        let since_us = now.saturating_duration_since(sent).as_micros() as i64;
        self.least_us = self.least_us.min(since_us.saturating_add(arrived_us));
        self.last_arrived_us = self.last_arrived_us.max(arrived_us);
    }

    /// Without the time that the receiver waited before it told.
    fn rtt(&self) -> Option<Duration> {
        if self.last_arrived_us == i64::MIN {
            return None;
        }
        let rtt_us = self.least_us.saturating_sub(self.last_arrived_us);
        Some(Duration::from_micros(u64::try_from(rtt_us).unwrap_or(0)))
    }
}

fn bitrate(rate: f64) -> Bitrate {
    Bitrate::from_bps(rate as u64)
}
