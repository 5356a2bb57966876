//! The server.

mod listen;

pub use listen::listen_on;
