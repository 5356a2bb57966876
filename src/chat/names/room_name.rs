//! What a room is called.

use std::fmt;
use std::sync::Arc;

use super::{MAX_CHARS, NameError, normalize};

/// The name of a room: 1 to 32 letters, digits, `-`, `_` or `.` of any script,
/// after NFKC and trimming, in small letters, so that `Lobby` and `lobby` are
/// one room.
///
/// ```
/// use wirechat::chat::RoomName;
///
/// assert_eq!(RoomName::parse("Rust-Users").unwrap().as_str(), "rust-users");
/// assert_eq!(RoomName::lobby().as_str(), "lobby");
/// assert!(RoomName::parse("no spaces").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RoomName(Arc<str>);

impl RoomName {
    /// The room that one enters without naming any.
    #[must_use]
    pub fn lobby() -> RoomName {
        RoomName("lobby".into())
    }

    /// The name that this text is.
    ///
    /// # Errors
    /// [`NameError`] if it is none.
    pub fn parse(raw: &str) -> Result<RoomName, NameError> {
        let name = normalize(raw)?.to_lowercase();
        if name.chars().count() > MAX_CHARS {
            return Err(NameError::TooLong); // A few capitals have small letters of two characters.
        }
        if let Some(forbidden) = name.chars().find(|&c| !is_allowed(c)) {
            return Err(NameError::Character(forbidden));
        }
        Ok(RoomName(name.into()))
    }

    /// The name as people see it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoomName({:?})", &*self.0)
    }
}

fn is_allowed(c: char) -> bool {
    let letter = c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c);
    letter || matches!(c, '-' | '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_digits_and_three_signs_of_any_script_name_a_room() {
        for name in ["a", "rust-users", "v1.2_x", "привет", "名前", "नमस्ते", &"x".repeat(32)]
        {
            assert_eq!(RoomName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn case_and_width_do_not_make_another_room() {
        for raw in ["lobby", "Lobby", " LOBBY ", "Ｌｏｂｂｙ", "𝕷𝖔𝖇𝖇𝖞"] {
            assert_eq!(RoomName::parse(raw), Ok(RoomName::lobby()), "{raw:?}");
        }
    }

    #[test]
    fn what_could_hide_or_be_mistaken_for_structure_is_refused() {
        for raw in [
            "a b",
            "a/b",
            "a\"b",
            "a*",
            "a>b",
            "#a",
            "a\nb",
            "a\0",
            "a\u{200b}b",
            "a\u{202e}",
            "a\u{3164}",
            "a\u{34f}b",
            "a\u{fe0f}",
            "a\u{e0101}",
            "🦀",
            "a\u{e000}",
        ] {
            assert!(matches!(RoomName::parse(raw), Err(NameError::Character(_))), "{raw:?}");
        }
        assert_eq!(RoomName::parse(""), Err(NameError::Empty));
        assert_eq!(RoomName::parse("\u{301}a"), Err(NameError::LeadingMark));
        assert_eq!(RoomName::parse(&"x".repeat(33)), Err(NameError::TooLong));
        assert_eq!(RoomName::parse(&"x".repeat(60_000)), Err(NameError::TooLong));
    }
}
