//! UTF-8 that arrives in pieces (RFC 6455 §8.1, RFC 3629).

use super::error::ProtocolError;

/// Bytes from which on the vectors of `simdutf8` pay; a shorter text has a look of its
/// own first, since most messages of a chat are short and ASCII.
const SHORT: usize = 1 << 10;

/// This text, whole, as a string.
///
/// # Errors
/// [`ProtocolError::Utf8`].
#[inline]
pub(super) fn whole_text(text: &[u8]) -> Result<&str, ProtocolError> {
    match short_ascii(text) {
        Some(text) => Ok(text),
        None => simdutf8::basic::from_utf8(text).map_err(|_| ProtocolError::Utf8),
    }
}

/// This text as a string if it is short and ASCII.
///
/// The standard library looks at each byte of a short text: that took longer than
/// all the rest of reading a short message (`cargo bench -- decode/text`).
#[allow(unsafe_code)]
#[inline]
fn short_ascii(text: &[u8]) -> Option<&str> {
    let is_ascii = text.len() < SHORT && is_ascii(text);
    // SAFETY: it has just been seen that it is ASCII, which is UTF-8.
    is_ascii.then(|| unsafe { str::from_utf8_unchecked(text) })
}

/// Looks at eight bytes at a time, at the last ones with some of those before them.
#[inline]
fn is_ascii(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk() else { return text.is_ascii() };
    let (words, _) = text.as_chunks();
    let bits =
        words.iter().fold(u64::from_ne_bytes(*last), |bits, word| bits | u64::from_ne_bytes(*word));
    bits & 0x8080_8080_8080_8080 == 0
}

/// Checks text piece by piece and refuses it at the first byte that no valid
/// text could have there, even inside a frame that is still arriving.
///
/// Pieces may be cut anywhere, inside a character too: at most three bytes of an
/// unfinished character are remembered.
///
/// ```
/// use wirechat::proto::Utf8Validator;
///
/// let mut text = Utf8Validator::default();
/// text.push(b"caf\xc3")?; // half of an é
/// text.push(b"\xa9")?;
/// text.finish()?;
/// # Ok::<(), wirechat::proto::ProtocolError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Utf8Validator {
    unfinished: [u8; 4],
    len: u8,
}

impl Utf8Validator {
    /// Checks the next piece.
    ///
    /// # Errors
    /// [`ProtocolError::Utf8`]; the validator is then of no further use.
    #[inline]
    pub fn push(&mut self, piece: &[u8]) -> Result<(), ProtocolError> {
        if self.len == 0 && short_ascii(piece).is_some() {
            return Ok(());
        }
        self.push_any(piece)
    }

    fn push_any(&mut self, mut piece: &[u8]) -> Result<(), ProtocolError> {
        while self.len > 0 {
            let Some((&byte, rest)) = piece.split_first() else { return Ok(()) };
            piece = rest;
            self.finish_character(byte)?;
        }
        let (whole, tail) = piece.split_at(piece.len() - unfinished(piece));
        simdutf8::basic::from_utf8(whole).map_err(|_| ProtocolError::Utf8)?;
        if tail.is_empty() {
            return Ok(());
        }
        // The piece ends inside a character: is that right so far?
        if str::from_utf8(tail).is_err_and(|error| error.error_len().is_some()) {
            return Err(ProtocolError::Utf8);
        }
        self.unfinished[..tail.len()].copy_from_slice(tail);
        self.len = tail.len() as u8;
        Ok(())
    }

    /// Adds one byte to the unfinished character.
    fn finish_character(&mut self, byte: u8) -> Result<(), ProtocolError> {
        // At most three bytes are unfinished: the fourth finishes any character.
        self.unfinished[usize::from(self.len)] = byte;
        self.len += 1;
        match std::str::from_utf8(&self.unfinished[..usize::from(self.len)]) {
            Ok(_) => self.len = 0,
            Err(error) if error.error_len().is_some() => return Err(ProtocolError::Utf8),
            Err(_) => {}
        }
        Ok(())
    }

    /// Says that the text ends here.
    ///
    /// # Errors
    /// [`ProtocolError::Utf8`] if it ends inside a character.
    pub fn finish(self) -> Result<(), ProtocolError> {
        if self.len == 0 { Ok(()) } else { Err(ProtocolError::Utf8) }
    }
}

/// How many bytes at the end begin a character that is longer than they are, if they are
/// any character's.
fn unfinished(text: &[u8]) -> usize {
    match text {
        [.., 0xC0..=0xFF] => 1,
        [.., 0xE0..=0xFF, _] => 2,
        [.., 0xF0..=0xFF, _, _] => 3,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The number of bytes after which `text`, pushed byte by byte, is refused.
    fn refused_after(text: &[u8]) -> Option<usize> {
        let mut validator = Utf8Validator::default();
        text.iter().position(|byte| validator.push(&[*byte]).is_err()).map(|i| i + 1)
    }

    // Proves 6455-8.1-1.
    #[test]
    fn section_8_1_bad_text_is_refused_at_the_first_byte_that_is_bad() {
        for (text, bad_byte) in [
            (&b"ok\xff"[..], 3),
            (b"\x80", 1),             // a continuation byte that continues nothing
            (b"\xc0\xaf", 1),         // overlong '/'
            (b"\xe0\x9f\xbf", 2),     // overlong in three bytes
            (b"\xed\xa0\x80", 2),     // a surrogate
            (b"\xf0\x8f\xbf\xbf", 2), // overlong in four bytes
            (b"\xf4\x90\x80\x80", 2), // above U+10FFFF
            (b"\xf5", 1),
            (b"\xe2\x82A", 3), // a character that breaks off
        ] {
            assert_eq!(refused_after(text), Some(bad_byte), "{text:x?}");
        }
    }

    // Proves 6455-8.1-1.
    #[test]
    fn section_8_1_text_that_ends_inside_a_character_is_refused_at_the_end() {
        for text in [&b"\xc3"[..], b"\xe2\x82", b"\xf0\x9f\x98"] {
            let mut validator = Utf8Validator::default();
            assert_eq!(validator.push(text), Ok(()));
            assert_eq!(validator.finish(), Err(ProtocolError::Utf8));
        }
    }

    // Proves 6455-8.1-1.
    #[test]
    fn section_8_1_whole_texts_of_every_length_are_what_the_standard_library_says() {
        for len in 0..150 {
            for (bad, with) in [(0xFF, "\u{ff}"), (0x80, "\u{80}"), (0xED, "\u{7f}")] {
                for at in 0..=len {
                    let ascii = "a".repeat(len);
                    let good = format!("{}{with}{}", &ascii[..at], &ascii[at..]);
                    assert_eq!(whole_text(good.as_bytes()), Ok(good.as_str()));
                    let mut bytes = ascii.into_bytes();
                    bytes.insert(at, bad);
                    assert_eq!(whole_text(&bytes), Err(ProtocolError::Utf8));
                }
            }
        }
    }

    proptest! {
        // Proves 6455-8.1-1.
        #[test]
        fn section_8_1_agrees_with_the_standard_library_wherever_the_text_is_cut(
            pieces in proptest::collection::vec(
                prop_oneof![
                    any::<String>().prop_map(String::into_bytes),
                    proptest::collection::vec(any::<u8>(), 0..4),
                ],
                0..6,
            ),
            cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let text = pieces.concat();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let mut validator = Utf8Validator::default();
            let accepted = cuts.windows(2).all(|cut| validator.push(&text[cut[0]..cut[1]]).is_ok())
                && validator.finish().is_ok();
            prop_assert_eq!(accepted, std::str::from_utf8(&text).is_ok());
        }
    }
}
