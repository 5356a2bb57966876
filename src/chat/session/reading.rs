//! What a connection gets: what is meant for it alone, what it missed, and what
//! its rooms say.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::{Membership, Outbox, Session};
use crate::chat::history::Entry;
use crate::chat::log::Read;
use crate::chat::mailbox::Direct;
use crate::chat::room::Room;
use crate::chat::wire::Encoding;
use crate::proto::{Opcode, encode_frame};

/// Bytes of history that are framed in one piece.
const PIECE: usize = 16 << 10;

/// What a connection's rooms have for it.
///
/// ```
/// use wirechat::chat::Next;
///
/// assert_ne!(Next::Nothing, Next::Lagged);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing until the [`Mailbox`](crate::chat::Mailbox) rings.
    Nothing,
    /// Whole, unmasked text frames to write as they are. Every reader of the
    /// room shares these bytes.
    Frames(Bytes),
    /// The connection was too slow: messages that it should get are gone. It
    /// must be closed, and will see what it missed when it comes back.
    Lagged,
}

impl Session {
    /// The next frames from any of the rooms; call it until there are none. What is
    /// meant for this connection alone goes to `out`, as long as that has room: if
    /// it has none, call it again when it has.
    pub fn next_frames(&mut self, out: &mut dyn Outbox) -> Next {
        if self.mailbox.take() {
            self.has_mail |= self.mailbox.has_mail();
            self.memberships.iter_mut().for_each(|membership| membership.unread = true);
        }
        self.hand_out_mail(out);
        let encoding = self.encoding();
        for _ in 0..self.memberships.len() {
            self.turn += 1;
            if self.turn >= self.memberships.len() {
                self.turn = 0;
            }
            match self.memberships[self.turn].next_frames(encoding) {
                Next::Nothing => {}
                next => return next,
            }
        }
        Next::Nothing
    }

    /// Whether one of its rooms has half as much for it to read as it keeps: a
    /// connection that finds this so when its turn comes should write before it
    /// [receives](Session::receive) more. So a room in which all speak at once
    /// fills no faster than they read.
    #[must_use]
    pub fn is_far_behind(&self) -> bool {
        self.memberships.iter().any(|membership| membership.room.is_far_behind(membership.cursor))
    }

    fn hand_out_mail(&mut self, out: &mut dyn Outbox) {
        while self.has_mail && out.has_room() {
            let Some(next) = self.mailbox.pop() else {
                self.has_mail = false;
                return;
            };
            let object = match next {
                Direct::Private(private) => Some(self.outgoing(private.at).private(&private)),
                Direct::Typing { from, is_typing, at } => {
                    self.outgoing(at).typing(&from, is_typing)
                }
            };
            if let Some(object) = object {
                out.push_object(&object);
            }
        }
    }
}

/// Messages that were said before a connection came into the room.
#[derive(Debug)]
pub(super) struct Replay {
    entries: std::vec::IntoIter<Arc<Entry>>,
    /// The number of the last one.
    head: u64,
}

impl Replay {
    /// These messages, up to the head of the log; nothing if there are none.
    pub(super) fn of(head: u64, entries: Vec<Arc<Entry>>) -> Option<Box<Replay>> {
        let entries = entries.into_iter();
        (entries.len() > 0).then(|| Box::new(Replay { entries, head }))
    }

    /// The next few as frames; nothing at the end.
    fn next_frames(&mut self, room: &Room, encoding: Encoding) -> Bytes {
        let mut frames = BytesMut::new();
        while frames.len() < PIECE {
            let seq = self.head + 1 - self.entries.len() as u64;
            let Some(entry) = self.entries.next() else { break };
            let json = room.encode(encoding, seq, &entry);
            encode_frame(&mut frames, true, Opcode::Text, None, json.as_bytes());
        }
        frames.freeze()
    }
}

impl Membership {
    fn next_frames(&mut self, encoding: Encoding) -> Next {
        if let Some(replay) = &mut self.replay {
            let piece = replay.next_frames(&self.room, encoding);
            if !piece.is_empty() {
                return Next::Frames(piece);
            }
            self.replay = None;
        }
        if !self.unread {
            return Next::Nothing;
        }
        match self.room.read(self.cursor, encoding) {
            Read::Nothing { next } => {
                (self.cursor, self.unread) = (next, false);
                Next::Nothing
            }
            Read::Frames { frames, next, more } => {
                (self.cursor, self.unread) = (next, more);
                Next::Frames(frames)
            }
            Read::Lagged => Next::Lagged,
        }
    }
}
