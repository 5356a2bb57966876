//! What a connection must yet see, and what its client believes by now.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::rc::Rc;

use serde_json::Value;

use crate::room::{LOST, Room, Said};

/// Milliseconds between the announcements that somebody left and came back.
const FLAP: i64 = 10_000;

/// Milliseconds between two announcements that somebody goes on typing.
const AGAIN: i64 = 3_000;

/// Long ago.
const EVER: i64 = i64::MIN / 2;

/// Something that happened to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) at: i64,
    pub(crate) user: String,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Came,
    Left,
    Renamed { was: String },
    BeginsTyping,
    GoesOnTyping,
    StopsTyping,
}

impl Event {
    /// The event in a notice.
    pub(crate) fn of_notice(object: &Value) -> Event {
        let text = |key: &str| object[key].as_str().expect("a text").to_owned();
        assert_eq!(object["username"], "System");
        let event = Event::in_words(object);
        let kind = match &event.what {
            What::Came => "join",
            What::Left => "leave",
            What::Renamed { was } => {
                assert_eq!(object["was"], **was);
                "rename"
            }
            typing => panic!("a notice of {typing:?}"),
        };
        assert_eq!((&*text("event"), text("user")), (kind, event.user.clone()));
        event
    }

    /// The event in the words of a notice: all that a plain client gets.
    pub(crate) fn in_words(object: &Value) -> Event {
        let at = object["timestamp"].as_i64().expect("a time");
        let content = object["content"].as_str().expect("words");
        let (user, what) = if let Some(user) = content.strip_suffix(" has joined the chat") {
            (user, What::Came)
        } else if let Some(user) = content.strip_suffix(" has left the chat") {
            (user, What::Left)
        } else if let Some((was, user)) = content.split_once(" is now known as ") {
            (user, What::Renamed { was: was.to_owned() })
        } else {
            panic!("no notice: {object}");
        };
        Event { at, user: user.to_owned(), what }
    }
}

/// What was told to a connection and has not been seen yet, and who is typing to it.
#[derive(Debug, Default)]
pub(crate) struct Ear {
    /// And whether it must be seen.
    due: Vec<(Event, bool)>,
    typing: HashMap<String, i64>,
    /// Typing that began before this time may have ended without its being told.
    since: i64,
}

impl Ear {
    pub(crate) fn expect(&mut self, event: Event, must: bool) {
        self.due.push((event, must));
    }

    /// It may see what another was told.
    pub(crate) fn take_over(&mut self, other: Ear) {
        self.due.extend(other.due);
    }

    /// It may or may not see what it was told until now.
    pub(crate) fn expect_no_longer(&mut self) {
        self.due.iter_mut().for_each(|(_, must)| *must = false);
    }

    /// It is not told the end of what it was told until now.
    pub(crate) fn expect_nothing_more(&mut self, now: i64) {
        self.since = now;
    }

    /// Sees an event. Whether it was expected.
    pub(crate) fn take(&mut self, event: &Event) -> bool {
        self.take_if(event, true) || self.take_if(event, false)
    }

    /// The same, if it must be seen, or need not be.
    pub(crate) fn take_if(&mut self, event: &Event, must: bool) -> bool {
        let is_this = |(due, due_must): &(Event, bool)| due == event && *due_must == must;
        let place = self.due.iter().position(is_this);
        place.map(|place| self.due.remove(place)).is_some()
    }

    /// Sees that somebody is typing, or has stopped.
    pub(crate) fn see_typing(&mut self, user: &str, is_typing: bool, at: i64) {
        let event = |what| Event { at, user: user.to_owned(), what };
        if !is_typing {
            // Whoever has just come may hear of the end of what they never heard of.
            let was_typing = self.typing.remove(user).is_some_and(|last| last > self.since);
            let stops = self.take(&event(What::StopsTyping));
            assert!(stops || !was_typing, "{user} did not stop typing at {at}");
            return;
        }
        let begins = self.take(&event(What::BeginsTyping));
        assert!(begins || self.take(&event(What::GoesOnTyping)), "{user} did not type at {at}");
        let last = self.typing.insert(user.to_owned(), at);
        let last = last.filter(|last| *last > self.since);
        assert!(last.is_none_or(|last| last + AGAIN <= at), "told too often: {user} at {at}");
    }

    /// Nothing that had to be seen is left.
    pub(crate) fn check_seen(&mut self) {
        let missing: Vec<&Event> = self.due.iter().filter(|due| due.1).map(|due| &due.0).collect();
        assert!(missing.is_empty(), "not seen: {missing:?}");
        self.due.clear();
    }

    pub(crate) fn check_silence(&self) {
        let for_ever = self.typing.iter().find(|(_, at)| **at > self.since);
        assert!(for_ever.is_none(), "typing for ever: {for_ever:?}");
    }
}

/// A connection's being in a room.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) room: String,
    /// The messages that it must yet see, in this order.
    pub(crate) unseen: VecDeque<Rc<Said>>,
    pub(crate) ear: Ear,
    /// Who is here, as far as it knows; nothing for those who were never told.
    pub(crate) users: Option<BTreeSet<String>>,
    /// The last announcement about each, and whether it was one of coming.
    told: HashMap<String, (i64, bool)>,
}

impl Seat {
    pub(crate) fn new(room: &str, missed: Vec<Rc<Said>>) -> Seat {
        Seat {
            room: room.to_owned(),
            unseen: missed.into(),
            ear: Ear::default(),
            users: None,
            told: HashMap::new(),
        }
    }

    /// Its client saw a notice that may have been about this room or another.
    pub(crate) fn forget_told(&mut self) {
        self.told.clear();
    }

    /// Sees a notice: it must be true, no repetition, and not too soon.
    pub(crate) fn see_notice(&mut self, event: &Event, room: &Room) {
        self.ear.take(event);
        let Event { at, user, what } = event;
        let told = self.told.get(user).copied();
        let change = room.last_change(user, *at);
        let is_here = change.is_some_and(|change| change.is_here);
        match what {
            What::Came => {
                assert!(is_here, "{user} is not here");
                assert!(told.is_none_or(|(_, came)| !came), "{user} came twice");
                assert!(told.is_none_or(|(left, _)| left + FLAP <= *at), "{user} flaps");
            }
            What::Left => {
                assert!(!is_here, "{user} is here");
                assert!(told.is_none_or(|(_, came)| came), "{user} left twice");
                let lost = change.filter(|change| change.is_lost);
                assert!(lost.is_none_or(|lost| lost.at + LOST <= *at), "{user} may be back");
            }
            What::Renamed { was } => {
                let went = room.last_change(was, *at).is_some_and(|was| !was.is_here);
                assert!(is_here && went, "{was} is not {user}");
                self.told.insert(was.clone(), (EVER, false));
                self.users.as_mut().map(|users| users.remove(was));
            }
            typing => panic!("a notice of {typing:?}"),
        }
        let came = *what != What::Left;
        self.told.insert(user.clone(), (*at, came));
        if let Some(users) = &mut self.users {
            if came {
                users.insert(user.clone())
            } else {
                users.remove(user)
            };
        }
    }

    /// All that had to be seen until now was.
    pub(crate) fn check_seen(&mut self, notices: bool) {
        assert!(self.unseen.is_empty(), "not seen in {}: {:?}", self.room, self.unseen);
        if notices {
            self.ear.check_seen();
        }
    }
}
