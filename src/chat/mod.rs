//! The chat, without I/O: no sockets, no clock, no randomness. Objects and the
//! time come in, objects and frames go out.
//!
//! A [`Chat`] is shared by all connections; each has a [`Session`] in it and a
//! [`Mailbox`] that rings when there is something to read.
//!
//! ```text
//!   payload, now ──> Session ──> Engine ──> Room ── one log, encoded once
//!                       │                     │
//!                    Outbox                 wake ──> every member's Mailbox
//!               (objects for one)                          │
//!                                  Session::next_frames <──┘
//!                                   (frames for all)
//! ```
//!
//! A room is a log and a connection is a cursor in it: publishing costs the
//! same however many read, and readers share the bytes (see `log`). Where the
//! logs live is the [`Engine`]'s business. What is due later, such as the end of
//! somebody's typing, is done by [`Chat::tick`].
//!
//! | to learn about | read |
//! |---|---|
//! | what a client may send, what it gets | [`protocol`], `wire` |
//! | what a command does | `session` |
//! | how a message reaches everybody | `room`, `log`, `mailbox` |
//! | what those get who come later | `history`, `rooms` |
//! | who is the same person | `directory`, `person`, `token`, `once` |
//! | what a name is, and when two are one | `names`, `names_in_use` |
//! | how coming and going is announced | `departures`, `notice` |
//! | private messages, typing | `post`, `typing` |
//! | what is done later | `agenda`, `hall` |
//! | what is bounded | `limits`, `rate` |

mod agenda;
mod departures;
mod directory;
mod hall;
mod history;
mod ids;
mod limits;
mod log;
mod mailbox;
mod members;
mod message;
mod names;
mod names_in_use;
mod notice;
mod once;
mod person;
mod port;
mod post;
mod rate;
mod room;
mod rooms;
mod session;
mod time;
mod token;
mod typing;
mod wire;

#[doc = include_str!("protocol.md")]
pub mod protocol {}

pub use hall::Chat;
pub use ids::{Epoch, Position};
pub use limits::Limits;
pub use mailbox::{Bell, CloseOrder, Mailbox};
pub use message::{NewMessage, Recalled};
pub use names::{NameError, RoomName, UserName};
pub use port::{Engine, Unavailable};
pub use post::{Private, RecalledPost};
pub use rate::Rate;
pub use room::{Room, Stored};
pub use session::{Next, Outbox, Session};
pub use time::{Timestamp, Unit};
pub use token::NonceKey;
pub use wire::{Encoding, SUBPROTOCOL};
