//! RFC 6455 without I/O.

mod close;
mod error;
pub mod handshake;
mod limits;
mod opcode;

pub use close::{CloseCode, CloseFrame};
pub use error::ProtocolError;
pub use limits::Limits;
pub use opcode::Opcode;
