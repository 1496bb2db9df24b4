//! What holds on any link: lies, other kinds of feedback, restarts.

use proptest::prelude::*;
use protocol::{Bitrate, Duration, Instant};
use sfu_core::congestion::{
    Congestion, CongestionConfig, Demand, Feedback, PacketReport, ProbeId, SentKind,
};

fn at(ms: u64) -> Instant {
    Instant::from_micros(ms * 1_000)
}

fn demand(kbps: u64) -> Demand {
    let rate = Bitrate::from_kbps(kbps);
    Demand { allocated: Bitrate::from_kbps(200), wanted_next: Some(rate), ideal: rate }
}

/// 400 kb/s of pictures over a way without limit, feedback every 50 ms, for a span of ms.
fn talk(congestion: &mut Congestion, from_ms: u64, to_ms: u64) {
    let mut reports = Vec::new();
    for ms in from_ms..to_ms {
        if ms % 20 == 0 {
            let seq = congestion.sent(at(ms), 1_000, SentKind::Video, None);
            reports.push(PacketReport { seq, arrived_us: Some(ms as i64 * 1_000 + 30_000) });
        }
        if ms % 50 == 0 {
            congestion.handle_reports(at(ms), reports.drain(..));
            congestion.handle_timeout(at(ms));
        }
    }
}

#[test]
fn reports_about_what_was_never_sent_are_counted_and_change_nothing() {
    let mut congestion = Congestion::new(CongestionConfig::default());
    talk(&mut congestion, 0, 2_000);
    let (before, target) = (*congestion.counters(), congestion.target());
    let lies = (10_000..12_000).map(|seq| PacketReport { seq, arrived_us: None });
    congestion.handle_reports(at(2_000), lies);
    let repeats = (0..50).map(|seq| PacketReport { seq, arrived_us: Some(0) });
    congestion.handle_reports(at(2_000), repeats);
    assert_eq!(congestion.counters().unknown, before.unknown + 2_000);
    assert_eq!(congestion.counters().repeated, before.repeated + 50);
    assert_eq!(congestion.counters().lost, before.lost);
    assert_eq!(congestion.target(), target);
}

#[test]
fn what_comes_in_another_order_is_taken_all_the_same() {
    let mut congestion = Congestion::new(CongestionConfig::default());
    let sent = |ms: u64| (ms, SentKind::Video);
    let seqs: Vec<(u16, u64)> = (0..200)
        .map(|packet| sent(packet * 10))
        .map(|(ms, kind)| (congestion.sent(at(ms), 500, kind, None), ms))
        .collect();
    for pair in seqs.chunks(20).collect::<Vec<_>>().chunks(2) {
        for chunk in pair.iter().rev() {
            let report =
                |&(seq, ms): &(u16, u64)| PacketReport { seq, arrived_us: Some(ms as i64 * 1_000) };
            congestion.handle_reports(at(2_100), chunk.iter().rev().map(report));
        }
    }
    assert_eq!(congestion.counters().received, 200);
    assert_eq!(congestion.counters().unknown + congestion.counters().repeated, 0);
    assert!(congestion.target() >= Bitrate::from_kbps(200));
}

#[test]
fn a_receiver_with_reports_only_is_served_by_loss_and_its_own_estimate() {
    let feedback = Feedback::ReportsOnly;
    let mut congestion = Congestion::new(CongestionConfig { feedback, ..Default::default() });
    congestion.set_demand(at(0), demand(1_000));
    talk(&mut congestion, 0, 1_000);
    assert_eq!(congestion.counters().received, 0, "packet reports are not its kind");
    assert_eq!(congestion.poll_probe(at(1_000)), None);
    for second in 1..12 {
        congestion.handle_loss(at(second * 1_000), 0, 100);
    }
    let grown = congestion.target();
    assert!(grown > Bitrate::from_kbps(600), "{grown:?}");
    congestion.handle_loss(at(12_000), 30, 100);
    assert!(congestion.target() < grown.scaled(0.9));
    congestion.handle_remb(at(12_100), Bitrate::from_kbps(250));
    assert_eq!(congestion.target(), Bitrate::from_kbps(250));
}

#[test]
fn a_receiver_that_promised_feedback_and_gives_none_is_served_by_its_reports() {
    let mut congestion = Congestion::new(CongestionConfig::default());
    congestion.set_demand(at(0), demand(2_000));
    for ms in (0..20_000).step_by(20) {
        congestion.sent(at(ms), 1_000, SentKind::Video, None);
        if ms % 1_000 == 0 {
            congestion.handle_loss(at(ms), 0, 50);
        }
        congestion.handle_timeout(at(ms));
    }
    assert!(congestion.target() > Bitrate::from_kbps(700), "{:?}", congestion.target());
    assert_eq!(congestion.poll_probe(at(20_000)), None);
}

#[test]
fn a_session_that_goes_on_elsewhere_keeps_its_estimate_and_never_a_number() {
    let mut congestion = Congestion::new(CongestionConfig::default());
    talk(&mut congestion, 0, 5_000);
    let next = congestion.sent(at(5_000), 100, SentKind::Audio, None).wrapping_add(1);
    let snapshot = congestion.snapshot();
    let json = serde_json::to_string(&snapshot).expect("a plain value");
    let snapshot = serde_json::from_str(&json).expect("the same value");
    let mut restored = Congestion::restore(CongestionConfig::default(), &snapshot, 1_000);
    assert_eq!(restored.target(), congestion.target());
    let seq = restored.sent(at(0), 100, SentKind::Audio, None);
    assert_eq!(seq, next.wrapping_add(1_000));
}

#[test]
fn padding_is_asked_for_by_nobody_who_has_all() {
    let mut congestion = Congestion::new(CongestionConfig::default());
    let rate = Bitrate::from_kbps(200);
    congestion.set_demand(at(0), Demand { allocated: rate, wanted_next: None, ideal: rate });
    for ms in 0..5_000 {
        assert_eq!(congestion.poll_probe(at(ms)), None);
        assert_eq!(congestion.padding_rate(), Bitrate::ZERO);
    }
}

/// One thing that can happen to an estimator.
#[derive(Clone, Debug)]
enum Event {
    Sent { bytes: usize, probe: Option<u8> },
    Reports { first: u16, step: u16, count: u16, arrived_us: i64, spread: i64 },
    Loss { lost: u32, packets: u32 },
    Remb(u64),
    Rtt(u64),
    Wants(u64),
    Pass(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (0..2_000_usize, any::<Option<u8>>())
            .prop_map(|(bytes, probe)| Event::Sent { bytes, probe }),
        (any::<u16>(), any::<u16>(), 0..200_u16, any::<i64>(), any::<i64>()).prop_map(
            |(first, step, count, arrived_us, spread)| {
                let (first, step) = (first % 64, step % 3);
                Event::Reports { first, step, count, arrived_us, spread }
            }
        ),
        (any::<u32>(), any::<u32>()).prop_map(|(lost, packets)| Event::Loss { lost, packets }),
        any::<u64>().prop_map(Event::Remb),
        any::<u64>().prop_map(Event::Rtt),
        any::<u64>().prop_map(Event::Wants),
        (0..3_000_000_u64).prop_map(Event::Pass),
    ]
}

proptest! {
    #[test]
    fn nothing_that_a_receiver_says_takes_the_estimate_out_of_its_bounds(
        events in proptest::collection::vec(event(), 1..200)
    ) {
        let config = CongestionConfig::default();
        let mut congestion = Congestion::new(config);
        let mut now = at(1_000);
        for event in events {
            match event {
                Event::Sent { bytes, probe } => {
                    congestion.sent(now, bytes, SentKind::Video, probe.map(ProbeId));
                }
                Event::Reports { first, step, count, arrived_us, spread } => {
                    let reports = (0..count).map(|place| PacketReport {
                        seq: first.wrapping_add(place.wrapping_mul(step)),
                        arrived_us: (place % 5 != 4)
                            .then(|| arrived_us.wrapping_add(spread.wrapping_mul(place.into()))),
                    });
                    congestion.handle_reports(now, reports);
                }
                Event::Loss { lost, packets } => congestion.handle_loss(now, lost, packets),
                Event::Remb(bps) => congestion.handle_remb(now, Bitrate::from_bps(bps)),
                Event::Rtt(us) => congestion.handle_rtt(now, Duration::from_micros(us)),
                Event::Wants(bps) => {
                    let rate = Bitrate::from_bps(bps);
                    let demand = Demand { allocated: rate, wanted_next: Some(rate), ideal: rate };
                    congestion.set_demand(now, demand);
                }
                Event::Pass(us) => now = now + Duration::from_micros(us),
            }
            congestion.handle_timeout(now);
            let _ = congestion.poll_probe(now);
            let bounds = config.min..=config.max;
            prop_assert!(bounds.contains(&congestion.target()), "{:?}", congestion.target());
            prop_assert!(congestion.pacing_rate() >= config.min);
        }
    }
}
