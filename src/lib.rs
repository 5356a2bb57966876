//! wirechat.

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

pub use net::{accept, connect};
