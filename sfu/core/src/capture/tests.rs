//! Capture times from sender reports.

use super::*;

const VOICE: Ssrc = Ssrc(1);
const PICTURE: Ssrc = Ssrc(2);

/// The publisher's clock began 1 000 000 s before the node's.
const AHEAD_US: u64 = 1_000_000_000_000;

fn at(millis: u64) -> Instant {
    Instant::from_micros(millis * 1_000)
}

/// NTP of the publisher at the node's `millis`.
fn ntp(millis: u64) -> u64 {
    ((u128::from(AHEAD_US + millis * 1_000) << 32) / 1_000_000) as u64
}

/// What is captured at `millis`, in a stream whose RTP time was `base` at the node's start.
fn rtp(base: u32, millis: u64, ticks_per_ms: u32) -> RtpTime {
    RtpTime(base.wrapping_add(millis as u32 * ticks_per_ms))
}

#[test]
fn sound_and_picture_have_one_clock_whatever_their_delays() {
    let mut clock = CaptureClock::default();
    // Reports of the picture wait in the uplink, those of the voice do not.
    for second in 1..60 {
        let sent = second * 1_000;
        clock.note(at(sent + 20), VOICE, ntp(sent), rtp(7, sent, 48));
        clock.note(at(sent + 20 + second * 7 % 300), PICTURE, ntp(sent), rtp(u32::MAX, sent, 90));
    }
    let now = at(60_000);
    let voice = clock.rtp_time(now, VOICE, 48).expect("it reports");
    let picture = clock.rtp_time(now, PICTURE, 90).expect("it reports");
    let voice_us = i64::from(voice.distance_from(rtp(7, 60_000, 48))) * 1_000 / 48;
    let picture_us = i64::from(picture.distance_from(rtp(u32::MAX, 60_000, 90))) * 1_000 / 90;
    assert!((voice_us - picture_us).abs() <= 100, "{voice_us} and {picture_us} µs");
    assert!((-60_000..=0).contains(&voice_us), "{voice_us} µs, delay included");
}

#[test]
fn a_clock_that_drifts_is_followed() {
    let mut clock = CaptureClock::default();
    // The publisher's second lasts 100 ppm longer on the node.
    for second in 0..3_600_u64 {
        let sent = second * 1_000;
        let came = Instant::from_micros(sent * 1_000 + sent / 10 + 20_000);
        clock.note(came, VOICE, ntp(sent), rtp(0, sent, 48));
    }
    let now = Instant::from_micros(3_600_000_000 + 360_000 + 20_000);
    let voice = clock.rtp_time(now, VOICE, 48).expect("it reports");
    let error_ms = voice.distance_from(rtp(0, 3_600_000, 48)) / 48;
    assert!(error_ms.abs() <= 10, "{error_ms} ms after an hour");
}

#[test]
fn a_clock_that_is_set_is_believed_at_once() {
    let mut clock = CaptureClock::default();
    clock.note(at(1_000), VOICE, ntp(1_000), rtp(0, 1_000, 48));
    clock.note(at(2_000), VOICE, ntp(90_000_000), rtp(0, 2_000, 48));
    assert_eq!(clock.rtp_time(at(2_000), VOICE, 48), Some(rtp(0, 2_000, 48)));
}

#[test]
fn who_does_not_report_or_has_stopped_has_no_capture_time() {
    let mut clock = CaptureClock::default();
    assert_eq!(clock.rtp_time(at(0), VOICE, 48), None);
    clock.note(at(1_000), VOICE, ntp(1_000), rtp(0, 1_000, 48));
    assert_eq!(clock.rtp_time(at(1_000), PICTURE, 90), None);
    assert_eq!(clock.rtp_time(at(32_000), VOICE, 48), None, "too old");
    clock.forget(VOICE);
    assert_eq!(clock.rtp_time(at(1_000), VOICE, 48), None);
}

#[test]
fn a_flood_of_streams_displaces_the_oldest_and_lies_break_nothing() {
    let mut clock = CaptureClock::default();
    for ssrc in 0..1_000 {
        clock.note(at(u64::from(ssrc)), Ssrc(ssrc), u64::MAX - u64::from(ssrc), RtpTime(ssrc));
    }
    let kept = (0..1_000).filter(|&ssrc| clock.rtp_time(at(1_000), Ssrc(ssrc), 48).is_some());
    assert!(kept.count() <= STREAMS_MAX);
    for ntp in [0, 1, u64::MAX] {
        clock.note(Instant::from_micros(u64::MAX), VOICE, ntp, RtpTime(0));
        let _ = clock.rtp_time(Instant::ZERO, VOICE, 90);
        clock.note(Instant::ZERO, VOICE, ntp, RtpTime(0));
        let _ = clock.rtp_time(Instant::from_micros(u64::MAX), VOICE, 90);
    }
}
