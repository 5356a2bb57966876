//! Who is here: the names in use.

use std::collections::HashSet;

use super::names::{NameKey, UserName};

/// The names in use on this server, so that no two people are, or look, the same.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    letters: HashSet<Box<str>>,
    looks: HashSet<Box<str>>,
}

/// The name is in use, or looks like one that is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// A name like it that is free at this moment.
    pub(crate) suggestion: UserName,
}

impl Directory {
    /// Takes `name` into use, in place of `held`, the name that the same person
    /// has until now. On refusal `held` stays in use.
    pub(crate) fn claim(&mut self, name: &UserName, held: Option<&UserName>) -> Result<(), Taken> {
        // A person's own name is no obstacle: `alice` may become `Alice`.
        held.inspect(|held| self.release(held));
        let key = name.key();
        if self.is_free(&key) {
            self.insert(key);
            return Ok(());
        }
        let suggestion = self.free_number(name);
        held.inspect(|held| self.insert(held.key()));
        Err(Taken { suggestion })
    }

    /// Like [`claim`](Directory::claim), but takes the suggestion where the
    /// name is taken. Returns the name that is now in use.
    pub(crate) fn claim_numbered(&mut self, name: &UserName, held: Option<&UserName>) -> UserName {
        match self.claim(name, held) {
            Ok(()) => name.clone(),
            Err(Taken { suggestion }) => {
                held.inspect(|held| self.release(held));
                self.insert(suggestion.key());
                suggestion
            }
        }
    }

    /// The name is free again.
    pub(crate) fn release(&mut self, name: &UserName) {
        let key = name.key();
        self.letters.remove(&key.letters);
        self.looks.remove(&key.looks);
    }

    fn insert(&mut self, key: NameKey) {
        self.letters.insert(key.letters);
        self.looks.insert(key.looks);
    }

    fn is_free(&self, key: &NameKey) -> bool {
        !self.letters.contains(&key.letters) && !self.looks.contains(&key.looks)
    }

    /// A number that makes `name` free: 2 if that will do. Ten thousand people
    /// called `bot` must not cost ten thousand tries each, so the search
    /// doubles until a number is free and then halves towards a taken one.
    fn free_number(&self, name: &UserName) -> UserName {
        let is_free = |number| self.is_free(&name.numbered(number).key());
        let (mut taken, mut free) = (1, 2);
        while !is_free(free) && free < 1 << 30 {
            (taken, free) = (free, free * 2);
        }
        while free - taken > 1 {
            let middle = taken + (free - taken) / 2;
            if is_free(middle) { free = middle } else { taken = middle }
        }
        name.numbered(free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> UserName {
        UserName::parse(text).unwrap()
    }

    fn taken(suggestion: &str) -> Result<(), Taken> {
        Err(Taken { suggestion: name(suggestion) })
    }

    #[test]
    fn a_name_is_taken_in_every_case_and_disguise_until_it_is_released() {
        let mut directory = Directory::default();
        assert_eq!(directory.claim(&name("Alice"), None), Ok(()));
        for other in ["Alice", "ALICE", "AIice", "Аlice"] {
            assert!(directory.claim(&name(other), None).is_err(), "{other}");
        }
        assert_eq!(directory.claim(&name("Bob"), None), Ok(()));
        directory.release(&name("Alice"));
        assert_eq!(directory.claim(&name("alice"), None), Ok(()));
    }

    #[test]
    fn a_rename_frees_the_old_name_and_a_refused_one_keeps_it() {
        let mut directory = Directory::default();
        directory.claim(&name("Alice"), None).unwrap();
        directory.claim(&name("Bob"), None).unwrap();
        assert_eq!(directory.claim(&name("bob"), Some(&name("Alice"))), taken("bob-2"));
        assert_eq!(directory.claim(&name("Alice"), None), taken("Alice-2"));
        assert_eq!(directory.claim(&name("ALICE"), Some(&name("Alice"))), Ok(()));
        assert_eq!(directory.claim(&name("Carol"), Some(&name("ALICE"))), Ok(()));
        assert_eq!(directory.claim(&name("Alice"), None), Ok(()));
    }

    #[test]
    fn numbers_rise_from_2_and_gaps_are_filled() {
        let mut directory = Directory::default();
        let numbered: Vec<UserName> =
            (0..40).map(|_| directory.claim_numbered(&name("bot"), None)).collect();
        assert_eq!(numbered[0], name("bot"));
        for (i, numbered) in numbered.iter().enumerate().skip(1) {
            assert_eq!(numbered.as_str(), format!("bot-{}", i + 1));
        }
        directory.release(&name("bot-2"));
        assert_eq!(directory.claim_numbered(&name("bot"), None), name("bot-2"));
    }

    #[test]
    fn whoever_asks_for_the_taken_name_again_keeps_their_number() {
        let mut directory = Directory::default();
        directory.claim(&name("Alice"), None).unwrap();
        let second = directory.claim_numbered(&name("Alice"), None);
        assert_eq!(second, name("Alice-2"));
        assert_eq!(directory.claim_numbered(&name("Alice"), Some(&second)), second);
    }
}
