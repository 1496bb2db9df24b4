//! The media node: worker threads, UDP sockets, batching, control, metrics.

pub mod arena;
pub mod net;
pub mod seam;
pub mod sender;
