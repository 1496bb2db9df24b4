//! The engine as a worker sees it: whole rooms, packets in, packets out, virtual time.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod allocation;
mod budgets;
mod camera_limits;
mod captures;
mod codecs;
mod congestion;
mod constraints;
mod descriptors;
mod floors;
mod keyframes;
mod lines;
mod lips;
mod losses;
mod pacing;
mod pictures;
mod redundancy;
mod repair;
mod replay;
mod rewriting;
mod rooms;
mod scene;
mod silence;
mod snapshots;
mod sounds;
