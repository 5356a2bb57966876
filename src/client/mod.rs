//! A chat client as a library: it connects, joins, speaks the server's dialect,
//! and comes back when the connection breaks.
//!
//! [`connect`] starts a task that owns the connection, and gives two ends to
//! talk to it: a [`ChatClient`] to say things, and [`Events`] to hear them.
//!
//! ```text
//!   ChatClient ── bounded queue ──> task ── WebSocket ──> server
//!       Events <── bounded queue ──┘ │ │
//!                          life: connect, converse, wait, again
//!                                      conversation: welcome, join, talk, close
//! ```
//!
//! Our own server and the chat's original ones are spoken to alike: which
//! dialect it is, and in which unit plain timestamps are, is decided by what the
//! server sends first.
//!
//! # What is promised
//!
//! | | our servers (`wirechat.v1`) | plain servers |
//! |---|---|---|
//! | what is said arrives | in order and once, over any number of connections; each message is confirmed ([`Delivered`]) before the next is sent, and sent again under the same nonce until it is | in order; only an answered Close proves that it has arrived (RFC 6455 §1.4, §7.1.4) |
//! | if not | [`Undelivered`]: the server refused it for good, or may have forgotten whether it has it, or the client ended | the same, as far as the client knows |
//! | what others say is handed out | in order and once, over any number of connections; gaps are filled from the server's history | as it comes |
//! | if not | [`Missed`] | [`Missed`] after each reconnection |
//! | the server is there | [`Event::Latency`] every 10 s, and after 10 s of silence another connection | the same |
//!
//! What is said while there is no connection waits for the next one, up to 256
//! things. After a reconnection every room is entered again before that goes out.
//!
//! ```no_run
//! use wirechat::chat::UserName;
//! use wirechat::client::{Event, Object, Options, connect};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let options = Options::new("ws://127.0.0.1:8080/ws".parse()?, UserName::parse("Ann")?);
//! let (client, mut events) = connect(options);
//! client.say("hello").await?;
//! client.finish().await?;
//! while let Some(event) = events.recv().await {
//!     match event {
//!         Event::State(state) => eprintln!("{state}"),
//!         Event::Missed(missed) => eprintln!("messages may be missing: {}", missed.cause),
//!         Event::Received(received) => {
//!             if let Object::Message(message) = received.object {
//!                 println!("{}: {}", message.username, message.content);
//!             }
//!         }
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | to learn about | read |
//! |---|---|
//! | one connection | `conversation` |
//! | when there is another one, and when not | `life`, `backoff`, `verdict` |
//! | how each message is handed out once and in order | `sequence`, `rooms`, `questions` |
//! | how each message is stored once | `outbox` |
//! | how a dead connection is noticed | `pulse` |

mod backoff;
mod command;
mod conversation;
mod end;
mod event;
mod handle;
mod life;
mod memory;
mod object;
mod options;
mod outbox;
mod outgoing;
mod privates;
mod pulse;
mod questions;
mod requests;
mod rooms;
mod sequence;
#[cfg(test)]
mod tests;
mod verdict;

pub use end::{End, Lost};
pub use event::{Cause, Delivered, Event, Missed, State, Ticket, Undelivered};
pub use handle::{ChatClient, Events, SayError, connect};
pub use object::{
    Ack, GoingAway, History, Joined, Message, Object, Presence, Private, Received, Refusal,
    RoomSize, Rooms, Typing,
};
pub use options::Options;
pub use requests::Page;
