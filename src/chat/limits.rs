//! How much one person may do, and how much a room may hold.

use super::rate::Rate;

/// Bounds of the chat, each answered with an error object that names it.
///
/// ```
/// use wirechat::chat::Limits;
///
/// let quiet = Limits { max_content: 280, require_join: true, ..Limits::default() };
/// assert_eq!(quiet.max_rooms, 16);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of UTF-8 in one message's content; default 4 KiB, then `too_long`.
    pub max_content: usize,
    /// Rooms that one connection may be in at a time; default 16, then
    /// `too_many_rooms`.
    pub max_rooms: usize,
    /// Objects that one connection may send; default 10 a second and 20 at
    /// once, then `rate_limited` with the time to wait. Every object counts,
    /// since even a refused one costs an answer. `None` lifts the limit: for load tests.
    pub rate: Option<Rate>,
    /// Times that one person may say that they are typing, or have stopped; default
    /// 2 a second and 4 at once. `None` lifts the limit.
    pub typing: Option<Rate>,
    /// Messages that a room keeps for those who come later; default 100.
    pub history: usize,
    /// Bytes that rooms without anybody in them may hold in all; default 16 MiB,
    /// and then the longest empty is forgotten. So is one that has been empty for
    /// an hour.
    pub empty_rooms: usize,
    /// Bytes of private messages that are kept in all, for those who are away and
    /// those who come back; default 16 MiB, and at most the last 100 of each person.
    pub private_log: usize,
    /// Bytes of frames that a room keeps for readers who are behind; default
    /// 256 KiB for each [`Encoding`](super::Encoding) in use, and then the oldest go; up to
    /// six times as much, in all encodings together, while they are younger than 2 s. A reader
    /// that had not yet read those has lagged and is cut off, so more
    /// patience with slow readers costs memory for every busy room.
    pub room_log: usize,
    /// Names in one list of people, and rooms in one list of rooms; default
    /// 500. Longer lists are cut and carry the full `count`, since a list goes
    /// to every connection that joins. Nor is anybody's coming and going announced
    /// in a room with more people.
    pub max_listed: usize,
    /// Whether one must join before reading or speaking; default `false`: until
    /// then a connection is `Anonymous` in the lobby.
    pub require_join: bool,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_content: 4 << 10,
            max_rooms: 16,
            rate: Some(Rate::per_second(10, 20)),
            typing: Some(Rate::per_second(2, 4)),
            history: 100,
            empty_rooms: 16 << 20,
            private_log: 16 << 20,
            room_log: 256 << 10,
            max_listed: 500,
            require_join: false,
        }
    }
}
