//! Encryption of the listener: which certificate is shown, and what keeps it fresh.
//!
//! A certificate comes from files ([`files`]), from ourselves, or from an authority ([`acme`]).
//! Whatever becomes of its source, connections that are open stay open, and the last certificate
//! that could be used is shown. Tests: `tests/it/tls.rs`, `tests/it/acme.rs`.

mod acme;
mod facts;
mod files;
mod shown;
mod status;

use std::{path::PathBuf, sync::Arc, time::SystemTime};

use rustls::{ServerConfig, crypto::ring, server::ResolvesServerCert};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{ServiceConfig, TlsMode, metrics::Metrics};
use acme::Keeper;
use facts::CertificateFacts;
use files::Files;
use shown::Shown;

pub(crate) use acme::Challenges;
pub use acme::{Acme, AcmeChallenge, BadDirectory, Directory, Fault};
pub use status::{CertificateStatus, Failure};

/// Why the listener cannot encrypt.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file is absent, or is not PEM of what it should be.
    #[error("cannot read {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: rustls_pki_types::pem::Error,
    },
    /// A file holds no certificate at all.
    #[error("{} holds no certificate in PEM", path.display())]
    Empty {
        /// Which.
        path: PathBuf,
    },
    /// The chain and the key do not belong together, or are of a kind that is not supported.
    #[error("the certificate and the key cannot be used together")]
    Pair(#[source] rustls::Error),
    /// What a certificate says cannot be read.
    #[error("the certificate is not one of X.509")]
    NotX509,
    /// A certificate of our own cannot be made.
    #[error("cannot make a certificate")]
    SelfSigned(#[from] rcgen::Error),
    /// A certificate cannot be kept.
    #[error("cannot keep the certificate")]
    Keep(#[source] crate::StoreError),
}

/// The listener's side of TLS, and what keeps its certificate fresh.
pub(crate) struct Encryption {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) upkeep: Upkeep,
}

/// Where new certificates come from.
pub(crate) enum Upkeep {
    Files(Files),
    Authority(Box<Keeper>),
}

impl Encryption {
    /// `None` if the listener is plain.
    pub(crate) fn of(
        config: &ServiceConfig,
        metrics: &Metrics,
    ) -> Result<Option<Encryption>, TlsError> {
        let shown = Arc::new(Shown::new(metrics.clone()));
        let dir = config.data_dir.join("tls");
        let host = config.public_url.as_ref().map(|url| url.host().to_owned());
        let mut protocols = vec![b"http/1.1".to_vec()];
        let upkeep = match &config.tls {
            TlsMode::Off => return Ok(None),
            TlsMode::Files { certificate, key } => {
                Upkeep::Files(Files::open(certificate, key, host, &shown)?)
            }
            TlsMode::SelfSigned { names } => {
                let (certificate, key) = files::self_signed(&dir, names)?;
                Upkeep::Files(Files::open(&certificate, &key, None, &shown)?)
            }
            TlsMode::Acme(acme) => {
                if acme.challenge == AcmeChallenge::TlsAlpn01 {
                    protocols.push(ACME_TLS.to_vec());
                }
                let keeper = Keeper::open(acme, &dir.join("acme"), &shown, SystemTime::now())?;
                Upkeep::Authority(Box::new(keeper))
            }
        };
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Pair)?
            .with_no_client_auth()
            .with_cert_resolver(shown as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = protocols;
        Ok(Some(Encryption { acceptor: TlsAcceptor::from(Arc::new(config)), upkeep }))
    }
}

impl Upkeep {
    /// For ever.
    pub(crate) async fn keep_fresh(self) {
        match self {
            Upkeep::Files(files) => files.keep_fresh().await,
            Upkeep::Authority(keeper) => keeper.keep_fresh().await,
        }
    }

    /// What the authority may ask for over plain HTTP.
    pub(crate) fn challenges(&self) -> Option<Arc<Challenges>> {
        match self {
            Upkeep::Files(_) => None,
            Upkeep::Authority(keeper) => Some(keeper.challenges()),
        }
    }
}

/// Whether a connection was a question of the authority, answered by its handshake alone (RFC 8737
/// §3): nothing may follow.
pub(crate) fn is_challenge(stream: &TlsStream<impl AsyncRead + AsyncWrite + Unpin>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(ACME_TLS)
}

/// RFC 8737 §6.2.
const ACME_TLS: &[u8] = b"acme-tls/1";
