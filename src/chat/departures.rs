//! Who has just left a room: so that coming and going in quick succession is
//! announced once.

use std::collections::{HashMap, HashSet};

use super::names::UserName;
use super::time::Timestamp;

/// Milliseconds that somebody whose connection was lost has to come back before
/// the others hear that they left.
pub(crate) const LOST: i64 = 3_000;

/// Milliseconds after somebody was announced as having left in which their
/// return is not announced yet.
pub(crate) const FLAP: i64 = 10_000;

/// What to do about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Whether the others are told now.
    pub(crate) tell: bool,
    /// When to [settle](Departures::settle) the rest.
    pub(crate) again: Option<Timestamp>,
}

impl Verdict {
    const TELL: Verdict = Verdict { tell: true, again: None };
    pub(crate) const SILENCE: Verdict = Verdict { tell: false, again: None };
}

/// Those whose departure, or return, the others may yet have to hear of.
///
/// ```text
///   here, known  ── connection lost ──> 3 s to come back unnoticed
///        │                                      │ over
///        └── leaves ──> told ──> gone, known <──┘ told
///                                     │ comes back within 10 s
///                                     └──> told when those are over, if still here
/// ```
#[derive(Debug, Default)]
pub(crate) struct Departures(HashMap<UserName, Departure>);

#[derive(Debug)]
struct Departure {
    is_here: bool,
    /// Whether the others think that the user is here.
    believed_here: bool,
    due: Timestamp,
}

impl Departures {
    /// The user came into the room.
    pub(crate) fn came(&mut self, user: &UserName) -> Verdict {
        let Some(departure) = self.0.get_mut(user) else { return Verdict::TELL };
        departure.is_here = true;
        if departure.believed_here {
            self.0.remove(user);
        }
        Verdict::SILENCE // what is left to tell is settled when it is due
    }

    /// The user left the room, or only lost the last connection.
    pub(crate) fn went(&mut self, user: &UserName, is_lost: bool, now: Timestamp) -> Verdict {
        if let Some(departure) = self.0.get_mut(user) {
            departure.is_here = false;
            return Verdict::SILENCE; // the return was not announced either
        }
        let due = now.plus_millis(if is_lost { LOST } else { FLAP });
        let departure = Departure { is_here: false, believed_here: is_lost, due };
        self.0.insert(user.clone(), departure);
        Verdict { tell: !is_lost, again: Some(due) }
    }

    /// The others have heard of the user by other means.
    pub(crate) fn mentioned(&mut self, user: &UserName) {
        self.0.remove(user);
    }

    /// Those who are here though the others do not know it yet, and those who are not
    /// though the others think so.
    pub(crate) fn untold(&self) -> (HashSet<UserName>, Vec<UserName>) {
        let untold = |is_here: bool| {
            let is_untold = move |departure: &Departure| {
                departure.is_here == is_here && departure.believed_here != is_here
            };
            self.0.iter().filter(move |(_, departure)| is_untold(departure))
        };
        let name = |(user, _): (&UserName, &Departure)| user.clone();
        (untold(true).map(name).collect(), untold(false).map(name).collect())
    }

    /// The time has come that a verdict named. Whether the user is here, and what
    /// to do about it.
    pub(crate) fn settle(&mut self, user: &UserName, now: Timestamp) -> (bool, Verdict) {
        let Some(departure) = self.0.get_mut(user).filter(|departure| departure.due <= now) else {
            return (false, Verdict::SILENCE);
        };
        let Departure { is_here, believed_here, .. } = *departure;
        if believed_here && !is_here {
            departure.believed_here = false;
            departure.due = now.plus_millis(FLAP);
            return (false, Verdict { tell: true, again: Some(departure.due) });
        }
        self.0.remove(user);
        if self.0.is_empty() {
            self.0 = HashMap::new(); // the memory of a crowd that has gone
        }
        (is_here, Verdict { tell: is_here != believed_here, again: None })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ann() -> UserName {
        UserName::parse("Ann").unwrap()
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + millis)
    }

    /// One person in one room, and what the others were told: comings as true.
    #[derive(Default)]
    struct Room {
        departures: Departures,
        is_here: bool,
        due: Vec<Timestamp>,
        told: Vec<(i64, bool)>,
    }

    impl Room {
        fn follow(&mut self, now: i64, verdict: Verdict) {
            self.due.extend(verdict.again);
            if verdict.tell {
                self.told.push((now, self.is_here));
            }
        }

        fn turn(&mut self, now: i64, is_lost: bool) {
            self.is_here = !self.is_here;
            let verdict = match self.is_here {
                true => self.departures.came(&ann()),
                false => self.departures.went(&ann(), is_lost, at(now)),
            };
            self.follow(now, verdict);
        }

        fn pass(&mut self, from: i64, to: i64) {
            for now in from..=to {
                while let Some(place) = self.due.iter().position(|due| *due <= at(now)) {
                    self.due.remove(place);
                    let (is_here, verdict) = self.departures.settle(&ann(), at(now));
                    assert!(!verdict.tell || is_here == self.is_here);
                    self.follow(now, verdict);
                }
            }
        }
    }

    #[test]
    fn whoever_comes_and_leaves_is_announced_at_once() {
        let mut room = Room::default();
        room.turn(0, false);
        room.turn(5, false);
        room.pass(5, 30_000);
        assert_eq!(room.told, [(0, true), (5, false)]);
    }

    #[test]
    fn a_lost_connection_that_comes_back_in_time_goes_unnoticed() {
        let mut room = Room::default();
        room.turn(0, false);
        room.turn(100, true);
        room.pass(100, 100 + LOST - 1);
        room.turn(100 + LOST - 1, false);
        room.pass(100 + LOST - 1, 60_000);
        assert_eq!(room.told, [(0, true)]);
    }

    #[test]
    fn one_that_does_not_is_announced_as_left_after_three_seconds() {
        let mut room = Room::default();
        room.turn(0, false);
        room.turn(100, true);
        room.pass(100, 60_000);
        assert_eq!(room.told, [(0, true), (100 + LOST, false)]);
    }

    #[test]
    fn a_return_within_ten_seconds_is_announced_when_they_are_over() {
        let mut room = Room::default();
        room.turn(0, false);
        room.turn(10, false);
        room.turn(20, false);
        room.pass(20, 60_000);
        assert_eq!(room.told, [(0, true), (10, false), (10 + FLAP, true)]);
    }

    proptest! {
        #[test]
        fn the_others_are_told_in_turns_seldom_and_in_the_end_the_truth(
            turns in proptest::collection::vec((1i64..15_000, any::<bool>()), 1..40),
        ) {
            let mut room = Room::default();
            let mut now = 0;
            for (wait, is_lost) in turns {
                room.pass(now, now + wait);
                now += wait;
                room.turn(now, is_lost);
            }
            room.pass(now, now + 60_000);
            for (i, (when, came)) in room.told.iter().enumerate() {
                prop_assert_eq!(*came, i % 2 == 0, "told twice: {:?}", room.told);
                let last_departure = i.checked_sub(1).map(|before| room.told[before].0);
                if let Some(left) = last_departure.filter(|_| *came) {
                    prop_assert!(when - left >= FLAP, "{:?}", room.told);
                }
            }
            let believed = room.told.last().is_some_and(|(_, came)| *came);
            prop_assert_eq!(believed, room.is_here);
            prop_assert!(room.departures.0.is_empty());
        }
    }
}
