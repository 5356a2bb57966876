//! RFC 6455 without I/O: bytes in, events and bytes out.
//!
//! Nothing here knows a socket, a task, a clock or a source of randomness, so
//! the server, the client, the tests, the fuzz targets and the benches all run
//! the very same code. From the wire upwards:
//!
//! | module | in → out | RFC 6455 |
//! |---|---|---|
//! | [`handshake`] | an HTTP head → an open connection, or a refusal | §3, §4 |
//! | `header` | bytes → [`FrameHeader`] | §5.2 |
//! | `mask` | [`apply_mask`] | §5.3 |
//! | `decoder` | bytes → [`Chunk`]s of frames | §5.1, §5.2 |
//! | `deflate` | compressed payload ↔ payload: [`Deflate`] | RFC 7692 |
//! | `utf8` | [`Utf8Validator`] | §8.1 |
//! | `growth` | how a message's buffer grows | §10.4 |
//! | `gathered` | the payload of a message that arrives in pieces | §5.4, §8.1 |
//! | `assembler` | chunks → [`Event`]s | §5.4, §5.6 |
//! | `close` | [`CloseCode`], [`CloseFrame`] | §5.5.1, §7.4 |
//! | `encoder` | messages → frames | §5, §6.1 |
//! | `outgoing` | frames that wait to be written | §5.3, §5.5.3 |
//! | `keepalive` | when to ping | §5.5.2 |
//! | `millis` | durations in few bytes | |
//! | `connection` | all of it: [`Connection`] | §5.5, §6, §7 |
//!
//! [`ledger`] lists every rule of the RFCs with the tests that prove it.

mod assembler;
mod close;
mod closure;
mod config;
mod connection;
mod decoder;
#[cfg(feature = "deflate")]
mod deflate;
mod encoder;
mod error;
mod gathered;
mod growth;
pub mod handshake;
mod header;
mod keepalive;
#[doc = include_str!("ledger.md")]
pub mod ledger {}
mod limits;
mod mask;
mod message;
mod millis;
#[doc = include_str!("misbehaviour.md")]
pub mod misbehaviour {}
mod opcode;
mod outgoing;
mod utf8;

pub use assembler::Assembler;
pub use close::{CloseCode, CloseFrame};
pub use closure::{Closure, Initiator};
pub use config::Config;
pub use connection::{Connection, State};
pub use decoder::{Chunk, Decoder, Role};
#[cfg(feature = "deflate")]
pub use deflate::{Deflate, WindowBits};
pub use encoder::encode_frame;
pub use error::{ProtocolError, SendError};
pub use header::{FrameHeader, MAX_CONTROL_PAYLOAD, MaskingKey};
pub use keepalive::Keepalive;
pub use limits::Limits;
pub use mask::apply_mask;
pub use message::{Event, Message, Payload};
pub use opcode::Opcode;
pub use outgoing::MaskingKeys;
pub use utf8::Utf8Validator;
