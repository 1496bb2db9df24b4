//! What the transport does with bytes that nobody here made up.
#![expect(clippy::expect_used, clippy::panic, reason = "a test ends with what it cannot do")]

mod dtls;
mod sdp;
mod vectors;
