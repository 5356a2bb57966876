//! The default engine: this process and nothing else.

use crate::chat::{Engine, NewMessage, Position, Room, Unavailable};

/// Logs that live as long as their room. It needs nothing and never refuses.
///
/// ```
/// use std::sync::Arc;
/// use wirechat::chat::{Chat, Limits};
/// use wirechat::engine::Memory;
///
/// let chat = Chat::new(Limits::default(), Memory, 0x5eed);
/// # let _: Arc<Chat> = chat;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory;

impl Engine for Memory {
    fn append(&self, room: &Room, message: &NewMessage<'_>) -> Result<Position, Unavailable> {
        Ok(room.append(message))
    }
}
