//! Coming and going: `join` and `leave`.

use std::sync::Arc;

use super::reading::Replay;
use super::{Membership, Outbox, Session};
use crate::chat::directory::Manner;
use crate::chat::history::{Missed, Resume};
use crate::chat::ids::Position;
use crate::chat::mailbox::Direct;
use crate::chat::names::{RoomName, UserName};
use crate::chat::names_in_use::Taken;
use crate::chat::notice::Notice;
use crate::chat::person::Person;
use crate::chat::room::Room;
use crate::chat::time::Timestamp;
use crate::chat::typing::Place;
use crate::chat::wire::{Dialect, Join, Joined, Refusal};

/// What is known about a room at the moment of a join.
struct Arrival {
    room: Arc<Room>,
    head: Position,
    missed: Option<Missed>,
}

impl Session {
    /// Takes a name, or another one, and enters a room if it is not there yet.
    pub(super) fn join(
        &mut self,
        join: Join,
        now: Timestamp,
        out: &mut dyn Outbox,
    ) -> Result<(), Refusal> {
        let room = join.room.clone().unwrap_or_else(|| self.first_room());
        let is_new_room = self.person.is_none() || self.find(&room).is_none();
        let rooms_joined = if self.person.is_some() { self.memberships.len() } else { 0 };
        if is_new_room && rooms_joined >= self.chat.limits().max_rooms {
            return Err(Refusal::too_many_rooms(self.chat.limits()));
        }
        let person = match self.person.clone() {
            Some(person) => self.rename(person, &join.user, now)?,
            None => self.introduce(&join, now)?,
        };
        if person.name() != join.user {
            out.push_object(&self.outgoing(now).numbered(&join.user, &person.name()));
        }
        let arrival = self.arrive(&room, &person, join.resume, now);
        if self.dialect == Dialect::V1 {
            self.answer_join(&arrival, &person, now, out);
        }
        Ok(())
    }

    fn manner(&self, join: Option<&Join>) -> Manner {
        match self.dialect {
            Dialect::V1 => Manner::Asked { shown: join.and_then(|join| join.session) },
            Dialect::Plain | Dialect::Knowing => Manner::Numbered,
        }
    }

    /// A person who is here goes by another name, if it is another one.
    fn rename(
        &self,
        person: Arc<Person>,
        wanted: &UserName,
        now: Timestamp,
    ) -> Result<Arc<Person>, Refusal> {
        let was = person.name();
        let manner = self.manner(None);
        self.chat
            .people(|people| people.rename(&person, wanted, manner))
            .map_err(|taken| Refusal::name_taken(wanted, taken.suggestion))?;
        announce_rename(&person, &was, now);
        Ok(person)
    }

    /// Becomes a person: one whose token the client shows, or a new one.
    fn introduce(&self, join: &Join, now: Timestamp) -> Result<Arc<Person>, Refusal> {
        let manner = self.manner(Some(join));
        // Under the lock of the post, so that what is said meanwhile comes either
        // out of the box or to the new connection, and behind what is in the box.
        let (person, held) = self
            .chat
            .post(|post| {
                let (person, held) =
                    self.chat.people(|people| people.join(&join.user, manner, &self.mailbox))?;
                for private in post.collect(&person.name(), join.mail) {
                    self.mailbox.push(Direct::Private(private));
                }
                Ok((person, held))
            })
            .map_err(|taken: Taken| Refusal::name_taken(&join.user, taken.suggestion))?;
        if let Some(was) = held {
            announce_rename(&person, &was, now);
        }
        Ok(person)
    }

    /// Is in the room from now on, as this person.
    fn arrive(
        &mut self,
        room: &RoomName,
        person: &Arc<Person>,
        resume: Option<Resume>,
        now: Timestamp,
    ) -> Arrival {
        let was_anonymous = self.person.is_none();
        if was_anonymous {
            self.stop_being_anonymous(room, resume.is_some(), now);
        }
        self.person = Some(Arc::clone(person));
        let found = self.find(room);
        let (index, missed, head) = match found {
            Some(index) => (index, None, self.memberships[index].room.head().seq),
            None => self.enter(room, resume, now),
        };
        let room = Arc::clone(&self.memberships[index].room);
        if found.is_none() || was_anonymous {
            self.chat.admit(person, &room, now);
            self.memberships[index].appended();
        }
        let head = Position { epoch: room.epoch(), seq: head };
        Arrival { room, head, missed }
    }

    /// Leaves the lobby, without a word, unless that is the room to join and nothing
    /// would come twice or out of order: a plain client that goes on reading.
    fn stop_being_anonymous(&mut self, room: &RoomName, resumes: bool, now: Timestamp) {
        let goes_on = self.dialect != Dialect::V1 && !resumes;
        if !(goes_on && self.find(room).is_some()) {
            self.leave_all(false, now);
            self.starts_over = true;
        }
    }

    /// Enters a room. The membership's index, what is missed, and the number of the
    /// last message.
    pub(super) fn enter(
        &mut self,
        name: &RoomName,
        resume: Option<Resume>,
        now: Timestamp,
    ) -> (usize, Option<Missed>, u64) {
        let mailbox = Arc::clone(&self.mailbox);
        let (room, seat) = self.chat.enter(name, mailbox, self.dialect, resume, now);
        self.memberships.reserve_exact(1); // most are in one room for ever
        self.memberships.push(Membership {
            room,
            id: seat.id,
            cursor: seat.cursor,
            replay: Replay::of(seat.head, seat.replay),
            unread: true,
            untold: false,
        });
        (self.memberships.len() - 1, seat.missed, seat.head)
    }

    fn answer_join(
        &self,
        arrival: &Arrival,
        person: &Person,
        now: Timestamp,
        out: &mut dyn Outbox,
    ) {
        let (users, count) = arrival.room.users(self.chat.limits().max_listed);
        out.push_object(&self.outgoing(now).joined(&Joined {
            room: arrival.room.name(),
            user: &person.name(),
            head: arrival.head,
            users: &users,
            count,
            session: person.token(),
            missed: arrival.missed,
        }));
    }

    /// Leaves a room that it has joined.
    pub(super) fn leave(&mut self, room: Option<RoomName>, now: Timestamp) -> Result<(), Refusal> {
        self.joined()?;
        let index = self.find_or_first(room.as_ref())?;
        self.leave_membership(index, false, now);
        Ok(())
    }

    pub(super) fn leave_all(&mut self, is_lost: bool, now: Timestamp) {
        while !self.memberships.is_empty() {
            self.leave_membership(0, is_lost, now);
        }
    }

    /// Leaves one room, and without a room there is no name either.
    fn leave_membership(&mut self, index: usize, is_lost: bool, now: Timestamp) {
        let Membership { room, id, .. } = self.memberships.remove(index);
        self.turn = 0;
        if let Some(person) = &self.person {
            self.chat.types(person, &Place::Room(Arc::clone(&room)), false, now);
            self.chat.dismiss(person, &room, is_lost, now);
        }
        self.chat.leave(&room, id, self.dialect, now);
        room.wake(); // also for what was said earlier in this turn
        if self.memberships.is_empty()
            && let Some(person) = self.person.take()
        {
            self.chat.part(&person, &self.mailbox, now);
        }
    }
}

/// Tells the person's rooms, if the name has changed.
fn announce_rename(person: &Person, was: &UserName, now: Timestamp) {
    let user = person.name();
    if user != *was {
        person.announce(&Notice::Renamed { was, now: &user }, now);
    }
}
