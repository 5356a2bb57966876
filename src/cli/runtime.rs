//! The threads that everything runs on.

use std::io;
use std::num::NonZeroUsize;

use tokio::runtime::{Builder, Runtime};

/// Tasks that run before a thread asks the system for news, at most. One of them is a
/// turn of all connections that had news, so a flood must not give it many in a row.
const ROUND: u32 = 8;

/// A runtime with this many threads, one a core if it is not said.
pub(super) fn with_threads(threads: Option<NonZeroUsize>) -> io::Result<Runtime> {
    let mut builder = match threads.map(NonZeroUsize::get) {
        // One thread needs no scheduler that hands tasks between threads.
        Some(1) => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    if let Some(threads) = threads {
        builder.worker_threads(threads.get());
    }
    builder.event_interval(ROUND).enable_all().build()
}
