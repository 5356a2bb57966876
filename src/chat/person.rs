//! One person, however many connections they have.

use std::sync::{Arc, Mutex};

use smallvec::SmallVec;

use super::departures::Verdict;
use super::mailbox::{CloseOrder, Direct, Mailbox};
use super::members::PersonId;
use super::names::UserName;
use super::notice::Notice;
use super::once::Once;
use super::rate::Rate;
use super::room::{Room, Stored};
use super::time::Timestamp;
use super::token::{NonceKey, Token};
use super::typing::{Place, Typist};
use crate::sync::lock;

/// Connections that one person may have at a time; the oldest goes for one more.
const MOST_CONNECTIONS: usize = 8;

/// Somebody who has joined, as long as a connection of theirs is here and a while
/// longer.
///
/// The locks are taken in this order: the names in use, a person, a room; a
/// person's name is the last.
#[derive(Debug)]
pub(crate) struct Person {
    /// Apart from the rest, since the rooms read it.
    name: Mutex<UserName>,
    /// The proof of being this person; plain clients have none.
    token: Option<Token>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The oldest first.
    connections: SmallVec<[Arc<Mailbox>; 1]>,
    /// Most are in one room for ever, never type to say so, and number nothing.
    rooms: SmallVec<[Presence; 1]>,
    typist: Option<Box<Typist>>,
    /// What was sent with a nonce.
    sent: Option<Box<Once>>,
}

/// A person's being in a room, with at least one connection.
#[derive(Debug)]
struct Presence {
    room: Arc<Room>,
    id: PersonId,
    connections: u32,
}

impl Person {
    pub(crate) fn new(name: UserName, token: Option<Token>) -> Arc<Person> {
        Arc::new(Person { name: Mutex::new(name), token, state: Mutex::default() })
    }

    pub(crate) fn name(&self) -> UserName {
        lock(&self.name).clone()
    }

    pub(crate) fn token(&self) -> &Option<Token> {
        &self.token
    }

    pub(crate) fn set_name(&self, name: UserName) {
        *lock(&self.name) = name;
    }

    /// One more connection. Whoever has too many loses the oldest.
    pub(crate) fn attach(&self, mailbox: &Arc<Mailbox>) {
        let mut state = lock(&self.state);
        if state.connections.len() >= MOST_CONNECTIONS {
            state.connections.remove(0).order_close(CloseOrder::Replaced);
        }
        state.connections.push(Arc::clone(mailbox));
    }

    /// One connection less. Whether it was the last.
    pub(crate) fn detach(&self, mailbox: &Arc<Mailbox>) -> bool {
        let mut state = lock(&self.state);
        state.connections.retain(|other| !Arc::ptr_eq(other, mailbox));
        state.connections.is_empty()
    }

    pub(crate) fn is_here(&self) -> bool {
        !lock(&self.state).connections.is_empty()
    }

    /// Hands something to every connection of this person. Whether there was one.
    pub(crate) fn tell(&self, direct: &Direct) -> bool {
        let connections = lock(&self.state).connections.clone();
        connections.iter().for_each(|mailbox| mailbox.push(direct.clone()));
        !connections.is_empty()
    }

    /// A connection of this person enters the room. What the others were told, and
    /// what is to be settled.
    pub(crate) fn enter(self: &Arc<Person>, room: &Arc<Room>, now: Timestamp) -> Verdict {
        let mut state = lock(&self.state);
        if let Some(presence) = state.presence(room) {
            presence.connections += 1;
            return Verdict::SILENCE;
        }
        let (id, verdict) = room.admit(self, now);
        state.rooms.push(Presence { room: Arc::clone(room), id, connections: 1 });
        verdict
    }

    /// A connection of this person leaves the room, or is lost. As for `enter`.
    pub(crate) fn leave(&self, room: &Arc<Room>, is_lost: bool, now: Timestamp) -> Verdict {
        let mut state = lock(&self.state);
        let Some(presence) = state.presence(room) else { return Verdict::SILENCE };
        presence.connections -= 1;
        if presence.connections > 0 {
            return Verdict::SILENCE;
        }
        let id = presence.id;
        state.rooms.retain(|presence| !Arc::ptr_eq(&presence.room, room));
        room.dismiss(id, &self.name(), is_lost, now)
    }

    /// Tells every room in which this person is.
    pub(crate) fn announce(&self, notice: &Notice<'_>, now: Timestamp) {
        for Presence { room, .. } in &lock(&self.state).rooms {
            room.append_notice(notice, now);
            room.wake();
        }
    }

    /// Where that is what was sent with this nonce before; otherwise `send`s it.
    pub(crate) fn once<E>(
        &self,
        key: Option<NonceKey>,
        now: Timestamp,
        send: impl FnOnce() -> Result<Stored, E>,
    ) -> Result<Stored, E> {
        let Some(key) = key else { return send() };
        let mut state = lock(&self.state);
        let sent = state.sent.get_or_insert_default();
        if let Some(position) = sent.find(key) {
            return Ok(Stored { position, is_repeated: true });
        }
        let stored = send()?;
        sent.remember(key, stored.position, now);
        Ok(stored)
    }

    /// What tells this person's message with this nonce from all others.
    pub(crate) fn key(&self, nonce: Option<&str>) -> Option<NonceKey> {
        Some(self.token?.key(nonce?))
    }

    /// Whether this person may say now that they are typing, or have stopped.
    ///
    /// # Errors
    /// The milliseconds to wait.
    pub(crate) fn may_type(&self, rate: Option<Rate>, now: Timestamp) -> Result<(), u64> {
        lock(&self.state).typist.get_or_insert_default().permit(rate, now)
    }

    /// Whether others must be told that this person is typing there, or has stopped;
    /// and when to ask whether it is [overdue](Person::overdue_typing), if nobody
    /// has that on the agenda yet.
    pub(crate) fn types(
        &self,
        place: &Place,
        is_typing: bool,
        now: Timestamp,
    ) -> (bool, Option<Timestamp>) {
        match &mut lock(&self.state).typist {
            Some(typist) => typist.set(place, is_typing, now),
            None => (false, None), // whoever types asks first whether they may
        }
    }

    /// Where this person has stopped typing without a word, and when to ask next.
    pub(crate) fn overdue_typing(&self, now: Timestamp) -> (Vec<Place>, Option<Timestamp>) {
        let mut state = lock(&self.state);
        state.typist.as_mut().map_or_else(Default::default, |typist| typist.take_overdue(now))
    }

    /// Where this person was typing, which ends with the last connection.
    pub(crate) fn stop_typing(&self) -> Vec<Place> {
        lock(&self.state).typist.as_mut().map_or_else(Vec::new, |typist| typist.take_all())
    }
}

impl State {
    fn presence(&mut self, room: &Arc<Room>) -> Option<&mut Presence> {
        self.rooms.iter_mut().find(|presence| Arc::ptr_eq(&presence.room, room))
    }
}
