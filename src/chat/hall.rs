//! The building: every room, every person.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use super::agenda::{Agenda, Task};
use super::departures::Verdict;
use super::directory::Directory;
use super::history::Resume;
use super::limits::Limits;
use super::log::Cursor;
use super::mailbox::{Direct, Mailbox};
use super::members::MemberId;
use super::names::{RoomName, UserName};
use super::notice::Notice;
use super::person::Person;
use super::port::{Engine, Unavailable};
use super::post::Post;
use super::room::{Room, Seat};
use super::rooms::Rooms;
use super::time::Timestamp;
use super::token::Tokens;
use super::typing::Place;
use super::wire::Dialect;
use crate::sync::lock;

/// One chat: its rooms, the people who are here, and what waits for those who
/// are not.
///
/// ```
/// use wirechat::chat::{Chat, Limits};
/// use wirechat::engine::Memory;
///
/// let chat = Chat::new(Limits { require_join: true, ..Limits::default() }, Memory, [7; 32]);
/// assert!(chat.limits().require_join);
/// ```
pub struct Chat {
    limits: Limits,
    engine: Box<dyn Engine>,
    // No two of these locks are held together, except the post's, under which
    // people and rooms are told.
    rooms: Mutex<Rooms>,
    directory: Mutex<Directory>,
    post: Mutex<Post>,
    agenda: Mutex<Agenda>,
    /// The time of the last tick.
    ticked: AtomicI64,
}

impl Chat {
    /// A chat without rooms. `secret` must be another one every time that the
    /// program starts, and nobody may guess it: logs begin anew then, and what
    /// people prove their identity with is made from it.
    #[must_use]
    pub fn new(limits: Limits, engine: impl Engine + 'static, secret: [u8; 32]) -> Arc<Chat> {
        let tokens = Tokens::new(secret);
        let mut rooms = Rooms::new(tokens.public_number());
        let post = match engine.recall_post() {
            Some(recalled) => Post::recalled(recalled, limits.private_log),
            None => Post::new(rooms.epoch(), limits.private_log),
        };
        Arc::new(Chat {
            limits,
            engine: Box::new(engine),
            rooms: Mutex::new(rooms),
            directory: Mutex::new(Directory::new(tokens)),
            post: Mutex::new(post),
            agenda: Mutex::default(),
            ticked: AtomicI64::new(Timestamp::EARLIEST.millis()),
        })
    }

    /// The limits that hold here.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Does what is due: ends typing that has gone silent, announces those who did
    /// not come back, forgets empty rooms. To be called about twice a second.
    pub fn tick(&self, now: Timestamp) {
        self.ticked.store(now.millis(), Ordering::Relaxed);
        loop {
            let task = lock(&self.agenda).next(now);
            match task {
                Some(Task::Settle(room, user)) => {
                    if let Some(room) = room.upgrade() {
                        let again = room.settle(&user, now);
                        self.settle_at(again, &room, &user);
                    }
                }
                Some(Task::EndTyping(person)) => self.end_typing(&person, now),
                None => break,
            }
        }
        let occupied: Vec<Arc<Room>> = {
            let mut rooms = lock(&self.rooms);
            rooms.expire(now);
            rooms.occupied().cloned().collect()
        };
        // Not under that lock: a room that is just storing something may take a while.
        occupied.iter().for_each(|room| room.rest());
        lock(&self.directory).expire(now);
    }

    /// About what time it is, for those who are not told.
    pub(crate) fn last_tick(&self) -> Timestamp {
        Timestamp::from_millis(self.ticked.load(Ordering::Relaxed))
    }

    /// Where everything is kept.
    pub(crate) fn engine(&self) -> &dyn Engine {
        &*self.engine
    }

    /// Does something with the people.
    pub(crate) fn people<T>(&self, ask: impl FnOnce(&mut Directory) -> T) -> T {
        ask(&mut lock(&self.directory))
    }

    /// Does something with the private messages.
    pub(crate) fn post<T>(&self, ask: impl FnOnce(&mut Post) -> T) -> T {
        ask(&mut lock(&self.post))
    }

    /// A connection enters the room of this name, which is made if there is none.
    ///
    /// # Errors
    /// [`Unavailable`] if the engine does not know now what it kept of the room.
    pub(crate) fn enter(
        &self,
        name: &RoomName,
        mailbox: Arc<Mailbox>,
        dialect: Dialect,
        resume: Option<Resume>,
        now: Timestamp,
    ) -> Result<(Arc<Room>, Seat), Unavailable> {
        let mut rooms = lock(&self.rooms);
        let room = rooms.get_or_make(name, &self.limits, now, || self.engine.recall(name))?;
        // Still under the lock, or the last one out could drop the room here.
        let seat = room.enter(mailbox, dialect, resume);
        Ok((room, seat))
    }

    /// A connection leaves a room.
    pub(crate) fn leave(
        &self,
        room: &Room,
        id: MemberId,
        cursor: Cursor,
        dialect: Dialect,
        now: Timestamp,
    ) {
        let mut rooms = lock(&self.rooms);
        if room.leave(id, cursor, dialect) {
            rooms.set_empty(room, &self.limits, now);
        }
    }

    /// A person enters a room with one more connection. Whether its members, who are
    /// still to be woken, were told.
    pub(crate) fn admit(&self, person: &Arc<Person>, room: &Arc<Room>, now: Timestamp) -> bool {
        let Verdict { tell, again } = person.enter(room, now);
        self.settle_at(again, room, &person.name());
        tell
    }

    /// A person leaves a room with one connection, or loses it. As for `admit`.
    pub(crate) fn dismiss(
        &self,
        person: &Arc<Person>,
        room: &Arc<Room>,
        is_lost: bool,
        now: Timestamp,
    ) -> bool {
        let user = person.name();
        let Verdict { tell, again } = person.leave(room, is_lost, now);
        self.settle_at(again, room, &user);
        tell
    }

    /// A connection of this person goes. With the last one all typing ends.
    pub(crate) fn part(&self, person: &Arc<Person>, mailbox: &Arc<Mailbox>, now: Timestamp) {
        if self.people(|people| people.leave(person, mailbox, now)) {
            self.post(|post| post.remember(person.name().letters()));
            end_all_typing(person, &person.name(), now);
        }
    }

    /// A person who is here may have got another name: the others are told, and first
    /// that whoever had the old one is not typing, for nobody has it later.
    pub(crate) fn renamed(&self, person: &Person, was: &UserName, now: Timestamp) {
        let user = person.name();
        if user != *was {
            end_all_typing(person, was, now);
            person.announce(&Notice::Renamed { was, now: &user }, now);
        }
    }

    fn settle_at(&self, due: Option<Timestamp>, room: &Arc<Room>, user: &UserName) {
        if let Some(due) = due {
            lock(&self.agenda).add(due, Task::Settle(Arc::downgrade(room), user.clone()));
        }
    }

    /// A person is typing there, or has stopped. Whether the place was told; if it
    /// is a room, its members are still to be woken.
    pub(crate) fn types(
        &self,
        person: &Arc<Person>,
        place: &Place,
        is_typing: bool,
        now: Timestamp,
    ) -> bool {
        let (must_tell, watch) = person.types(place, is_typing, now);
        if must_tell {
            tell_typing(&person.name(), place, is_typing, now);
        }
        self.end_typing_at(watch, person);
        must_tell
    }

    /// Ends what somebody has stopped typing without a word.
    fn end_typing(&self, person: &Arc<Person>, now: Timestamp) {
        let (places, next) = person.overdue_typing(now);
        for place in places {
            tell_typing(&person.name(), &place, false, now);
            if let Place::Room(room) = place {
                room.wake();
            }
        }
        self.end_typing_at(next, person);
    }

    fn end_typing_at(&self, due: Option<Timestamp>, person: &Arc<Person>) {
        if let Some(due) = due {
            lock(&self.agenda).add(due, Task::EndTyping(Arc::clone(person)));
        }
    }

    /// The room of this name, if it exists.
    pub(crate) fn room(&self, name: &RoomName) -> Option<Arc<Room>> {
        lock(&self.rooms).get(name).cloned()
    }

    /// Up to [`Limits::max_listed`] rooms with the number of people in each,
    /// and how many rooms there are with somebody in them.
    pub(crate) fn rooms(&self) -> (Vec<(RoomName, usize)>, usize) {
        let (mut rooms, count): (Vec<Arc<Room>>, usize) = {
            let rooms = lock(&self.rooms);
            let some = rooms.occupied().take(self.limits.max_listed).cloned().collect();
            (some, rooms.count_occupied())
        };
        rooms.sort_by(|a, b| a.name().as_str().cmp(b.name().as_str()));
        (rooms.iter().map(|room| (room.name().clone(), room.count())).collect(), count)
    }
}

/// Ends what a person was typing under this name.
fn end_all_typing(person: &Person, user: &UserName, now: Timestamp) {
    for place in person.stop_typing() {
        tell_typing(user, &place, false, now);
    }
}

fn tell_typing(user: &UserName, place: &Place, is_typing: bool, now: Timestamp) {
    match place {
        Place::Room(room) => room.append_typing(user, is_typing, now),
        Place::Person(to) => {
            // Whoever has gone in the meantime need not hear it.
            to.tell(&Direct::Typing { from: user.clone(), is_typing, at: now });
        }
    }
}

impl std::fmt::Debug for Chat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chat").field("limits", &self.limits).finish_non_exhaustive()
    }
}
