//! The messages that a room keeps for those who come later.

use std::collections::VecDeque;
use std::sync::Arc;

use super::ids::Epoch;
use super::time::Timestamp;
use super::token::NonceKey;
use super::wire::RoomObject;

/// A message that is kept: all but its number and its reader's encoding.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) object: RoomObject,
    pub(crate) at: Timestamp,
    /// What its sender would send again.
    pub(crate) key: Option<NonceKey>,
}

/// From where on a client that comes back wants to hear what it missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resume {
    /// Behind this message, of a log that lived in this epoch. (No epoch of ours
    /// is written as `None`'s was.)
    After { epoch: Option<Epoch>, seq: u64 },
    /// From this time on.
    Since(Timestamp),
}

/// What there is for a client that comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Missed {
    /// The messages behind this one are what it gets.
    pub(crate) after: u64,
    /// Why that may not be all it missed, if it may not.
    pub(crate) gap: Option<&'static str>,
}

/// The last messages of a room, numbered without a gap.
#[derive(Debug)]
pub(crate) struct History {
    kept: VecDeque<Arc<Entry>>,
    /// The number of the last message.
    head: u64,
    /// How many messages are kept.
    capacity: usize,
    /// The stamp of the last message that is not kept any more.
    forgotten: Timestamp,
    /// Bytes of JSON that are kept.
    bytes: usize,
}

impl History {
    pub(crate) fn new(capacity: usize) -> History {
        History {
            kept: VecDeque::new(),
            head: 0,
            capacity,
            forgotten: Timestamp::EARLIEST,
            bytes: 0,
        }
    }

    /// What an engine knows of a log that began before this program did: its last
    /// messages, of which the last has this number.
    pub(crate) fn recalled(capacity: usize, head: u64, entries: Vec<Entry>) -> History {
        let mut history = History::new(capacity);
        history.head = head - entries.len() as u64;
        if history.head > 0 {
            // Those that are gone may be as young as the oldest that is left.
            history.forgotten = entries.first().map_or(Timestamp::LATEST, |entry| entry.at);
        }
        entries.into_iter().for_each(|entry| history.push(entry));
        history
    }

    /// The stamp of the last message, if it is kept.
    pub(crate) fn last_stamp(&self) -> Option<Timestamp> {
        self.kept.back().map(|entry| entry.at)
    }

    /// The number of the last message; 0 before the first.
    pub(crate) fn head(&self) -> u64 {
        self.head
    }

    /// The number of the message before the oldest that is kept.
    pub(crate) fn before_first(&self) -> u64 {
        self.head - self.kept.len() as u64
    }

    /// Bytes that it takes in memory, about.
    pub(crate) fn size(&self) -> usize {
        self.bytes + self.kept.len() * size_of::<Entry>()
    }

    /// Keeps one more and forgets the oldest if they are too many.
    pub(crate) fn push(&mut self, entry: Entry) {
        self.head += 1;
        self.bytes += entry.object.size();
        self.kept.push_back(Arc::new(entry));
        if self.kept.len() > self.capacity
            && let Some(oldest) = self.kept.pop_front()
        {
            self.bytes -= oldest.object.size();
            self.forgotten = oldest.at;
        }
    }

    /// The number of the message that was sent with this nonce, if it is kept.
    pub(crate) fn find(&self, key: NonceKey) -> Option<u64> {
        let place = self.kept.iter().rposition(|entry| entry.key == Some(key))?;
        Some(self.before_first() + 1 + place as u64)
    }

    /// The messages behind the one with this number, oldest first.
    pub(crate) fn after(&self, seq: u64) -> impl DoubleEndedIterator<Item = (u64, &Arc<Entry>)> {
        let first = self.before_first().max(seq.min(self.head));
        let place = (first - self.before_first()) as usize; // no more than are kept
        let entries = self.kept.range(place..).enumerate();
        entries.map(move |(i, entry)| (first + 1 + i as u64, entry))
    }

    /// What a client missed that was here until then, of a log with this life.
    pub(crate) fn missed(&self, resume: Resume, epoch: Epoch, born: Timestamp) -> Missed {
        let everything = |gap| Missed { after: self.before_first(), gap: Some(gap) };
        match resume {
            Resume::After { epoch: of, .. } if of != Some(epoch) => everything("epoch_changed"),
            Resume::After { seq, .. } if seq > self.head => everything("unknown"),
            Resume::After { seq, .. } if seq < self.before_first() => everything("too_old"),
            Resume::After { seq, .. } => Missed { after: seq, gap: None },
            Resume::Since(time) if time < born => everything("epoch_changed"),
            Resume::Since(time) if time <= self.forgotten => everything("too_old"),
            Resume::Since(time) => {
                let earlier = self.kept.partition_point(|entry| entry.at < time);
                Missed { after: self.before_first() + earlier as u64, gap: None }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: Epoch = Epoch::new(0x5eed);

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_000 + millis)
    }

    /// Message `n` of `count` was said at the time `10 n`; three are kept.
    fn history(count: u64) -> History {
        let mut history = History::new(3);
        for n in 1..=count {
            let object = RoomObject::message("Ann", "hi");
            history.push(Entry { object, at: at(10 * n as i64), key: None });
        }
        history
    }

    fn numbers(history: &History, after: u64) -> Vec<u64> {
        history.after(after).map(|(seq, _)| seq).collect()
    }

    fn after(seq: u64) -> Resume {
        Resume::After { epoch: Some(EPOCH), seq }
    }

    #[test]
    fn the_last_ones_are_kept_and_numbered_from_one() {
        assert_eq!(numbers(&history(0), 0), [0; 0]);
        assert_eq!(numbers(&history(2), 0), [1, 2]);
        let history = history(5);
        assert_eq!((history.head(), history.before_first()), (5, 2));
        for (seq, expected) in [(0, &[3, 4, 5][..]), (2, &[3, 4, 5]), (4, &[5]), (5, &[]), (9, &[])]
        {
            assert_eq!(numbers(&history, seq), expected, "after {seq}");
        }
    }

    #[test]
    fn whoever_comes_back_gets_exactly_what_came_after() {
        let history = history(5);
        for seq in 2..=5 {
            assert_eq!(history.missed(after(seq), EPOCH, at(0)), Missed { after: seq, gap: None });
        }
        for (time, seq) in [(21, 2), (30, 2), (31, 3), (50, 4), (51, 5), (900, 5)] {
            let missed = history.missed(Resume::Since(at(time)), EPOCH, at(0));
            assert_eq!(missed, Missed { after: seq, gap: None }, "since {time}");
        }
    }

    #[test]
    fn what_cannot_be_promised_has_a_reason_and_everything_is_sent() {
        let history = history(5);
        for (resume, reason) in [
            (after(1), "too_old"),
            (after(6), "unknown"),
            (Resume::After { epoch: Some(Epoch::new(1)), seq: 5 }, "epoch_changed"),
            (Resume::After { epoch: None, seq: 5 }, "epoch_changed"),
            (Resume::Since(at(20)), "too_old"),
            (Resume::Since(at(-1)), "epoch_changed"),
        ] {
            assert_eq!(
                history.missed(resume, EPOCH, at(0)),
                Missed { after: 2, gap: Some(reason) }
            );
        }
    }

    #[test]
    fn a_log_that_is_recalled_goes_on_where_it_ended() {
        let entries = |times: &[i64]| {
            let entry = |millis: &i64| Entry {
                object: RoomObject::message("Ann", "hi"),
                at: at(*millis),
                key: None,
            };
            times.iter().map(entry).collect()
        };
        let recalled = History::recalled(3, 5, entries(&[30, 40, 50]));
        assert_eq!((recalled.head(), numbers(&recalled, 0)), (5, vec![3, 4, 5]));
        let gap = |time| recalled.missed(Resume::Since(at(time)), EPOCH, at(0)).gap;
        assert_eq!((gap(30), gap(31)), (Some("too_old"), None));
        let complete = History::recalled(3, 2, entries(&[10, 20]));
        assert_eq!(complete.missed(Resume::Since(at(5)), EPOCH, at(0)).gap, None);
        let empty = History::recalled(3, 5, entries(&[]));
        assert_eq!(empty.missed(after(4), EPOCH, at(0)).gap, Some("too_old"));
        assert_eq!(empty.missed(after(5), EPOCH, at(0)).gap, None);
    }

    #[test]
    fn the_memory_of_what_is_forgotten_is_given_back() {
        assert_eq!(history(3).size(), history(50).size());
    }
}
