//! The payload of a message that arrives in pieces: gathered, and checked as it comes.

use std::borrow::Cow;

use super::decoder::Chunk;
use super::error::ProtocolError;
use super::growth::make_room;
use super::header::FrameHeader;
use super::mask::append_masked;
use super::message::Event;
use super::opcode::Opcode;
use super::utf8::Utf8Validator;

/// Bytes that are copied, unmasked and checked at a time, so that a look at them
/// finds them in the cache. Whole turns of a masking key.
const BLOCK: usize = 16 << 10;

/// What has arrived of a message, inflated.
#[derive(Debug)]
pub(super) struct Gathered {
    bytes: Vec<u8>,
    /// If it is text.
    utf8: Option<Utf8Validator>,
    /// Whether every byte was added by `push`, which lets `utf8` see it.
    seen: bool,
    is_compressed: bool,
}

impl Gathered {
    /// Nothing yet of the message that begins with this head.
    pub(super) fn new(first: &FrameHeader) -> Gathered {
        let utf8 = (first.opcode() == Opcode::Text).then(Utf8Validator::default);
        Gathered { bytes: Vec::new(), utf8, seen: true, is_compressed: first.rsv1() }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn is_compressed(&self) -> bool {
        self.is_compressed
    }

    /// Adds the payload of a chunk, unmasked, to a message that may have `most` bytes.
    ///
    /// # Errors
    /// [`ProtocolError::Utf8`], before the frame is complete (RFC 6455 §8.1).
    // Its two callers are a data message and a control frame: only the first is in a hurry.
    #[inline(always)]
    pub(super) fn push(&mut self, chunk: &Chunk<'_>, most: usize) -> Result<(), ProtocolError> {
        make_room(&mut self.bytes, chunk.payload.len(), chunk.missing, most);
        for block in chunk.payload.chunks(BLOCK) {
            let start = self.bytes.len();
            append_masked(&mut self.bytes, block, chunk.mask);
            self.check_from(start)?;
        }
        Ok(())
    }

    /// Adds what `inflate` appends. Text that came before damaged data counts
    /// first, so that no cut changes what was wrong.
    ///
    /// # Errors
    /// As [`push`](Gathered::push), or else what `inflate` says.
    #[cfg(any(feature = "deflate", test))]
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

    /// The payload, whatever it is.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
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
    use crate::proto::MaskingKey;
    use crate::proto::apply_mask;

    fn gathered(opcode: Opcode) -> Gathered {
        Gathered::new(&FrameHeader::new(false, opcode, None, 0))
    }

    /// Adds a piece that is masked like this.
    fn push(to: &mut Gathered, piece: &[u8], mask: MaskingKey) -> Result<(), ProtocolError> {
        let header = FrameHeader::new(false, Opcode::Text, Some(mask), piece.len());
        let mut payload = piece.to_vec();
        apply_mask(&mut payload, mask, 0);
        let payload = &mut payload[..];
        to.push(&Chunk { header, payload, starts: true, missing: 0, mask }, 1 << 20)
    }

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
            mask: MaskingKey,
        ) {
            let mut text = gathered(Opcode::Text);
            let added = pieces.iter().try_for_each(|piece| match inflated {
                true => text.inflate(|bytes| {
                    bytes.extend_from_slice(piece);
                    Ok(())
                }),
                false => push(&mut text, piece, mask),
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
        let mut text = gathered(Opcode::Text);
        assert!(push(&mut text, b"\xff", [0; 4]).is_err());
        assert_eq!(text.finish(), Err(ProtocolError::Utf8));
    }

    // Proves 6455-6.2-5.
    #[test]
    fn section_5_3_a_long_piece_is_unmasked_block_by_block_as_it_would_be_in_one() {
        for len in [BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 2] {
            let piece: Vec<u8> = (0..=255).cycle().take(len).collect();
            let mut binary = gathered(Opcode::Binary);
            push(&mut binary, &piece, [0x12, 0x34, 0x56, 0x78]).unwrap();
            assert_eq!(binary.finish(), Ok(Event::Binary(piece.into())));
        }
    }
}
