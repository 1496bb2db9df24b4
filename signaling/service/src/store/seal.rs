//! The key that guest secrets are kept under (AES-256-GCM), in a file of its own beside the store,
//! so that a stolen database alone opens no room.

use std::{fs, io::ErrorKind, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use protocol::RoomName;

use super::{
    StoreError, file_error, private_draft,
    random::{LinkSecret, NoRandomness, random_bytes},
};

/// Seals secrets of guest links.
pub(super) struct SealingKey(LessSafeKey);

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
        Ok(SealingKey(LessSafeKey::new(key)))
    }

    /// Nonce, then the sealed secret with its tag. Bound to the room, so that it opens no other.
    pub(super) fn seal(
        &self,
        room: &RoomName,
        secret: &LinkSecret,
    ) -> Result<Vec<u8>, NoRandomness> {
        // 2^32 seals under one key stay far below GCM's bound for random nonces (NIST SP 800-38D
        // §8.3); a store makes one a room.
        let nonce = random_bytes::<NONCE_LEN>()?;
        let mut sealed = secret.as_bytes().to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(room.as_str().as_bytes()),
                &mut sealed,
            )
            .map_err(|_| NoRandomness)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The secret, or `None` if it was sealed under another key or for another room.
    pub(super) fn unseal(&self, room: &RoomName, sealed: &[u8]) -> Option<LinkSecret> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let mut sealed = sealed.to_vec();
        let opened = self
            .0
            .open_in_place(
                Nonce::try_assume_unique_for_key(nonce).ok()?,
                Aad::from(room.as_str().as_bytes()),
                &mut sealed,
            )
            .ok()?;
        opened.try_into().ok().map(LinkSecret::from_bytes)
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
