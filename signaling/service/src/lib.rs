//! HTTP and WebSocket: rooms, links, store, TLS, the web client's files.
//!
//! The shell around [`signaling_core`]: it carries bytes and keeps files, and decides nothing about
//! rooms. [`Service`] is the whole; [`Store`] is what the command line uses of it besides. Every
//! queue, body, header and wait has its limit beside the code that needs it. Tests with real
//! sockets are in `tests/it`.

mod assets;
mod bus;
mod caller;
mod config;
mod director;
mod http;
mod ice_servers;
mod listen;
mod media_streams;
mod metrics;
mod plain;
mod readiness;
mod room_api;
mod security_headers;
mod service;
mod site;
mod socket;
mod store;
mod tls;
mod unbuilt_page;

pub use bus::Bus;
pub use config::{
    BadCidr, BadOrigin, Cidr, Origin, OtherTurn, ServiceConfig, TlsMode, TurnConfig, TurnSecret,
};
pub use media_streams::{MediaIo, MediaStream, MediaStreamKind, MediaStreams};
pub use service::{Service, ServiceError};
pub use signaling_core::Limits;
pub use site::{
    BadColour, BadLogo, BadText, Colour, Logo, RoomCreation, SiteConfig, Texts, is_language,
};
pub use store::{CreatedRoom, LinkSecret, NewRoom, RoomRecord, Store, StoreError};
pub use tls::{
    Acme, AcmeChallenge, BadDirectory, CertificateStatus, Directory, Failure, Fault, TlsError,
};
