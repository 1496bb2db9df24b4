use protocol::{Duration, Instant};

use super::{ProbeCluster, Probing, Situation};

fn at(ms: u64) -> Instant {
    Instant::from_micros(ms * 1_000)
}

fn situation(estimate: f64) -> Situation {
    Situation {
        estimate,
        goal: 1e7,
        proven: 0.0,
        rtt: Duration::from_millis(100),
        is_congested: false,
        loss: 0.0,
        jitter: Duration::ZERO,
    }
}

/// Sends the probe in full, and lets it arrive over a way of so many bits per second.
fn answer(
    probing: &mut Probing,
    ms: u64,
    plan: ProbeCluster,
    (way, estimate): (f64, f64),
) -> Option<f64> {
    let rate = plan.rate.as_bps() as f64;
    let packets = u64::from(plan.packets_min.max(plan.bytes_min.div_ceil(1_200)));
    let time = |packet: u64, rate: f64| (packet as f64 * 9_600e6 / rate) as u64;
    let cluster = probing.active_mut().expect("it is under way");
    for packet in 0..packets {
        cluster.sent(at(ms) + Duration::from_micros(time(packet, rate)), 1_200);
    }
    for packet in 0..packets {
        let sent = at(ms) + Duration::from_micros(time(packet, rate));
        let arrived_us = time(packet, rate.min(way)) as i64;
        cluster.told(sent, 1_200, Some(arrived_us), true);
    }
    probing.result(at(ms + 150), &situation(estimate))
}

#[test]
fn it_begins_with_three_times_and_doubles_what_was_shown_while_that_grows() {
    let mut probing = Probing::new();
    let mut tried = Vec::new();
    let mut ms = 0;
    while let Some(plan) = probing.poll(at(ms), &situation(300e3)) {
        tried.push(plan.rate.as_bps() / 1_000);
        assert!(probing.poll(at(ms), &situation(300e3)).is_none(), "one at a time");
        answer(&mut probing, ms, plan, (2e6, 300e3));
        ms += 200;
    }
    assert_eq!(tried[0], 900);
    assert!((1_790..=1_800).contains(&tried[1]), "{tried:?}");
    assert!(tried[2] > 3_500 && tried.len() == 3, "{tried:?}");
}

#[test]
fn in_vain_it_asks_less_and_less_often() {
    let mut probing = Probing::new();
    let mut times = Vec::new();
    for ms in (0..60_000).step_by(100) {
        if let Some(plan) = probing.poll(at(ms), &situation(1.9e6)) {
            times.push(ms);
            answer(&mut probing, ms, plan, (2e6, 1.9e6));
        }
    }
    let pauses: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!((2_000..3_300).contains(&pauses[0]), "{pauses:?}");
    assert!(pauses.iter().skip(3).all(|pause| (3_000..=3_500).contains(pause)), "{pauses:?}");
}

#[test]
fn nothing_is_tried_that_nobody_wants_or_that_a_queue_forbids() {
    let mut probing = Probing::new();
    let sated = Situation { goal: 3.1e5, ..situation(300e3) };
    let congested = Situation { is_congested: true, ..situation(300e3) };
    for ms in (0..20_000).step_by(100) {
        assert!(probing.poll(at(ms), &sated).is_none());
        assert!(probing.poll(at(ms), &congested).is_none());
    }
}

#[test]
fn no_more_is_tried_than_is_wanted() {
    let mut probing = Probing::new();
    let modest = Situation { goal: 5e5, ..situation(300e3) };
    let plan = probing.poll(at(0), &modest).expect("there is room to try");
    assert_eq!(plan.rate.as_bps(), 500_000);
}

#[test]
fn a_probe_that_is_not_sent_is_given_up() {
    let mut probing = Probing::new();
    assert!(probing.poll(at(0), &situation(300e3)).is_some());
    assert_eq!(probing.result(at(900), &situation(300e3)), None);
    assert!(probing.active_mut().is_some());
    assert_eq!(probing.result(at(1_100), &situation(300e3)), None);
    assert!(probing.active_mut().is_none());
}
