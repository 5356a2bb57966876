//! One connection's side of the chat, without the connection.
//!
//! What comes in: the payloads of text and binary messages, and the time. What
//! goes out: objects for this connection alone, through an [`Outbox`], and
//! whole frames of its rooms, through [`Session::next_frames`].
//!
//! A connection's turn is: [`receive`](Session::receive) all that
//! has arrived, [`wake_rooms`](Session::wake_rooms) once, then write what
//! [`next_frames`](Session::next_frames) hands out until it has nothing more.
//!
//! | what a client does | read |
//! |---|---|
//! | join, leave | `joining` |
//! | message, private, typing | `speaking` |
//! | history, who, rooms | `looking` |
//! | read | `reading` |

mod joining;
mod looking;
mod reading;
mod speaking;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use smallvec::SmallVec;

use super::hall::Chat;
use super::log::Cursor;
use super::mailbox::{CloseOrder, Mailbox};
use super::members::MemberId;
use super::names::RoomName;
use super::person::Person;
use super::rate::Bucket;
use super::room::Room;
use super::time::{Timestamp, Unit};
use super::wire::{Command, Dialect, Encoding, Object, Outgoing, Refusal};
pub use reading::Next;
use reading::Replay;

/// Takes objects that are meant for one connection alone: it frames them as
/// text messages and sends them, in order.
///
/// ```
/// use wirechat::chat::Outbox;
///
/// let mut sent: Vec<String> = Vec::new();
/// sent.push_object("{}");
/// assert_eq!(sent, ["{}"]);
/// ```
pub trait Outbox {
    /// Adds one JSON object.
    fn push_object(&mut self, object: &str);

    /// Whether more is welcome: what can wait is kept back until it is. Answers
    /// cannot.
    fn has_room(&self) -> bool {
        true
    }
}

/// Keeps them, to be looked at.
impl Outbox for Vec<String> {
    fn push_object(&mut self, object: &str) {
        self.push(object.to_owned());
    }
}

/// A connection's membership of a room.
#[derive(Debug)]
struct Membership {
    room: Arc<Room>,
    id: MemberId,
    cursor: Cursor,
    /// What it gets before it reads on at the cursor.
    replay: Option<Box<Replay>>,
    /// Whether there may be something to read.
    unread: bool,
    /// Whether something was appended in this turn of which nobody knows yet.
    untold: bool,
}

/// One connection to the chat.
///
/// It begins as `Anonymous` in the lobby (unless
/// [`require_join`](super::Limits::require_join) is set), and its first `join`
/// takes the place of that. [`close`](Session::close) it when it says that it
/// goes; dropping a session is for connections that were lost.
///
/// ```
/// use std::sync::Arc;
/// use wirechat::chat::{Chat, Encoding, Limits, Mailbox, Next, Session, Timestamp};
/// use wirechat::engine::Memory;
///
/// let chat = Chat::new(Limits::default(), Memory, [7; 32]);
/// let now = Timestamp::from_millis(1_700_000_000_000);
/// let mailbox = Arc::new(Mailbox::new(Arc::new(())));
/// let mut session = Session::open(chat, Encoding::PlainMillis, mailbox, now);
/// let mut outbox = Vec::new();
///
/// session.greet(now, &mut outbox);
/// session.receive(br#"{"type":"join","username":"Alice"}"#, now, &mut outbox);
/// session.wake_rooms();
///
/// assert!(outbox[0].contains("Welcome"));
/// let Next::Frames(frames) = session.next_frames(&mut outbox) else { panic!("nothing to read") };
/// assert_eq!(frames[0], 0x81); // FIN, text
/// assert!(frames.ends_with(br#""content":"Alice has joined the chat","timestamp":1700000000000}"#));
/// assert_eq!(session.next_frames(&mut outbox), Next::Nothing);
/// session.close(now);
/// ```
#[derive(Debug)]
pub struct Session {
    chat: Arc<Chat>,
    mailbox: Arc<Mailbox>,
    dialect: Dialect,
    unit: Unit,
    /// Who it has joined as, as long as it is in a room.
    person: Option<Arc<Person>>,
    /// The rooms it is in, the first one joined first. Without a person: the
    /// lobby or nothing. Most are in one room for ever.
    memberships: SmallVec<[Membership; 1]>,
    /// The membership to read next: a busy room must not silence the others.
    turn: usize,
    /// Whether there may be something for this person alone.
    has_mail: bool,
    /// Whether it was ever typing.
    has_typed: bool,
    /// Whether it wants to see its frames.
    is_watched: bool,
    /// Whether what was handed out and not written yet is to be forgotten.
    starts_over: bool,
    bucket: Bucket,
}

impl Session {
    /// A session for a connection that speaks `encoding` and is woken through
    /// `mailbox`.
    #[must_use]
    pub fn open(
        chat: Arc<Chat>,
        encoding: Encoding,
        mailbox: Arc<Mailbox>,
        now: Timestamp,
    ) -> Session {
        let mut session = Session {
            chat,
            mailbox,
            dialect: Dialect::of(encoding),
            unit: encoding.unit(),
            person: None,
            memberships: SmallVec::new(),
            turn: 0,
            has_mail: false,
            has_typed: false,
            is_watched: false,
            starts_over: false,
            bucket: Bucket::FULL,
        };
        if !session.chat.limits().require_join {
            // Without its log the lobby cannot be read; a join will say so.
            let entered = session.enter(&RoomName::lobby(), None, now);
            session.memberships.extend(entered.ok().map(|entered| entered.membership));
        }
        session
    }

    /// Says welcome; call it first.
    pub fn greet(&self, now: Timestamp, out: &mut dyn Outbox) {
        out.push_object(&self.outgoing(now).welcome());
    }

    /// Says that the server is about to close the connection, and how long the
    /// client should stay away.
    pub fn say_goodbye(&self, reconnect_after_ms: u64, now: Timestamp, out: &mut dyn Outbox) {
        if let Some(object) = self.outgoing(now).going_away(reconnect_after_ms) {
            out.push_object(&object);
        }
    }

    /// Handles the payload of one text or binary message. What cannot be done
    /// is answered with an error object; nothing in it ends the connection.
    pub fn receive(&mut self, payload: &[u8], now: Timestamp, out: &mut dyn Outbox) {
        let object = Object::parse(payload);
        if let Some(unit) = object.as_ref().ok().and_then(Object::unit) {
            self.unit = self.dialect.encoding(unit).unit();
        }
        let nonce = object.as_ref().ok().and_then(Object::nonce);
        let command = object.and_then(|object| object.command());
        let done = self.permit(&command, now).and(command);
        let done = done.and_then(|command| self.obey(command, nonce, now, out));
        if let Err(refusal) = done {
            out.push_object(&self.outgoing(now).error(&refusal, nonce));
        }
    }

    /// Tells the other members of the rooms that this session appended to.
    /// Call it once when all that was received has been handled.
    pub fn wake_rooms(&mut self) {
        for membership in self.memberships.iter_mut().filter(|membership| membership.untold) {
            membership.untold = false;
            membership.room.wake_others(Some(membership.id));
        }
    }

    /// Leaves every room, announced once in each, and gives the name back.
    /// Closing again does nothing.
    pub fn close(&mut self, now: Timestamp) {
        self.leave_all(false, now);
    }

    /// The same for a connection that broke: its person may come back in a moment,
    /// and then nobody hears of it.
    pub fn lose(&mut self, now: Timestamp) {
        self.leave_all(true, now);
    }

    /// That the connection must close, once somebody has ordered that.
    #[must_use]
    pub fn close_order(&self) -> Option<CloseOrder> {
        self.mailbox.close_order()
    }

    /// Whether frames that were handed out and are not begun must not be written
    /// any more: the connection has joined, and gets what it missed in full.
    #[must_use]
    pub fn starts_over(&mut self) -> bool {
        std::mem::take(&mut self.starts_over)
    }

    /// Whether the person wants to see the frames of this connection.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.is_watched
    }

    /// Shows frames of this connection, described in a JSON array.
    pub fn show_frames(&self, frames: &str, now: Timestamp, out: &mut dyn Outbox) {
        out.push_object(&self.outgoing(now).frames(frames));
    }

    /// Does what an object asks for. After a refusal nothing has happened.
    fn obey(
        &mut self,
        command: Command<'_>,
        nonce: Option<&str>,
        now: Timestamp,
        out: &mut dyn Outbox,
    ) -> Result<(), Refusal> {
        match command {
            Command::Join(join) => self.join(join, now, out),
            Command::Leave { room } => self.leave(room, now),
            Command::Message { content, room } => self.say(&content, room, nonce, now, out),
            Command::Private { to, content } => self.whisper(&to, &content, nonce, now, out),
            Command::Typing { place, is_typing } => self.types(place, is_typing, now),
            Command::History { room, part, limit } => self.history(room, part, limit, now, out),
            Command::Who { room } => self.who(room, now, out),
            Command::Rooms => self.rooms(now, out),
            Command::Inspect { on } => self.inspect(on),
            Command::Ping => {
                out.push_object(&self.outgoing(now).pong(nonce));
                Ok(())
            }
        }
    }

    /// Every object counts, since even a refused one costs an answer; only typing
    /// has a limit of its own.
    fn permit(
        &mut self,
        command: &Result<Command<'_>, Refusal>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        match self.chat.limits().rate {
            Some(_) if matches!(command, Ok(Command::Typing { .. })) => Ok(()),
            Some(rate) => self.bucket.take(rate, now).map_err(Refusal::rate_limited),
            None => Ok(()),
        }
    }

    fn outgoing(&self, now: Timestamp) -> Outgoing {
        Outgoing { dialect: self.dialect, unit: self.unit, now }
    }

    fn encoding(&self) -> Encoding {
        self.dialect.encoding(self.unit)
    }

    /// The person, of those who have joined.
    fn joined(&self) -> Result<Arc<Person>, Refusal> {
        self.person.clone().ok_or_else(Refusal::not_joined)
    }

    fn find(&self, room: &RoomName) -> Option<usize> {
        self.memberships.iter().position(|membership| membership.room.name() == room)
    }

    /// The membership that is meant: the first one if no room is named.
    fn find_or_first(&self, room: Option<&RoomName>) -> Result<usize, Refusal> {
        let found = match room {
            Some(room) => self.find(room),
            None => (!self.memberships.is_empty()).then_some(0),
        };
        found.ok_or_else(Refusal::not_joined)
    }

    /// The name of the room that is meant when none is named.
    fn first_room(&self) -> RoomName {
        match self.memberships.first() {
            Some(membership) if self.person.is_some() => membership.room.name().clone(),
            _ => RoomName::lobby(),
        }
    }
}

impl Membership {
    /// There is news: this session reads it by itself, the others are told later.
    fn appended(&mut self) {
        self.unread = true;
        self.untold = true;
    }
}

/// A connection that ends early, or panics, leaves no ghost behind.
impl Drop for Session {
    fn drop(&mut self) {
        self.lose(self.chat.last_tick());
    }
}
