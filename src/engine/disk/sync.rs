//! Forcing what was written to the disk, once a second.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;

use super::DiskError;

const INTERVAL: Duration = Duration::from_secs(1);

/// A thread that moves what is in the write-ahead log into the database, and waits
/// for the disk instead of those who speak.
#[derive(Debug)]
pub(super) struct Syncer {
    is_dirty: Arc<AtomicBool>,
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Syncer {
    pub(super) fn start(path: &Path) -> Result<Syncer, DiskError> {
        let database = Connection::open(path)?;
        let is_dirty = Arc::new(AtomicBool::new(false));
        let (stop, stopped) = mpsc::channel();
        let thread = thread::Builder::new().name("wirechat-sync".to_owned()).spawn({
            let is_dirty = Arc::clone(&is_dirty);
            move || {
                while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                    if is_dirty.swap(false, Ordering::Relaxed) {
                        sync(&database);
                    }
                }
            }
        })?;
        Ok(Syncer { is_dirty, stop: Some(stop), thread: Some(thread) })
    }

    /// Something was written that is to be forced to the disk.
    pub(super) fn written(&self) {
        self.is_dirty.store(true, Ordering::Relaxed);
    }

    /// Ends the thread.
    pub(super) fn stop(&mut self) {
        self.stop = None;
        // One that panicked has nothing more to say.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Passive: it does not keep anybody from writing.
fn sync(database: &Connection) {
    let synced = database.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    if let Err(error) = synced {
        tracing::debug!(%error, "not everything is on the disk yet");
    }
}
