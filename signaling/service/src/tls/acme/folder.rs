//! What is kept of an authority: the account, the certificate with its key, how it stands.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use instant_acme::AccountCredentials;
use ring::digest::{SHA256, digest};
use rustls::{crypto::ring as provider, sign::CertifiedKey};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use serde::{Deserialize, Serialize};

use crate::{
    StoreError, TlsError,
    store::{make_private_dir, write_private},
    tls::{CertificateFacts, CertificateStatus, status::STATUS_FILE},
};

/// The folder, readable by its owner alone.
pub(super) struct Folder {
    dir: PathBuf,
}

/// The account at one authority.
#[derive(Serialize, Deserialize)]
pub(super) struct AccountRecord {
    pub(super) directory: String,
    /// As the authority was told it last.
    pub(super) email: Option<String>,
    pub(super) credentials: AccountCredentials,
}

/// A certificate that can be shown.
pub(super) struct Held {
    pub(super) certified: CertifiedKey,
    pub(super) facts: CertificateFacts,
    /// SHA-256 of the leaf.
    pub(super) fingerprint: Arc<[u8]>,
}

impl Folder {
    pub(super) fn open(dir: &Path) -> Result<Folder, StoreError> {
        make_private_dir(dir)?;
        Ok(Folder { dir: dir.to_owned() })
    }

    /// `None` if there is none.
    pub(super) fn read_certificate(&self) -> Result<Option<Held>, TlsError> {
        let path = self.certificate();
        match fs::read_to_string(&path) {
            Ok(pem) => Held::parse(&pem, &path).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(TlsError::Keep(StoreError::File { path, source })),
        }
    }

    /// The key and the chain in one file, so that they can never be of two certificates.
    pub(super) fn write_certificate(&self, pem: &str) -> Result<(), StoreError> {
        write_private(&self.certificate(), pem.as_bytes())
    }

    /// `None` if there is none that can be used: another is made then.
    pub(super) fn read_account(&self) -> Option<AccountRecord> {
        serde_json::from_slice(&fs::read(self.account()).ok()?).ok()
    }

    pub(super) fn write_account(&self, record: &AccountRecord) -> Result<(), StoreError> {
        let path = self.account();
        let bytes = serde_json::to_vec_pretty(record).map_err(|error| {
            let source = io::Error::new(io::ErrorKind::InvalidData, error);
            StoreError::File { path: path.clone(), source }
        })?;
        write_private(&path, &bytes)
    }

    pub(super) fn read_status(&self) -> CertificateStatus {
        CertificateStatus::read_file_or_begin(&self.dir.join(STATUS_FILE))
    }

    pub(super) fn write_status(&self, status: &CertificateStatus) -> Result<(), StoreError> {
        status.write_file(&self.dir.join(STATUS_FILE))
    }

    fn certificate(&self) -> PathBuf {
        self.dir.join("certificate.pem")
    }

    fn account(&self) -> PathBuf {
        self.dir.join("account.json")
    }
}

impl Held {
    /// From a key and a chain in PEM; `path` is what errors name.
    pub(super) fn parse(pem: &str, path: &Path) -> Result<Held, TlsError> {
        let unreadable = |source| TlsError::File { path: path.to_owned(), source };
        let chain = CertificateDer::pem_slice_iter(pem.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(unreadable)?;
        let leaf = chain.first().ok_or_else(|| TlsError::Empty { path: path.to_owned() })?;
        let facts = CertificateFacts::of(leaf)?;
        let fingerprint = Arc::from(digest(&SHA256, leaf).as_ref());
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(unreadable)?;
        let certified = CertifiedKey::from_der(chain, key, &provider::default_provider())
            .map_err(TlsError::Pair)?;
        Ok(Held { certified, facts, fingerprint })
    }
}
