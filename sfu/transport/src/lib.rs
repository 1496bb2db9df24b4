//! Datagrams to packets and back: demux, ICE-lite, DTLS, SRTP, RTCP, SDP, TURN. Pure.
//!
//! It never touches a clock, socket, file, thread or random source: time and random bytes are
//! arguments. What runs per packet ([`stun`], [`ice`], [`srtp`], [`rtcp`]) works in the caller's
//! buffers and allocates only where a session is made. Everything the network can cause is a typed
//! reason to drop. Tests stand beside each module; `tests/it` replays public fuzz corpora.

mod drop_reason;
#[cfg(test)]
mod hex;
mod hmac;

pub mod demux;
pub mod dtls;
pub mod framing;
pub mod ice;
pub mod rtcp;
pub mod sdp;
pub mod srtp;
pub mod stun;
pub mod tuple;
pub mod turn;
