//! The service as a whole: made from its configuration, then served on a listener.

use axum::Router;
use tokio::net::TcpListener;

use crate::{Bus, ServiceConfig, Store, StoreError};

/// Signaling and web pages of one process.
#[derive(Debug)]
pub struct Service {
    config: ServiceConfig,
    store: Store,
    bus: Bus,
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The store cannot be opened.
    #[error("cannot open the store")]
    Store(#[from] StoreError),
    /// A metric of the same name is registered already.
    #[error("cannot register the metrics")]
    Metrics(#[from] prometheus::Error),
}

impl Service {
    /// Opens the store and prepares everything that can fail.
    ///
    /// # Errors
    /// [`ServiceError`] names what cannot be used.
    pub fn new(
        config: ServiceConfig,
        bus: Bus,
        _registry: &prometheus::Registry,
    ) -> Result<Service, ServiceError> {
        let store = Store::open(&config.data_dir)?;
        Ok(Service { config, store, bus })
    }

    /// Rooms and links.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What the operator alone may ask; to be mounted on a listener that is not public.
    /// `POST /rooms/{room}/restore` takes a live room apart and builds it again.
    pub fn operator_router(&self) -> Router {
        Router::new()
    }

    /// Serves people on a listener until `stop` is ready; then tells them, and returns when they
    /// are gone, after a few seconds at most.
    ///
    /// # Errors
    /// [`std::io::Error`] if the listener fails for good.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send,
    ) -> std::io::Result<()> {
        let _ = (self.config, self.bus, listener);
        stop.await;
        Ok(())
    }
}
