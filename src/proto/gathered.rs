//! The payload of a message that arrives in pieces: gathered, and checked as it comes.

use std::borrow::Cow;

use super::error::ProtocolError;
use super::growth::make_room;
use super::message::Event;
use super::utf8::Utf8Validator;

/// What has arrived of a message, inflated.
#[derive(Debug)]
pub(super) struct Gathered {
    bytes: Vec<u8>,
    /// If it is text.
    utf8: Option<Utf8Validator>,
    /// Whether every byte was added by `push`, which lets `utf8` see it.
    seen: bool,
}

impl Gathered {
    pub(super) fn new(is_text: bool) -> Gathered {
        let utf8 = is_text.then(Utf8Validator::default);
        Gathered { bytes: Vec::new(), utf8, seen: true }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a piece, of a frame that has `missing` bytes more, to a message that may
    /// have `most`.
    ///
    /// # Errors
    /// [`ProtocolError::Utf8`], before the frame is complete (RFC 6455 §8.1).
    pub(super) fn push(
        &mut self,
        piece: &[u8],
        missing: u64,
        most: usize,
    ) -> Result<(), ProtocolError> {
        make_room(&mut self.bytes, piece.len(), missing, most);
        self.bytes.extend_from_slice(piece);
        self.check_from(self.bytes.len() - piece.len())
    }

    /// Adds what `inflate` appends. Text that came before damaged data counts
    /// first, so that no cut changes what was wrong.
    ///
    /// # Errors
    /// As [`push`](Gathered::push), or else what `inflate` says.
    pub(super) fn inflate(
        &mut self,
        inflate: impl FnOnce(&mut Vec<u8>) -> Result<(), ProtocolError>,
    ) -> Result<(), ProtocolError> {
        self.seen = false;
        let start = self.bytes.len();
        let inflated = inflate(&mut self.bytes);
        self.check_from(start)?;
        inflated
    }

    fn check_from(&mut self, start: usize) -> Result<(), ProtocolError> {
        let Some(utf8) = &mut self.utf8 else { return Ok(()) };
        // A text that has been refused is never one, whatever is called next.
        let checked = utf8.push(&self.bytes[start..]);
        self.seen &= checked.is_ok();
        checked
    }

    /// The message, which ends here.
    ///
    /// # Errors
    /// [`ProtocolError::Utf8`] if a text ends inside a character.
    #[allow(unsafe_code)]
    pub(super) fn finish(self) -> Result<Event<'static>, ProtocolError> {
        let Some(utf8) = self.utf8 else { return Ok(Event::Binary(Cow::Owned(self.bytes))) };
        utf8.finish()?;
        let text = match self.seen {
            // A second look at a long text would take as long as all before it
            // (`cargo bench -- decode/text`).
            // SAFETY: `utf8` has seen every byte in order, refused none of them, and
            // has just said that no character is unfinished.
            true => unsafe { String::from_utf8_unchecked(self.bytes) },
            // Beside inflating, it costs little.
            false => String::from_utf8(self.bytes).map_err(|_| ProtocolError::Utf8)?,
        };
        Ok(Event::Text(Cow::Owned(text)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        // Proves 6455-8.1-1.
        #[test]
        fn section_8_1_a_gathered_text_is_what_the_standard_library_takes_for_one(
            pieces in proptest::collection::vec(
                prop_oneof![
                    4 => any::<String>().prop_map(String::into_bytes),
                    1 => proptest::collection::vec(any::<u8>(), 0..3),
                    1 => Just(b"\xe4\xb8".to_vec()),
                    1 => Just(b"\x96".to_vec()),
                ],
                0..6,
            ),
            inflated: bool,
        ) {
            let mut text = Gathered::new(true);
            let added = pieces.iter().try_for_each(|piece| match inflated {
                true => text.inflate(|bytes| {
                    bytes.extend_from_slice(piece);
                    Ok(())
                }),
                false => text.push(piece, 0, 1 << 20),
            });
            let gathered = added.and_then(|()| text.finish());
            let expected = String::from_utf8(pieces.concat());
            match expected {
                Ok(text) => prop_assert_eq!(gathered, Ok(Event::Text(text.into()))),
                Err(_) => prop_assert_eq!(gathered, Err(ProtocolError::Utf8)),
            }
        }
    }

    #[test]
    fn a_text_that_was_refused_is_none_whatever_is_called_next() {
        let mut text = Gathered::new(true);
        assert!(text.push(b"\xff", 0, 100).is_err());
        assert_eq!(text.finish(), Err(ProtocolError::Utf8));
    }
}
