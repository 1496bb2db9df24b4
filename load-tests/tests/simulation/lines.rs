//! What lines do to one receiver and to nobody else: thin ones, still ones, ones that shrink.

use load_tests::{
    client::{Shape, playout::Freezes},
    run::{self, Report},
    sim::{
        CAMERA_HEIGHT, World,
        network::{Bottleneck, LinkConfig},
    },
};
use protocol::{
    Duration, Instant, ParticipantId,
    client::{SlotContent, SourceState, Tile, View},
    media::{MediaKind, Source},
};

use crate::{
    ROOM, assert_sound, millis, seconds,
    seeds::{SEEDS, runs, told, worst},
};

/// In a room of sixteen, who is on the thin line, and who looks on over good ones.
const PEOPLE: u32 = 16;
const THIN: u32 = 1;
const WITNESSES: [u32; 2] = [2, 3];
const SPEAKERS: [u32; 3] = [4, 5, 6];

fn tile(number: u32, source: Source, height: u16) -> Tile {
    Tile { participant: ParticipantId(number), source, height }
}

/// The first speaker large, eight others small.
fn meeting_view() -> View {
    let tiles = (5..=12).map(|number| tile(number, Source::Camera, 180));
    View { stage: Some(tile(4, Source::Camera, 720)), tiles: tiles.collect() }
}

/// A room of sixteen, of whom three speak; the first comes last, over `down`.
fn meeting(seed: u64, down: LinkConfig) -> World {
    let mut world = World::new(seed);
    for number in 2..=PEOPLE {
        let videos = if WITNESSES.contains(&number) { 9 } else { 1 };
        world.join(ROOM, number, Shape { videos, ..Shape::BROWSER });
        let few = View { stage: None, tiles: vec![tile(2, Source::Camera, 180)] };
        let view = if WITNESSES.contains(&number) { meeting_view() } else { few };
        world.set_view(number, view);
        world.run_for(millis(20));
    }
    world.join(ROOM, THIN, Shape { videos: 9, ..Shape::BROWSER });
    world.set_links(THIN, LinkConfig { bottleneck: None, ..down }, down);
    world.set_view(THIN, meeting_view());
    let has_media = |world: &World| world.people().all(|person| person.client.publisher.is_some());
    assert!(world.run_until(seconds(5), has_media), "all send");
    for number in 1..=PEOPLE {
        world.with_client(number, |_, client| {
            let is_speaker = SPEAKERS.contains(&number);
            client.publisher.as_mut().expect("it sends").level = if is_speaker { 25 } else { 127 };
        });
    }
    world
}

/// What somebody got of the meeting: the worst freeze, sound in gaps, sound missing, bytes.
#[derive(Clone, Copy, Debug)]
struct Got {
    frozen: f64,
    gaps: f64,
    missing: f64,
    kilobytes: u64,
}

fn got(world: &World, number: u32, since: Instant, bytes_before: u64) -> Got {
    let now = world.now();
    let person = world.person(number);
    let slots = || person.client.slots.values();
    let frozen = (4..=12).map(|author| {
        let times = run::shown_times(slots(), author, since);
        let content = SlotContent { participant: ParticipantId(author), source: Source::Camera };
        Freezes::among(times, now, &person.pauses(content, since, now)).ratio()
    });
    let voices = slots().filter(|slot| slot.kind() == MediaKind::Audio);
    let (mut long, mut missing, mut heard) = (0.0, 0.0, 0.0);
    for gaps in voices.map(|slot| slot.gaps(since, now)) {
        long += gaps.long.as_secs_f64();
        missing += gaps.missing.as_secs_f64();
        heard += gaps.heard.as_secs_f64();
    }
    Got {
        frozen: frozen.fold(0.0, f64::max),
        gaps: long / heard,
        missing: missing / heard,
        kilobytes: (person.arrived.1 - bytes_before) / 1_000,
    }
}

#[test]
fn a_thin_line_in_a_room_of_sixteen_has_clean_sound_and_costs_nobody_anything() {
    let thin = LinkConfig {
        delay: millis(40),
        bottleneck: Some(Bottleneck { bits_per_second: 300_000, queue: millis(300) }),
        ..LinkConfig::GOOD
    };
    let told = told(SEEDS, |seed| {
        let watch = |down: LinkConfig| {
            let mut world = meeting(seed, down);
            world.run_for(seconds(1));
            let since = world.now();
            let before = |number: u32| world.person(number).arrived.1;
            let before = [THIN, WITNESSES[0], WITNESSES[1]].map(|it| (it, before(it)));
            world.run_for(seconds(10));
            assert_sound(&world);
            before.map(|(number, bytes)| got(&world, number, since, bytes))
        };
        (watch(LinkConfig { delay: millis(40), ..LinkConfig::GOOD }), watch(thin))
    });
    let (mut before, mut after) = (0, 0);
    let mut worst = [0.0_f64; 2];
    for (seed, (calm, [thin, others @ ..])) in told.iter().enumerate() {
        worst = [worst[0].max(thin.missing), worst[1].max(thin.frozen)];
        assert!(thin.gaps == 0.0 && thin.missing <= 0.01, "seed {seed}: {thin:?}");
        assert!(thin.frozen <= 0.05, "seed {seed}: {thin:?}");
        assert!(thin.kilobytes < 380, "seed {seed}: more than the line carries");
        for got in &others[..] {
            assert!(got.frozen == 0.0 && got.gaps == 0.0 && got.missing == 0.0, "{seed}: {got:?}");
        }
        before += calm[1].kilobytes + calm[2].kilobytes;
        after += others[0].kilobytes + others[1].kilobytes;
    }
    println!("missing {:.4} of the sound, frozen {:.4} at worst", worst[0], worst[1]);
    println!("{after} kB to the others, {before} where nobody has a thin line");
    // When the largest layer comes is a matter of milliseconds that differ; on average it is the
    // same.
    assert!(after * 100 > before * 97, "{before} kB, then {after}");
}

#[test]
fn a_still_screen_does_not_talk_the_estimate_down() {
    let told = told(SEEDS, |seed| {
        let mut world = World::new(seed);
        for number in 2..=3 {
            world.join(ROOM, number, Shape { screen: number == 2, ..Shape::BROWSER });
        }
        let state = SourceState { width: 1_920, height: 1_080 };
        world.set_source(2, Source::Screen, Some(state));
        world.run_for(seconds(2));
        world.join(ROOM, 1, Shape::WATCHER);
        let line = LinkConfig {
            delay: millis(30),
            jitter: millis(8),
            bottleneck: Some(Bottleneck { bits_per_second: 6_000_000, queue: millis(300) }),
            ..LinkConfig::GOOD
        };
        world.set_links(1, LinkConfig { bottleneck: None, ..line }, line);
        let cameras = (2..=3).map(|number| tile(number, Source::Camera, CAMERA_HEIGHT));
        let cameras = View { stage: None, tiles: cameras.collect() };
        world.set_view(1, cameras.clone());
        world.run_for(seconds(10));
        let proven = world.estimate(1).expect("an estimate");
        let screen = tile(2, Source::Screen, 1_080);
        world.set_view(1, View { stage: Some(screen), tiles: Vec::new() });
        let mut least = u64::MAX;
        for _ in 0..60 {
            world.run_for(seconds(1));
            least = least.min(world.estimate(1).expect("an estimate"));
        }
        let content = SlotContent { participant: ParticipantId(2), source: Source::Screen };
        let since = before(world.now(), seconds(55));
        let shown = run::shown_times(world.person(1).client.slots.values(), 2, since);
        let pauses = world.person(1).pauses(content, since, world.now());
        assert!(pauses.is_empty() && shown.len() > 200, "seed {seed}: the screen is not shown");
        // The cameras come back as large as they were.
        let back = world.now();
        world.set_view(1, cameras);
        let is_large = |world: &World| {
            let slots = || world.person(1).client.slots.values().flat_map(|slot| slot.shown());
            let large =
                |author| slots().any(|it| it.at > back && it.author == author && it.layer == 2);
            large(2) && large(3)
        };
        assert!(world.run_until(seconds(10), is_large), "seed {seed}: the cameras stay small");
        (least as f64 / proven as f64, world.now().saturating_duration_since(back))
    });
    let least = told.iter().map(|it| it.0).fold(f64::MAX, f64::min);
    let longest = told.iter().map(|it| it.1).max().expect("a run");
    println!("{least:.3} of what was proven at least; both cameras are large after {longest:?}");
    assert!(least >= 0.6, "{least:.3}");
}

fn before(at: Instant, time: Duration) -> Instant {
    Instant::from_micros(at.as_micros() - time.as_micros() as u64)
}

/// 2 Mb/s, from 12 s on 700 kb/s, from 24 s on 2 Mb/s again.
const SHRINKS: &str = "seconds = 36\n[room]\npeople = 3\ntiles = 720\n\
    [[network]]\nrate_kbps = 2000\ndelay_ms = 50\nqueue_ms = 1000\n\
    [[network]]\nat = 12\nrate_kbps = 700\ndelay_ms = 50\nqueue_ms = 1000\n\
    [[network]]\nat = 24\nrate_kbps = 2000\ndelay_ms = 50\nqueue_ms = 1000\n";

/// How long after `from` seconds it takes until `is_so` of a sample, in seconds.
fn took(report: &Report, from: usize, is_so: impl Fn(usize) -> bool) -> f64 {
    let first = (from * 10..report.samples.len()).find(|&n| is_so(n));
    first.map_or(f64::INFINITY, |n| (n + 1 - from * 10) as f64 / 10.0)
}

#[test]
fn a_line_that_shrinks_is_followed_within_a_second_and_filled_again_when_it_grows() {
    let reports = runs(SHRINKS);
    let sent = |report: &Report, n: usize| report.samples[n].sent;
    let (seed, below) = worst(&reports, |report| took(report, 12, |n| sent(report, n) < 700_000));
    println!("sending below the line after {below:.1} s, with seed {seed}");
    let (seed, queue) = worst(&reports, |report| {
        took(report, 12, |n| report.samples[n..230].iter().all(|it| it.queue < millis(100)))
    });
    println!("the queue stays below 100 ms after {queue:.1} s, with seed {seed}");
    let estimate = |report: &Report, n: usize| report.samples[n].estimate.unwrap_or(0);
    let (seed, back) =
        worst(&reports, |report| took(report, 24, |n| estimate(report, n) >= 1_800_000));
    println!("back at 90 % after {back:.1} s, with seed {seed}");
    assert!(below <= 1.0, "{below}");
    assert!(queue <= 2.0, "{queue}");
    // An estimate is told at most once a second.
    assert!(back <= 6.0 + 1.0, "{back}");
}
