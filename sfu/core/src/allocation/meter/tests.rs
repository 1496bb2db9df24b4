//! Figures of layers with known rates.

use super::*;

/// Sends `seconds` of frames of 1 000 bytes in two packets, temporal layers as in L1T3.
fn send(meter: &mut LayerMeter, from_ms: u64, seconds: u64, frames_per_second: u64) {
    const PATTERN: [u8; 4] = [0, 2, 1, 2];
    for frame in 0..seconds * frames_per_second {
        let now =
            Instant::ZERO + Duration::from_millis(from_ms + frame * 1_000 / frames_per_second);
        let timestamp = RtpTime((from_ms + frame * 1_000 / frames_per_second) as u32 * 90);
        let temporal = PATTERN[frame as usize % 4];
        meter.count(now, 400, temporal, timestamp);
        meter.count(now, 600, temporal, timestamp);
    }
}

fn figures(meter: &LayerMeter) -> Vec<(u64, u8)> {
    meter.cumulated().map(|it| (it.bits_per_second / 1_000, it.frame_rate)).collect()
}

#[test]
fn each_temporal_layer_is_measured_with_those_below_it() {
    let mut meter = LayerMeter::default();
    send(&mut meter, 0, 1, 40);
    assert_eq!(figures(&meter), [], "the first window is not over");
    send(&mut meter, 1_000, 9, 40);
    assert_eq!(figures(&meter), [(80, 10), (160, 20), (320, 40)]);
}

#[test]
fn a_pause_keeps_the_figures_and_a_change_is_followed() {
    let mut meter = LayerMeter::default();
    send(&mut meter, 0, 5, 40);
    send(&mut meter, 60_000, 1, 40);
    assert_eq!(figures(&meter).last(), Some(&(320, 40)), "the pause is not in it");
    send(&mut meter, 61_000, 20, 10);
    let slower = figures(&meter);
    assert!(matches!(slower.last(), Some((80..=84, 10))), "{slower:?}");
}

#[test]
fn a_rise_counts_half_at_once() {
    let mut meter = LayerMeter::default();
    let at = |ms| Instant::ZERO + Duration::from_millis(ms);
    for (ms, bytes) in [(0, 1_000), (1_000, 3_000), (2_000, 1_000), (3_000, 0)] {
        meter.count(at(ms), bytes, 0, RtpTime(ms as u32));
    }
    assert_eq!(meter.cumulated().next().map(|it| it.bits_per_second), Some(14_000));
}
