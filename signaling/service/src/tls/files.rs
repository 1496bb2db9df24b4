//! A certificate in files: read at the start, and again when they change.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::{crypto::ring, sign::CertifiedKey};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

use super::{
    TlsError,
    facts::{CertificateFacts, Flaw},
    shown::Shown,
};
use crate::store::{ErrorChain, make_private_dir, write_private};

/// How often the files are looked at.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// How often the log repeats that browsers refuse the certificate.
const REMINDER_INTERVAL: Duration = DAY;

/// When the end of a certificate that somebody else should have renewed is worth a warning; a sixth
/// of its time where that is less. Certbot renews when a third is left.
const END_NEAR: Duration = DAY.saturating_mul(2);

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A chain and its key, and the certificate in them that is shown.
pub(crate) struct Files {
    chain: PathBuf,
    key: PathBuf,
    /// By what name people call this site, where that is known.
    host: Option<String>,
    facts: CertificateFacts,
    used: Stamp,
    shown: Arc<Shown>,
}

/// What tells that files have changed.
type Stamp = [Option<(SystemTime, u64)>; 2];

/// What is wrong with a certificate that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Concern {
    Flaw(Flaw),
    EndsSoon,
}

impl Files {
    /// Reads the files and shows what they hold, whatever browsers will say about it.
    pub(super) fn open(
        chain: &Path,
        key: &Path,
        host: Option<String>,
        shown: &Arc<Shown>,
    ) -> Result<Files, TlsError> {
        let used = stamp(chain, key);
        let (certified, facts) = load(chain, key)?;
        shown.show(certified, &facts);
        let (chain, key, shown) = (chain.to_owned(), key.to_owned(), Arc::clone(shown));
        Ok(Files { chain, key, host, facts, used, shown })
    }

    /// Reads the files again whenever they change, for ever. While they cannot be used, the old
    /// certificate stays; a key that is written after its chain is found at the next look.
    pub(super) async fn keep_fresh(mut self) {
        let mut refused = None;
        let mut told: Option<(Concern, SystemTime)> = None;
        loop {
            let now = SystemTime::now();
            let concern = self.concern(now);
            let is_told = told.is_some_and(|(known, at)| {
                let age = now.duration_since(at).unwrap_or_default();
                Some(known) == concern && age < REMINDER_INTERVAL
            });
            if !is_told {
                told = concern.map(|concern| (concern, now));
                self.tell(concern);
            }
            tokio::time::sleep(POLL_INTERVAL).await;
            let stamp = stamp(&self.chain, &self.key);
            if stamp == self.used || refused == Some(stamp) {
                continue;
            }
            match load(&self.chain, &self.key) {
                Ok((key, facts)) => {
                    self.shown.show(key, &facts);
                    (self.facts, self.used, refused) = (facts, stamp, None);
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

    fn concern(&self, now: SystemTime) -> Option<Concern> {
        if let Some(flaw) = self.facts.flaw(now, self.host.as_deref()) {
            return Some(Concern::Flaw(flaw));
        }
        let ends_soon = now + END_NEAR.min(self.facts.length() / 6) > self.facts.ends;
        ends_soon.then_some(Concern::EndsSoon)
    }

    fn tell(&self, concern: Option<Concern>) {
        let names = self.facts.names.join(", ");
        match concern {
            None => {}
            Some(Concern::Flaw(flaw)) => {
                tracing::error!(names, cause = flaw.advice(), "browsers refuse the certificate");
            }
            Some(Concern::EndsSoon) => {
                let cause = "whatever should have renewed it has not: run it by hand and see";
                tracing::warn!(names, cause, "the certificate ends soon");
            }
        }
    }
}

fn stamp(chain: &Path, key: &Path) -> Stamp {
    [chain, key].map(|path| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    })
}

fn load(chain: &Path, key: &Path) -> Result<(CertifiedKey, CertificateFacts), TlsError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::File { path, source }
    };
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unreadable(chain))?;
    let leaf = certificates.first().ok_or_else(|| TlsError::Empty { path: chain.to_owned() })?;
    let facts = CertificateFacts::of(leaf)?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(unreadable(key))?;
    let certified = CertifiedKey::from_der(certificates, key, &ring::default_provider())
        .map_err(TlsError::Pair)?;
    Ok((certified, facts))
}

/// The chain and the key of our own certificate: made once, so that whoever has accepted it is not
/// asked again. Deleting the folder makes a new one, for example for new names.
pub(super) fn self_signed(dir: &Path, names: &[String]) -> Result<(PathBuf, PathBuf), TlsError> {
    let (chain, key_file) = (dir.join("self-signed.pem"), dir.join("self-signed.key"));
    if chain.exists() && key_file.exists() {
        return Ok((chain, key_file));
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
    write_private(&key_file, key.serialize_pem().as_bytes()).map_err(TlsError::Keep)?;
    write_private(&chain, certificate.pem().as_bytes()).map_err(TlsError::Keep)?;
    Ok((chain, key_file))
}
