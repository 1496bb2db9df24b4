//! Receivers that are no browsers: those with REMB, and those that only ask for lost packets. They
//! have no stream for repairs, so what they lost comes again as it was, under AES-CM.

use load_tests::{
    client::{Kit, Shape},
    run::Report,
    sim::{
        World,
        network::{LinkConfig, Loss},
    },
};
use protocol::{Duration, Instant, media::MediaKind};

use crate::{
    ROOM, millis, seconds,
    seeds::{SEEDS, runs, told, worst},
};

/// A line to a receiver of two cameras.
fn line(kit: &str, rate_kbps: u32, loss_percent: u32) -> String {
    format!(
        "seconds = 30\n[room]\npeople = 3\ntiles = 720\nreceiver = \"{kit}\"\n[[network]]\n\
         rate_kbps = {rate_kbps}\ndelay_ms = 30\nloss_percent = {loss_percent}\n"
    )
}

/// The least part of the time, after 3 s, for which `count` pictures are shown.
fn shown(reports: &[Report], count: usize) -> f64 {
    let part = |report: &Report| {
        let late = &report.samples[30..];
        let have = late.iter().filter(|sample| sample.pictures.len() >= count).count();
        have as f64 / late.len() as f64
    };
    -worst(reports, |report| -part(report)).1
}

#[test]
fn a_receiver_without_transport_feedback_sees_and_hears_on_a_thin_line() {
    for kit in ["remb", "nack"] {
        let reports = runs(&line(kit, 1_000, 0));
        let (seed, freeze) = worst(&reports, Report::worst_freeze);
        let (gap_seed, gap) = worst(&reports, |report| report.gaps.ratio());
        let queue = |report: &Report| {
            let late = report.samples[20..].iter().map(|it| it.queue.as_millis()).max();
            late.unwrap_or(0) as f64
        };
        let (queue_seed, queue) = worst(&reports, queue);
        let part = shown(&reports, 2);
        println!(
            "{kit}: frozen {freeze:.4} with seed {seed}, sound in gaps {gap:.4} with seed \
             {gap_seed}, a queue of {queue} ms with seed {queue_seed}, both shown for {part:.3}"
        );
        assert!(freeze <= 0.01, "{kit}, seed {seed}: frozen {freeze:.4}");
        assert!(gap <= 0.01, "{kit}, seed {gap_seed}: gaps {gap:.4}");
        assert!(part >= 0.9, "{kit}: both are shown for {part:.3} of the time");
    }
}

#[test]
fn what_such_a_receiver_lost_comes_again_as_it_was() {
    for kit in [Kit::Remb, Kit::Nack] {
        let told = told(SEEDS, |seed| {
            let mut world = World::new(seed);
            for number in 2..=3 {
                world.join(ROOM, number, Shape::BROWSER);
            }
            world.run_for(seconds(2));
            world.join(ROOM, 1, Shape { kit, ..Shape::BROWSER });
            let lossy = LinkConfig { loss: Loss::Random(50), ..LinkConfig::GOOD };
            world.set_links(1, lossy, lossy);
            world.run_for(seconds(20));
            // The audit has compared each packet that was sealed again with what it was.
            assert_sound_but_for(&world, 1);
            let client = &world.person(1).client;
            let pictures = client.slots.values().filter(|slot| slot.kind() == MediaKind::Video);
            let (copies, packets) = pictures
                .fold((0, 0), |(copies, packets), it| (copies + it.copies, packets + it.packets));
            (copies, packets)
        });
        let [copies, packets] =
            [told.iter().map(|it| it.0).sum(), told.iter().map(|it| it.1).sum()]
                .map(|sum: u64| sum as f64);
        println!("{kit:?}: {:.4} of the packets came again", copies / packets);
        assert!(told.iter().all(|it| it.0 > 0), "nothing came again with some seed");
        // A twentieth is lost; of what is asked for again a twentieth too, and of what comes again.
        assert!((0.04..0.06).contains(&(copies / packets)), "{copies} of {packets}");
    }
}

/// Copies of packets that were not lost but late come twice.
fn assert_sound_but_for(world: &World, receiver: u32) {
    for (ssrc, slot) in &world.person(receiver).client.slots {
        assert_eq!(slot.wrong_csrc, 0, "{ssrc:?}");
        assert_eq!(slot.backward_timestamps, 0, "{ssrc:?}");
        assert_eq!(slot.numbers.contradictions, 0, "{ssrc:?}");
    }
}

#[test]
fn a_line_that_was_dead_and_thin_is_found_again_also_when_nobody_speaks() {
    for kit in [Kit::Remb, Kit::Nack] {
        let told = told(SEEDS, |seed| {
            let mut world = World::new(seed);
            world.join(ROOM, 1, Shape { kit, ..Shape::BROWSER });
            world.join(ROOM, 2, Shape::BROWSER);
            world.run_for(seconds(3));
            world.with_client(2, |_, client| {
                client.publisher.as_mut().expect("it sends").has_microphone = false;
            });
            // Half of everything gets lost until nothing fits what is left of the estimate.
            let bad = LinkConfig { loss: Loss::Random(500), ..LinkConfig::GOOD };
            world.set_links(1, LinkConfig::GOOD, bad);
            world.run_for(seconds(30));
            let lowest = world.estimate(1).expect("an estimate");
            world.set_links(1, LinkConfig::GOOD, LinkConfig::GOOD);
            let since = world.now();
            world.run_for(seconds(40));
            let slots = world.person(1).client.slots.values().flat_map(|slot| slot.shown());
            let first = slots.map(|shown| shown.at).filter(|at| *at >= since + millis(100)).min();
            let last = world.person(1).client.slots.values().flat_map(|slot| slot.shown());
            let is_shown = last.map(|shown| shown.at).max() >= Some(before(world.now(), 500));
            let took = first.map(|at| at.saturating_duration_since(since));
            (lowest, took.filter(|_| is_shown))
        });
        let longest = told.iter().map(|it| it.1.unwrap_or(Duration::MAX)).max().expect("a run");
        let lowest = told.iter().map(|it| it.0).min().expect("a run");
        println!("{kit:?}: from {lowest} bits/s, the picture is back after {longest:?} at worst");
        assert!(longest <= seconds(30), "{kit:?}: {longest:?}");
    }
}

fn before(at: Instant, millis: u64) -> Instant {
    Instant::from_micros(at.as_micros() - millis * 1_000)
}
