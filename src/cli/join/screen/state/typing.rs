//! Who types, in one place; and telling others that we do.

use std::time::{Duration, Instant};

/// How long somebody types of whom nothing more is heard: a bit longer than the
/// server, which says so after 6 s.
const FORGET: Duration = Duration::from_secs(7);

/// Those who are remembered: nobody reads a longer list.
const MAX: usize = 16;

/// Those who type.
#[derive(Debug, Default)]
pub(in super::super) struct Typists(Vec<(String, Instant)>);

impl Typists {
    pub(in super::super) fn started(&mut self, name: &str, now: Instant) {
        self.stopped(name);
        if self.0.len() < MAX {
            self.0.push((name.to_owned(), now));
        }
    }

    pub(in super::super) fn stopped(&mut self, name: &str) {
        self.0.retain(|(typist, _)| typist != name);
    }

    pub(in super::super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Forgets those who have fallen silent.
    pub(in super::super) fn expire(&mut self, now: Instant) {
        self.0.retain(|(_, since)| now - *since < FORGET);
    }

    pub(in super::super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(typist, _)| typist == name)
    }

    pub(in super::super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `Ann is typing…`; nothing if nobody is.
    pub(in super::super) fn in_words(&self) -> Option<String> {
        let name = |index: usize| super::super::text::name(&self.0[index].0);
        Some(match self.0.len() {
            0 => return None,
            1 => format!("{} is typing…", name(0)),
            2 => format!("{} and {} are typing…", name(0), name(1)),
            _ => "several people are typing…".to_owned(),
        })
    }
}

/// How often others are told that it goes on.
const REFRESH: Duration = Duration::from_secs(3);

/// After which silence we are not typing any more.
const PAUSE: Duration = Duration::from_secs(5);

/// Whether others have been told that we type.
#[derive(Debug, Default)]
pub(in super::super) struct Announced(Option<Since>);

#[derive(Debug)]
struct Since {
    told: Instant,
    last_key: Instant,
}

impl Announced {
    /// A key was pressed. Whether to tell others.
    pub(in super::super) fn typed(&mut self, now: Instant) -> bool {
        let told = self.0.as_ref().map(|since| since.told);
        let is_due = told.is_none_or(|told| now - told >= REFRESH);
        let told = told.filter(|_| !is_due).unwrap_or(now);
        self.0 = Some(Since { told, last_key: now });
        is_due
    }

    /// Nothing is being written any more. Whether to tell others.
    pub(in super::super) fn stopped(&mut self) -> bool {
        self.0.take().is_some()
    }

    /// Time has passed. Whether to tell others that we have stopped.
    pub(in super::super) fn has_paused(&mut self, now: Instant) -> bool {
        self.0.take_if(|since| now - since.last_key >= PAUSE).is_some()
    }

    pub(in super::super) fn is_on(&self) -> bool {
        self.0.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_type_are_named_as_long_as_they_are_few() {
        let (mut it, now) = (Typists::default(), Instant::now());
        assert_eq!(it.in_words(), None);
        it.started("Ann", now);
        it.started("Ann", now);
        assert_eq!(it.in_words().as_deref(), Some("Ann is typing…"));
        it.started("Bob", now);
        assert_eq!(it.in_words().as_deref(), Some("Ann and Bob are typing…"));
        it.started("Cem", now);
        assert_eq!(it.in_words().as_deref(), Some("several people are typing…"));
        it.stopped("Ann");
        it.stopped("Bob");
        assert_eq!(it.in_words().as_deref(), Some("Cem is typing…"));
    }

    #[test]
    fn who_is_not_heard_of_any_more_does_not_type_for_ever() {
        let (mut it, now) = (Typists::default(), Instant::now());
        it.started("Ann", now);
        it.expire(now + FORGET / 2);
        assert!(!it.is_empty());
        it.expire(now + FORGET);
        assert!(it.is_empty());
    }

    #[test]
    fn only_so_many_are_remembered() {
        let (mut it, now) = (Typists::default(), Instant::now());
        (0..1000).for_each(|n| it.started(&n.to_string(), now));
        assert_eq!(it.0.len(), MAX);
    }

    #[test]
    fn others_are_told_at_once_and_every_three_seconds() {
        let (mut it, now) = (Announced::default(), Instant::now());
        let after = |seconds| now + Duration::from_secs(seconds);
        assert!(it.typed(now));
        assert!(!it.typed(after(1)));
        assert!(!it.has_paused(after(2)));
        assert!(it.typed(after(3)));
        assert!(!it.has_paused(after(7)));
        assert!(it.has_paused(after(8)));
        assert!(!it.stopped(), "they know");
        assert!(it.typed(after(9)));
        assert!(it.stopped());
    }
}
