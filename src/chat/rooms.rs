//! The rooms by name: those with somebody in them, and the empty ones that are
//! not forgotten yet.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::history::History;
use super::ids::Epoch;
use super::limits::Limits;
use super::message::Recalled;
use super::names::RoomName;
use super::room::Room;
use super::time::Timestamp;

/// Milliseconds for which an empty room keeps its log.
const MEMORY: i64 = 60 * 60 * 1000;

/// All rooms that exist. One exists from the first who enters it until it has
/// been empty for an hour. Then its log is gone, unless the engine has kept it, and
/// a room of the same name is another one, with another [`Epoch`].
#[derive(Debug)]
pub(crate) struct Rooms {
    by_name: HashMap<RoomName, Slot>,
    /// The empty ones, the longest empty first.
    empty: BTreeMap<u64, RoomName>,
    /// How many there were.
    count: u64,
    /// Bytes that the empty ones hold.
    size: usize,
    next_epoch: u64,
}

#[derive(Debug)]
struct Slot {
    room: Arc<Room>,
    empty: Option<Empty>,
}

#[derive(Debug)]
struct Empty {
    number: u64,
    since: Timestamp,
    size: usize,
}

impl Rooms {
    pub(crate) fn new(epoch_seed: u64) -> Rooms {
        Rooms {
            by_name: HashMap::new(),
            empty: BTreeMap::new(),
            count: 0,
            size: 0,
            next_epoch: epoch_seed,
        }
    }

    /// The room of this name, if it has not been forgotten.
    pub(crate) fn get(&self, name: &RoomName) -> Option<&Arc<Room>> {
        self.by_name.get(name).map(|slot| &slot.room)
    }

    /// Those with somebody in them.
    pub(crate) fn occupied(&self) -> impl Iterator<Item = &Arc<Room>> {
        self.by_name.values().filter(|slot| slot.empty.is_none()).map(|slot| &slot.room)
    }

    /// How many those are.
    pub(crate) fn count_occupied(&self) -> usize {
        self.by_name.len() - self.empty.len()
    }

    /// The room of this name for somebody who is about to enter it; if it does not
    /// exist, with what `recall` knows of its log.
    pub(crate) fn get_or_make<E>(
        &mut self,
        name: &RoomName,
        limits: &Limits,
        now: Timestamp,
        recall: impl FnOnce() -> Result<Option<Recalled>, E>,
    ) -> Result<Arc<Room>, E> {
        if let Some(slot) = self.by_name.get_mut(name) {
            if let Some(Empty { number, size, .. }) = slot.empty.take() {
                self.empty.remove(&number);
                self.size -= size;
            }
            return Ok(Arc::clone(&slot.room));
        }
        let (life, history) = match recall()? {
            Some(Recalled { epoch, born, head, entries }) => {
                ((epoch, born), History::recalled(limits.history, head, entries))
            }
            None => ((self.epoch(), now), History::new(limits.history)),
        };
        let room = Arc::new(Room::new(name.clone(), life, limits, history));
        self.by_name.insert(name.clone(), Slot { room: Arc::clone(&room), empty: None });
        Ok(room)
    }

    /// A life that no other log has.
    pub(crate) fn epoch(&mut self) -> Epoch {
        let epoch = Epoch::new(self.next_epoch);
        // An odd step visits all 2^64 numbers before it repeats one, and a large
        // one keeps the epochs of two runs of the program apart.
        self.next_epoch = self.next_epoch.wrapping_add(0x9E37_79B9_7F4A_7C15);
        epoch
    }

    /// The last one has left this room.
    pub(crate) fn set_empty(&mut self, room: &Room, limits: &Limits, now: Timestamp) {
        let Some(slot) = self.by_name.get_mut(room.name()) else { return };
        self.count += 1;
        let size = room.size();
        slot.empty = Some(Empty { number: self.count, since: now, size });
        self.empty.insert(self.count, room.name().clone());
        self.size += size;
        while self.size > limits.empty_rooms {
            self.forget_one();
        }
    }

    /// Forgets those that have been empty for long enough.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        while self.oldest().is_some_and(|empty| empty.since.plus_millis(MEMORY) <= now) {
            self.forget_one();
        }
    }

    fn oldest(&self) -> Option<&Empty> {
        let (_, name) = self.empty.first_key_value()?;
        self.by_name.get(name)?.empty.as_ref()
    }

    fn forget_one(&mut self) {
        let Some((_, name)) = self.empty.pop_first() else { return };
        if let Some(Slot { empty: Some(Empty { size, .. }), .. }) = self.by_name.remove(&name) {
            self.size -= size;
        }
    }
}
