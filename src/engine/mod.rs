//! Where the logs of rooms live: implementations of the chat's
//! [`Engine`](crate::chat::Engine). The chat does not know which one it runs on.

#[cfg(feature = "data")]
mod disk;
mod memory;

#[cfg(feature = "data")]
pub use disk::{Disk, DiskError};
pub use memory::Memory;
