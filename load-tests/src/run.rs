//! Carries out a plan in the simulator and measures what the receiver gets.

use protocol::{
    Duration, Instant, ParticipantId, RoomId,
    client::{SlotContent, SourceState, Tile, View},
    media::{MediaKind, Source},
};

use crate::{
    client::{Gaps, Kit, Shape, media::SCREEN, playout::Freezes, reception::Reception},
    plan::{self, Direction, Plan, Who},
    sim::{World, network::LinkConfig},
};

const ROOM: RoomId = RoomId(1);

/// The watched receiver.
pub const RECEIVER: u32 = 1;

/// Time between samples.
pub const INTERVAL: Duration = Duration::from_millis(100);

/// The others have been in their call for this long when the receiver comes.
const WARM_UP: Duration = Duration::from_secs(3);

/// A picture counts as shown for this long.
const SHOWN: Duration = Duration::from_millis(400);

/// A shared screen is this high.
const SCREEN_HEIGHT: u16 = 1_080;

/// What was the case at one time; rates are of the interval before it, in bits per second.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// After the beginning.
    pub at: Duration,
    /// What the receiver's line carries.
    pub line: Option<u64>,
    /// What the node believes that it carries.
    pub estimate: Option<u64>,
    /// What the node sent, with all headers down to UDP's payload.
    pub sent: u64,
    /// What arrived.
    pub received: u64,
    /// What of it came again or was padding.
    pub overhead: u64,
    /// How long a packet waits in front of the line.
    pub queue: Duration,
    /// What is shown.
    pub pictures: Vec<Picture>,
}

/// What is shown of one author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Whose it is.
    pub author: u32,
    /// The encoding, 0 the smallest; [`SCREEN`] for a screen.
    pub layer: u8,
    /// The highest temporal layer.
    pub temporal: u8,
}

/// What came of a plan.
#[derive(Clone, Debug)]
pub struct Report {
    /// The plan.
    pub plan: Plan,
    /// Its seed.
    pub seed: u64,
    /// One for each [`INTERVAL`].
    pub samples: Vec<Sample>,
    /// For each author whose picture was ever shown.
    pub freezes: Vec<(u32, Freezes)>,
    /// The beginning, in the run's own time: `freezes` count from it.
    pub began: Instant,
    /// What was missing of the voices.
    pub gaps: Gaps,
    /// Keyframes that the receiver's pictures cost all publishers together.
    pub keyframes: usize,
    /// Layers that changed, up or down.
    pub switches: usize,
}

/// Runs a plan.
///
/// # Errors
/// If the plan is out of range, or the receiver cannot connect over its network.
pub fn run(plan: &Plan, seed: u64) -> Result<Report, plan::BadPlan> {
    plan.check()?;
    let mut run = Run::begin(plan, seed);
    run.connect()?;
    Ok(run.watch())
}

struct Run<'p> {
    plan: &'p Plan,
    seed: u64,
    world: World,
    /// Links of receiver and others, up and down.
    links: [[LinkConfig; 2]; 2],
    next_step: usize,
}

impl<'p> Run<'p> {
    fn begin(plan: &'p Plan, seed: u64) -> Self {
        let links = [[LinkConfig::GOOD; 2]; 2];
        let mut run = Run { plan, seed, world: World::new(seed), links, next_step: 0 };
        for number in 2..=plan.room.people {
            let screen = plan.room.screen && number == 2;
            run.world.join(ROOM, number, Shape { screen, ..Shape::BROWSER });
            if screen {
                let state = SourceState { width: SCREEN_HEIGHT / 9 * 16, height: SCREEN_HEIGHT };
                run.world.set_source(number, Source::Screen, Some(state));
            }
            let pause = Duration::from_micros(run.world.random().below(100_000));
            run.world.run_for(pause);
        }
        run.world.run_for(WARM_UP);
        run
    }

    fn connect(&mut self) -> Result<(), plan::BadPlan> {
        let room = self.plan.room;
        let videos = usize::from(room.stage > 0) + room.tile_count as usize;
        let kit = match room.receiver {
            plan::Kit::Browser => Kit::Browser,
            plan::Kit::Remb => Kit::Remb,
            plan::Kit::Nack => Kit::Nack,
            plan::Kit::Plain => Kit::Plain,
        };
        let shape = Shape { videos: videos.clamp(1, 49), kit, ..Shape::BROWSER };
        self.world.join(ROOM, RECEIVER, shape);
        self.change_links(Duration::ZERO);
        self.world.set_view(RECEIVER, view(self.plan));
        let is_connected = |world: &World| world.person(RECEIVER).connected_at.is_some();
        if self.world.run_until(Duration::from_secs(20), is_connected) {
            Ok(())
        } else {
            Err(plan::BadPlan("the receiver did not connect within 20 s".to_owned()))
        }
    }

    /// Carries out the steps that are due.
    fn change_links(&mut self, at: Duration) {
        let mut changed = false;
        while let Some(step) = self.plan.network.get(self.next_step)
            && step.at <= at.as_secs_f64()
        {
            let of = &mut self.links[match step.who {
                Who::Receiver => 0,
                Who::Others => 1,
            }];
            let link = step.link();
            match step.direction {
                Direction::Up => of[0] = link,
                Direction::Down => of[1] = link,
                Direction::Both => *of = [link; 2],
            }
            self.next_step += 1;
            changed = true;
        }
        if changed {
            for number in 1..=self.plan.room.people {
                let [up, down] = self.links[usize::from(number != RECEIVER)];
                self.world.set_links(number, up, down);
            }
        }
    }

    fn watch(mut self) -> Report {
        let began = self.world.now();
        let keyframes = keyframes(&self.world);
        let mut samples: Vec<Sample> = Vec::new();
        let mut before = Totals::of(&self.world);
        for n in 1..=self.plan.seconds * 10 {
            self.world.run_for(INTERVAL);
            let at = INTERVAL * n;
            let totals = Totals::of(&self.world);
            samples.push(self.sample(at, before, totals));
            before = totals;
            self.change_links(at);
        }
        // What is due until now is shown.
        let now = self.world.now();
        let person = self.world.person(RECEIVER);
        let slots = || person.client.slots.values();
        let voices = slots().filter(|slot| slot.kind() == MediaKind::Audio);
        let mut gaps = Gaps::default();
        for slot in voices {
            let of_slot = slot.gaps(began + Duration::from_secs(1), now);
            gaps.long += of_slot.long;
            gaps.missing += of_slot.missing;
            gaps.heard += of_slot.heard;
        }
        let freezes = (2..=self.plan.room.people).filter_map(|author| {
            let times = shown_times(slots(), author, began);
            let pauses = person.pauses(shown_content(self.plan, author), began, now);
            (!times.is_empty()).then(|| (author, Freezes::among(times, now, &pauses)))
        });
        Report {
            freezes: freezes.collect(),
            switches: switches(&samples),
            plan: self.plan.clone(),
            seed: self.seed,
            samples,
            began,
            gaps,
            keyframes: self::keyframes(&self.world) - keyframes,
        }
    }

    fn sample(&self, at: Duration, before: Totals, totals: Totals) -> Sample {
        let now = self.world.now();
        let person = self.world.person(RECEIVER);
        let rate = |total: u64, before: u64| (total - before) * 8 * 1_000 / 100;
        let since = now.as_micros().saturating_sub(SHOWN.as_micros() as u64);
        let pictures = (2..=self.plan.room.people).filter_map(|author| {
            let recent = person.client.slots.values().flat_map(|slot| {
                slot.shown().iter().rev().take_while(|it| it.at.as_micros() >= since)
            });
            let recent = recent.filter(|it| it.author == author);
            let last = recent.clone().max_by_key(|it| it.at)?;
            let same = recent.filter(|it| it.layer == last.layer);
            let temporal = same.map(|it| it.temporal).max()?;
            Some(Picture { author, layer: last.layer, temporal })
        });
        Sample {
            at,
            line: person.line(),
            estimate: self.world.estimate(RECEIVER),
            sent: rate(totals.sent, before.sent),
            received: rate(totals.received, before.received),
            overhead: rate(totals.overhead, before.overhead),
            queue: person.queue(now),
            pictures: pictures.collect(),
        }
    }
}

/// Bytes since the beginning.
#[derive(Clone, Copy, Debug)]
struct Totals {
    sent: u64,
    received: u64,
    overhead: u64,
}

impl Totals {
    fn of(world: &World) -> Self {
        let person = world.person(RECEIVER);
        let repairs = person.client.slots.values().map(|slot| slot.repair_bytes);
        Totals {
            sent: person.sent.1,
            received: person.arrived.1,
            overhead: repairs.sum::<u64>() + person.client.padding_bytes,
        }
    }
}

/// What the receiver shows of somebody.
fn shown_content(plan: &Plan, author: u32) -> SlotContent {
    let is_screen = plan.room.screen && author == 2;
    let source = if is_screen { Source::Screen } else { Source::Camera };
    SlotContent { participant: ParticipantId(author), source }
}

fn view(plan: &Plan) -> View {
    let room = plan.room;
    let tile = |participant: u32, source: Source, height: u16| Tile {
        participant: ParticipantId(participant),
        source,
        height,
    };
    let source = if room.screen { Source::Screen } else { Source::Camera };
    let stage = (room.stage > 0).then(|| tile(2, source, room.stage));
    let first = if room.stage > 0 && !room.screen { 3 } else { 2 };
    let others = (first..=room.people).take(room.tile_count as usize);
    let mut tiles: Vec<Tile> = others.map(|it| tile(it, Source::Camera, room.tiles)).collect();
    if stage.is_none() && tiles.is_empty() {
        // An empty view would leave the choice to the node.
        tiles.push(tile(2, Source::Camera, 0));
    }
    View { stage, tiles }
}

/// When pictures of an author were shown, in order, over all slots.
pub fn shown_times<'s>(
    slots: impl Iterator<Item = &'s Reception>,
    author: u32,
    since: Instant,
) -> Vec<Instant> {
    let shown = slots.flat_map(|slot| slot.shown());
    let theirs = shown.filter(|it| it.author == author && it.at >= since);
    let mut times: Vec<Instant> = theirs.map(|it| it.at).collect();
    times.sort_unstable();
    times
}

fn keyframes(world: &World) -> usize {
    let publishers = world.people().filter_map(|person| person.client.publisher.as_ref());
    publishers.map(|publisher| publisher.keyframes_asked.len()).sum()
}

fn switches(samples: &[Sample]) -> usize {
    let layer_of = |sample: &Sample, author: u32| {
        sample.pictures.iter().find(|it| it.author == author).map(|it| it.layer)
    };
    let changes = |pair: &[Sample]| {
        let authors = pair[1].pictures.iter().map(|it| it.author);
        let changed = |author: &u32| {
            let before = layer_of(&pair[0], *author);
            before.is_some() && before != layer_of(&pair[1], *author)
        };
        authors.filter(changed).count()
    };
    samples.windows(2).map(changes).sum()
}

impl Report {
    /// The worst part of the time for which a picture stood still.
    #[must_use]
    pub fn worst_freeze(&self) -> f64 {
        self.freezes.iter().map(|(_, it)| it.ratio()).fold(0.0, f64::max)
    }

    /// The greatest part of the time for which the node said that there is no picture of somebody.
    #[must_use]
    pub fn worst_pause(&self) -> f64 {
        let part = |it: &Freezes| {
            it.paused.as_secs_f64() / (it.paused + it.watched).as_secs_f64().max(1e-9)
        };
        self.freezes.iter().map(|(_, it)| part(it)).fold(0.0, f64::max)
    }

    /// A table with a line for each second, and the sums behind it.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = format!("{} (seed {})\n\n", self.plan.about, self.seed);
        text.push_str(
            "   s   line  estimate   sent  received  again+padding  queue  pictures\n\
             \u{20}         kb/s      kb/s   kb/s      kb/s           kb/s     ms\n",
        );
        for second in self.samples.chunks(10) {
            text.push_str(&row(second));
        }
        let frozen: usize = self.freezes.iter().map(|(_, it)| it.spans.len()).sum();
        text.push_str(&format!(
            "\nfreezes: {frozen}, at worst {:.2} % of the time; paused for want of room: at worst \
             {:.2} %\nsound missing: {:.2} %, in gaps \
             over 60 ms {:.2} %\nlayers changed {} times; keyframes asked of publishers: {}\n",
            100.0 * self.worst_freeze(),
            100.0 * self.worst_pause(),
            100.0 * self.gaps.missing.as_secs_f64() / self.gaps.heard.as_secs_f64().max(1e-9),
            100.0 * self.gaps.ratio(),
            self.switches,
            self.keyframes,
        ));
        text
    }
}

/// A second: means of rates, the longest queue, and the pictures at its end.
fn row(second: &[Sample]) -> String {
    let mean = |of: fn(&Sample) -> u64| {
        let sum: u64 = second.iter().map(of).sum();
        sum / second.len().max(1) as u64 / 1_000
    };
    let Some(last) = second.last() else { return String::new() };
    let kbps = |rate: Option<u64>| rate.map_or("-".to_owned(), |it| (it / 1_000).to_string());
    let queue = second.iter().map(|it| it.queue.as_millis()).max().unwrap_or(0);
    let pictures: Vec<String> = last.pictures.iter().map(Picture::word).collect();
    format!(
        "{:4} {:>6} {:>9} {:>6} {:>9} {:>14} {queue:>6}  {}\n",
        last.at.as_secs_f64().round(),
        kbps(last.line),
        kbps(last.estimate),
        mean(|it| it.sent),
        mean(|it| it.received),
        mean(|it| it.overhead),
        pictures.join(" "),
    )
}

impl Picture {
    /// For instance `2:f/2`: of participant 2 the largest encoding with all temporal layers.
    #[must_use]
    pub fn word(&self) -> String {
        let layer = match self.layer {
            0 => "q",
            1 => "h",
            2 => "f",
            _ => "screen",
        };
        debug_assert!(usize::from(self.layer) <= SCREEN);
        format!("{}:{layer}/{}", self.author, self.temporal)
    }
}
