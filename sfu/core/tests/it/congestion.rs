//! The estimator on links of every kind: what must hold, for 20 seeds each, the worst of them.
//!
//! `cargo test -p sfu-core --test it congestion -- --nocapture` prints the table of `docs/bwe.md`.
#![expect(clippy::print_stdout, reason = "the table is part of what the tests are for")]

mod link;
mod promises;
mod run;
mod sender;

use self::{link::LinkPlan, run::Run, sender::Media};

const SEEDS: u64 = 20;

fn layered() -> Media {
    Media::Layered { tiles: 4, ladder: vec![150, 400, 1_250] }
}

/// Least, mean and greatest of a figure over all seeds.
fn figures(
    name: &str,
    plan: &LinkPlan,
    media: &Media,
    seconds: u64,
    figure: impl Fn(&Run) -> f64,
) -> (f64, f64) {
    let seeds = 1..=SEEDS;
    let all: Vec<f64> =
        seeds.map(|seed| figure(&Run::new(plan, media, seed * 7_919, seconds))).collect();
    let least = all.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    let seed = 1 + all.iter().position(|it| *it == greatest).unwrap_or(0);
    println!("{name:<52} {least:>9.3} {mean:>9.3} {greatest:>9.3}   seed {seed}");
    (least, greatest)
}

fn both() -> [(&'static str, Media); 2] {
    [("full", Media::Full), ("layered", layered())]
}

#[test]
fn a_clean_line_is_found_within_three_seconds() {
    for (kind, media) in both() {
        for rtt_ms in [40, 100, 200] {
            let plan = LinkPlan::steady(2_000, rtt_ms);
            let name = format!("ramp to 90 % of 2 Mb/s, RTT {rtt_ms}, {kind} [s]");
            let (_, worst) =
                figures(&name, &plan, &media, 10, |run| run.seconds_until_held(0, 1_800.0));
            assert!(worst <= 3.0, "{name}: {worst}");
        }
    }
}

#[test]
fn a_lossy_line_is_found() {
    for (kind, media) in both() {
        for (loss, bar) in [(0.02, 6.0), (0.05, 8.0), (0.10, 12.0)] {
            let plan = LinkPlan::steady(2_000, 100).with_loss(loss);
            let name = format!("ramp to 90 % of 2 Mb/s, loss {:.0} %, {kind} [s]", loss * 100.0);
            let (_, worst) =
                figures(&name, &plan, &media, 20, |run| run.seconds_until_held(0, 1_800.0));
            assert!(worst <= bar, "{name}: {worst}");
        }
    }
}

#[test]
fn a_steady_line_is_used_and_not_overused() {
    for (kind, media) in both() {
        for (loss, bar) in [(0.0, 0.85), (0.05, 0.8), (0.10, 0.6)] {
            let plan = LinkPlan::steady(2_000, 100).with_loss(loss);
            let name = format!("steady estimate, loss {:.0} %, {kind} [part]", loss * 100.0);
            let (least, greatest) = figures(&name, &plan, &media, 40, |run| {
                run.mean(15_000, 40_000, |it| it.target_kbps / it.link_kbps)
            });
            assert!(least >= bar, "{name}: {least}");
            assert!(loss > 0.0 || greatest <= 1.05, "{name}: {greatest}");
        }
    }
}

#[test]
fn a_queue_does_not_stand() {
    for (kind, media) in both() {
        for rtt_ms in [40, 100, 200] {
            let plan = LinkPlan::steady(2_000, rtt_ms);
            let name = format!("mean queue, RTT {rtt_ms}, {kind} [ms]");
            let (_, worst) =
                figures(&name, &plan, &media, 40, |run| run.mean(15_000, 40_000, |it| it.queue_ms));
            assert!(worst <= 50.0, "{name}: {worst}");
        }
    }
}

#[test]
fn a_line_that_shrinks_and_grows_is_followed() {
    for (kind, media) in both() {
        let rates = vec![(0, 2_000), (15_000, 700), (30_000, 2_000)];
        let plan = LinkPlan { rates, queue_ms: 1_000, ..LinkPlan::steady(2_000, 100) };
        let name = format!("2 to 0.7 Mb/s: sending below it, {kind} [s]");
        let (_, worst) = figures(&name, &plan, &media, 45, |run| {
            run.seconds_until(15_000, |it| it.ms > 15_200 && run.sent_kbps(it.ms) <= 700.0)
        });
        assert!(worst <= 1.0, "{name}: {worst}");
        let name = format!("2 to 0.7 Mb/s: queue below 100 ms, {kind} [s]");
        let (_, worst) = figures(&name, &plan, &media, 45, |run| {
            run.seconds_until(15_300, |it| it.queue_ms < 100.0) + 0.3
        });
        assert!(worst <= 2.0, "{name}: {worst}");
        let name = format!("0.7 to 2 Mb/s: back to 90 %, {kind} [s]");
        let (_, worst) =
            figures(&name, &plan, &media, 45, |run| run.seconds_until_held(30_000, 1_800.0));
        assert!(worst <= 6.0, "{name}: {worst}");
    }
}

#[test]
fn a_line_that_shrinks_below_one_picture_is_followed() {
    // The picture takes two thirds of the line, so the sender and not the line limits it.
    let media = Media::Layered { tiles: 1, ladder: vec![150, 400, 1_250] };
    let rates = vec![(0, 2_000), (15_000, 700)];
    let plan = LinkPlan { rates, queue_ms: 1_000, ..LinkPlan::steady(2_000, 100) };
    let name = "2 to 0.7 Mb/s: sending below it, one picture [s]";
    let (_, worst) = figures(name, &plan, &media, 25, |run| {
        run.seconds_until(15_000, |it| it.ms > 15_200 && run.sent_kbps(it.ms) <= 700.0)
    });
    assert!(worst <= 1.0, "{name}: {worst}");
    let name = "2 to 0.7 Mb/s: queue below 100 ms, one picture [s]";
    let (_, worst) = figures(name, &plan, &media, 25, |run| {
        run.seconds_until(15_300, |it| it.queue_ms < 100.0) + 0.3
    });
    assert!(worst <= 2.0, "{name}: {worst}");
}

#[test]
fn a_still_screen_does_not_talk_the_estimate_down() {
    let media = Media::Still { kbps: 2_500, still_ms: (10_000, 70_000) };
    for jitter_ms in [2.0, 8.0, 20.0] {
        let plan = LinkPlan { jitter_ms, ..LinkPlan::steady(6_000, 60) };
        let name = format!("still screen 60 s, jitter {jitter_ms} [part of proven]");
        let (least, _) = figures(&name, &plan, &media, 75, |run| {
            let proven = run.mean(8_000, 10_000, |it| it.target_kbps);
            run.span(10_000, 70_000).fold(f64::INFINITY, |it, s| it.min(s.target_kbps)) / proven
        });
        assert!(least >= 0.6, "{name}: {least}");
    }
}

#[test]
fn a_capped_view_costs_no_padding() {
    let media = Media::Layered { tiles: 1, ladder: vec![150, 400] };
    let plan = LinkPlan::steady(6_000, 60);
    let name = "padding and retransmissions of a capped view [part]";
    let (_, worst) = figures(name, &plan, &media, 60, |run| {
        let Some(last) = run.samples.last() else { return f64::INFINITY };
        (last.sent.padding + last.sent.rtx) as f64 / last.sent.all() as f64
    });
    assert!(worst <= 0.05, "{name}: {worst}");
}
#[test]
fn layers_do_not_flap_on_a_clean_line() {
    for jitter_ms in [2.0, 10.0, 25.0] {
        let plan = LinkPlan { jitter_ms, ..LinkPlan::steady(2_000, 100) };
        let name = format!("changes of layers a minute, jitter {jitter_ms}");
        let (_, worst) = figures(&name, &plan, &layered(), 70, |run| {
            let pairs = run.span(10_000, 70_000).zip(run.span(10_010, 70_000));
            pairs.filter(|(a, b)| a.layers_kbps < b.layers_kbps).count() as f64
        });
        assert!(worst <= 2.0, "{name}: {worst}");
    }
}

#[test]
fn a_short_queue_seldom_overflows() {
    for (kind, media) in both() {
        let plan = LinkPlan { queue_ms: 50, ..LinkPlan::steady(2_000, 100) };
        let name = format!("lost in a queue of 50 ms, {kind} [part]");
        let (_, worst) = figures(&name, &plan, &media, 30, |run| run.overflow);
        assert!(worst <= 0.01, "{name}: {worst}");
    }
}

#[test]
fn a_line_that_was_gone_is_used_again() {
    for (kind, media) in both() {
        let plan = LinkPlan { blackout_ms: (15_000, 18_000), ..LinkPlan::steady(2_000, 100) };
        let name = format!("3 s without a line: back to 80 %, {kind} [s]");
        let (_, worst) = figures(&name, &plan, &media, 30, |run| {
            let sent = run.mean(17_500, 18_000, |it| it.target_kbps);
            assert!(sent < 1_500.0, "while nothing is heard less is sent: {sent}");
            run.seconds_until_held(18_000, 1_600.0)
        });
        assert!(worst <= 5.0, "{name}: {worst}");
    }
}

#[test]
fn a_way_that_has_become_longer_is_not_taken_for_a_queue() {
    for (kind, media) in both() {
        for (loss, by_ms) in [(0.0, 30), (0.05, 30), (0.0, 80)] {
            let plan = LinkPlan {
                longer_ms: (15_000, by_ms),
                ..LinkPlan::steady(2_000, 40).with_loss(loss)
            };
            let name = format!("{by_ms} ms longer, {loss} lost: back to 80 %, {kind} [s]");
            let (_, worst) =
                figures(&name, &plan, &media, 40, |run| run.seconds_until_held(15_500, 1_600.0));
            assert!(worst <= 5.0, "{name}: {worst}");
        }
    }
}

#[test]
fn a_way_that_has_become_longer_costs_no_layer() {
    let picture = |kbps| Media::Layered { tiles: 1, ladder: vec![150, 400, kbps] };
    // Who fills the line has a queue of their own at times, which is lowered all the same.
    let cases = [
        ("full", Media::Full, [0.45, 0.45]),
        ("thin", picture(800), [0.95, 0.35]),
        ("thick", picture(1_600), [0.95, 0.35]),
    ];
    let ways = [(2.0, 12, 0.0), (2.0, 20, 0.0), (2.0, 30, 0.0), (2.0, 100, 0.0)];
    let jittery_ways = [(15.0, 30, 0.0), (2.0, 40, 30.0), (2.0, 0, 30.0)];
    for (kind, media, [calm, jittery]) in cases {
        let of_bar = |bar| move |way| (bar, way);
        let calm_ways = ways.into_iter().map(of_bar(calm));
        for (bar, way) in calm_ways.chain(jittery_ways.into_iter().map(of_bar(jittery))) {
            let (jitter_ms, by_ms, longer_jitter_ms) = way;
            let longer_ms = (15_000, by_ms);
            let steady = LinkPlan::steady(2_200, 60);
            let plan = LinkPlan { jitter_ms, longer_ms, longer_jitter_ms, ..steady };
            let jitter = format!("jitter {jitter_ms} + {longer_jitter_ms}");
            let name = format!("{by_ms} ms longer, {jitter}, {kind} [part of before]");
            let (least, _) = figures(&name, &plan, &media, 30, |run| {
                let before = run.mean(13_000, 15_000, |it| it.target_kbps);
                run.span(15_000, 30_000).fold(f64::INFINITY, |it, s| it.min(s.target_kbps)) / before
            });
            assert!(least >= bar, "{name}: {least}");
        }
    }
}
