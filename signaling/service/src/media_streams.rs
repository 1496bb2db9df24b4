//! Connections of the listener that carry media and no HTTP: who takes them, and what they are.
//!
//! This crate knows nothing of media; it tells connections apart by their first bytes and hands
//! them over.

use std::{net::SocketAddr, pin::Pin};

use tokio::io::{AsyncRead, AsyncWrite};

/// Takes connections that carry media.
pub trait MediaStreams: Send + Sync {
    /// Carries a connection until it ends; dropping the future ends it too.
    fn serve(&self, stream: MediaStream) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// A connection that carries media.
pub struct MediaStream {
    /// What is left of it behind encryption; nothing was read from it.
    pub io: Box<dyn MediaIo>,
    /// How media is carried.
    pub kind: MediaStreamKind,
    /// Our end.
    pub local: SocketAddr,
    /// The other end.
    pub remote: SocketAddr,
}

impl std::fmt::Debug for MediaStream {
    /// An address is personal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MediaStream").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// How a connection carries media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaStreamKind {
    /// Without TLS, in frames of RFC 4571 that begin with a STUN message: ICE-TCP (RFC 6544).
    IceTcp,
    /// Inside TLS, beginning with a STUN message: TURN (RFC 8656).
    Turn,
}

/// Bytes both ways.
pub trait MediaIo: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> MediaIo for T {}
