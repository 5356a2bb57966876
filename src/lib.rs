//! RFC 6455 by hand on raw TCP, and a chat on top of it.
//!
//! # As a WebSocket library
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! // A client …
//! let mut socket = wirechat::connect("ws://127.0.0.1:9001/").await?;
//! socket.send("hello").await?;
//!
//! // … and a server that echoes.
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:9001").await?;
//! let (stream, _) = listener.accept().await?;
//! let mut socket = wirechat::accept(stream).await?;
//! while let Some(message) = socket.recv().await? {
//!     socket.send(message).await?;
//! }
//! println!("it ended with {:?}", socket.closure());
//! # Ok(())
//! # }
//! ```
//!
//! [`connect()`] and [`accept()`] give a [`WebSocket`], which is all that most
//! programs need: `recv`, `send`, `close`. A library that wants no chat in it
//! depends on this crate with `default-features = false`.
//!
//! # The layers
//!
//! Each knows only those above it in this picture, and a test holds them to it.
//!
//! ```text
//!   proto    RFC 6455 without I/O: bytes and the time in, events and bytes out
//!     ▲
//!   net      tokio: any AsyncRead + AsyncWrite becomes a WebSocket
//!     ▲
//!   chat     rooms are logs, connections are cursors; no sockets, no clock
//!     ▲
//!   engine   where the logs live
//!     ▲
//!   server   one port: WebSockets, the web page, deadlines, goodbye
//!   client   connects, comes back, tells what is going on
//!     ▲
//!   (the program `wirechat`: serve, join, echo, load)
//! ```
//!
//! To read the protocol beside the RFC, begin with [`proto`]: its table names
//! the section that each module implements, and
//! [`proto::Connection`] draws the state machine. To follow a chat message,
//! begin with [`server`] and then [`chat`].
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `deflate` | yes | permessage-deflate (RFC 7692); without it, offers of it are declined |
//! | `chat` | yes | `chat`, `engine`, `server`, `client` |
//! | `cli` | yes | the program `wirechat`; implies the others |

pub mod net;
pub mod proto;

#[cfg(feature = "chat")]
pub mod chat;
#[cfg(feature = "chat")]
pub mod client;
#[cfg(feature = "chat")]
pub mod engine;
#[cfg(feature = "chat")]
pub mod server;
#[cfg(feature = "chat")]
mod sync;

pub use net::{WebSocket, accept, connect};
pub use proto::Message;
