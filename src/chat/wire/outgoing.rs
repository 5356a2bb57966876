//! The objects that the server sends to one connection, in both dialects.
//!
//! Every object has `type`, `username`, `content`, `timestamp`, in this order.
//! A plain client gets nothing but messages; what has no room in those four
//! fields is said in words by `System`.

use super::dialect::Dialect;
use super::json::{JsonObject, put_string};
use super::refusal::Refusal;
use crate::chat::history::Missed;
use crate::chat::ids::{Epoch, Position};
use crate::chat::names::{RoomName, SYSTEM, UserName};
use crate::chat::post::Private;
use crate::chat::time::{Timestamp, Unit};
use crate::chat::token::Token;

/// Bytes that follow the first three fields, in most cases.
const USUAL_REST: usize = 120;

/// Writes objects for one connection at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outgoing {
    pub(crate) dialect: Dialect,
    pub(crate) unit: Unit,
    pub(crate) now: Timestamp,
}

/// The answer to a `join` that succeeded.
#[derive(Debug)]
pub(crate) struct Joined<'a> {
    pub(crate) room: &'a RoomName,
    pub(crate) user: &'a UserName,
    /// The last message of the log before the join.
    pub(crate) head: Position,
    /// Who is in the room: a few, and how many in all.
    pub(crate) users: &'a [UserName],
    pub(crate) count: usize,
    /// By which the client can prove later that it is the same person.
    pub(crate) session: Option<Token>,
    /// What to name as the last private message seen, until there is one.
    pub(crate) private_after: Option<Position>,
    /// What follows of what was missed, if that was asked for.
    pub(crate) missed: Option<Missed>,
}

/// A part of a room's history.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    pub(crate) room: &'a RoomName,
    pub(crate) epoch: Epoch,
    /// Complete objects, oldest first.
    pub(crate) messages: Vec<String>,
    /// Whether there are more in the direction that was asked for.
    pub(crate) more: bool,
}

impl Outgoing {
    /// What a connection hears first.
    pub(crate) fn welcome(self) -> String {
        let mut object = self.system("message", "Welcome to the chat!");
        if self.is_v1() {
            object.text("event", "welcome");
        }
        object.end()
    }

    /// To a plain client alone: its name was in use.
    pub(crate) fn numbered(self, wanted: &UserName, got: &UserName) -> String {
        self.system("message", &format!("{wanted} is in use: you are {got}")).end()
    }

    /// The answer to `join`, in the full dialect: a plain client sees the notice
    /// that it has joined, and no more.
    pub(crate) fn joined(self, joined: &Joined<'_>) -> String {
        let mut object = self.system("joined", "");
        object.text("room", joined.room.as_str()).text("user", joined.user.as_str());
        object.value("epoch", format_args!("\"{}\"", joined.head.epoch));
        object.number("seq", joined.head.seq);
        put_users(&mut object, joined.users, joined.count);
        if let Some(session) = joined.session {
            object.value("session", format_args!("\"{session}\""));
        }
        if let Some(id) = joined.private_after {
            object.value("private_after", format_args!("\"{id}\""));
        }
        object.value("recovered", joined.missed.is_some_and(|missed| missed.gap.is_none()));
        if let Some(reason) = joined.missed.and_then(|missed| missed.gap) {
            object.text("reason", reason);
        }
        object.end()
    }

    /// A message that was sent with this nonce is stored: in the full dialect. A
    /// private one has no number in a room.
    pub(crate) fn ack(
        self,
        nonce: &str,
        id: Position,
        seq: Option<u64>,
        is_repeated: bool,
    ) -> String {
        let mut object = self.system("ack", "");
        object.value("nonce", nonce).value("id", format_args!("\"{id}\""));
        if let Some(seq) = seq {
            object.number("seq", seq);
        }
        if is_repeated {
            object.value("duplicate", true);
        }
        object.end()
    }

    /// Something that one person says to another. Whoever knows messages only
    /// sees in the name that it is private.
    pub(crate) fn private(self, private: &Private) -> String {
        let at = private.at;
        if self.dialect == Dialect::Plain {
            let username = format!("{} (private)", private.from);
            return self.from("message", &username, &private.content, at).end();
        }
        let mut object = self.from("private", private.from.as_str(), &private.content, at);
        object.text("from", private.from.as_str()).text("to", private.to.as_str());
        object.value("id", format_args!("\"{}\"", private.id));
        object.end()
    }

    /// That somebody is typing to this person alone; nothing for a client that
    /// knows messages only.
    pub(crate) fn typing(self, from: &UserName, is_typing: bool) -> Option<String> {
        if self.dialect == Dialect::Plain {
            return None;
        }
        let mut object = self.from("typing", from.as_str(), "", self.now);
        object.value("isTyping", is_typing).text("from", from.as_str());
        Some(object.end())
    }

    /// The answer to `history`, in the full dialect.
    pub(crate) fn history(self, page: &Page<'_>) -> String {
        let mut object = self.system("history", "");
        object.text("room", page.room.as_str());
        object.value("epoch", format_args!("\"{}\"", page.epoch));
        object.list("messages", &page.messages, |out, message| out.push_str(message));
        object.value("more", page.more);
        object.end()
    }

    /// The answer to `ping`.
    pub(crate) fn pong(self, nonce: Option<&str>) -> String {
        if !self.is_v1() {
            return self.system("message", "pong").end();
        }
        let mut object = self.system("pong", "");
        if let Some(nonce) = nonce {
            object.value("nonce", nonce);
        }
        object.end()
    }

    /// The answer to `who`: a few people, and how many in all.
    pub(crate) fn presence(self, room: &RoomName, users: &[UserName], count: usize) -> String {
        if !self.is_v1() {
            let names: Vec<&str> = users.iter().map(UserName::as_str).collect();
            let words = format!("In {room} ({count}): {}", names.join(", "));
            return self.system("message", &words).end();
        }
        let mut object = self.system("presence", "");
        object.text("room", room.as_str());
        put_users(&mut object, users, count);
        object.end()
    }

    /// The answer to `rooms`: a few rooms with the people in each, and how many
    /// rooms there are in all.
    pub(crate) fn rooms(self, rooms: &[(RoomName, usize)], count: usize) -> String {
        if !self.is_v1() {
            let rooms: Vec<String> =
                rooms.iter().map(|(room, users)| format!("{room} ({users})")).collect();
            let words = format!("Rooms ({count}): {}", rooms.join(", "));
            return self.system("message", &words).end();
        }
        let mut object = self.system("rooms", "");
        object.list("rooms", rooms, |out, (room, users)| {
            let mut item = JsonObject::with_capacity(48);
            item.text("room", room.as_str()).number("users", *users);
            out.push_str(&item.end());
        });
        object.number("count", count);
        object.end()
    }

    /// That the connection is about to be closed, and how long to stay away;
    /// nothing for a client that knows messages only.
    pub(crate) fn going_away(self, reconnect_after_ms: u64) -> Option<String> {
        if !self.is_v1() {
            return None;
        }
        let mut object = self.system("going_away", "The server is going away.");
        object.number("reconnect_after_ms", reconnect_after_ms);
        Some(object.end())
    }

    /// Frames of this very connection, in the full dialect.
    pub(crate) fn frames(self, frames: &str) -> String {
        let mut object = self.system("frames", "");
        object.value("frames", frames);
        object.end()
    }

    /// What was refused and why.
    pub(crate) fn error(self, refusal: &Refusal, nonce: Option<&str>) -> String {
        if !self.is_v1() {
            return self.system("message", &refusal.words).end();
        }
        let mut object = self.system("error", &refusal.words);
        object.text("code", refusal.code.as_str());
        if let Some(nonce) = nonce {
            object.value("nonce", nonce);
        }
        if let Some(wait) = refusal.retry_after_ms {
            object.number("retry_after_ms", wait);
        }
        if let Some(suggestion) = &refusal.suggestion {
            object.text("suggestion", suggestion.as_str());
        }
        object.end()
    }

    fn is_v1(self) -> bool {
        self.dialect == Dialect::V1
    }

    fn system(self, kind: &str, content: &str) -> JsonObject {
        self.from(kind, SYSTEM, content, self.now)
    }

    fn from(self, kind: &str, username: &str, content: &str, at: Timestamp) -> JsonObject {
        let mut object = begin(kind, username, content, USUAL_REST);
        stamp(&mut object, at, self.unit);
        object
    }
}

/// The first three fields of every object, with room for `rest` bytes behind them.
pub(super) fn begin(kind: &str, username: &str, content: &str, rest: usize) -> JsonObject {
    /// `{"type":"","username":"","content":""`
    const FRAME: usize = 38;
    let size = FRAME + kind.len() + username.len() + content.len();
    let mut object = JsonObject::with_capacity(size + rest);
    object.text("type", kind).text("username", username).text("content", content);
    object
}

/// The fourth.
pub(super) fn stamp(object: &mut JsonObject, at: Timestamp, unit: Unit) {
    object.with("timestamp", |out| at.write(unit, out));
}

fn put_users(object: &mut JsonObject, users: &[UserName], count: usize) {
    object.list("users", users, |out, user| put_string(out, user.as_str()));
    object.number("count", count);
}
