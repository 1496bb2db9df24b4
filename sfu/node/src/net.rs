//! Sockets, wake-ups and processors: the only place where this project calls the kernel itself.
//!
//! It sends what it is given and hands up what comes, in batches; it decides nothing about media.
//! All memory is taken when a batch is made. What it rests on was measured: per 1 200-byte packet
//! `sendto` costs 2.3 µs, `sendmmsg` 2.0, `sendmmsg` of `UDP_SEGMENT` trains of 8 costs 0.56 with
//! software segmentation; `recvmmsg` with `UDP_GRO` costs 0.53 µs alone and 0.11 in trains of 8.
//! Its tests are `tests/it/socket.rs`, and beside the pure parts.

#![expect(unsafe_code, reason = "system calls that std does not offer; see sys.rs")]

mod address;
#[cfg(feature = "count-allocations")]
mod allocations;
mod ancillary;
mod poll;
mod probe;
mod receive;
mod send;
mod sys;
mod thread;
mod udp;

#[cfg(feature = "count-allocations")]
pub use allocations::allocations;
pub use poll::{Poller, Readiness, Waker};
pub use probe::segmentation_works;
pub use receive::{ReceiveBatch, ReceiveCounters};
pub use send::{Message, SendBatch, SendError};
pub use thread::{allowed_processors, run_on, thread_processor_time};
pub use udp::{BindError, SocketBuffers, UdpSocket};
