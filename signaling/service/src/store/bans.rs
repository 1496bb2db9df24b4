//! Who is kept out of a room, in the store.

use std::time::SystemTime;

use rusqlite::{Connection, params};
use signaling_core::{BrowserKey, StoredBan};

use protocol::{RoomName, client::order::BANS_MAX};

use super::{Store, StoreError, exists, schema::begin, seal::Sealed, seconds};

impl Store {
    /// The most browsers that are kept out of one room; beyond it the oldest ban ends.
    pub const BANS_PER_ROOM_MAX: u32 = BANS_MAX as u32;

    /// Keeps a browser out of a room; no effect if there is no such room.
    ///
    /// # Errors
    /// [`StoreError::Database`] or [`StoreError::Randomness`].
    pub fn ban(
        &self,
        now: SystemTime,
        room: &RoomName,
        browser: BrowserKey,
        name: &str,
    ) -> Result<(), StoreError> {
        let name = self.shared.key.seal(room, Sealed::BannedName, name.as_bytes())?;
        let mut writer = self.writer();
        let transaction = begin(&mut writer)?;
        if exists(&transaction, room)? {
            transaction.execute(
                "INSERT INTO bans (room, browser, made, name) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (room, browser)
                 DO UPDATE SET made = excluded.made, name = excluded.name",
                params![room.as_str(), browser.0, seconds(now), name],
            )?;
            transaction.execute(
                "DELETE FROM bans WHERE room = ?1 AND browser NOT IN
                 (SELECT browser FROM bans WHERE room = ?1 ORDER BY made DESC LIMIT ?2)",
                params![room.as_str(), Self::BANS_PER_ROOM_MAX],
            )?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Keeps a browser out of a room no longer.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn lift_ban(&self, room: &RoomName, browser: BrowserKey) -> Result<(), StoreError> {
        self.writer().execute(
            "DELETE FROM bans WHERE room = ?1 AND browser = ?2",
            params![room.as_str(), browser.0],
        )?;
        Ok(())
    }

    /// Who is kept out, the one who was banned first first.
    pub(super) fn bans(
        &self,
        reader: &Connection,
        room: &RoomName,
    ) -> Result<Vec<StoredBan>, StoreError> {
        let mut statement = reader.prepare_cached(
            "SELECT browser, name FROM bans WHERE room = ?1 ORDER BY made DESC LIMIT ?2",
        )?;
        let newest = params![room.as_str(), Self::BANS_PER_ROOM_MAX];
        let rows = statement.query_map(newest, |row| {
            Ok((BrowserKey(row.get(0)?), row.get::<_, Option<Vec<u8>>>(1)?))
        })?;
        let ban = |row: rusqlite::Result<(BrowserKey, Option<Vec<u8>>)>| {
            let (browser, sealed) = row?;
            let name =
                sealed.and_then(|name| self.shared.key.unseal(room, Sealed::BannedName, &name));
            let name = name.and_then(|name| String::from_utf8(name).ok()).unwrap_or_default();
            Ok(StoredBan { browser, name })
        };
        let mut bans: Vec<_> = rows.map(ban).collect::<rusqlite::Result<_>>()?;
        bans.reverse();
        Ok(bans)
    }
}
