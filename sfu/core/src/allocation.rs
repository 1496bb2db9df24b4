//! Which layer of each source a receiver gets for its budget.
//!
//! A pure function of what the sources offer, what the receiver shows, what its line carries and
//! what it got before. The order of steps never depends on the budget:
//!
//! 1. *Essential*: stage and screens climb to what makes them useful, each in its turn. For a
//!    person that is 360p at full frame rate; for a screen its full resolution at the lowest frame
//!    rate, because text that cannot be read is worth nothing.
//! 2. *Base*: one smallest layer for every visible tile.
//! 3. *Rounds*: each source one step up, until nothing fits.
//!
//! A step that does not fit ends its source's climb, and the others go on; so more budget never
//! undoes an earlier step for a later one. Within each part the order is: stage, screens, selected
//! tiles, the other tiles; then the larger tile; then the receiver's own order.
//!
//! Layers may not flap: a *new* layer must fit the conservative budget, a *current* one the present
//! budget ([`BudgetWindow`], after `allocate_send_rate` in Signal's `call.rs`). The steps of one
//! source are its `ladder`. The order, the stage's 360p30 and last-n are those of Jitsi's
//! `doc/allocation.md`, whose tables are among the tests.
//!
//! What a layer takes is measured by `LayerMeter`, where it comes in.
//!
//! It never allocates: scratch and result are the caller's [`Choice`]s, about 160 bytes each. Fifty
//! sources of nine layers are at most 450 steps of some 10 ns.

mod budget;
mod ladder;
mod meter;

pub use budget::{Budget, BudgetWindow};
use ladder::Ladder;
pub(crate) use meter::LayerMeter;

/// Layers of one source at most: three encodings of three temporal layers each.
pub const LAYERS_PER_SOURCE_MAX: usize = 9;

/// One measured layer of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What the caller calls it; unique within its source.
    pub id: u8,
    /// Height of the picture in pixels.
    pub height: u16,
    /// Frames per second, rounded; 0 where unknown, which counts as enough.
    pub frame_rate: u8,
    /// What it takes to receive it, with all layers below that it needs; 0 if it does not flow.
    pub bits_per_second: u64,
}

/// What a source shows, which decides what is dearest in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A camera: rather smooth than large.
    Person,
    /// A shared screen: rather sharp than smooth.
    Screen,
}

/// Where a source stands on the receiver's screen, in rising importance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// One tile among others.
    Tile,
    /// A tile that was picked out, for instance pinned.
    Selected,
    /// The large picture.
    Stage,
}

/// What a receiver wants of one source.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'a> {
    /// Person or screen.
    pub content: Content,
    /// Stage or tile.
    pub place: Place,
    /// The tallest picture that is of use, in pixels; 0 if it is hidden. The smallest layer is of
    /// use however small the tile.
    pub max_height: u16,
    /// The most frames per second that are of use, [`u8::MAX`] without limit. The slowest layer of
    /// a height is of use however low this is.
    pub max_frame_rate: u8,
    /// What there is, in any order; of more than [`LAYERS_PER_SOURCE_MAX`] the first count.
    pub layers: &'a [Layer],
    /// The layer that the receiver has been getting.
    pub previous: Option<u8>,
}

/// What one source gets; also the function's scratch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choice {
    ladder: Ladder,
    /// Rungs climbed; 0 is nothing.
    climbed: u8,
    /// No further step is tried.
    is_done: bool,
    /// The demand that stands at this place of the order.
    order: u16,
}

impl Choice {
    /// The layer that the source is to send to this receiver; `None` is no picture.
    #[must_use]
    pub fn layer(&self) -> Option<u8> {
        self.ladder.layer(self.climbed)
    }

    /// The layer that it would send if the line carried anything.
    #[must_use]
    pub fn ideal(&self) -> Option<u8> {
        self.ladder.layer(self.ladder.height())
    }

    /// What [`Choice::layer`] costs.
    #[must_use]
    pub fn bits_per_second(&self) -> u64 {
        self.ladder.cost(self.climbed)
    }

    /// Whether it gets less than it would on a better line.
    #[must_use]
    pub fn is_reduced(&self) -> bool {
        self.climbed < self.ladder.height()
    }
}

/// An allocation as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// What the chosen layers cost together.
    pub target_bits_per_second: u64,
    /// What they would cost if the line carried anything.
    pub ideal_bits_per_second: u64,
    /// What the most wanted step that did not fit would cost more: the goal of padding and probes.
    pub next_step_bits_per_second: Option<u64>,
    /// Sources that are to be seen and have something to show.
    pub wanted: usize,
    /// Those of them that get a layer.
    pub shown: usize,
    /// Those of them that get less than their ideal.
    pub reduced: usize,
}

/// Chooses a layer for each of `demands`, in the same places of `choices`; demands beyond the
/// length of `choices` get nothing. Only the `last_n` most important ones are seen at all.
pub fn allocate(
    demands: &[Demand<'_>],
    last_n: Option<usize>,
    budget: Budget,
    choices: &mut [Choice],
) -> Summary {
    let count = demands.len().min(choices.len()).min(usize::from(u16::MAX));
    let demands = &demands[..count];
    let choices = &mut choices[..count];
    put_in_order(demands, last_n, choices);
    let mut run = Run { choices, budget, spent: 0, refused: None };
    for place in 0..count {
        let chosen = run.choices[place].order;
        for _ in 0..run.choices[usize::from(chosen)].ladder.essential() {
            run.try_step(chosen);
        }
    }
    for place in 0..count {
        let chosen = run.choices[place].order;
        if run.choices[usize::from(chosen)].climbed == 0 {
            run.try_step(chosen);
        }
    }
    let mut is_climbing = true;
    while is_climbing {
        is_climbing = false;
        for place in 0..count {
            let chosen = run.choices[place].order;
            is_climbing |= run.try_step(chosen);
        }
    }
    run.summary()
}

/// Builds the ladders and notes the order of importance.
fn put_in_order(demands: &[Demand<'_>], last_n: Option<usize>, choices: &mut [Choice]) {
    for (order, (choice, demand)) in choices.iter_mut().zip(demands).enumerate() {
        let ladder = Ladder::build(demand);
        *choice = Choice { ladder, order: order as u16, ..Choice::default() };
    }
    if let Some(last_n) = last_n {
        sort_order(choices, |place| (importance(&demands[place]), place));
        // Who has nothing to show takes nobody's place.
        let mut seen = 0;
        for place in 0..choices.len() {
            let chosen = usize::from(choices[place].order);
            if choices[chosen].ladder.height() == 0 {
                continue;
            }
            seen += 1;
            if seen > last_n {
                choices[chosen].ladder = Ladder::default();
            }
        }
    }
    sort_order(choices, |place| {
        let demand = &demands[place];
        (importance(demand), u16::MAX - demand.max_height, place)
    });
}

/// Smaller is more important.
fn importance(demand: &Demand<'_>) -> u8 {
    match (demand.place, demand.content) {
        (Place::Stage, _) => 0,
        (_, Content::Screen) => 1,
        (Place::Selected, Content::Person) => 2,
        (Place::Tile, Content::Person) => 3,
    }
}

/// Sorts the `order` of the choices by a key of the demand it names, without the heap; the choices
/// themselves stay. Insertion: nearly sorted is the common case, and 50 are few.
fn sort_order<K: Ord>(choices: &mut [Choice], key: impl Fn(usize) -> K) {
    for end in 1..choices.len() {
        let mut place = end;
        while place > 0 {
            let (before, after) = (choices[place - 1].order, choices[place].order);
            if key(usize::from(before)) <= key(usize::from(after)) {
                break;
            }
            (choices[place - 1].order, choices[place].order) = (after, before);
            place -= 1;
        }
    }
}

/// An allocation while it is made.
struct Run<'c> {
    choices: &'c mut [Choice],
    budget: Budget,
    spent: u64,
    /// The first source whose step did not fit.
    refused: Option<u16>,
}

impl Run<'_> {
    /// Lets a source climb one rung; `false` if it stays.
    fn try_step(&mut self, place: u16) -> bool {
        let choice = &mut self.choices[usize::from(place)];
        if choice.is_done || choice.climbed == choice.ladder.height() {
            return false;
        }
        let next = choice.climbed + 1;
        let before = self.spent - choice.ladder.cost(choice.climbed);
        let spent = before.saturating_add(choice.ladder.cost(next));
        let limit = match choice.ladder.is_current(next) {
            true => self.budget.present,
            false => self.budget.conservative.min(self.budget.present),
        };
        if spent > limit {
            choice.is_done = true;
            self.refused = self.refused.or(Some(place));
            return false;
        }
        choice.climbed = next;
        self.spent = spent;
        true
    }

    fn summary(&self) -> Summary {
        let next_step = self.refused.map(|place| {
            let choice = &self.choices[usize::from(place)];
            choice.ladder.cost(choice.climbed + 1) - choice.ladder.cost(choice.climbed)
        });
        let mut summary = Summary {
            target_bits_per_second: self.spent,
            next_step_bits_per_second: next_step,
            ..Summary::default()
        };
        for choice in self.choices.iter() {
            let ideal = choice.ladder.cost(choice.ladder.height());
            summary.ideal_bits_per_second = summary.ideal_bits_per_second.saturating_add(ideal);
            summary.wanted += usize::from(choice.ladder.height() > 0);
            summary.shown += usize::from(choice.climbed > 0);
            summary.reduced += usize::from(choice.is_reduced());
        }
        summary
    }
}

#[cfg(test)]
mod tests;
