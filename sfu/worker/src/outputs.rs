//! The worker's messages to the control side, in memory taken at start.

use std::collections::VecDeque;

use crate::command::WorkerOutput;

/// Messages held at once. The shell drains them after every batch.
const CAPACITY: usize = 128;

/// Of these, messages that may be lost: a client repeats its DTLS flight.
const DROPPABLE_MAX: usize = 48;

/// Slots of one session, at most.
const SLOTS_MAX: usize = 56;

/// A bounded queue.
#[derive(Debug)]
pub(crate) struct Outputs {
    queue: VecDeque<WorkerOutput>,
}

impl Outputs {
    pub(crate) fn new() -> Self {
        Outputs { queue: VecDeque::with_capacity(CAPACITY) }
    }

    /// Adds a message; `false` if there is no room and the caller must say it again later.
    pub(crate) fn push(&mut self, output: WorkerOutput) -> bool {
        let has_room = self.queue.len() < CAPACITY;
        if has_room {
            self.queue.push_back(output);
        }
        has_room
    }

    /// Adds a message that leaves room for those that must not be lost.
    pub(crate) fn push_droppable(&mut self, output: WorkerOutput) -> bool {
        self.queue.len() < DROPPABLE_MAX && self.push(output)
    }

    /// Whether the changes of all slots of one session find room.
    pub(crate) fn has_room_for_slots(&self) -> bool {
        self.queue.len() + SLOTS_MAX <= CAPACITY
    }

    pub(crate) fn pop(&mut self) -> Option<WorkerOutput> {
        self.queue.pop_front()
    }
}
