//! All that the screen shows, and what is to be done about it. Nothing in here
//! knows a terminal or a network: events, keys and the time come in, and
//! [`Deed`]s go out.

mod complete;
mod editor;
mod hear;
mod keys;
mod obey;
mod scroll;
mod tab;
#[cfg(test)]
pub(super) mod tests;
mod timeline;
mod typing;

use std::time::{Duration, Instant};

use ratatui_core::layout::Size;
use wirechat::chat::{RoomName, Timestamp, UserName};
use wirechat::client::Page;

use self::complete::Completion;
pub(super) use self::editor::Editor;
use self::editor::Recall;
use self::tab::Tab;
pub(super) use self::tab::{Older, Place};
pub(super) use self::timeline::{Entry, Kind, Mark, Uid};
use self::typing::Announced;
use super::clock::Clock;

/// Tabs that are open at most; then the private one that has been silent for
/// longest makes room.
const MAX_TABS: usize = 64;

/// How long a hint stays.
const HINT: Duration = Duration::from_secs(6);

/// Between two bells: nobody shall be able to ring without end.
const QUIET: Duration = Duration::from_secs(2);

/// The time: one that only goes on, and one that a clock shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) at: Instant,
    pub(super) wall: Timestamp,
}

/// Something that has to be done outside.
#[derive(Debug, PartialEq)]
pub(super) enum Deed {
    Ask(Request, Errand),
    Typing(Place, bool),
    Reconnect,
    /// To end when everything has arrived.
    Finish,
    /// To end now.
    Close,
    Suspend,
    Bell,
    /// To get the mouse, or to leave it to the terminal.
    Mouse(bool),
}

/// What is asked of the server.
#[derive(Debug, PartialEq)]
pub(super) enum Request {
    Say(Place, String),
    Join(RoomName),
    Leave(RoomName),
    Who(Option<RoomName>),
    Rooms,
    Nick(UserName),
    History(Option<RoomName>, Page, u32),
}

/// What something was asked for, should nothing come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Errand {
    /// This message of this tab.
    Message(TabId, Uid),
    /// Older messages of this tab.
    Older(TabId),
    /// Anything else, in words.
    Other(String),
}

/// Names a tab as long as it is open.
pub(super) type TabId = u64;

/// How the connection is.
#[derive(Debug, PartialEq)]
pub(super) enum Link {
    Connecting,
    Connected {
        /// To a server of the original chat's dialect.
        plain: bool,
    },
    Waiting {
        until: Instant,
        why: String,
    },
    /// It is over.
    Closed {
        why: String,
    },
}

/// A word to the person, for a moment.
#[derive(Debug)]
pub(super) struct Hint {
    pub(super) words: String,
    since: Instant,
}

#[derive(Debug)]
pub(super) struct State {
    tabs: Vec<Tab>,
    current: usize,
    opened: TabId,
    /// The name that we go by.
    pub(super) me: String,
    pub(super) address: String,
    pub(super) link: Link,
    pub(super) latency: Option<Duration>,
    pub(super) hint: Option<Hint>,
    pub(super) shows_help: bool,
    pub(super) has_mouse: bool,
    pub(super) size: Size,
    pub(super) clock: Clock,
    /// Whether somebody looks, as far as the terminal tells.
    is_focused: bool,
    /// Whether there was a connection.
    was_connected: bool,
    /// Whether we have asked to leave.
    is_leaving: bool,
    /// Whether there is nothing more to see.
    pub(super) is_over: bool,
    /// The room that we have asked to enter.
    wanted: Option<String>,
    /// Rooms that the server has named.
    rooms: Vec<String>,
    recall: Recall,
    cut: String,
    completion: Option<Completion>,
    announced: Announced,
    last_bell: Option<Instant>,
    deeds: Vec<Deed>,
}

impl State {
    pub(super) fn new(me: &str, address: &str, size: Size, clock: Clock, now: Now) -> State {
        State {
            tabs: vec![Tab::new(0, Place::Home, now.at)],
            current: 0,
            opened: 1,
            me: me.to_owned(),
            address: address.to_owned(),
            link: Link::Connecting,
            latency: None,
            hint: None,
            shows_help: false,
            has_mouse: true,
            size,
            clock,
            is_focused: true,
            was_connected: false,
            is_leaving: false,
            is_over: false,
            wanted: None,
            rooms: Vec::new(),
            recall: Recall::default(),
            cut: String::new(),
            completion: None,
            announced: Announced::default(),
            last_bell: None,
            deeds: Vec::new(),
        }
    }

    pub(super) fn tabs(&self) -> &[Tab] {
        &self.tabs
    }

    pub(super) fn current(&self) -> usize {
        self.current
    }

    /// The tab that is shown.
    pub(super) fn tab(&self) -> &Tab {
        &self.tabs[self.current]
    }

    fn tab_mut(&mut self) -> &mut Tab {
        &mut self.tabs[self.current]
    }

    /// What is to be done since it was last asked.
    pub(super) fn take_deeds(&mut self) -> Vec<Deed> {
        std::mem::take(&mut self.deeds)
    }

    /// Whether the screen changes although nothing happens.
    pub(super) fn needs_ticks(&self) -> bool {
        self.hint.is_some()
            || self.announced.is_on()
            || matches!(self.link, Link::Waiting { .. })
            || self.tabs.iter().any(|tab| !tab.typists.is_empty())
    }

    /// Time has passed.
    pub(super) fn tick(&mut self, now: Now) {
        self.hint.take_if(|hint| now.at - hint.since >= HINT);
        self.tabs.iter_mut().for_each(|tab| tab.typists.expire(now.at));
        if self.announced.has_paused(now.at) {
            let place = self.tab().place.clone();
            self.deeds.push(Deed::Typing(place, false));
        }
    }

    /// The system, or the person, wants us to end.
    pub(super) fn leave(&mut self, now: Now) {
        if matches!(self.link, Link::Closed { .. }) {
            self.is_over = true;
            return;
        }
        let waits = self.tabs.iter().any(|tab| tab.timeline.has_pending());
        match &self.link {
            _ if self.is_leaving || !waits => self.deeds.push(Deed::Close),
            Link::Connected { .. } => self.finish(now),
            _ => self.say_hint("not everything has arrived: Ctrl-C again leaves all the same", now),
        }
        self.is_leaving = true;
    }

    /// Leaves when everything has arrived.
    fn finish(&mut self, now: Now) {
        self.is_leaving = true;
        self.say_hint("leaving when everything has arrived; Ctrl-C leaves at once", now);
        self.deeds.push(Deed::Finish);
    }

    /// The system wants us to end, and we do.
    pub(super) fn stop(&mut self) {
        self.is_leaving = true;
        self.is_over |= matches!(self.link, Link::Closed { .. });
    }

    /// What is to be said when the screen has gone: what was not delivered, and why
    /// it ended.
    pub(super) fn last_words(&self) -> Vec<String> {
        let mut words = self.undelivered();
        match &self.link {
            Link::Closed { why } if !why.is_empty() => words.push(why.clone()),
            _ => {}
        }
        words
    }

    /// What was not delivered, in words.
    pub(super) fn undelivered(&self) -> Vec<String> {
        let failed = self.tabs.iter().flat_map(|tab| {
            let label = tab.label();
            tab.timeline
                .failed_ones()
                .map(move |(text, reason)| format!("not delivered to {label}, {reason}: {text}"))
        });
        failed.collect()
    }

    fn say_hint(&mut self, words: impl Into<String>, now: Now) {
        self.hint = Some(Hint { words: words.into(), since: now.at });
    }

    /// Shows another tab.
    fn switch(&mut self, index: usize) {
        if index == self.current || index >= self.tabs.len() {
            return;
        }
        self.stop_typing();
        self.completion = None;
        self.recall.stop();
        self.tab_mut().leave();
        self.current = index;
        self.look();
    }

    /// The person sees what is on the screen now.
    fn look(&mut self) {
        if self.is_seen(self.current) {
            self.tab_mut().read();
        }
    }

    fn is_seen(&self, index: usize) -> bool {
        index == self.current && self.is_focused && self.tab().anchor.is_none()
    }

    /// Opens a tab, or finds it open; its index.
    fn open(&mut self, place: Place, now: Now) -> usize {
        if let Some(index) = self.tabs.iter().position(|tab| tab.place == place) {
            return index;
        }
        if self.tabs.len() >= MAX_TABS {
            self.close_a_silent_one();
        }
        self.opened += 1;
        self.tabs.push(Tab::new(self.opened, place, now.at));
        self.tabs.len() - 1
    }

    /// Makes room: private tabs before rooms, and of these those that were read. (A
    /// server of ours lets nobody into more rooms than there are tabs.)
    fn close_a_silent_one(&mut self) {
        let others = self.tabs.iter().enumerate().filter(|(index, _)| *index != self.current);
        let silent = others.min_by_key(|(_, tab)| {
            let is_room = !matches!(tab.place, Place::Person(_));
            (is_room, tab.timeline.has_pending(), tab.unread > 0, tab.touched)
        });
        if let Some((index, _)) = silent {
            self.close(index);
        }
    }

    fn close(&mut self, index: usize) {
        self.tabs.remove(index);
        if self.current > index || self.current == self.tabs.len() {
            self.current -= 1;
        }
        self.look();
    }

    fn find(&mut self, id: TabId) -> Option<&mut Tab> {
        self.tabs.iter_mut().find(|tab| tab.id == id)
    }

    fn room_named(&self, room: &str) -> Option<usize> {
        self.tabs.iter().position(|tab| matches!(&tab.place, Place::Room(it) if it == room))
    }

    /// The conversation with this person, however they write their name.
    fn person_named(&self, name: &str) -> Option<usize> {
        let key = name.to_lowercase();
        let is_it = |tab: &Tab| matches!(&tab.place, Place::Person(it) if it.to_lowercase() == key);
        self.tabs.iter().position(is_it)
    }

    fn stop_typing(&mut self) {
        if self.announced.stopped() {
            let place = self.tab().place.clone();
            self.deeds.push(Deed::Typing(place, false));
        }
    }
}
