//! Steps of sound and picture over takeovers, pauses and drift.

use proptest::prelude::*;
use protocol::Duration;

use super::*;

fn at(micros: u64) -> Instant {
    Instant::from_micros(micros)
}

fn taking_over() -> Takeover {
    Takeover::Source { held: false }
}

/// A slot that has carried sound from the first second on, every 20 ms up to `micros`.
fn sounding_until(micros: u64) -> (Timeline, RtpTime) {
    let mut timeline = Timeline::new(MediaKind::Audio, RtpTime(5_000));
    let joined = timeline.join(at(1_000_000), RtpTime(77), &mut taking_over());
    let mut last = joined.expect("the first packet never waits");
    let mut input = 77;
    let mut now = 1_020_000;
    while now <= micros {
        input += 960;
        last = timeline.follow(at(now), RtpTime(input), true);
        now += 20_000;
    }
    (timeline, last)
}

#[test]
fn a_voice_that_is_early_waits_one_packet_and_joins_a_whole_step_on() {
    let (mut timeline, last) = sounding_until(2_000_000);
    let mut takeover = taking_over();
    // 5 ms after the last packet of the former voice: less than half a step is due.
    assert_eq!(timeline.join(at(2_005_000), RtpTime(900_000), &mut takeover), None);
    assert_eq!(takeover, Takeover::Source { held: true });
    let joined = timeline.join(at(2_025_000), RtpTime(900_960), &mut takeover);
    assert_eq!(joined, Some(last.add(960)));
}

#[test]
fn at_most_one_packet_waits_in_a_takeover() {
    let (mut timeline, last) = sounding_until(2_000_000);
    let mut takeover = taking_over();
    assert_eq!(timeline.join(at(2_001_000), RtpTime(0), &mut takeover), None);
    // The network delivers the next packet in the same moment.
    assert_eq!(timeline.join(at(2_001_000), RtpTime(960), &mut takeover), Some(last.add(960)));
}

#[test]
fn after_a_pause_sound_has_run_on_by_the_elapsed_time_in_whole_steps() {
    for (pause_us, steps) in [(2_000_000, 100), (2_011_000, 101), (30_000, 2), (29_000, 1)] {
        let (mut timeline, last) = sounding_until(2_000_000);
        let now = at(2_000_000 + pause_us);
        let joined = timeline.join(now, RtpTime(3), &mut taking_over());
        assert_eq!(joined, Some(last.add(steps * 960)), "after {pause_us} µs");
    }
}

#[test]
fn a_slot_far_ahead_of_its_clock_is_anchored_anew_and_not_repaid() {
    let (mut timeline, last) = sounding_until(2_000_000);
    // The former voice's clock ran 100 ms ahead.
    let ahead = timeline.follow(at(2_020_000), RtpTime(77 + 51 * 960 + 4_800), true);
    assert_eq!(ahead, last.add(960 + 4_800));
    let mut takeover = taking_over();
    let joined = timeline.join(at(2_040_000), RtpTime(0), &mut takeover);
    assert_eq!(joined, Some(ahead.add(960)), "nothing is held back");
    let next = timeline.join(at(2_060_000), RtpTime(0), &mut taking_over());
    assert_eq!(next, Some(ahead.add(1_920)), "the clock is where the slot is");
}

#[test]
fn a_picture_joins_after_the_elapsed_time_and_never_at_the_same_tick() {
    let mut timeline = Timeline::new(MediaKind::Video, RtpTime(100));
    assert_eq!(timeline.join(at(0), RtpTime(1), &mut taking_over()), Some(RtpTime(100)));
    assert_eq!(timeline.follow(at(33_000), RtpTime(2_971), true), RtpTime(3_070));
    assert_eq!(
        timeline.join(at(66_000), RtpTime(9), &mut taking_over()),
        Some(RtpTime(100 + 66 * 90))
    );
    assert_eq!(
        timeline.join(at(66_000), RtpTime(8), &mut taking_over()),
        Some(RtpTime(101 + 66 * 90))
    );
}

#[test]
fn a_stream_whose_timestamps_jump_joins_anew() {
    let mut timeline = Timeline::new(MediaKind::Video, RtpTime(0));
    timeline.join(at(0), RtpTime(0), &mut taking_over());
    for jump in [0x4000_0000, 0xC000_0000_u32] {
        let before = timeline.last;
        let out = timeline.follow(at(33_000), RtpTime(jump), true);
        let step = out.distance_from(before);
        assert!((1..=2_970).contains(&step), "a step of {step}");
    }
}

#[test]
fn hours_of_idleness_end_with_a_step_forward() {
    for kind in [MediaKind::Audio, MediaKind::Video] {
        for hours in [1, 7, 13, 25, 50] {
            let mut timeline = Timeline::new(kind, RtpTime(0));
            timeline.join(at(0), RtpTime(0), &mut taking_over());
            let now = at(0) + Duration::from_secs(hours * 3_600);
            let joined = timeline.join(now, RtpTime(5), &mut Takeover::Source { held: true });
            let step = joined.expect("held once").distance_from(RtpTime(0));
            assert!(step > 0, "{kind:?} after {hours} h steps by {step}");
        }
    }
}

#[test]
fn sender_reports_tell_the_time_of_the_stream_that_flows() {
    let mut timeline = Timeline::new(MediaKind::Video, RtpTime(0));
    assert_eq!(timeline.rtp_time(at(5)), None);
    timeline.join(at(0), RtpTime(0), &mut taking_over());
    // Frames come 50 ms after their timestamps say: the network got slower.
    for frame in 1..400_u64 {
        timeline.follow(at(frame * 33_333 + 50_000), RtpTime((frame * 3_000) as u32), true);
    }
    let reported = timeline.rtp_time(at(400 * 33_333 + 50_000)).expect("media flows");
    let error = reported.distance_from(RtpTime(400 * 3_000)).abs();
    assert!(error < 90, "{error} ticks off");
}

#[test]
fn a_timeline_goes_on_under_another_clock() {
    let (timeline, last) = sounding_until(2_000_000);
    let state = timeline.state(at(2_000_000)).after(MediaKind::Audio, 300_000);
    let mut resumed = Timeline::resume(MediaKind::Audio, state, at(17));
    let joined = resumed.join(at(17), RtpTime(0), &mut taking_over());
    assert_eq!(joined, Some(last.add(15 * 960)), "300 ms are 15 steps");
}

proptest! {
    /// Voices take turns with any phase between their packets (research of both browsers: this
    /// rule neither conceals nor lets the buffer grow).
    #[test]
    fn sound_keeps_whole_steps_within_half_a_step_of_its_clock(
        turns in prop::collection::vec((0..20_000_u64, 5..50_u64), 1..60),
    ) {
        let (mut timeline, mut last) = sounding_until(2_000_000);
        let mut now = 2_000_000;
        for (phase, packets) in turns {
            let mut takeover = taking_over();
            let mut held = 0;
            // The new voice's next packet comes at any phase after the old one's last.
            now += phase.max(1);
            for packet in 0..packets {
                let input = RtpTime(1_000 + (packet * 960) as u32);
                let joins = packet == 0 || held == 1 && packet == 1;
                let out = if joins {
                    let joined = timeline.join(at(now), input, &mut takeover);
                    if joined.is_some() {
                        takeover = Takeover::Layer;
                        let lead = timeline.lead;
                        prop_assert!(lead.abs() <= 480, "{lead} ticks from the clock");
                    } else {
                        held += 1;
                    }
                    joined
                } else {
                    Some(timeline.follow(at(now), input, true))
                };
                if let Some(out) = out {
                    let step = out.distance_from(last);
                    prop_assert!(step >= 960 && step % 960 == 0, "a step of {step}");
                    last = out;
                }
                now += 20_000;
            }
            now -= 20_000;
            prop_assert!(held <= 1);
        }
    }
}
