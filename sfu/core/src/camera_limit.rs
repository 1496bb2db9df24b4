//! What the operator lets cameras take, whatever a browser or a program sends.
//!
//! The size that a publisher tells is its own word, so two things hold together. By that word
//! receivers are given, and publishers asked for, no encoding that is higher than the limit where
//! there is a lower one, and no faster temporal layer than the limit where there is a slower one.
//! And no encoding is passed on that is measured to take twice what a picture at the limit takes,
//! however small it is said to be. Twice, because a browser shares its rate among encodings as it
//! likes and a keyframe is no rate. An encoding that slows down again is passed on again.
//!
//! Screens are not concerned: a text must be sharp, and costs little while it stands still.

use protocol::client::SourceState;

use crate::offer::nominal;

/// How high and fast pictures of cameras may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CameraLimit {
    /// Of the shorter side, in pixels: a telephone that is held upright sends no more of them.
    pub height: u16,
    /// Pictures per second.
    pub frame_rate: u8,
}

/// How much longer than wide a picture is taken to be at most, in tenths: telephones are 20 to 9.
const UPRIGHT_MAX: u32 = 23;

impl CameraLimit {
    /// Nothing is limited.
    pub const NONE: CameraLimit = CameraLimit { height: u16::MAX, frame_rate: u8::MAX };

    /// The tallest picture within it of what is captured.
    pub(crate) fn height_of(self, state: SourceState) -> u16 {
        let (width, height) = (u32::from(state.width), u32::from(state.height));
        let limit = u32::from(self.height);
        if width == 0 || width >= height {
            return self.height;
        }
        let upright = (limit * height / width).min(limit * UPRIGHT_MAX / 10);
        u16::try_from(upright).unwrap_or(u16::MAX)
    }

    /// What an encoding may take at most, in bits per second.
    pub(crate) fn bits_per_second_max(self) -> u64 {
        if self.height == u16::MAX { u64::MAX } else { 2 * nominal(self.height) }
    }
}

#[cfg(test)]
mod tests;
