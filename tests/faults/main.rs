//! What has gone wrong in other implementations, done to ours: a server and a
//! client that are real, and a peer that misbehaves.
//!
//! `src/proto/misbehaviour.md` lists the outcomes and names these tests. Where
//! the kernel matters (a reset, a peer that never reads) the transport is TCP on
//! this machine; where a deadline is waited for it is memory, and time virtual.
#![cfg(feature = "chat")]

mod chat_server;
mod chatting;
mod closing;
#[cfg(feature = "deflate")]
mod deflate;
mod ends;
mod floods;
mod frames;
mod memory;
mod payloads;
mod peer;
mod requests;
mod resets;
mod responses;
mod sizes;
mod slow;
mod wire;
