//! What the chat has to do later.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use super::names::UserName;
use super::person::Person;
use super::room::Room;
use super::time::Timestamp;

/// Something that is due at some time, unless it has become pointless by then:
/// whoever does it looks first.
#[derive(Debug)]
pub(crate) enum Task {
    /// Tell a room what it does not know about somebody who came or went.
    Settle(Weak<Room>, UserName),
    /// End what somebody has stopped typing without a word.
    EndTyping(Arc<Person>),
}

/// Tasks by the time at which they are due. There is at most one for each
/// departure and each beginning to type.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    tasks: BTreeMap<(Timestamp, u64), Task>,
    /// Tells apart those that are due at the same time.
    count: u64,
}

impl Agenda {
    pub(crate) fn add(&mut self, due: Timestamp, task: Task) {
        self.count += 1;
        self.tasks.insert((due, self.count), task);
    }

    /// The next task that is due.
    pub(crate) fn next(&mut self, now: Timestamp) -> Option<Task> {
        let first = self.tasks.first_entry()?;
        let (due, _) = *first.key();
        (due <= now).then(|| first.remove())
    }
}
