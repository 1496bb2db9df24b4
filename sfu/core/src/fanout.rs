//! Who receives each publication: lists in one pool of memory.
//!
//! A list is a chain of 128-byte chunks of 15 entries, all full but the last, so a packet's fan-out
//! reads memory in order and touches a receiver only if it wants this layer. An entry is 8 bytes.
//! Removal moves the list's last entry into the hole and says so. The pool is reserved at the start
//! and touched as it is used: every slot can be in two lists (what it carries and what it waits
//! for), and every publication leaves at most one chunk unfilled.

use protocol::EndpointIndex;

const CHUNK_ENTRIES: usize = 15;
const NONE: u32 = u32::MAX;

/// One receiving slot of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) endpoint: EndpointIndex,
    pub(crate) slot: u8,
    /// Bit n: it is to see packets of layer n.
    pub(crate) layers: u8,
    /// Bit n: it has negotiated the codec of index n.
    pub(crate) codecs: u8,
}

/// Where an entry is: chunk × 16 + place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position(u32);

/// The slots that receive one publication.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct List {
    first: u32,
    last: u32,
    length: u32,
}

impl List {
    /// Entries in it.
    pub(crate) const fn length(&self) -> u32 {
        self.length
    }
}

#[derive(Clone, Copy, Debug)]
struct Chunk {
    entries: [Entry; CHUNK_ENTRIES],
    next: u32,
    previous: u32,
}

/// An entry that took the place of a removed one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moved {
    pub(crate) entry: Entry,
    pub(crate) from: Position,
    pub(crate) to: Position,
}

/// The pool of all lists of a worker.
#[derive(Debug)]
pub(crate) struct Fanout {
    chunks: Vec<Chunk>,
    free: u32,
}

impl Fanout {
    /// Reserves memory for `entries` in `lists`.
    pub(crate) fn new(entries: usize, lists: usize) -> Self {
        Fanout { chunks: Vec::with_capacity(entries.div_ceil(CHUNK_ENTRIES) + lists), free: NONE }
    }

    /// Adds `entry`; `None` if the pool is used up, which its size rules out.
    pub(crate) fn push(&mut self, list: &mut List, entry: Entry) -> Option<Position> {
        let place = list.length as usize % CHUNK_ENTRIES;
        if place == 0 {
            let chunk = self.take_chunk(entry)?;
            if list.length == 0 {
                list.first = chunk;
            } else {
                self.chunks[list.last as usize].next = chunk;
                self.chunks[chunk as usize].previous = list.last;
            }
            list.last = chunk;
        }
        self.chunks[list.last as usize].entries[place] = entry;
        list.length += 1;
        Some(position(list.last, place))
    }

    /// Removes the entry at `at`; tells which other entry has moved.
    pub(crate) fn remove(&mut self, list: &mut List, at: Position) -> Option<Moved> {
        debug_assert!(list.length > 0, "an entry of an empty list");
        list.length = list.length.saturating_sub(1);
        let place = list.length as usize % CHUNK_ENTRIES;
        let from = position(list.last, place);
        let entry = self.chunks[list.last as usize].entries[place];
        let (chunk, index) = at.parts();
        self.chunks[chunk].entries[index] = entry;
        if place == 0 {
            let emptied = list.last;
            list.last = self.chunks[emptied as usize].previous;
            self.chunks[emptied as usize].next = self.free;
            self.free = emptied;
        }
        (from != at).then_some(Moved { entry, from, to: at })
    }

    /// Says which layers the entry at `at` is to see.
    pub(crate) fn set_layers(&mut self, at: Position, layers: u8) {
        let (chunk, index) = at.parts();
        self.chunks[chunk].entries[index].layers = layers;
    }

    /// The first entry of `list`.
    pub(crate) fn first(&self, list: &List) -> Cursor {
        Cursor { chunk: list.first, place: 0, left: list.length }
    }

    /// The entry under `cursor`, which goes on to the next. The list must not grow or shrink
    /// meanwhile.
    pub(crate) fn next(&self, cursor: &mut Cursor) -> Option<Entry> {
        if cursor.left == 0 {
            return None;
        }
        let chunk = &self.chunks[cursor.chunk as usize];
        let entry = chunk.entries[usize::from(cursor.place)];
        cursor.left -= 1;
        cursor.place += 1;
        if usize::from(cursor.place) == CHUNK_ENTRIES {
            cursor.place = 0;
            cursor.chunk = chunk.next;
        }
        Some(entry)
    }

    fn take_chunk(&mut self, filler: Entry) -> Option<u32> {
        let fresh = Chunk { entries: [filler; CHUNK_ENTRIES], next: NONE, previous: NONE };
        if self.free != NONE {
            let chunk = self.free;
            self.free = self.chunks[chunk as usize].next;
            self.chunks[chunk as usize] = fresh;
            return Some(chunk);
        }
        if self.chunks.len() == self.chunks.capacity() {
            return None;
        }
        self.chunks.push(fresh);
        Some(self.chunks.len() as u32 - 1)
    }
}

/// A walk along a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor {
    chunk: u32,
    place: u8,
    left: u32,
}

const fn position(chunk: u32, place: usize) -> Position {
    Position(chunk << 4 | place as u32)
}

impl Position {
    const fn parts(self) -> (usize, usize) {
        (self.0 as usize >> 4, self.0 as usize & 0x0F)
    }
}

#[cfg(test)]
mod tests;
