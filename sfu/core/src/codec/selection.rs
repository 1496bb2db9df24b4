//! Which layers of an encoding flow into one slot: [`LayerLimit`] made to fit the stream.
//!
//! The limit is a wish; what flows follows it frame by frame:
//!
//! * down at the first packet of any frame, because no lower layer needs a higher one;
//! * up where the stream lets a decoder in: see the table in [`codec`](crate::codec).
//!
//! With dependency descriptors a *decode target* flows: the best one within the limit. It changes
//! with a frame that is a "switch" of the new target and refers to frames that were sent, or at any
//! frame if the new target is a part of the old one.
//!
//! A late packet is judged by what flowed when its frame was new, so a frame goes whole or not at
//! all. What was left out closes its gap (see `sequence` and `numbering`).

use super::{
    FrameFacts, LayerLimit, SwitchUp,
    dependency::{Dependencies, Descriptor, Indication},
};

/// Frames that say which decode targets flow after a change, so that one survives loss.
const TARGETS_REPEATED: u8 = 16;

/// A dependency descriptor with the structure that it was read with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dependency<'p> {
    pub(crate) descriptor: Descriptor<'p>,
    pub(crate) dependencies: &'p Dependencies,
}

/// What flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Flow {
    layers: LayerLimit,
    /// The decode target, of structure `version`; `None` without descriptors.
    target: Option<u8>,
    version: u16,
}

impl Flow {
    const NOTHING: Flow =
        Flow { layers: LayerLimit { spatial: 0, temporal: 0 }, target: None, version: 0 };
}

/// The layers of one slot; see the module. 40 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Selection {
    flow: Flow,
    /// What flowed before the frame `since`.
    before: Flow,
    /// RTP timestamp of the first frame of the present flow.
    since: u32,
    /// RTP timestamp of the newest frame.
    newest: Option<u32>,
    sent: SentFrames,
    /// Version of the structure that the receiver has; 0 for none.
    structure: u16,
    /// Decode targets that the receiver was told of.
    told: u32,
    /// Frames that still tell.
    telling: u8,
}

/// What to do with one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// It goes; `ends_picture` if nothing higher follows, although the publisher sends more.
    Forward {
        /// Whether the RTP marker belongs here.
        ends_picture: bool,
    },
    /// It is of a layer that the slot does not get.
    LeaveOut {
        /// Whether it is of the same picture as the newest packet before it.
        goes_on: bool,
    },
}

impl Selection {
    pub(crate) const NEW: Selection = Selection {
        flow: Flow::NOTHING,
        before: Flow::NOTHING,
        since: 0,
        newest: None,
        sent: SentFrames { newest: 0, frames: 0 },
        structure: 0,
        told: 0,
        telling: 0,
    };

    /// Whether a slot with `limit` can begin with the packet of `facts`, which starts a keyframe:
    /// the target's own, where one stream holds several pictures of which none needs another.
    pub(crate) fn can_begin(
        limit: LayerLimit,
        facts: &FrameFacts,
        dependency: Option<&Dependency<'_>>,
    ) -> bool {
        let switches = |dependency: &Dependency<'_>| {
            let target = dependency.dependencies.best_target(limit);
            target.is_some_and(|target| is_switch(dependency, target))
        };
        facts.starts_keyframe && dependency.is_none_or(switches)
    }

    /// Another stream takes over with the packet of `facts`; returns whether the RTP marker belongs
    /// there.
    pub(crate) fn begin(
        &mut self,
        limit: LayerLimit,
        facts: &FrameFacts,
        timestamp: u32,
        dependency: Option<&Dependency<'_>>,
    ) -> bool {
        let mut flow = Flow { layers: limit, ..Flow::NOTHING };
        if let Some(Dependency { dependencies, .. }) = dependency {
            flow.version = dependencies.version();
            flow.target = dependencies.best_target(limit);
        }
        *self = Selection {
            flow: flow.settled(dependency),
            before: flow,
            since: timestamp,
            newest: Some(timestamp),
            ..Selection::NEW
        };
        if let Some(Dependency { descriptor, .. }) = dependency {
            self.sent.note(descriptor.frame_number, true);
        }
        self.flow.ends_picture(facts)
    }

    /// Chooses for one packet; `newest` unless it came late.
    pub(crate) fn choose(
        &mut self,
        limit: LayerLimit,
        facts: &FrameFacts,
        timestamp: u32,
        newest: bool,
        dependency: Option<&Dependency<'_>>,
    ) -> Choice {
        let is_new = newest && self.newest.replace(timestamp) != Some(timestamp);
        let flow = if newest {
            let next = match dependency {
                Some(dependency) => {
                    let lets_in = facts.starts_frame && self.sent.has_references(dependency);
                    self.flow.toward_target(limit, is_new, lets_in, dependency)
                }
                None => self.flow.toward_layers(limit, facts, is_new),
            };
            if next != self.flow {
                self.before = self.flow;
                self.since = timestamp;
                self.flow = next;
            }
            self.flow
        } else if (timestamp.wrapping_sub(self.since) as i32) < 0 {
            self.before
        } else {
            self.flow
        };
        let goes = flow.has(facts, dependency);
        if let Some(dependency) = dependency {
            self.sent.note(dependency.descriptor.frame_number, goes);
        }
        if !goes {
            return Choice::LeaveOut { goes_on: newest && !is_new };
        }
        Choice::Forward { ends_picture: flow.ends_picture(facts) }
    }

    /// Whether the structure must be brought to the receiver with this packet, which goes.
    pub(crate) fn lacks_structure(&self, dependency: &Dependency<'_>) -> bool {
        // Only a keyframe may bring one (A.8.2, and libwebrtc takes its bringer for one).
        self.structure != dependency.dependencies.version()
            && !dependency.descriptor.has_structure()
            && dependency.descriptor.starts_keyframe()
    }

    /// The decode targets that this packet, which goes, is to tell of.
    pub(crate) fn targets_to_tell(&mut self, dependency: &Dependency<'_>) -> Option<u32> {
        let Dependency { descriptor, dependencies } = dependency;
        if !descriptor.starts_frame || descriptor.frame.is_none() {
            return None;
        }
        let all = dependencies.all_targets();
        if descriptor.has_structure() || self.structure != dependencies.version() {
            self.told = all;
            self.telling = 0;
        }
        let flowing = match self.flow.target {
            Some(target) => dependencies.covered_by(target),
            None => all,
        };
        let targets = flowing & dependencies.active_targets();
        if self.told != targets {
            self.told = targets;
            self.telling = TARGETS_REPEATED;
        }
        let tells = self.telling > 0 || descriptor.active_targets.is_some();
        self.telling = self.telling.saturating_sub(1);
        tells.then_some(targets)
    }

    /// The receiver gets the structure of `dependency` with this packet.
    pub(crate) const fn note_structure(&mut self, dependency: &Dependency<'_>) {
        self.structure = dependency.dependencies.version();
    }
}

impl Flow {
    /// What flows from this frame on, without descriptors.
    fn toward_layers(mut self, limit: LayerLimit, facts: &FrameFacts, is_new: bool) -> Flow {
        if !is_new {
            return self;
        }
        if facts.starts_keyframe {
            self.layers = limit;
            return self;
        }
        let layers = &mut self.layers;
        layers.spatial = layers.spatial.min(limit.spatial);
        match facts.switch_up {
            SwitchUp::ToOwn if facts.temporal == layers.temporal + 1 => {
                layers.temporal = facts.temporal;
            }
            SwitchUp::ToAll if facts.temporal <= layers.temporal => {
                layers.temporal = layers.temporal.max(limit.temporal);
            }
            SwitchUp::Never | SwitchUp::ToOwn | SwitchUp::ToAll => {}
        }
        layers.temporal = layers.temporal.min(limit.temporal);
        self
    }

    /// What flows from this frame on, by its descriptor; `lets_in` if a decoder that has what was
    /// sent can decode it.
    fn toward_target(
        mut self,
        limit: LayerLimit,
        is_new: bool,
        lets_in: bool,
        dependency: &Dependency<'_>,
    ) -> Flow {
        let Dependency { descriptor, dependencies } = dependency;
        if descriptor.frame.is_none() {
            return self;
        }
        if self.version != dependencies.version() {
            // Targets have other numbers; what flows is the one that was meant.
            self.version = dependencies.version();
            self.target = dependencies.best_target(self.layers);
        }
        let Some(wanted) = dependencies.best_target(limit) else {
            return self;
        };
        if self.target == Some(wanted) {
            return self;
        }
        let present = self.target;
        let is_part = |target: u8| {
            is_new && present.is_none_or(|present| dependencies.covers(present, target))
        };
        let lowered = LayerLimit {
            spatial: self.layers.spatial,
            temporal: self.layers.temporal.min(limit.temporal),
        };
        let candidates = [
            Some(wanted).filter(|&wanted| lets_in && is_switch(dependency, wanted)),
            Some(wanted).filter(|&wanted| is_part(wanted)),
            if lets_in { self.stage_toward(limit, dependency) } else { None },
            dependencies.best_target(lowered).filter(|&target| is_part(target)),
        ];
        if let Some(target) = candidates.into_iter().flatten().next() {
            self.target = Some(target);
        }
        self.settled(Some(dependency))
    }

    /// A target between the present and the wanted one that this frame lets in.
    fn stage_toward(&self, limit: LayerLimit, dependency: &Dependency<'_>) -> Option<u8> {
        let dependencies = dependency.dependencies;
        (0..dependencies.target_count())
            .filter(|&target| is_switch(dependency, target))
            .map(|target| (dependencies.layers_of(target), target))
            .filter(|(layers, _)| layers.is_within(limit) && self.layers.is_within(*layers))
            .max_by_key(|(layers, _)| (layers.spatial, layers.temporal))
            .filter(|(layers, _)| *layers != self.layers)
            .map(|(_, target)| target)
    }

    /// With the layers of its target.
    fn settled(mut self, dependency: Option<&Dependency<'_>>) -> Flow {
        if let (Some(target), Some(Dependency { dependencies, .. })) = (self.target, dependency) {
            self.layers = dependencies.layers_of(target);
        }
        self
    }

    /// RFC 9628 §4.1, AV1 RTP specification §4.2: the marker ends the picture, and with it a
    /// decoder knows that no higher layer is to be waited for.
    const fn ends_picture(&self, facts: &FrameFacts) -> bool {
        facts.ends_frame && facts.spatial == self.layers.spatial
    }

    /// Whether the frame is part of what flows. What cannot be read passes.
    fn has(&self, facts: &FrameFacts, dependency: Option<&Dependency<'_>>) -> bool {
        let Some(Dependency { descriptor, dependencies }) = dependency else {
            let layers = LayerLimit { spatial: facts.spatial, temporal: facts.temporal };
            return layers.is_within(self.layers);
        };
        let (Some(frame), Some(target)) = (descriptor.frame, self.target) else {
            return true;
        };
        self.version != dependencies.version() || frame.indications.of(target) != Indication::Absent
    }
}

/// Which of the newest frames were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SentFrames {
    newest: u16,
    /// Bit n: the frame n before the newest was sent.
    frames: u32,
}

impl SentFrames {
    fn note(&mut self, number: u16, goes: bool) {
        let step = number.wrapping_sub(self.newest) as i16;
        if step > 0 {
            self.frames = self.frames.checked_shl(step.unsigned_abs().into()).unwrap_or(0);
            self.newest = number;
        }
        let back = u32::from(step.min(0).unsigned_abs());
        self.frames |= u32::from(goes).checked_shl(back).unwrap_or(0);
    }

    /// Whether all frames that the frame of `dependency` refers to were sent.
    fn has_references(&self, dependency: &Dependency<'_>) -> bool {
        let Some(frame) = dependency.descriptor.frame else {
            return false;
        };
        let number = dependency.descriptor.frame_number;
        frame.frame_diffs.as_slice().iter().all(|&diff| {
            let back = self.newest.wrapping_sub(number.wrapping_sub(diff));
            back < 32 && self.frames & 1 << back != 0
        })
    }
}

fn is_switch(dependency: &Dependency<'_>, target: u8) -> bool {
    let frame = dependency.descriptor.frame;
    frame.is_some_and(|frame| frame.indications.of(target) == Indication::Switch)
}

#[cfg(test)]
mod tests;
