//! Who is typing, as the model has it.

use std::collections::HashMap;

use crate::model::PersonId;
use crate::seat::What;

/// Milliseconds of silence that end it.
const SILENCE: i64 = 6_000;

/// To whom somebody is typing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Room(String),
    Person(PersonId),
}

/// Who is typing where, and when they said so last.
#[derive(Debug, Default)]
pub(crate) struct Hands(HashMap<(PersonId, Place), i64>);

impl Hands {
    /// Somebody says that they are typing. What the others hear of that.
    pub(crate) fn types(&mut self, who: PersonId, place: Place, now: i64) -> What {
        match self.0.insert((who, place), now) {
            None => What::BeginsTyping,
            Some(_) => What::GoesOnTyping,
        }
    }

    /// Somebody has stopped typing there. Whether they were.
    pub(crate) fn stop(&mut self, who: PersonId, place: &Place) -> bool {
        self.0.remove(&(who, place.clone())).is_some()
    }

    /// Where this person is typing.
    pub(crate) fn places(&self, person: PersonId) -> Vec<Place> {
        let places = self.0.keys().filter(|(who, _)| *who == person);
        places.map(|(_, place)| place.clone()).collect()
    }

    /// Those who have said nothing for so long that they do not type any more.
    pub(crate) fn overdue(&self, now: i64) -> Vec<(PersonId, Place)> {
        let overdue = self.0.iter().filter(|(_, last)| **last + SILENCE <= now);
        overdue.map(|(typing, _)| typing.clone()).collect()
    }
}
