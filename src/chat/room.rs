//! A room: a log and those who read it.

use std::sync::{Mutex, RwLock};

use super::ids::{Epoch, Position};
use super::log::{Cursor, Log, Read};
use super::members::{Member, MemberId, Members};
use super::names::{RoomName, UserName};
use super::notice::Notice;
use super::time::Timestamp;
use super::wire::{Dialect, Encoding, RoomObject};
use crate::sync::{lock, read, write};

/// A room that exists because somebody is in it.
///
/// An [`Engine`](super::Engine) is handed the room to which it shall append;
/// everybody else meets rooms through their [`Session`](super::Session).
///
/// ```
/// use wirechat::chat::{NewMessage, Position, Room};
///
/// fn apply(room: &Room, message: &NewMessage<'_>) -> Position {
///     let position = room.append(message);
///     assert_eq!(position.epoch, room.epoch());
///     position
/// }
/// ```
#[derive(Debug)]
pub struct Room {
    name: RoomName,
    epoch: Epoch,
    /// What is said. Held for as long as a few copies take.
    state: Mutex<State>,
    /// Who is here. Apart from the log, since ringing at a thousand doors takes
    /// a while and those who open should find the log free.
    members: RwLock<Members>,
}

#[derive(Debug)]
struct State {
    log: Log,
    /// The number of the last message.
    seq: u64,
    /// The last stamp: the next is not earlier, whatever the clock says.
    stamp: Timestamp,
}

/// Something that somebody says to a room.
///
/// ```
/// use wirechat::chat::{NewMessage, Timestamp};
///
/// let now = Timestamp::from_millis(1_700_000_000_000);
/// let message = NewMessage { username: "Alice", content: "hi", now };
/// assert_eq!(message.content.len(), 2);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct NewMessage<'a> {
    /// Who says it, as the server knows them.
    pub username: &'a str,
    /// What they say; the session has checked its length.
    pub content: &'a str,
    /// When.
    pub now: Timestamp,
}

impl Room {
    pub(crate) fn new(name: RoomName, epoch: Epoch, log_capacity: usize) -> Room {
        let state = State { log: Log::new(log_capacity), seq: 0, stamp: Timestamp::EARLIEST };
        Room { name, epoch, state: Mutex::new(state), members: RwLock::default() }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &RoomName {
        &self.name
    }

    /// The life of its log.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Appends a message to the log and gives it the next number. Its cost does
    /// not depend on how many read it: [`Room::wake`] tells them.
    pub fn append(&self, message: &NewMessage<'_>) -> Position {
        let object = RoomObject::message(message.username, message.content);
        let mut state = lock(&self.state);
        state.seq += 1;
        let position = Position { epoch: self.epoch, seq: state.seq };
        state.publish(message.now, |encoding, stamp| {
            object.encode_message(encoding, stamp, &self.name, position)
        });
        position
    }

    /// Tells everybody that there is something to read. Once after many
    /// appends is enough.
    pub fn wake(&self) {
        self.wake_others(None);
    }

    /// Like [`Room::wake`], for a member that will read anyway.
    pub(crate) fn wake_others(&self, except: Option<MemberId>) {
        read(&self.members).wake(except);
    }

    /// Appends a notice, which has no number.
    pub(crate) fn append_notice(&self, notice: &Notice<'_>, now: Timestamp) {
        let object = RoomObject::notice(notice);
        lock(&self.state).publish(now, |encoding, stamp| {
            object.encode_notice(encoding, stamp, &self.name, notice)
        });
    }

    /// A connection comes in and reads on from the cursor, which is behind the
    /// message at the position.
    pub(crate) fn enter(&self, member: Member, dialect: Dialect) -> (MemberId, Cursor, Position) {
        let (cursor, seq) = {
            let mut state = lock(&self.state);
            (state.log.enter(dialect), state.seq)
        };
        let id = write(&self.members).insert(member);
        (id, cursor, Position { epoch: self.epoch, seq })
    }

    /// A connection goes. Whether it was the last.
    pub(crate) fn leave(&self, id: MemberId, dialect: Dialect) -> bool {
        lock(&self.state).log.leave(dialect);
        let mut members = write(&self.members);
        members.remove(id);
        members.is_empty()
    }

    /// A member has (another) name now.
    pub(crate) fn set_user(&self, id: MemberId, user: &UserName) {
        write(&self.members).set_user(id, user.clone());
    }

    /// What there is to read at `cursor`.
    pub(crate) fn read(&self, cursor: Cursor, encoding: Encoding) -> Read {
        lock(&self.state).log.read(cursor, encoding)
    }

    /// Whether so much is to be read at `cursor` that nothing should be added.
    pub(crate) fn is_far_behind(&self, cursor: Cursor) -> bool {
        lock(&self.state).log.is_far_behind(cursor)
    }

    /// The last message's place.
    pub(crate) fn head(&self) -> Position {
        Position { epoch: self.epoch, seq: lock(&self.state).seq }
    }

    /// How many have joined.
    pub(crate) fn count(&self) -> usize {
        read(&self.members).users().count()
    }

    /// Up to `most` of those who have joined, and how many they are.
    pub(crate) fn users(&self, most: usize) -> (Vec<UserName>, usize) {
        let members = read(&self.members);
        (members.users().take(most).cloned().collect(), members.users().count())
    }
}

impl State {
    /// Appends what `encode` makes in each encoding that somebody reads.
    fn publish(&mut self, now: Timestamp, encode: impl Fn(Encoding, Timestamp) -> String) {
        self.stamp = self.stamp.max(now);
        let message = Encoding::ALL
            .map(|encoding| self.log.uses(encoding).then(|| encode(encoding, self.stamp)));
        self.log.append(&message, self.stamp);
    }
}
