//! How libwebrtc finds what a frame refers to, from the numbers that it bears
//! (`modules/video_coding/rtp_vp8_ref_finder.cc`, `rtp_vp9_ref_finder.cc`, rules only): a frame
//! that has to wait here is one that a browser would not show.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Puts counters that wrap on a scale that does not.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Unwrapped {
    last: Option<i64>,
}

impl Unwrapped {
    pub(crate) fn next(&mut self, value: u16, bits: u32) -> i64 {
        let circle = 1_i64 << bits;
        let value = i64::from(value);
        let last = *self.last.get_or_insert(value);
        let step = (value - last).rem_euclid(circle);
        let next = last + if step >= circle / 2 { step - circle } else { step };
        self.last = Some(next);
        next
    }
}

/// One frame of VP8 as its descriptor tells it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vp8Frame {
    pub(crate) is_key: bool,
    pub(crate) picture: u16,
    pub(crate) tl0: u8,
    pub(crate) temporal: usize,
    pub(crate) sync: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Vp8Finder {
    pictures: Unwrapped,
    bases: Unwrapped,
    newest: Option<i64>,
    missing: BTreeSet<i64>,
    /// By base picture: the newest picture of each layer.
    layers: BTreeMap<i64, [Option<i64>; 4]>,
}

impl Vp8Finder {
    /// Whether the frame can be decoded at once.
    pub(crate) fn decodes(&mut self, frame: &Vp8Frame) -> bool {
        let picture = self.pictures.next(frame.picture, 15);
        let base = self.bases.next(frame.tl0.into(), 8);
        let newest = *self.newest.get_or_insert(picture);
        self.missing.extend(newest + 1..=picture);
        self.newest = Some(newest.max(picture));
        if frame.is_key {
            self.note(base, [None; 4], picture, 0);
            return true;
        }
        let before = if frame.temporal == 0 { base - 1 } else { base };
        let Some(&layers) = self.layers.get(&before) else {
            return false;
        };
        let is_there = |layer: usize| {
            layers[layer].is_some_and(|reference| {
                reference < picture && self.missing.range(reference + 1..picture).next().is_none()
            })
        };
        let decodes = if frame.temporal == 0 || frame.sync {
            layers[0].is_some_and(|reference| reference < picture)
        } else {
            (0..=frame.temporal).all(is_there)
        };
        if decodes {
            self.note(base, layers, picture, frame.temporal);
        }
        decodes
    }

    fn note(&mut self, base: i64, layers: [Option<i64>; 4], picture: i64, temporal: usize) {
        let mut layers = layers;
        layers[temporal] = Some(picture);
        self.layers.insert(base, layers);
        self.missing.remove(&picture);
    }
}

/// One layer's frame of VP9 as its descriptor tells it.
#[derive(Clone, Debug)]
pub(crate) struct Vp9Frame {
    pub(crate) is_inter: bool,
    pub(crate) picture: u16,
    /// Where pictures go by their place in a group.
    pub(crate) tl0: Option<u8>,
    pub(crate) temporal: u8,
    pub(crate) spatial: u8,
    /// Of each picture of the group, temporal layer and references.
    pub(crate) group: Option<Vec<(u8, Vec<i64>)>>,
    /// In flexible mode.
    pub(crate) diffs: Vec<i64>,
}

type Group = (i64, Vec<(u8, Vec<i64>)>);

#[derive(Debug, Default)]
pub(crate) struct Vp9Finder {
    pictures: Unwrapped,
    bases: Unwrapped,
    groups: HashMap<i64, Group>,
    newest: Option<i64>,
    /// By temporal layer: pictures that have not come.
    missing: [BTreeSet<i64>; 8],
    decoded: BTreeSet<(i64, u8)>,
}

impl Vp9Finder {
    /// Whether the frame can be decoded at once.
    pub(crate) fn decodes(&mut self, frame: &Vp9Frame) -> bool {
        let picture = self.pictures.next(frame.picture, 15);
        let below = frame.spatial == 0 || self.decoded.contains(&(picture, frame.spatial - 1));
        let Some(tl0) = frame.tl0 else {
            let decodes = frame.diffs.iter().all(|&diff| self.has(picture - diff, frame.spatial));
            self.decoded.insert((picture, frame.spatial));
            return decodes && below;
        };
        let base = self.bases.next(tl0.into(), 8);
        if let Some(group) = &frame.group {
            self.groups.insert(base, (picture, group.clone()));
        }
        if !frame.is_inter {
            self.newest = Some(picture);
            self.decoded.insert((picture, frame.spatial));
            return below && self.groups.contains_key(&base);
        }
        let before = if frame.temporal == 0 && frame.spatial == 0 { base - 1 } else { base };
        let Some((begin, group)) = self.groups.get(&before).cloned() else {
            return false;
        };
        self.groups.insert(base, (begin, group.clone()));
        let of = |picture: i64| &group[(picture - begin).rem_euclid(group.len() as i64) as usize];
        let newest = self.newest.unwrap_or(picture);
        for skipped in newest + 1..picture {
            self.missing[usize::from(of(skipped).0)].insert(skipped);
        }
        self.newest = Some(newest.max(picture));
        let (temporal, diffs) = of(picture);
        assert_eq!(*temporal, frame.temporal, "the id's place in its group");
        let lower = &self.missing[..usize::from(*temporal)];
        let waits = diffs.iter().any(|&diff| {
            lower.iter().any(|missing| missing.range(picture - diff..picture).next().is_some())
        });
        let has = diffs.iter().all(|&diff| self.has(picture - diff, frame.spatial));
        self.decoded.insert((picture, frame.spatial));
        has && below && !waits
    }

    fn has(&self, picture: i64, spatial: u8) -> bool {
        self.decoded.contains(&(picture, spatial))
    }
}
