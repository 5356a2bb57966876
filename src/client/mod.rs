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
//! What is promised about messages: they arrive in the order in which they were
//! said, none twice. With `wirechat.v1` each is confirmed before the next is
//! sent, and one that was sent and not confirmed when the connection broke is
//! reported as [`Undelivered`], since sending it again might say it twice. A
//! plain server confirms nothing; there, only an answered Close proves that what
//! was said has arrived (RFC 6455 §1.4, §7.1.4). What is said while there is no
//! connection waits for the next one.
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

mod backoff;
mod conversation;
mod event;
mod handle;
mod life;
mod object;
mod options;
mod outgoing;
#[cfg(test)]
mod tests;
mod verdict;

pub use event::{End, Event, Lost, State, Undelivered};
pub use handle::{ChatClient, Events, SayError, connect};
pub use object::{Ack, Joined, Message, Object, Received, Refusal};
pub use options::Options;
