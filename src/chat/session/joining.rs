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
use crate::chat::person::Person;
use crate::chat::port::Unavailable;
use crate::chat::post::{Post, Private};
use crate::chat::room::Room;
use crate::chat::time::Timestamp;
use crate::chat::typing::Place;
use crate::chat::wire::{Dialect, Join, Joined, Mail, Refusal};

/// A room that was just entered, and what is known about it at that moment.
pub(super) struct Entered {
    pub(super) membership: Membership,
    begin: Begin,
}

/// Where the log was at that moment, and what follows from there on.
#[derive(Clone, Copy)]
struct Begin {
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
        let name = join.room.clone().unwrap_or_else(|| self.first_room());
        let rooms_joined = if self.person.is_some() { self.memberships.len() } else { 0 };
        let is_new_room = self.person.is_none() || self.find(&name).is_none();
        if is_new_room && rooms_joined >= self.chat.limits().max_rooms {
            return Err(Refusal::too_many_rooms(self.chat.limits()));
        }
        // First what nobody hears of, so that a refused name can undo it.
        let entered = match self.goes_on_reading(&name, &join) {
            true => None,
            false => Some(self.enter(&name, join.resume, now)?),
        };
        let (person, private_after) = match self.take_name(&join, now) {
            Ok(named) => named,
            Err(refusal) => {
                self.step_back(entered, now);
                return Err(refusal);
            }
        };
        if person.name() != join.user {
            out.push_object(&self.outgoing(now).numbered(&join.user, &person.name()));
        }
        let begin = entered.as_ref().map(|entered| entered.begin);
        let index = self.settle_in(&name, &person, entered, is_new_room, now);
        if self.dialect == Dialect::V1 {
            let room = &self.memberships[index].room;
            let begin = begin.unwrap_or_else(|| Begin { head: room.head(), missed: None });
            self.answer_join(room, &person, begin, private_after, now, out);
        }
        Ok(())
    }

    /// Leaves a room that was just entered, of which nobody has heard.
    fn step_back(&self, entered: Option<Entered>, now: Timestamp) {
        if let Some(entered) = entered {
            let Membership { room, id, cursor, .. } = entered.membership;
            self.chat.leave(&room, id, cursor, self.dialect, now);
        }
    }

    /// Whether it is in the room already and stays as it is. One that has read
    /// there as `Anonymous` begins anew if anything would come twice or out of
    /// order otherwise.
    fn goes_on_reading(&self, room: &RoomName, join: &Join) -> bool {
        let begins_anew =
            self.person.is_none() && (self.dialect == Dialect::V1 || join.resume.is_some());
        self.find(room).is_some() && !begins_anew
    }

    /// Who it is from now on and, if it was nobody before, behind which place their
    /// private messages begin.
    fn take_name(
        &self,
        join: &Join,
        now: Timestamp,
    ) -> Result<(Arc<Person>, Option<Position>), Refusal> {
        match self.person.clone() {
            Some(person) => Ok((self.rename(person, &join.user, now)?, None)),
            None => self.introduce(join, now),
        }
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
            .post(|post| {
                self.chat.people(|people| people.rename(&person, wanted, manner))?;
                if person.name() != was {
                    let (_, waiting) = self.collect(post, &person, Mail::Waiting);
                    for private in waiting {
                        person.tell(&Direct::Private(private));
                    }
                }
                Ok(())
            })
            .map_err(|taken: Taken| Refusal::name_taken(wanted, taken.suggestion))?;
        self.chat.renamed(&person, &was, now);
        Ok(person)
    }

    /// Becomes a person: one whose token the client shows, or a new one.
    fn introduce(
        &self,
        join: &Join,
        now: Timestamp,
    ) -> Result<(Arc<Person>, Option<Position>), Refusal> {
        let manner = self.manner(Some(join));
        // Under the lock of the post, so that what is said meanwhile comes either
        // out of the box or to the new connection, and behind what is in the box.
        let (person, held, private_after) = self
            .chat
            .post(|post| {
                let (person, held) =
                    self.chat.people(|people| people.join(&join.user, manner, &self.mailbox))?;
                let (after, privates) = self.collect(post, &person, join.mail);
                for private in privates {
                    self.mailbox.push(Direct::Private(private));
                }
                Ok((person, held, after))
            })
            .map_err(|taken: Taken| Refusal::name_taken(&join.user, taken.suggestion))?;
        if let Some(was) = held {
            self.chat.renamed(&person, &was, now);
        }
        Ok((person, Some(private_after)))
    }

    /// What is in the box of a person, and the place behind which that begins.
    fn collect(
        &self,
        post: &mut Post,
        person: &Person,
        mail: Mail,
    ) -> (Position, Vec<Arc<Private>>) {
        let mark = |letters: &str, seq| self.chat.engine().mark_delivered(letters, seq);
        post.collect(&person.name(), mail, mark)
    }

    /// Is in the room from now on, as this person. The membership's index.
    fn settle_in(
        &mut self,
        name: &RoomName,
        person: &Arc<Person>,
        entered: Option<Entered>,
        is_new_room: bool,
        now: Timestamp,
    ) -> usize {
        if let Some(entered) = entered {
            if self.person.is_none() {
                // Anonymous goes without a word.
                self.starts_over = !self.memberships.is_empty();
                self.leave_all(false, now);
            }
            self.memberships.push(entered.membership);
        }
        self.person = Some(Arc::clone(person));
        let index = self.find(name).unwrap_or_default(); // it has just been found or added
        let membership = &mut self.memberships[index];
        if is_new_room && self.chat.admit(person, &membership.room, now) {
            membership.appended();
        }
        index
    }

    /// Enters a room, if its log can be known.
    pub(super) fn enter(
        &mut self,
        name: &RoomName,
        resume: Option<Resume>,
        now: Timestamp,
    ) -> Result<Entered, Refusal> {
        let mailbox = Arc::clone(&self.mailbox);
        let (room, seat) = self
            .chat
            .enter(name, mailbox, self.dialect, resume, now)
            .map_err(|Unavailable| Refusal::unavailable())?;
        let membership = Membership {
            room,
            id: seat.id,
            cursor: seat.cursor,
            replay: Replay::of(seat.head, seat.replay),
            unread: true,
            untold: false,
        };
        let head = Position { epoch: membership.room.epoch(), seq: seat.head };
        Ok(Entered { membership, begin: Begin { head, missed: seat.missed } })
    }

    fn answer_join(
        &self,
        room: &Room,
        person: &Person,
        begin: Begin,
        private_after: Option<Position>,
        now: Timestamp,
        out: &mut dyn Outbox,
    ) {
        let user = person.name();
        let (users, count) = room.users(self.chat.limits().max_listed, Some(&user));
        out.push_object(&self.outgoing(now).joined(&Joined {
            room: room.name(),
            user: &user,
            head: begin.head,
            users: &users,
            count,
            session: *person.token(),
            private_after,
            missed: begin.missed,
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
        let Membership { room, id, cursor, untold, .. } = self.memberships.remove(index);
        self.turn = 0;
        let mut must_wake = untold; // by what was said earlier in this turn
        if let Some(person) = &self.person {
            must_wake |= self.chat.types(person, &Place::Room(Arc::clone(&room)), false, now);
            must_wake |= self.chat.dismiss(person, &room, is_lost, now);
        }
        self.chat.leave(&room, id, cursor, self.dialect, now);
        if must_wake {
            room.wake();
        }
        if self.memberships.is_empty()
            && let Some(person) = self.person.take()
        {
            self.chat.part(&person, &self.mailbox, now);
        }
    }
}
