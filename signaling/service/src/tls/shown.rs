//! The certificate that handshakes are answered with.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::{ACME_TLS, acme::Challenges, facts::CertificateFacts};
use crate::metrics::Metrics;

/// Shows the current certificate, and to an authority that asks, the answer to its question.
pub(super) struct Shown {
    current: RwLock<Option<Presented>>,
    challenges: Arc<Challenges>,
    metrics: Metrics,
}

struct Presented {
    key: Arc<CertifiedKey>,
    facts: CertificateFacts,
}

impl Shown {
    pub(super) fn new(metrics: Metrics) -> Self {
        Shown { current: RwLock::new(None), challenges: Arc::new(Challenges::default()), metrics }
    }

    /// From the next handshake on. Connections that are open go on with what they have.
    pub(super) fn show(&self, key: CertifiedKey, facts: &CertificateFacts) {
        self.metrics.set_certificate_end(facts.ends);
        let presented = Presented { key: Arc::new(key), facts: facts.clone() };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(presented);
    }

    pub(super) fn challenges(&self) -> &Arc<Challenges> {
        &self.challenges
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}

impl ResolvesServerCert for Shown {
    /// `None` refuses the handshake: while an authority has issued nothing yet, a certificate of
    /// our own would only teach people to accept a warning.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name();
        // RFC 8737 §3: such a question offers this protocol and no other.
        let is_challenge = hello.alpn().is_some_and(|mut offered| {
            offered.next() == Some(ACME_TLS) && offered.next().is_none()
        });
        if is_challenge {
            return self.challenges.certificate(name?);
        }
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let presented = current.as_ref()?;
        // It is shown all the same: the browser's warning then says which names it is for.
        if name.is_some_and(|name| !presented.facts.covers(name)) {
            self.metrics.foreign_names.inc();
        }
        Some(Arc::clone(&presented.key))
    }
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shown").finish_non_exhaustive()
    }
}
