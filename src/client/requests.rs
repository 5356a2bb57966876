//! What a person can do in the chat, as methods.
//!
//! Each queues an object of the protocol. The answer comes as an
//! [`Event`](super::Event), since it takes a while, and may take a reconnection.

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::command::Command;
use super::event::Ticket;
use super::handle::{ChatClient, SayError};
use crate::chat::{RoomName, UserName};

/// Which messages of a room's history.
///
/// ```
/// use wirechat::client::Page;
///
/// let shown_first = 42;
/// let next_page_upwards = Page::Before(shown_first);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The newest ones.
    Newest,
    /// The newest ones before this number.
    Before(u64),
    /// The oldest ones after this number.
    After(u64),
}

/// What can be done in the chat. Methods that wait do so only while 256 things are
/// queued. What cannot be sent, as on a plain server, or is refused, is
/// [`Undelivered`](super::Undelivered) under the ticket that was returned for it.
impl ChatClient {
    /// Says this in the room of the [`Options`](super::Options), or else in the
    /// first one joined. It is sent after all that was queued before. The ticket
    /// tells which [`Delivered`](super::Delivered) or
    /// [`Undelivered`](super::Undelivered) is about it.
    ///
    /// # Errors
    /// [`SayError::Closed`].
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped future has not queued anything.
    pub async fn say(&self, content: impl Into<String>) -> Result<Ticket, SayError> {
        self.say_somewhere(self.room.as_ref(), content.into()).await
    }

    /// Says this in a room that has been joined.
    ///
    /// # Errors
    /// [`SayError::Closed`].
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped future has not queued anything.
    pub async fn say_in(
        &self,
        room: &RoomName,
        content: impl Into<String>,
    ) -> Result<Ticket, SayError> {
        self.say_somewhere(Some(room), content.into()).await
    }

    async fn say_somewhere(
        &self,
        room: Option<&RoomName>,
        content: String,
    ) -> Result<Ticket, SayError> {
        let mut object = in_room("message", room);
        object.insert("content".to_owned(), content.as_str().into());
        self.request(Some(content), object).await
    }

    /// Says this to one person, who gets it later if they are not there now.
    ///
    /// # Errors
    /// [`SayError::Closed`].
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped future has not queued anything.
    pub async fn whisper(
        &self,
        to: &UserName,
        content: impl Into<String>,
    ) -> Result<Ticket, SayError> {
        let content = content.into();
        let object = fields(json!({"type": "private", "to": to.as_str(), "content": content}));
        self.request(Some(content), object).await
    }

    /// Tells a room, or the first one joined, that we type or have stopped. Call
    /// it about every 3 s while that goes on. It is dropped where it cannot be sent
    /// in time: without a connection, behind a long queue, on a plain server.
    pub fn typing(&self, room: Option<&RoomName>, is_typing: bool) {
        self.tell_typing(in_room("typing", room.or(self.room.as_ref())), is_typing);
    }

    /// As [`typing`](ChatClient::typing), for one person to see.
    pub fn typing_to(&self, user: &UserName, is_typing: bool) {
        self.tell_typing(fields(json!({"type": "typing", "to": user.as_str()})), is_typing);
    }

    fn tell_typing(&self, mut object: Map<String, Value>, is_typing: bool) {
        object.insert("isTyping".to_owned(), is_typing.into());
        let _ = self.commands.try_send(Command::Typing(object, Instant::now()));
    }

    /// Enters another room, or tells anew who is in it. The answer is a
    /// [`Joined`](super::Joined), or a [`Refusal`](super::Refusal), which ends
    /// nothing. After a reconnection, every room is entered again.
    ///
    /// # Errors
    /// [`SayError::Closed`].
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped future has not queued anything.
    pub async fn join_room(&self, room: &RoomName) -> Result<Ticket, SayError> {
        self.request(None, in_room("join", Some(room))).await
    }

    /// Leaves a room. There is no answer but a [`Refusal`](super::Refusal).
    ///
    /// # Errors
    /// [`SayError::Closed`].
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped future has not queued anything.
    pub async fn leave_room(&self, room: &RoomName) -> Result<Ticket, SayError> {
        self.request(None, in_room("leave", Some(room))).await
    }

    /// Goes by another name. The answer is a [`Joined`](super::Joined) with that
    /// name, or a [`Refusal`](super::Refusal).
    ///
    /// # Errors
    /// [`SayError::Closed`].
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped future has not queued anything.
    pub async fn rename(&self, user: &UserName) -> Result<Ticket, SayError> {
        self.request(None, fields(json!({"type": "join", "username": user.as_str()}))).await
    }

    /// Asks who is in this room, or in the first one joined; the answer is a
    /// [`Presence`](super::Presence).
    ///
    /// # Errors
    /// [`SayError::Closed`].
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped future has not queued anything.
    pub async fn who(&self, room: Option<&RoomName>) -> Result<Ticket, SayError> {
        self.request(None, in_room("who", room.or(self.room.as_ref()))).await
    }

    /// Asks which rooms there are; the answer are [`Rooms`](super::Rooms).
    ///
    /// # Errors
    /// [`SayError::Closed`].
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped future has not queued anything.
    pub async fn rooms(&self) -> Result<Ticket, SayError> {
        self.request(None, fields(json!({"type": "rooms"}))).await
    }

    /// Asks for messages of this room, or of the first one joined; the answer is a
    /// [`History`](super::History). A server gives at most 100 at once.
    ///
    /// # Errors
    /// [`SayError::Closed`].
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped future has not queued anything.
    pub async fn history(
        &self,
        room: Option<&RoomName>,
        page: Page,
        limit: u32,
    ) -> Result<Ticket, SayError> {
        let mut object = in_room("history", room.or(self.room.as_ref()));
        object.insert("limit".to_owned(), limit.into());
        match page {
            Page::Newest => None,
            Page::Before(seq) => object.insert("before".to_owned(), seq.into()),
            Page::After(seq) => object.insert("after".to_owned(), seq.into()),
        };
        self.request(None, object).await
    }
}

fn in_room(kind: &str, room: Option<&RoomName>) -> Map<String, Value> {
    let mut object = fields(json!({"type": kind}));
    if let Some(room) = room {
        object.insert("room".to_owned(), room.as_str().into());
    }
    object
}

fn fields(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
