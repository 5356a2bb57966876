//! The objects that a whole room gets: the same bytes for all who read the same
//! encoding.

use super::dialect::Encoding;
use super::json::JsonObject;
use super::outgoing::{begin, stamp};
use crate::chat::ids::Position;
use crate::chat::names::{RoomName, SYSTEM};
use crate::chat::notice::Notice;
use crate::chat::time::Timestamp;

/// A message or notice for a whole room. What all encodings of it share is
/// written once. Each encoding is written into a string whose memory is used
/// again and whose content is not.
#[derive(Debug)]
pub(crate) struct RoomObject {
    shared: JsonObject,
}

impl RoomObject {
    /// What `username` says.
    pub(crate) fn message(username: &str, content: &str) -> RoomObject {
        RoomObject { shared: begin("message", username, content, 0) }
    }

    /// What `System` says about someone.
    pub(crate) fn notice(notice: &Notice<'_>) -> RoomObject {
        RoomObject::message(SYSTEM, &notice.to_string())
    }

    /// That `username` is typing, or is not any more.
    pub(crate) fn typing(username: &str) -> RoomObject {
        RoomObject { shared: begin("typing", username, "", 0) }
    }

    /// Bytes that it holds.
    pub(crate) fn size(&self) -> usize {
        self.shared.capacity()
    }

    /// The message, now that its place in the log is known.
    pub(crate) fn encode_message(
        &self,
        encoding: Encoding,
        at: Timestamp,
        into: String,
        room: &RoomName,
        position: Position,
    ) -> String {
        let mut object = self.stamped(encoding, at, into);
        if encoding.is_full() {
            object.text("room", room.as_str()).number("seq", position.seq);
            object.with("id", |out| {
                out.push('"');
                position.write(out);
                out.push('"');
            });
        }
        object.end()
    }

    /// The notice, which has no place in the log.
    pub(crate) fn encode_notice(
        &self,
        encoding: Encoding,
        at: Timestamp,
        into: String,
        room: &RoomName,
        notice: &Notice<'_>,
    ) -> String {
        let mut object = self.stamped(encoding, at, into);
        if encoding.is_full() {
            object.text("room", room.as_str()).text("event", notice.event());
            object.text("user", notice.user().as_str());
            if let Some(was) = notice.was() {
                object.text("was", was.as_str());
            }
        }
        object.end()
    }

    /// The state of somebody's typing: nothing for those who know messages only.
    pub(crate) fn encode_typing(
        &self,
        encoding: Encoding,
        at: Timestamp,
        into: String,
        room: &RoomName,
        is_typing: bool,
    ) -> Option<String> {
        if !encoding.is_full() {
            return None;
        }
        let mut object = self.stamped(encoding, at, into);
        object.value("isTyping", is_typing).text("room", room.as_str());
        Some(object.end())
    }

    fn stamped(&self, encoding: Encoding, at: Timestamp, into: String) -> JsonObject {
        let mut object = self.shared.copy(into);
        stamp(&mut object, at, encoding.unit());
        object
    }
}
