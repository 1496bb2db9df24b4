//! One core's machine: datagrams in, sealed bytes into a Sink; sessions and snapshots. Pure.
//!
//! [`Worker`] is the packet path of one core: it demultiplexes, opens, forwards and seals, and
//! never allocates. [`Control`] is what stands beside the workers: it answers offers, shakes hands,
//! builds sessions and takes them apart. They meet in [`WorkerCommand`] and [`WorkerOutput`],
//! values that carry memory both ways.
//!
//! Neither touches a socket, a clock, a file or a thread: a shell drives them, and the simulator
//! drives the very same code under virtual time.

mod command;
mod control;
mod counters;
mod handshakes;
mod outputs;
mod random;
mod reception;
mod session;
mod sink;
mod snapshot;
mod tuples;
mod ufrag;
mod uplink;
mod worker;

pub use command::{DtlsDatagram, Memory, WorkerCommand, WorkerOutput};
pub use control::{Control, ControlConfig};
pub use counters::{Counters, WorkerDrop};
pub use handshakes::{DtlsServer, HandshakeMaker};
pub use random::SeededRandom;
pub use session::{MediaKeys, SessionMemory};
pub use sfu_core::{CameraLimit, ForwardDrop, Limits};
pub use sfu_transport::dtls::{Fingerprint, Identity, IdentityError};
pub use sfu_transport::{demux, framing, turn};
pub use sink::{PacketClass, Path, Sink, Tuple};
pub use snapshot::{COUNTER_JUMP, RestoreError, SNAPSHOT_VERSION, SessionSnapshot};
pub use worker::{Worker, WorkerConfig};
