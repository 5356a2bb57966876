//! The chat's one demand on the world: a place where logs live.

use std::error::Error;
use std::fmt;

use super::history::Entry;
use super::room::{Room, Stored};

/// Where the logs of rooms live, and what orders their messages.
///
/// The default engine keeps them in this process. An
/// engine that several servers share publishes the message instead, waits for
/// the acknowledgement, and calls [`Room::append`] and [`Room::wake`] on every
/// server as the messages come back in their common order; the rooms, their
/// cursors and the sessions are the same. (Such an engine cannot wait inside
/// `append`: the trait will then learn to answer "later".)
///
/// ```
/// use wirechat::chat::{Engine, Entry, Room, Stored, Unavailable};
///
/// struct Broken;
///
/// impl Engine for Broken {
///     fn append(&self, _: &Room, _: Entry) -> Result<Stored, Unavailable> {
///         Err(Unavailable)
///     }
/// }
/// ```
pub trait Engine: Send + Sync {
    /// Appends a message to a room's log and says where it stands. Whoever
    /// calls this wakes the room's readers when its turn ends.
    ///
    /// # Errors
    /// [`Unavailable`] if the log cannot take it now. Nothing was stored then.
    fn append(&self, room: &Room, entry: Entry) -> Result<Stored, Unavailable>;
}

/// The engine cannot take a message now.
///
/// ```
/// assert_eq!(wirechat::chat::Unavailable.to_string(), "the log cannot take a message now");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the log cannot take a message now")
    }
}

impl Error for Unavailable {}
