//! The engine whose logs outlive the program: an SQLite database in a folder.
//!
//! Each message is written before anybody sees it, within one transaction of a
//! write-ahead log, so that a program that is killed at any moment has lost nothing
//! that was seen or acknowledged: the system has it. To the disk itself it is
//! forced once a second (see `sync`). What a power failure can cost is the last
//! second; because clients must not be told that nothing is missing then, every log
//! gets another [`Epoch`] after one.
//!
//! SQLite, because it has done exactly this for decades, its file can be looked
//! into with its own shell, and it needs neither threads nor memory worth
//! mentioning. A write takes some tens of microseconds, which the connection that
//! speaks waits for.

mod error;
mod open;
mod sync;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

use self::sync::Syncer;
use crate::chat::{
    Engine, Epoch, NewMessage, NonceKey, Private, Recalled, RecalledPost, Room, RoomName, Stored,
    Timestamp, Unavailable,
};
use crate::sync::lock;
pub use error::DiskError;

/// Private messages that are kept.
const MOST_PRIVATES: u64 = 10_000;

/// What tells the epochs of two generations apart.
const GENERATION: u64 = 0x9E37_79B9_7F4A_7C15;

/// Logs in a folder, which nobody else may use at the same time.
///
/// ```
/// use wirechat::chat::{Chat, Limits};
/// use wirechat::engine::Disk;
///
/// # fn example() -> Result<(), wirechat::engine::DiskError> {
/// let limits = Limits::default();
/// let disk = Disk::open("/var/lib/wirechat".as_ref(), limits.history)?;
/// let chat = Chat::new(limits, disk, [7; 32]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Disk {
    database: Mutex<Connection>,
    /// Messages of each room that are kept.
    history: u64,
    /// How often power may have failed.
    generation: u64,
    /// Whether the last attempt to write failed, of which the operator knows then.
    fails: AtomicBool,
    /// What was kept of the private messages, until the chat asks.
    post: Mutex<Option<RecalledPost>>,
    syncer: Syncer,
    /// Held as long as this lives.
    _lock: File,
}

impl Disk {
    /// Opens the logs in this folder, which is made if there is none. The last
    /// `history` messages of each room are kept, and at least one.
    ///
    /// # Errors
    /// [`DiskError`] if another program uses them, or they cannot be read or written.
    pub fn open(folder: &Path, history: usize) -> Result<Disk, DiskError> {
        open::open(folder, history, open::boot_id())
    }

    /// Does something with the database in one transaction.
    fn write(
        &self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), Unavailable> {
        let written = {
            let mut database = lock(&self.database);
            database.transaction().and_then(|transaction| {
                work(&transaction)?;
                transaction.commit()
            })
        };
        self.syncer.written();
        self.report(written)
    }

    /// Tells the operator once that something does not work, and once that it does
    /// again.
    fn report<T>(&self, result: rusqlite::Result<T>) -> Result<T, Unavailable> {
        let failed = self.fails.swap(result.is_err(), Ordering::Relaxed);
        match &result {
            Err(error) if !failed => tracing::error!(%error, "the logs cannot be used"),
            Ok(_) if failed => tracing::info!("the logs can be used again"),
            _ => {}
        }
        result.map_err(|_| Unavailable)
    }

    /// The epoch that clients see of a log that was stored with this one.
    fn epoch(&self, stored: i64) -> Epoch {
        let shift = self.generation.wrapping_mul(GENERATION);
        Epoch::new((stored as u64).wrapping_add(shift))
    }

    /// The other way round.
    fn stored_epoch(&self, epoch: Epoch) -> i64 {
        epoch.number().wrapping_sub(self.generation.wrapping_mul(GENERATION)) as i64
    }

    fn keep(
        &self,
        room: &Room,
        message: &NewMessage<'_>,
        seq: u64,
        at: Timestamp,
    ) -> Result<(), Unavailable> {
        let name = room.name().as_str();
        let nonce = message.key.map(NonceKey::to_bytes);
        let (at, forgotten) = (at.millis(), seq.saturating_sub(self.history));
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO rooms (name, epoch, born, used) VALUES (?, ?, ?, ?)
                     ON CONFLICT (name) DO UPDATE SET used = excluded.used",
                )?
                .execute(params![
                    name,
                    self.stored_epoch(room.epoch()),
                    room.born().millis(),
                    at
                ])?;
            transaction
                .prepare_cached(
                    "INSERT INTO messages (room, seq, at, username, content, nonce)
                     VALUES (?, ?, ?, ?, ?, ?)",
                )?
                .execute(params![name, seq, at, message.username, message.content, nonce])?;
            transaction
                .prepare_cached("DELETE FROM messages WHERE room = ? AND seq <= ?")?
                .execute(params![name, forgotten])?;
            Ok(())
        })
    }

    fn recall_from(
        &self,
        database: &Connection,
        room: &RoomName,
    ) -> rusqlite::Result<Option<Recalled>> {
        let life = database
            .prepare_cached("SELECT epoch, born FROM rooms WHERE name = ?")?
            .query_row([room.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((epoch, born)) = life else { return Ok(None) };
        let mut select = database.prepare_cached(
            "SELECT seq, at, username, content, nonce FROM
             (SELECT * FROM messages WHERE room = ? ORDER BY seq DESC LIMIT ?) ORDER BY seq",
        )?;
        let mut rows = select.query(params![room.as_str(), self.history])?;
        let mut recalled: Option<Recalled> = None;
        let mut last = 0;
        while let Some(row) = rows.next()? {
            let seq: u64 = row.get(0)?;
            if seq != last + 1 {
                // What stands before a gap is of no use to anybody.
                recalled = None;
            }
            last = seq;
            let recalled = recalled.get_or_insert_with(|| {
                Recalled::new(self.epoch(epoch), Timestamp::from_millis(born), 0)
            });
            let (username, content): (String, String) = (row.get(2)?, row.get(3)?);
            recalled.push(
                seq,
                &NewMessage {
                    username: &username,
                    content: &content,
                    at: Timestamp::from_millis(row.get(1)?),
                    key: row.get::<_, Option<[u8; 16]>>(4)?.map(NonceKey::from_bytes),
                },
            );
        }
        Ok(recalled)
    }
}

impl Engine for Disk {
    fn append(&self, room: &Room, message: &NewMessage<'_>) -> Result<Stored, Unavailable> {
        room.append(message, |seq, at| self.keep(room, message, seq, at))
    }

    fn recall(&self, room: &RoomName) -> Result<Option<Recalled>, Unavailable> {
        let recalled = {
            let database = lock(&self.database);
            self.recall_from(&database, room)
        };
        self.report(recalled)
    }

    fn keep_private(&self, private: &Private) -> Result<(), Unavailable> {
        let Private { from, to, content, at, id, key } = private;
        let nonce = key.map(NonceKey::to_bytes);
        let forgotten = id.seq.saturating_sub(MOST_PRIVATES);
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO privates (seq, at, sender, recipient, content, nonce)
                     VALUES (?, ?, ?, ?, ?, ?)",
                )?
                .execute(params![
                    id.seq,
                    at.millis(),
                    from.as_str(),
                    to.as_str(),
                    content,
                    nonce
                ])?;
            transaction
                .prepare_cached("DELETE FROM privates WHERE seq <= ?")?
                .execute([forgotten])?;
            transaction
                .prepare_cached("DELETE FROM delivered WHERE seq <= ?")?
                .execute([forgotten])?;
            Ok(())
        })
    }

    fn mark_delivered(&self, letters: &str, seq: u64) {
        // What is not marked is handed out again, with the same identity.
        let _ = self.write(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO delivered (name, seq) VALUES (?, ?)
                     ON CONFLICT (name) DO UPDATE SET seq = excluded.seq",
                )?
                .execute(params![letters, seq])?;
            Ok(())
        });
    }

    fn recall_post(&self) -> Option<RecalledPost> {
        lock(&self.post).take()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.syncer.stop();
        let database = self.database.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = open::mark_closed(database) {
            tracing::warn!(%error, "the logs were not closed in good order");
        }
    }
}
