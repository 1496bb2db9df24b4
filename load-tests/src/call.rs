//! Simulated participants by the hundred, in the rooms of a running server: real signaling, ICE,
//! DTLS and SRTP over UDP, and media as a browser's encoder makes it.
//!
//! All of them live on one thread and on one clock, so that a packet's stamp says how long it was
//! under way: from when its publisher took it from the encoder until the kernel had it for the
//! receiver (`SO_TIMESTAMPNS`), so that the queue of this program is no delay of the server's. What
//! participants do is [`crate::client`]; tests: `tests/it/participants.rs`.

mod independent;
mod janus;
mod layout;
mod metrics;
mod page;
mod participant;
mod report;
mod server;
mod signaling;
mod socket;
mod usage;

use std::{
    cell::RefCell,
    io::Write,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    rc::Rc,
    sync::Arc,
};

use anyhow::{Context as _, ensure};
use protocol::{Duration, Instant};
use serde::{Deserialize, Serialize};
use sfu_node::clock::NodeClock;
use sfu_transport::dtls::Identity;
use tokio::{
    sync::watch,
    task::{JoinHandle, LocalSet},
    time::{Instant as TokioInstant, sleep, sleep_until},
};

pub use layout::Layout;
pub(crate) use page::head as page_head;
pub use page::html;
pub use report::{Joins, Load, Media, Pictures, Report, Sample};
pub use server::Server;
pub use usage::{Usage, Use};

use crate::histogram::Histogram;
use metrics::Counters;
use participant::{Person, Seat, Stage};
use report::{Seen, Totals};
use server::Room;
use socket::Batches;

/// How many join, where, and what they do.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The server: http://IP:PORT of Préau (no HTTPS), janus://IP:PORT of Janus's WebSocket, or
    /// null://IP:PORT of the null forwarder
    #[arg(long, value_name = "URL")]
    pub server: Server,
    /// Rooms; they are made over the API
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub rooms: usize,
    /// Participants of each room who send, and watch each other too
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub publishers: usize,
    /// Participants of each room who only watch
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub subscribers: usize,
    /// What each of them shows
    #[arg(long, value_name = "LAYOUT", value_enum, default_value_t = Layout::Nine)]
    pub layout: Layout,
    /// What publishers send
    #[arg(long, value_name = "CONTENT", value_enum, default_value_t = Content::Everything)]
    pub content: Content,
    /// What participants are made of
    #[arg(long = "client", value_name = "MAKE", value_enum, default_value_t = Make::Model)]
    pub make: Make,
    /// Participants who join each second
    #[arg(long, value_name = "N", default_value_t = 20.0)]
    pub ramp: f64,
    /// How long to measure, in seconds, once all are in
    #[arg(long, value_name = "S", default_value_t = 20)]
    pub duration: u64,
    /// Seconds between the last join and the measurement
    #[arg(long, value_name = "S", default_value_t = 3)]
    pub settle: u64,
    /// Open one packet in 16 and decode nothing, for more participants on one processor
    #[arg(long)]
    pub light: bool,
    /// Further watchers, spread over the rooms, who come while it is measured, at the same rate
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub storm: usize,
    /// While it is measured, every participant asks for a keyframe of each picture each second
    #[arg(long)]
    pub keyframe_storm: bool,
    /// An address of this machine to come from; repeat it, and participants take turns
    #[arg(long, value_name = "IP")]
    pub from: Vec<IpAddr>,
    /// Process of the server on this machine, to tell what it uses
    #[arg(long, value_name = "PID")]
    pub pid: Option<u32>,
    /// Where the server shows its metrics, to tell packets for each message and allocations
    #[arg(long, value_name = "IP:PORT")]
    pub metrics: Option<SocketAddr>,
    /// File for the report, as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// File for a page with plots
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// What publishers send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
pub enum Content {
    /// A microphone, and a camera in three encodings.
    Everything,
    /// A microphone.
    Sound,
    /// A camera of three small frames a second: many subscriptions, few packets.
    Trickle,
}

/// What participants are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
pub enum Make {
    /// The model of a browser, hundreds on one processor.
    Model,
    /// The `webrtc` crate, of another make than the server; a few, and of Préau alone.
    Webrtc,
}

impl Arguments {
    /// One room on a server, with everything else as it is by default.
    #[must_use]
    pub fn at(server: Server) -> Self {
        Arguments {
            server,
            rooms: 1,
            publishers: 2,
            subscribers: 0,
            layout: Layout::Nine,
            content: Content::Everything,
            make: Make::Model,
            ramp: 20.0,
            duration: 20,
            settle: 3,
            light: false,
            storm: 0,
            keyframe_storm: false,
            from: Vec::new(),
            pid: None,
            metrics: None,
            json: None,
            html: None,
        }
    }

    fn about(&self) -> String {
        let Arguments { rooms, publishers, subscribers, .. } = self;
        let what = match self.content {
            Content::Everything => "everything",
            Content::Sound => "sound",
            Content::Trickle => "a trickle of pictures",
        };
        let rooms = if *rooms == 1 { "1 room".to_owned() } else { format!("{rooms} rooms") };
        format!("{rooms} of {publishers} who send {what} and {subscribers} who watch")
    }

    fn participants(&self) -> usize {
        self.rooms * (self.publishers + self.subscribers)
    }
}

/// Runs it on this thread, telling how it goes once a second.
///
/// # Errors
/// If no room can be made or nobody gets in. Participants who fail by themselves are in the report.
pub fn run(arguments: &Arguments, progress: &mut dyn Write) -> anyhow::Result<Report> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let mut run = Run::prepare(arguments, progress).await?;
        run.fill().await?;
        run.measure().await
    })
}

/// After the last one began to join, all are in by then or have failed.
const JOIN_PATIENCE: Duration = Duration::from_secs(40);

const SECOND: Duration = Duration::from_secs(1);

struct Run<'a> {
    arguments: &'a Arguments,
    progress: &'a mut dyn Write,
    stage: Rc<Stage>,
    end: watch::Sender<bool>,
    rooms: Vec<Room>,
    people: Vec<Rc<Person>>,
    tasks: Vec<JoinHandle<()>>,
    began: Instant,
    before: Option<Usage>,
    samples: Vec<Sample>,
    /// At the last sample.
    last: (Instant, Totals, Option<Usage>),
    /// Since the measurement began.
    delays: [Histogram; 3],
    is_measuring: bool,
}

impl<'a> Run<'a> {
    async fn prepare(
        arguments: &'a Arguments,
        progress: &'a mut dyn Write,
    ) -> anyhow::Result<Run<'a>> {
        ensure!(
            arguments.make == Make::Model || matches!(arguments.server, Server::Preau(_)),
            "participants of the webrtc crate join Préau alone: leave `--client webrtc` out"
        );
        let mut rooms = Vec::new();
        for room in 0..arguments.rooms {
            let from = turn(&arguments.from, room);
            let made = arguments.server.make_room(room, from, arguments.publishers);
            rooms.push(made.await?);
        }
        let (end, over) = watch::channel(false);
        let clock_origin = std::time::Instant::now();
        let stage = Rc::new(Stage {
            server: arguments.server,
            layout: arguments.layout,
            content: arguments.content,
            make: arguments.make,
            sample: if arguments.light { 16 } else { 1 },
            clock: NodeClock::start(),
            clock_origin,
            identity: Arc::new(Identity::generate()?),
            batches: Batches::new(),
            delays: RefCell::default(),
            over,
        });
        let before = arguments.pid.map(Usage::of).transpose()?;
        let began = stage.clock.now();
        Ok(Run {
            arguments,
            progress,
            stage,
            end,
            rooms,
            people: Vec::new(),
            tasks: Vec::new(),
            began,
            before,
            samples: Vec::new(),
            last: (began, Totals::default(), before),
            delays: Default::default(),
            is_measuring: false,
        })
    }

    /// Lets participants join, those who send first, and waits until all are in.
    async fn fill(&mut self) -> anyhow::Result<()> {
        let Arguments { rooms, publishers, subscribers, .. } = *self.arguments;
        let begin = TokioInstant::now();
        let mut next_sample = begin + SECOND;
        for n in 0..self.arguments.participants() {
            let due = begin + Duration::from_secs_f64(n as f64 / self.arguments.ramp);
            while next_sample < due {
                sleep_until(next_sample).await;
                self.sample()?;
                next_sample += SECOND;
            }
            sleep_until(due).await;
            let place = n / rooms;
            debug_assert!(place < publishers + subscribers, "a place in its room");
            self.seat(n % rooms, place, place < publishers, false);
        }
        let patience = TokioInstant::now() + JOIN_PATIENCE;
        while TokioInstant::now() < patience && self.waiting() > 0 {
            sleep(Duration::from_millis(20)).await;
            if next_sample <= TokioInstant::now() {
                self.sample()?;
                next_sample += SECOND;
            }
        }
        if self.people.iter().all(|person| person.connected.get().is_none()) {
            let failure = self.people.iter().find_map(|person| person.failure.borrow().clone());
            let failure = failure.unwrap_or_else(|| "no reason is known".to_owned());
            anyhow::bail!("nobody got in: {failure}");
        }
        for _ in 0..self.arguments.settle {
            sleep(SECOND).await;
            self.sample()?;
        }
        Ok(())
    }

    fn seat(&mut self, room: usize, place: usize, publishes: bool, is_late: bool) {
        let number = self.people.len();
        let seat = Seat {
            number: number as u32 + 1,
            room: self.rooms[room].clone(),
            place,
            publishes,
            feeds: self.feeds(room),
            from: turn(&self.arguments.from, number),
            is_late,
        };
        let person = Person::new(&self.stage, seat);
        self.people.push(Rc::clone(&person));
        self.tasks.push(tokio::task::spawn_local(person.take_part(Rc::clone(&self.stage))));
    }

    /// The numbers of those in a room who send, as many as are shown: [`Self::fill`] goes from
    /// room to room.
    fn feeds(&self, room: usize) -> Vec<u32> {
        let Arguments { rooms, publishers, layout, .. } = *self.arguments;
        let places = 0..publishers.min(layout.pictures());
        places.map(|place| (place * rooms + room) as u32 + 1).collect()
    }

    /// Participants who are neither in nor have failed.
    fn waiting(&self) -> usize {
        let waits = |person: &&Rc<Person>| {
            person.connected.get().is_none() && person.failure.borrow().is_none()
        };
        self.people.iter().filter(waits).count()
    }

    async fn measure(mut self) -> anyhow::Result<Report> {
        let own = std::process::id();
        let began = self.stage.clock.now();
        self.sample()?;
        let (totals, usage, load) = (self.last.1, self.last.2, Usage::of(own)?);
        let counters = self.counters().await?;
        self.is_measuring = true;
        let begin = TokioInstant::now();
        let mut late = 0;
        for second in 1..=self.arguments.duration {
            let end = begin + SECOND * second as u32;
            while late < self.arguments.storm {
                let due = begin + Duration::from_secs_f64(late as f64 / self.arguments.ramp);
                if due >= end {
                    break;
                }
                sleep_until(due).await;
                let place = self.arguments.publishers + self.arguments.subscribers + late;
                self.seat(late % self.arguments.rooms, place, false, true);
                late += 1;
            }
            sleep_until(end).await;
            self.sample()?;
            if self.arguments.keyframe_storm {
                self.ask_for_keyframes();
            }
        }
        let until = self.stage.clock.now();
        let seconds = until.saturating_duration_since(began).as_secs_f64();
        let load = Usage::of(own)?.since(&load, seconds);
        let server = usage.zip(self.last.2).zip(self.before);
        let media = self.last.1.since(&totals, seconds);
        let connected = self.connected();
        let counters = counters.zip(self.counters().await?);
        let server = server.map(|((from, to), before)| Load {
            packets_per_message: counters.and_then(|(from, to)| to.datagrams_per_message(&from)),
            allocations_per_packet: counters
                .and_then(|(from, to)| to.allocations_per_packet(&from)),
            usage: to.since(&from, seconds),
            ns_per_packet: to.since(&from, seconds).cpu_s * 1e9 / (media.packets as f64).max(1.0),
            rss_before: before.rss,
            rss_per_participant: to.rss.saturating_sub(before.rss) as f64
                / (connected as f64).max(1.0),
        });
        self.end.send_replace(true);
        for task in std::mem::take(&mut self.tasks) {
            task.await.context("a participant broke down")?;
        }
        Ok(self.report(seconds, began, until, media, server, load))
    }

    fn report(
        self,
        seconds: f64,
        began: Instant,
        until: Instant,
        media: Media,
        server: Option<Load>,
        load: Use,
    ) -> Report {
        let mut failures: Vec<String> =
            self.people.iter().filter_map(|person| person.failure.borrow().clone()).collect();
        failures.sort_unstable();
        failures.dedup();
        let mut seen = Seen::default();
        for person in &self.people {
            seen.add(&person.client.borrow(), began, until);
        }
        let wanted = self.arguments.participants() + self.arguments.storm;
        let people = self.people.iter().map(Rc::as_ref);
        let stormed = (self.arguments.storm > 0).then_some(began);
        Report {
            about: self.arguments.about(),
            seconds,
            joins: report::joins(people, wanted, stormed),
            media,
            sound_delay: self.delays[0].percentiles(),
            picture_delay: self.delays[1].percentiles(),
            keyframe_delay: self.delays[2].percentiles(),
            pictures: (!self.arguments.light).then(|| seen.pictures()),
            server,
            load,
            samples: self.samples,
            failures,
        }
    }

    /// What the server counts, if it is known where.
    async fn counters(&self) -> anyhow::Result<Option<Counters>> {
        let Some(address) = self.arguments.metrics else { return Ok(None) };
        Ok(Some(Counters::ask(address, turn(&self.arguments.from, 0)).await?))
    }

    fn connected(&self) -> usize {
        self.people.iter().filter(|person| person.connected.get().is_some()).count()
    }

    fn ask_for_keyframes(&self) {
        for person in &self.people {
            let mut client = person.client.borrow_mut();
            let flowing = client.slots.iter().filter(|(_, slot)| slot.packets > 0);
            let slots: Vec<_> = flowing.map(|(ssrc, _)| *ssrc).collect();
            for ssrc in slots {
                client.request_keyframe(ssrc);
            }
        }
    }

    /// Looks at everybody and says so.
    fn sample(&mut self) -> anyhow::Result<()> {
        let now = self.stage.clock.now();
        let mut totals = Totals::default();
        for person in &self.people {
            totals.add(person);
        }
        let usage = self.arguments.pid.map(Usage::of).transpose()?;
        let delays = self.stage.delays.take();
        let (last_at, last_totals, last_usage) = self.last;
        let seconds = now.saturating_duration_since(last_at).as_secs_f64().max(1e-6);
        let media = totals.since(&last_totals, seconds);
        let mut both = Histogram::new();
        for (of_all, of_second) in self.delays.iter_mut().zip(&delays) {
            both.merge(of_second);
            if self.is_measuring {
                of_all.merge(of_second);
            }
        }
        let used = usage.zip(last_usage).map(|(to, from)| to.since(&from, seconds));
        let sample = Sample {
            at: now.saturating_duration_since(self.began).as_secs_f64(),
            is_measured: self.is_measuring,
            connected: self.connected(),
            packets_per_second: media.packets_per_second,
            bits_per_second: media.bits_per_second,
            lost: totals.missing as i64 - last_totals.missing as i64,
            delay_p99: both.percentiles().p99,
            server_processors: used.map_or(0.0, |used| used.processors),
            server_rss: usage.map_or(0, |usage| usage.rss),
        };
        self.last = (now, totals, usage);
        self.samples.push(sample);
        writeln!(
            self.progress,
            "{:4.0} s  {} of {} in  {:7.0} packets/s  {:8.1} Mb/s  {} lost  p99 {:.2} ms{}",
            sample.at,
            sample.connected,
            self.arguments.participants() + self.arguments.storm,
            sample.packets_per_second,
            sample.bits_per_second / 1e6,
            sample.lost,
            sample.delay_p99,
            if self.is_measuring { "  measuring" } else { "" },
        )?;
        Ok(())
    }
}

/// The address that is next in turn.
fn turn(addresses: &[IpAddr], n: usize) -> Option<IpAddr> {
    addresses.get(n % addresses.len().max(1)).copied()
}
