//! The steps that one source takes from nothing to its best.
//!
//! Rungs rise in quality and in cost: a layer that costs no less than a better one is left out, so
//! that the better one is jumped to.
//!
//! A *person* climbs the frame rates of the smallest height first; greater heights count only at
//! full frame rate, because a large face that stutters is worse than a small one that moves. Full
//! is 30 frames per second as in Jitsi's bridge, or what smaller heights reach, if that is less: a
//! camera in a dim room sends 15, and would else be kept small for ever.
//! A *screen* climbs the heights at their lowest frame rate first, and then the frame rates of the
//! greatest.

use super::{Content, Demand, LAYERS_PER_SOURCE_MAX, Layer, Place};

/// The height up to which the stage's person climbs before anybody else gets anything (Jitsi's
/// `onstage-preferred-height-px`).
const STAGE_HEIGHT: u16 = 360;

/// Frames per second that are smooth (Jitsi's `onstage-preferred-framerate`).
const SMOOTH_FRAME_RATE: u8 = 30;

/// The rungs of a source; see the module.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ladder {
    rungs: [Rung; LAYERS_PER_SOURCE_MAX],
    height: u8,
    /// Rungs that are climbed before anybody else gets anything.
    essential: u8,
    /// Rungs no better than what the receiver has been getting.
    current: u8,
}

#[derive(Clone, Copy, Debug, Default)]
struct Rung {
    layer: u8,
    bits_per_second: u64,
}

impl Ladder {
    pub(super) fn build(demand: &Demand<'_>) -> Self {
        let useful = Useful::select(demand);
        let mut ladder = Ladder::default();
        let Some(top) = useful.as_slice().last() else {
            return ladder;
        };
        let essential_up_to = essential_quality(demand, useful.as_slice());
        let layers = &demand.layers[..demand.layers.len().min(LAYERS_PER_SOURCE_MAX)];
        let previous = layers.iter().find(|layer| Some(layer.id) == demand.previous);
        let mut cheapest = u64::MAX;
        // From the top, so that only what costs less than everything better stays.
        for layer in useful.as_slice().iter().rev() {
            if layer.bits_per_second >= cheapest && layer.id != top.id {
                continue;
            }
            cheapest = layer.bits_per_second;
            ladder.rungs[usize::from(ladder.height)] =
                Rung { layer: layer.id, bits_per_second: layer.bits_per_second };
            ladder.height += 1;
            let quality = quality(layer);
            ladder.essential += u8::from(Some(quality) <= essential_up_to);
            ladder.current += u8::from(previous.is_some_and(|it| quality <= self::quality(it)));
        }
        ladder.rungs[..usize::from(ladder.height)].reverse();
        ladder
    }

    /// How many rungs there are.
    pub(super) fn height(&self) -> u8 {
        self.height
    }

    pub(super) fn essential(&self) -> u8 {
        self.essential
    }

    /// Whether the rung `climbed` is no better than what the receiver has been getting.
    pub(super) fn is_current(&self, climbed: u8) -> bool {
        climbed <= self.current
    }

    /// The layer after `climbed` rungs.
    pub(super) fn layer(&self, climbed: u8) -> Option<u8> {
        self.rung(climbed).map(|rung| rung.layer)
    }

    /// What it costs to stand on the rung `climbed`.
    pub(super) fn cost(&self, climbed: u8) -> u64 {
        self.rung(climbed).map_or(0, |rung| rung.bits_per_second)
    }

    fn rung(&self, climbed: u8) -> Option<&Rung> {
        let place = usize::from(climbed).checked_sub(1)?;
        self.rungs[..usize::from(self.height)].get(place)
    }
}

/// What makes one layer better than another.
fn quality(layer: &Layer) -> (u16, u8) {
    (layer.height, layer.frame_rate)
}

/// The best layer that is climbed to before anybody else gets anything; `useful` is sorted.
fn essential_quality(demand: &Demand<'_>, useful: &[Layer]) -> Option<(u16, u8)> {
    let first = useful.first()?;
    let last = useful.last()?;
    match (demand.content, demand.place) {
        (Content::Screen, _) => useful.iter().find(|it| it.height == last.height).map(quality),
        (Content::Person, Place::Stage) => Some((STAGE_HEIGHT.max(first.height), u8::MAX)),
        (Content::Person, Place::Selected | Place::Tile) => None,
    }
}

/// The layers of a source that are of use to a receiver, the worst first.
struct Useful {
    layers: [Layer; LAYERS_PER_SOURCE_MAX],
    count: usize,
}

impl Useful {
    fn select(demand: &Demand<'_>) -> Self {
        let none = Layer { id: 0, height: 0, frame_rate: 0, bits_per_second: 0 };
        let mut useful = Useful { layers: [none; LAYERS_PER_SOURCE_MAX], count: 0 };
        if demand.max_height == 0 {
            return useful;
        }
        let layers = &demand.layers[..demand.layers.len().min(LAYERS_PER_SOURCE_MAX)];
        let flows = |layer: &&Layer| layer.bits_per_second > 0;
        for &layer in layers.iter().filter(flows) {
            useful.insert(layer);
        }
        if useful.count == 0 {
            // Nothing has come yet: the smallest begins.
            if let Some(&smallest) = layers.iter().min_by_key(|layer| quality(layer)) {
                useful.insert(smallest);
            }
            return useful;
        }
        useful.limit(demand.max_height, demand.max_frame_rate);
        match demand.content {
            Content::Person => useful.keep_smooth(demand.previous),
            Content::Screen => useful.keep_sharp(),
        }
        useful
    }

    fn as_slice(&self) -> &[Layer] {
        &self.layers[..self.count]
    }

    fn smallest_height(&self) -> u16 {
        self.as_slice().first().map_or(0, |layer| layer.height)
    }

    fn insert(&mut self, layer: Layer) {
        let place = self.as_slice().partition_point(|it| quality(it) <= quality(&layer));
        self.layers.copy_within(place..self.count, place + 1);
        self.layers[place] = layer;
        self.count += 1;
    }

    fn retain(&mut self, keep: impl Fn(&Self, &Layer) -> bool) {
        let before = Useful { layers: self.layers, count: self.count };
        self.count = 0;
        for layer in before.as_slice().iter().filter(|layer| keep(&before, layer)) {
            self.layers[self.count] = *layer;
            self.count += 1;
        }
    }

    /// Leaves what the receiver can make use of.
    fn limit(&mut self, max_height: u16, max_frame_rate: u8) {
        self.retain(|all, layer| {
            layer.height <= max_height || layer.height == all.smallest_height()
        });
        self.retain(|all, layer| {
            let slowest = all.as_slice().iter().find(|it| it.height == layer.height);
            layer.frame_rate <= max_frame_rate || slowest.is_some_and(|it| it.id == layer.id)
        });
    }

    /// Above the smallest height, leaves what moves about as smoothly as what is smaller. Frame
    /// rates are measured, and a busy browser sends fewer frames of one encoding than of another:
    /// a new layer may be a quarter slower, and what the receiver has been getting four tenths.
    fn keep_smooth(&mut self, previous: Option<u8>) {
        self.retain(|all, layer| {
            let no_larger = all.as_slice().iter().filter(|it| it.height <= layer.height);
            let fastest = no_larger.map(|it| it.frame_rate).max().unwrap_or(0);
            let previous = all.as_slice().iter().find(|it| Some(it.id) == previous);
            let is_current = previous.is_some_and(|it| layer.height <= it.height);
            let percent = if is_current { 60 } else { 75 };
            let enough = percent * u16::from(fastest.min(SMOOTH_FRAME_RATE));
            let is_smooth = layer.frame_rate == 0 || 100 * u16::from(layer.frame_rate) >= enough;
            is_smooth || layer.height == all.smallest_height()
        });
    }

    /// Below the greatest height, leaves the slowest layer of each.
    fn keep_sharp(&mut self) {
        self.retain(|all, layer| {
            let greatest = all.as_slice().last().map_or(0, |it| it.height);
            let slowest = all.as_slice().iter().find(|it| it.height == layer.height);
            layer.height == greatest || slowest.is_some_and(|it| it.id == layer.id)
        });
    }
}
