//! Certificates of an authority that speaks ACME (RFC 8555), proven by TLS-ALPN-01 (RFC 8737) or
//! HTTP-01.
//!
//! [`Keeper`] shows what is kept in its folder, and asks for a new certificate when [`plan`] says
//! so. It never takes away a certificate that it shows: while the authority is down, or refuses,
//! the old one stays, even past its end. The first certificate has none before it; until it has
//! come, handshakes are refused, because one of our own would be a warning that people learn to
//! accept.
//! Attempts are written down before they are made, so that a program that crashes and restarts
//! cannot overrun the limits of the authority. Tests: `plan/tests.rs`, `fault/tests.rs`,
//! `tests/it/acme.rs` (against a real authority).

mod authority;
mod challenges;
mod fault;
mod folder;
mod order;
mod plan;

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::http::Uri;
use ring::digest;
use tokio::time;

use super::{CertificateFacts, CertificateStatus, Failure, TlsError, shown::Shown};
use crate::store::ErrorChain;
use authority::AuthorityClient;
use fault::Failed;
use folder::{Folder, Held};
use plan::{History, Life};

pub(crate) use challenges::Challenges;
pub use fault::Fault;

/// A certificate of an authority. Who configures it accepts the authority's terms of service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acme {
    /// Host names, in lower case, all in one certificate: at least one.
    pub domains: Vec<String>,
    /// Where the authority may write to about trouble with certificates.
    pub email: Option<String>,
    /// Whom to ask.
    pub directory: Directory,
    /// A root in PEM by which a private authority's own HTTPS is known, besides Mozilla's.
    pub root: Option<PathBuf>,
    /// How names are proven.
    pub challenge: AcmeChallenge,
}

/// How the authority makes sure that a name leads here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcmeChallenge {
    /// By a TLS handshake on port 443: on the listener that people use.
    TlsAlpn01,
    /// By an HTTP request on port 80: on [`crate::Service::with_plain_listener`].
    Http01,
}

/// The address at which an authority lists what it offers (RFC 8555 §7.1.1). Its default is Let's
/// Encrypt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory(String);

/// Why a text is not a [`Directory`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the https:// address of an ACME directory, such as {LETS_ENCRYPT}")]
pub struct BadDirectory;

impl Directory {
    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Directory {
    fn default() -> Self {
        Directory(LETS_ENCRYPT.to_owned())
    }
}

impl FromStr for Directory {
    type Err = BadDirectory;

    fn from_str(text: &str) -> Result<Self, BadDirectory> {
        let uri: Uri = text.parse().map_err(|_| BadDirectory)?;
        let is_https = uri.scheme_str() == Some("https");
        let has_host = uri.host().is_some_and(|host| !host.is_empty());
        if is_https && has_host { Ok(Directory(text.to_owned())) } else { Err(BadDirectory) }
    }
}

impl fmt::Display for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// For an attempt as a whole.
const ATTEMPT_TIME_MAX: Duration = Duration::from_secs(300);

/// How long to wait where an authority says that it is too much, and not until when.
const LIMITED_TIME_MIN: Duration = Duration::from_secs(3600);

/// How often the clock is looked at: it may be set, and machines sleep.
const LOOK_INTERVAL: Duration = Duration::from_secs(30);

/// Keeps the certificate of an authority fresh.
pub(crate) struct Keeper {
    acme: Acme,
    folder: Folder,
    client: AuthorityClient,
    shown: Arc<Shown>,
    in_use: Option<InUse>,
    history: History,
    last_failure: Option<Failure>,
    published: CertificateStatus,
}

/// The certificate that is shown.
struct InUse {
    facts: CertificateFacts,
    fingerprint: Arc<[u8]>,
    /// The directory of its authority, if that is known.
    issued_by: Option<String>,
}

impl Keeper {
    /// Shows the certificate that is kept, if there is one.
    pub(super) fn open(
        acme: &Acme,
        dir: &Path,
        shown: &Arc<Shown>,
        now: SystemTime,
    ) -> Result<Keeper, TlsError> {
        let client = AuthorityClient::new(acme.root.as_deref())?;
        let folder = Folder::open(dir).map_err(TlsError::Keep)?;
        let status = folder.read_status();
        let kept = folder.read_certificate().unwrap_or_else(|error| {
            tracing::error!(error = %ErrorChain(&error), "the kept certificate is asked for anew");
            None
        });
        let mut keeper = Keeper {
            acme: acme.clone(),
            folder,
            client,
            shown: Arc::clone(shown),
            in_use: None,
            history: History::restored(
                status.attempts.clone(),
                status.asked_to_wait_until,
                status.last_success,
            ),
            last_failure: status.last_failure.clone(),
            published: status.clone(),
        };
        match kept {
            Some(held) => {
                keeper.show(held, status.issued_by);
                keeper.tell_flaw(now);
            }
            None => tracing::warn!(
                "there is no certificate yet: HTTPS is refused until the authority has issued one"
            ),
        }
        Ok(keeper)
    }

    pub(super) fn challenges(&self) -> Arc<Challenges> {
        Arc::clone(self.shown.challenges())
    }

    /// Asks the authority whenever it is time to, for ever.
    pub(super) async fn keep_fresh(mut self) {
        loop {
            let now = SystemTime::now();
            let next = plan::next_attempt(now, self.life(), &self.history, self.spread());
            match next.duration_since(now) {
                Ok(wait) if !wait.is_zero() => {
                    self.publish(next);
                    time::sleep(wait.min(LOOK_INTERVAL)).await;
                }
                Ok(_) | Err(_) => self.attempt(now).await,
            }
        }
    }

    async fn attempt(&mut self, now: SystemTime) {
        self.history.begin(now);
        let noted = self.folder.write_status(&self.status(now));
        let issued = match noted {
            Err(error) => Err(Failed::new(Fault::Storage, ErrorChain(&error).to_string())),
            Ok(()) => match time::timeout(ATTEMPT_TIME_MAX, self.issue()).await {
                Ok(issued) => issued,
                Err(_) => Err(Failed::new(Fault::AuthorityUnreachable, "it takes too long")),
            },
        };
        let now = SystemTime::now();
        match issued {
            Ok(held) => self.succeed(now, held),
            Err(failed) => self.fail(now, failed),
        }
    }

    async fn issue(&self) -> Result<Held, Failed> {
        let Keeper { acme, folder, client, .. } = self;
        let challenges = self.shown.challenges();
        let account = order::account(acme, folder, client).await?;
        let pem = match order::certificate(&account, acme, challenges).await {
            // An authority may forget accounts; ours has nothing in it that would be missed.
            Err(failed) if failed.is_account_unknown => {
                let account = order::register(acme, folder, client).await?;
                order::certificate(&account, acme, challenges).await?
            }
            other => other?,
        };
        let unusable =
            |error: TlsError| Failed::new(Fault::Unusable, ErrorChain(&error).to_string());
        let held = Held::parse(&pem, Path::new("certificate.pem")).map_err(unusable)?;
        if !acme.domains.iter().all(|domain| held.facts.covers(domain)) {
            return Err(Failed::new(Fault::Unusable, "it is for other names"));
        }
        folder
            .write_certificate(&pem)
            .map_err(|error| Failed::new(Fault::Storage, ErrorChain(&error).to_string()))?;
        Ok(held)
    }

    fn succeed(&mut self, now: SystemTime, held: Held) {
        self.show(held, Some(self.acme.directory.to_string()));
        self.history.succeed(now);
        self.last_failure = None;
        self.shown.metrics().certificate_issued();
        let domains = self.acme.domains.join(", ");
        tracing::info!(domains, "the authority issued a certificate");
        // The clocks of browsers may well be right where ours is not.
        self.tell_flaw(now);
    }

    fn fail(&mut self, now: SystemTime, failed: Failed) {
        let is_limited = failed.fault == Fault::RateLimited;
        let asked = self.client.take_retry_after();
        let retry_after = asked.or(is_limited.then_some(LIMITED_TIME_MIN));
        self.history.fail(now, retry_after);
        let Failed { fault, name, detail, .. } = failed;
        self.shown.metrics().certificate_not_issued();
        let next = plan::next_attempt(now, self.life(), &self.history, self.spread());
        let retry_in = next.duration_since(now).unwrap_or_default();
        let retry_in = Duration::from_secs(retry_in.as_secs());
        let name = name.as_deref();
        let cause = fault.advice(self.acme.challenge);
        // The detail may hold addresses; it is in the status file.
        tracing::debug!(detail, "what the authority says");
        match &self.in_use {
            Some(InUse { facts, .. }) if now + facts.length() / 6 < facts.ends => {
                tracing::warn!(name, cause, ?retry_in, "the certificate was not renewed yet");
            }
            Some(_) => {
                tracing::error!(name, cause, ?retry_in, "the certificate was not renewed");
            }
            None => tracing::error!(name, cause, ?retry_in, "no certificate was issued"),
        }
        let name = name.map(str::to_owned);
        self.last_failure = Some(Failure { at: now, fault, name, detail });
    }

    fn show(&mut self, held: Held, issued_by: Option<String>) {
        let Held { certified, facts, fingerprint } = held;
        self.shown.show(certified, &facts);
        self.in_use = Some(InUse { facts, fingerprint, issued_by });
    }

    fn tell_flaw(&self, now: SystemTime) {
        let in_use = self.in_use.as_ref();
        if let Some(flaw) = in_use.and_then(|in_use| in_use.facts.flaw(now, None)) {
            tracing::error!(cause = flaw.advice(), "browsers refuse the certificate");
        }
    }

    fn life(&self) -> Option<Life> {
        let InUse { facts, issued_by, .. } = self.in_use.as_ref()?;
        let directory = self.acme.directory.as_str();
        let is_wanted = self.acme.domains.iter().all(|domain| facts.covers(domain))
            && issued_by.as_ref().is_none_or(|issuer| issuer == directory);
        Some(Life { begins: facts.begins, length: facts.length(), is_wanted })
    }

    /// Differs from site to site and from attempt to attempt, and survives a restart.
    fn spread(&self) -> f64 {
        let mut context = digest::Context::new(&digest::SHA256);
        match &self.in_use {
            Some(in_use) => context.update(&in_use.fingerprint),
            None => context.update(self.acme.domains.join(",").as_bytes()),
        }
        context.update(&self.history.failures().to_be_bytes());
        let first = context.finish().as_ref().first().copied();
        f64::from(first.unwrap_or(0)) / f64::from(u8::MAX)
    }

    /// Writes down how it stands, where that has changed.
    fn publish(&mut self, next: SystemTime) {
        let status = self.status(next);
        if status == self.published {
            return;
        }
        if let Err(error) = self.folder.write_status(&status) {
            tracing::error!(error = %ErrorChain(&error), "the status file cannot be written");
        }
        self.published = status;
    }

    fn status(&self, next_attempt: SystemTime) -> CertificateStatus {
        let in_use = self.in_use.as_ref();
        CertificateStatus {
            directory: self.acme.directory.to_string(),
            names: self.acme.domains.clone(),
            begins: in_use.map(|in_use| in_use.facts.begins),
            ends: in_use.map(|in_use| in_use.facts.ends),
            issued_by: in_use.and_then(|in_use| in_use.issued_by.clone()),
            last_success: self.history.last_success(),
            last_failure: self.last_failure.clone(),
            next_attempt: Some(next_attempt),
            asked_to_wait_until: self.history.asked_to_wait_until(),
            attempts: self.history.attempts().to_vec(),
        }
    }
}
