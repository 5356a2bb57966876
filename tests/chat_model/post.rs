//! Private messages as the model has them: all of them, and who got which.

use std::collections::HashSet;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::client::Dialect;
use crate::model::key;

/// Something that one person said to another.
#[derive(Debug)]
pub(crate) struct Letter {
    /// Its number among all of them.
    pub(crate) number: u64,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) content: String,
    pub(crate) at: i64,
}

impl Letter {
    fn concerns(&self, name: &str) -> bool {
        key(&self.from) == key(name) || key(&self.to) == key(name)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Post {
    letters: Vec<Rc<Letter>>,
    /// By number and name: those that were handed to somebody of that name.
    handed: HashSet<(u64, String)>,
    /// The names of those who were here and left.
    known: HashSet<String>,
    /// What the ids of all of them begin with, as soon as anybody has seen one.
    epoch: Option<String>,
}

impl Post {
    pub(crate) fn write(&mut self, from: &str, to: &str, content: &str, at: i64) -> Rc<Letter> {
        let number = self.letters.len() as u64 + 1;
        let (from, to, content) = (from.to_owned(), to.to_owned(), content.to_owned());
        let letter = Rc::new(Letter { number, from, to, content, at });
        self.letters.push(Rc::clone(&letter));
        letter
    }

    /// The last one of this name has left.
    pub(crate) fn remember(&mut self, name: &str) {
        self.known.insert(key(name));
    }

    /// Whether what is said to this name waits for whoever has it next.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.known.contains(&key(name)) || self.letters.iter().any(|letter| letter.concerns(name))
    }

    /// The number of the last one that was handed to somebody of this name.
    fn last_handed(&self, name: &str) -> u64 {
        let of_name = self.handed.iter().filter(|(_, other)| *other == key(name));
        of_name.map(|(number, _)| *number).max().unwrap_or(0)
    }

    /// The id behind which somebody of this name gets all that they have not seen.
    pub(crate) fn check_begin(&mut self, name: &str, behind: Option<u64>, id: &str) {
        let concerned = self.letters.iter().any(|letter| letter.concerns(name));
        let begin = behind.filter(|_| concerned).unwrap_or_else(|| self.last_handed(name));
        assert_eq!(self.number(id), begin);
    }

    pub(crate) fn hand(&mut self, letter: &Letter, name: &str) {
        self.handed.insert((letter.number, key(name)));
    }

    /// What somebody of this name gets who comes: what nobody of the name ever got, or
    /// everything behind a certain one.
    pub(crate) fn collect(&mut self, name: &str, after: Option<u64>) -> Vec<Rc<Letter>> {
        let is_due = |letter: &&Rc<Letter>| match after {
            Some(after) => letter.number > after,
            None => !self.handed.contains(&(letter.number, key(name))),
        };
        let concerned = self.letters.iter().filter(|letter| letter.concerns(name));
        let due: Vec<Rc<Letter>> = concerned.filter(is_due).cloned().collect();
        for letter in self.letters.iter().filter(|letter| letter.concerns(name)) {
            self.handed.insert((letter.number, key(name)));
        }
        due
    }

    /// The number in an id.
    pub(crate) fn number(&mut self, id: &str) -> u64 {
        let (epoch, number) = id.split_once('-').expect("an epoch and a number");
        assert_eq!(self.epoch.get_or_insert_with(|| epoch.to_owned()), epoch);
        number.parse().expect("a number")
    }

    /// The number behind which a client wants to hear: that of this id, if it is ours.
    pub(crate) fn behind(&self, id: &str) -> u64 {
        let number = id.split_once('-').filter(|(epoch, _)| self.epoch.as_deref() == Some(epoch));
        number.map_or(0, |(_, number)| number.parse().expect("a number"))
    }

    /// The object is this letter, as a client of this dialect gets it.
    pub(crate) fn check(&mut self, letter: &Letter, object: &Value, dialect: Dialect) {
        if dialect == Dialect::Plain {
            let expected = json!({
                "type": "message", "username": format!("{} (private)", letter.from),
                "content": letter.content, "timestamp": letter.at,
            });
            assert_eq!(*object, expected);
            return;
        }
        let id = object["id"].as_str().expect("an id");
        assert_eq!(self.number(id), letter.number);
        let expected = json!({
            "type": "private", "username": letter.from, "content": letter.content,
            "timestamp": letter.at, "from": letter.from, "to": letter.to, "id": id,
        });
        assert_eq!(*object, expected);
    }
}
