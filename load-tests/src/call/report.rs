//! What came of a run, as numbers.

use protocol::{Duration, Instant, media::MediaKind};
use serde::{Deserialize, Serialize};

use super::{participant::Person, usage::Use};
use crate::{
    client::{Client, playout::Freezes},
    histogram::{Histogram, Percentiles},
    run::shown_times,
};

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What was asked for, in words.
    pub about: String,
    /// How long it was measured, in seconds.
    pub seconds: f64,
    /// How participants got in.
    pub joins: Joins,
    /// What they got.
    pub media: Media,
    /// How long sound was under way, in milliseconds.
    pub sound_delay: Percentiles,
    /// How long pictures were, keyframes apart.
    pub picture_delay: Percentiles,
    /// How long the packets of keyframes were.
    pub keyframe_delay: Percentiles,
    /// What was seen of them; absent where packets were not opened.
    pub pictures: Option<Pictures>,
    /// What the server used, if its process was named.
    pub server: Option<Load>,
    /// What this program used.
    pub load: Use,
    /// The course of the run, from its very beginning on.
    pub samples: Vec<Sample>,
    /// Why participants failed, each reason once.
    pub failures: Vec<String>,
}

/// How participants got in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Joins {
    /// Participants that were to come.
    pub wanted: usize,
    /// That had keys and a way for media.
    pub connected: usize,
    /// That got media.
    pub received: usize,
    /// From the first one's beginning to the last one's keys, in seconds.
    pub seconds: f64,
    /// From a participant's beginning to the answer, in milliseconds.
    pub signaling: Percentiles,
    /// To the keys.
    pub connection: Percentiles,
    /// To the first packet of media.
    pub media: Percentiles,
    /// Those that came while it was measured: how long the last one took from their beginning.
    pub storm_seconds: Option<f64>,
    /// How many those were who got in.
    pub stormed: usize,
}

impl Joins {
    /// Joins each second of those that came while it was measured.
    #[must_use]
    pub fn storm_per_second(&self) -> Option<f64> {
        self.storm_seconds.map(|seconds| self.stormed as f64 / seconds.max(1e-6))
    }
}

/// What all participants sent and got while it was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Media {
    /// Packets that publishers sent.
    pub sent: u64,
    /// Packets that were delivered.
    pub packets: u64,
    /// Bytes of them, with their headers from RTP's on.
    pub bytes: u64,
    /// Packets each second.
    pub packets_per_second: f64,
    /// Bits each second.
    pub bits_per_second: f64,
    /// Sequence numbers that never came.
    pub lost: u64,
    /// The part of what should have come.
    pub lost_share: f64,
    /// Packets that came behind younger ones.
    pub overtaken: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets that did not open or belonged nowhere.
    pub bad: u64,
    /// Packets that were asked for again.
    pub nacked: u64,
    /// Datagrams that this machine did not take to send.
    pub unsent: u64,
}

/// What was seen of pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pictures {
    /// Frames that could be decoded.
    pub frames: u64,
    /// Of them keyframes.
    pub keyframes: u64,
    /// Frames whose numbers contradict those of others.
    pub contradictions: u64,
    /// Times that a picture stood still, by the rule of WebRTC's statistics.
    pub freezes: u64,
    /// The part of the time for which pictures stood still.
    pub frozen_share: f64,
}

/// What the server used while it was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// Processor and memory.
    #[serde(rename = "use")]
    pub usage: Use,
    /// Processor time for each packet that was delivered, in nanoseconds.
    pub ns_per_packet: f64,
    /// Packets for each message that the kernel got to send, if the server's metrics were read.
    pub packets_per_message: Option<f64>,
    /// Calls of the allocator on media threads for each packet that was forwarded, if the server
    /// is a build that counts them.
    pub allocations_per_packet: Option<f64>,
    /// Resident memory before anybody came, in bytes.
    pub rss_before: u64,
    /// Growth of it for each participant that is in.
    pub rss_per_participant: f64,
}

/// One second of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Its end, in seconds from the beginning.
    pub at: f64,
    /// Whether it was measured.
    pub is_measured: bool,
    /// Participants with keys.
    pub connected: usize,
    /// Packets delivered each second.
    pub packets_per_second: f64,
    /// Bits delivered each second.
    pub bits_per_second: f64,
    /// Packets that never came, since the last sample.
    pub lost: i64,
    /// The longest that 99 of 100 packets of the last second took, in milliseconds.
    pub delay_p99: f64,
    /// What the server used, in processors.
    pub server_processors: f64,
    /// Its resident memory in bytes.
    pub server_rss: u64,
}

/// Counters of all participants together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) sent: u64,
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) missing: u64,
    pub(super) overtaken: u64,
    pub(super) duplicates: u64,
    pub(super) bad: u64,
    pub(super) nacked: u64,
    pub(super) unsent: u64,
}

impl Totals {
    pub(super) fn add(&mut self, person: &Person) {
        let client = person.client.borrow();
        let slots = || client.slots.values();
        self.sent += client.publisher.as_ref().map_or(0, |it| it.packets_sent());
        self.packets += slots().map(|slot| slot.packets + slot.repairs).sum::<u64>();
        self.bytes += slots().map(|slot| slot.bytes + slot.repair_bytes).sum::<u64>();
        self.missing += slots().map(|slot| slot.missing()).sum::<u64>();
        self.overtaken += slots().map(|slot| slot.overtaken).sum::<u64>();
        self.duplicates += slots().map(|slot| slot.duplicates).sum::<u64>();
        self.bad += client.srtp_failures;
        self.nacked += client.nacked;
        self.unsent += person.unsent.get();
    }

    /// What came between an earlier time and this one.
    pub(super) fn since(&self, earlier: &Totals, seconds: f64) -> Media {
        let packets = self.packets - earlier.packets;
        let bytes = self.bytes - earlier.bytes;
        // What was missing then may have come since.
        let lost = self.missing.saturating_sub(earlier.missing);
        Media {
            sent: self.sent - earlier.sent,
            packets,
            bytes,
            packets_per_second: packets as f64 / seconds,
            bits_per_second: bytes as f64 * 8.0 / seconds,
            lost,
            lost_share: lost as f64 / ((packets + lost) as f64).max(1.0),
            overtaken: self.overtaken - earlier.overtaken,
            duplicates: self.duplicates - earlier.duplicates,
            bad: self.bad - earlier.bad,
            nacked: self.nacked - earlier.nacked,
            unsent: self.unsent - earlier.unsent,
        }
    }
}

/// Adds up what one participant saw from `since` until `until`.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pictures: Pictures,
    frozen: Duration,
    watched: Duration,
}

impl Seen {
    pub(super) fn add(&mut self, client: &Client, since: Instant, until: Instant) {
        let slots = || client.slots.values().filter(|slot| slot.kind() == MediaKind::Video);
        for slot in slots() {
            let frames = slot.frames.iter().filter(|frame| frame.at >= since);
            self.pictures.frames += frames.clone().count() as u64;
            self.pictures.keyframes += frames.filter(|frame| frame.is_key).count() as u64;
            self.pictures.contradictions += slot.numbers.contradictions;
        }
        for author in client.seen_since(since) {
            let freezes = Freezes::among(shown_times(slots(), author, since), until, &[]);
            self.pictures.freezes += freezes.spans.len() as u64;
            self.frozen += freezes.frozen;
            self.watched += freezes.watched;
        }
    }

    pub(super) fn pictures(mut self) -> Pictures {
        let watched = self.watched.as_secs_f64().max(1e-9);
        self.pictures.frozen_share = self.frozen.as_secs_f64() / watched;
        self.pictures
    }
}

/// How people got in; `stormed` is when those began who came late.
pub(super) fn joins<'p>(
    people: impl Iterator<Item = &'p Person>,
    wanted: usize,
    stormed: Option<Instant>,
) -> Joins {
    let mut joins = Joins { wanted, ..Joins::default() };
    let [mut signaling, mut connection, mut media] = [(); 3].map(|()| Histogram::new());
    let (mut first, mut last, mut last_late) = (None, None, None);
    for person in people {
        let took = |at: Option<Instant>, histogram: &mut Histogram| {
            let took = at.map(|at| at.saturating_duration_since(person.began));
            took.inspect(|took| histogram.record(*took)).is_some()
        };
        took(person.joined.get(), &mut signaling);
        joins.connected += usize::from(took(person.connected.get(), &mut connection));
        joins.received += usize::from(took(person.received.get(), &mut media));
        if person.seat.is_late {
            joins.stormed += usize::from(person.connected.get().is_some());
            last_late = last_late.max(person.connected.get());
        } else {
            first = first.or(Some(person.began));
            last = last.max(person.connected.get());
        }
    }
    let span = |from: Option<Instant>, to: Option<Instant>| {
        Some(to?.saturating_duration_since(from?).as_secs_f64())
    };
    joins.seconds = span(first, last).unwrap_or_default();
    joins.storm_seconds = span(stormed, last_late);
    joins.signaling = signaling.percentiles();
    joins.connection = connection.percentiles();
    joins.media = media.percentiles();
    joins
}

impl Load {
    /// What of a packet's cost is spent in user mode, in nanoseconds.
    #[must_use]
    pub fn user_ns(&self) -> f64 {
        self.ns_per_packet * self.usage.user_share
    }

    fn text(&self) -> String {
        let mut line = format!(
            "server    {:.0} ns a packet, {:.0} % of it in user mode; {:.2} processors, {:.1} MiB",
            self.ns_per_packet,
            self.usage.user_share * 100.0,
            self.usage.processors,
            self.usage.rss as f64 / f64::from(1 << 20),
        );
        if let Some(packets) = self.packets_per_message {
            line.push_str(&format!("; {packets:.2} packets a message"));
        }
        if let Some(allocations) = self.allocations_per_packet {
            line.push_str(&format!("; {allocations:.4} allocations a packet"));
        }
        line
    }
}

impl Report {
    /// The report in a few lines.
    #[must_use]
    pub fn text(&self) -> String {
        let Joins { wanted, connected, connection, seconds, .. } = self.joins;
        let Media { packets, packets_per_second, bits_per_second, .. } = self.media;
        let mut lines = vec![
            self.about.clone(),
            format!(
                "joined    {connected} of {wanted} in {seconds:.2} s, each in {:.0} ms (p50), \
                 {:.0} ms (p99)",
                connection.p50, connection.p99
            ),
            format!(
                "media     {packets} packets in {:.1} s: {packets_per_second:.0}/s, {:.1} Mb/s, \
                 {} lost ({:.4} %), {} overtaken, {} bad",
                self.seconds,
                bits_per_second / 1e6,
                self.media.lost,
                self.media.lost_share * 100.0,
                self.media.overtaken,
                self.media.bad + self.media.duplicates,
            ),
        ];
        let delays = [
            ("sound", self.sound_delay),
            ("pictures", self.picture_delay),
            ("keyframes", self.keyframe_delay),
        ];
        for (name, delay) in delays {
            lines.push(format!(
                "delay     {name}: {:.2} ms (p50), {:.2} (p99), {:.2} (p99.9), {:.1} (longest)",
                delay.p50, delay.p99, delay.p999, delay.max
            ));
        }
        if let Some(Pictures { frames, keyframes, freezes, frozen_share, .. }) = self.pictures {
            lines.push(format!(
                "pictures  {frames} frames, {keyframes} of them keyframes; {freezes} freezes, \
                 {:.3} % of the time",
                frozen_share * 100.0
            ));
        }
        if let Some(server) = self.server {
            lines.push(server.text());
        }
        lines.push(format!("this side {:.2} processors", self.load.processors));
        lines.extend(self.failures.iter().map(|failure| format!("failed    {failure}")));
        lines.join("\n")
    }
}
