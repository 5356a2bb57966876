//! The chat's JSON: what a client may send and what the server sends, in both
//! dialects. Text goes in and out; nothing is decided here.

mod dialect;
mod incoming;
mod json;
mod outgoing;
mod refusal;

pub(crate) use dialect::Dialect;
pub use dialect::{Encoding, SUBPROTOCOL};
pub(crate) use incoming::{Command, Object};
pub(crate) use outgoing::{Joined, Outgoing, RoomObject};
pub(crate) use refusal::Refusal;
