//! The people on this server, here or away for a while.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::mailbox::Mailbox;
use super::names::UserName;
use super::names_in_use::{NamesInUse, Taken};
use super::person::Person;
use super::time::Timestamp;
use super::token::{Token, Tokens};

/// Milliseconds for which somebody who has gone can come back as the same person.
const MEMORY: i64 = 5 * 60 * 1000;

/// People who have gone and can come back.
const MOST_AWAY: usize = 10_000;

/// Who is here, and who was here a moment ago.
#[derive(Debug)]
pub(crate) struct Directory {
    names: NamesInUse,
    /// Those with a token, here or away.
    by_token: HashSet<ByToken>,
    /// When those who are away went.
    left: HashMap<Token, Timestamp>,
    /// Who went and when, the longest ago first. Some may be here again.
    away: VecDeque<(Timestamp, Token)>,
    tokens: Tokens,
}

/// A person, to be found by their token.
#[derive(Debug)]
struct ByToken(Arc<Person>);

impl Borrow<Option<Token>> for ByToken {
    fn borrow(&self) -> &Option<Token> {
        self.0.token()
    }
}

impl Hash for ByToken {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.token().hash(state);
    }
}

impl PartialEq for ByToken {
    fn eq(&self, other: &ByToken) -> bool {
        self.0.token() == other.0.token()
    }
}

impl Eq for ByToken {}

/// What a client can do about a name that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It can ask for another one. It may have shown the token that it was given.
    Asked { shown: Option<Token> },
    /// It cannot be asked: it gets a number behind its name, and no token.
    Numbered,
}

impl Directory {
    pub(crate) fn new(tokens: Tokens) -> Directory {
        Directory {
            names: NamesInUse::default(),
            by_token: HashSet::new(),
            left: HashMap::new(),
            away: VecDeque::new(),
            tokens,
        }
    }

    /// Whoever is here under this name, in any case.
    pub(crate) fn find(&self, name: &UserName) -> Option<Arc<Person>> {
        self.names.find(name)
    }

    /// A connection joins: as the person whose token it shows, or as a new one.
    /// With it comes the name that the person had until now, if they are here with
    /// other connections already.
    ///
    /// # Errors
    /// [`Taken`] if the name is another person's. Nothing has happened then.
    pub(crate) fn join(
        &mut self,
        wanted: &UserName,
        manner: Manner,
        mailbox: &Arc<Mailbox>,
    ) -> Result<(Arc<Person>, Option<UserName>), Taken> {
        let person = self.recognise(wanted, manner);
        let held = person.is_here().then(|| person.name());
        self.name(&person, wanted, held.as_ref(), manner)?;
        if let Some(token) = person.token() {
            self.left.remove(token);
            self.by_token.insert(ByToken(Arc::clone(&person)));
        }
        person.attach(mailbox);
        Ok((person, held))
    }

    /// A person who is here takes another name.
    ///
    /// # Errors
    /// [`Taken`] if it is another person's. Nothing has happened then.
    pub(crate) fn rename(
        &mut self,
        person: &Arc<Person>,
        wanted: &UserName,
        manner: Manner,
    ) -> Result<(), Taken> {
        self.name(person, wanted, Some(&person.name()), manner)
    }

    /// A connection leaves. Whether it was the person's last: then the name is free
    /// again, and the token good for a while.
    pub(crate) fn leave(
        &mut self,
        person: &Arc<Person>,
        mailbox: &Arc<Mailbox>,
        now: Timestamp,
    ) -> bool {
        if !person.detach(mailbox) {
            return false;
        }
        self.names.release(&person.name());
        if let Some(token) = *person.token() {
            self.left.insert(token, now);
            self.away.push_back((now, token));
        }
        if self.away.len() > MOST_AWAY {
            self.forget_one();
        }
        true
    }

    /// Forgets those who have been away for long enough.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        while self.away.front().is_some_and(|(left, _)| left.plus_millis(MEMORY) <= now) {
            self.forget_one();
        }
    }

    /// Forgets the one who has been away for the longest time, unless they have
    /// been here again.
    fn forget_one(&mut self) {
        let Some((left, token)) = self.away.pop_front() else { return };
        if self.left.get(&token) == Some(&left) {
            self.left.remove(&token);
            self.by_token.remove(&Some(token));
        }
    }

    /// The person whose token it is, or a new one. A token that is not known is
    /// theirs from now on: a server that was restarted has forgotten it.
    fn recognise(&mut self, wanted: &UserName, manner: Manner) -> Arc<Person> {
        let token = match manner {
            Manner::Asked { shown } => Some(shown.unwrap_or_else(|| self.tokens.next())),
            Manner::Numbered => None,
        };
        match self.by_token.get(&token) {
            Some(ByToken(person)) => Arc::clone(person),
            None => Person::new(wanted.clone(), token),
        }
    }

    fn name(
        &mut self,
        person: &Arc<Person>,
        wanted: &UserName,
        held: Option<&UserName>,
        manner: Manner,
    ) -> Result<(), Taken> {
        if held == Some(wanted) {
            return Ok(());
        }
        let name = match manner {
            Manner::Asked { .. } => {
                self.names.claim(person, wanted, held).map(|()| wanted.clone())?
            }
            Manner::Numbered => self.names.claim_numbered(person, wanted, held),
        };
        person.set_name(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> Directory {
        Directory::new(Tokens::new([7; 32]))
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + millis)
    }

    fn name(text: &str) -> UserName {
        UserName::parse(text).unwrap()
    }

    /// A connection that joins and shows the token of a person.
    fn join(
        directory: &mut Directory,
        wanted: &str,
        as_whom: Option<&Arc<Person>>,
    ) -> Result<(Arc<Person>, Arc<Mailbox>), Taken> {
        let mailbox = Arc::new(Mailbox::new(Arc::new(())));
        let manner = Manner::Asked { shown: as_whom.and_then(|person| *person.token()) };
        let (person, _) = directory.join(&name(wanted), manner, &mailbox)?;
        Ok((person, mailbox))
    }

    #[test]
    fn whoever_shows_the_token_is_the_same_person_with_one_more_connection() {
        let mut directory = directory();
        let (ann, first) = join(&mut directory, "Ann", None).unwrap();
        assert!(join(&mut directory, "Ann", None).is_err());
        let (again, second) = join(&mut directory, "Ann", Some(&ann)).unwrap();
        assert!(Arc::ptr_eq(&ann, &again));
        assert!(!directory.leave(&ann, &first, at(0)));
        assert!(join(&mut directory, "Ann", None).is_err());
        assert!(directory.leave(&ann, &second, at(0)));
        assert!(join(&mut directory, "Ann", None).is_ok());
    }

    #[test]
    fn a_person_who_has_gone_can_come_back_for_a_while() {
        let mut directory = directory();
        let (ann, mailbox) = join(&mut directory, "Ann", None).unwrap();
        directory.leave(&ann, &mailbox, at(0));
        let (again, mailbox) = join(&mut directory, "Anna", Some(&ann)).unwrap();
        assert!(Arc::ptr_eq(&ann, &again) && ann.name() == name("Anna"));
        directory.leave(&ann, &mailbox, at(1));
        directory.expire(at(MEMORY)); // counted from when she left last
        let (again, mailbox) = join(&mut directory, "Ann", Some(&ann)).unwrap();
        assert!(Arc::ptr_eq(&again, &ann));
        directory.expire(at(10 * MEMORY)); // she is here
        directory.leave(&ann, &mailbox, at(10 * MEMORY));
        directory.expire(at(11 * MEMORY));
        assert!(
            directory.by_token.is_empty() && directory.left.is_empty() && directory.away.is_empty()
        );
        let (other, _) = join(&mut directory, "Ann", Some(&ann)).unwrap();
        assert!(!Arc::ptr_eq(&ann, &other), "she was forgotten");
        assert_eq!(other.token(), ann.token());
    }

    #[test]
    fn a_refused_name_leaves_nothing_behind() {
        let mut directory = directory();
        let (ann, _) = join(&mut directory, "Ann", None).unwrap();
        let (bob, _) = join(&mut directory, "Bob", None).unwrap();
        assert!(join(&mut directory, "Bob", None).is_err());
        assert_eq!(directory.by_token.len(), 2);
        assert!(directory.rename(&ann, &name("bob"), Manner::Asked { shown: None }).is_err());
        assert_eq!((ann.name(), bob.name()), (name("Ann"), name("Bob")));
        directory.rename(&ann, &name("Carol"), Manner::Asked { shown: None }).unwrap();
        assert!(Arc::ptr_eq(&directory.find(&name("CAROL")).unwrap(), &ann));
        assert!(directory.find(&name("Ann")).is_none());
    }

    #[test]
    fn plain_clients_get_numbers_and_no_token() {
        let mut directory = directory();
        join(&mut directory, "Ann", None).unwrap();
        let mailbox = Arc::new(Mailbox::new(Arc::new(())));
        let (person, _) = directory.join(&name("Ann"), Manner::Numbered, &mailbox).unwrap();
        assert_eq!((person.name(), person.token()), (name("Ann-2"), &None));
    }

    #[test]
    fn those_who_have_gone_are_kept_up_to_a_bound() {
        let mut directory = directory();
        for n in 0..MOST_AWAY + 10 {
            let (person, mailbox) = join(&mut directory, &format!("user {n}"), None).unwrap();
            directory.leave(&person, &mailbox, at(n as i64));
        }
        assert_eq!((directory.away.len(), directory.by_token.len()), (MOST_AWAY, MOST_AWAY));
    }
}
