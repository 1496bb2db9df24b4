//! The database: how it is opened, and what brings an older one to this version.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, TransactionBehavior};

use super::{StoreError, file_error};

/// Statements that bring a store from one version to the next, from an empty file on.
const MIGRATIONS: [&str; 3] = [
    "
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
",
    "
    ALTER TABLE rooms ADD COLUMN code BLOB;
    ALTER TABLE rooms ADD COLUMN rules TEXT;
    CREATE TABLE bans (
        room TEXT NOT NULL REFERENCES rooms (name) ON DELETE CASCADE,
        browser BLOB NOT NULL,
        made INTEGER NOT NULL,
        PRIMARY KEY (room, browser)
    ) STRICT, WITHOUT ROWID;
",
    "
    ALTER TABLE bans ADD COLUMN name BLOB;
",
];

pub(super) fn connect(path: &Path) -> Result<Connection, StoreError> {
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

pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
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
pub(super) fn begin(connection: &mut Connection) -> rusqlite::Result<rusqlite::Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}
