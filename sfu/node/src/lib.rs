//! The media node: worker threads, UDP sockets, batching, control, metrics.
//!
//! [`Node::start`] is all that a service needs. Inside, a [`media_loop`] drives each worker and a
//! [`control_loop`] what stands beside them; between a worker and its socket lies the [`arena`],
//! where packets are sealed and from which the [`sender`] sends them. The crate decides nothing
//! about media or sessions: that is `sfu-worker`, which knows neither sockets nor clocks.
//! Everything is bounded, and a media thread allocates nothing after its start.

mod adapters;
pub mod addresses;
pub mod arena;
pub mod clock;
pub mod control_loop;
pub mod media_loop;
pub mod metrics;
pub mod net;
mod node;
pub mod port;
pub mod sender;
pub mod streams;

pub use sfu_worker::{CameraLimit, Limits, turn::TurnSecret};

pub use node::{Node, NodeConfig, NodeStartError};
