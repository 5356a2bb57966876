//! Every example of `protocol.md` happens as it says. When an object changes,
//! `WRITE_EXAMPLES=1 cargo test every_example` writes them anew, to be read in the diff.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::*;
use crate::chat::{NewMessage, Room};

const PROTOCOL: &str = include_str!("../../protocol.md");

/// Before the first line of an example.
const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// An example: who is there, and what time it is.
struct Stage {
    chat: Arc<Chat>,
    people: Vec<(String, Client)>,
    now: Timestamp,
    script: String,
}

/// An engine whose disk is broken.
struct Broken;

impl Engine for Broken {
    fn append(&self, _: &Room, _: &NewMessage<'_>) -> Result<Stored, Unavailable> {
        Err(Unavailable)
    }
}

impl Stage {
    fn new() -> Stage {
        let chat = chat_with(Limits::default());
        Stage { chat, people: Vec::new(), now: START, script: String::new() }
    }

    /// Does what a line says, and writes down what everybody gets then. What the
    /// example says they get is left out: it is what this is compared with.
    fn play(&mut self, line: &str) {
        if line.contains(" ← ") {
            return;
        }
        let _ = writeln!(self.script, "{line}");
        if let Some((name, object)) = line.split_once(" → ") {
            let object = self.fill_in(object);
            let now = self.now;
            self.client(name).send_at(&object, now);
        } else {
            self.direct(line.trim_matches(['(', ')']));
        }
        self.write_down();
    }

    fn direct(&mut self, what: &str) {
        let (what, how) = what.split_once(", ").unwrap_or((what, ""));
        if let Some((seconds, _)) = what.split_once(" s pass") {
            self.now = self.now.plus_millis(seconds.parse::<i64>().unwrap() * 1000);
            self.chat.tick(self.now);
        } else if what == "the server stops" {
            for (_, client) in &mut self.people {
                client.session.say_goodbye(1500, self.now, &mut client.outbox);
            }
        } else if let Some(name) = what.strip_suffix(" is lost") {
            let now = self.now;
            self.client(name).session.lose(now);
        } else if let Some(name) = what.strip_suffix(" connects") {
            self.connect(name, how);
        } else if let Some(name) = what.strip_suffix(" joins") {
            if how.contains("broken disk") {
                let rate = Some(Rate::per_second(1, 2));
                let limits = Limits { max_rooms: 1, rate, ..Limits::default() };
                self.chat = Chat::new(limits, Broken, [7; 32]);
            }
            self.connect(name, how);
            let now = self.now;
            self.client(name).send_at(&format!(r#"{{"type":"join","username":"{name}"}}"#), now);
            for (_, client) in &mut self.people {
                client.heard();
                client.told();
            }
        } else {
            panic!("what is ({what})?");
        }
    }

    fn connect(&mut self, name: &str, how: &str) {
        let encoding = if how == "plain" { Encoding::PlainMillis } else { Encoding::V1 };
        self.people.retain(|(other, _)| other != name);
        self.people.push((name.to_owned(), Client::open(&self.chat, encoding)));
    }

    fn client(&mut self, name: &str) -> &mut Client {
        let found = self.people.iter_mut().find(|(other, _)| other == name);
        &mut found.unwrap_or_else(|| panic!("{name} is not there")).1
    }

    /// What an example cannot say in full.
    fn fill_in(&mut self, object: &str) -> String {
        let mut object = object.replace("CONTENT OF 4097 BYTES", &"x".repeat(4097));
        if let Some((before, rest)) = object.split_once("TOKEN OF ") {
            let (name, after) = rest.split_once('"').unwrap();
            let token = self.client(name).session.person.as_ref().unwrap().token().unwrap();
            object = format!("{before}{token}\"{after}");
        }
        if let Some((before, rest)) = object.split_once("EPOCH OF ") {
            let (room, after) = rest.split_once('"').unwrap();
            let room = self.chat.room(&RoomName::parse(room).unwrap()).unwrap();
            object = format!("{before}{}\"{after}", room.epoch());
        }
        object
    }

    fn write_down(&mut self) {
        for (name, client) in &mut self.people {
            let heard = client.heard();
            for object in client.told().into_iter().chain(heard) {
                let _ = writeln!(self.script, "{name} ← {object}");
            }
        }
    }
}

/// The examples, as they stand in the document.
fn examples() -> impl Iterator<Item = &'static str> {
    PROTOCOL.split("```chat\n").skip(1).map(|rest| rest.split("```").next().unwrap())
}

fn play(example: &str) -> String {
    let mut stage = Stage::new();
    example.lines().for_each(|line| stage.play(line));
    stage.script
}

#[test]
fn every_example_happens_as_it_is_written() {
    if std::env::var_os("WRITE_EXAMPLES").is_some() {
        let played = examples().fold(PROTOCOL.to_owned(), |document, example| {
            document.replacen(example, &play(example), 1)
        });
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/chat/protocol.md"), played)
            .unwrap();
        return;
    }
    for example in examples() {
        let played = play(example);
        assert!(played == example, "this is what happens:\n{played}");
    }
}

#[test]
fn every_object_and_every_error_has_an_example() {
    let (mut sent, mut received, mut codes) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for line in examples().flat_map(str::lines) {
        if let Some((_, object)) = line.split_once(" ← ") {
            let object: Value = serde_json::from_str(object).unwrap();
            received.insert(object["type"].as_str().unwrap().to_owned());
            codes.extend(object["code"].as_str().map(str::to_owned));
        } else if let Some((_, object)) = line.split_once(" → ") {
            let object: Value = serde_json::from_str(object).unwrap_or_default();
            sent.extend(object["type"].as_str().map(str::to_owned));
        }
    }
    for kind in ["join", "message", "private", "typing", "typing.start", "typing.stop", "leave"] {
        assert!(sent.contains(kind), "{kind}");
    }
    for kind in ["history", "who", "rooms", "ping"] {
        assert!(sent.contains(kind), "{kind}");
    }
    for kind in ["message", "joined", "private", "typing", "presence", "history", "rooms"] {
        assert!(received.contains(kind), "{kind}");
    }
    for kind in ["ack", "pong", "error", "going_away"] {
        assert!(received.contains(kind), "{kind}");
    }
    let all: BTreeSet<String> =
        crate::chat::wire::ErrorCode::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    assert_eq!(codes, all);
}

#[test]
fn no_client_that_does_not_know_them_gets_other_objects_than_messages() {
    for example in examples().filter(|example| example.contains("Tom")) {
        for line in example.lines().filter_map(|line| line.strip_prefix("Tom ← ")) {
            let object: Value = serde_json::from_str(line).unwrap();
            let fields: Vec<&String> = object.as_object().unwrap().keys().collect();
            assert_eq!(fields, ["content", "timestamp", "type", "username"], "{line}");
        }
    }
}
