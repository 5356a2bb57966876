//! How messages are numbered.

use std::fmt;

/// The life of one room's log. It changes when a log is lost or made anew, so
/// that a client can tell "nothing new" from "I cannot know what you missed".
///
/// ```
/// use wirechat::chat::Epoch;
///
/// assert_eq!(Epoch::new(0x5eed).to_string(), "5eed");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(u64);

impl Epoch {
    /// The epoch with this number. Two logs must not share one.
    #[must_use]
    pub const fn new(number: u64) -> Epoch {
        Epoch(number)
    }
}

impl fmt::Display for Epoch {
    /// As clients see it: a text, since JavaScript's numbers have 53 bits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// A place in a room's log: that of its `seq`-th message.
///
/// Its text is the message's `id`, which no other message has.
///
/// ```
/// use wirechat::chat::{Epoch, Position};
///
/// let first = Position { epoch: Epoch::new(0x5eed), seq: 1 };
/// assert_eq!(first.to_string(), "5eed-1");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// The life of the log.
    pub epoch: Epoch,
    /// Rises by one with every message of the room, from 1; 0 is before the first.
    pub seq: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.seq)
    }
}
