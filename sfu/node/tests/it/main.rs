//! The node on real sockets, on loopback.

mod allocation;
mod port;
mod socket;
