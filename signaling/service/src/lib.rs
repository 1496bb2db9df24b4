//! HTTP and WebSocket: rooms, links, store, TLS, the web client's files.

mod bus;
mod config;
mod service;
mod store;

pub use bus::Bus;
pub use config::{BadCidr, BadOrigin, Cidr, Origin, ServiceConfig, TlsMode};
pub use service::{Service, ServiceError};
pub use signaling_core::Limits;
pub use store::{CreatedRoom, LinkSecret, NewRoom, RoomRecord, Store, StoreError};
