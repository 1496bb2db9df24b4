//! What `preau` promises to whoever runs it, asked of the program itself.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails is a failed test"
)]

mod configuration;
mod doctor;
mod lifecycle;
mod links;
mod one_port;
mod program;
mod proxies;
mod setup;
