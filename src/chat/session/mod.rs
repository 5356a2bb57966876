//! One connection's side of the chat, without the connection.
//!
//! What comes in: the payloads of text and binary messages, and the time. What
//! goes out: objects for this connection alone, through an [`Outbox`], and
//! whole frames of its rooms, through [`Session::next_frames`].
//!
//! A turn of the connection's task is: [`receive`](Session::receive) all that
//! has arrived, [`wake_rooms`](Session::wake_rooms) once, then write what
//! [`next_frames`](Session::next_frames) hands out until it has nothing more.

mod commands;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;

use super::hall::{Chat, Entered};
use super::ids::Position;
use super::log::{Cursor, Read};
use super::mailbox::Mailbox;
use super::members::{Member, MemberId};
use super::names::{RoomName, UserName};
use super::notice::Notice;
use super::rate::Bucket;
use super::room::Room;
use super::time::Timestamp;
use super::wire::{Encoding, Object, Outgoing, Refusal};

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
}

/// Keeps them, to be looked at.
impl Outbox for Vec<String> {
    fn push_object(&mut self, object: &str) {
        self.push(object.to_owned());
    }
}

/// What a connection's rooms have for it.
///
/// ```
/// use wirechat::chat::Next;
///
/// assert_ne!(Next::Nothing, Next::Lagged);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing until the [`Mailbox`] rings.
    Nothing,
    /// Whole, unmasked text frames to write as they are. Every reader of the
    /// room shares these bytes.
    Frames(Bytes),
    /// The connection was too slow: messages that it should get are gone. It
    /// must be closed, and will see what it missed when it comes back.
    Lagged,
}

/// A connection's membership of a room.
#[derive(Debug)]
struct Membership {
    room: Arc<Room>,
    id: MemberId,
    cursor: Cursor,
    /// Whether there may be something to read.
    unread: bool,
    /// Whether something was appended in this turn of which nobody knows yet.
    untold: bool,
}

/// One connection to the chat.
///
/// It begins as `Anonymous` in the lobby (unless
/// [`require_join`](super::Limits::require_join) is set), and its first `join`
/// takes the place of that. Dropping a session leaves its rooms, but
/// [`close`](Session::close) knows the time.
///
/// ```
/// use std::sync::Arc;
/// use wirechat::chat::{Chat, Encoding, Limits, Mailbox, Next, Session, Timestamp};
/// use wirechat::engine::Memory;
///
/// let chat = Chat::new(Limits::default(), Memory, 0x5eed);
/// let now = Timestamp::from_millis(1_700_000_000_000);
/// let mut session = Session::open(chat, Encoding::PlainMillis, Arc::new(Mailbox::new()));
/// let mut outbox = Vec::new();
///
/// session.greet(now, &mut outbox);
/// session.receive(br#"{"type":"join","username":"Alice"}"#, now, &mut outbox);
/// session.wake_rooms();
///
/// assert!(outbox[0].contains("Welcome"));
/// let Next::Frames(frames) = session.next_frames() else { panic!("nothing to read") };
/// assert_eq!(frames[0], 0x81); // FIN, text
/// assert!(frames.ends_with(br#""content":"Alice has joined the chat","timestamp":1700000000000}"#));
/// assert_eq!(session.next_frames(), Next::Nothing);
/// session.close(now);
/// ```
#[derive(Debug)]
pub struct Session {
    chat: Arc<Chat>,
    mailbox: Arc<Mailbox>,
    encoding: Encoding,
    /// The name that it has joined with, as long as it is in a room.
    user: Option<UserName>,
    /// The rooms it is in, the first one joined first. Without a name: the
    /// lobby or nothing.
    memberships: Vec<Membership>,
    /// The membership to read next: a busy room must not silence the others.
    turn: usize,
    bucket: Bucket,
}

impl Session {
    /// A session for a connection that speaks `encoding` and is woken through
    /// `mailbox`.
    #[must_use]
    pub fn open(chat: Arc<Chat>, encoding: Encoding, mailbox: Arc<Mailbox>) -> Session {
        let mut session = Session {
            chat,
            mailbox,
            encoding,
            user: None,
            memberships: Vec::new(),
            turn: 0,
            bucket: Bucket::FULL,
        };
        if !session.chat.limits().require_join {
            session.enter(&RoomName::lobby());
        }
        session
    }

    /// Says welcome; call it first.
    pub fn greet(&self, now: Timestamp, out: &mut dyn Outbox) {
        out.push_object(&self.outgoing(now).welcome());
    }

    /// Handles the payload of one text or binary message. What cannot be done
    /// is answered with an error object; nothing in it ends the connection.
    pub fn receive(&mut self, payload: &[u8], now: Timestamp, out: &mut dyn Outbox) {
        let object = Object::parse(payload);
        if let Some(unit) = object.as_ref().ok().and_then(Object::unit) {
            self.encoding = self.encoding.with_unit(unit);
        }
        let nonce = object.as_ref().ok().and_then(Object::nonce);
        if let Err(refusal) = self.obey(object, nonce, now, out) {
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

    /// The next frames from any of the rooms; call it until there are none.
    pub fn next_frames(&mut self) -> Next {
        if self.mailbox.take() {
            self.memberships.iter_mut().for_each(|membership| membership.unread = true);
        }
        for _ in 0..self.memberships.len() {
            self.turn = (self.turn + 1) % self.memberships.len();
            let membership = &mut self.memberships[self.turn];
            if !membership.unread {
                continue;
            }
            match membership.room.read(membership.cursor, self.encoding) {
                Read::Nothing => membership.unread = false,
                Read::Frames { frames, next, more } => {
                    membership.cursor = next;
                    membership.unread = more;
                    return Next::Frames(frames);
                }
                Read::Lagged => return Next::Lagged,
            }
        }
        Next::Nothing
    }

    /// Whether one of its rooms has half as much for it to read as it keeps: a
    /// connection that finds this so when its turn comes should write before it
    /// [receives](Session::receive) more. So a room in which all speak at once
    /// fills no faster than they read.
    #[must_use]
    pub fn is_far_behind(&self) -> bool {
        self.memberships.iter().any(|membership| membership.room.is_far_behind(membership.cursor))
    }

    /// Leaves every room, announced once in each, and gives the name back.
    /// Closing again does nothing.
    pub fn close(&mut self, now: Timestamp) {
        while !self.memberships.is_empty() {
            self.leave_membership(0, now);
        }
    }

    fn outgoing(&self, now: Timestamp) -> Outgoing {
        Outgoing { encoding: self.encoding, now }
    }

    fn permit(&mut self, now: Timestamp) -> Result<(), Refusal> {
        match self.chat.limits().rate {
            Some(rate) => self.bucket.take(rate, now).map_err(Refusal::rate_limited),
            None => Ok(()),
        }
    }

    /// Enters a room under the present name. Returns the membership's index
    /// and, for the answer to `join`, what is known of the room.
    fn enter(&mut self, name: &RoomName) -> (usize, Position) {
        let member = Member { mailbox: Arc::clone(&self.mailbox), user: self.user.clone() };
        let Entered { room, id, cursor, head } =
            self.chat.enter(name, member, self.encoding.dialect());
        self.memberships.reserve_exact(1); // most are in one room for ever
        self.memberships.push(Membership { room, id, cursor, unread: true, untold: false });
        (self.memberships.len() - 1, head)
    }

    /// Leaves one room, and without a room there is no name either.
    fn leave_membership(&mut self, index: usize, now: Timestamp) {
        let Membership { room, id, .. } = self.memberships.remove(index);
        self.turn = 0;
        let somebody_stays = self.chat.leave(&room, id, self.encoding.dialect());
        if somebody_stays {
            if let Some(user) = &self.user {
                room.append_notice(&Notice::Left(user), now);
            }
            room.wake(); // also for what was said earlier in this turn
        }
        if self.memberships.is_empty()
            && let Some(user) = self.user.take()
        {
            self.chat.names(|names| names.release(&user));
        }
    }
}

/// A task that ends early, or panics, leaves no ghost behind.
impl Drop for Session {
    fn drop(&mut self) {
        self.close(Timestamp::EARLIEST); // rooms stamp it like what came last
    }
}
