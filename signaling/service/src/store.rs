//! What outlives the process: rooms, and the links that open them, in one SQLite file.
//!
//! A secret is never stored as it is: links are found by the SHA-256 of their secret, which is 128
//! random bits and so needs no slow hash. A guest's secret is kept besides under the key in
//! `secret.key`, so that hosts can be told it; so is the room's code. Of a browser that is kept out
//! of a room a keyed hash is stored, and under the key what its person called themselves. A call
//! that returned is on the disk: it survives `kill -9` and power loss. Calls block for the time of
//! a disk access; async callers go through `spawn_blocking`. Bounded by [`Store::ROOMS_MAX`] and
//! [`Store::BANS_PER_ROOM_MAX`]; tests in `store/tests.rs`.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ring::digest;
use rusqlite::{Connection, OptionalExtension as _, params};
use signaling_core::{Grant, LinkRefusal, Proof, RoomCode};

use protocol::{
    RoomName,
    client::{Role, order::Rules},
};

mod bans;
mod random;
mod schema;
mod seal;

pub use random::LinkSecret;
pub(crate) use random::{NoRandomness, random_bytes};
use random::{random_code, random_room_name};
use schema::{begin, connect, migrate};
use seal::{Sealed, SealingKey};

/// Rooms and links of one data folder. Clones share the file; other processes may have it open too.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    /// Apart from the reader, so that a join does not wait for the disk behind a room being made.
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
    key: SealingKey,
}

/// What a new room shall be. The default is a random name, and no end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRoom {
    /// Its name; `None` chooses a readable one that is free.
    pub name: Option<RoomName>,
    /// How long its links open it from the moment it is made; `None` is without end.
    pub lifetime: Option<Duration>,
    /// What guests may do whenever it comes to life; `None` leaves it to the site.
    pub rules: Option<Rules>,
}

/// A room just made. Its secrets cannot be had again but by making new links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreatedRoom {
    /// Its name.
    pub room: RoomName,
    /// Opens it as host.
    pub host: LinkSecret,
    /// Opens it as guest.
    pub guest: LinkSecret,
}

/// A room as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomRecord {
    /// Its name.
    pub room: RoomName,
    /// When it was made.
    pub created: SystemTime,
    /// When its links end.
    pub expires: Option<SystemTime>,
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A room of that name exists.
    #[error("a room of this name exists")]
    NameTaken,
    /// No room of that name exists.
    #[error("there is no room of this name")]
    UnknownRoom,
    /// [`Store::ROOMS_MAX`] rooms exist.
    #[error("the store holds as many rooms as it may")]
    Full,
    /// The file was written by a newer version of the program.
    #[error("the store has version {found}, this program knows versions up to {known}")]
    TooNew {
        /// Of the file.
        found: i64,
        /// The highest known.
        known: i64,
    },
    /// A file or folder could not be used.
    #[error("cannot use {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The key file does not hold a key.
    #[error("{} does not hold a key of 32 bytes in base64", path.display())]
    BadKey {
        /// Which.
        path: PathBuf,
    },
    /// The database refused.
    #[error("the database refused")]
    Database(#[from] rusqlite::Error),
    /// The rules of a room cannot be written, or read.
    #[error("the rules of a room are not understood")]
    BadRules(#[from] serde_json::Error),
    /// The operating system gave no random numbers.
    #[error("the operating system gives no random numbers")]
    Randomness,
}

impl From<NoRandomness> for StoreError {
    fn from(_: NoRandomness) -> Self {
        StoreError::Randomness
    }
}

impl Store {
    /// The most rooms that a store holds, ≈ 50 MB.
    pub const ROOMS_MAX: u32 = 100_000;

    /// How long an expired room is remembered, so that its links say "expired" and not "unknown".
    pub const EXPIRED_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

    /// The same for rooms that were made for less than such a time, such as those in which browsers
    /// test their connection: nobody has a link to one.
    pub const SHORT_LIVED_KEPT: Duration = Duration::from_secs(24 * 3600);

    /// Opens the store in a data folder; folder, file and key are made if absent.
    ///
    /// # Errors
    /// [`StoreError::File`], [`StoreError::BadKey`], [`StoreError::TooNew`] or
    /// [`StoreError::Database`].
    pub fn open(data_dir: &Path) -> Result<Store, StoreError> {
        make_private_dir(data_dir)?;
        let key = SealingKey::open(&data_dir.join("secret.key"))?;
        let path = data_dir.join("preau.sqlite");
        let mut writer = connect(&path)?;
        migrate(&mut writer)?;
        give_codes(&mut writer, &key)?;
        let reader = connect(&path)?;
        Ok(Store {
            shared: Arc::new(Shared {
                writer: Mutex::new(writer),
                reader: Mutex::new(reader),
                key,
            }),
        })
    }

    /// Makes a room with a host link and a guest link.
    ///
    /// # Errors
    /// [`StoreError::NameTaken`], [`StoreError::Full`], [`StoreError::Database`] or
    /// [`StoreError::Randomness`].
    pub fn create_room(&self, now: SystemTime, wish: &NewRoom) -> Result<CreatedRoom, StoreError> {
        let mut writer = self.writer();
        let transaction = begin(&mut writer)?;
        forget_expired(&transaction, now)?;
        let count: u32 =
            transaction.query_row("SELECT count(*) FROM rooms", [], |row| row.get(0))?;
        if count >= Self::ROOMS_MAX {
            return Err(StoreError::Full);
        }
        let key = &self.shared.key;
        let room = free_name(&transaction, wish.name.as_ref())?;
        let expires = wish.lifetime.map(|lifetime| seconds(now + lifetime));
        let rules = wish.rules.map(|rules| serde_json::to_string(&rules)).transpose()?;
        transaction.execute(
            "INSERT INTO rooms (name, created, expires, rules, code) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![room.as_str(), seconds(now), expires, rules, sealed_code(key, &room)?],
        )?;
        let host = self.insert_link(&transaction, now, &room, Role::Host)?;
        let guest = self.insert_link(&transaction, now, &room, Role::Guest)?;
        transaction.commit()?;
        Ok(CreatedRoom { room, host, guest })
    }

    /// Makes a new host link and revokes those before it. Who is in the room stays.
    ///
    /// # Errors
    /// [`StoreError::UnknownRoom`], [`StoreError::Database`] or [`StoreError::Randomness`].
    pub fn new_host_link(
        &self,
        now: SystemTime,
        room: &RoomName,
    ) -> Result<LinkSecret, StoreError> {
        let mut writer = self.writer();
        let transaction = begin(&mut writer)?;
        if !exists(&transaction, room)? {
            return Err(StoreError::UnknownRoom);
        }
        transaction.execute(
            "UPDATE links SET revoked = ?1 WHERE room = ?2 AND role = 'host' AND revoked IS NULL",
            params![seconds(now), room.as_str()],
        )?;
        let secret = self.insert_link(&transaction, now, room, Role::Host)?;
        transaction.commit()?;
        Ok(secret)
    }

    /// The secret of a room's guest link.
    ///
    /// # Errors
    /// [`StoreError::UnknownRoom`] if there is no such room, or its secret cannot be unsealed
    /// because the key file was lost; [`StoreError::Database`].
    pub fn guest_secret(&self, room: &RoomName) -> Result<LinkSecret, StoreError> {
        self.unsealed_guest_secret(&self.reader(), room)?.ok_or(StoreError::UnknownRoom)
    }

    /// Every room, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn rooms(&self) -> Result<Vec<RoomRecord>, StoreError> {
        let reader = self.reader();
        let mut statement =
            reader.prepare_cached("SELECT name, created, expires FROM rooms ORDER BY name")?;
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)))?;
        let mut records = Vec::new();
        for row in rows {
            let (name, created, expires): (String, i64, Option<i64>) = row?;
            // A name that is none was written by another program; it cannot be joined.
            let Ok(room) = RoomName::try_from(name) else {
                continue;
            };
            records.push(RoomRecord { room, created: time(created), expires: expires.map(time) });
        }
        Ok(records)
    }

    /// What a link's secret, or a room's code, opens to a browser. An unknown room and a wrong
    /// secret take the same way: the only look-up is by the secret's hash.
    ///
    /// # Errors
    /// The reason to refuse; [`LinkRefusal::Unavailable`] if the database fails.
    pub fn check(
        &self,
        now: SystemTime,
        room: &RoomName,
        proof: &Proof,
        browser: Option<&str>,
    ) -> Result<Grant, LinkRefusal> {
        let found = match proof {
            Proof::Secret(secret) => self.find_link(now, room, secret),
            Proof::Code(code) => self.find_code(now, room, *code),
        };
        let granted = match found {
            Ok(Ok(role)) => self.grant(room, role, browser),
            Ok(Err(refusal)) => return Err(refusal),
            Err(error) => Err(error),
        };
        granted.unwrap_or_else(|error| {
            tracing::error!(error = %ErrorChain(&error), "the store cannot be read");
            Err(LinkRefusal::Unavailable)
        })
    }

    /// Whether a write reaches the disk.
    ///
    /// # Errors
    /// [`StoreError::Database`] if not.
    pub fn check_writable(&self, now: SystemTime) -> Result<(), StoreError> {
        self.writer().execute(
            "INSERT INTO readiness (id, checked) VALUES (1, ?1)
             ON CONFLICT (id) DO UPDATE SET checked = excluded.checked",
            params![seconds(now)],
        )?;
        Ok(())
    }

    fn find_link(
        &self,
        now: SystemTime,
        room: &RoomName,
        secret: &str,
    ) -> Result<Result<Role, LinkRefusal>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "SELECT links.room, links.role, rooms.expires, links.revoked
             FROM links JOIN rooms ON rooms.name = links.room WHERE links.hash = ?1",
        )?;
        let found = statement
            .query_row(params![hash(secret)], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        let Some((of_room, role, expires, revoked)) = found else {
            return Ok(Err(LinkRefusal::Unknown));
        };
        let (of_room, role): (String, String) = (of_room, role);
        let (expires, revoked): (Option<i64>, Option<i64>) = (expires, revoked);
        if of_room != room.as_str() {
            return Ok(Err(LinkRefusal::Unknown));
        }
        if is_over(now, expires) || revoked.is_some() {
            return Ok(Err(LinkRefusal::Expired));
        }
        Ok(Ok(if role == HOST { Role::Host } else { Role::Guest }))
    }

    fn find_code(
        &self,
        now: SystemTime,
        room: &RoomName,
        code: RoomCode,
    ) -> Result<Result<Role, LinkRefusal>, StoreError> {
        let found = self
            .reader()
            .prepare_cached("SELECT code, expires FROM rooms WHERE name = ?1")?
            .query_row(params![room.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (sealed, expires): (Option<Vec<u8>>, Option<i64>) = found.unwrap_or_default();
        if sealed.and_then(|sealed| self.unsealed_code(room, &sealed)) != Some(code) {
            return Ok(Err(LinkRefusal::Unknown));
        }
        Ok(if is_over(now, expires) { Err(LinkRefusal::Expired) } else { Ok(Role::Guest) })
    }

    /// All that somebody of that role is given, unless their browser is kept out.
    fn grant(
        &self,
        room: &RoomName,
        role: Role,
        browser: Option<&str>,
    ) -> Result<Result<Grant, LinkRefusal>, StoreError> {
        let reader = self.reader();
        let browser = browser.map(|browser| self.shared.key.name(room, browser));
        let (sealed, rules) = reader
            .prepare_cached("SELECT code, rules FROM rooms WHERE name = ?1")?
            .query_row(params![room.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (sealed, rules): (Option<Vec<u8>>, Option<String>) = (sealed, rules);
        let rules = rules.map(|rules| serde_json::from_str(&rules)).transpose()?;
        let grant = Grant { rules, browser, ..Grant::of(role) };
        if role == Role::Guest {
            let is_banned = reader
                .prepare_cached("SELECT 1 FROM bans WHERE room = ?1 AND browser = ?2")?
                .exists(params![room.as_str(), browser.map(|browser| browser.0)])?;
            return Ok(if is_banned { Err(LinkRefusal::Banned) } else { Ok(grant) });
        }
        let guest_secret = self.unsealed_guest_secret(&reader, room)?;
        Ok(Ok(Grant {
            guest_secret: guest_secret.map(|secret| secret.to_string()),
            code: sealed.and_then(|sealed| self.unsealed_code(room, &sealed)),
            bans: self.bans(&reader, room)?,
            ..grant
        }))
    }

    fn unsealed_code(&self, room: &RoomName, sealed: &[u8]) -> Option<RoomCode> {
        let text = self.shared.key.unseal(room, Sealed::Code, sealed)?;
        std::str::from_utf8(&text).ok()?.parse().ok()
    }

    fn unsealed_guest_secret(
        &self,
        connection: &Connection,
        room: &RoomName,
    ) -> Result<Option<LinkSecret>, StoreError> {
        let sealed: Option<Vec<u8>> = connection
            .prepare_cached(
                "SELECT sealed FROM links
                 WHERE room = ?1 AND role = 'guest' AND revoked IS NULL AND sealed IS NOT NULL",
            )?
            .query_row(params![room.as_str()], |row| row.get(0))
            .optional()?;
        let unseal = |sealed: Vec<u8>| {
            let secret = self.shared.key.unseal(room, Sealed::GuestSecret, &sealed)?;
            LinkSecret::try_from_bytes(&secret)
        };
        Ok(sealed.and_then(unseal))
    }

    fn insert_link(
        &self,
        connection: &Connection,
        now: SystemTime,
        room: &RoomName,
        role: Role,
    ) -> Result<LinkSecret, StoreError> {
        let secret = LinkSecret::random()?;
        let (role, sealed) = match role {
            Role::Host => (HOST, None),
            Role::Guest => {
                let key = &self.shared.key;
                (GUEST, Some(key.seal(room, Sealed::GuestSecret, secret.as_bytes())?))
            }
        };
        connection.execute(
            "INSERT INTO links (hash, room, role, sealed, created) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![hash(&secret.to_string()), room.as_str(), role, sealed, seconds(now)],
        )?;
        Ok(secret)
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        locked(&self.shared.writer)
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        locked(&self.shared.reader)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

/// An error with all its causes on one line.
pub(crate) struct ErrorChain<'a>(pub(crate) &'a dyn std::error::Error);

impl std::fmt::Display for ErrorChain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

const HOST: &str = "host";
const GUEST: &str = "guest";

/// Gives a code to each room that was made before there were codes.
fn give_codes(connection: &mut Connection, key: &SealingKey) -> Result<(), StoreError> {
    let transaction = begin(connection)?;
    let names: Vec<String> = transaction
        .prepare("SELECT name FROM rooms WHERE code IS NULL")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for name in names {
        // A name that is none was written by another program; it cannot be joined.
        if let Ok(room) = RoomName::try_from(name) {
            transaction.execute(
                "UPDATE rooms SET code = ?1 WHERE name = ?2",
                params![sealed_code(key, &room)?, room.as_str()],
            )?;
        }
    }
    transaction.commit()?;
    Ok(())
}

fn sealed_code(key: &SealingKey, room: &RoomName) -> Result<Vec<u8>, NoRandomness> {
    key.seal(room, Sealed::Code, random_code()?.to_string().as_bytes())
}

fn is_over(now: SystemTime, expires: Option<i64>) -> bool {
    expires.is_some_and(|expires| expires <= seconds(now))
}

fn exists(connection: &Connection, room: &RoomName) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM rooms WHERE name = ?1")?.exists(params![room.as_str()])
}

fn free_name(connection: &Connection, wish: Option<&RoomName>) -> Result<RoomName, StoreError> {
    if let Some(name) = wish {
        return match exists(connection, name)? {
            true => Err(StoreError::NameTaken),
            false => Ok(name.clone()),
        };
    }
    // With at most 10^5 of 2 × 10^9 names taken, the second draw is already rare.
    for _ in 0..8 {
        let name = random_room_name()?;
        if !exists(connection, &name)? {
            return Ok(name);
        }
    }
    Err(StoreError::Full)
}

fn forget_expired(connection: &Connection, now: SystemTime) -> rusqlite::Result<usize> {
    let before = |kept| seconds(now.checked_sub(kept).unwrap_or(UNIX_EPOCH));
    let short = Store::SHORT_LIVED_KEPT;
    connection.execute(
        "DELETE FROM rooms
         WHERE expires < ?1 OR (expires < ?2 AND expires - created < ?3)",
        params![before(Store::EXPIRED_KEPT), before(short), short.as_secs() as i64],
    )
}

fn hash(secret: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, secret.as_bytes()).as_ref().to_vec()
}

/// Whole seconds since 1970; the database's times are in this unit.
fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

fn time(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

/// A panic while the lock was held leaves no half-done statement: SQLite's transaction is undone.
fn locked(mutex: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a file that its owner alone may read, whole or not at all.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let draft = private_draft(path, bytes)?;
    std::fs::rename(draft, path).map_err(file_error(path))
}

/// Writes a file beside its place, to be moved into it.
fn private_draft(path: &Path, bytes: &[u8]) -> Result<PathBuf, StoreError> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};

    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", std::process::id()));
    let draft = PathBuf::from(draft);
    let write = || {
        let mut options = std::fs::OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(file_error(&draft))?;
    Ok(draft)
}

fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::File { path, source }
}

pub(crate) fn make_private_dir(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::DirBuilderExt as _;

    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(file_error(path))
}

#[cfg(test)]
mod tests;
