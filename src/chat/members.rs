//! Who is in a room, by number: the connections, and the people that they are.

use std::sync::Arc;

use slab::Slab;

use super::mailbox::Mailbox;
use super::names::UserName;
use super::person::Person;

/// A connection's place in a room, as long as it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemberId(u32);

/// A person's place in a room, as long as one of their connections is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PersonId(u32);

/// Tables whose free places are used again, so that their numbers stay as small as
/// the room's largest crowd was. A connection that has not joined is
/// a member, but nobody.
#[derive(Debug, Default)]
pub(crate) struct Members {
    connections: Slab<Arc<Mailbox>>,
    people: Slab<Arc<Person>>,
}

impl Members {
    pub(crate) fn insert(&mut self, mailbox: Arc<Mailbox>) -> MemberId {
        MemberId(self.connections.insert(mailbox) as u32)
    }

    pub(crate) fn remove(&mut self, id: MemberId) {
        self.connections.try_remove(id.0 as usize);
        if self.is_empty() {
            // The memory of a crowd that has gone.
            *self = Members::default();
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    pub(crate) fn admit(&mut self, person: &Arc<Person>) -> PersonId {
        PersonId(self.people.insert(Arc::clone(person)) as u32)
    }

    pub(crate) fn dismiss(&mut self, id: PersonId) {
        self.people.try_remove(id.0 as usize);
    }

    /// Rings at everybody but `except`, who knows already.
    pub(crate) fn wake(&self, except: Option<MemberId>) {
        for (place, mailbox) in &self.connections {
            if except != Some(MemberId(place as u32)) {
                mailbox.wake();
            }
        }
    }

    /// How many people have joined.
    pub(crate) fn count(&self) -> usize {
        self.people.len()
    }

    /// Who they are.
    pub(crate) fn users(&self) -> impl Iterator<Item = UserName> {
        self.people.iter().map(|(_, person)| person.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailbox() -> Arc<Mailbox> {
        Arc::new(Mailbox::new(Arc::new(())))
    }

    fn person(name: &str) -> Arc<Person> {
        Person::new(UserName::parse(name).unwrap(), None)
    }

    fn users(members: &Members) -> Vec<String> {
        members.users().map(|user| user.to_string()).collect()
    }

    #[test]
    fn places_are_used_again_and_their_owners_stay_apart() {
        let mut members = Members::default();
        let alice = members.admit(&person("Alice"));
        members.admit(&person("Bob"));
        members.dismiss(alice);
        assert_eq!(members.admit(&person("Carol")), alice);
        assert_eq!(users(&members), ["Carol", "Bob"]);
        assert_eq!(members.count(), 2);
    }

    #[test]
    fn a_room_is_empty_without_connections_and_those_who_have_not_joined_are_nobody() {
        let mut members = Members::default();
        assert!(members.is_empty());
        let [one, other] = [mailbox(), mailbox()].map(|mailbox| members.insert(mailbox));
        assert_eq!(members.count(), 0);
        members.remove(one);
        assert!(!members.is_empty());
        members.remove(other);
        assert!(members.is_empty());
    }

    #[test]
    fn everybody_is_woken_except_the_one_who_knows() {
        let mut members = Members::default();
        let mailboxes = [mailbox(), mailbox()];
        let [alice, bob] = mailboxes.clone().map(|mailbox| members.insert(mailbox));
        let rung = || mailboxes.each_ref().map(|mailbox| mailbox.take());
        assert_eq!(rung(), [true, true]); // new mailboxes are rung
        members.wake(Some(alice));
        assert_eq!(rung(), [false, true]);
        members.wake(Some(bob));
        assert_eq!(rung(), [true, false]);
        members.wake(None);
        assert_eq!(rung(), [true, true]);
    }
}
