//! Which private messages have been handed out.

use std::collections::VecDeque;

/// What is remembered: more than the 100 that a server keeps for one person.
const MAX_SEEN: usize = 256;

/// Bytes of the longest identity that is remembered.
const MAX_ID: usize = 128;

/// The identities of the newest private messages, over all connections.
#[derive(Debug, Default)]
pub(super) struct Privates(VecDeque<String>);

impl Privates {
    /// As if the one with this identity had been handed out.
    pub(super) fn after(id: Option<String>) -> Privates {
        Privates(id.into_iter().collect())
    }

    /// The server names the last one from before; only the first time is it news.
    pub(super) fn begin_after(&mut self, id: &str) {
        if self.0.is_empty() {
            self.is_new(Some(id));
        }
    }

    /// The last one that was handed out.
    pub(super) fn last(&self) -> Option<&str> {
        self.0.back().map(String::as_str)
    }

    /// Whether a message is to be handed out, since it was not before. One
    /// without an identity cannot be told from others.
    pub(super) fn is_new(&mut self, id: Option<&str>) -> bool {
        let Some(id) = id.filter(|id| id.len() <= MAX_ID) else { return true };
        if self.0.iter().any(|seen| seen == id) {
            return false;
        }
        if self.0.len() == MAX_SEEN {
            self.0.pop_front();
        }
        self.0.push_back(id.to_owned());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_handed_out_once_and_the_last_is_where_to_go_on() {
        let mut privates = Privates::after(Some("e-1".to_owned()));
        assert_eq!(privates.last(), Some("e-1"));
        assert!(!privates.is_new(Some("e-1")));
        assert!(privates.is_new(Some("e-2")));
        assert!(!privates.is_new(Some("e-2")));
        assert_eq!(privates.last(), Some("e-2"));
        assert!(privates.is_new(None) && privates.is_new(None));
    }

    #[test]
    fn until_there_is_one_the_server_names_the_place_to_go_on() {
        let mut privates = Privates::default();
        privates.begin_after("e-0");
        assert_eq!(privates.last(), Some("e-0"));
        assert!(privates.is_new(Some("e-1")));
        privates.begin_after("e-7");
        assert_eq!(privates.last(), Some("e-1"));
    }

    #[test]
    fn only_so_many_are_remembered() {
        let mut privates = Privates::default();
        for n in 0..2 * MAX_SEEN {
            assert!(privates.is_new(Some(&n.to_string())));
        }
        assert!(privates.is_new(Some(&"x".repeat(MAX_ID + 1))));
        assert_eq!(privates.0.len(), MAX_SEEN);
    }
}
