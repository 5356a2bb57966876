//! The names in use, and whose they are.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use super::names::UserName;
use super::person::Person;

/// The names in use on this server, so that no two people are, or look, the same.
#[derive(Debug, Default)]
pub(crate) struct NamesInUse {
    letters: HashMap<u64, Arc<Person>>,
    looks: HashSet<u64>,
    secret: RandomState,
}

/// What stands for a name in these tables and takes a fraction of its memory:
/// digests of its letters and of its looks. They depend on a secret of the tables,
/// so nobody can look for two names that share one; by chance two in 2^64 do, and
/// then the second is called taken.
struct Digests {
    letters: u64,
    looks: u64,
}

/// The name is in use, or looks like one that is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// A name like it that is free at this moment.
    pub(crate) suggestion: UserName,
}

impl NamesInUse {
    /// Whoever has this name, in any case.
    pub(crate) fn find(&self, name: &UserName) -> Option<Arc<Person>> {
        let letters = name.letters();
        let person = self.letters.get(&self.secret.hash_one(&*letters))?;
        (person.name().letters() == letters).then(|| Arc::clone(person))
    }

    /// Gives `name` to a person, in place of `held`, the name that they have until
    /// now. On refusal they keep that.
    pub(crate) fn claim(
        &mut self,
        person: &Arc<Person>,
        name: &UserName,
        held: Option<&UserName>,
    ) -> Result<(), Taken> {
        // A person's own name is no obstacle: `alice` may become `Alice`.
        held.inspect(|held| self.release(held));
        if self.is_free(name) {
            self.insert(name, person);
            return Ok(());
        }
        let suggestion = self.free_number(name);
        held.inspect(|held| self.insert(held, person));
        Err(Taken { suggestion })
    }

    /// Like [`claim`](NamesInUse::claim), but gives the suggestion where the name
    /// is taken. Returns the name that is now in use.
    pub(crate) fn claim_numbered(
        &mut self,
        person: &Arc<Person>,
        name: &UserName,
        held: Option<&UserName>,
    ) -> UserName {
        match self.claim(person, name, held) {
            Ok(()) => name.clone(),
            Err(Taken { suggestion }) => {
                held.inspect(|held| self.release(held));
                self.insert(&suggestion, person);
                suggestion
            }
        }
    }

    /// The name is free again.
    pub(crate) fn release(&mut self, name: &UserName) {
        let Digests { letters, looks } = self.digests(name);
        self.letters.remove(&letters);
        self.looks.remove(&looks);
    }

    fn insert(&mut self, name: &UserName, person: &Arc<Person>) {
        let Digests { letters, looks } = self.digests(name);
        self.letters.insert(letters, Arc::clone(person));
        self.looks.insert(looks);
    }

    fn is_free(&self, name: &UserName) -> bool {
        let Digests { letters, looks } = self.digests(name);
        !self.letters.contains_key(&letters) && !self.looks.contains(&looks)
    }

    fn digests(&self, name: &UserName) -> Digests {
        let key = name.key();
        let digest = |text: &str| self.secret.hash_one(text);
        Digests { letters: digest(&key.letters), looks: digest(&key.looks) }
    }

    /// A number that makes `name` free: 2 if that will do. Ten thousand people
    /// called `bot` must not cost ten thousand tries each, so the search
    /// doubles until a number is free and then halves towards a taken one.
    fn free_number(&self, name: &UserName) -> UserName {
        let is_free = |number| self.is_free(&name.numbered(number));
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

    fn somebody() -> Arc<Person> {
        Person::new(name("Somebody"), None)
    }

    fn taken(suggestion: &str) -> Result<(), Taken> {
        Err(Taken { suggestion: name(suggestion) })
    }

    #[test]
    fn a_name_is_taken_in_every_case_and_disguise_until_it_is_released() {
        let mut names = NamesInUse::default();
        let ann = somebody();
        assert_eq!(names.claim(&ann, &name("Alice"), None), Ok(()));
        for other in ["Alice", "ALICE", "AIice", "Аlice"] {
            assert!(names.claim(&ann, &name(other), None).is_err(), "{other}");
        }
        assert_eq!(names.claim(&ann, &name("Bob"), None), Ok(()));
        names.release(&name("Alice"));
        assert_eq!(names.claim(&ann, &name("alice"), None), Ok(()));
    }

    #[test]
    fn a_rename_frees_the_old_name_and_a_refused_one_keeps_it() {
        let mut names = NamesInUse::default();
        let ann = somebody();
        names.claim(&ann, &name("Alice"), None).unwrap();
        names.claim(&ann, &name("Bob"), None).unwrap();
        assert_eq!(names.claim(&ann, &name("bob"), Some(&name("Alice"))), taken("bob-2"));
        assert_eq!(names.claim(&ann, &name("Alice"), None), taken("Alice-2"));
        assert_eq!(names.claim(&ann, &name("ALICE"), Some(&name("Alice"))), Ok(()));
        assert_eq!(names.claim(&ann, &name("Carol"), Some(&name("ALICE"))), Ok(()));
        assert_eq!(names.claim(&ann, &name("Alice"), None), Ok(()));
    }

    #[test]
    fn numbers_rise_from_2_and_gaps_are_filled() {
        let mut names = NamesInUse::default();
        let ann = somebody();
        let numbered: Vec<UserName> =
            (0..40).map(|_| names.claim_numbered(&ann, &name("bot"), None)).collect();
        assert_eq!(numbered[0], name("bot"));
        for (i, numbered) in numbered.iter().enumerate().skip(1) {
            assert_eq!(numbered.as_str(), format!("bot-{}", i + 1));
        }
        names.release(&name("bot-2"));
        assert_eq!(names.claim_numbered(&ann, &name("bot"), None), name("bot-2"));
    }

    #[test]
    fn whoever_asks_for_the_taken_name_again_keeps_their_number() {
        let mut names = NamesInUse::default();
        let ann = somebody();
        names.claim(&ann, &name("Alice"), None).unwrap();
        let second = names.claim_numbered(&ann, &name("Alice"), None);
        assert_eq!(second, name("Alice-2"));
        assert_eq!(names.claim_numbered(&ann, &name("Alice"), Some(&second)), second);
    }
}
