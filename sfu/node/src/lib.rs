//! The media node: worker threads, UDP sockets, batching, control, metrics.

pub mod addresses;
pub mod arena;
pub mod clock;
pub mod control_loop;
pub mod media_loop;
pub mod metrics;
pub mod net;
pub mod port;
pub mod sender;
