//! What a chat room has said, as the first of our clients heard it.
//!
//! Every member hears the same, in the order of `seq`. So whether the room's
//! messages are all there, once each and in each sender's own order, is judged
//! once, when the first client hears them; of each member it is enough to know
//! that it hears what stands in the log, place by place.

use std::collections::HashMap;
use std::ops::Range;

use super::content::Stamp;
use super::frames::{Frames, Put};
use super::sequence::{Sequence, Verdict};

/// One room's messages.
#[derive(Debug)]
pub(super) struct Log {
    /// The room's number, from 0: the clients with this remainder are its members.
    room: u32,
    rooms: u32,
    /// Which life of the room it is: `seq` begins anew with each.
    epoch: String,
    /// The newest messages, each in the place of its `seq`.
    frames: Frames,
    /// The `seq`s that anybody heard.
    heard: Sequence,
    /// Those that nobody heard, of earlier lives.
    unheard_before: u64,
    /// The numbers of each member's messages.
    senders: HashMap<u32, Sequence>,
    /// Messages of ours that are in the log more than once, or in the wrong room's.
    pub(super) duplicated: u64,
    /// Messages of ours that are in the log behind a later one of the same sender.
    pub(super) out_of_order: u64,
}

impl Log {
    /// The log of room number `room` among `rooms`, which remembers so many messages.
    pub(super) fn new(room: u32, rooms: u32, capacity: usize) -> Log {
        Log {
            room,
            rooms,
            epoch: String::new(),
            frames: Frames::starting_at(1, capacity),
            heard: Sequence::starting_at(1),
            unheard_before: 0,
            senders: HashMap::new(),
            duplicated: 0,
            out_of_order: 0,
        }
    }

    /// A client has joined behind message `seq`.
    pub(super) fn enter(&mut self, epoch: &str, seq: u64) {
        if self.epoch == epoch {
            return;
        }
        epoch.clone_into(&mut self.epoch);
        self.unheard_before += self.heard.lost(0);
        self.heard = Sequence::starting_at(seq.saturating_add(1));
        self.frames.start_again_at(self.heard.next());
    }

    /// The `seq` behind the newest message that anybody heard.
    pub(super) fn end(&self) -> u64 {
        self.heard.next()
    }

    /// Whether `bytes` begin with the frame of message `seq`: then how long it is
    /// and whose.
    #[inline]
    pub(super) fn recognise(&self, seq: u64, bytes: &[u8]) -> Option<(usize, Option<Stamp>)> {
        self.frames.recognise(seq, bytes)
    }

    /// Notes what stands at `seq`. Whether that is what others heard there, too.
    pub(super) fn learn(&mut self, seq: u64, payload: &[u8], stamp: Option<Stamp>) -> bool {
        let put = self.frames.put(seq, payload, stamp);
        if put == Put::New {
            let verdict = self.heard.hear(seq);
            stamp.inspect(|stamp| self.judge(*stamp, verdict));
        }
        put != Put::Different
    }

    /// What is still to come of this member's messages with these numbers may
    /// come at any time or never.
    pub(super) fn excuse(&mut self, sender: u32, numbers: Range<u64>) {
        self.of(sender).excuse(numbers);
    }

    fn of(&mut self, sender: u32) -> &mut Sequence {
        self.senders.entry(sender).or_insert_with(|| Sequence::starting_at(0))
    }

    /// Looks at the sender's own order, once for each message.
    fn judge(&mut self, stamp: Stamp, place: Verdict) {
        if stamp.sender % self.rooms != self.room {
            self.duplicated += 1;
            return;
        }
        match self.of(stamp.sender).hear(stamp.number.into()) {
            // If its place was heard late, its sender's numbers were, too.
            Verdict::Late if place == Verdict::InOrder => self.out_of_order += 1,
            Verdict::Twice => self.duplicated += 1,
            Verdict::InOrder | Verdict::Late | Verdict::Before => {}
        }
    }

    /// How many messages of this member nobody heard, of as many as it sent.
    pub(super) fn lost_of(&self, sender: u32, sent: u64) -> u64 {
        self.senders.get(&sender).map_or(sent, |heard| heard.lost(sent))
    }

    /// How many messages the room had, by its own numbers, that nobody heard.
    pub(super) fn unheard(&self) -> u64 {
        self.unheard_before + self.heard.lost(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> Log {
        let mut log = Log::new(0, 1, 4);
        log.enter("e", 0);
        log
    }

    fn stamp(sender: u32, number: u32) -> Option<Stamp> {
        Some(Stamp { sender, number, time: 0 })
    }

    /// The log of a room in which client 0 said these of its messages.
    fn log_of(numbers: &[u32]) -> Log {
        let mut log = log();
        for (seq, number) in (1..).zip(numbers) {
            assert!(log.learn(seq, format!("{seq}").as_bytes(), stamp(0, *number)));
        }
        log
    }

    #[test]
    fn the_second_to_hear_a_message_recognises_its_frame() {
        let mut log = log();
        assert_eq!(log.recognise(1, b"\x81\x03one"), None);
        assert!(log.learn(1, b"one", stamp(0, 0)));
        assert_eq!(log.recognise(1, b"\x81\x03one"), Some((5, stamp(0, 0))));
        assert_eq!(log.end(), 2);
    }

    #[test]
    fn what_differs_from_what_others_heard_in_its_place_is_noticed() {
        let mut log = log();
        assert!(log.learn(1, b"one", stamp(0, 0)));
        assert!(log.learn(1, b"one", stamp(0, 0)), "the same again is fine");
        assert!(!log.learn(1, b"two", stamp(0, 1)));
        assert_eq!(log.lost_of(0, 2), 1, "and was not heard");
    }

    #[test]
    fn each_message_of_a_sender_must_be_there_once_and_in_order() {
        let good = log_of(&[0, 1, 2]);
        assert_eq!((good.duplicated, good.out_of_order, good.lost_of(0, 3)), (0, 0, 0));
        let doubled = log_of(&[0, 1, 1, 2]);
        assert_eq!((doubled.duplicated, doubled.out_of_order), (1, 0));
        let swapped = log_of(&[0, 2, 1]);
        assert_eq!((swapped.duplicated, swapped.out_of_order), (0, 1));
        let skipped = log_of(&[0, 2]);
        assert_eq!(skipped.lost_of(0, 3), 1);
        assert_eq!(skipped.lost_of(1, 2), 2, "a sender of whom nothing was heard");
    }

    #[test]
    fn what_is_excused_may_stand_there_late_once_or_never() {
        let mut log = log_of(&[0, 3]);
        assert_eq!(log.lost_of(0, 4), 2);
        log.excuse(0, 1..3);
        assert_eq!(log.lost_of(0, 4), 0);
        assert!(log.learn(3, b"3", stamp(0, 1)));
        assert_eq!((log.duplicated, log.out_of_order), (0, 0));
        assert!(log.learn(4, b"4", stamp(0, 1)));
        assert_eq!((log.duplicated, log.out_of_order), (1, 0));
    }

    #[test]
    fn a_place_that_one_client_missed_is_filled_by_another() {
        let mut log = log();
        assert!(log.learn(1, b"one", stamp(0, 0)));
        assert!(log.learn(3, b"three", stamp(0, 2)));
        assert_eq!(log.unheard(), 1);
        assert!(log.learn(2, b"two", stamp(0, 1)));
        assert_eq!((log.unheard(), log.out_of_order, log.duplicated), (0, 0, 0));
    }

    #[test]
    fn a_message_in_the_wrong_room_is_one_too_many() {
        let mut log = Log::new(1, 2, 4);
        log.enter("e", 0);
        assert!(log.learn(1, b"one", stamp(3, 0)));
        assert_eq!(log.duplicated, 0);
        assert!(log.learn(2, b"two", stamp(2, 0)));
        assert_eq!(log.duplicated, 1);
    }

    #[test]
    fn a_room_that_was_empty_begins_anew_and_its_senders_go_on() {
        let mut log = log_of(&[0, 1]);
        log.enter("e", 2);
        assert_eq!(log.end(), 3, "somebody joins, and nothing is forgotten");
        log.enter("f", 0);
        assert_eq!(log.end(), 1);
        assert_eq!(log.recognise(1, b"\x81\x011"), None);
        assert!(log.learn(1, b"1", stamp(0, 2)));
        assert_eq!((log.duplicated, log.lost_of(0, 3)), (0, 0));
    }
}
