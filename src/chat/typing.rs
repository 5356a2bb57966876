//! Who is typing, and where: told, refreshed, and ended by silence.

use std::sync::Arc;

use super::person::Person;
use super::rate::{Bucket, Rate};
use super::room::Room;
use super::time::Timestamp;

/// Milliseconds of silence that end it.
const SILENCE: i64 = 6_000;

/// Milliseconds after which others are told again that somebody goes on.
const AGAIN: i64 = 3_000;

/// Places in which one person can be typing at the same time.
const MOST_PLACES: usize = 32;

/// Where somebody is typing: to a room or to one person.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Room(Arc<Room>),
    Person(Arc<Person>),
}

impl Place {
    fn is(&self, other: &Place) -> bool {
        match (self, other) {
            (Place::Room(one), Place::Room(other)) => Arc::ptr_eq(one, other),
            (Place::Person(one), Place::Person(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

/// What one person is typing.
#[derive(Debug, Default)]
pub(crate) struct Typist {
    bucket: Bucket,
    places: Vec<Typing>,
    /// Whether somebody will ask for what is overdue.
    is_watched: bool,
}

#[derive(Debug)]
struct Typing {
    place: Place,
    /// When it ends if nothing more is heard.
    until: Timestamp,
    /// When the others were told last.
    told: Timestamp,
}

impl Typist {
    /// Whether the person may say that now.
    ///
    /// # Errors
    /// The milliseconds to wait.
    pub(crate) fn permit(&mut self, rate: Option<Rate>, now: Timestamp) -> Result<(), u64> {
        rate.map_or(Ok(()), |rate| self.bucket.take(rate, now))
    }

    /// The person types there, or has stopped. Whether others must be told, and
    /// when to ask for what is overdue, if nobody will.
    pub(crate) fn set(
        &mut self,
        place: &Place,
        is_typing: bool,
        now: Timestamp,
    ) -> (bool, Option<Timestamp>) {
        let found = self.places.iter().position(|typing| typing.place.is(place));
        match (found, is_typing) {
            (None, false) => (false, None),
            (Some(index), false) => {
                self.places.swap_remove(index);
                (true, None)
            }
            (None, true) if self.places.len() >= MOST_PLACES => (false, None),
            (None, true) => {
                let (place, until) = (place.clone(), now.plus_millis(SILENCE));
                self.places.push(Typing { place, until, told: now });
                let was_watched = std::mem::replace(&mut self.is_watched, true);
                (true, (!was_watched).then_some(until))
            }
            (Some(index), true) => (self.places[index].goes_on(now), None),
        }
    }

    /// The places for which the time is over, and when to ask again, if ever.
    pub(crate) fn take_overdue(&mut self, now: Timestamp) -> (Vec<Place>, Option<Timestamp>) {
        let overdue = self.places.extract_if(.., |typing| typing.until <= now);
        let overdue = overdue.map(|typing| typing.place).collect();
        let next = self.places.iter().map(|typing| typing.until).min();
        self.is_watched = next.is_some();
        (overdue, next)
    }

    /// All places.
    pub(crate) fn take_all(&mut self) -> Vec<Place> {
        std::mem::take(&mut self.places).into_iter().map(|typing| typing.place).collect()
    }
}

impl Typing {
    fn goes_on(&mut self, now: Timestamp) -> bool {
        self.until = now.plus_millis(SILENCE);
        let must_tell = self.told.plus_millis(AGAIN) <= now;
        if must_tell {
            self.told = now;
        }
        must_tell
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::UserName;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + millis)
    }

    fn place(name: &str) -> Place {
        Place::Person(Person::new(UserName::parse(name).unwrap(), None))
    }

    #[test]
    fn others_hear_of_the_beginning_every_three_seconds_and_of_the_end() {
        let (mut typist, bob) = (Typist::default(), place("Bob"));
        assert_eq!(typist.set(&bob, false, at(0)), (false, None));
        assert_eq!(typist.set(&bob, true, at(0)), (true, Some(at(SILENCE))));
        let mut told = Vec::new();
        for millis in (500..10_000).step_by(500) {
            if typist.set(&bob, true, at(millis)) == (true, None) {
                told.push(millis);
            }
        }
        assert_eq!(told, [3_000, 6_000, 9_000]);
        assert_eq!(typist.set(&bob, false, at(10_000)), (true, None));
        assert_eq!(typist.set(&bob, false, at(10_000)), (false, None));
    }

    #[test]
    fn silence_ends_it_and_each_place_has_its_own() {
        let (mut typist, bob, carol) = (Typist::default(), place("Bob"), place("Carol"));
        typist.set(&bob, true, at(0));
        assert_eq!(typist.set(&carol, true, at(1_000)), (true, None)); // it is watched already
        typist.set(&bob, true, at(2_000));
        let (over, next) = typist.take_overdue(at(SILENCE));
        assert_eq!((over.len(), next), (0, Some(at(1_000 + SILENCE))));
        let (over, next) = typist.take_overdue(at(1_000 + SILENCE));
        assert!(over.len() == 1 && over[0].is(&carol));
        assert_eq!(next, Some(at(2_000 + SILENCE)));
        let (over, next) = typist.take_overdue(at(2_000 + SILENCE));
        assert!(over.len() == 1 && over[0].is(&bob));
        assert_eq!(next, None);
        assert_eq!(typist.set(&bob, true, at(9_000)).1, Some(at(9_000 + SILENCE)));
    }

    #[test]
    fn nobody_types_in_more_places_than_a_person_has_hands_for() {
        let mut typist = Typist::default();
        let places: Vec<Place> = (0..100).map(|n| place(&format!("user {n}"))).collect();
        let told = places.iter().filter(|place| typist.set(place, true, at(0)).0).count();
        assert_eq!(told, MOST_PLACES);
        assert_eq!(typist.take_all().len(), MOST_PLACES);
    }
}
