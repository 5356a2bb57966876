//! The newest messages, as the frames that the first to get them got.
//!
//! A server's frames are not masked (RFC 6455 §5.1), so a server that sends a
//! message to many usually sends the same bytes to each. Bytes that equal a frame
//! which was decoded, checked and understood before need none of that again.

use std::collections::VecDeque;

use bytes::BytesMut;
use wirechat::proto::{Opcode, encode_frame};

use super::content::Stamp;

/// Frames at consecutive places, of which the newest are kept.
#[derive(Debug)]
pub(super) struct Frames {
    /// The place of the first entry.
    first: u64,
    entries: VecDeque<Entry>,
    capacity: usize,
}

/// One message; without bytes as long as it is not known.
#[derive(Debug, Default)]
struct Entry {
    frame: BytesMut,
    /// Where in the frame the payload begins.
    head: usize,
    /// Whose it is, if it is one of ours.
    stamp: Option<Stamp>,
}

/// What became of a message that was to be put in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It is there now, and was not known before.
    New,
    /// It was there already, or would be so long ago that nobody remembers.
    Known,
    /// Another one is there.
    Different,
}

impl Frames {
    /// Places from `first` on, of which so many are kept.
    pub(super) fn starting_at(first: u64, capacity: usize) -> Frames {
        Frames { first, entries: VecDeque::new(), capacity }
    }

    /// Forgets everything and begins at another place.
    pub(super) fn start_again_at(&mut self, first: u64) {
        self.entries.clear();
        self.first = first;
    }

    /// The place behind the last.
    pub(super) fn end(&self) -> u64 {
        self.first.saturating_add(self.entries.len() as u64)
    }

    /// Whether `bytes` begin with the frame at this place: then how long it is
    /// and whose.
    #[inline]
    pub(super) fn recognise(&self, place: u64, bytes: &[u8]) -> Option<(usize, Option<Stamp>)> {
        let index = usize::try_from(place.checked_sub(self.first)?).ok()?;
        let Entry { frame, stamp, .. } = self.entries.get(index)?;
        (bytes.starts_with(frame) && !frame.is_empty()).then_some((frame.len(), *stamp))
    }

    /// Puts a text message in its place.
    pub(super) fn put(&mut self, place: u64, payload: &[u8], stamp: Option<Stamp>) -> Put {
        if place < self.first {
            return Put::Known;
        }
        let entry = self.entry(place);
        if !entry.frame.is_empty() {
            let known = &entry.frame[entry.head..] == payload;
            return if known { Put::Known } else { Put::Different };
        }
        encode_frame(&mut entry.frame, true, Opcode::Text, None, payload);
        entry.head = entry.frame.len() - payload.len();
        entry.stamp = stamp;
        Put::New
    }

    /// The entry for this place: made if need be, from the oldest one if there
    /// are enough.
    fn entry(&mut self, place: u64) -> &mut Entry {
        if place - self.first >= (self.entries.len() + self.capacity) as u64 {
            self.start_again_at(place);
        }
        while place - self.first >= self.entries.len() as u64 {
            let oldest = match self.entries.len() < self.capacity {
                true => None,
                false => self.entries.pop_front(),
            };
            self.first += u64::from(oldest.is_some());
            let mut entry = oldest.unwrap_or_default();
            entry.frame.clear();
            self.entries.push_back(entry);
        }
        &mut self.entries[(place - self.first) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Option<Stamp> = Some(Stamp { sender: 1, number: 2, time: 3 });

    fn frames(payloads: &[&str]) -> Frames {
        let mut frames = Frames::starting_at(1, 4);
        for (place, payload) in (1..).zip(payloads) {
            assert_eq!(frames.put(place, payload.as_bytes(), STAMP), Put::New);
        }
        frames
    }

    #[test]
    fn a_frame_is_recognised_in_its_place_and_with_whatever_behind_it() {
        let frames = frames(&["one", "two"]);
        assert_eq!(frames.recognise(1, b"\x81\x03one"), Some((5, STAMP)));
        assert_eq!(frames.recognise(1, b"\x81\x03one\x81\x03two"), Some((5, STAMP)));
        assert_eq!(frames.recognise(2, b"\x81\x03one"), None);
        assert_eq!(frames.recognise(1, b"\x81\x03on"), None, "a part of it");
        assert_eq!(frames.recognise(1, b"\x82\x03one"), None, "a binary message");
        assert_eq!(frames.recognise(3, b"\x81\x03one"), None);
        assert_eq!(frames.recognise(0, b"\x81\x03one"), None);
        assert_eq!(frames.end(), 3);
    }

    #[test]
    fn in_one_place_there_is_one_message() {
        let mut frames = frames(&["one"]);
        assert_eq!(frames.put(1, b"one", STAMP), Put::Known);
        assert_eq!(frames.put(1, b"two", STAMP), Put::Different);
        assert_eq!(frames.put(1, b"ne", STAMP), Put::Different);
    }

    #[test]
    fn a_place_that_was_left_out_may_be_filled_later() {
        let mut frames = frames(&["one"]);
        assert_eq!(frames.put(3, b"three", STAMP), Put::New);
        assert_eq!(frames.recognise(2, b""), None, "nobody knows what it is");
        assert_eq!(frames.put(2, b"two", None), Put::New);
        assert_eq!(frames.recognise(2, b"\x81\x03two"), Some((5, None)));
        assert_eq!(frames.end(), 4);
    }

    #[test]
    fn the_newest_are_kept() {
        let mut frames = frames(&["1", "2", "3", "4", "5", "6"]);
        assert_eq!(frames.entries.len(), 4);
        assert_eq!(frames.recognise(2, b"\x81\x012"), None);
        assert_eq!(frames.recognise(3, b"\x81\x013"), Some((3, STAMP)));
        assert_eq!(frames.put(2, b"anything", None), Put::Known, "nobody can tell");
        assert_eq!(frames.end(), 7);
    }

    #[test]
    fn a_leap_of_any_size_costs_no_memory() {
        let mut frames = frames(&["1", "2"]);
        for place in [100, u64::MAX - 1, u64::MAX] {
            assert_eq!(frames.put(place, b"far", None), Put::New);
            assert!(frames.entries.len() <= 4);
        }
    }
}
