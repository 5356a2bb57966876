//! A room as the model has it: everything that was said and done there.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::client::Dialect;
use crate::model::PersonId;

/// Milliseconds for which an empty room keeps its log.
const MEMORY: i64 = 60 * 60 * 1000;

/// Milliseconds for which somebody whose connection was lost is not said to have left.
pub(crate) const LOST: i64 = 3_000;

/// The same, and the time until the next tick.
const GHOST: i64 = 4_000;

/// Milliseconds after which nobody has anything to tell of an old coming or going:
/// 3 s until a lost one is said to have left, 10 s until a return is announced, and
/// a tick for each.
const SETTLED: i64 = 14_500;

/// Something that was said to the room.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) room: String,
    pub(crate) seq: u64,
    pub(crate) user: String,
    pub(crate) content: String,
    pub(crate) at: i64,
}

impl Said {
    /// The object, as a client of the full dialect gets it.
    pub(crate) fn object(&self, epoch: &str) -> Value {
        json!({
            "type": "message", "username": self.user, "content": self.content,
            "timestamp": self.at, "room": self.room, "seq": self.seq,
            "id": format!("{epoch}-{}", self.seq),
        })
    }

    /// As a plain client gets it.
    pub(crate) fn plain_object(&self) -> Value {
        json!({
            "type": "message", "username": self.user, "content": self.content,
            "timestamp": self.at,
        })
    }
}

/// Somebody came or went.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) at: i64,
    pub(crate) name: String,
    pub(crate) is_here: bool,
    pub(crate) is_lost: bool,
    /// Whether the others knew all that was before.
    was_settled: bool,
}

/// From where on somebody wants to hear what they missed.
#[derive(Clone, Debug)]
pub(crate) enum Resume {
    After { epoch: String, seq: u64 },
    Since(i64),
}

#[derive(Debug)]
pub(crate) struct Room {
    /// The life of its log, as soon as anybody has heard of it.
    pub(crate) epoch: Option<String>,
    born: i64,
    pub(crate) log: Vec<Rc<Said>>,
    /// The people in it, and with how many connections.
    pub(crate) people: BTreeMap<PersonId, usize>,
    changes: Vec<Change>,
    pub(crate) empty_since: Option<i64>,
}

impl Room {
    pub(crate) fn new(now: i64) -> Room {
        Room {
            epoch: None,
            born: now,
            log: Vec::new(),
            people: BTreeMap::new(),
            changes: Vec::new(),
            empty_since: None,
        }
    }

    pub(crate) fn is_forgotten(&self, now: i64) -> bool {
        self.empty_since.is_some_and(|since| since + MEMORY <= now)
    }

    /// All that is known of its epoch must agree.
    pub(crate) fn learn_epoch(&mut self, epoch: &str) {
        let known = self.epoch.get_or_insert_with(|| epoch.to_owned());
        assert_eq!(known, epoch, "a log has one life");
    }

    /// The object is this message, as a client of the full dialect gets it.
    pub(crate) fn check(&mut self, said: &Said, object: &Value) {
        let id = object["id"].as_str().and_then(|id| id.split_once('-'));
        let (epoch, _) = id.expect("an epoch and a number");
        self.learn_epoch(epoch);
        assert_eq!(*object, said.object(epoch));
    }

    /// The objects are these messages, as a client of this dialect gets them.
    pub(crate) fn check_all(&mut self, all: &[Rc<Said>], objects: &[Value], dialect: Dialect) {
        assert_eq!(objects.len(), all.len(), "{objects:?}");
        for (said, object) in all.iter().zip(objects) {
            match dialect {
                Dialect::Plain => assert_eq!(*object, said.plain_object()),
                Dialect::V1 | Dialect::Knowing => self.check(said, object),
            }
        }
    }

    pub(crate) fn head(&self) -> u64 {
        self.log.len() as u64
    }

    /// The messages that those can have who come later.
    pub(crate) fn kept(&self, most: usize) -> &[Rc<Said>] {
        &self.log[self.log.len().saturating_sub(most)..]
    }

    /// What somebody missed, and why that may not be all.
    pub(crate) fn missed(
        &self,
        resume: &Resume,
        most: usize,
    ) -> (Vec<Rc<Said>>, Option<&'static str>) {
        let kept = self.kept(most);
        let gone = &self.log[..self.log.len() - kept.len()];
        let gap = match resume {
            Resume::After { epoch, .. } if Some(epoch) != self.epoch.as_ref() => {
                Some("epoch_changed")
            }
            Resume::After { seq, .. } if *seq > self.head() => Some("unknown"),
            Resume::After { seq, .. } if gone.iter().any(|said| said.seq > *seq) => Some("too_old"),
            Resume::Since(time) if *time < self.born => Some("epoch_changed"),
            Resume::Since(time) if gone.iter().any(|said| said.at >= *time) => Some("too_old"),
            _ => None,
        };
        let is_missed = |said: &&Rc<Said>| match resume {
            _ if gap.is_some() => true,
            Resume::After { seq, .. } => said.seq > *seq,
            Resume::Since(time) => said.at >= *time,
        };
        (kept.iter().filter(is_missed).cloned().collect(), gap)
    }

    /// Somebody came or went. Whether the others must hear of it at once, or after the
    /// time for those who are lost: not if they may not know yet what was before.
    pub(crate) fn change(&mut self, at: i64, name: &str, is_here: bool, is_lost: bool) -> bool {
        let was_settled = self.is_settled(name, at);
        self.changes.push(Change { at, name: name.to_owned(), is_here, is_lost, was_settled });
        was_settled
    }

    /// Whether the others know all comings and goings of this name.
    fn is_settled(&self, name: &str, now: i64) -> bool {
        let mut of_name = self.changes.iter().rev().filter(|change| change.name == name);
        let Some(last) = of_name.next() else { return true };
        let is_news = of_name.next().is_none() && last.is_here; // which was told at once
        is_news || last.at + SETTLED <= now
    }

    /// The last time until then that somebody of this name came or went.
    pub(crate) fn last_change(&self, name: &str, until: i64) -> Option<&Change> {
        self.changes.iter().rev().find(|change| change.name == name && change.at <= until)
    }

    /// Whether a list of people that is made now may have this name in it. Somebody
    /// who was lost a moment ago may still count as here.
    pub(crate) fn may_be_listed(&self, name: &str, now: i64) -> bool {
        self.last_change(name, now)
            .is_some_and(|last| last.is_here || (last.is_lost && now < last.at + GHOST))
    }

    /// Whether it must have it. Somebody who left and came back a moment ago may
    /// still count as away.
    pub(crate) fn must_be_listed(&self, name: &str, now: i64) -> bool {
        self.last_change(name, now).is_some_and(|last| last.is_here) && self.is_settled(name, now)
    }

    /// Those who were lost and have now been away for so long that it must be said.
    pub(crate) fn overdue(&self, since: i64, until: i64) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| {
            let due = change.at + LOST;
            let is_due = change.is_lost && since < due && due <= until;
            let last = self.last_change(&change.name, until);
            is_due && change.was_settled && last.is_some_and(|last| last.at == change.at)
        })
    }
}
