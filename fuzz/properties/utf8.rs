//! Text that may be any bytes and comes in pieces.

use wirechat::proto::Utf8Validator;

use super::pieces::pieces;

/// What the validator says of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It is UTF-8.
    Whole,
    /// It is right as far as it goes, and ends inside a character.
    Unfinished,
    /// No text begins like this.
    Wrong,
}

/// Any bytes, cut anywhere: nothing panics, and after each piece the validator
/// says what the standard library says of all the bytes so far. Returns the
/// last verdict.
///
/// # Panics
/// If one of these does not hold.
pub fn check(data: &[u8]) -> Verdict {
    let (pieces, text) = pieces(data);
    let mut validator = Utf8Validator::default();
    let mut end = 0;
    for piece in pieces {
        end += piece.len();
        let verdict = match validator.push(piece).map(|()| validator.finish()) {
            Ok(Ok(())) => Verdict::Whole,
            Ok(Err(_)) => Verdict::Unfinished,
            Err(_) => Verdict::Wrong,
        };
        assert_eq!(verdict, expected(&text[..end]), "after {end} bytes");
        if verdict == Verdict::Wrong {
            break; // of no further use, it says
        }
    }
    expected(&text[..end])
}

fn expected(text: &[u8]) -> Verdict {
    match str::from_utf8(text) {
        Ok(_) => Verdict::Whole,
        Err(error) if error.error_len().is_none() => Verdict::Unfinished,
        Err(_) => Verdict::Wrong,
    }
}
