//! The chat's one demand on the world: a place where logs live.

use std::error::Error;
use std::fmt;

use super::message::{NewMessage, Recalled};
use super::names::RoomName;
use super::post::{Private, RecalledPost};
use super::room::{Room, Stored};

/// Where the logs of rooms live, and what orders their messages.
///
/// The default engine keeps them in this process and nowhere else. One that keeps
/// them longer stores each message before anybody sees it, and hands back what it
/// stored when a room of that name comes into being again.
///
/// An engine that several servers share would publish the message instead, wait for
/// the acknowledgement, and call [`Room::append`] and [`Room::wake`] on every
/// server as the messages come back in their common order; the rooms, their
/// cursors and the sessions are the same. (Such an engine cannot wait inside
/// `append`: the trait will then learn to answer "later".)
///
/// ```
/// use wirechat::chat::{Engine, NewMessage, Room, Stored, Unavailable};
///
/// struct Broken;
///
/// impl Engine for Broken {
///     fn append(&self, _: &Room, _: &NewMessage<'_>) -> Result<Stored, Unavailable> {
///         Err(Unavailable)
///     }
/// }
/// ```
pub trait Engine: Send + Sync {
    /// Appends a message to a room's log and says where it stands. Whoever
    /// calls this wakes the room's readers when its turn ends.
    ///
    /// # Errors
    /// [`Unavailable`] if the log cannot take it now. Nothing was stored then.
    fn append(&self, room: &Room, message: &NewMessage<'_>) -> Result<Stored, Unavailable>;

    /// What was kept of the log of a room that does not exist at the moment: by
    /// default nothing.
    ///
    /// # Errors
    /// [`Unavailable`] if that cannot be known now; nobody can enter the room then.
    fn recall(&self, room: &RoomName) -> Result<Option<Recalled>, Unavailable> {
        let _ = room;
        Ok(None)
    }

    /// Stores a private message before anybody sees it: by default nowhere.
    ///
    /// # Errors
    /// [`Unavailable`] if it cannot be stored now.
    fn keep_private(&self, private: &Private) -> Result<(), Unavailable> {
        let _ = private;
        Ok(())
    }

    /// Takes note that everything up to the private message with this number was
    /// handed to somebody, by the letters of their name. What is lost of this
    /// comes twice.
    fn mark_delivered(&self, letters: &str, seq: u64) {
        let _ = (letters, seq);
    }

    /// What was kept of the private messages, when the chat begins.
    fn recall_post(&self) -> Option<RecalledPost> {
        None
    }
}

/// The engine cannot take a message now.
///
/// ```
/// assert_eq!(wirechat::chat::Unavailable.to_string(), "the log cannot take a message now");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the log cannot take a message now")
    }
}

impl Error for Unavailable {}
