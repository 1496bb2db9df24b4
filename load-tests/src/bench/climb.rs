//! Rising load: how long packets wait at 10, 50 and 80 % of the server's processor, and how much it
//! carries before it loses more than one packet of a hundred.
//!
//! Rooms of one shape are added. [`Climb`] decides how many to try next from what came of those
//! before; it measures nothing itself.

use serde::{Deserialize, Serialize};

use crate::call::Report;

/// The parts of a processor at which delay is told.
pub(super) const SHARES: [f64; 3] = [0.1, 0.5, 0.8];

/// What may be lost by a server that copes.
const LOST_MAX: f64 = 0.01;

/// A program that uses more of its processor than this can load no server any further.
const LOAD_FULL: f64 = 0.92;

/// A server that uses more than this is not asked for much more.
const SERVER_FULL: f64 = 0.97;

/// Tries to come near a share.
const TRIES: usize = 2;

/// Steps of one climb.
const STEPS_MAX: usize = 12;

/// What came of so many rooms.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// How many they were.
    pub rooms: usize,
    /// The run.
    pub report: Report,
}

impl Step {
    /// The part of its processor that the server used.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.report.server.map_or(0.0, |server| server.usage.processors)
    }

    /// Whether all got in and nearly all came.
    fn copes(&self) -> bool {
        let joins = self.report.joins;
        joins.connected == joins.wanted && self.report.media.lost_share <= LOST_MAX
    }
}

/// A climb so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Climb {
    /// In the order in which they were tried.
    pub steps: Vec<Step>,
}

/// Where a climb ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Limit {
    /// With one more step the server lost more than one packet of a hundred.
    Server,
    /// The participants' own processor was full, so the server carries more than was seen.
    Participants,
}

impl Climb {
    /// How many rooms to try next; `None` at the end.
    pub(super) fn next(&self) -> Option<usize> {
        if self.steps.is_empty() {
            return Some(1);
        }
        if self.steps.len() >= STEPS_MAX {
            return None;
        }
        self.towards_a_share().or_else(|| self.towards_the_top())
    }

    /// The step that came nearest to a share of the server's processor.
    #[must_use]
    pub fn nearest(&self, share: f64) -> Option<&Step> {
        let far = |step: &&Step| (step.share() - share).abs();
        self.steps.iter().min_by(|one, other| far(one).total_cmp(&far(other)))
    }

    /// The most rooms with which the server coped, and what ended the climb.
    #[must_use]
    pub fn top(&self) -> Option<(&Step, Limit)> {
        let coped = self.steps.iter().filter(|step| step.copes());
        let top = coped.max_by_key(|step| step.rooms)?;
        let was_lost = self.steps.iter().any(|step| step.rooms > top.rooms && !is_full(step));
        let limit = if was_lost { Limit::Server } else { Limit::Participants };
        Some((top, limit))
    }

    fn towards_a_share(&self) -> Option<usize> {
        // Each share is met by so many steps, so a third one would not come nearer.
        let limit = 1 + SHARES.len() * TRIES;
        if self.steps.len() >= limit || self.steps.iter().any(|step| !step.copes()) {
            return None;
        }
        SHARES.into_iter().find_map(|share| {
            let near = self.nearest(share)?;
            let rooms = near.rooms as f64 * share / near.share().max(1e-3);
            // The cost of a packet falls with the load, so the next step is at most fourfold.
            let rooms = rooms.min(near.rooms as f64 * 4.0).round().max(1.0) as usize;
            let is_near = (near.share() - share).abs() <= 0.1 * share;
            (!is_near && !is_full(near) && !self.was_tried(rooms)).then_some(rooms)
        })
    }

    fn towards_the_top(&self) -> Option<usize> {
        let coped = self.steps.iter().filter(|step| step.copes()).max_by_key(|step| step.rooms)?;
        let failed = self.steps.iter().filter(|step| step.rooms > coped.rooms);
        let rooms = match failed.map(|step| step.rooms).min() {
            Some(failed) => usize::midpoint(coped.rooms, failed),
            None if is_full(coped) => return None,
            None if coped.share() >= SERVER_FULL => coped.rooms + coped.rooms.div_ceil(10),
            None => coped.rooms + coped.rooms.div_ceil(4),
        };
        // To a twentieth is near enough.
        let is_fine = rooms - coped.rooms <= coped.rooms / 20;
        (!is_fine && !self.was_tried(rooms)).then_some(rooms)
    }

    fn was_tried(&self, rooms: usize) -> bool {
        self.steps.iter().any(|step| step.rooms == rooms)
    }
}

/// Whether it was the participants who could do no more.
fn is_full(step: &Step) -> bool {
    step.report.load.processors >= LOAD_FULL
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{Joins, Load, Media, Use};

    /// A climb on a server that uses `each` of a processor for a room, and loses all beyond one,
    /// loaded by a program that uses `own` for a room.
    fn climbed(each: f64, own: f64) -> Climb {
        let mut climb = Climb::default();
        while let Some(rooms) = climb.next() {
            let wanted = each * rooms as f64;
            let usage = Use { processors: wanted.min(1.0), ..Use::default() };
            let lost_share = (1.0 - 1.0 / wanted).max(0.0);
            let load = own * rooms as f64;
            let report = Report {
                joins: Joins { wanted: 1, connected: 1, ..Joins::default() },
                media: Media { lost_share, ..Media::default() },
                server: Some(Load { usage, ..Load::default() }),
                load: Use { processors: load.min(1.0), ..Use::default() },
                ..Report::default()
            };
            climb.steps.push(Step { rooms, report });
        }
        climb
    }

    #[test]
    fn a_climb_meets_every_share_and_ends_where_the_server_does() {
        for each in [0.004, 0.013, 0.05] {
            let climb = climbed(each, each / 10.0);
            for share in SHARES {
                let near = climb.nearest(share).expect("steps").share();
                assert!((near - share).abs() <= 0.5 * each + 0.1 * share, "{near} for {share}");
            }
            let (top, limit) = climb.top().expect("a top");
            assert_eq!(limit, Limit::Server);
            assert!((0.85..=1.01).contains(&(top.rooms as f64 * each)), "{each}: {}", top.rooms);
            assert!(climb.steps.len() <= STEPS_MAX);
        }
    }

    #[test]
    fn where_participants_can_do_no_more_the_server_is_not_blamed() {
        let climb = climbed(0.01, 0.02);
        let (top, limit) = climb.top().expect("a top");
        assert_eq!(limit, Limit::Participants);
        assert!(top.share() < 0.7, "{}", top.share());
    }

    #[test]
    fn a_server_that_loses_from_the_first_room_on_has_no_top() {
        let climb = climbed(3.0, 0.1);
        assert_eq!((climb.steps.len(), climb.top()), (1, None));
    }
}
