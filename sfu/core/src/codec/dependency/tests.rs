//! Descriptors as an encoder writes them, read and written anew; and anything at all.

use proptest::prelude::*;

use super::*;
use crate::codec::{
    LayerLimit,
    descriptors::{self, Structure, l1t3, l2t2, l2t2_key, s2t1},
};

fn keyframe(structure: &Structure, kind: usize, number: u16) -> Vec<u8> {
    descriptors::Descriptor {
        starts_frame: true,
        kind,
        number,
        structure: Some(structure),
        ..descriptors::Descriptor::default()
    }
    .bytes(structure)
}

/// What holds after a keyframe of `structure`.
fn known(structure: &Structure) -> Dependencies {
    let mut dependencies = Dependencies::default();
    dependencies.read(&keyframe(structure, 0, 1)).expect("well-formed");
    dependencies
}

fn delta(structure: &Structure, kind: usize, number: u16) -> Vec<u8> {
    descriptors::Descriptor { kind, number, ..descriptors::Descriptor::default() }.bytes(structure)
}

fn written(bytes: &[u8], dependencies: &Dependencies, changes: Changes) -> Vec<u8> {
    let descriptor = dependencies.clone().read(bytes).expect("well-formed");
    let mut out = [0xEE; 255];
    let length = write(&descriptor, dependencies, changes, &mut out).expect("it fits");
    out[..length].to_vec()
}

const PLAIN: Changes =
    Changes { frame_number: 0x1234, attach_structure: false, active_targets: None };

#[test]
fn a_structure_says_all_that_was_put_into_it() {
    for structure in [l1t3(), l2t2(), l2t2_key(), s2t1()] {
        let dependencies = known(&structure);
        assert_eq!(usize::from(dependencies.target_count()), structure.protected_by.len());
        assert_eq!(dependencies.templates().len(), structure.kinds.len());
        for (template, kind) in dependencies.templates().iter().zip(&structure.kinds) {
            assert_eq!((template.spatial, template.temporal), (kind.spatial, kind.temporal));
            for (target, expected) in (0..).zip(kind.indications.chars()) {
                let indication = match template.indications.of(target) {
                    Indication::Absent => '-',
                    Indication::Discardable => 'D',
                    Indication::Switch => 'S',
                    Indication::Required => 'R',
                };
                assert_eq!(indication, expected);
            }
            let diffs: Vec<u16> = kind.diffs.iter().map(|&diff| diff.into()).collect();
            assert_eq!(template.frame_diffs().collect::<Vec<_>>(), diffs);
            let chains = (0..dependencies.chain_count()).map(|chain| template.chain_diff(chain));
            assert_eq!(chains.collect::<Vec<_>>(), kind.chains);
        }
        for (target, &chain) in (0..).zip(structure.protected_by) {
            assert_eq!(dependencies.chain_of(target), Some(chain));
        }
        for (spatial, &resolution) in (0..).zip(structure.resolutions) {
            assert_eq!(dependencies.resolution(spatial), Some(resolution));
        }
    }
}

#[test]
fn the_best_target_is_the_highest_that_is_sent_and_allowed() {
    let mut dependencies = known(&l2t2_key());
    let best = |dependencies: &Dependencies, spatial, temporal| {
        dependencies.best_target(LayerLimit { spatial, temporal }).expect("there are targets")
    };
    let limits = [(0, 0), (0, 1), (1, 0), (1, 1), (7, 7), (0, 7), (7, 0)];
    let targets = limits.map(|(spatial, temporal)| best(&dependencies, spatial, temporal));
    assert_eq!(targets, [0, 1, 2, 3, 3, 1, 2]);
    let bytes = descriptors::Descriptor {
        starts_frame: true,
        kind: 1,
        number: 5,
        active: Some(0b0011),
        ..descriptors::Descriptor::default()
    }
    .bytes(&l2t2_key());
    dependencies.read(&bytes).expect("well-formed");
    assert_eq!(best(&dependencies, 7, 7), 1, "the upper layer is not sent");
}

#[test]
fn a_target_covers_those_whose_frames_it_has() {
    let all = |structure: Structure| {
        let dependencies = known(&structure);
        let targets = dependencies.target_count();
        (0..targets).map(|target| dependencies.covered_by(target)).collect::<Vec<_>>()
    };
    assert_eq!(all(l1t3()), [0b001, 0b011, 0b111]);
    assert_eq!(all(l2t2()), [0b0001, 0b0011, 0b0101, 0b1111]);
    assert_eq!(all(l2t2_key()), [0b0001, 0b0011, 0b0100, 0b1100], "deltas are apart");
    assert_eq!(all(s2t1()), [0b01, 0b10]);
}

#[test]
fn a_frame_may_differ_from_its_template() {
    let structure = l2t2();
    let mut dependencies = known(&structure);
    let bytes = descriptors::Descriptor {
        ends_frame: true,
        kind: 4,
        number: 77,
        indications: Some("-DSR"),
        diffs: Some(&[1, 16, 17, 256, 257, 4_096]),
        chains: Some(&[200, 3]),
        ..descriptors::Descriptor::default()
    }
    .bytes(&structure);
    let descriptor = dependencies.read(&bytes).expect("well-formed");
    let frame = descriptor.frame.expect("a known template");
    assert_eq!((frame.spatial, frame.temporal), (1, 0));
    assert_eq!(frame.frame_diffs.as_slice(), [1, 16, 17, 256, 257, 4_096]);
    assert_eq!(frame.indications.of(3), Indication::Required);
    assert_eq!(dependencies.chain_diff(&descriptor, 0), Some(200));
    assert_eq!(dependencies.chain_diff(&descriptor, 1), Some(3));
    assert_eq!(dependencies.chain_diff(&descriptor, 2), None);
    assert!(!descriptor.starts_frame && descriptor.ends_frame);

    let plain = delta(&structure, 4, 78);
    let descriptor = dependencies.read(&plain).expect("well-formed");
    assert_eq!(dependencies.chain_diff(&descriptor, 1), Some(1), "the template's");
    let nine: Vec<u16> = (1..=9).collect();
    let bytes =
        descriptors::Descriptor { diffs: Some(&nine), ..descriptors::Descriptor::default() }
            .bytes(&structure);
    assert_eq!(dependencies.read(&bytes).map(drop), Err(Malformed), "more than any codec keeps");
}

#[test]
fn a_frame_whose_structure_was_lost_can_only_be_passed_on() {
    let mut dependencies = Dependencies::default();
    let bytes = delta(&l1t3(), 1, 9);
    let descriptor = dependencies.read(&bytes).expect("well-formed");
    assert_eq!((descriptor.frame, descriptor.frame_number), (None, 9));
    assert!(!descriptor.starts_keyframe());
    assert_eq!(written(&bytes, &dependencies, PLAIN), [bytes[0], 0x12, 0x34]);
    // A template of another structure.
    let mut dependencies = known(&l1t3());
    let descriptor = dependencies.read(&[0x80 | 40, 0, 2]).expect("well-formed");
    assert_eq!(descriptor.frame, None);
}

#[test]
fn a_structure_counts_only_where_it_differs_and_is_not_old() {
    let mut dependencies = known(&l1t3());
    assert_eq!(dependencies.version(), 1);
    dependencies.read(&keyframe(&l1t3(), 0, 400)).expect("well-formed");
    assert_eq!(dependencies.version(), 1, "the same again");
    dependencies.read(&keyframe(&l2t2(), 0, 420)).expect("well-formed");
    assert_eq!((dependencies.version(), dependencies.target_count()), (2, 4));
    let late = keyframe(&l1t3(), 0, 400);
    let descriptor = dependencies.read(&late).expect("well-formed");
    assert!(descriptor.has_structure() && descriptor.frame.is_none());
    assert_eq!((dependencies.version(), dependencies.target_count()), (2, 4));
    dependencies.forget();
    dependencies.read(&keyframe(&l1t3(), 0, 400)).expect("well-formed");
    assert_eq!((dependencies.version(), dependencies.target_count()), (3, 3), "another stream");
}

#[test]
fn a_structure_that_was_not_sent_can_be_attached() {
    let structure = s2t1();
    let dependencies = known(&structure);
    // The keyframe of the upper picture comes without.
    let mut bytes = delta(&structure, 3, 2);
    bytes[0] |= 0x80;
    let changes = Changes { attach_structure: true, active_targets: Some(0b10), ..PLAIN };
    let written = written(&bytes, &dependencies, changes);
    let mut receiver = Dependencies::default();
    let descriptor = receiver.read(&written).expect("well-formed");
    assert!(descriptor.has_structure() && descriptor.starts_keyframe());
    assert_eq!((descriptor.frame_number, descriptor.active_targets), (0x1234, Some(0b10)));
    assert_eq!(receiver.templates(), dependencies.templates());
    assert_eq!(receiver.active_targets(), 0b10);
}

proptest! {
    /// Whatever changes, everything else of the frame stays.
    #[test]
    fn rewriting_keeps_what_it_does_not_change(
        which in 0..4_usize,
        kind in 0..4_usize,
        number in any::<u16>(),
        own_active in prop::option::of(0..4_u32),
        custom in prop::bool::weighted(0.3),
        attach_structure in any::<bool>(),
        active_targets in prop::option::of(0..4_u32),
    ) {
        let structure = [l1t3(), l2t2(), l2t2_key(), s2t1()][which].clone();
        let dependencies = known(&structure);
        let targets = usize::from(dependencies.target_count());
        let indications = &"SRD-"[..targets.min(4)];
        let chains = &[9, 8][..usize::from(dependencies.chain_count())];
        let bytes = descriptors::Descriptor {
            starts_frame: true,
            kind,
            number,
            active: own_active,
            indications: custom.then_some(indications),
            diffs: custom.then_some(&[300]),
            chains: custom.then_some(chains),
            ..descriptors::Descriptor::default()
        }
        .bytes(&structure);
        let original = dependencies.clone().read(&bytes).expect("well-formed");
        let changes = Changes { frame_number: 7, attach_structure, active_targets };
        let again = written(&bytes, &dependencies, changes);
        let mut receiver =
            if attach_structure { Dependencies::default() } else { dependencies.clone() };
        let rewritten = receiver.read(&again).expect("well-formed");
        prop_assert_eq!(rewritten.frame, original.frame);
        prop_assert_eq!(rewritten.frame_number, 7);
        prop_assert_eq!(rewritten.active_targets, active_targets);
        prop_assert_eq!(rewritten.has_structure(), attach_structure);
        for chain in 0..3 {
            let diffs = [
                receiver.chain_diff(&rewritten, chain),
                dependencies.chain_diff(&original, chain),
            ];
            prop_assert_eq!(diffs[0], diffs[1]);
        }
    }

    #[test]
    fn nothing_makes_the_reader_reach_outside(
        packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 1..8),
        first in 0..4_usize,
    ) {
        let mut dependencies = known(&[l1t3(), l2t2(), l2t2_key(), s2t1()][first]);
        for bytes in &packets {
            let Ok(descriptor) = dependencies.read(bytes) else { continue };
            let mut out = [0; 255];
            for attach_structure in [false, true] {
                for active_targets in [None, Some(u32::MAX)] {
                    let changes = Changes { attach_structure, active_targets, ..PLAIN };
                    let _ = write(&descriptor, &dependencies, changes, &mut out);
                }
            }
            for target in 0..40 {
                let _ = dependencies.layers_of(target);
                let _ = dependencies.chain_of(target);
                let _ = dependencies.chain_diff(&descriptor, target);
                let _ = dependencies.covers(target, target);
            }
            let _ = dependencies.best_target(LayerLimit::NONE);
        }
    }

    /// A structure of which a bit is turned, or the end is missing, is refused or another one.
    #[test]
    fn a_damaged_structure_breaks_nothing(
        which in 0..4_usize, bit in 0..400_usize, length in 0..60_usize,
    ) {
        let structure = [l1t3(), l2t2(), l2t2_key(), s2t1()][which].clone();
        let mut bytes = keyframe(&structure, 0, 1);
        if let Some(byte) = bytes.get_mut(bit / 8) {
            *byte ^= 1 << (bit % 8);
        }
        bytes.truncate(length);
        let mut dependencies = Dependencies::default();
        if let Ok(descriptor) = dependencies.read(&bytes) {
            prop_assert!(descriptor.frame.is_none() || dependencies.version() == 1);
        }
    }
}

#[test]
fn the_memory_of_a_stream_is_as_small_as_documented() {
    assert!(size_of::<Dependencies>() <= 3 * 1_024, "{} bytes", size_of::<Dependencies>());
}
