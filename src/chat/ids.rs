//! How messages are numbered.

use std::fmt;

/// The life of one room's log. It changes when a log is lost or made anew, so
/// that a client can tell "nothing new" from "I cannot know what you missed".
///
/// ```
/// use wirechat::chat::Epoch;
///
/// assert_eq!(Epoch::new(0x5eed).to_string(), "5eed");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(u64);

impl Epoch {
    /// The epoch with this number. Two logs must not share one.
    #[must_use]
    pub const fn new(number: u64) -> Epoch {
        Epoch(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }

    /// Reads what [`Display`](fmt::Display) wrote, and nothing else.
    pub(crate) fn parse(text: &str) -> Option<Epoch> {
        let epoch = Epoch(u64::from_str_radix(text, 16).ok()?);
        (epoch.to_string() == text).then_some(epoch)
    }
}

impl fmt::Display for Epoch {
    /// As clients see it: a text, since JavaScript's numbers have 53 bits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// A place in a room's log: that of its `seq`-th message.
///
/// Its text is the message's `id`, which no other message has.
///
/// ```
/// use wirechat::chat::{Epoch, Position};
///
/// let first = Position { epoch: Epoch::new(0x5eed), seq: 1 };
/// assert_eq!(first.to_string(), "5eed-1");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// The life of the log.
    pub epoch: Epoch,
    /// Rises by one with every message of the room, from 1; 0 is before the first.
    pub seq: u64,
}

impl Position {
    /// Reads what [`Display`](fmt::Display) wrote, and nothing else.
    pub(crate) fn parse(text: &str) -> Option<Position> {
        let (epoch, seq) = text.split_once('-')?;
        let position = Position { epoch: Epoch::parse(epoch)?, seq: seq.parse().ok()? };
        (position.to_string() == text).then_some(position)
    }

    /// Appends its text, as every message has it: twice as fast as [`Display`](fmt::Display).
    pub(crate) fn write(self, out: &mut String) {
        let epoch = self.epoch.0;
        let digits = (u64::BITS - epoch.leading_zeros()).div_ceil(4).max(1);
        for place in (0..digits).rev() {
            let digit = (epoch >> (4 * place)) & 0xf;
            out.push(char::from(b"0123456789abcdef"[digit as usize]));
        }
        out.push('-');
        out.push_str(itoa::Buffer::new().format(self.seq));
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_written_fast_as_it_is_written_slowly() {
        for epoch in [0, 1, 0xf, 0x10, 0x0123_4567_89ab_cdef, u64::MAX] {
            let position = Position { epoch: Epoch::new(epoch), seq: epoch / 3 };
            let mut written = String::new();
            position.write(&mut written);
            assert_eq!(written, position.to_string());
        }
    }

    #[test]
    fn a_position_is_read_as_it_was_written_and_in_no_other_spelling() {
        let position = Position { epoch: Epoch::new(u64::MAX), seq: 7 };
        assert_eq!(Position::parse(&position.to_string()), Some(position));
        for text in
            ["", "-", "5eed", "5eed-", "-1", "5EED-1", "05eed-1", "5eed-01", "5eed-+1", "5eed-1-1"]
        {
            assert_eq!(Position::parse(text), None, "{text:?}");
        }
    }
}
