//! The key that guest secrets, codes and names of those who are banned are kept under
//! (AES-256-GCM), in a file of its own beside the store, so that a stolen database alone opens no
//! room. A second key is made of it, by which browsers are known (HMAC-SHA-256).

use std::{fs, io::ErrorKind, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};
use signaling_core::BrowserKey;

use protocol::RoomName;

use super::{
    StoreError, file_error, private_draft,
    random::{NoRandomness, random_bytes},
};

/// Seals what the store shall know and nobody who reads its file.
pub(super) struct SealingKey {
    sealing: LessSafeKey,
    naming: hmac::Key,
}

/// What is sealed. Each opens as itself alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sealed {
    /// The secret of the guest link.
    GuestSecret,
    /// The code.
    Code,
    /// What somebody called themselves who is kept out.
    BannedName,
}

impl SealingKey {
    /// Reads the key; makes it, readable by its owner alone, if it is absent.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                create(path, &STANDARD.encode(random_bytes::<KEY_LENGTH>()?))?;
                // Another process may have been first; its key is the one.
                fs::read_to_string(path).map_err(file_error(path))?
            }
            Err(error) => return Err(file_error(path)(error)),
        };
        let bytes = STANDARD.decode(text.trim()).unwrap_or_default();
        let key = UnboundKey::new(&AES_256_GCM, &bytes)
            .map_err(|_| StoreError::BadKey { path: path.to_owned() })?;
        let naming = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &bytes), b"browsers");
        Ok(SealingKey {
            sealing: LessSafeKey::new(key),
            naming: hmac::Key::new(hmac::HMAC_SHA256, naming.as_ref()),
        })
    }

    /// What a browser is known by to one room, and to no other one.
    pub(super) fn name(&self, room: &RoomName, browser: &str) -> BrowserKey {
        // No room's name holds a colon.
        let tag = hmac::sign(&self.naming, format!("{room}:{browser}").as_bytes());
        let mut key = [0; 16];
        key.copy_from_slice(&tag.as_ref()[..16]);
        BrowserKey(key)
    }

    /// Nonce, then the sealed text with its tag. Bound to the room, so that it opens no other.
    pub(super) fn seal(
        &self,
        room: &RoomName,
        what: Sealed,
        text: &[u8],
    ) -> Result<Vec<u8>, NoRandomness> {
        // 2^32 seals under one key stay far below GCM's bound for random nonces (NIST SP 800-38D
        // §8.3); a store makes two a room, and one a ban.
        let nonce = random_bytes::<NONCE_LEN>()?;
        let mut sealed = text.to_vec();
        self.sealing
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(binding(room, what).as_bytes()),
                &mut sealed,
            )
            .map_err(|_| NoRandomness)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The text, or `None` if it was sealed under another key, for another room or as something
    /// else.
    pub(super) fn unseal(&self, room: &RoomName, what: Sealed, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let mut sealed = sealed.to_vec();
        let opened = self
            .sealing
            .open_in_place(
                Nonce::try_assume_unique_for_key(nonce).ok()?,
                Aad::from(binding(room, what).as_bytes()),
                &mut sealed,
            )
            .ok()?;
        Some(opened.to_vec())
    }
}

/// No room's name holds a colon, so nothing opens as something else.
fn binding(room: &RoomName, what: Sealed) -> String {
    match what {
        Sealed::GuestSecret => room.to_string(),
        Sealed::Code => format!("{room}:code"),
        Sealed::BannedName => format!("{room}:banned"),
    }
}

const KEY_LENGTH: usize = 32;

/// Writes beside and links into place: nobody ever reads half a key, and the first one wins.
fn create(path: &Path, text: &str) -> Result<(), StoreError> {
    let draft = private_draft(path, text.as_bytes())?;
    let linked = match fs::hard_link(&draft, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => Ok(()),
    };
    fs::remove_file(&draft).and(linked).map_err(file_error(path))
}
