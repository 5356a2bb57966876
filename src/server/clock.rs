//! Clocks and chance, which the chat itself never asks for.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::chat::Timestamp;

/// One look at both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Monotonic, for deadlines.
    pub(super) instant: Instant,
    /// The time of day, for timestamps.
    pub(super) time: Timestamp,
}

impl Moment {
    pub(super) fn now() -> Moment {
        Moment { instant: Instant::now(), time: now() }
    }
}

/// The system's time now. A clock before 1970 counts as 1970.
pub(super) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// Milliseconds, evenly spread over this time.
pub(super) fn spread(over: Duration) -> u64 {
    // Without randomness all come back together, which is no worse than now.
    let chance = getrandom::u32().unwrap_or(0);
    (over.as_millis() as u64 * u64::from(chance)) >> 32
}
