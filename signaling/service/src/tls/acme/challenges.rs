//! Answers to the questions by which an authority makes sure that a name is ours.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, PoisonError, RwLock},
};

use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::{crypto::ring, sign::CertifiedKey};
use rustls_pki_types::PrivatePkcs8KeyDer;

use crate::TlsError;

/// Answers that may be asked for, each only while its order is open: one for each name of it.
#[derive(Default)]
pub(crate) struct Challenges {
    /// TLS-ALPN-01 (RFC 8737), by name in lower case.
    certificates: RwLock<HashMap<String, Arc<CertifiedKey>>>,
    /// HTTP-01 (RFC 8555 §8.3), by token.
    texts: RwLock<HashMap<String, Arc<str>>>,
}

/// Keeps an answer available until it is dropped.
pub(super) struct Offer {
    challenges: Arc<Challenges>,
    /// A name or a token.
    key: String,
}

impl Challenges {
    pub(crate) fn certificate(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        look_up(&self.certificates, &name.to_ascii_lowercase())
    }

    pub(crate) fn text(&self, token: &str) -> Option<Arc<str>> {
        look_up(&self.texts, token)
    }

    /// Answers TLS-ALPN-01 for a name with the digest of a key authorization, of 32 bytes.
    pub(super) fn offer_certificate(
        self: &Arc<Self>,
        name: &str,
        digest: &[u8],
    ) -> Result<Offer, TlsError> {
        let name = name.to_ascii_lowercase();
        let mut params = CertificateParams::new([name.clone()])?;
        params.distinguished_name = DistinguishedName::new();
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        let pair = KeyPair::generate()?;
        let certificate = params.self_signed(&pair)?;
        let private = PrivatePkcs8KeyDer::from(pair.serialize_der()).into();
        let key = ring::default_provider().key_provider.load_private_key(private);
        // It is not checked against its key: its critical extension stops rustls from parsing it.
        let chain = vec![certificate.der().clone()];
        let key = CertifiedKey::new(chain, key.map_err(TlsError::Pair)?);
        insert(&self.certificates, name.clone(), Arc::new(key));
        Ok(Offer { challenges: Arc::clone(self), key: name })
    }

    /// Answers HTTP-01 for a token.
    pub(super) fn offer_text(self: &Arc<Self>, token: &str, text: &str) -> Offer {
        insert(&self.texts, token.to_owned(), Arc::from(text));
        Offer { challenges: Arc::clone(self), key: token.to_owned() }
    }
}

impl Drop for Offer {
    fn drop(&mut self) {
        // A token never looks like one of our names: base64url has no dots.
        let Challenges { certificates, texts } = &*self.challenges;
        certificates.write().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
        texts.write().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

fn look_up<V: Clone>(table: &RwLock<HashMap<String, V>>, key: &str) -> Option<V> {
    table.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
}

fn insert<K: Hash + Eq, V>(table: &RwLock<HashMap<K, V>>, key: K, value: V) {
    table.write().unwrap_or_else(PoisonError::into_inner).insert(key, value);
}
