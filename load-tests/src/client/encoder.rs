//! How large the frames of an encoder are, and which needs which.
//!
//! A browser's camera has three temporal layers (pattern 0 2 1 2, of which the lowest gets 40 % of
//! the bits), a keyframe costs five frames, and what it costs is saved in the frames behind it.

use protocol::Duration;

use super::offer::Kit;
use crate::random::Random;

/// A keyframe is this many times a mean frame of a camera.
const KEYFRAME_FACTOR: f64 = 5.0;

/// A frame of a pattern gives at most this part of its bytes to pay for a keyframe.
const REPAYMENT: f64 = 0.4;

/// What an encoding costs and how it moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Time between frames.
    pub interval: Duration,
    /// Bits per second in the mean.
    pub bits_per_second: u32,
    /// Temporal layers, 1 to 3.
    pub temporal_layers: u8,
    /// Bytes of a keyframe, if it is not the camera's rule that says.
    pub keyframe_bytes: Option<usize>,
}

impl Pace {
    /// A shared screen on which nothing moves: 5 frames a second of 1 kB, and a keyframe of
    /// 100 kB.
    pub const SCREEN: Pace = Pace {
        interval: Duration::from_millis(200),
        bits_per_second: 40_000,
        temporal_layers: 1,
        keyframe_bytes: Some(100_000),
    };

    /// A browser's camera of this rate.
    #[must_use]
    pub const fn camera_at(bits_per_second: u32) -> Pace {
        Pace {
            interval: Duration::from_micros(33_333),
            bits_per_second,
            temporal_layers: 3,
            keyframe_bytes: None,
        }
    }

    /// The three encodings of a camera.
    pub(super) fn camera(kit: Kit) -> [Pace; 3] {
        match kit {
            Kit::Plain => {
                [Pace {
                    interval: Duration::from_micros(66_667),
                    bits_per_second: 0,
                    temporal_layers: 1,
                    keyframe_bytes: None,
                }; 3]
            }
            Kit::Browser | Kit::Remb | Kit::Nack => {
                [150_000, 500_000, 1_500_000].map(Pace::camera_at)
            }
        }
    }

    /// Ticks of 90 kHz between frames.
    pub(super) fn ticks(&self) -> u32 {
        ((self.interval.as_micros() * 9 + 50) / 100) as u32
    }

    fn mean_bytes(&self) -> f64 {
        f64::from(self.bits_per_second) / 8.0 * self.interval.as_secs_f64()
    }
}

/// One frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) is_key: bool,
    pub(super) bytes: usize,
    /// How many frames back is the one that it needs.
    pub(super) back: u8,
    pub(super) temporal: u8,
}

/// An encoder.
#[derive(Clone, Debug)]
pub(super) struct Encoder {
    pace: Pace,
    /// Frames since the last keyframe.
    position: u32,
    /// Bytes over the mean that are still to be saved.
    debt: f64,
    /// Frames made.
    pub(super) frames: u64,
}

impl Encoder {
    pub(super) fn new(pace: Pace) -> Self {
        Encoder { pace, position: 0, debt: 0.0, frames: 0 }
    }

    pub(super) fn pace(&self) -> Pace {
        self.pace
    }

    pub(super) fn encode(&mut self, is_key: bool, random: &mut Random) -> Frame {
        self.frames += 1;
        let mean = self.pace.mean_bytes();
        if is_key {
            self.position = 0;
            let by_rule = (mean * KEYFRAME_FACTOR) as usize;
            let bytes = self.pace.keyframe_bytes.unwrap_or(by_rule);
            self.debt = if self.pace.keyframe_bytes.is_some() { 0.0 } else { mean * 4.0 };
            return Frame { is_key, bytes, back: 0, temporal: 0 };
        }
        self.position += 1;
        // Back and temporal layer by the place in the pattern, and the frame's share of the bits.
        let (back, temporal, share) = match (self.pace.temporal_layers, self.position % 4) {
            (3, 0) => (4, 0, 1.6),
            (3, 2) => (2, 1, 0.8),
            (3, _) => (1, 2, 0.8),
            (2, 0 | 2) => (2, 0, 1.2),
            (2, _) => (1, 1, 0.8),
            _ => (1, 0, 1.0),
        };
        let noise = 0.8 + random.below(401) as f64 / 1_000.0;
        let bytes = mean * share * noise;
        let repaid = self.debt.min(bytes * REPAYMENT);
        self.debt -= repaid;
        Frame { is_key, bytes: (bytes - repaid) as usize, back, temporal }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoder_keeps_its_rate_over_a_keyframe() {
        let mut encoder = Encoder::new(Pace::camera_at(500_000));
        let mut random = Random::new(1);
        let frames = (0..300).map(|n| encoder.encode(n % 150 == 0, &mut random).bytes);
        let bits: usize = frames.map(|bytes| bytes * 8).sum();
        assert!((4_800_000..5_200_000).contains(&bits), "{bits} bits in 10 s");
    }

    #[test]
    fn no_frame_needs_one_of_a_higher_temporal_layer() {
        let mut encoder = Encoder::new(Pace::camera_at(500_000));
        let mut random = Random::new(1);
        let frames: Vec<Frame> = (0..100).map(|n| encoder.encode(n == 0, &mut random)).collect();
        for (n, frame) in frames.iter().enumerate().skip(1) {
            let needed = frames[n - usize::from(frame.back)];
            assert!(needed.temporal < frame.temporal.max(1), "frame {n}");
        }
    }
}
