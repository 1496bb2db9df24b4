//! HMAC-SHA1 (RFC 2104) with the key absorbed once: STUN's MESSAGE-INTEGRITY and SRTP's AES-CM
//! profile.
//!
//! It never allocates: a tag costs two copies of a 96-byte hash state.

use std::{fmt, hint::black_box};

use sha1::{Digest, Sha1};

/// Bytes of a SHA-1 block (FIPS 180-4 §1).
const BLOCK_LENGTH: usize = 64;

/// Bytes of an HMAC-SHA1 tag.
pub(crate) const TAG_LENGTH: usize = 20;

/// A key as the hash states after its inner and outer block.
#[derive(Clone)]
pub(crate) struct HmacSha1Key {
    inner: Sha1,
    outer: Sha1,
}

impl HmacSha1Key {
    /// Absorbs a key of any length.
    pub(crate) fn new(key: &[u8]) -> Self {
        let mut block = [0; BLOCK_LENGTH];
        if key.len() > BLOCK_LENGTH {
            block[..TAG_LENGTH].copy_from_slice(&Sha1::digest(key));
        } else {
            block[..key.len()].copy_from_slice(key);
        }
        HmacSha1Key {
            inner: Sha1::new_with_prefix(block.map(|b| b ^ 0x36)),
            outer: Sha1::new_with_prefix(block.map(|b| b ^ 0x5C)),
        }
    }

    /// The tag over the concatenation of `head` and `body`.
    pub(crate) fn tag(&self, head: &[u8], body: &[u8]) -> [u8; TAG_LENGTH] {
        let inner = self.inner.clone().chain_update(head).chain_update(body);
        self.outer.clone().chain_update(inner.finalize()).finalize().into()
    }
}

impl fmt::Debug for HmacSha1Key {
    /// A key does not print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<key>")
    }
}

/// Compares without telling by its time where the first difference is.
pub(crate) fn equal_in_constant_time(a: &[u8], b: &[u8]) -> bool {
    let pairs = a.iter().zip(b);
    let difference = pairs.fold(0, |all, (x, y)| black_box(all | (x ^ y)));
    a.len() == b.len() && difference == 0
}

#[cfg(test)]
mod tests;
