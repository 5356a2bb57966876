//! WebSockets over any asynchronous transport.

mod error;
mod keys;
mod scratch;
mod stream;
mod websocket;

pub use error::Error;
pub use websocket::WebSocket;
