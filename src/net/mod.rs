//! WebSockets over any asynchronous transport: what a Rust program uses.
//!
//! A transport (`AsyncRead + AsyncWrite`, a TCP stream say) and a URI go in; a
//! [`WebSocket`] comes out, which sends and receives [`Message`](crate::proto::Message)s.
//! The protocol itself is [`proto`](crate::proto)'s; here its bytes are moved
//! and its deadlines kept. RFC 6455 §4 is in [`accept()`] and [`connect()`], the rest
//! behind [`WebSocket`].

mod accept;
mod connect;
mod error;
pub(crate) mod head;
pub(crate) mod keys;
#[cfg(test)]
pub(crate) mod pongs;
pub(crate) mod scratch;
mod stream;
mod websocket;

pub use accept::{AcceptError, AcceptOptions, Accepted, accept, accept_with};
pub use connect::{ConnectError, ConnectOptions, Connected, connect, connect_over, connect_with};
pub use error::Error;
pub use keys::masking_keys;
pub use websocket::WebSocket;
