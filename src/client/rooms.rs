//! The rooms that a client is in, over all its connections.

use super::command::Sent;
use super::event::{Cause, Missed, Undelivered};
use super::object::{Joined, Object, Received, Refusal};
use super::sequence::{Resume, Sequence, Step};

/// Rooms that are kept track of; a server of ours lets nobody into more than 16.
const MAX_ROOMS: usize = 64;

/// What to do next.
#[derive(Debug, PartialEq)]
pub(super) enum Action {
    /// To hand out this object.
    HandOut(Received),
    /// To say that messages are missing.
    Missed(Missed),
    /// To ask for this room's messages after this number.
    Ask(String, u64),
}

/// A room to join again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rejoin {
    pub(super) room: String,
    pub(super) resume: Option<Resume>,
}

/// The rooms, the first one joined first: a message that names no room goes there.
#[derive(Debug)]
pub(super) struct Rooms {
    rooms: Vec<Room>,
    /// How many messages from before a first join are wanted.
    older: u64,
}

#[derive(Debug)]
struct Room {
    name: String,
    sequence: Sequence,
    /// What has asked to leave it. Nobody confirms that: until the connection
    /// ends, what still comes is handed out.
    leaving: Option<Sent>,
}

impl Rooms {
    pub(super) fn new(older: u64) -> Rooms {
        Rooms { rooms: Vec::new(), older }
    }

    /// A new connection is not in any room.
    pub(super) fn disconnected(&mut self) {
        self.rooms.retain(|room| room.leaving.is_none());
        self.rooms.iter_mut().for_each(|room| room.sequence.disconnected());
    }

    /// The next room that this connection has to join again.
    pub(super) fn next_rejoin(&self) -> Option<Rejoin> {
        let room = self.rooms.iter().find(|room| !room.sequence.is_in())?;
        Some(Rejoin { room: room.name.clone(), resume: room.sequence.resume() })
    }

    /// A room could not be joined again. What was held back of it is handed out.
    pub(super) fn give_up(&mut self, name: &str) -> Vec<Action> {
        let Some(index) = self.rooms.iter().position(|room| room.name == name) else {
            return Vec::new();
        };
        let mut room = self.rooms.remove(index);
        let mut actions = actions(&room.name, room.sequence.no_history());
        let (numbers, cause) = (None, Cause::NotRejoined);
        actions.push(Action::Missed(Missed { room: Some(room.name), numbers, cause }));
        actions
    }

    /// Nothing comes any more: what is held back is handed out.
    pub(super) fn end(&mut self) -> Vec<Action> {
        let rooms = self.rooms.iter_mut();
        rooms.flat_map(|room| actions(&room.name, room.sequence.no_history())).collect()
    }

    /// The server has let us in.
    pub(super) fn joined(&mut self, joined: &Joined) -> Vec<Action> {
        let name = joined.room.as_str();
        if let Some(room) = self.find(name).filter(|room| room.leaving.is_none()) {
            return actions(name, room.sequence.joined(joined));
        }
        self.rooms.retain(|room| room.name != name);
        if self.rooms.len() == MAX_ROOMS {
            return Vec::new();
        }
        let (sequence, steps) = Sequence::begin(joined, self.older);
        self.rooms.push(Room { name: name.to_owned(), sequence, leaving: None });
        actions(name, steps)
    }

    /// We have asked to leave this room, or the first one.
    pub(super) fn leave(&mut self, name: Option<&str>, sent: Sent) {
        let is_meant =
            |room: &&mut Room| room.leaving.is_none() && name.is_none_or(|name| name == room.name);
        if let Some(room) = self.rooms.iter_mut().find(is_meant) {
            room.leaving = Some(sent);
        }
    }

    /// The server has refused something: to let us leave, perhaps.
    pub(super) fn refused(&mut self, refusal: &Refusal) -> Option<Undelivered> {
        let mut leaving = self.rooms.iter_mut().map(|room| &mut room.leaving);
        let sent = leaving.find_map(|sent| sent.take_if(|sent| sent.nonce == refusal.nonce))?;
        Some(sent.undelivered(&refusal.words))
    }

    /// The server has sent a message. One of a room's log is not handed out
    /// before we have joined: what counts then is what the join brings.
    pub(super) fn message(&mut self, received: Received, has_joined: bool) -> Vec<Action> {
        let place = match &received.object {
            Object::Message(message) => message.room.as_deref().zip(message.seq),
            _ => None,
        };
        let Some((name, seq)) = place else { return vec![Action::HandOut(received)] };
        match self.rooms.iter_mut().find(|room| room.name == name) {
            Some(room) if room.sequence.is_in() => {
                actions(&room.name, room.sequence.message(seq, received))
            }
            None if has_joined => vec![Action::HandOut(received)],
            _ => Vec::new(),
        }
    }

    /// The answer to [`Action::Ask`].
    pub(super) fn history(
        &mut self,
        name: &str,
        epoch: Option<&str>,
        messages: Vec<Received>,
    ) -> Vec<Action> {
        let Some(room) = self.find(name) else { return Vec::new() };
        actions(name, room.sequence.history(epoch, messages))
    }

    /// There is no answer to [`Action::Ask`].
    pub(super) fn no_history(&mut self, name: &str) -> Vec<Action> {
        let Some(room) = self.find(name) else { return Vec::new() };
        actions(name, room.sequence.no_history())
    }

    fn find(&mut self, name: &str) -> Option<&mut Room> {
        self.rooms.iter_mut().find(|room| room.name == name)
    }
}

fn actions(room: &str, steps: Vec<Step>) -> Vec<Action> {
    let action = |step| match step {
        Step::HandOut(received) => Action::HandOut(received),
        Step::Missed(numbers, cause) => {
            Action::Missed(Missed { room: Some(room.to_owned()), numbers, cause })
        }
        Step::Ask(after) => Action::Ask(room.to_owned(), after),
    };
    steps.into_iter().map(action).collect()
}
