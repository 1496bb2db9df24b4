//! A node's certificate and key.

use std::{fmt, sync::Arc};

use rtc_crypto::RTCCryptoProvider;
use rtc_dtls::crypto::Certificate;

use super::Fingerprint;

/// A self-signed certificate with its key (ECDSA P-256, RFC 8827 §6.5), the same for all sessions
/// of a node.
#[derive(Clone)]
pub struct Identity {
    pub(super) certificate: Certificate,
    pub(super) provider: Arc<dyn RTCCryptoProvider>,
    fingerprint: Fingerprint,
}

/// Why there is no identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no DTLS identity: {0}")]
pub struct IdentityError(String);

impl Identity {
    /// Makes a new one.
    ///
    /// # Errors
    /// [`IdentityError`] if the system has no random numbers.
    pub fn generate() -> Result<Self, IdentityError> {
        let provider = provider()?;
        let names = vec!["preau".to_owned()];
        let certificate =
            Certificate::generate_self_signed(names, provider.crypto()).map_err(reason)?;
        Identity::from_parts(certificate, provider)
    }

    /// Takes up what [`Identity::to_pem`] wrote.
    ///
    /// # Errors
    /// [`IdentityError`] if it is anything else.
    pub fn from_pem(pem: &str) -> Result<Self, IdentityError> {
        let provider = provider()?;
        let certificate = Certificate::from_pem(pem, provider.crypto()).map_err(reason)?;
        Identity::from_parts(certificate, provider)
    }

    /// The certificate and its secret key, to be stored where only the node can read it.
    ///
    /// # Errors
    /// [`IdentityError`] if the key does not let itself be exported.
    pub fn to_pem(&self) -> Result<String, IdentityError> {
        self.certificate.serialize_pem().map_err(reason)
    }

    /// What the answer's SDP says of it.
    #[must_use]
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    fn from_parts(
        certificate: Certificate,
        provider: Arc<dyn RTCCryptoProvider>,
    ) -> Result<Self, IdentityError> {
        let first = certificate.certificate.first();
        let der = first.ok_or_else(|| IdentityError("the PEM has no certificate".to_owned()))?;
        let fingerprint = Fingerprint::of_certificate(der);
        Ok(Identity { certificate, provider, fingerprint })
    }
}

impl fmt::Debug for Identity {
    /// The key does not print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Identity").field(&self.fingerprint).finish()
    }
}

fn provider() -> Result<Arc<dyn RTCCryptoProvider>, IdentityError> {
    rtc_crypto::default_provider().map_err(reason)
}

fn reason(error: impl fmt::Display) -> IdentityError {
    IdentityError(error.to_string())
}
