//! Names of people and rooms. One that exists is legal: parse, don't validate.

mod key;
mod room_name;
mod user_name;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use unicode_normalization::UnicodeNormalization;

pub(crate) use key::NameKey;
pub use room_name::RoomName;
pub use user_name::UserName;
pub(crate) use user_name::{ANONYMOUS, SYSTEM};

/// Characters that a name may have after normalization.
const MAX_CHARS: usize = 32;

/// Bytes of raw input that are looked at. Thirty-two characters that shrink on
/// normalization fit many times over; sixty kilobytes of combining marks, which
/// are slow to sort, do not.
const MAX_RAW: usize = 1024;

/// Why a text is not the name of a person or a room. Its text is made for the
/// person who chose the name.
///
/// ```
/// use wirechat::chat::{NameError, UserName};
///
/// assert_eq!(UserName::parse("  "), Err(NameError::Empty));
/// assert_eq!(UserName::parse("system"), Err(NameError::Reserved));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing is left after trimming.
    Empty,
    /// More than 32 characters.
    TooLong,
    /// A character that cannot be seen, or that changes how others are shown,
    /// or that a name of this kind does not have.
    Character(char),
    /// It begins with a mark that would sit on whatever stands before the name.
    LeadingMark,
    /// It reads like one of the server's own names.
    Reserved,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameError::Empty => f.write_str("a name needs at least one character"),
            NameError::TooLong => write!(f, "a name has at most {MAX_CHARS} characters"),
            NameError::Character(c) => {
                write!(f, "the character U+{:04X} cannot be in this name", *c as u32)
            }
            NameError::LeadingMark => f.write_str("a name cannot begin with a combining mark"),
            NameError::Reserved => f.write_str("this name is reserved"),
        }
    }
}

impl Error for NameError {}

/// Normalizes a name (NFKC, trimmed) and checks what all names have in common.
fn normalize(raw: &str) -> Result<Cow<'_, str>, NameError> {
    let raw = raw.trim();
    if raw.len() > MAX_RAW {
        return Err(NameError::TooLong);
    }
    // ASCII is its own normal form, and most names are ASCII.
    let name: Cow<'_, str> = match raw.is_ascii() {
        true => raw.into(),
        false => raw.nfkc().collect::<String>().trim().to_owned().into(),
    };
    if let Some(forbidden) = name.chars().find(|&c| !is_visible(c)) {
        return Err(NameError::Character(forbidden));
    }
    match name.chars().next() {
        None => Err(NameError::Empty),
        Some(first) if unicode_normalization::char::is_combining_mark(first) => {
            Err(NameError::LeadingMark)
        }
        Some(_) if name.chars().count() > MAX_CHARS => Err(NameError::TooLong),
        Some(_) => Ok(name),
    }
}

/// Whether a reader sees this character, and sees others as they are.
fn is_visible(c: char) -> bool {
    let hidden = c.is_control()
        || (c.is_whitespace() && c != ' ')
        || is_default_ignorable(c)
        || matches!(c,
            '\u{FFF9}'..='\u{FFFD}' // interlinear annotation, object and broken character
            | '\u{2800}' // a Braille cell without dots
            | '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}' // private use
        );
    !hidden && unicode_normalization::char::is_public_assigned(c)
}

/// Unicode's property `Default_Ignorable_Code_Point`: zero-width and
/// bidirectional controls, fillers, variation selectors, tags.
fn is_default_ignorable(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}'
        | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}
