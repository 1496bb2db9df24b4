//! What a participant shows of the others.

use protocol::{
    ParticipantId,
    client::{Tile, View},
    media::Source,
};
use serde::{Deserialize, Serialize};

/// How pictures are laid out on a screen of 1080 lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
pub enum Layout {
    /// One large picture and up to four small ones.
    #[value(name = "speaker")]
    Speaker,
    /// Nine pictures.
    #[value(name = "3x3")]
    Nine,
    /// Sixteen.
    #[value(name = "4x4")]
    Sixteen,
    /// Twenty-five.
    #[value(name = "5x5")]
    TwentyFive,
}

/// Heights of the large picture, and of those beside it.
const STAGE_HEIGHT: u16 = 720;
const SMALL_HEIGHT: u16 = 180;

impl Layout {
    /// The most pictures at once, which is how many slots a participant asks for.
    #[must_use]
    pub const fn pictures(self) -> usize {
        match self {
            Layout::Speaker => 5,
            Layout::Nine => 9,
            Layout::Sixteen => 16,
            Layout::TwentyFive => 25,
        }
    }

    /// The encoding that suits the largest of them, 0 the smallest.
    #[must_use]
    pub const fn encoding(self) -> usize {
        match self {
            Layout::Speaker => 2,
            Layout::Nine | Layout::Sixteen | Layout::TwentyFive => 1,
        }
    }

    /// Height of a tile in pixels.
    const fn height(self) -> u16 {
        match self {
            Layout::Speaker => SMALL_HEIGHT,
            Layout::Nine => 360,
            Layout::Sixteen => 270,
            Layout::TwentyFive => 216,
        }
    }

    /// What somebody shows who is the `place`th of the room, of all whose camera is on. In a grid
    /// each begins with another one, so that every picture is shown about as often; the stage is
    /// the same for all.
    #[must_use]
    pub fn view(self, you: ParticipantId, place: usize, cameras: &[ParticipantId]) -> View {
        let mut others: Vec<ParticipantId> =
            cameras.iter().copied().filter(|camera| *camera != you).collect();
        let count = others.len().max(1);
        if self != Layout::Speaker {
            others.rotate_left(place % count);
        }
        others.truncate(self.pictures());
        let tile = |participant, height| Tile { participant, source: Source::Camera, height };
        let mut tiles: Vec<Tile> = others.iter().map(|it| tile(*it, self.height())).collect();
        let stage = match self {
            Layout::Speaker => tiles.first_mut().map(|first| {
                first.height = STAGE_HEIGHT;
                *first
            }),
            Layout::Nine | Layout::Sixteen | Layout::TwentyFive => None,
        };
        View { stage, tiles }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(numbers: impl IntoIterator<Item = u32>) -> Vec<ParticipantId> {
        numbers.into_iter().map(ParticipantId).collect()
    }

    #[test]
    fn nobody_watches_themselves_and_a_grid_shares_its_places_out() {
        let cameras = people(1..=30);
        let mut shown = [0; 31];
        for place in 0..30 {
            let view = Layout::Nine.view(cameras[place], place, &cameras);
            assert_eq!((view.stage, view.tiles.len()), (None, 9));
            for tile in view.tiles {
                assert_ne!(tile.participant, cameras[place]);
                shown[tile.participant.0 as usize] += 1;
            }
        }
        assert!(shown[1..].iter().all(|times| (7..=11).contains(times)), "{shown:?}");
    }

    #[test]
    fn the_stage_is_the_first_of_the_tiles() {
        let view = Layout::Speaker.view(ParticipantId(1), 5, &people([1, 2, 3]));
        assert_eq!(view.stage, view.tiles.first().copied());
        let heights: Vec<u16> = view.tiles.iter().map(|tile| tile.height).collect();
        assert_eq!(heights, [720, 180]);
        assert_eq!(Layout::Speaker.view(ParticipantId(1), 0, &[]), View::default());
    }
}
