//! Opening the logs: whose they are, what form they have, and whether anything of
//! them may be lost.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::sync::Syncer;
use super::{Disk, DiskError, GENERATION};
use crate::chat::{Epoch, NonceKey, Position, Private, RecalledPost, Timestamp, UserName};

/// The form of the database that this program writes.
const VERSION: i64 = 1;

/// Rooms whose logs are kept: those in which something was said last.
const MOST_ROOMS: u64 = 10_000;

/// How long to wait for the thread that syncs, at most.
const BUSY: Duration = Duration::from_secs(10);

/// As [`Disk::open`], on a machine that was started as `boot` says, if that is known.
pub(super) fn open(folder: &Path, history: usize, boot: Option<String>) -> Result<Disk, DiskError> {
    fs::create_dir_all(folder)?;
    let lock = lock(folder)?;
    let path = folder.join("chat.db");
    let mut database = Connection::open(&path)?;
    database.busy_timeout(BUSY)?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "FULL")?;
    let transaction = database.transaction()?;
    bring_into_form(&transaction)?;
    let generation = begin_generation(&transaction, boot)?;
    forget_rooms(&transaction)?;
    let post = recall_post(&transaction, generation)?;
    transaction.commit()?;
    // From now on the system has what was written, and the syncer forces it to disk.
    database.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(Disk {
        database: Mutex::new(database),
        history: history.max(1) as u64,
        generation,
        fails: AtomicBool::new(false),
        post: Mutex::new(Some(post)),
        syncer: Syncer::start(&path)?,
        _lock: lock,
    })
}

/// What changes each time that the machine is started, where the system tells.
pub(super) fn boot_id() -> Option<String> {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()
}

/// Takes note that everything is on the disk.
pub(super) fn mark_closed(database: &mut Connection) -> rusqlite::Result<()> {
    database.pragma_update(None, "synchronous", "FULL")?;
    database.execute("INSERT OR REPLACE INTO meta VALUES ('closed', 1)", [])?;
    Ok(())
}

fn lock(folder: &Path) -> Result<File, DiskError> {
    let lock = File::options().create(true).append(true).open(folder.join("lock"))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(DiskError::InUse),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

fn bring_into_form(transaction: &Transaction<'_>) -> Result<(), DiskError> {
    let version = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match version {
        0 => {
            transaction.execute_batch(include_str!("schema.sql"))?;
            transaction.pragma_update(None, "user_version", VERSION)?;
            Ok(())
        }
        VERSION => Ok(()),
        newer => Err(DiskError::Newer(newer)),
    }
}

/// The number of the present generation: a new one if the machine was started again
/// without the logs having been closed, since their ends may be lost then.
fn begin_generation(transaction: &Transaction<'_>, boot: Option<String>) -> rusqlite::Result<u64> {
    let last_boot: Option<String> = meta(transaction, "boot")?;
    let is_new = meta::<i64>(transaction, "generation")?.is_none();
    let was_closed = meta::<i64>(transaction, "closed")? == Some(1);
    let may_have_lost = !is_new && !was_closed && (boot.is_none() || boot != last_boot);
    let generation = meta(transaction, "generation")?.unwrap_or(0) + i64::from(may_have_lost);
    if may_have_lost {
        tracing::warn!(
            "the machine stopped without warning: the last second may be missing, and clients \
             will be told"
        );
    }
    let mut set = transaction.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)")?;
    set.execute(params!["boot", boot])?;
    set.execute(params!["closed", 0])?;
    set.execute(params!["generation", generation])?;
    Ok(generation as u64)
}

/// A number that these logs have and no others.
fn seed(transaction: &Transaction<'_>) -> rusqlite::Result<u64> {
    transaction.execute("INSERT OR IGNORE INTO meta VALUES ('seed', random())", [])?;
    Ok(meta::<i64>(transaction, "seed")?.unwrap_or_default() as u64)
}

fn meta<T: rusqlite::types::FromSql>(
    transaction: &Transaction<'_>,
    key: &str,
) -> rusqlite::Result<Option<T>> {
    let select = "SELECT value FROM meta WHERE key = ?";
    let value = transaction.query_row(select, [key], |row| row.get(0)).optional()?;
    Ok(value.flatten())
}

/// Forgets the rooms in which nothing was said for the longest time, if they are
/// too many, and messages without a room.
fn forget_rooms(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute(
        "DELETE FROM rooms WHERE name NOT IN
         (SELECT name FROM rooms ORDER BY used DESC LIMIT ?)",
        [MOST_ROOMS],
    )?;
    transaction.execute("DELETE FROM messages WHERE room NOT IN (SELECT name FROM rooms)", [])?;
    Ok(())
}

fn recall_post(transaction: &Transaction<'_>, generation: u64) -> rusqlite::Result<RecalledPost> {
    let epoch = Epoch::new(seed(transaction)?.wrapping_add(generation.wrapping_mul(GENERATION)));
    let mut select = transaction
        .prepare("SELECT seq, at, sender, recipient, content, nonce FROM privates ORDER BY seq")?;
    let mut rows = select.query([])?;
    let (mut head, mut messages) = (0, Vec::new());
    while let Some(row) = rows.next()? {
        head = row.get(0)?;
        let name = |text: String| UserName::parse(&text).ok();
        let (Some(from), Some(to)) = (name(row.get(2)?), name(row.get(3)?)) else { continue };
        let at = Timestamp::from_millis(row.get(1)?);
        let id = Position { epoch, seq: head };
        let key = row.get::<_, Option<[u8; 16]>>(5)?.map(NonceKey::from_bytes);
        messages.push(Private { from, to, content: row.get(4)?, at, id, key });
    }
    let mut select = transaction.prepare("SELECT name, seq FROM delivered")?;
    let delivered = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(RecalledPost { epoch, head, messages, delivered: delivered.collect::<Result<_, _>>()? })
}
