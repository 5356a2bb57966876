//! The log of a room: frames, encoded once, that every member reads at its own pace.
//!
//! A server's frames are not masked (RFC 6455 §5.1), so the same bytes are
//! right for every connection:
//!
//! ```text
//!            first                                next
//!              |                                    |
//!   batches  [ 7 ][ 8 ][ 9 ][10 ]                  11   <- the tail, unsealed
//!               ^              ^                    ^
//!          a slow reader    another         most readers' cursors
//! ```
//!
//! Frames are appended to the tail. The first reader that gets there seals it
//! into a batch, and whoever reads until the next append shares that batch's
//! bytes: a reader that comes late finds many messages in one piece, for one
//! system call.
//!
//! There is one tail per [`Encoding`] in use, and a batch holds the same
//! messages in each, so that a cursor counts batches and stays right when its
//! reader's encoding changes. (What only some clients understand is missing from
//! the encodings of the others.)
//!
//! A batch is forgotten when every reader is behind it, and a log that all have
//! read [rests](Log::rest) without memory.
//!
//! Batches are slices of segments, in order. A segment is a quarter of what the
//! log holds or twice what it held lately, from 1 to 64 KiB: a quiet room stays
//! small, a busy one allocates seldom, and what the oldest batches and the tail pin
//! beside their own bytes is at most half as much again, and two segments.

#[cfg(test)]
pub(crate) mod tests;

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use smallvec::SmallVec;

use super::time::Timestamp;
use super::wire::{Dialect, Encoding};
use crate::proto::{FrameHeader, Opcode, encode_frame};

/// Bytes of a new tail while the log holds little, and at most. A batch never
/// spans two allocations, so this also bounds what is written in one piece.
const SEGMENT: std::ops::RangeInclusive<usize> = (1 << 10)..=(64 << 10);

/// Milliseconds that a reader may need, on a busy machine, until it gets to what
/// was appended: what is younger is not forgotten, unless it is very much.
const GRACE: i64 = 2_000;

/// How many times its capacity a log may hold of what is younger, in all encodings
/// together.
const MOST_YOUNG: usize = 6;

const ENCODINGS: usize = Encoding::ALL.len();

/// A reader's place in a log: the next batch that it will read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cursor(u64);

/// What a reader finds at its cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// Nothing yet, and from where on.
    Nothing { next: Cursor },
    /// Whole frames, where to go on, and whether there is more by now.
    Frames { frames: Bytes, next: Cursor, more: bool },
    /// What it should read next is gone.
    Lagged,
}

/// The ring of batches, and the tail.
#[derive(Debug)]
pub(crate) struct Log {
    batches: VecDeque<Batch>,
    /// The number of the oldest batch.
    first: u64,
    /// Bytes that the batches hold, counted in their longest encoding.
    held: usize,
    /// The same, counted in all their encodings together.
    held_in_all: usize,
    /// The most that they may hold, but for what is young.
    capacity: usize,
    /// When the last message was appended.
    now: Timestamp,
    /// Bytes of all batches since the log was empty.
    sealed: u64,
    /// Bytes of a new tail, at least: twice what there was until the log became empty.
    segment: usize,
    /// The frames since the last seal, in each encoding in use.
    tails: [BytesMut; ENCODINGS],
    /// How many readers have read every batch.
    caught_up: u32,
    /// How many readers speak each dialect.
    readers: [usize; 3],
}

/// The messages between two seals.
#[derive(Debug)]
struct Batch {
    /// In each encoding in which there are any: mostly one.
    frames: SmallVec<[(Encoding, Bytes); 1]>,
    /// When its last message was appended.
    at: Timestamp,
    /// Bytes of all batches before it, since the log was empty.
    start: u64,
    /// How many will read it next.
    readers: u32,
}

impl Batch {
    /// What a reader of this encoding gets, if anything. Before it learned its
    /// dialect, the batch may have been written in the plain one only.
    fn frames(&self, encoding: Encoding) -> Option<&Bytes> {
        let of = |encoding| self.frames.iter().find(|(other, _)| *other == encoding);
        of(encoding).or_else(|| of(encoding.plain())).map(|(_, frames)| frames)
    }

    fn size(&self) -> usize {
        let longest = self.frames.iter().map(|(_, frames)| frames.len()).max().unwrap_or(0);
        longest + size_of::<Batch>()
    }

    fn size_in_all(&self) -> usize {
        self.frames.iter().map(|(_, frames)| frames.len()).sum::<usize>() + size_of::<Batch>()
    }
}

impl Log {
    /// An empty log that keeps about `capacity` bytes of each encoding, and more
    /// only for a moment.
    pub(crate) fn new(capacity: usize) -> Log {
        Log {
            batches: VecDeque::new(),
            first: 0,
            held: 0,
            held_in_all: 0,
            capacity,
            now: Timestamp::EARLIEST,
            sealed: 0,
            segment: 0,
            tails: Default::default(),
            caught_up: 0,
            readers: [0; 3],
        }
    }

    /// A reader comes; it will see what is appended from now on. (The tail may
    /// lack its encoding, so it starts behind that.)
    pub(crate) fn enter(&mut self, dialect: Dialect) -> Cursor {
        self.seal();
        self.readers[dialect as usize] += 1;
        self.caught_up += 1;
        Cursor(self.next())
    }

    /// The reader at `cursor` goes.
    pub(crate) fn leave(&mut self, cursor: Cursor, dialect: Dialect) {
        self.unlearn(dialect);
        if let Some(readers) = self.readers_at(cursor) {
            *readers -= 1;
        }
        self.forget_read();
    }

    /// A reader speaks this dialect no longer.
    fn unlearn(&mut self, dialect: Dialect) {
        self.readers[dialect as usize] -= 1;
        if self.readers[dialect as usize] == 0 {
            // What follows may be missing in its encodings.
            self.seal();
        }
    }

    /// A reader learns another dialect.
    pub(crate) fn change(&mut self, from: Dialect, to: Dialect) {
        self.unlearn(from);
        self.readers[to as usize] += 1;
        // The tail lacks the new encoding, so it ends here.
        self.seal();
    }

    /// Whether messages must be appended in this encoding.
    pub(crate) fn uses(&self, encoding: Encoding) -> bool {
        const DIALECTS: [Dialect; 3] = [Dialect::V1, Dialect::Plain, Dialect::Knowing];
        DIALECTS
            .into_iter()
            .any(|dialect| self.readers[dialect as usize] > 0 && dialect.may_read(encoding))
    }

    /// Appends one message at the time `now`, which does not go back: its JSON in
    /// each encoding in use, in the order of [`Encoding::ALL`], and nothing for the
    /// others.
    pub(crate) fn append(&mut self, message: &[Option<String>; ENCODINGS], now: Timestamp) {
        // What `encode_frame` wants to be free.
        let size = |json: &String| FrameHeader::MAX_SIZE + json.len();
        let sizes = message.each_ref().map(|json| json.as_ref().map_or(0, size));
        // All tails are sealed together or none, for a batch must hold the
        // same messages in every encoding.
        let fits = |(tail, size): (&BytesMut, usize)| tail.capacity() - tail.len() >= size;
        if !self.tails.iter().zip(sizes).all(fits) {
            self.seal();
        }
        self.now = now;
        let segment = self.segment.max(self.held / 4).clamp(*SEGMENT.start(), *SEGMENT.end());
        for ((tail, size), json) in self.tails.iter_mut().zip(sizes).zip(message) {
            if tail.capacity() < size {
                *tail = BytesMut::with_capacity(segment.max(size));
            }
            if let Some(json) = json {
                encode_frame(tail, true, Opcode::Text, None, json.as_bytes());
            }
        }
    }

    /// What stands at `cursor` for a reader of this encoding.
    pub(crate) fn read(&mut self, mut cursor: Cursor, encoding: Encoding) -> Read {
        loop {
            if cursor.0 == self.next() {
                self.seal();
            }
            let Some(index) = self.index(cursor) else { return Read::Lagged };
            let Some(batch) = self.batches.get_mut(index) else {
                return Read::Nothing { next: cursor };
            };
            batch.readers -= 1;
            let frames = batch.frames(encoding).cloned();
            cursor.0 += 1;
            match self.batches.get_mut(index + 1) {
                Some(next) => next.readers += 1,
                None => self.caught_up += 1,
            }
            self.forget_read();
            if let Some(frames) = frames {
                let more = cursor.0 < self.next() || !self.tail_is_empty();
                return Read::Frames { frames, next: cursor, more };
            }
        }
    }

    /// Whether a reader at `cursor` has half as much to read as the log is meant to
    /// hold.
    pub(crate) fn is_far_behind(&self, cursor: Cursor) -> bool {
        let Some(index) = self.index(cursor) else { return true };
        let batch = self.batches.get(index);
        batch.is_some_and(|batch| self.sealed - batch.start >= self.capacity as u64 / 2)
    }

    /// Where among the batches a reader is; nowhere if it has lagged.
    fn index(&self, cursor: Cursor) -> Option<usize> {
        usize::try_from(cursor.0.checked_sub(self.first)?).ok()
    }

    /// How many are at the same place as a reader that has not lagged.
    fn readers_at(&mut self, cursor: Cursor) -> Option<&mut u32> {
        let index = self.index(cursor)?;
        Some(self.batches.get_mut(index).map_or(&mut self.caught_up, |batch| &mut batch.readers))
    }

    /// The number of the batch that the tail will be.
    fn next(&self) -> u64 {
        self.first + self.batches.len() as u64
    }

    fn is_empty(&self) -> bool {
        self.batches.is_empty() && self.tail_is_empty()
    }

    fn tail_is_empty(&self) -> bool {
        self.tails.iter().all(|tail| tail.is_empty())
    }

    /// Makes a batch of the tail, then forgets the oldest batches beyond the
    /// capacity; the newest stays, however big it is.
    fn seal(&mut self) {
        if self.tail_is_empty() {
            return;
        }
        // An empty piece would still hold on to its whole segment.
        let tails = Encoding::ALL.into_iter().zip(&mut self.tails);
        let frames = tails
            .filter(|(_, tail)| !tail.is_empty())
            .map(|(encoding, tail)| (encoding, tail.split().freeze()))
            .collect();
        let readers = std::mem::take(&mut self.caught_up);
        let batch = Batch { frames, at: self.now, start: self.sealed, readers };
        self.sealed += batch.size() as u64;
        self.held += batch.size();
        self.held_in_all += batch.size_in_all();
        self.batches.push_back(batch);
        while self.batches.len() > 1 && self.batches.front().is_some_and(|it| self.must_go(it)) {
            self.forget_oldest();
        }
    }

    /// Gives back the memory in which more would be said, if all was read.
    pub(crate) fn rest(&mut self) {
        if self.is_empty() {
            self.batches = VecDeque::new();
            self.tails = Default::default();
        }
    }

    /// Forgets the batches that nobody will read.
    fn forget_read(&mut self) {
        if self.batches.front().is_none_or(|oldest| oldest.readers > 0) {
            return;
        }
        while self.batches.front().is_some_and(|oldest| oldest.readers == 0) {
            self.forget_oldest();
        }
        if self.is_empty() {
            let sealed = usize::try_from(std::mem::take(&mut self.sealed)).unwrap_or(usize::MAX);
            self.segment = sealed.saturating_mul(2).min(self.capacity / 4);
        }
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.batches.pop_front() else { return };
        self.held -= oldest.size();
        self.held_in_all -= oldest.size_in_all();
        self.first += 1;
    }

    fn must_go(&self, oldest: &Batch) -> bool {
        let is_young = self.now.millis().saturating_sub(oldest.at.millis()) < GRACE;
        match is_young {
            true => self.held_in_all > self.capacity.saturating_mul(MOST_YOUNG),
            false => self.held > self.capacity,
        }
    }
}
