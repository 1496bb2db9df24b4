//! The room machine: roster, roles, lobby, order, resume, limits. Pure.
//!
//! [`Rooms`] is all that the shell speaks to. The crate never touches a clock, socket, file, thread
//! or random source; it is bounded by [`Limits`]; its tests stand beside the code.

mod addresses;
mod bucket;
mod codes;
mod ids;
mod limits;
mod link;
mod name;
mod requests;
mod ring;
mod room;
mod rooms;
mod sdp_body;
mod session;
mod timers;
mod transmit;
mod wire;

pub use ids::{SessionSecret, SocketId};
pub use limits::Limits;
pub use link::{
    BadRoomCode, BrowserKey, Grant, LinkCheck, LinkRefusal, Proof, RoomCode, StoredBan,
};
pub use rooms::Rooms;
pub use transmit::{CloseReason, LeaveCause, ResumedFrom, RoomEvent, Transmit};
