//! Where the logs of rooms live: implementations of the chat's
//! [`Engine`](crate::chat::Engine). The chat does not know which one it runs on.

mod memory;

pub use memory::Memory;
