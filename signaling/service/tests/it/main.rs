//! The service over real sockets on the loopback, with a media node played by the test.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test names what it awaits; all else fails it"
)]

mod acme;
mod authority;
mod calls;
mod client;
mod hostile;
mod logs;
mod look;
mod media;
mod moderation;
mod node;
mod pages;
mod rooms;
mod signs;
mod site;
mod tls;
