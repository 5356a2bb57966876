//! What a client reports: its state, what the server sent, what became of what
//! was said.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::Value;

use super::end::{End, Lost};
use super::object::Received;
use crate::chat::Encoding;

/// Something that happened.
///
/// ```
/// use wirechat::client::Event;
///
/// fn is_the_last(event: &Event) -> bool {
///     matches!(event, Event::State(wirechat::client::State::Closed(_)))
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The client is in another state now.
    State(State),
    /// The server sent an object. The messages of a room, and private ones, come
    /// in order and once each, however often the server sends them.
    Received(Received),
    /// The server has stored something that was said. A plain server confirms
    /// nothing; there, this never comes.
    Delivered(Delivered),
    /// Something that was said has not been delivered, and will not be.
    Undelivered(Undelivered),
    /// Messages of others may be missing before those that come next.
    Missed(Missed),
    /// How long the server took to answer a Ping: soon after connecting, and
    /// then about every 10 s.
    Latency(Duration),
}

/// Where a client is between its start and its end. Its text is for people.
///
/// A client that is not connected always has an attempt planned or under way.
///
/// ```text
///   Connecting ──> Connected ──> Closed
///     ^  │            │            ^
///     │  v            │            │
///   Reconnecting <────┘      (from any state)
/// ```
///
/// ```
/// use wirechat::client::State;
///
/// assert_eq!(State::Connecting.to_string(), "connecting");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum State {
    /// A connection is being made.
    Connecting,
    /// The server was asked to let us join and, if it answers that, it did.
    Connected(Encoding),
    /// There is no connection; the next attempt is `after` this time, or when
    /// [`ChatClient::reconnect_now`](super::ChatClient::reconnect_now) asks for it.
    Reconnecting {
        /// The wait.
        after: Duration,
        /// What happened to the connection.
        lost: Lost,
    },
    /// It is over. No event follows.
    Closed(End),
}

/// Tells what was said apart from all else that this client says.
///
/// ```
/// use std::collections::HashMap;
/// use wirechat::client::{Event, Ticket};
///
/// fn settle(pending: &mut HashMap<Ticket, String>, event: &Event) {
///     match event {
///         Event::Delivered(delivered) => drop(pending.remove(&delivered.ticket)),
///         Event::Undelivered(undelivered) => drop(pending.remove(&undelivered.ticket)),
///         _ => {}
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub(super) u64);

/// Something that was said, and that the server has now.
///
/// ```
/// # use wirechat::client::Delivered;
/// fn in_words(delivered: &Delivered) -> String {
///     format!("delivered: {}", delivered.content)
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Delivered {
    /// What [`ChatClient::say`](super::ChatClient::say) returned for it.
    pub ticket: Ticket,
    /// What was said, or the object that was sent.
    pub content: String,
    /// The nonce that it was sent with.
    pub nonce: Value,
    /// Its identity, which the message itself has too when it comes back.
    pub id: Option<String>,
    /// Its number in the room's log; a private message has none.
    pub seq: Option<u64>,
}

/// Something that was said and not delivered.
///
/// ```
/// use wirechat::client::Undelivered;
///
/// fn in_words(undelivered: &Undelivered) -> String {
///     format!("not delivered ({}): {}", undelivered.reason, undelivered.content)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    /// What [`ChatClient::say`](super::ChatClient::say), or another method,
    /// returned for it.
    pub ticket: Ticket,
    /// What was said, or the object that was to be sent.
    pub content: String,
    /// Why it was not delivered, or why nobody knows whether it was.
    pub reason: String,
}

/// Messages of others that were not handed out, and will not be.
///
/// ```
/// # use wirechat::client::Missed;
/// fn in_words(missed: &Missed) -> String {
///     let room = missed.room.as_deref().unwrap_or("the chat");
///     format!("messages in {room} may be missing: {}", missed.cause)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The room; `None` on a server that names none.
    pub room: Option<String>,
    /// The numbers of those that are certainly missing, if that is known.
    pub numbers: Option<RangeInclusive<u64>>,
    /// Why.
    pub cause: Cause,
}

/// Why messages may be missing. Its text is for people.
///
/// ```
/// use wirechat::client::Cause;
///
/// assert_eq!(Cause::TooOld.code(), "too_old");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The server lost its log, or began another one.
    EpochChanged,
    /// We were away for longer than the server keeps messages.
    TooOld,
    /// The server does not know how far we had read.
    Unknown,
    /// The server has left some out, and could not give them afterwards.
    Gap,
    /// A plain server: what is said while nobody listens is lost.
    NoLog,
    /// The server did not let us into the room again. We are not in it any more.
    NotRejoined,
}

impl Cause {
    /// For programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Cause::EpochChanged => "epoch_changed",
            Cause::TooOld => "too_old",
            Cause::Unknown => "unknown",
            Cause::Gap => "gap",
            Cause::NoLog => "no_log",
            Cause::NotRejoined => "not_rejoined",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            State::Connecting => f.write_str("connecting"),
            State::Connected(_) => f.write_str("connected"),
            State::Reconnecting { after, lost } => {
                write!(f, "{lost}; reconnecting in {:.1} s", after.as_secs_f64())
            }
            State::Closed(end) => end.fmt(f),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cause::EpochChanged => "the server has begun a new log",
            Cause::TooOld => "the server does not keep them for so long",
            Cause::Unknown => "the server does not know how far we had read",
            Cause::Gap => "the server has left some out",
            Cause::NoLog => "this server keeps none",
            Cause::NotRejoined => "the server did not let us into the room again",
        })
    }
}
