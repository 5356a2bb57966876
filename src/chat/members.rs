//! Who is in a room, by number.

use std::sync::Arc;

use slab::Slab;

use super::mailbox::Mailbox;
use super::names::UserName;

/// A connection's place in a room, as long as it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemberId(usize);

/// One connection that is in a room.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) mailbox: Arc<Mailbox>,
    /// Nothing for one that reads without having joined.
    pub(crate) user: Option<UserName>,
}

/// A table whose free places are used again.
#[derive(Debug, Default)]
pub(crate) struct Members(Slab<Member>);

impl Members {
    pub(crate) fn insert(&mut self, member: Member) -> MemberId {
        MemberId(self.0.insert(member))
    }

    pub(crate) fn remove(&mut self, id: MemberId) {
        self.0.try_remove(id.0);
        if self.is_empty() {
            // The memory of a crowd that has gone.
            *self = Members::default();
        }
    }

    pub(crate) fn set_user(&mut self, id: MemberId, user: UserName) {
        if let Some(member) = self.0.get_mut(id.0) {
            member.user = Some(user);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Rings at everybody but `except`, who knows already.
    pub(crate) fn wake(&self, except: Option<MemberId>) {
        for (place, member) in &self.0 {
            if except != Some(MemberId(place)) {
                member.mailbox.wake();
            }
        }
    }

    /// The people who have joined.
    pub(crate) fn users(&self) -> impl Iterator<Item = &UserName> {
        self.0.iter().filter_map(|(_, member)| member.user.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str) -> Member {
        Member { mailbox: Arc::new(Mailbox::new()), user: UserName::parse(name).ok() }
    }

    fn users(members: &Members) -> Vec<&str> {
        members.users().map(UserName::as_str).collect()
    }

    #[test]
    fn places_are_used_again_and_their_owners_stay_apart() {
        let mut members = Members::default();
        let alice = members.insert(member("Alice"));
        let bob = members.insert(member("Bob"));
        members.remove(alice);
        let carol = members.insert(member("Carol"));
        assert_eq!(carol, alice);
        assert_eq!(users(&members), ["Carol", "Bob"]);
        members.set_user(bob, UserName::parse("Bert").unwrap());
        assert_eq!(users(&members), ["Carol", "Bert"]);
        members.remove(carol);
        assert!(!members.is_empty());
        members.remove(bob);
        assert!(members.is_empty());
    }

    #[test]
    fn those_who_have_not_joined_are_members_without_a_name() {
        let mut members = Members::default();
        members.insert(member("")); // no name parses from that
        assert!(users(&members).is_empty());
        assert!(!members.is_empty());
    }

    #[test]
    fn everybody_is_woken_except_the_one_who_knows() {
        let mut members = Members::default();
        let [alice, bob] = ["Alice", "Bob"].map(|name| members.insert(member(name)));
        let rung = |members: &Members| {
            members.0.iter().map(|(_, member)| member.mailbox.take()).collect::<Vec<_>>()
        };
        assert_eq!(rung(&members), [true, true]); // new mailboxes are rung
        members.wake(Some(alice));
        assert_eq!(rung(&members), [false, true]);
        members.wake(Some(bob));
        assert_eq!(rung(&members), [true, false]);
        members.wake(None);
        assert_eq!(rung(&members), [true, true]);
    }
}
