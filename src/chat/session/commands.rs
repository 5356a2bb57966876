//! What each command of a client does.

use super::{Membership, Outbox, Session};
use crate::chat::ids::Position;
use crate::chat::names::{ANONYMOUS, RoomName, UserName};
use crate::chat::notice::Notice;
use crate::chat::room::NewMessage;
use crate::chat::time::Timestamp;
use crate::chat::wire::{Command, Dialect, Joined, Object, Refusal};

impl Session {
    /// Does what an object asks for. After a refusal nothing has happened.
    pub(super) fn obey(
        &mut self,
        object: Result<Object<'_>, Refusal>,
        nonce: Option<&str>,
        now: Timestamp,
        out: &mut dyn Outbox,
    ) -> Result<(), Refusal> {
        self.permit(now)?;
        match object?.command()? {
            Command::Join { user, room, resumes } => self.join(user, room, resumes, now, out),
            Command::Message { content, room } => self.say(&content, room, nonce, now, out),
            Command::Leave { room } => self.leave(room, now),
            Command::Who { room } => self.who(room, now, out),
            Command::Rooms => self.rooms(now, out),
            Command::Ping => {
                out.push_object(&self.outgoing(now).pong(nonce));
                Ok(())
            }
        }
    }

    /// Takes a name, or another one, and enters a room if it is not there yet.
    fn join(
        &mut self,
        user: UserName,
        room: Option<RoomName>,
        resumes: bool,
        now: Timestamp,
        out: &mut dyn Outbox,
    ) -> Result<(), Refusal> {
        let room = room.unwrap_or_else(|| self.first_room());
        let was_here = self.user.is_some() && self.find(&room).is_some();
        let rooms_joined = if self.user.is_some() { self.memberships.len() } else { 0 };
        if !was_here && rooms_joined >= self.chat.limits().max_rooms {
            return Err(Refusal::too_many_rooms(self.chat.limits()));
        }
        let user = self.claim(user, now, out)?;
        if self.user.is_none() && self.find(&room).is_none() {
            self.close(now); // Anonymous leaves the lobby, without a word
        }
        self.call_oneself(&user, now);
        let (index, head) = match self.find(&room) {
            Some(index) => (index, self.memberships[index].room.head()),
            None => self.enter(&room),
        };
        if !was_here {
            let membership = &mut self.memberships[index];
            membership.room.set_user(membership.id, &user);
            membership.announce(&Notice::Joined(&user), now);
        }
        if self.encoding.dialect() == Dialect::V1 {
            self.answer_join(index, head, resumes, now, out);
        }
        Ok(())
    }

    /// Takes the name into use in place of the present one. A plain client
    /// cannot be asked to choose again: it gets a numbered name instead.
    fn claim(
        &self,
        wanted: UserName,
        now: Timestamp,
        out: &mut dyn Outbox,
    ) -> Result<UserName, Refusal> {
        let held = self.user.as_ref();
        if held == Some(&wanted) {
            return Ok(wanted);
        }
        match self.encoding.dialect() {
            Dialect::V1 => match self.chat.names(|names| names.claim(&wanted, held)) {
                Ok(()) => Ok(wanted),
                Err(taken) => Err(Refusal::name_taken(&wanted, taken.suggestion)),
            },
            Dialect::Plain => {
                let got = self.chat.names(|names| names.claim_numbered(&wanted, held));
                if got != wanted {
                    out.push_object(&self.outgoing(now).numbered(&wanted, &got));
                }
                Ok(got)
            }
        }
    }

    /// Goes by a claimed name from now on, and says so where another one is known.
    fn call_oneself(&mut self, user: &UserName, now: Timestamp) {
        let Some(was) = self.user.replace(user.clone()).filter(|was| was != user) else { return };
        for membership in &mut self.memberships {
            membership.room.set_user(membership.id, user);
            membership.announce(&Notice::Renamed { was: &was, now: user }, now);
        }
    }

    fn answer_join(
        &self,
        index: usize,
        head: Position,
        resumes: bool,
        now: Timestamp,
        out: &mut dyn Outbox,
    ) {
        let Some(user) = &self.user else { return };
        let room = &self.memberships[index].room;
        let (users, count) = room.users(self.chat.limits().max_listed);
        out.push_object(&self.outgoing(now).joined(&Joined {
            room: room.name(),
            user,
            head,
            users: &users,
            count,
            // Nothing tells what a returning client has missed.
            reason: resumes.then_some("unknown"),
        }));
    }

    /// Says something to a room.
    fn say(
        &mut self,
        content: &str,
        room: Option<RoomName>,
        nonce: Option<&str>,
        now: Timestamp,
        out: &mut dyn Outbox,
    ) -> Result<(), Refusal> {
        if content.len() > self.chat.limits().max_content {
            return Err(Refusal::too_long(self.chat.limits()));
        }
        let index = self.find_or_first(room.as_ref()).ok_or_else(Refusal::not_joined)?;
        let username = self.user.as_ref().map_or(ANONYMOUS, UserName::as_str);
        let membership = &mut self.memberships[index];
        let message = NewMessage { username, content, now };
        let position = self
            .chat
            .append(&membership.room, &message)
            .map_err(|_unavailable| Refusal::unavailable())?;
        membership.appended();
        if let (Dialect::V1, Some(nonce)) = (self.encoding.dialect(), nonce) {
            out.push_object(&self.outgoing(now).ack(nonce, position));
        }
        Ok(())
    }

    /// Leaves a room that it has joined.
    fn leave(&mut self, room: Option<RoomName>, now: Timestamp) -> Result<(), Refusal> {
        let index = self.find_or_first(room.as_ref()).filter(|_| self.user.is_some());
        self.leave_membership(index.ok_or_else(Refusal::not_joined)?, now);
        Ok(())
    }

    /// Lists the people in a room, which need not be one of its own.
    fn who(
        &self,
        room: Option<RoomName>,
        now: Timestamp,
        out: &mut dyn Outbox,
    ) -> Result<(), Refusal> {
        self.check_may_look()?;
        let name = room.unwrap_or_else(|| self.first_room());
        let (users, count) = match self.chat.room(&name) {
            Some(room) => room.users(self.chat.limits().max_listed),
            None => (Vec::new(), 0),
        };
        out.push_object(&self.outgoing(now).presence(&name, &users, count));
        Ok(())
    }

    /// Lists the rooms.
    fn rooms(&self, now: Timestamp, out: &mut dyn Outbox) -> Result<(), Refusal> {
        self.check_may_look()?;
        let (rooms, count) = self.chat.rooms();
        out.push_object(&self.outgoing(now).rooms(&rooms, count));
        Ok(())
    }

    fn check_may_look(&self) -> Result<(), Refusal> {
        match self.chat.limits().require_join && self.user.is_none() {
            true => Err(Refusal::not_joined()),
            false => Ok(()),
        }
    }

    /// The room that is meant when none is named.
    fn first_room(&self) -> RoomName {
        match self.memberships.first() {
            Some(membership) if self.user.is_some() => membership.room.name().clone(),
            _ => RoomName::lobby(),
        }
    }

    fn find(&self, room: &RoomName) -> Option<usize> {
        self.memberships.iter().position(|membership| membership.room.name() == room)
    }

    fn find_or_first(&self, room: Option<&RoomName>) -> Option<usize> {
        match room {
            Some(room) => self.find(room),
            None => (!self.memberships.is_empty()).then_some(0),
        }
    }
}

impl Membership {
    fn announce(&mut self, notice: &Notice<'_>, now: Timestamp) {
        self.room.append_notice(notice, now);
        self.appended();
    }

    /// There is news: this session reads it by itself, the others are told later.
    fn appended(&mut self) {
        self.unread = true;
        self.untold = true;
    }
}
