//! What a person is called.

use std::fmt;
use std::sync::Arc;

use super::{MAX_CHARS, NameError, NameKey, normalize};

/// What the server calls itself.
pub(crate) const SYSTEM: &str = "System";
/// What the server calls a connection that has not joined.
pub(crate) const ANONYMOUS: &str = "Anonymous";

const RESERVED: [&str; 4] = [SYSTEM, ANONYMOUS, "Server", "Admin"];

/// The name of a person: 1 to 32 characters after NFKC and trimming, all of
/// which can be seen, and not one that the server uses for itself.
///
/// Cloning is cheap. Equality is that of the characters; whether two names may
/// be in use together is a stricter question, which the directory asks.
///
/// ```
/// use wirechat::chat::UserName;
///
/// assert_eq!(UserName::parse(" Zoë ").unwrap().as_str(), "Zoë");
/// assert!(UserName::parse("Sуstem").is_err()); // with a Cyrillic у
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UserName(Arc<str>);

impl UserName {
    /// The name that this text is.
    ///
    /// # Errors
    /// [`NameError`] if it is none: too short, too long, with control,
    /// bidirectional, zero-width or other characters that nobody sees, or
    /// equal to `System`, `Server`, `Anonymous` or `Admin` after case folding
    /// or to the eye (UTS #39).
    pub fn parse(raw: &str) -> Result<UserName, NameError> {
        let name = normalize(raw)?;
        let key = NameKey::of(&name);
        if RESERVED.iter().any(|reserved| key.collides(&NameKey::of(reserved))) {
            return Err(NameError::Reserved);
        }
        Ok(UserName((*name).into()))
    }

    /// The name as people see it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn key(&self) -> NameKey {
        NameKey::of(&self.0)
    }

    /// The name without regard to case, under which things are kept for its owner.
    pub(crate) fn letters(&self) -> Box<str> {
        NameKey::letters_of(&self.0)
    }

    /// `Alice-2` for `Alice`, shortened where 32 characters are not enough.
    pub(crate) fn numbered(&self, number: u32) -> UserName {
        let suffix = format!("-{number}");
        let base: String = self.0.chars().take(MAX_CHARS - suffix.len()).collect();
        UserName((base.trim_end().to_owned() + &suffix).into())
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserName({:?})", &*self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_many_people_are_kept_as_they_wrote_them() {
        for name in ["Alice", "Zoë", "名前", "Σωκράτης", "محمد", "O'Neil", "a b", "🦀", "x", "नमस्ते"]
        {
            assert_eq!(UserName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn compatible_forms_become_one_and_the_ends_are_trimmed() {
        for (raw, name) in [
            ("  Bob\t", "Bob"),
            ("Ｂｏｂ", "Bob"),
            ("e\u{301}", "é"),
            ("\u{3000}Bob\u{a0}", "Bob"),
            ("ﬁn", "fin"),
            ("a\u{a0}b", "a b"),
        ] {
            assert_eq!(UserName::parse(raw).unwrap().as_str(), name, "{raw:?}");
        }
    }

    #[test]
    fn a_name_has_1_to_32_characters_whatever_their_bytes() {
        for empty in ["", " ", "\u{a0}\u{3000}\t"] {
            assert_eq!(UserName::parse(empty), Err(NameError::Empty), "{empty:?}");
        }
        for c in ["a", "é", "名", "🦀"] {
            assert!(UserName::parse(&c.repeat(32)).is_ok());
            assert_eq!(UserName::parse(&c.repeat(33)), Err(NameError::TooLong));
        }
        // Short before normalization, long after it; and the other way round.
        assert_eq!(UserName::parse(&"\u{FDFA}".repeat(2)), Err(NameError::TooLong));
        assert!(UserName::parse(&"\u{1112}\u{1161}\u{11ab}".repeat(32)).is_ok());
        assert_eq!(UserName::parse(&"\u{301}".repeat(30_000)), Err(NameError::TooLong));
    }

    #[test]
    fn what_cannot_be_seen_is_no_part_of_a_name() {
        for c in [
            '\0',
            '\u{7}',
            '\u{1b}',
            '\n',
            '\r',
            '\u{7f}',
            '\u{85}',
            '\u{9b}', // control
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{2060}',
            '\u{feff}',
            '\u{ad}', // zero-width
            '\u{200e}',
            '\u{200f}',
            '\u{61c}',
            '\u{202e}',
            '\u{2066}',
            '\u{2069}', // bidi
            '\u{2028}',
            '\u{2029}',
            '\u{1680}', // other white space
            '\u{fe0f}',
            '\u{e0041}',
            '\u{3164}',
            '\u{115f}',
            '\u{2800}',
            '\u{fffd}',
            '\u{fffc}',
            '\u{e000}',
            '\u{f0000}',
            '\u{378}',
            '\u{fdd0}',
            '\u{ffff}',
            '\u{10ffff}',
        ] {
            let name = UserName::parse(&format!("a{c}b"));
            assert!(matches!(name, Err(NameError::Character(_))), "{c:?} gave {name:?}");
        }
    }

    #[test]
    fn a_mark_cannot_come_first() {
        assert_eq!(UserName::parse("\u{301}bob"), Err(NameError::LeadingMark));
        assert_eq!(UserName::parse(" \u{20dd}bob"), Err(NameError::LeadingMark));
    }

    #[test]
    fn reserved_names_are_refused_in_any_case_and_disguise() {
        for name in [
            "System",
            "SYSTEM",
            "system",
            " system ",
            "Ｓystem",
            "Ѕуѕtеm",
            "SΥSΤΕΜ",
            "Server",
            "sErVeR",
            "Anonymous",
            "аnonymous",
            "An0nymous",
            "Admin",
            "ADMΙN",
            "admın",
            "Adrnin",
            "𝐀𝐝𝐦𝐢𝐧",
        ] {
            assert_eq!(UserName::parse(name), Err(NameError::Reserved), "{name:?}");
        }
        for name in ["Systems", "Admin-2", "Adam", "Serve"] {
            assert!(UserName::parse(name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn a_numbered_name_is_a_name_and_short_enough() {
        for name in ["Alice", &"名".repeat(32), &format!("{} b", "a".repeat(29))] {
            for number in [2, 10, u32::MAX] {
                let numbered = UserName::parse(name).unwrap().numbered(number);
                assert_eq!(UserName::parse(numbered.as_str()).as_ref(), Ok(&numbered));
            }
        }
        assert_eq!(UserName::parse("Alice").unwrap().numbered(2).as_str(), "Alice-2");
    }
}
