//! A way to one receiver: a bottleneck with a queue, random loss, jitter, and the feedback back.

use std::collections::VecDeque;

use sfu_core::congestion::PacketReport;

/// Seeded chance (SplitMix64).
#[derive(Debug)]
pub(super) struct Chance(pub(super) u64);

impl Chance {
    /// 0 to 1.
    pub(super) fn part(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((bits ^ bits >> 31) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// What the way is like.
#[derive(Clone, Debug)]
pub(super) struct LinkPlan {
    /// From which ms on it carries how many kb/s.
    pub(super) rates: Vec<(u64, u64)>,
    pub(super) rtt_ms: u64,
    pub(super) jitter_ms: f64,
    /// Part of the packets that the radio loses.
    pub(super) loss: f64,
    /// Packets lost in a row, on average.
    pub(super) burst: f64,
    /// What the queue holds at the present rate.
    pub(super) queue_ms: u64,
    /// Part of the feedback messages that are lost.
    pub(super) feedback_loss: f64,
    /// From when to when nothing gets through, in either direction.
    pub(super) blackout_ms: (u64, u64),
    /// From when on the way is longer, and by how much.
    pub(super) longer_ms: (u64, u64),
    /// Jitter of the longer way beside the other.
    pub(super) longer_jitter_ms: f64,
}

impl LinkPlan {
    pub(super) fn steady(kbps: u64, rtt_ms: u64) -> Self {
        LinkPlan {
            rates: vec![(0, kbps)],
            rtt_ms,
            jitter_ms: 2.0,
            loss: 0.0,
            burst: 1.0,
            queue_ms: 300,
            feedback_loss: 0.0,
            blackout_ms: (0, 0),
            longer_ms: (0, 0),
            longer_jitter_ms: 0.0,
        }
    }

    pub(super) fn with_loss(self, loss: f64) -> Self {
        LinkPlan { loss, ..self }
    }
}

/// A feedback message on its way back.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) due_us: u64,
    pub(super) reports: Vec<PacketReport>,
}

#[derive(Debug)]
pub(super) struct Link {
    plan: LinkPlan,
    chance: Chance,
    queue: VecDeque<(u64, f64)>,
    queued_bits: f64,
    is_bursting: bool,
    last_arrival_us: u64,
    /// Packets that arrived since the last feedback: number and time.
    arrived: Vec<(u64, u64)>,
    reported_until: u64,
    next_feedback_us: u64,
    pub(super) messages: VecDeque<Message>,
    pub(super) overflowed: u64,
    served_us: u64,
}

const FEEDBACK_US: u64 = 50_000;
/// The receiver's clock starts elsewhere and runs 50 ppm fast.
const CLOCK_OFFSET_US: i64 = 7_000_000_000;
const CLOCK_DRIFT: f64 = 50e-6;

impl Link {
    pub(super) fn new(plan: LinkPlan, seed: u64) -> Self {
        Link {
            plan,
            chance: Chance(seed),
            queue: VecDeque::new(),
            queued_bits: 0.0,
            is_bursting: false,
            last_arrival_us: 0,
            arrived: Vec::new(),
            reported_until: 0,
            next_feedback_us: FEEDBACK_US,
            messages: VecDeque::new(),
            overflowed: 0,
            served_us: 0,
        }
    }

    /// kb/s at a time.
    pub(super) fn kbps(&self, us: u64) -> u64 {
        let past = self.plan.rates.iter().rev().find(|(from_ms, _)| from_ms * 1_000 <= us);
        past.map_or(0, |(_, kbps)| *kbps)
    }

    /// How long a packet that comes now waits.
    pub(super) fn queue_ms(&self, us: u64) -> f64 {
        self.queued_bits / self.kbps(us).max(1) as f64
    }

    pub(super) fn send(&mut self, us: u64, index: u64, bytes: usize) {
        let bits = bytes as f64 * 8.0;
        let kbps = self.kbps(us) as f64;
        // A queue of no length still holds the packet that is being sent and the next.
        let room = (kbps * self.plan.queue_ms as f64).max(2.0 * 1_200.0 * 8.0);
        if kbps > 0.0 && self.queued_bits + bits > room || self.queue.len() > 2_000 {
            self.overflowed += 1;
            return;
        }
        self.queue.push_back((index, bits));
        self.queued_bits += bits;
    }

    /// Serves the queue up to a time and lets the receiver tell.
    pub(super) fn step(&mut self, us: u64) {
        let kbps = self.kbps(us) as f64;
        let mut at_us = self.served_us as f64;
        while let Some((index, bits)) = self.queue.front_mut() {
            let can = (us as f64 - at_us) * kbps / 1e3;
            if *bits > can {
                *bits -= can;
                self.queued_bits -= can;
                break;
            }
            at_us += *bits * 1e3 / kbps;
            self.queued_bits -= *bits;
            let index = *index;
            self.queue.pop_front();
            self.depart(at_us as u64, index);
        }
        self.served_us = us;
        if us >= self.next_feedback_us {
            self.next_feedback_us += FEEDBACK_US;
            self.tell(us);
        }
    }

    fn depart(&mut self, us: u64, index: u64) {
        if self.is_lost() || self.is_black(us) {
            return;
        }
        let (from_ms, by_ms) = self.plan.longer_ms;
        let is_longer = us >= from_ms * 1_000;
        let detour_us = if is_longer { by_ms * 1_000 } else { 0 };
        let added_ms = if is_longer { self.plan.longer_jitter_ms } else { 0.0 };
        let jitter_us = self.chance.part() * (self.plan.jitter_ms + added_ms) * 1e3;
        let arrival_us = us + self.plan.rtt_ms * 500 + detour_us + jitter_us as u64;
        self.last_arrival_us = self.last_arrival_us.max(arrival_us);
        self.arrived.push((index, self.last_arrival_us));
    }

    fn is_black(&self, us: u64) -> bool {
        let (from_ms, to_ms) = self.plan.blackout_ms;
        (from_ms..to_ms).contains(&(us / 1_000))
    }

    /// Gilbert's model: a burst begins with such a chance that `loss` of all is lost.
    fn is_lost(&mut self) -> bool {
        let LinkPlan { loss, burst, .. } = self.plan;
        let begins = loss / (burst * (1.0 - loss)).max(loss);
        let chance = if self.is_bursting { 1.0 - 1.0 / burst } else { begins };
        self.is_bursting = self.chance.part() < if burst > 1.0 { chance } else { loss };
        self.is_bursting
    }

    fn tell(&mut self, us: u64) {
        let known = self.arrived.iter().take_while(|(_, at_us)| *at_us <= us).count();
        let Some((last, _)) = known.checked_sub(1).map(|last| self.arrived[last]) else { return };
        let mut arrived = self.arrived.drain(..known).peekable();
        let mut reports = Vec::new();
        for index in self.reported_until..=last {
            let at = arrived.next_if(|(it, _)| *it == index).map(|(_, at_us)| at_us);
            // Transport-wide feedback counts in steps of 250 µs.
            let clock = |us: u64| CLOCK_OFFSET_US + (us as f64 * (1.0 + CLOCK_DRIFT)) as i64;
            let arrived_us = at.map(|us| clock(us) / 250 * 250);
            reports.push(PacketReport { seq: index as u16, arrived_us });
        }
        drop(arrived);
        self.reported_until = last + 1;
        if self.chance.part() >= self.plan.feedback_loss && !self.is_black(us) {
            self.messages.push_back(Message { due_us: us + self.plan.rtt_ms * 500, reports });
        }
    }
}
