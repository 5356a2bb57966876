//! What must hold whatever a peer sends. Each module has one `check`, which
//! panics if it does not; the fuzz targets feed it what the fuzzer invents,
//! `tests/corpus.rs` what lies in `corpus/`.
//!
//! A check returns how far its input got, so that the test can tell a corpus
//! that reaches everything from one that is refused at the door.

pub mod chat_object;
pub mod client_handshake;
pub mod conversation;
pub mod deflate;
pub mod extension_header;
pub mod frames;
mod head;
pub mod header;
pub mod masking;
mod pieces;
mod receive;
pub mod server_handshake;
mod settings;
pub mod utf8;
