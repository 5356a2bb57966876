//! What a line that was sent asks for.

use wirechat::chat::{RoomName, UserName};
use wirechat::client::Page;

use super::super::super::command::Line;
use super::super::text;
use super::{Deed, Errand, Kind, Link, Mark, Now, Older, Place, Request, State};

/// Bytes of a message that our servers take.
const MAX_CONTENT: usize = 4096;

impl State {
    /// Sends what has been written, or does what it says. What cannot be done
    /// stays there.
    pub(super) fn submit(&mut self, now: Now) {
        let text = self.tab().editor.text().to_owned();
        if text.trim().is_empty() {
            return;
        }
        match self.obey(&text, now) {
            Ok(()) => {
                self.recall.keep(&text);
                self.announced.stopped(); // A message says so itself.
            }
            Err(wrong) => self.say_hint(wrong, now),
        }
    }

    fn obey(&mut self, text: &str, now: Now) -> Result<(), String> {
        let line = match self.conversation(text) {
            Some((to, what)) => {
                let to = user(&to)?;
                match what.is_empty() {
                    true => {
                        self.tab_mut().editor.take();
                        let index = self.open_person(&to, now);
                        self.switch(index);
                        return Ok(());
                    }
                    false => Line::Message(to, what),
                }
            }
            None if text.trim() == "/retry" => return self.retry(now),
            None => Line::parse(text)?,
        };
        match line {
            Line::Say(text) => self.say_here(&text, now)?,
            Line::Message(to, text) => {
                self.may_be_said(&text)?;
                self.tab_mut().editor.take();
                let index = self.open_person(&to, now);
                self.say(index, &text, now);
                self.switch(index);
            }
            line => {
                self.command(line, now)?;
                // It may have led to another tab, which keeps what is written there.
                if self.tab().editor.text() == text {
                    self.tab_mut().editor.take();
                }
            }
        }
        Ok(())
    }

    fn command(&mut self, line: Line, now: Now) -> Result<(), String> {
        match line {
            Line::Join(room) => return self.enter(room, now),
            Line::Part(room) => return self.part(room.as_ref()),
            Line::Who(room) => {
                let room = room.or_else(|| self.room());
                self.ask(Request::Who(room), "/who");
            }
            Line::Rooms => self.ask(Request::Rooms, "/rooms"),
            Line::Nick(name) => {
                let what = format!("not called {name}");
                self.ask(Request::Nick(name), &what);
            }
            Line::History(count) => {
                let room = self.room();
                if !matches!(self.tab().place, Place::Room(_)) {
                    return Err("only a room has a history".to_owned());
                }
                self.ask(Request::History(room, Page::Newest, count), "/history");
            }
            Line::Quit => self.finish(now),
            Line::Help => self.shows_help = true,
            Line::Say(_) | Line::Message(..) => {}
        }
        Ok(())
    }

    fn ask(&mut self, request: Request, what: &str) {
        self.deeds.push(Deed::Ask(request, Errand::Other(what.to_owned())));
    }

    /// The room of this tab, if it is one.
    pub(super) fn room(&self) -> Option<RoomName> {
        match &self.tab().place {
            Place::Room(room) => RoomName::parse(room).ok(),
            _ => None,
        }
    }

    /// `/msg NAME TEXT`, with a name that may have spaces in it if it is known.
    fn conversation(&self, line: &str) -> Option<(String, String)> {
        let rest = line.strip_prefix("/msg ")?.trim_start();
        let people = self.tabs.iter().flat_map(|tab| &tab.people.names);
        let known = people
            .filter(|name| {
                let after = rest.strip_prefix(name.as_str());
                after.is_some_and(|it| it.is_empty() || it.starts_with(char::is_whitespace))
            })
            .max_by_key(|name| name.len());
        let name = match known {
            Some(name) => name.as_str(),
            None => rest.split(char::is_whitespace).next()?,
        };
        (!name.is_empty()).then(|| (name.to_owned(), rest[name.len()..].trim().to_owned()))
    }

    pub(super) fn open_person(&mut self, to: &UserName, now: Now) -> usize {
        self.person_named(to.as_str())
            .unwrap_or_else(|| self.open(Place::Person(to.as_str().to_owned()), now))
    }

    fn enter(&mut self, room: RoomName, now: Now) -> Result<(), String> {
        if let Some(index) = self.room_named(room.as_str())
            && self.tabs[index].epoch.is_some()
        {
            self.tab_mut().editor.take();
            self.switch(index);
        }
        if matches!(self.link, Link::Connected { plain: true }) {
            return Err("this server has one room only".to_owned());
        }
        self.wanted = Some(room.as_str().to_owned());
        self.say_hint(format!("entering #{room}"), now);
        let what = format!("not let into #{room}");
        self.ask(Request::Join(room), &what);
        Ok(())
    }

    /// Leaves a room, or closes a private conversation.
    fn part(&mut self, room: Option<&RoomName>) -> Result<(), String> {
        let index = match room {
            Some(room) => self.room_named(room.as_str()).ok_or("you are not in that room")?,
            None => self.current,
        };
        let is_room = |place: &Place| !matches!(place, Place::Person(_));
        if is_room(&self.tabs[index].place)
            && self.tabs.iter().filter(|tab| is_room(&tab.place)).count() == 1
        {
            return Err("this is the only room: /quit leaves the chat".to_owned());
        }
        self.tab_mut().editor.take();
        if let Place::Room(room) = &self.tabs[index].place
            && let Ok(room) = RoomName::parse(room)
        {
            self.ask(Request::Leave(room), "/part");
        }
        self.close(index);
        Ok(())
    }

    fn say_here(&mut self, text: &str, now: Now) -> Result<(), String> {
        self.may_be_said(text)?;
        self.tab_mut().editor.take();
        self.say(self.current, text, now);
        Ok(())
    }

    fn may_be_said(&self, text: &str) -> Result<(), String> {
        match text.len().checked_sub(MAX_CONTENT + 1) {
            Some(more) => Err(format!("{} bytes too long: nothing was sent", more + 1)),
            None => Ok(()),
        }
    }

    fn say(&mut self, index: usize, text: &str, now: Now) {
        let kind = Kind::Own {
            name: text::name(&self.me),
            text: text::words(text),
            raw: text.to_owned(),
            mark: Mark::Pending,
        };
        let tab = &mut self.tabs[index];
        let uid = tab.timeline.say(now.wall, kind);
        tab.touched = now.at;
        tab.anchor = None;
        tab.read();
        tab.divider = None;
        let (errand, place) = (Errand::Message(tab.id, uid), tab.place.clone());
        self.deeds.push(Deed::Ask(Request::Say(place, text.to_owned()), errand));
    }

    /// Sends again what was not delivered here.
    fn retry(&mut self, now: Now) -> Result<(), String> {
        let failed = self.tab_mut().timeline.take_failed();
        if failed.is_empty() {
            return Err("everything has been delivered here".to_owned());
        }
        self.tab_mut().editor.take();
        failed.iter().for_each(|text| self.say(self.current, text, now));
        Ok(())
    }

    /// Asks for messages before those that are there, once at a time.
    pub(super) fn want_older(&mut self) {
        let (room, is_full) = (self.room(), self.tab().timeline.is_full());
        let Some(first) = self.tab().timeline.first_number() else { return };
        let is_connected = self.link == Link::Connected { plain: false };
        let tab = self.tab_mut();
        if tab.older != Older::Perhaps || !is_connected || room.is_none() || first <= 1 || is_full {
            return;
        }
        tab.older = Older::Asked;
        let errand = Errand::Older(tab.id);
        self.deeds.push(Deed::Ask(Request::History(room, Page::Before(first), 100), errand));
    }
}

fn user(name: &str) -> Result<UserName, String> {
    UserName::parse(name).map_err(|error| format!("{name:?} cannot be a name: {error}"))
}
