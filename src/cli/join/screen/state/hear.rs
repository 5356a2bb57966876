//! What happens in the chat, and what it changes on the screen.

use wirechat::chat::Encoding;
use wirechat::client::{
    Cause, Delivered, Event, History, Joined, Message, Missed, Object, Presence, Private, Rooms,
    State as ClientState, Typing,
};

use super::super::super::advice;
use super::super::text;
use super::tab::{Older, Tab};
use super::{Deed, Errand, Kind, Link, Mark, Now, Place, QUIET, State, Uid};

/// Bytes of the longest name: what is longer is none, of a person or a room.
const MAX_NAME: usize = 256;

/// Names of rooms that are remembered for completion.
const MAX_ROOMS: usize = 500;

const PLAIN: &str = "This server speaks the dialect of the original chat: there is one room, \
    without a list of people, private messages or history, and it confirms a message only by \
    sending it back.";

impl State {
    /// Something has happened. What was delivered, or not, comes by
    /// [`delivered`](State::delivered) and [`undone`](State::undone).
    pub(in super::super) fn hear(&mut self, event: &Event, now: Now) {
        match event {
            Event::State(state) => self.connection(state, now),
            Event::Latency(latency) => self.latency = Some(*latency),
            Event::Missed(missed) => self.missed(missed),
            Event::Received(received) => self.received(&received.object, now),
            _ => {}
        }
    }

    fn connection(&mut self, state: &ClientState, now: Now) {
        self.latency = None;
        self.tabs.iter_mut().for_each(|tab| tab.typists.clear());
        if self.link == (Link::Connected { plain: true }) {
            let lost = |tab: &mut Tab| tab.timeline.fail_all("nobody knows whether it has arrived");
            self.tabs.iter_mut().for_each(lost);
        }
        match state {
            ClientState::Connecting => self.link = Link::Connecting,
            ClientState::Connected(encoding) => {
                let plain = *encoding != Encoding::V1;
                if plain && !self.was_connected {
                    self.tabs[0].tell(Kind::Aside(PLAIN.to_owned()));
                }
                self.was_connected = true;
                self.link = Link::Connected { plain };
            }
            ClientState::Reconnecting { after, lost } => {
                self.link =
                    Link::Waiting { until: now.at + *after, why: text::words(&advice::lost(lost)) };
            }
            ClientState::Closed(end) => {
                let why = text::words(&advice::end(end).unwrap_or_default());
                self.is_over = self.is_leaving || !self.was_connected || why.is_empty();
                self.link = Link::Closed { why };
            }
            _ => {}
        }
    }

    fn received(&mut self, object: &Object, now: Now) {
        if names_of(object).any(|name| name.len() > MAX_NAME) {
            return;
        }
        match object {
            Object::Message(message) => self.message(message, now),
            Object::Private(private) => self.private(private, now),
            Object::Joined(joined) => self.joined(joined, now),
            Object::Typing(typing) => self.typing(typing, now),
            Object::Presence(presence) => self.presence(presence),
            Object::Rooms(rooms) => self.rooms(rooms),
            Object::History(history) => self.history(history),
            Object::Error(refusal) if refusal.nonce.is_null() => {
                let words = text::words(&refusal.words);
                self.tab_mut().tell(Kind::Trouble(words));
            }
            _ => {}
        }
    }

    fn message(&mut self, message: &Message, now: Now) {
        let Some(index) = self.place_of(message.room.as_deref()) else { return };
        let kind = self.kind_of(message);
        let is_call = matches!(kind, Kind::Said { is_call: true, .. });
        let is_from_others = matches!(kind, Kind::Said { .. });
        if message.is_notice() {
            self.follow(message);
        }
        let tab = &mut self.tabs[index];
        tab.people.notice(message);
        tab.typists.stopped(&message.username);
        tab.touched = now.at;
        let is_new = message.seq.is_none_or(|seq| seq > tab.old_until);
        if let Some(uid) = tab.timeline.hear(message, kind)
            && is_from_others
            && is_new
        {
            self.arrived(index, uid, is_call, now);
        }
    }

    fn kind_of(&self, message: &Message) -> Kind {
        match message.is_notice() {
            true => Kind::Notice(text::words(&message.content)),
            false => self.said(&message.username, &message.content),
        }
    }

    fn said(&self, username: &str, content: &str) -> Kind {
        let (name, text) = (text::name(username), text::words(content));
        match username == self.me {
            true => Kind::Own { name, text, raw: String::new(), mark: Mark::Delivered },
            false => Kind::Said { is_call: names(content, &self.me), name, text },
        }
    }

    /// Whom we talk to in private may take another name.
    fn follow(&mut self, notice: &Message) {
        let (Some("rename"), Some(user), Some(was)) =
            (notice.event.as_deref(), &notice.user, &notice.was)
        else {
            return;
        };
        if self.person_named(user).is_none()
            && let Some(index) = self.person_named(was)
        {
            self.tabs[index].place = Place::Person(user.clone());
        }
    }

    fn private(&mut self, private: &Private, now: Now) {
        let is_own = private.from == self.me;
        let peer = if is_own { &private.to } else { &private.from };
        let place = Place::Person(peer.clone());
        let index = match self.person_named(peer) {
            Some(index) => index,
            None => self.open(place.clone(), now),
        };
        let kind = self.said(&private.from, &private.content);
        let tab = &mut self.tabs[index];
        tab.place = place; // As they write it themselves.
        tab.typists.stopped(peer);
        tab.touched = now.at;
        let heard = tab.timeline.hear_as(private.id.as_deref(), None, private.timestamp, kind);
        if let Some(uid) = heard
            && !is_own
        {
            self.arrived(index, uid, true, now);
        }
    }

    /// Somebody has said something new.
    fn arrived(&mut self, index: usize, uid: Uid, is_call: bool, now: Now) {
        if !self.is_seen(index) {
            self.tabs[index].count(uid, is_call);
        }
        if is_call && self.last_bell.is_none_or(|last| now.at - last >= QUIET) {
            self.last_bell = Some(now.at);
            self.deeds.push(Deed::Bell);
        }
    }

    fn joined(&mut self, joined: &Joined, now: Now) {
        if let Some(user) = &joined.user {
            self.me.clone_from(user);
        }
        let place = Place::Room(joined.room.clone());
        let known = self.room_named(&joined.room);
        let index = match known {
            Some(index) => index,
            None if self.tabs[0].place == Place::Home => {
                self.tabs[0].place = place;
                self.tabs[0].older = Older::Perhaps;
                0
            }
            None => self.open(place, now),
        };
        let tab = &mut self.tabs[index];
        if known.is_none() {
            tab.old_until = joined.seq.unwrap_or(0);
        } else if tab.epoch != joined.epoch {
            tab.timeline.begin_anew();
            tab.older = Older::Perhaps;
            tab.old_until = 0;
        }
        tab.epoch.clone_from(&joined.epoch);
        tab.people.set(&joined.users, joined.count);
        if self.wanted.take_if(|wanted| *wanted == joined.room).is_some() {
            self.hint = None;
            self.switch(index);
        }
    }

    fn typing(&mut self, typing: &Typing, now: Now) {
        if typing.username == self.me {
            return;
        }
        let index = match &typing.room {
            Some(room) => self.room_named(room),
            None => self.person_named(&typing.username),
        };
        let Some(index) = index else { return };
        let typists = &mut self.tabs[index].typists;
        match typing.is_typing {
            true => typists.started(&typing.username, now.at),
            false => typists.stopped(&typing.username),
        }
    }

    fn presence(&mut self, presence: &Presence) {
        let Presence { room, users, count } = presence;
        if let Some(index) = self.room_named(room) {
            self.tabs[index].people.set(users, *count);
        }
        let names: Vec<String> = users.iter().map(|user| text::name(user)).collect();
        let words = format!("In #{} ({count}): {}", text::name(room), names.join(", "));
        self.tab_mut().tell(Kind::Aside(words));
    }

    fn rooms(&mut self, rooms: &Rooms) {
        let list = rooms.rooms.iter().take(MAX_ROOMS);
        let list = list.filter(|size| size.room.len() <= MAX_NAME);
        self.rooms = list.map(|size| size.room.clone()).collect();
        let sizes: Vec<String> = rooms
            .rooms
            .iter()
            .map(|size| format!("#{} ({})", text::name(&size.room), size.users))
            .collect();
        let words = format!("Rooms ({}): {}", rooms.count, sizes.join(", "));
        self.tab_mut().tell(Kind::Aside(text::words(&words)));
    }

    fn history(&mut self, history: &History) {
        let Some(index) = self.room_named(&history.room) else { return };
        if self.tabs[index].epoch != history.epoch {
            return;
        }
        for message in &history.messages {
            let kind = self.kind_of(message);
            self.tabs[index].timeline.remember(message, kind);
        }
        let tab = &mut self.tabs[index];
        let has_more = history.more && !history.messages.is_empty() && !tab.timeline.is_full();
        tab.older = if has_more { Older::Perhaps } else { Older::No };
    }

    fn missed(&mut self, missed: &Missed) {
        let Some(index) = self.place_of(missed.room.as_deref()) else { return };
        let words = match missed.cause {
            Cause::NotRejoined => "not let in again: /join the room to come back".to_owned(),
            cause => format!("messages may be missing: {cause}"),
        };
        self.tabs[index].tell(Kind::Missing(words));
    }

    /// Where something of this room belongs, if it still does.
    fn place_of(&self, room: Option<&str>) -> Option<usize> {
        match room.map(|room| self.room_named(room)) {
            None => Some(0),
            Some(None) if self.tabs[0].place == Place::Home => Some(0),
            Some(index) => index,
        }
    }

    /// The server has stored this.
    pub(in super::super) fn delivered(&mut self, errand: &Errand, delivered: &Delivered) {
        if let Errand::Message(tab, uid) = errand
            && let Some(tab) = self.find(*tab)
        {
            tab.timeline.delivered(*uid, delivered.id.clone(), delivered.seq);
        }
    }

    /// Nothing came of this.
    pub(in super::super) fn undone(&mut self, errand: &Errand, reason: &str) {
        let reason = text::words(reason);
        match errand {
            Errand::Message(tab, uid) => {
                if let Some(tab) = self.find(*tab) {
                    tab.timeline.failed(*uid, reason);
                }
            }
            Errand::Older(tab) => {
                if let Some(tab) = self.find(*tab) {
                    tab.older = Older::Perhaps;
                }
            }
            Errand::Other(what) => {
                self.wanted = None;
                self.tab_mut().tell(Kind::Trouble(format!("{what}: {reason}")));
            }
        }
    }
}

/// The names in it that are kept apart from what is said.
fn names_of(object: &Object) -> impl Iterator<Item = &String> {
    let (one, two, all): (_, _, &[String]) = match object {
        Object::Message(notice) => (notice.user.as_ref(), None, &[]),
        Object::Private(private) => (Some(&private.from), Some(&private.to), &[]),
        Object::Joined(joined) => (joined.user.as_ref(), Some(&joined.room), &joined.users),
        Object::Typing(typing) => (Some(&typing.username), None, &[]),
        Object::Presence(presence) => (None, None, &presence.users),
        _ => (None, None, &[]),
    };
    one.into_iter().chain(two).chain(all)
}

/// Whether this text has this name in it, as a word.
fn names(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_lowercase(), name.to_lowercase());
    let is_edge = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    !name.is_empty()
        && text.match_indices(&name).any(|(at, it)| {
            is_edge(text[..at].chars().next_back()) && is_edge(text[at + it.len()..].chars().next())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_calls_as_a_word_only() {
        for text in ["Ann", "hi ann!", "@Ann: x", "(ANN)"] {
            assert!(names(text, "Ann"), "{text}");
        }
        for text in ["", "Annabelle", "planner", "Anñ"] {
            assert!(!names(text, "Ann"), "{text}");
        }
        assert!(!names("x", ""));
    }
}
