//! What the parts of Préau say to one another: ids, units, RTP header, client and node messages.
//!
//! It never touches a clock, socket, file, thread or random source. It is bounded by the limits
//! that stand beside each type. Its tests are the `tests` modules beside the code, and `tests/it`.

pub mod bitrate;
pub mod client;
pub mod ids;
pub mod media;
pub mod node;
pub mod rtp;
pub mod time;
pub mod typescript;

pub use bitrate::Bitrate;
pub use ids::{EndpointIndex, Epoch, ParticipantId, RequestId, RoomId, RoomName};
pub use time::{Duration, Instant};
