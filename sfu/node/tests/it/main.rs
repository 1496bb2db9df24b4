//! The node on real sockets, on loopback.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops where one of its premises does not hold"
)]

mod allocation;
mod call;
mod line;
mod no_alloc;
mod node;
mod port;
mod socket;
mod strangers;
mod streams;
