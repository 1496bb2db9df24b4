//! What outlives the process: rooms, and the links that open them, in one SQLite file.
//!
//! A secret is never stored as it is: links are found by the SHA-256 of their secret, which is 128
//! random bits and so needs no slow hash. A guest's secret is kept besides under the key in
//! `secret.key`, so that hosts can be told it. A call that returned is on the disk: it survives
//! `kill -9` and power loss. Calls block for the time of a disk access; async callers go through
//! `spawn_blocking`. Bounded by [`Store::ROOMS_MAX`]; tests in `store/tests.rs`.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ring::digest;
use rusqlite::{Connection, OptionalExtension as _, params};
use signaling_core::{Grant, LinkRefusal};

use protocol::{RoomName, client::Role};

mod random;
mod seal;

pub use random::LinkSecret;
use random::random_room_name;
pub(crate) use random::{NoRandomness, random_bytes};
use seal::SealingKey;

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
        let room = free_name(&transaction, wish.name.as_ref())?;
        let expires = wish.lifetime.map(|lifetime| seconds(now + lifetime));
        transaction.execute(
            "INSERT INTO rooms (name, created, expires) VALUES (?1, ?2, ?3)",
            params![room.as_str(), seconds(now), expires],
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

    /// What a link's secret opens. An unknown room and a wrong secret take the same way: the only
    /// look-up is by the secret's hash.
    ///
    /// # Errors
    /// The reason to refuse; [`LinkRefusal::Unavailable`] if the database fails.
    pub fn check_link(
        &self,
        now: SystemTime,
        room: &RoomName,
        secret: &str,
    ) -> Result<Grant, LinkRefusal> {
        self.find_link(now, room, secret).unwrap_or_else(|error| {
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
    ) -> Result<Result<Grant, LinkRefusal>, StoreError> {
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
        let is_over = expires.is_some_and(|expires| expires <= seconds(now));
        if is_over || revoked.is_some() {
            return Ok(Err(LinkRefusal::Expired));
        }
        if role != HOST {
            return Ok(Ok(Grant { role: Role::Guest, guest_secret: None }));
        }
        let guest_secret = self.unsealed_guest_secret(&reader, room)?;
        Ok(Ok(Grant {
            role: Role::Host,
            guest_secret: guest_secret.map(|secret| secret.to_string()),
        }))
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
        Ok(sealed.and_then(|sealed| self.shared.key.unseal(room, &sealed)))
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
            Role::Guest => (GUEST, Some(self.shared.key.seal(room, &secret)?)),
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

/// Statements that bring a store from one version to the next, from an empty file on.
const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE rooms (
        name TEXT PRIMARY KEY,
        created INTEGER NOT NULL,
        expires INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE links (
        hash BLOB PRIMARY KEY,
        room TEXT NOT NULL REFERENCES rooms (name) ON DELETE CASCADE,
        role TEXT NOT NULL CHECK (role IN ('guest', 'host')),
        sealed BLOB,
        created INTEGER NOT NULL,
        revoked INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX links_by_room ON links (room, role);
    CREATE TABLE readiness (id INTEGER PRIMARY KEY, checked INTEGER NOT NULL) STRICT;
"];

fn connect(path: &Path) -> Result<Connection, StoreError> {
    use std::os::unix::fs::OpenOptionsExt as _;

    // SQLite gives its other files the mode of this one.
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true).mode(0o600).open(path).map_err(file_error(path))?;
    let connection = Connection::open(path)?;
    // The command line writes to the same file while the service runs.
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A link that was handed out must be there after a power cut too.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let known = MIGRATIONS.len() as i64;
    let transaction = begin(connection)?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    for step in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}

/// Takes the write lock at once, so that two processes cannot both read before either writes.
fn begin(connection: &mut Connection) -> rusqlite::Result<rusqlite::Transaction<'_>> {
    connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
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
    let before = now.checked_sub(Store::EXPIRED_KEPT).unwrap_or(UNIX_EPOCH);
    connection.execute("DELETE FROM rooms WHERE expires < ?1", params![seconds(before)])
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
