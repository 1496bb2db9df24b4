//! One session over one link under virtual time, and what was seen of it.

use std::collections::VecDeque;

use protocol::Instant;
use sfu_core::congestion::{Congestion, CongestionConfig, SentKind};

use super::{
    link::{Link, LinkPlan},
    sender::{Media, Sender, Sent},
};

/// What is seen every 10 ms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) ms: u64,
    pub(super) target_kbps: f64,
    pub(super) link_kbps: f64,
    pub(super) queue_ms: f64,
    pub(super) layers_kbps: f64,
    pub(super) sent: Sent,
}

/// A run that is over.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) samples: Vec<Sample>,
    pub(super) overflow: f64,
}

const SAMPLE_MS: u64 = 10;

impl Run {
    pub(super) fn new(plan: &LinkPlan, media: &Media, seed: u64, seconds: u64) -> Run {
        let mut congestion = Congestion::new(CongestionConfig::default());
        let mut link = Link::new(plan.clone(), seed);
        let mut sender = Sender::new(media.clone(), seed);
        let mut kinds: VecDeque<(usize, SentKind)> = VecDeque::new();
        let (mut first_kind, mut count) = (0_u64, 0_u64);
        let mut samples = Vec::new();
        for ms in 0..seconds * 1_000 {
            let us = ms * 1_000;
            let now = Instant::from_micros(us);
            link.step(us);
            while link.messages.front().is_some_and(|message| message.due_us <= us) {
                let Some(message) = link.messages.pop_front() else { break };
                for report in message.reports.iter().filter(|it| it.arrived_us.is_none()) {
                    let age = (count as u16).wrapping_sub(report.seq);
                    let index = count.saturating_sub(u64::from(age));
                    let known = index.checked_sub(first_kind).map(|place| place as usize);
                    if let Some((bytes, SentKind::Video)) = known.and_then(|it| kinds.get(it)) {
                        sender.resend(*bytes);
                    }
                }
                congestion.handle_reports(now, message.reports);
            }
            if congestion.poll_timeout().is_some_and(|due| due <= now) {
                congestion.handle_timeout(now);
            }
            sender.step(us, &mut congestion, &mut |congestion, bytes, kind, probe| {
                let seq = congestion.sent(now, bytes, kind, probe.map(|it| it.id));
                assert_eq!(seq, count as u16, "numbers are given in turn");
                link.send(us, count, bytes);
                kinds.push_back((bytes, kind));
                count += 1;
                if kinds.len() > 4_000 {
                    kinds.pop_front();
                    first_kind += 1;
                }
            });
            if ms % SAMPLE_MS == 0 {
                samples.push(Sample {
                    ms,
                    target_kbps: congestion.target().as_bps() as f64 / 1e3,
                    link_kbps: link.kbps(us) as f64,
                    queue_ms: link.queue_ms(us),
                    layers_kbps: sender.layers_kbps() as f64,
                    sent: sender.sent,
                });
            }
        }
        Run { samples, overflow: link.overflowed as f64 / count as f64 }
    }

    /// Samples of a span of ms.
    pub(super) fn span(&self, from_ms: u64, to_ms: u64) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(move |it| (from_ms..to_ms).contains(&it.ms))
    }

    /// Seconds from a time until a sample is as asked; infinite if none is.
    pub(super) fn seconds_until(&self, from_ms: u64, is: impl Fn(&Sample) -> bool) -> f64 {
        let found = self.span(from_ms, u64::MAX).find(|sample| is(sample));
        found.map_or(f64::INFINITY, |sample| (sample.ms - from_ms) as f64 / 1e3)
    }

    /// Seconds from a time until the estimate is at least so much, and is so on average of the
    /// second that follows.
    pub(super) fn seconds_until_held(&self, from_ms: u64, kbps: f64) -> f64 {
        self.seconds_until(from_ms, |it| {
            it.target_kbps >= kbps && self.mean(it.ms, it.ms + 1_000, |it| it.target_kbps) >= kbps
        })
    }

    /// Mean of something over a span.
    pub(super) fn mean(&self, from_ms: u64, to_ms: u64, of: impl Fn(&Sample) -> f64) -> f64 {
        let (sum, count) = self
            .span(from_ms, to_ms)
            .fold((0.0, 0.0), |(sum, count), sample| (sum + of(sample), count + 1.0));
        sum / count
    }

    /// kb/s sent in the 200 ms before a sample.
    pub(super) fn sent_kbps(&self, ms: u64) -> f64 {
        let place = (ms / SAMPLE_MS) as usize;
        let before = place.saturating_sub(20);
        let bytes = self.samples[place].sent.all() - self.samples[before].sent.all();
        bytes as f64 * 8.0 / ((place - before).max(1) as f64 * SAMPLE_MS as f64)
    }
}
