//! What people say, on its way to where it is kept, and on its way back.

use super::history::Entry;
use super::ids::Epoch;
use super::time::Timestamp;
use super::token::NonceKey;
use super::wire::RoomObject;

/// Something that somebody says to a room.
///
/// ```
/// use wirechat::chat::{NewMessage, Timestamp};
///
/// let now = Timestamp::from_millis(1_700_000_000_000);
/// let message = NewMessage { username: "Alice", content: "hi", at: now, key: None };
/// assert_eq!(message.content.len(), 2);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct NewMessage<'a> {
    /// Who says it, as the server knows them.
    pub username: &'a str,
    /// What they say; the session has checked its length.
    pub content: &'a str,
    /// When.
    pub at: Timestamp,
    /// What the same message would have if its sender sent it again.
    pub key: Option<NonceKey>,
}

impl NewMessage<'_> {
    /// The form in which a room keeps it.
    pub(crate) fn entry(&self) -> Entry {
        let object = RoomObject::message(self.username, self.content);
        Entry { object, at: self.at, key: self.key }
    }
}

/// What an [`Engine`](super::Engine) kept of a room's log.
///
/// ```
/// use wirechat::chat::{Epoch, Recalled, Timestamp};
///
/// let born = Timestamp::from_millis(1_700_000_000_000);
/// let nothing_but_its_life = Recalled::new(Epoch::new(0x5eed), born, 0);
/// # let _ = nothing_but_its_life;
/// ```
#[derive(Debug)]
pub struct Recalled {
    pub(crate) epoch: Epoch,
    pub(crate) born: Timestamp,
    pub(crate) head: u64,
    pub(crate) entries: Vec<Entry>,
}

impl Recalled {
    /// A log that began at `born`, and whose last message has the number `head`.
    #[must_use]
    pub fn new(epoch: Epoch, born: Timestamp, head: u64) -> Recalled {
        Recalled { epoch, born, head, entries: Vec::new() }
    }

    /// The next of its last messages, which are numbered without a gap. It is the
    /// last now.
    pub fn push(&mut self, seq: u64, message: &NewMessage<'_>) {
        self.head = seq;
        self.entries.push(message.entry());
    }
}
