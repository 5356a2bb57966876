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
//! logs live is the [`Engine`]'s business.
//!
//! | to learn about | read |
//! |---|---|
//! | what a client may send, what it gets | `wire` |
//! | what a command does | `session` |
//! | how a message reaches everybody | `room`, `log`, `mailbox` |
//! | what a name is, and when two are one | `names`, `directory` |
//! | what is bounded | `limits`, `rate` |

mod directory;
mod hall;
mod ids;
mod limits;
mod log;
mod mailbox;
mod members;
mod names;
mod notice;
mod port;
mod rate;
mod room;
mod session;
mod time;
mod wire;

pub use hall::Chat;
pub use ids::{Epoch, Position};
pub use limits::Limits;
pub use mailbox::{CloseOrder, Mailbox};
pub use names::{NameError, RoomName, UserName};
pub use port::{Engine, Unavailable};
pub use rate::Rate;
pub use room::{NewMessage, Room};
pub use session::{Next, Outbox, Session};
pub use time::{Timestamp, Unit};
pub use wire::{Encoding, SUBPROTOCOL};
