//! The objects that the server sends, in both dialects.
//!
//! Every object has `type`, `username`, `content`, `timestamp`, in this order.
//! A plain client gets nothing but messages; what has no room in those four
//! fields is said in words by `System`.

use super::dialect::{Dialect, Encoding};
use super::json::{JsonObject, put_string};
use super::refusal::Refusal;
use crate::chat::ids::Position;
use crate::chat::names::{RoomName, SYSTEM, UserName};
use crate::chat::notice::Notice;
use crate::chat::time::{Timestamp, Unit};

/// Bytes of an object beside its username and content, in most cases.
const USUAL_REST: usize = 160;

/// A message or notice for a whole room. What all encodings of it share is
/// written once.
#[derive(Debug)]
pub(crate) struct RoomObject {
    shared: JsonObject,
}

impl RoomObject {
    /// What `username` says.
    pub(crate) fn message(username: &str, content: &str) -> RoomObject {
        RoomObject { shared: begin("message", username, content) }
    }

    /// What `System` says about someone.
    pub(crate) fn notice(notice: &Notice<'_>) -> RoomObject {
        RoomObject::message(SYSTEM, &notice.to_string())
    }

    /// The message, now that its place in the log is known.
    pub(crate) fn encode_message(
        &self,
        encoding: Encoding,
        stamp: Timestamp,
        room: &RoomName,
        position: Position,
    ) -> String {
        let mut object = self.stamped(encoding, stamp);
        if encoding.dialect() == Dialect::V1 {
            object.text("room", room.as_str()).value("seq", position.seq);
            object.value("id", format_args!("\"{position}\""));
        }
        object.end()
    }

    /// The notice, which has no place in the log.
    pub(crate) fn encode_notice(
        &self,
        encoding: Encoding,
        stamp: Timestamp,
        room: &RoomName,
        notice: &Notice<'_>,
    ) -> String {
        let mut object = self.stamped(encoding, stamp);
        if encoding.dialect() == Dialect::V1 {
            object.text("room", room.as_str()).text("event", notice.event());
            object.text("user", notice.user().as_str());
            if let Some(was) = notice.was() {
                object.text("was", was.as_str());
            }
        }
        object.end()
    }

    fn stamped(&self, encoding: Encoding, at: Timestamp) -> JsonObject {
        let mut object = self.shared.copy_with_room(USUAL_REST);
        stamp(&mut object, at, encoding.unit());
        object
    }
}

/// Writes objects for one connection at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outgoing {
    pub(crate) encoding: Encoding,
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
    /// Why what was asked for cannot be recovered, if it was asked for.
    pub(crate) reason: Option<&'static str>,
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
        object.value("seq", joined.head.seq);
        put_users(&mut object, joined.users, joined.count);
        object.value("recovered", false);
        if let Some(reason) = joined.reason {
            object.text("reason", reason);
        }
        object.end()
    }

    /// The engine has the message that carried this nonce: in the full dialect.
    pub(crate) fn ack(self, nonce: &str, position: Position) -> String {
        let mut object = self.system("ack", "");
        object.value("nonce", nonce).value("id", format_args!("\"{position}\""));
        object.value("seq", position.seq);
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
            item.text("room", room.as_str()).value("users", users);
            out.push_str(&item.end());
        });
        object.value("count", count);
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
            object.value("retry_after_ms", wait);
        }
        if let Some(suggestion) = &refusal.suggestion {
            object.text("suggestion", suggestion.as_str());
        }
        object.end()
    }

    fn is_v1(self) -> bool {
        self.encoding.dialect() == Dialect::V1
    }

    fn system(self, kind: &str, content: &str) -> JsonObject {
        let mut object = begin(kind, SYSTEM, content);
        stamp(&mut object, self.now, self.encoding.unit());
        object
    }
}

fn begin(kind: &str, username: &str, content: &str) -> JsonObject {
    let mut object = JsonObject::with_capacity(USUAL_REST + username.len() + content.len());
    object.text("type", kind).text("username", username).text("content", content);
    object
}

fn stamp(object: &mut JsonObject, at: Timestamp, unit: Unit) {
    object.with("timestamp", |out| at.write(unit, out));
}

fn put_users(object: &mut JsonObject, users: &[UserName], count: usize) {
    object.list("users", users, |out, user| put_string(out, user.as_str()));
    object.value("count", count);
}
