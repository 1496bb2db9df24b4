//! What a node sends to one receiver: sound, pictures in layers, retransmissions, probes, padding.

use std::collections::VecDeque;

use protocol::{Bitrate, Instant};
use sfu_core::congestion::{Congestion, Demand, ProbeCluster, SentKind};

use super::link::Chance;

/// What there is to send.
#[derive(Clone, Debug)]
pub(super) enum Media {
    /// An encoder that follows the estimate.
    Full,
    /// Tiles of which each has one of these layers, in kb/s.
    Layered { tiles: usize, ladder: Vec<u64> },
    /// A layer of so many kb/s from the first ms to the second, else one of 40.
    Still { kbps: u64, still_ms: (u64, u64) },
}

/// 40 kb/s.
const AUDIO_BYTES: usize = 100;
const AUDIO_PERIOD_US: u64 = 20_000;
const AUDIO_KBPS: u64 = 40;
const FRAME_PERIOD_US: u64 = 33_333;
const PACKET_BYTES: usize = 1_200;
const PADDING_BYTES: usize = 1_000;
/// From the choice of a layer to its keyframe, and how much larger that is than other frames.
const SWITCH_US: u64 = 150_000;
const KEYFRAME_FACTOR: f64 = 4.0;
/// What the allocation leaves unused, and for how long an estimate must have held before it is
/// used for more.
const BUDGET: f64 = 0.95;
const PATIENCE_US: u64 = 500_000;
/// What waits longer than this in the pacer is dropped.
const PACER_BITS_MAX_MS: f64 = 1_000.0;

#[derive(Debug)]
pub(super) struct Sender {
    media: Media,
    chance: Chance,
    queue: VecDeque<(usize, SentKind)>,
    pub(super) queued_bits: f64,
    /// Bits that may be sent at once.
    credit: f64,
    probe: Option<(ProbeCluster, u32, u32)>,
    probe_credit: f64,
    next_audio_us: u64,
    next_frame_us: u64,
    /// Index of the layer of each tile, in force and chosen.
    layers: Vec<usize>,
    chosen: Vec<usize>,
    chosen_at_us: u64,
    keyframes: Vec<bool>,
    /// Since when a higher choice was affordable.
    affordable_since_us: Option<u64>,
    pub(super) sent: Sent,
}

/// Bytes by kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    pub(super) media: u64,
    pub(super) rtx: u64,
    pub(super) padding: u64,
}

impl Sent {
    pub(super) fn all(&self) -> u64 {
        self.media + self.rtx + self.padding
    }
}

/// A packet that goes out.
pub(super) type Out<'o> = &'o mut dyn FnMut(&mut Congestion, usize, SentKind, Option<ProbeCluster>);

impl Sender {
    pub(super) fn new(media: Media, seed: u64) -> Self {
        let tiles = if let Media::Layered { tiles, .. } = &media { *tiles } else { 0 };
        Sender {
            media,
            chance: Chance(seed ^ 0xA5A5),
            queue: VecDeque::new(),
            queued_bits: 0.0,
            credit: 0.0,
            probe: None,
            probe_credit: 0.0,
            next_audio_us: 0,
            next_frame_us: 0,
            layers: vec![0; tiles],
            chosen: vec![0; tiles],
            chosen_at_us: 0,
            keyframes: vec![true; tiles],
            affordable_since_us: None,
            sent: Sent::default(),
        }
    }

    /// Answers a NACK.
    pub(super) fn resend(&mut self, bytes: usize) {
        self.queue.push_front((bytes, SentKind::Rtx));
        self.queued_bits += bytes as f64 * 8.0;
    }

    /// kb/s of the layers in force.
    pub(super) fn layers_kbps(&self) -> u64 {
        match &self.media {
            Media::Layered { ladder, .. } => self.layers.iter().map(|&it| ladder[it]).sum(),
            Media::Full | Media::Still { .. } => 0,
        }
    }

    /// One millisecond.
    pub(super) fn step(&mut self, us: u64, congestion: &mut Congestion, out: Out<'_>) {
        let now = Instant::from_micros(us);
        self.choose(us, congestion);
        if us >= self.next_audio_us {
            self.next_audio_us += AUDIO_PERIOD_US;
            self.sent.media += AUDIO_BYTES as u64;
            out(congestion, AUDIO_BYTES, SentKind::Audio, None);
        }
        if us >= self.next_frame_us {
            self.next_frame_us += FRAME_PERIOD_US;
            self.make_frames(us, congestion);
        }
        if self.probe.is_none() {
            self.probe = congestion.poll_probe(now).map(|cluster| (cluster, 0, 0));
            self.probe_credit = PACKET_BYTES as f64 * 8.0;
        }
        self.pace(congestion, out);
    }

    fn pace(&mut self, congestion: &mut Congestion, out: Out<'_>) {
        let per_ms = |rate: Bitrate| rate.as_bps() as f64 / 1e3;
        if let Some((cluster, mut bytes, mut packets)) = self.probe {
            self.probe_credit += per_ms(cluster.rate);
            while self.probe_credit > 0.0 {
                let (size, kind) = self.pop().unwrap_or((PADDING_BYTES, SentKind::Padding));
                self.probe_credit -= size as f64 * 8.0;
                self.emit(congestion, size, kind, Some(cluster), out);
                (bytes, packets) = (bytes + size as u32, packets + 1);
                if bytes >= cluster.bytes_min && packets >= cluster.packets_min {
                    self.probe = None;
                    return;
                }
            }
            self.probe = Some((cluster, bytes, packets));
            return;
        }
        self.credit += per_ms(congestion.pacing_rate());
        while self.credit > 0.0 {
            let Some((size, kind)) = self.pop() else { break };
            self.credit -= size as f64 * 8.0;
            self.emit(congestion, size, kind, None, out);
        }
        let padding_credit = per_ms(congestion.padding_rate()) - per_ms(congestion.pacing_rate());
        if self.queue.is_empty() && self.credit + padding_credit > 0.0 {
            self.credit -= PADDING_BYTES as f64 * 8.0;
            self.emit(congestion, PADDING_BYTES, SentKind::Padding, None, out);
        }
        self.credit = self.credit.min(per_ms(congestion.pacing_rate()) * 5.0);
        if self.queue.is_empty() {
            self.credit = self.credit.min(0.0);
        }
    }

    fn pop(&mut self) -> Option<(usize, SentKind)> {
        let (size, kind) = self.queue.pop_front()?;
        self.queued_bits -= size as f64 * 8.0;
        Some((size, kind))
    }

    fn emit(
        &mut self,
        congestion: &mut Congestion,
        size: usize,
        kind: SentKind,
        probe: Option<ProbeCluster>,
        out: Out<'_>,
    ) {
        match kind {
            SentKind::Audio | SentKind::Video => self.sent.media += size as u64,
            SentKind::Rtx => self.sent.rtx += size as u64,
            SentKind::Padding => self.sent.padding += size as u64,
        }
        out(congestion, size, kind, probe);
    }

    fn make_frames(&mut self, us: u64, congestion: &Congestion) {
        match self.media.clone() {
            Media::Full => {
                let kbps = budget_kbps(congestion).saturating_sub(AUDIO_KBPS);
                self.make_frame(kbps, 1.0, congestion);
            }
            Media::Still { kbps, still_ms } => {
                let is_still = (still_ms.0..still_ms.1).contains(&(us / 1_000));
                self.make_frame(if is_still { 40 } else { kbps }, 1.0, congestion);
            }
            Media::Layered { ladder, .. } => {
                if us >= self.chosen_at_us + SWITCH_US {
                    for tile in 0..self.layers.len() {
                        self.keyframes[tile] |= self.layers[tile] != self.chosen[tile];
                        self.layers[tile] = self.chosen[tile];
                    }
                }
                for tile in 0..self.layers.len() {
                    let is_key = std::mem::take(&mut self.keyframes[tile]);
                    let factor = if is_key { KEYFRAME_FACTOR } else { 1.0 };
                    self.make_frame(ladder[self.layers[tile]], factor, congestion);
                }
            }
        }
    }

    fn make_frame(&mut self, kbps: u64, factor: f64, congestion: &Congestion) {
        let size = kbps as f64 * FRAME_PERIOD_US as f64 / 8e3 * factor;
        let mut left = (size * (0.8 + 0.4 * self.chance.part())) as usize;
        let bits_max = congestion.pacing_rate().as_bps() as f64 / 1e3 * PACER_BITS_MAX_MS;
        if self.queued_bits > bits_max {
            return;
        }
        while left > 0 {
            let bytes = left.min(PACKET_BYTES);
            self.queue.push_back((bytes.max(60), SentKind::Video));
            self.queued_bits += bytes.max(60) as f64 * 8.0;
            left -= bytes;
        }
    }

    /// Chooses layers: down at once, up when the estimate has held.
    fn choose(&mut self, us: u64, congestion: &mut Congestion) {
        let now = Instant::from_micros(us);
        let (allocated, wanted_next, ideal) = match &self.media {
            Media::Full => {
                let target = congestion.target();
                (target, Some(target.scaled(2.0)), Bitrate::from_kbps(10_000))
            }
            Media::Still { kbps, still_ms } => {
                let is_still = (still_ms.0..still_ms.1).contains(&(us / 1_000));
                let kbps = if is_still { 40 } else { *kbps } + AUDIO_KBPS;
                let rate = Bitrate::from_kbps(kbps);
                let waits = congestion.target() < rate;
                (rate.min(congestion.target()), waits.then_some(rate), rate)
            }
            Media::Layered { tiles, ladder } => {
                let ladder = ladder.clone();
                let budget = (budget_kbps(congestion) as f64 * BUDGET) as u64;
                let budget = budget.saturating_sub(AUDIO_KBPS);
                let (layers, next) = allocate(*tiles, &ladder, budget);
                let cost = |layers: &[usize]| layers.iter().map(|&it| ladder[it]).sum::<u64>();
                let (wanted, present) = (cost(&layers), cost(&self.chosen));
                if wanted < present {
                    (self.chosen, self.chosen_at_us) = (layers, us);
                    self.affordable_since_us = None;
                } else if wanted > present {
                    let since = *self.affordable_since_us.get_or_insert(us);
                    if us - since >= PATIENCE_US {
                        (self.chosen, self.chosen_at_us) = (layers, us);
                        self.affordable_since_us = None;
                    }
                } else {
                    self.affordable_since_us = None;
                }
                let full = *tiles as u64 * ladder.last().copied().unwrap_or(0);
                let gross = |kbps: u64| Bitrate::from_kbps(kbps + AUDIO_KBPS).scaled(1.0 / BUDGET);
                (gross(cost(&self.chosen)), next.map(gross), gross(full))
            }
        };
        congestion.set_demand(now, Demand { allocated, wanted_next, ideal });
    }
}

/// What is left of the estimate when what gets lost is sent twice.
fn budget_kbps(congestion: &Congestion) -> u64 {
    congestion.target().scaled(1.0 - congestion.loss()).as_bps() / 1_000
}

/// One base layer each, then one step each in rounds; with the cost of one step more.
fn allocate(tiles: usize, ladder: &[u64], budget: u64) -> (Vec<usize>, Option<u64>) {
    let mut layers = vec![0; tiles];
    let mut cost = tiles as u64 * ladder[0];
    let mut next = None;
    for _ in 1..ladder.len() {
        for layer in &mut layers {
            let Some(step) = ladder.get(*layer + 1).map(|more| more - ladder[*layer]) else {
                continue;
            };
            if cost + step <= budget {
                *layer += 1;
                cost += step;
            } else if next.is_none() {
                next = Some(cost + step);
            }
        }
    }
    (layers, next)
}
