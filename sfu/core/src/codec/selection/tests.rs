//! What flows, frame by frame, as limits rise and fall.

use super::*;
use crate::codec::{
    dependency::Dependencies,
    descriptors::{self, Structure},
};

const fn limit(spatial: u8, temporal: u8) -> LayerLimit {
    LayerLimit { spatial, temporal }
}

/// A stream without descriptors, one frame after another.
struct Plain {
    selection: Selection,
    time: u32,
}

impl Plain {
    fn begun(limit: LayerLimit) -> Self {
        let mut selection = Selection::NEW;
        selection.begin(limit, &FrameFacts::default(), 0, None);
        Plain { selection, time: 0 }
    }

    /// Whether the first packet of the next frame goes.
    fn next(&mut self, limit: LayerLimit, temporal: u8, switch_up: SwitchUp) -> bool {
        self.time += 3_000;
        let facts = FrameFacts { starts_frame: true, temporal, switch_up, ..FrameFacts::default() };
        self.packet(limit, &facts, self.time, true)
    }

    fn packet(&mut self, limit: LayerLimit, facts: &FrameFacts, time: u32, newest: bool) -> bool {
        let choice = self.selection.choose(limit, facts, time, newest, None);
        matches!(choice, Choice::Forward { .. })
    }
}

#[test]
fn temporal_layers_fall_at_any_frame_and_rise_one_by_one_at_layer_syncs() {
    let (low, high) = (limit(0, 0), LayerLimit::NONE);
    let mut stream = Plain::begun(high);
    assert!(stream.next(high, 2, SwitchUp::Never));
    assert!(!stream.next(low, 1, SwitchUp::ToOwn), "the limit holds at once");
    assert!(stream.next(low, 0, SwitchUp::Never));
    assert!(!stream.next(high, 2, SwitchUp::ToOwn), "layer 1 is not there yet");
    assert!(!stream.next(high, 1, SwitchUp::Never));
    assert!(stream.next(high, 1, SwitchUp::ToOwn));
    assert!(!stream.next(high, 2, SwitchUp::Never));
    assert!(stream.next(high, 2, SwitchUp::ToOwn));
    assert!(stream.next(high, 1, SwitchUp::Never));
}

#[test]
fn a_point_for_all_layers_raises_to_the_limit_and_not_over_it() {
    let mut stream = Plain::begun(limit(0, 0));
    assert!(stream.next(limit(0, 1), 0, SwitchUp::ToAll));
    assert!(stream.next(limit(0, 1), 1, SwitchUp::Never));
    assert!(!stream.next(limit(0, 1), 2, SwitchUp::ToAll));
    assert!(!stream.next(LayerLimit::NONE, 2, SwitchUp::ToAll), "it is above what flows");
}

#[test]
fn a_frame_goes_whole_or_not_at_all() {
    let (low, high) = (limit(0, 0), LayerLimit::NONE);
    let upper = FrameFacts { temporal: 1, ..FrameFacts::default() };
    let mut stream = Plain::begun(high);
    assert!(stream.packet(high, &upper, 3_000, true));
    assert!(stream.packet(low, &upper, 3_000, true), "it has begun");
    assert!(!stream.packet(low, &upper, 6_000, true));
    assert!(!stream.packet(high, &upper, 6_000, true));
    assert!(stream.packet(low, &upper, 3_000, false), "late, of the frame that went");
    assert!(!stream.packet(low, &upper, 6_000, false));
}

#[test]
fn spatial_layers_fall_at_any_picture_and_rise_at_keyframes_with_the_marker_moved() {
    let mut selection = Selection::NEW;
    selection.begin(LayerLimit::NONE, &FrameFacts::default(), 0, None);
    let mut time = 0;
    let mut picture = |limit: LayerLimit, starts_keyframe: bool| {
        time += 3_000;
        [0, 1, 2].map(|spatial| {
            let facts = FrameFacts {
                starts_frame: true,
                ends_frame: true,
                starts_keyframe: starts_keyframe && spatial == 0,
                spatial,
                ..FrameFacts::default()
            };
            selection.choose(limit, &facts, time, true, None)
        })
    };
    let goes = Choice::Forward { ends_picture: false };
    let ends = Choice::Forward { ends_picture: true };
    assert_eq!(picture(LayerLimit::NONE, false), [goes; 3]);
    let out = |goes_on| Choice::LeaveOut { goes_on };
    assert_eq!(picture(limit(1, 7), false), [goes, ends, out(true)]);
    assert_eq!(picture(limit(0, 7), false), [ends, out(true), out(true)]);
    assert_eq!(picture(limit(1, 7), false), [ends, out(true), out(true)], "no keyframe");
    assert_eq!(picture(limit(1, 7), true), [goes, ends, out(true)]);
}

/// A stream with descriptors.
struct Described {
    structure: Structure,
    dependencies: Dependencies,
    selection: Selection,
    number: u16,
    told: Option<u32>,
}

impl Described {
    fn new(structure: Structure) -> Self {
        let (dependencies, selection) = (Dependencies::default(), Selection::NEW);
        Described { structure, dependencies, selection, number: 0, told: None }
    }

    /// Whether the frame of `kind`, of the picture at `time`, goes.
    fn frame(&mut self, limit: LayerLimit, kind: usize, time: u32) -> bool {
        self.number += 1;
        let is_first = self.number == 1;
        let bytes = descriptors::Descriptor {
            starts_frame: true,
            ends_frame: true,
            kind,
            number: self.number,
            structure: is_first.then_some(&self.structure),
            ..descriptors::Descriptor::default()
        }
        .bytes(&self.structure);
        let descriptor = self.dependencies.read(&bytes).expect("well-formed");
        let facts = FrameFacts::of(&descriptor);
        let dependency = Dependency { descriptor, dependencies: &self.dependencies };
        if is_first {
            self.selection.begin(limit, &facts, time, Some(&dependency));
        }
        let choice = self.selection.choose(limit, &facts, time, true, Some(&dependency));
        let goes = matches!(choice, Choice::Forward { .. });
        if goes {
            self.told = self.selection.targets_to_tell(&dependency);
            if descriptor.has_structure() {
                self.selection.note_structure(&dependency);
            }
        }
        goes
    }

    /// Frames of `kinds`, each of its own picture; those that go.
    fn pictures(&mut self, limit: LayerLimit, kinds: &[usize]) -> Vec<usize> {
        let mut gone = Vec::new();
        for &kind in kinds {
            let time = 3_000 * u32::from(self.number);
            if self.frame(limit, kind, time) {
                gone.push(kind);
            }
        }
        gone
    }
}

#[test]
fn a_target_falls_at_any_frame_and_rises_at_a_switch() {
    let mut stream = Described::new(descriptors::l1t3());
    let high = LayerLimit::NONE;
    assert_eq!(stream.pictures(high, &[0, 3, 2, 4]), [0, 3, 2, 4]);
    assert_eq!(stream.pictures(limit(0, 0), &[1, 3, 2, 4]), [1]);
    assert_eq!(stream.told, Some(0b001));
    assert_eq!(stream.pictures(limit(0, 0), &[1]), [1]);
    // A frame of layer 2 lets nobody in, one of layer 1 lets in to layer 2.
    assert_eq!(stream.pictures(high, &[3, 2, 4, 1, 3]), [2, 4, 1, 3]);
    assert_eq!(stream.told, Some(0b111));
    assert_eq!(stream.pictures(limit(0, 1), &[2, 4, 1, 3, 2]), [2, 1, 2]);
    // A frame of layer 0 lets in to all.
    assert_eq!(stream.pictures(high, &[4, 1, 3, 2, 4]), [1, 3, 2, 4]);
}

#[test]
fn what_was_told_of_the_targets_is_repeated_and_then_taken_as_known() {
    let mut stream = Described::new(descriptors::l1t3());
    stream.pictures(LayerLimit::NONE, &[0]);
    assert_eq!(stream.told, None, "all of them");
    for _ in 0..TARGETS_REPEATED {
        stream.pictures(limit(0, 0), &[1]);
        assert_eq!(stream.told, Some(0b001));
    }
    stream.pictures(limit(0, 0), &[1]);
    assert_eq!(stream.told, None);
}

#[test]
fn a_spatial_layer_falls_where_the_lower_one_is_part_of_it() {
    // Full scalability: kinds 1 and 4 are the deltas of one picture.
    let mut stream = Described::new(descriptors::l2t2());
    let (low, high) = (limit(0, 7), LayerLimit::NONE);
    assert!(stream.frame(high, 0, 0) && stream.frame(high, 3, 0));
    assert!(stream.frame(high, 1, 9) && stream.frame(high, 4, 9));
    assert!(stream.frame(low, 1, 18) && !stream.frame(low, 4, 18));
    assert!(stream.frame(high, 1, 27) && !stream.frame(high, 4, 27), "no switch");
    assert!(stream.frame(high, 0, 36) && stream.frame(high, 3, 36), "a keyframe");
}

#[test]
fn a_spatial_layer_that_stands_alone_changes_at_keyframes_and_its_rate_at_any_frame() {
    let mut stream = Described::new(descriptors::l2t2_key());
    let (low, high) = (limit(0, 0), LayerLimit::NONE);
    assert!(stream.frame(high, 0, 0) && stream.frame(high, 3, 0));
    assert!(!stream.frame(high, 2, 9) && stream.frame(high, 5, 9), "its own deltas alone");
    assert!(!stream.frame(high, 1, 18) && stream.frame(high, 4, 18));
    assert!(!stream.frame(high, 2, 27) && stream.frame(high, 5, 27));
    // The lower layer's deltas were not sent, so it cannot go on with them.
    assert!(!stream.frame(low, 1, 36) && stream.frame(low, 4, 36));
    assert!(!stream.frame(low, 2, 45) && !stream.frame(low, 5, 45), "a lower rate");
    assert!(stream.frame(low, 0, 54) && !stream.frame(low, 3, 54));
    assert!(!stream.frame(low, 2, 63) && !stream.frame(low, 5, 63));
    assert!(stream.frame(low, 1, 72) && !stream.frame(low, 4, 72));
}

#[test]
fn of_two_pictures_in_one_stream_one_flows_and_brings_the_structure() {
    let structure = descriptors::s2t1();
    let mut dependencies = Dependencies::default();
    let read = |kind: usize, number: u16, with_structure: bool| {
        descriptors::Descriptor {
            starts_frame: true,
            kind,
            number,
            structure: with_structure.then_some(&structure),
            ..descriptors::Descriptor::default()
        }
        .bytes(&structure)
    };
    let (lower, upper) = (read(1, 1, true), read(3, 2, false));
    let descriptor = dependencies.read(&lower).expect("well-formed");
    let facts = FrameFacts::of(&descriptor);
    let dependency = Dependency { descriptor, dependencies: &dependencies };
    assert!(Selection::can_begin(limit(0, 7), &facts, Some(&dependency)));
    assert!(!Selection::can_begin(LayerLimit::NONE, &facts, Some(&dependency)));
    let descriptor = dependencies.read(&upper).expect("well-formed");
    let facts = FrameFacts::of(&descriptor);
    let dependency = Dependency { descriptor, dependencies: &dependencies };
    assert!(Selection::can_begin(LayerLimit::NONE, &facts, Some(&dependency)));
    let mut selection = Selection::NEW;
    selection.begin(LayerLimit::NONE, &facts, 0, Some(&dependency));
    assert!(selection.lacks_structure(&dependency));
    selection.note_structure(&dependency);
    assert!(!selection.lacks_structure(&dependency));
}
