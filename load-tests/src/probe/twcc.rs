//! Op `twcc`: packets that left and what their receiver told of them, to an estimate of its line.

use protocol::{Bitrate, Duration, Instant};
use serde::Deserialize;
use serde_json::{Value, json};
use sfu_core::congestion::{
    Congestion, CongestionConfig, Demand, LimitedBy, PacketReport, ProbeCluster, ProbeId, SentKind,
};
use sfu_transport::rtcp::{ReferenceClock, Rtcp, RtcpPackets};

use super::{Event, Machine, Op, Outcome, hex::Hex, millis};

pub(super) const OP: Op = Op {
    name: "twcc",
    what: "estimates a line: packets `sent`, then `feedback` as RTCP or `reports` as a list",
    example: r#"{"t":0,"op":"twcc","sent":{"bytes":1200}}"#,
};

/// What happens.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Line {
    /// The estimator begins anew.
    Begin(Begin),
    /// A packet leaves; the numbers rise by one.
    Sent(Sent),
    /// A compound RTCP packet with transport-wide feedback, in clear.
    Feedback(Hex),
    /// Number and arrival of packets, in ms of the receiver's clock; `null` for what is missing.
    Reports(Vec<(u16, Option<f64>)>),
    /// What the receiver could use.
    Demand(DemandLine),
    /// The round trip of a receiver report, in ms.
    RoundTrip(f64),
    /// A block of a receiver report.
    Loss(Loss),
    /// The receiver's own estimate, in bits per second.
    Remb(u64),
    /// Nothing happens, but time has gone by.
    Wait(()),
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Begin {
    start: u64,
    min: u64,
    max: u64,
    first_seq: u16,
}

impl Default for Begin {
    fn default() -> Self {
        let CongestionConfig { start, min, max, first_seq, .. } = CongestionConfig::default();
        Begin { start: start.as_bps(), min: min.as_bps(), max: max.as_bps(), first_seq }
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sent {
    bytes: usize,
    #[serde(default)]
    kind: Kind,
    /// The probe that it belongs to.
    probe: Option<u8>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Audio,
    #[default]
    Video,
    Rtx,
    Padding,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DemandLine {
    allocated: u64,
    wanted_next: Option<u64>,
    ideal: u64,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Loss {
    lost: u32,
    packets: u32,
}

/// One receiver.
#[derive(Debug)]
pub(super) struct Twcc {
    congestion: Box<Congestion>,
    clock: ReferenceClock,
    /// What was said last.
    told: Option<Value>,
}

impl Default for Twcc {
    fn default() -> Self {
        let congestion = Congestion::new(CongestionConfig::default());
        Twcc { congestion, clock: ReferenceClock::default(), told: None }
    }
}

impl Machine for Twcc {
    type Line = Line;

    fn take(&mut self, now: Instant, line: Line) -> Outcome {
        let mut events = Vec::new();
        while let Some(due) = self.congestion.poll_timeout().filter(|due| *due <= now) {
            self.congestion.handle_timeout(due);
            events.extend(self.probes(due));
            events.extend(self.changed(due));
        }
        match line {
            Line::Begin(Begin { start, min, max, first_seq }) => {
                if !(0 < min && min <= start && start <= max) {
                    return Err("`min` ≤ `start` ≤ `max`, all above 0".to_owned());
                }
                *self = Twcc::default();
                self.congestion = Congestion::new(CongestionConfig {
                    start: Bitrate::from_bps(start),
                    min: Bitrate::from_bps(min),
                    max: Bitrate::from_bps(max),
                    first_seq,
                    ..CongestionConfig::default()
                });
            }
            Line::Sent(sent) => events.push(self.send(now, sent)),
            Line::Feedback(Hex(compound)) => self.feedback(now, &compound)?,
            Line::Reports(reports) => {
                let report = |(seq, at): (u16, Option<f64>)| PacketReport {
                    seq,
                    arrived_us: at.map(|at| (at * 1_000.0).round() as i64),
                };
                self.congestion.handle_reports(now, reports.into_iter().map(report));
            }
            Line::Demand(DemandLine { allocated, wanted_next, ideal }) => {
                let demand = Demand {
                    allocated: Bitrate::from_bps(allocated),
                    wanted_next: wanted_next.map(Bitrate::from_bps),
                    ideal: Bitrate::from_bps(ideal),
                };
                self.congestion.set_demand(now, demand);
            }
            Line::RoundTrip(millis) => {
                let rtt = Duration::try_from_secs_f64(millis / 1_000.0);
                let rtt = rtt.map_err(|_| "a round trip is a time".to_owned())?;
                self.congestion.handle_rtt(now, rtt);
            }
            Line::Loss(Loss { lost, packets }) => self.congestion.handle_loss(now, lost, packets),
            Line::Remb(rate) => self.congestion.handle_remb(now, Bitrate::from_bps(rate)),
            Line::Wait(()) => {}
        }
        events.extend(self.probes(now));
        events.extend(self.changed(now));
        Ok(events)
    }
}

impl Twcc {
    fn send(&mut self, now: Instant, sent: Sent) -> Event {
        let kind = match sent.kind {
            Kind::Audio => SentKind::Audio,
            Kind::Video => SentKind::Video,
            Kind::Rtx => SentKind::Rtx,
            Kind::Padding => SentKind::Padding,
        };
        let seq = self.congestion.sent(now, sent.bytes, kind, sent.probe.map(ProbeId));
        Event("sent", json!({ "seq": seq }))
    }

    fn feedback(&mut self, now: Instant, compound: &[u8]) -> Result<(), String> {
        let packets = RtcpPackets::try_new(compound);
        for packet in packets.map_err(|_| "not a well-formed compound RTCP packet")? {
            if let Rtcp::TransportFeedback(feedback) = packet {
                let reference = self.clock.micros(feedback.reference);
                let reports = feedback.packets().map(|packet| PacketReport {
                    seq: packet.seq.0,
                    arrived_us: packet.arrival_micros.map(|at| reference + at),
                });
                self.congestion.handle_reports(now, reports);
            }
        }
        Ok(())
    }

    fn probes(&mut self, at: Instant) -> Option<Event> {
        let ProbeCluster { id, rate, bytes_min, packets_min } = self.congestion.poll_probe(at)?;
        let body = json!({
            "t": millis(at), "probe": id.0, "rate": rate.as_bps(), "bytes_min": bytes_min,
            "packets_min": packets_min,
        });
        Some(Event("probe", body))
    }

    /// The estimate, where it is another than was told.
    fn changed(&mut self, at: Instant) -> Option<Event> {
        let insight = self.congestion.insight(at);
        let limited_by = match insight.limited_by {
            LimitedBy::Delay => "delay",
            LimitedBy::Queue => "queue",
            LimitedBy::Loss => "loss",
            LimitedBy::Silence => "silence",
            LimitedBy::Reports => "reports",
        };
        let millis_of = |time: Duration| time.as_micros() as f64 / 1_000.0;
        let mut body = json!({
            "target": insight.target.as_bps(), "limited_by": limited_by,
            "acknowledged": insight.acknowledged.map(Bitrate::as_bps),
            "lost": (insight.lost * 1e4).round() / 1e4, "queue_ms": millis_of(insight.queue),
            "rtt_ms": insight.rtt.map(millis_of),
            "is_limited_by_sender": insight.is_limited_by_sender,
        });
        if self.told.as_ref() == Some(&body) {
            return None;
        }
        self.told = Some(body.clone());
        body["t"] = millis(at);
        Some(Event("estimate", body))
    }
}
