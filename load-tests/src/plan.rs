//! A plan: who is in a room, what the watched receiver shows, and what its network does when.
//!
//! Plans are files (`load-tests/plans/*.toml`) or, in the probe, objects of the same fields.

use protocol::Duration;
use serde::Deserialize;

use crate::sim::network::{Bottleneck, LinkConfig, Loss};

/// The most that a plan may ask for.
const SECONDS_MAX: u32 = 600;
const PEOPLE_MAX: u32 = 50;

/// A run of the simulator.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What it is for, in a sentence.
    #[serde(default)]
    pub about: String,
    /// How long the call is watched, from the moment at which everybody is connected.
    pub seconds: u32,
    /// Who is there.
    #[serde(default)]
    pub room: Room,
    /// What networks do, in the order of their times.
    #[serde(default)]
    pub network: Vec<Step>,
}

/// Who is there, and what the receiver shows. The receiver is participant 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Room {
    /// How many people publish a microphone and a camera, the receiver included. 2 to 50.
    pub people: u32,
    /// Height of the stage, which shows participant 2; 0 without a stage.
    pub stage: u16,
    /// Height of each tile.
    pub tiles: u16,
    /// How many tiles the receiver shows.
    pub tile_count: u32,
    /// Whether participant 2 shares a screen on which nothing moves, and the receiver shows it in
    /// place of the camera.
    pub screen: bool,
    /// What the receiver's media engine can do.
    pub receiver: Kit,
}

impl Default for Room {
    fn default() -> Self {
        Room {
            people: 3,
            stage: 0,
            tiles: 720,
            tile_count: 9,
            screen: false,
            receiver: Kit::Browser,
        }
    }
}

/// What a client can do; see [`crate::client::Kit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kit {
    /// NACK, RTX, RED, transport-wide feedback.
    Browser,
    /// NACK and REMB.
    Remb,
    /// NACK alone.
    Nack,
    /// Keyframe requests alone.
    Plain,
}

/// From `at` on the links of `who` are like this, in one direction or both. What is not named is
/// nothing: no limit, no loss, no jitter.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Seconds after the beginning.
    #[serde(default)]
    pub at: f64,
    /// Whose links.
    #[serde(default)]
    pub who: Who,
    /// Which of them.
    #[serde(default)]
    pub direction: Direction,
    /// The rate of the bottleneck, in kilobits per second.
    pub rate_kbps: Option<u32>,
    /// The longest that a packet waits in front of it, in milliseconds.
    #[serde(default = "queue_ms")]
    pub queue_ms: u32,
    /// One way, in milliseconds.
    #[serde(default = "delay_ms")]
    pub delay_ms: u32,
    /// Added to the delay at random, evenly from 0 up to this.
    #[serde(default)]
    pub jitter_ms: u32,
    /// Packets lost at random, in per cent.
    #[serde(default)]
    pub loss_percent: f64,
    /// Packets lost in bursts, in place of `loss_percent`.
    pub burst: Option<Burst>,
    /// Packets that are held back by 30 ms so that others overtake them, in per cent.
    #[serde(default)]
    pub reorder_percent: f64,
}

/// Whose links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// Those of participant 1.
    #[default]
    Receiver,
    /// Those of everybody else.
    Others,
}

/// Which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the node.
    #[default]
    Down,
    /// To the node.
    Up,
    /// Both.
    Both,
}

/// Gilbert and Elliott's model.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// Probability, in per cent, that a good stretch ends with a packet.
    pub begin_percent: f64,
    /// Probability, in per cent, that a bad stretch ends with a packet.
    pub end_percent: f64,
    /// Loss within a bad stretch, in per cent.
    pub loss_percent: f64,
}

const fn queue_ms() -> u32 {
    300
}

const fn delay_ms() -> u32 {
    20
}

/// What is wrong with a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadPlan(pub(crate) String);

impl std::fmt::Display for BadPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadPlan {}

impl Plan {
    /// Reads a plan from the text of its file.
    ///
    /// # Errors
    /// [`BadPlan`] names the field.
    pub fn read(text: &str) -> Result<Plan, BadPlan> {
        let plan: Plan = toml::from_str(text).map_err(|error| BadPlan(error.to_string()))?;
        plan.check()?;
        Ok(plan)
    }

    /// Whether every field is within its range.
    ///
    /// # Errors
    /// [`BadPlan`] names the first that is not.
    pub fn check(&self) -> Result<(), BadPlan> {
        let bad = |what: String| Err(BadPlan(what));
        if !(1..=SECONDS_MAX).contains(&self.seconds) {
            return bad(format!("`seconds` is 1 to {SECONDS_MAX}"));
        }
        if !(2..=PEOPLE_MAX).contains(&self.room.people) {
            return bad(format!("`room.people` is 2 to {PEOPLE_MAX}"));
        }
        for (number, step) in self.network.iter().enumerate() {
            let is_percent = |part: f64| (0.0..=100.0).contains(&part);
            let burst = step.burst.map(|it| [it.begin_percent, it.end_percent, it.loss_percent]);
            let parts = [step.loss_percent, step.reorder_percent];
            let mut parts = parts.into_iter().chain(burst.into_iter().flatten());
            if !parts.all(is_percent) {
                return bad(format!("step {number} of `network`: per cents are 0 to 100"));
            }
            if !(0.0..=f64::from(SECONDS_MAX)).contains(&step.at) {
                return bad(format!("step {number} of `network`: `at` is 0 to {SECONDS_MAX}"));
            }
            if step.rate_kbps == Some(0) {
                return bad(format!("step {number} of `network`: `rate_kbps` is above 0"));
            }
            let later = self.network.get(number + 1);
            if later.is_some_and(|later| later.at < step.at) {
                return bad(format!("step {} of `network` is before the one above", number + 1));
            }
        }
        Ok(())
    }
}

impl Step {
    /// The links as the simulator has them.
    #[must_use]
    pub fn link(&self) -> LinkConfig {
        let millis = |count: u32| Duration::from_millis(count.into());
        LinkConfig {
            delay: millis(self.delay_ms),
            jitter: millis(self.jitter_ms),
            loss: match self.burst {
                Some(burst) => Loss::Burst {
                    begin: per_mille(burst.begin_percent),
                    end: per_mille(burst.end_percent),
                    loss: per_mille(burst.loss_percent),
                },
                None if self.loss_percent > 0.0 => Loss::Random(per_mille(self.loss_percent)),
                None => Loss::None,
            },
            reorder: per_mille(self.reorder_percent),
            reorder_by: Duration::from_millis(30),
            duplicate: 0,
            corrupt: 0,
            bottleneck: self.rate_kbps.map(|rate| Bottleneck {
                bits_per_second: u64::from(rate) * 1_000,
                queue: millis(self.queue_ms),
            }),
        }
    }
}

/// To the nearest thousandth.
fn per_mille(percent: f64) -> u32 {
    (percent * 10.0).round() as u32
}

#[cfg(test)]
mod tests;
