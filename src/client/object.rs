//! What a server sends: one JSON object a message.

mod fields;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::Value;

use crate::chat::{Timestamp, Unit};

/// What a server calls itself.
const SYSTEM: &str = "System";

/// An object that the server sent: what it means, and the JSON as it came.
///
/// ```
/// # use wirechat::client::{Object, Received};
/// fn show(received: &Received) {
///     match &received.object {
///         Object::Message(message) => println!("{}: {}", message.username, message.content),
///         _ => println!("{}", received.json),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// What it means.
    pub object: Object,
    /// The JSON text as the server wrote it. It is an object, but may hold line
    /// breaks, and any character in its strings.
    pub json: String,
}

/// What an object of the server means.
///
/// ```
/// # use wirechat::client::Object;
/// fn is_visible(object: &Object) -> bool {
///     matches!(object, Object::Message(_) | Object::Error(_))
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Object {
    /// Somebody said something in a room, or the server tells something.
    Message(Message),
    /// Somebody said something to one person: to us, or we did.
    Private(Private),
    /// A room has been entered, or we go by another name now.
    Joined(Joined),
    /// Somebody types, or has stopped.
    Typing(Typing),
    /// Who is in a room.
    Presence(Presence),
    /// The rooms in which there is somebody.
    Rooms(Rooms),
    /// Older messages, as they were asked for.
    History(History),
    /// The server has a message that we sent. [`Event::Delivered`] says which.
    ///
    /// [`Event::Delivered`]: super::Event::Delivered
    Ack(Ack),
    /// The answer to a `ping`. The client measures the latency without it.
    Pong,
    /// The server is about to close the connection.
    GoingAway(GoingAway),
    /// The server did not do what it was asked.
    Error(Refusal),
    /// Anything else; [`Received::json`] has it all.
    Other,
}

/// Something said in a room, or by the server.
///
/// ```
/// # use wirechat::client::Message;
/// fn in_words(message: &Message) -> String {
///     let mark = if message.is_notice() { "* " } else { "" };
///     format!("{mark}{}: {}", message.username, message.content)
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Who says it; `System` is the server.
    pub username: String,
    /// What is said. Any characters, terminal control codes included.
    pub content: String,
    /// When, if the server gave a time that can be one.
    pub timestamp: Option<Timestamp>,
    /// Where.
    pub room: Option<String>,
    /// Its number in the room's log.
    pub seq: Option<u64>,
    /// Its identity in the room's log.
    pub id: Option<String>,
    /// What the server announces: `welcome`, `join`, `leave`, `rename`, `motd`.
    pub event: Option<String>,
    /// Of whom it announces that.
    pub user: Option<String>,
    /// What they were called before, if it announces a new name.
    pub was: Option<String>,
    /// The unit in which `timestamp` was written.
    pub(super) unit: Option<Unit>,
}

impl Message {
    /// Whether the server itself says it, and nobody in the chat.
    #[must_use]
    pub fn is_notice(&self) -> bool {
        self.username == SYSTEM
    }
}

/// The answer to joining.
///
/// ```
/// # use wirechat::client::Joined;
/// fn in_words(joined: &Joined) -> String {
///     format!("in {} with {} people", joined.room, joined.count)
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Joined {
    /// The room.
    pub room: String,
    /// The name that we go by.
    pub user: Option<String>,
    /// Names the life of the room's log; `None` if the server keeps none.
    pub epoch: Option<String>,
    /// The number of the log's last message.
    pub seq: Option<u64>,
    /// The token by which the server knows this person again: see
    /// [`Options::session`](super::Options::session). Nobody else may see it.
    pub session: Option<String>,
    /// Behind which [`Private::id`] the private messages begin that come now: see
    /// [`Options::private_after`](super::Options::private_after).
    pub private_after: Option<String>,
    /// Whether everything that was missed follows.
    pub recovered: bool,
    /// Why not, if it was asked for: `epoch_changed`, `too_old`, `unknown`. Then
    /// whatever the server has kept follows.
    pub reason: Option<String>,
    /// Who is there: all, or the first of many.
    pub users: Vec<String>,
    /// How many there are.
    pub count: u64,
}

/// The server has stored a message of ours.
///
/// ```
/// # use wirechat::client::Ack;
/// fn place(ack: &Ack) -> Option<u64> {
///     ack.seq
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Ack {
    /// The nonce that the message carried; null if the server sent none.
    pub nonce: Value,
    /// The message's identity in the room's log.
    pub id: Option<String>,
    /// Its number in the room's log; a private message has none.
    pub seq: Option<u64>,
    /// Whether the server had it already, so that nothing was stored now.
    pub duplicate: bool,
}

/// Something said to one person. Both get it, on all their connections.
///
/// ```
/// # use wirechat::client::Private;
/// fn in_words(private: &Private) -> String {
///     format!("{} to {}: {}", private.from, private.to, private.content)
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Private {
    /// Who says it; perhaps ourselves.
    pub from: String,
    /// To whom.
    pub to: String,
    /// What is said. Any characters, terminal control codes included.
    pub content: String,
    /// When.
    pub timestamp: Option<Timestamp>,
    /// Its identity: see [`Options::private_after`](super::Options::private_after).
    pub id: Option<String>,
}

/// Somebody types. One's own typing comes back too. A server says when it
/// stops, after 6 s of silence at the latest; whoever shows it should let it go
/// by itself a little after that, for a connection that breaks meanwhile.
///
/// ```
/// # use wirechat::client::Typing;
/// fn in_words(typing: &Typing) -> Option<String> {
///     typing.is_typing.then(|| format!("{} is typing", typing.username))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typing {
    /// Who.
    pub username: String,
    /// Whether they type, or have stopped.
    pub is_typing: bool,
    /// In which room; `None` if it is meant for us alone.
    pub room: Option<String>,
}

/// Who is in a room.
///
/// ```
/// # use wirechat::client::Presence;
/// fn in_words(presence: &Presence) -> String {
///     format!("in {}: {}", presence.room, presence.users.join(", "))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// The room.
    pub room: String,
    /// Who is there: all, or the first of many.
    pub users: Vec<String>,
    /// How many there are.
    pub count: u64,
}

/// The rooms in which there is somebody: all, or the first of many.
///
/// ```
/// # use wirechat::client::Rooms;
/// fn largest(rooms: &Rooms) -> Option<&str> {
///     rooms.rooms.iter().max_by_key(|room| room.users).map(|room| room.room.as_str())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rooms {
    /// The rooms.
    pub rooms: Vec<RoomSize>,
    /// How many there are.
    pub count: u64,
}

/// How many people are in a room.
///
/// ```
/// # use wirechat::client::RoomSize;
/// fn in_words(size: &RoomSize) -> String {
///     format!("{} ({})", size.room, size.users)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomSize {
    /// The room.
    pub room: String,
    /// How many there are.
    pub users: u64,
}

/// Older messages of a room, the oldest first.
///
/// ```
/// # use wirechat::client::{History, Page};
/// fn page_before(history: &History) -> Option<Page> {
///     let first = history.messages.first()?.seq?;
///     history.more.then_some(Page::Before(first))
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The room.
    pub room: String,
    /// Names the life of its log.
    pub epoch: Option<String>,
    /// What was asked for, as far as it is kept.
    pub messages: Vec<Message>,
    /// Whether there are more in the direction that was asked for.
    pub more: bool,
}

/// The server stops, or wants this connection to go elsewhere. The client comes
/// back after that time at the earliest.
///
/// ```
/// # use wirechat::client::GoingAway;
/// fn in_words(going_away: &GoingAway) -> String {
///     format!("the server will be back in {} s", going_away.reconnect_after.as_secs())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoingAway {
    /// How long to stay away at least.
    pub reconnect_after: Duration,
}

/// What the server did not do, and why.
///
/// ```
/// # use wirechat::client::Refusal;
/// fn in_words(refusal: &Refusal) -> String {
///     format!("{} ({})", refusal.words, refusal.code)
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// For programs: `rate_limited`, `name_taken` and so on.
    pub code: String,
    /// For people.
    pub words: String,
    /// The nonce of what was refused; null if it had none.
    pub nonce: Value,
    /// After how many milliseconds to try again.
    pub retry_after_ms: Option<u64>,
    /// A name that is free.
    pub suggestion: Option<String>,
}

impl Refusal {
    /// Whether the same may be granted later.
    pub(super) fn passes(&self) -> bool {
        matches!(self.code.as_str(), "rate_limited" | "unavailable")
    }

    /// How long to wait before asking again.
    pub(super) fn pause(&self) -> Duration {
        Duration::from_millis(self.retry_after_ms.unwrap_or(1000))
    }
}
