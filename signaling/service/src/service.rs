//! The service as a whole: made from its configuration, then served on a listener.

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    task::{JoinHandle, JoinSet},
    time,
};

use crate::{
    Bus, ServiceConfig, Store, StoreError,
    assets::Assets,
    director::{Director, Input, Inputs},
    http::{self, App, Shared},
    ice_servers::IceServers,
    listen::{self, Server},
    media_streams::MediaStreams,
    metrics::Metrics,
    plain,
    readiness::Readiness,
    room_api::CreationLimit,
    security_headers::SecurityHeaders,
    site::Site,
    store::NoRandomness,
    tls::{Encryption, TlsError, Upkeep},
};

/// Signaling and web pages of one process.
pub struct Service {
    config: ServiceConfig,
    store: Store,
    metrics: Metrics,
    encryption: Option<Encryption>,
    plain_listener: Option<TcpListener>,
    media: Option<Arc<dyn MediaStreams>>,
    inputs: Inputs,
    director: JoinHandle<()>,
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The store cannot be opened.
    #[error("cannot open the store")]
    Store(#[from] StoreError),
    /// The listener cannot encrypt.
    #[error("cannot encrypt")]
    Tls(#[from] TlsError),
    /// A metric of the same name is registered already.
    #[error("cannot register the metrics")]
    Metrics(#[from] prometheus::Error),
    /// The operating system gave no random numbers.
    #[error("the operating system gives no random numbers")]
    Randomness,
}

impl From<NoRandomness> for ServiceError {
    fn from(_: NoRandomness) -> Self {
        ServiceError::Randomness
    }
}

/// How long people are given to hear that the service stops.
const FAREWELL: Duration = Duration::from_secs(1);

impl Service {
    /// Opens the store, reads the certificate and begins to listen to the node: everything that can
    /// fail for a reason that a person can cure.
    ///
    /// # Errors
    /// [`ServiceError`] names what cannot be used.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(
        config: ServiceConfig,
        bus: Bus,
        registry: &prometheus::Registry,
    ) -> Result<Service, ServiceError> {
        let store = Store::open(&config.data_dir)?;
        let metrics = Metrics::register(registry)?;
        let encryption = Encryption::of(&config, &metrics)?;
        let (director, inputs) = Director::try_new(&config, store.clone(), bus, metrics.clone())?;
        Ok(Service {
            config,
            store,
            metrics,
            encryption,
            plain_listener: None,
            media: None,
            inputs,
            director: tokio::spawn(director.run()),
        })
    }

    /// Serves plain HTTP besides: what an authority asks for by HTTP-01, and for all else the way
    /// to HTTPS. Browsers try it first when people type a name alone, on port 80.
    #[must_use]
    pub fn with_plain_listener(mut self, listener: TcpListener) -> Self {
        self.plain_listener = Some(listener);
        self
    }

    /// Hands over connections that come to the listener and carry media.
    #[must_use]
    pub fn with_media(mut self, media: Arc<dyn MediaStreams>) -> Self {
        self.media = Some(media);
        self
    }

    /// Rooms and links.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What the operator alone may ask; to be mounted on a listener that is not public.
    /// `POST /rooms/{room}/restore` takes a live room apart and builds it again: 202, or 404 if it
    /// is not live.
    pub fn operator_router(&self) -> Router {
        http::operator_router(self.inputs.downgrade())
    }

    /// Serves people on a listener until `stop` is ready; then tells them, and returns when they
    /// are gone, after a second at most.
    ///
    /// # Errors
    /// [`io::Error`] if the service cannot go on, which is a bug.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send,
    ) -> io::Result<()> {
        let (alive, mut all_gone) = mpsc::channel(1);
        let (stopping, stopped) = watch::channel(false);
        let security_headers = SecurityHeaders::of(&self.config);
        let ice_servers = IceServers::of(&self.config);
        let assets = Assets::of_site(&Site::of(&self.config));
        let public_url = self.config.public_url.clone();
        let shared = Shared {
            config: self.config,
            store: self.store,
            inputs: self.inputs.clone(),
            metrics: self.metrics.clone(),
            assets,
            ice_servers,
            readiness: Readiness::new(),
            creations: CreationLimit::new(),
            security_headers,
        };
        let app = App { shared: Arc::new(shared), alive: alive.clone() };
        let (acceptor, upkeep) = match self.encryption {
            Some(Encryption { acceptor, upkeep }) => (Some(acceptor), Some(upkeep)),
            None => (None, None),
        };
        let server = Server {
            router: http::router(app),
            encryption: acceptor,
            media: self.media,
            metrics: self.metrics,
            alive,
            stopping: stopped,
        };
        // Aborted when it is dropped, on every way out.
        let mut tasks = JoinSet::new();
        if let Some(plain) = self.plain_listener {
            let challenges = upkeep.as_ref().and_then(Upkeep::challenges);
            let port = listener.local_addr()?.port();
            let router = plain::router(public_url, port, challenges);
            let server = Server { router, encryption: None, media: None, ..server.clone() };
            tasks.spawn(listen::accept(plain, server));
        }
        if let Some(upkeep) = upkeep {
            tasks.spawn(upkeep.keep_fresh());
        }
        let mut director = self.director;
        let result = tokio::select! {
            () = stop => Ok(()),
            () = listen::accept(listener, server) => Ok(()),
            _ = &mut director => Err(io::Error::other("the task that owns the rooms has ended")),
        };
        // No one is there to be told if the director has ended.
        let _ = self.inputs.send(Input::Stop).await;
        stopping.send_replace(true);
        let _ = time::timeout(FAREWELL, all_gone.recv()).await;
        // Whoever stops the node next must not find somebody who misses it.
        if !director.is_finished() {
            director.abort();
            let _ = director.await;
        }
        result
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").finish_non_exhaustive()
    }
}
