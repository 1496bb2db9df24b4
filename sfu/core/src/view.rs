//! What a receiver shows, kept without the heap.
//!
//! A receiver that has named nothing is shown what is there: shared screens, then cameras in the
//! order of joining. A tile of height 0 is hidden: a receiver that shows nothing names one.

use protocol::{
    ParticipantId,
    client::{SlotContent, Tile, View},
    media::{MediaKind, Source},
};

use crate::{
    endpoint::SLOTS_MAX,
    room::{Member, RoomIndex, Rooms},
};

/// Height of a camera for a receiver that has named nothing.
const CAMERA_HEIGHT_DEFAULT: u16 = 180;

/// Height of a screen for a receiver that has named nothing.
const SCREEN_HEIGHT_DEFAULT: u16 = 720;

const NO_TILE: Tile = Tile { participant: ParticipantId(0), source: Source::Camera, height: 0 };

/// A [`View`] of bounded size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wishes {
    pub(crate) stage: Option<Tile>,
    tiles: [Tile; View::TILES_MAX],
    count: u8,
}

impl Wishes {
    pub(crate) const NONE: Wishes =
        Wishes { stage: None, tiles: [NO_TILE; View::TILES_MAX], count: 0 };

    /// Takes `view`, of whose tiles the first [`View::TILES_MAX`] count.
    pub(crate) fn set(&mut self, view: &View) {
        self.stage = view.stage;
        let count = view.tiles.len().min(View::TILES_MAX);
        self.tiles[..count].copy_from_slice(&view.tiles[..count]);
        self.count = count as u8;
    }

    pub(crate) fn tiles(&self) -> &[Tile] {
        &self.tiles[..usize::from(self.count)]
    }

    /// Whether it matters to this receiver that `content` comes or goes.
    pub(crate) fn concern(&self, content: SlotContent) -> bool {
        let names = |tile: &Tile| content_of(tile) == content;
        self.is_silent() || self.stage.iter().any(names) || self.tiles().iter().any(names)
    }

    /// Whether nothing was named.
    pub(crate) const fn is_silent(&self) -> bool {
        self.stage.is_none() && self.count == 0
    }
}

/// A picture that a receiver is to get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) content: SlotContent,
    pub(crate) height: u16,
}

impl Wanted {
    /// A place that is not filled yet.
    pub(crate) const NONE: Wanted = Wanted { content: content_of(&NO_TILE), height: 0 };
}

/// The pictures for one receiver, most wanted first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WantedList {
    wanted: [Wanted; SLOTS_MAX],
    count: usize,
    /// The stage, if it is among them.
    pub(crate) stage: Option<SlotContent>,
}

impl WantedList {
    /// What `participant` of `room` gets by its `wishes` in `slots` slots.
    pub(crate) fn collect(
        rooms: &Rooms,
        room: RoomIndex,
        participant: ParticipantId,
        wishes: &Wishes,
        slots: usize,
    ) -> Self {
        let mut list = WantedList { wanted: [Wanted::NONE; SLOTS_MAX], count: 0, stage: None };
        let slots = slots.min(SLOTS_MAX);
        if wishes.is_silent() {
            list.add_members(&rooms.members(room), participant, slots);
            return list;
        }
        let is_shown = |tile: &Tile| {
            tile.height > 0
                && tile.participant != participant
                && tile.source.kind() == MediaKind::Video
                && rooms.find(room, tile.participant).is_some_and(|member| member.has(tile.source))
        };
        if let Some(stage) = wishes.stage.filter(is_shown) {
            list.add(&stage, slots);
            list.stage = Some(content_of(&stage));
        }
        // A screen goes before a camera where there are fewer slots than tiles.
        for source in [Source::Screen, Source::Camera] {
            for tile in wishes.tiles().iter().filter(|tile| tile.source == source) {
                if is_shown(tile) {
                    list.add(tile, slots);
                }
            }
        }
        list
    }

    pub(crate) fn as_slice(&self) -> &[Wanted] {
        &self.wanted[..self.count]
    }

    fn add_members(
        &mut self,
        members: &(impl Iterator<Item = Member> + Clone),
        participant: ParticipantId,
        slots: usize,
    ) {
        let heights =
            [(Source::Screen, SCREEN_HEIGHT_DEFAULT), (Source::Camera, CAMERA_HEIGHT_DEFAULT)];
        for (source, height) in heights {
            let others = members.clone().filter(|m| m.participant() != participant);
            for member in others.filter(|member| member.has(source)) {
                let tile = Tile { participant: member.participant(), source, height };
                self.add(&tile, slots);
            }
        }
    }

    fn add(&mut self, tile: &Tile, slots: usize) {
        let content = content_of(tile);
        let known = self.wanted[..self.count].iter_mut().find(|wanted| wanted.content == content);
        if let Some(wanted) = known {
            wanted.height = wanted.height.max(tile.height);
        } else if self.count < slots {
            self.wanted[self.count] = Wanted { content, height: tile.height };
            self.count += 1;
        }
    }
}

const fn content_of(tile: &Tile) -> SlotContent {
    SlotContent { participant: tile.participant, source: tile.source }
}

#[cfg(test)]
mod tests;
