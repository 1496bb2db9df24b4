//! Encryption of the listener: certificates from files, read again when they change, or one of our
//! own for a local network.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tokio_rustls::TlsAcceptor;

use crate::{
    TlsMode,
    store::{ErrorChain, make_private_dir, write_private},
};

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
    /// The chain and the key do not belong together, or are of a kind that is not supported.
    #[error("the certificate and the key cannot be used together")]
    Pair(#[source] rustls::Error),
    /// A certificate of our own cannot be made.
    #[error("cannot make a certificate")]
    SelfSigned(#[from] rcgen::Error),
    /// A certificate of our own cannot be kept.
    #[error("cannot keep the certificate")]
    Keep(#[source] crate::StoreError),
}

/// How often the files are looked at.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// The listener's side of TLS, and the task that keeps its certificate fresh.
pub(crate) struct Encryption {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) certificate: Arc<Certificate>,
}

/// The certificate that is shown, and where it comes from.
#[derive(Debug)]
pub(crate) struct Certificate {
    files: Files,
    current: RwLock<Arc<CertifiedKey>>,
}

#[derive(Clone, Debug)]
struct Files {
    chain: PathBuf,
    key: PathBuf,
}

/// What tells that files have changed.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl Encryption {
    /// `None` if the listener is plain.
    pub(crate) fn of(mode: &TlsMode, data_dir: &Path) -> Result<Option<Encryption>, TlsError> {
        let files = match mode {
            TlsMode::Off => return Ok(None),
            TlsMode::Files { certificate, key } => {
                Files { chain: certificate.clone(), key: key.clone() }
            }
            TlsMode::SelfSigned { names } => self_signed(&data_dir.join("tls"), names)?,
        };
        let provider = Arc::new(ring::default_provider());
        let certificate = Arc::new(Certificate {
            current: RwLock::new(Arc::new(load(&files, &provider)?)),
            files,
        });
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Pair)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&certificate) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Some(Encryption { acceptor: TlsAcceptor::from(Arc::new(config)), certificate }))
    }
}

impl Certificate {
    /// Reads the files again whenever they change, for ever. While they cannot be used, the old
    /// certificate stays; a key that is written after its chain is found at the next look.
    pub(crate) async fn keep_fresh(self: Arc<Self>) {
        let provider = ring::default_provider();
        let mut used = self.files.stamp();
        let mut refused = None;
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            let stamp = self.files.stamp();
            if stamp == used || refused == Some(stamp) {
                continue;
            }
            match load(&self.files, &provider) {
                Ok(key) => {
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
                    used = stamp;
                    refused = None;
                    tracing::info!("the certificate was read again");
                }
                Err(error) => {
                    let error = ErrorChain(&error);
                    tracing::error!(%error, "the old certificate stays in use");
                    refused = Some(stamp);
                }
            }
        }
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&current))
    }
}

impl Files {
    fn stamp(&self) -> Stamp {
        [&self.chain, &self.key].map(|path| {
            let metadata = fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        })
    }
}

fn load(files: &Files, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::File { path, source }
    };
    let chain = CertificateDer::pem_file_iter(&files.chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unreadable(&files.chain))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(unreadable(&files.key))?;
    CertifiedKey::from_der(chain, key, provider).map_err(TlsError::Pair)
}

/// The certificate of our own: made once, so that whoever has accepted it is not asked again.
/// Deleting the folder makes a new one, for example for new names.
fn self_signed(dir: &Path, names: &[String]) -> Result<Files, TlsError> {
    let files = Files { chain: dir.join("self-signed.pem"), key: dir.join("self-signed.key") };
    if files.chain.exists() && files.key.exists() {
        return Ok(files);
    }
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Preau, self-signed");
    let (begin, years) = (SystemTime::now() - DAY, 10);
    params.not_before = begin.into();
    params.not_after = (begin + DAY * 365 * years).into();
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    make_private_dir(dir).map_err(TlsError::Keep)?;
    write_private(&files.key, key.serialize_pem().as_bytes()).map_err(TlsError::Keep)?;
    write_private(&files.chain, certificate.pem().as_bytes()).map_err(TlsError::Keep)?;
    Ok(files)
}

const DAY: Duration = Duration::from_secs(24 * 3600);
