//! One place to talk: a room, or one person.

use std::time::Instant;

use wirechat::client::Message;

use super::super::text;
use super::editor::Editor;
use super::timeline::{Kind, Timeline, Uid};
use super::typing::Typists;

/// Names of people in a room that are kept; a server of ours sends no more.
const MAX_PEOPLE: usize = 500;

/// Where something is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Place {
    /// The only room, or the first one as long as nobody has told us its name.
    Home,
    /// A room.
    Room(String),
    /// One person.
    Person(String),
}

/// Whether there are older messages to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Older {
    Perhaps,
    Asked,
    No,
}

/// The row at the bottom of the view: that of an entry above its last `below` rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Anchor {
    pub(in super::super) uid: Uid,
    pub(in super::super) below: usize,
}

#[derive(Debug)]
pub(in super::super) struct Tab {
    pub(in super::super) id: super::TabId,
    pub(in super::super) place: Place,
    pub(in super::super) timeline: Timeline,
    pub(in super::super) people: People,
    pub(in super::super) typists: Typists,
    pub(in super::super) editor: Editor,
    /// What came since anybody looked.
    pub(in super::super) unread: usize,
    /// Whether somebody calls us by our name.
    pub(in super::super) is_called: bool,
    /// The first entry that was not read when it came.
    pub(in super::super) divider: Option<Uid>,
    /// Where the view is; at the end if it is nowhere else.
    pub(in super::super) anchor: Option<Anchor>,
    pub(in super::super) older: Older,
    /// Messages up to this one are from before we came.
    pub(in super::super) old_until: u64,
    /// The log's life.
    pub(in super::super) epoch: Option<String>,
    /// When something happened here.
    pub(in super::super) touched: Instant,
}

impl Tab {
    pub(in super::super) fn new(id: super::TabId, place: Place, now: Instant) -> Tab {
        let older = if matches!(place, Place::Room(_)) { Older::Perhaps } else { Older::No };
        Tab {
            id,
            place,
            older,
            touched: now,
            timeline: Timeline::default(),
            people: People::default(),
            typists: Typists::default(),
            editor: Editor::default(),
            unread: 0,
            is_called: false,
            divider: None,
            anchor: None,
            old_until: 0,
            epoch: None,
        }
    }

    /// What stands on it.
    pub(in super::super) fn label(&self) -> String {
        match &self.place {
            Place::Home => "chat".to_owned(),
            Place::Room(room) => format!("#{}", text::name(room)),
            Place::Person(name) => format!("@{}", text::name(name)),
        }
    }

    /// Nobody looks any more.
    pub(in super::super) fn leave(&mut self) {
        if self.unread == 0 {
            self.divider = None;
        }
    }

    /// Everything has been seen.
    pub(in super::super) fn read(&mut self) {
        self.unread = 0;
        self.is_called = false;
    }

    /// Something new has come that nobody sees.
    pub(in super::super) fn count(&mut self, uid: Uid, is_call: bool) {
        if self.unread == 0 {
            self.divider = Some(uid);
        }
        self.unread += 1;
        self.is_called |= is_call;
    }

    pub(in super::super) fn tell(&mut self, kind: Kind) {
        self.timeline.tell(None, kind);
    }
}

/// Who is in a room, in the order of their names.
#[derive(Debug, Default)]
pub(in super::super) struct People {
    pub(in super::super) names: Vec<String>,
    /// How many there are: more than are named, perhaps.
    pub(in super::super) count: u64,
}

impl People {
    pub(in super::super) fn set(&mut self, names: &[String], count: u64) {
        self.names = names.iter().take(MAX_PEOPLE).cloned().collect();
        self.names.sort_by_cached_key(|name| (name.to_lowercase(), name.clone()));
        self.count = count.max(self.names.len() as u64);
    }

    /// Somebody has come, gone, or taken another name.
    pub(in super::super) fn notice(&mut self, notice: &Message) {
        let Some(user) = notice.user.as_deref() else { return };
        match notice.event.as_deref() {
            Some("join") => self.add(user),
            Some("leave") => self.remove(user),
            Some("rename") => {
                self.remove(notice.was.as_deref().unwrap_or_default());
                self.add(user);
            }
            _ => {}
        }
    }

    fn add(&mut self, name: &str) {
        if self.names.iter().any(|it| it == name) {
            return;
        }
        self.count += 1;
        if self.names.len() < MAX_PEOPLE {
            let key = name.to_lowercase();
            let at = self.names.partition_point(|it| it.to_lowercase() < key);
            self.names.insert(at, name.to_owned());
        }
    }

    fn remove(&mut self, name: &str) {
        let before = self.names.len();
        self.names.retain(|it| it != name);
        if self.names.len() < before || self.count > before as u64 {
            self.count = self.count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use wirechat::client::{Object, Received};

    use super::*;

    fn notice(json: &str) -> Message {
        let json = format!(r#"{{"type":"message","username":"System",{json}}}"#);
        match Received::parse(json).expect("an object").object {
            Object::Message(message) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn people_come_and_go_and_take_other_names() {
        let mut people = People::default();
        people.set(&["ben".to_owned(), "Ann".to_owned()], 2);
        assert_eq!(people.names, ["Ann", "ben"]);
        people.notice(&notice(r#""event":"join","user":"Ben2""#));
        people.notice(&notice(r#""event":"join","user":"Ann""#));
        assert_eq!((people.names.len(), people.count), (3, 3));
        people.notice(&notice(r#""event":"rename","user":"Zoe","was":"Ann""#));
        assert_eq!(people.names, ["ben", "Ben2", "Zoe"]);
        people.notice(&notice(r#""event":"leave","user":"ben""#));
        people.notice(&notice(r#""event":"leave","user":"nobody""#));
        assert_eq!((people.names.len(), people.count), (2, 2));
    }

    #[test]
    fn those_who_are_not_named_are_counted() {
        let mut people = People::default();
        let names: Vec<String> = (0..1000).map(|n| format!("n{n}")).collect();
        people.set(&names, 5000);
        assert_eq!((people.names.len(), people.count), (MAX_PEOPLE, 5000));
        people.notice(&notice(r#""event":"leave","user":"nobody""#));
        assert_eq!(people.count, 4999);
    }
}
