//! What one may look at: `history`, `who`, `rooms`, `inspect`.

use std::sync::Arc;

use super::{Outbox, Session};
use crate::chat::history::{Entry, History};
use crate::chat::names::RoomName;
use crate::chat::time::Timestamp;
use crate::chat::wire::{Dialect, Page, Part, Refusal};

/// Messages in one answer unless the client says how many, and at most.
const USUAL_PAGE: u64 = 50;
const LONGEST_PAGE: u64 = 100;

/// Bytes of messages from which on an answer gets no longer.
const PAGE_SIZE: usize = 256 << 10;

impl Session {
    /// Hands out a part of what a room keeps. A plain client gets it as messages.
    pub(super) fn history(
        &self,
        room: Option<RoomName>,
        part: Part,
        limit: Option<u64>,
        now: Timestamp,
        out: &mut dyn Outbox,
    ) -> Result<(), Refusal> {
        let room = &self.memberships[self.find_or_first(room.as_ref())?].room;
        let limit = limit.unwrap_or(USUAL_PAGE).min(LONGEST_PAGE) as usize;
        let encode = |seq, entry: &Entry| room.encode(self.encoding(), seq, entry);
        let (messages, more) = room.look_back(|history| select(history, part, limit, encode));
        if self.dialect == Dialect::V1 {
            let page = Page { room: room.name(), epoch: room.epoch(), messages, more };
            out.push_object(&self.outgoing(now).history(&page));
        } else {
            messages.iter().for_each(|message| out.push_object(message));
        }
        Ok(())
    }

    /// Lists the people in a room, which need not be one of its own.
    pub(super) fn who(
        &self,
        room: Option<RoomName>,
        now: Timestamp,
        out: &mut dyn Outbox,
    ) -> Result<(), Refusal> {
        self.check_may_look()?;
        let name = room.unwrap_or_else(|| self.first_room());
        let reader = self.person.as_ref().map(|person| person.name());
        let (users, count) = match self.chat.room(&name) {
            Some(room) => room.users(self.chat.limits().max_listed, reader.as_ref()),
            None => (Vec::new(), 0),
        };
        out.push_object(&self.outgoing(now).presence(&name, &users, count));
        Ok(())
    }

    /// Lists the rooms.
    pub(super) fn rooms(&self, now: Timestamp, out: &mut dyn Outbox) -> Result<(), Refusal> {
        self.check_may_look()?;
        let (rooms, count) = self.chat.rooms();
        out.push_object(&self.outgoing(now).rooms(&rooms, count));
        Ok(())
    }

    /// Wants to see the frames of this connection, or no more. A plain client would
    /// not know what it gets.
    pub(super) fn inspect(&mut self, on: bool) -> Result<(), Refusal> {
        if self.dialect != Dialect::V1 {
            return Err(Refusal::unknown_type());
        }
        self.is_watched = on;
        Ok(())
    }

    fn check_may_look(&self) -> Result<(), Refusal> {
        match self.chat.limits().require_join && self.person.is_none() {
            true => Err(Refusal::not_joined()),
            false => Ok(()),
        }
    }
}

/// Up to `limit` messages of this part, oldest first, and whether there are more
/// in its direction.
fn select(
    history: &History,
    part: Part,
    limit: usize,
    encode: impl Fn(u64, &Entry) -> String,
) -> (Vec<String>, bool) {
    let mut page = Vec::new();
    let mut size = 0;
    let mut add = |(seq, entry): (u64, &Arc<Entry>)| {
        let has_room = page.len() < limit && size < PAGE_SIZE;
        if has_room {
            let message = encode(seq, entry);
            size += message.len();
            page.push(message);
        }
        has_room
    };
    // What there is no room for is more.
    let more = match part {
        Part::After(seq) => !history.after(seq).all(&mut add),
        Part::Newest => !history.after(0).rev().all(&mut add),
        Part::Before(before) => {
            !history.after(0).rev().skip_while(|(seq, _)| *seq >= before).all(&mut add)
        }
    };
    if !matches!(part, Part::After(_)) {
        page.reverse();
    }
    (page, more)
}
