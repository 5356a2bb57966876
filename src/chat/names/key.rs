//! When two names are one name.

use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

/// What of a name must not be in use twice.
///
/// It takes two keys, for folding case and folding look-alikes do not commute:
/// Cyrillic `В` looks like Latin `B`, but its small form `в` like nothing Latin.
/// So `ВОВА` and `вова` are found to be one by their letters, and `ВОВА` and
/// `BOBA` by their looks.
#[derive(Clone, Debug)]
pub(crate) struct NameKey {
    /// The name without regard to case.
    pub(crate) letters: Box<str>,
    /// The name as seen from a distance (the skeleton of UTS #39 §4). `I`, `l`
    /// and `1` look alike and `i` is a small `I`, so all of them are one here.
    pub(crate) looks: Box<str>,
}

impl NameKey {
    pub(crate) fn of(name: &str) -> NameKey {
        let once: String = skeleton(name).collect();
        let twice: String = skeleton(&fold_case(&once)).collect();
        let words: Vec<&str> = twice.split_whitespace().collect();
        NameKey {
            letters: NameKey::letters_of(name),
            looks: words.join(" ").replace('i', "l").into(),
        }
    }

    /// The letters alone, which cost much less than the looks.
    pub(crate) fn letters_of(name: &str) -> Box<str> {
        fold_case(name).into()
    }

    /// Whether people or programs could take one name for the other.
    pub(crate) fn collides(&self, other: &NameKey) -> bool {
        self.letters == other.letters || self.looks == other.looks
    }
}

/// Full case folding, by way of capitals: `ß` and `SS`, `ς` and `Σ`, `ı` and
/// `I` meet there, which small letters alone would keep apart.
fn fold_case(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn are_one(a: &str, b: &str) -> bool {
        NameKey::of(a).collides(&NameKey::of(b))
    }

    #[test]
    fn case_and_look_alikes_do_not_make_another_name() {
        for (a, b) in [
            ("Alice", "alice"),
            ("Alice", "ALICE"),
            ("Alice", "AIice"),
            ("Alice", "A1ice"),
            ("Alice", "Аlice"),
            ("Amy", "Arny"),
            ("Bob", "B0b"),
            ("Straße", "STRASSE"),
            ("ΟΔΥΣΣΕΥΣ", "Οδυσσευς"),
            ("ВОВА", "вова"),
            ("ВОВА", "BOBA"),
            ("a b", "a  b"),
        ] {
            assert!(are_one(a, b), "{a} and {b}");
        }
    }

    #[test]
    fn different_people_keep_different_names() {
        for (a, b) in [
            ("Alice", "Alicia"),
            ("Alice", "Alice-2"),
            ("Alice-2", "Alice-3"),
            ("Zoe", "Zoë"),
            ("ab", "a b"),
            ("Bob", "Rob"),
            ("名前", "名"),
        ] {
            assert!(!are_one(a, b), "{a} and {b}");
        }
    }

    #[test]
    fn numbers_stay_apart_so_that_numbered_names_do() {
        let digits: Vec<String> = (0..10).map(|digit| format!("user-{digit}")).collect();
        for (i, a) in digits.iter().enumerate() {
            assert!(digits[i + 1..].iter().all(|b| !are_one(a, b)), "{a}");
        }
    }
}
