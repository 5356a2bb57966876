//! The time of day, which the chat itself never asks for.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::chat::Timestamp;

/// The system's time now. A clock before 1970 counts as 1970.
pub(super) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}
