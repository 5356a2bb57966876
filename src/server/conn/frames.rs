//! Frames of the rooms on their way to the socket.

use std::io::IoSlice;

use bytes::{Buf, Bytes};
use smallvec::SmallVec;

/// Pieces that go out in one system call, at most.
const MOST_PIECES: usize = 16;

/// Bytes from which on no further piece is taken: what a slow reader keeps from
/// being freed stays small.
const ENOUGH: usize = 64 << 10;

/// Pieces that were taken from the rooms' logs, each whole frames in a row, and
/// that are not written yet.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// There is mostly one, since a reader that comes late finds all it missed in
    /// one piece.
    pieces: SmallVec<[Bytes; 1]>,
    /// Whether a part of the first piece is written: then nothing else may come
    /// before the rest of it.
    begun: bool,
}

impl Frames {
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether another piece is welcome.
    pub(super) fn have_room(&self) -> bool {
        self.pieces.len() < MOST_PIECES && self.size() < ENOUGH
    }

    pub(super) fn push(&mut self, piece: Bytes) {
        self.pieces.push(piece);
    }

    /// Drops what need not be written: all but a piece that has been begun.
    pub(super) fn drop_unbegun(&mut self) {
        self.pieces.truncate(usize::from(self.begun));
    }

    /// Drops everything: nothing can be written any more.
    pub(super) fn clear(&mut self) {
        *self = Frames::default();
    }

    /// Hands all that is to be written to `write`, in order: `answers` goes first
    /// unless a piece has been begun.
    pub(super) fn with_slices<T>(
        &self,
        answers: &[u8],
        write: impl FnOnce(&[IoSlice<'_>]) -> T,
    ) -> T {
        if let ([only], []) = (&self.pieces[..], answers) {
            return write(&[IoSlice::new(only)]);
        }
        let mut slices: SmallVec<[IoSlice<'_>; MOST_PIECES + 1]> = SmallVec::new();
        slices.extend(self.pieces.iter().map(|piece| IoSlice::new(piece)));
        if !answers.is_empty() {
            let place = if self.begun { slices.len() } else { 0 };
            slices.insert(place, IoSlice::new(answers));
        }
        write(&slices)
    }

    /// Takes note that this many bytes of [`with_slices`](Frames::with_slices)
    /// have been written; how many of them are answers.
    pub(super) fn advance(&mut self, answers: usize, written: usize) -> usize {
        let answers_first = if self.begun { 0 } else { answers.min(written) };
        let behind = self.advance_pieces(written - answers_first);
        answers_first + behind
    }

    /// Takes off what has been written, and says how much that was too much.
    fn advance_pieces(&mut self, mut written: usize) -> usize {
        while let Some(first) = self.pieces.first_mut() {
            if written < first.len() {
                first.advance(written);
                self.begun |= written > 0;
                return 0;
            }
            written -= first.len();
            self.pieces.remove(0);
            self.begun = false;
        }
        if self.pieces.spilled() {
            // An idle connection has no memory for many.
            self.pieces = SmallVec::new();
        }
        written
    }

    fn size(&self) -> usize {
        self.pieces.iter().map(Bytes::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(frames: &Frames, answers: &[u8]) -> Vec<u8> {
        frames
            .with_slices(answers, |slices| slices.iter().flat_map(|slice| slice.to_vec()).collect())
    }

    fn two_pieces() -> Frames {
        let mut frames = Frames::default();
        frames.push(Bytes::from_static(b"one"));
        frames.push(Bytes::from_static(b"two"));
        frames
    }

    #[test]
    fn answers_go_before_pieces_and_never_between_the_parts_of_one() {
        for cut in 0..=8 {
            let mut frames = two_pieces();
            let mut out = written(&frames, b"42")[..cut].to_vec();
            let answers = &b"42"[frames.advance(2, cut)..];
            let rest = written(&frames, answers);
            out.extend_from_slice(&rest);
            assert_eq!(out, b"42onetwo", "cut at {cut}");

            // Something more is answered after that write.
            let answers = [answers, b"!"].concat();
            let expected =
                ["42!onetwo", "2!onetwo", "!onetwo", "netwo!", "etwo!", "!two", "wo!", "o!", "!"]
                    [cut];
            assert_eq!(written(&frames, &answers), expected.as_bytes(), "cut at {cut}");
            assert_eq!(frames.advance(answers.len(), expected.len()), answers.len());
            assert!(frames.is_empty());
        }
    }

    #[test]
    fn what_has_been_begun_is_kept_when_the_rest_is_dropped() {
        for (cut, kept) in [(0, &b""[..]), (1, b"ne"), (3, b""), (4, b"wo")] {
            let mut frames = two_pieces();
            frames.advance(0, cut);
            frames.drop_unbegun();
            assert_eq!(written(&frames, b""), kept, "cut at {cut}");
        }
    }

    #[test]
    fn a_slow_reader_holds_on_to_few_bytes_and_few_pieces() {
        let mut frames = Frames::default();
        while frames.have_room() {
            frames.push(Bytes::from_static(b"small"));
        }
        assert_eq!(frames.pieces.len(), MOST_PIECES);
        assert_eq!(frames.advance(0, frames.size()), 0);
        assert!(!frames.pieces.spilled(), "what is written holds nothing");
        let mut frames = Frames::default();
        frames.push(vec![0; ENOUGH].into());
        assert!(!frames.have_room());
    }
}
