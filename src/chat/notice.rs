//! What `System` tells a room.

use std::fmt;

use super::names::UserName;

/// Something that happened in a room. Its text is what people read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Notice<'a> {
    Joined(&'a UserName),
    Left(&'a UserName),
    Renamed { was: &'a UserName, now: &'a UserName },
}

impl Notice<'_> {
    /// The `event` field.
    pub(crate) fn event(&self) -> &'static str {
        match self {
            Notice::Joined(_) => "join",
            Notice::Left(_) => "leave",
            Notice::Renamed { .. } => "rename",
        }
    }

    /// The `user` field: who it is about, by the name they have now.
    pub(crate) fn user(&self) -> &UserName {
        match self {
            Notice::Joined(user) | Notice::Left(user) | Notice::Renamed { now: user, .. } => user,
        }
    }

    /// The `was` field: the name they had before.
    pub(crate) fn was(&self) -> Option<&UserName> {
        match self {
            Notice::Renamed { was, .. } => Some(was),
            _ => None,
        }
    }
}

impl fmt::Display for Notice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::Joined(user) => write!(f, "{user} has joined the chat"),
            Notice::Left(user) => write!(f, "{user} has left the chat"),
            Notice::Renamed { was, now } => write!(f, "{was} is now known as {now}"),
        }
    }
}
