//! The chat's JSON: what a client may send and what the server sends, in both
//! dialects. Text goes in and out; nothing is decided here.

mod dialect;
mod incoming;
mod json;
mod outgoing;
mod refusal;
mod room_object;

pub(crate) use dialect::Dialect;
pub use dialect::{Encoding, SUBPROTOCOL};
pub(crate) use incoming::{Command, Join, Mail, Object, Part, Place};
pub(crate) use outgoing::{Joined, Outgoing, Page};
#[cfg(test)]
pub(crate) use refusal::ErrorCode;
pub(crate) use refusal::Refusal;
pub(crate) use room_object::RoomObject;
