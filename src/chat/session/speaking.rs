//! What others hear: `message`, `private`, `typing`.

use std::sync::Arc;

use super::{Outbox, Session};
use crate::chat::mailbox::Direct;
use crate::chat::message::NewMessage;
use crate::chat::names::{ANONYMOUS, RoomName, UserName};
use crate::chat::person::Person;
use crate::chat::port::Unavailable;
use crate::chat::post::Private;
use crate::chat::room::Stored;
use crate::chat::time::Timestamp;
use crate::chat::typing;
use crate::chat::wire::{Dialect, Place, Refusal};

impl Session {
    /// Says something to a room.
    pub(super) fn say(
        &mut self,
        content: &str,
        room: Option<RoomName>,
        nonce: Option<&str>,
        now: Timestamp,
        out: &mut dyn Outbox,
    ) -> Result<(), Refusal> {
        self.check_length(content)?;
        let index = self.find_or_first(room.as_ref())?;
        if self.has_typed {
            self.stop_typing_in(index, now);
        }
        let room = &self.memberships[index].room;
        let append = |username: &str, key| {
            let message = NewMessage { username, content, at: now, key };
            self.chat.engine().append(room, &message)
        };
        let stored = match &self.person {
            None => append(ANONYMOUS, None),
            Some(person) => {
                let key = person.key(nonce);
                let name = person.name();
                person.once(key, now, || append(name.as_str(), key))
            }
        };
        let stored = stored.map_err(|Unavailable| Refusal::unavailable())?;
        if !stored.is_repeated {
            self.memberships[index].appended();
        }
        self.acknowledge(stored, Some(stored.position.seq), nonce, now, out);
        Ok(())
    }

    /// Says something to one person, who hears it at once or finds it later.
    pub(super) fn whisper(
        &mut self,
        to: &UserName,
        content: &str,
        nonce: Option<&str>,
        now: Timestamp,
        out: &mut dyn Outbox,
    ) -> Result<(), Refusal> {
        self.learn();
        let person = self.joined()?;
        self.check_length(content)?;
        if self.has_typed
            && let Some(addressee) = self.chat.people(|people| people.find(to))
        {
            self.chat.types(&person, &typing::Place::Person(addressee), false, now);
        }
        let stored = self.deliver(&person, to, content, nonce, now)?;
        self.acknowledge(stored, None, nonce, now, out);
        Ok(())
    }

    /// Stores a private message and hands it to all connections of both.
    fn deliver(
        &self,
        from: &Arc<Person>,
        to: &UserName,
        content: &str,
        nonce: Option<&str>,
        now: Timestamp,
    ) -> Result<Stored, Refusal> {
        let engine = self.chat.engine();
        let from_name = from.name();
        self.chat.post(|post| {
            // Nobody comes under this lock, so it reaches them now or waits for them.
            let addressee = self.chat.people(|people| people.find(to));
            let to_name = addressee.as_ref().map_or_else(|| to.clone(), |person| person.name());
            if addressee.is_none() && !post.knows(to) {
                return Err(Refusal::no_such_user());
            }
            let mut private = None;
            let key = from.key(nonce);
            let stored = from.once(key, now, || {
                // A server that was restarted knows only what was kept.
                if let Some(position) = key.and_then(|key| post.find(&from_name, key)) {
                    return Ok(Stored { position, is_repeated: true });
                }
                let keep = |private: &Private| engine.keep_private(private);
                let stored = post.store(&from_name, &to_name, content, key, now, keep);
                let stored = stored.map_err(|Unavailable| Refusal::unavailable())?;
                let position = private.insert(stored).id;
                Ok(Stored { position, is_repeated: false })
            })?;
            let Some(private) = private.map(Direct::Private) else { return Ok(stored) };
            let other = addressee.as_ref().filter(|addressee| !Arc::ptr_eq(addressee, from));
            for person in other.into_iter().chain([from]) {
                if person.tell(&private) {
                    let letters = person.name().letters();
                    post.delivered(letters, |letters, seq| engine.mark_delivered(letters, seq));
                }
            }
            Ok(stored)
        })
    }

    /// Is typing, or has stopped.
    pub(super) fn types(
        &mut self,
        place: Place,
        is_typing: bool,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.learn();
        let person = self.joined()?;
        person.may_type(self.chat.limits().typing, now).map_err(Refusal::rate_limited)?;
        self.has_typed = true;
        match place {
            Place::Room(room) => {
                let index = self.find_or_first(room.as_ref())?;
                let place = typing::Place::Room(Arc::clone(&self.memberships[index].room));
                if self.chat.types(&person, &place, is_typing, now) {
                    self.memberships[index].appended();
                }
            }
            Place::Person(to) => match self.chat.people(|people| people.find(&to)) {
                Some(addressee) => {
                    self.chat.types(&person, &typing::Place::Person(addressee), is_typing, now);
                }
                None if self.chat.post(|post| post.knows(&to)) => {} // nobody is there to see it
                None => return Err(Refusal::no_such_user()),
            },
        }
        Ok(())
    }

    fn stop_typing_in(&mut self, index: usize, now: Timestamp) {
        let Some(person) = &self.person else { return };
        let place = typing::Place::Room(Arc::clone(&self.memberships[index].room));
        if self.chat.types(person, &place, false, now) {
            self.memberships[index].appended(); // whatever becomes of the message
        }
    }

    /// A plain client that sends such objects shows that it understands them.
    fn learn(&mut self) {
        if self.dialect == Dialect::Plain {
            self.dialect = Dialect::Knowing;
            for membership in &self.memberships {
                membership.room.change_dialect(Dialect::Plain, Dialect::Knowing);
            }
        }
    }

    fn acknowledge(
        &self,
        stored: Stored,
        seq: Option<u64>,
        nonce: Option<&str>,
        now: Timestamp,
        out: &mut dyn Outbox,
    ) {
        if let (Dialect::V1, Some(nonce)) = (self.dialect, nonce) {
            let Stored { position, is_repeated } = stored;
            out.push_object(&self.outgoing(now).ack(nonce, position, seq, is_repeated));
        }
    }

    fn check_length(&self, content: &str) -> Result<(), Refusal> {
        match content.len() > self.chat.limits().max_content {
            true => Err(Refusal::too_long(self.chat.limits())),
            false => Ok(()),
        }
    }
}
