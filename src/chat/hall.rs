//! The building: every room, every name in use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::directory::Directory;
use super::ids::{Epoch, Position};
use super::limits::Limits;
use super::log::Cursor;
use super::members::{Member, MemberId};
use super::names::RoomName;
use super::port::{Engine, Unavailable};
use super::room::{NewMessage, Room};
use super::wire::Dialect;
use crate::sync::lock;

/// One chat: its rooms and the names of those who are here.
///
/// A room exists as long as somebody is in it. The first to enter makes it,
/// with a new [`Epoch`]; when the last one leaves, it and its log are dropped.
///
/// ```
/// use wirechat::chat::{Chat, Limits};
/// use wirechat::engine::Memory;
///
/// let chat = Chat::new(Limits { require_join: true, ..Limits::default() }, Memory, 0x5eed);
/// assert!(chat.limits().require_join);
/// ```
pub struct Chat {
    limits: Limits,
    engine: Box<dyn Engine>,
    rooms: Mutex<Rooms>,
    directory: Mutex<Directory>,
}

#[derive(Debug)]
struct Rooms {
    by_name: HashMap<RoomName, Arc<Room>>,
    next_epoch: u64,
}

/// What somebody gets who enters a room.
#[derive(Debug)]
pub(crate) struct Entered {
    pub(crate) room: Arc<Room>,
    pub(crate) id: MemberId,
    pub(crate) cursor: Cursor,
    /// The last message before the cursor.
    pub(crate) head: Position,
}

impl Chat {
    /// A chat without rooms. `epoch_seed` must be another one every time that
    /// the program starts (a random number will do), since logs begin anew then.
    #[must_use]
    pub fn new(limits: Limits, engine: impl Engine + 'static, epoch_seed: u64) -> Arc<Chat> {
        Arc::new(Chat {
            limits,
            engine: Box::new(engine),
            rooms: Mutex::new(Rooms { by_name: HashMap::new(), next_epoch: epoch_seed }),
            directory: Mutex::default(),
        })
    }

    /// The limits that hold here.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn append(
        &self,
        room: &Room,
        message: &NewMessage<'_>,
    ) -> Result<Position, Unavailable> {
        self.engine.append(room, message)
    }

    /// Does something with the names in use.
    pub(crate) fn names<T>(&self, ask: impl FnOnce(&mut Directory) -> T) -> T {
        ask(&mut lock(&self.directory))
    }

    /// Enters the room of this name, which is made if there is none.
    pub(crate) fn enter(&self, name: &RoomName, member: Member, dialect: Dialect) -> Entered {
        let mut rooms = lock(&self.rooms);
        let room = rooms.get_or_make(name, self.limits.room_log);
        // Still under the lock, or the last one out could drop the room here.
        let (id, cursor, head) = room.enter(member, dialect);
        Entered { room, id, cursor, head }
    }

    /// Leaves a room, which is dropped if nobody is left. Whether anybody is.
    pub(crate) fn leave(&self, room: &Room, id: MemberId, dialect: Dialect) -> bool {
        let mut rooms = lock(&self.rooms);
        let is_empty = room.leave(id, dialect);
        if is_empty {
            rooms.by_name.remove(room.name());
        }
        !is_empty
    }

    /// The room of this name, if it exists.
    pub(crate) fn room(&self, name: &RoomName) -> Option<Arc<Room>> {
        lock(&self.rooms).by_name.get(name).cloned()
    }

    /// Up to [`Limits::max_listed`] rooms with the number of people in each,
    /// and how many rooms there are.
    pub(crate) fn rooms(&self) -> (Vec<(RoomName, usize)>, usize) {
        let (mut rooms, count): (Vec<Arc<Room>>, usize) = {
            let rooms = lock(&self.rooms);
            let some = rooms.by_name.values().take(self.limits.max_listed).cloned().collect();
            (some, rooms.by_name.len())
        };
        rooms.sort_by(|a, b| a.name().as_str().cmp(b.name().as_str()));
        (rooms.iter().map(|room| (room.name().clone(), room.count())).collect(), count)
    }
}

impl std::fmt::Debug for Chat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chat").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Rooms {
    fn get_or_make(&mut self, name: &RoomName, log_capacity: usize) -> Arc<Room> {
        if let Some(room) = self.by_name.get(name) {
            return Arc::clone(room);
        }
        let room = Arc::new(Room::new(name.clone(), Epoch::new(self.next_epoch), log_capacity));
        // An odd step visits all 2^64 numbers before it repeats one, and a large
        // one keeps the epochs of two runs of the program apart.
        self.next_epoch = self.next_epoch.wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.by_name.insert(name.clone(), Arc::clone(&room));
        room
    }
}
