//! The threads that everything runs on.

use std::io;
use std::num::NonZeroUsize;

use tokio::runtime::{Builder, Runtime};

/// Tasks that run before a thread asks the system for news, at most. Everybody who
/// has something to say or to hear gets a turn before that, so that a member of a
/// busy room writes once what many have said. (By default it is 61: what arrives in
/// the middle of such a round makes all of them write twice.)
const ROUND: u32 = 4096;

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
