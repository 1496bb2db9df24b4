//! Loss and bursts: what is kept to be sent again, what is asked for again, what waits.
//!
//! Each part is a small machine of its own that is told the time:
//!
//! | part | what | memory |
//! |---|---|---|
//! | [`PacketRing`] | payloads of a layer, for all its receivers | 64 to 512 KiB a layer |
//! | [`History`] | heads of the packets to one receiver, and which payloads | 64 KiB a receiver |
//! | [`MissingList`] | what a publisher's stream lacks (NACK) | 16 KiB a layer |
//! | [`Pacer`] | what waits until a receiver's line has room | 8 KiB a receiver |
//!
//! A ring grows with what is published, not with who watches; all memory is reserved when an
//! endpoint is built and becomes resident as it is used. Nothing here reads a payload, so packets
//! that are encrypted end to end take the same path. Every loop is bounded by a constant, whatever
//! a NACK or a stream of holes says.
//!
//! What it costs to forward one packet to one more receiver: one entry of 28 bytes and a head of
//! 20 to 50 in its history. A packet that waits is 4 bytes more.
//!
//! Tests: `tests.rs` beside each part (property tests against a model), `tests/it/repair.rs`.

mod history;
mod missing;
mod pacer;
mod ring;

pub use history::{History, Refusal, Sent, SentId};
pub(crate) use pacer::TICK;

pub use missing::{Arrival, MissingList};
pub use pacer::{Lane, Pacer, Waiting};
pub use ring::{PacketRing, Serial};
