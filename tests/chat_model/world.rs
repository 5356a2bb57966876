//! Does each step in both, the chat and the model, and compares.

use std::sync::Arc;

use serde_json::{Value, json};
use wirechat::chat::{Chat, Limits, Timestamp};
use wirechat::engine::Memory;

use crate::client::{Client, Last};
use crate::joining::{Ask, Exchange};
use crate::model::{Model, Seen};
use crate::room::Resume;
use crate::step::{Back, Letters, NAMES, Place, ROOMS, Speaks, Step};
use crate::talk::Typing;

/// Messages that a room keeps: few, so that some are too old.
pub(crate) const HISTORY: usize = 6;

/// Rooms in which a connection may be.
pub(crate) const MOST_ROOMS: usize = 2;

const BEGINNING: i64 = 1_700_000_000_000;

/// Milliseconds from one tick to the next.
const TICK: i64 = 500;

/// Milliseconds after which everything is said that must be.
const QUIET: i64 = 20_000;

pub(crate) struct World {
    chat: Arc<Chat>,
    now: i64,
    clients: Vec<Client>,
    model: Model,
    /// How many messages there were, each of which is another.
    count: u32,
}

impl World {
    pub(crate) fn new(speaks: &[Speaks]) -> World {
        let limits = Limits {
            rate: None,
            typing: None,
            history: HISTORY,
            max_rooms: MOST_ROOMS,
            ..Limits::default()
        };
        World {
            chat: Chat::new(limits, Memory, [7; 32]),
            now: BEGINNING,
            clients: speaks.iter().copied().map(Client::new).collect(),
            model: Model::default(),
            count: 0,
        }
    }

    pub(crate) fn step(&mut self, step: Step) {
        self.now += 2; // No two steps are at the same time, nor in the same millisecond but one.
        match step {
            Step::Join { who, name, room, back, token_of, letters } => {
                let token = token_of.and_then(|other| self.clients[other].memory.token.clone());
                self.join(who, name, room, back, token, letters);
            }
            Step::Leave { who, room } => {
                let room = room.map(|room| ROOMS[room]);
                let answers = self.ask(who, json!({ "type": "leave", "room": room }));
                self.model.leave(&exchange(who, self.now, &answers), room);
            }
            Step::Say { who, room, nonce } => {
                let room = room.map(|room| ROOMS[room]);
                let nonce = nonce.map(|nonce| format!("said {nonce}"));
                let content = self.words();
                let object =
                    json!({ "type": "message", "content": content, "room": room, "nonce": nonce });
                let answers = self.ask(who, object);
                let exchange = exchange(who, self.now, &answers);
                self.model.say(&exchange, room, &content, nonce.as_deref());
            }
            Step::Whisper { who, to, nonce } => {
                let nonce = nonce.map(|nonce| format!("whispered {nonce}"));
                let (to, content) = (NAMES[to], self.words());
                let object =
                    json!({ "type": "private", "content": content, "to": to, "nonce": nonce });
                let answers = self.ask(who, object);
                let exchange = exchange(who, self.now, &answers);
                self.model.whisper(&exchange, to, &content, nonce.as_deref());
            }
            Step::Type { who, place, is_typing } => {
                let mut object = json!({ "type": "typing", "isTyping": is_typing });
                let place = match place {
                    Place::Room(room) => Typing::InRoom(room.map(|room| ROOMS[room])),
                    Place::Person(to) => Typing::To(NAMES[to]),
                };
                match place {
                    Typing::InRoom(room) => object["room"] = json!(room),
                    Typing::To(name) => object["to"] = json!(name),
                }
                let answers = self.ask(who, object);
                self.model.types(&exchange(who, self.now, &answers), place, is_typing);
            }
            Step::History { who, room, part, limit } => {
                let room = room.map(|room| ROOMS[room]);
                let mut object = json!({ "type": "history", "room": room, "limit": limit });
                if let Some((field, seq)) = part.field() {
                    object[field] = json!(seq);
                }
                let answers = self.ask(who, object);
                self.model.history(&exchange(who, self.now, &answers), room, part, limit);
            }
            Step::Who { who, room } => {
                let room = room.map(|room| ROOMS[room]);
                let answers = self.ask(who, json!({ "type": "who", "room": room }));
                self.model.who(&exchange(who, self.now, &answers), room);
            }
            Step::Read { who, pieces, takes_letters } if self.clients[who].is_connected() => {
                self.read(who, pieces, takes_letters);
            }
            Step::Go { who, is_lost } if self.clients[who].is_connected() => {
                self.clients[who].go(is_lost, self.now);
                self.model.go(who, is_lost, self.now);
            }
            Step::Read { .. } | Step::Go { .. } => {}
            Step::Wait { millis } => self.pass(millis),
            Step::Sleep { minutes } => {
                self.pass(QUIET);
                self.now += minutes * 60_000;
                self.tick();
            }
        }
    }

    /// After a while of quiet everybody has seen everything, and believes the truth.
    pub(crate) fn end(&mut self) {
        self.pass(QUIET);
        for who in 0..self.clients.len() {
            if self.clients[who].is_connected() {
                self.read(who, usize::MAX, true);
                self.model.check_beliefs(who);
            }
        }
    }

    fn pass(&mut self, millis: i64) {
        let end = self.now + millis;
        while self.now < end {
            self.now = end.min(self.now + TICK);
            self.tick();
        }
    }

    fn tick(&mut self) {
        self.chat.tick(Timestamp::from_millis(self.now));
        self.model.tick(self.now);
    }

    fn words(&mut self) -> String {
        self.count += 1;
        format!("words {}", self.count)
    }

    fn connect(&mut self, who: usize) {
        if !self.clients[who].is_connected() {
            self.clients[who].connect(&self.chat, self.now);
            self.model.connect(who, self.clients[who].dialect(), self.now);
        }
    }

    /// Sends an object, from a new connection if there is none.
    fn ask(&mut self, who: usize, mut object: Value) -> Vec<Value> {
        self.connect(who);
        let fields = object.as_object_mut().expect("it is one");
        fields.retain(|_, value| !value.is_null());
        let answers = self.clients[who].send(object, self.now);
        self.model.speaks(who, self.clients[who].dialect(), self.now);
        answers
    }

    fn join(
        &mut self,
        who: usize,
        name: usize,
        room: Option<usize>,
        back: Back,
        token: Option<String>,
        letters: Letters,
    ) {
        self.connect(who);
        let (name, room) = (NAMES[name].to_owned(), room.map(|room| ROOMS[room].to_owned()));
        let resume = self.resume(who, room.as_deref().unwrap_or("lobby"), back);
        let behind = match letters {
            Letters::Waiting => None,
            Letters::Behind => self.clients[who].memory.letter.clone(),
            Letters::Elsewhere => Some("5eed-7".to_owned()),
        };
        let mut object = json!({
            "type": "join", "username": name, "room": room, "session": token, "private_after": behind,
        });
        match &resume {
            Some(Resume::After { epoch, seq }) => {
                object["resume"] = json!({ "epoch": epoch, "seq": seq });
            }
            Some(Resume::Since(at)) if self.clients[who].counts_seconds() => {
                object["since"] = json!(*at as f64 / 1e3);
            }
            Some(Resume::Since(at)) => object["since"] = json!(at),
            None => {}
        }
        let is_recovery = resume.is_some();
        let answers = self.ask(who, object);
        let ask = Ask { name, room, resume, token, behind };
        let is_new = self.model.join(&exchange(who, self.now, &answers), &ask);
        if let Some(joined) = answers.last().filter(|answer| answer["type"] == "joined") {
            self.remember(who, joined, is_new, is_recovery);
        }
    }

    fn resume(&self, who: usize, room: &str, back: Back) -> Option<Resume> {
        let last = self.clients[who].memory.last.get(room);
        match back {
            Back::Fresh => None,
            Back::Behind(more) => last.filter(|last| !last.epoch.is_empty()).map(|last| {
                let seq = last.seq.saturating_add_signed(more);
                Resume::After { epoch: last.epoch.clone(), seq }
            }),
            Back::Elsewhere(seq) => Some(Resume::After { epoch: "5eed".to_owned(), seq }),
            // A number of seconds may be read as a millisecond less.
            Back::Since(more) => last.and_then(|last| last.at).map(|at| {
                Resume::Since(at + if self.clients[who].counts_seconds() { 0 } else { more })
            }),
            Back::SinceEver => Some(Resume::Since(BEGINNING - 1_000)),
        }
    }

    fn remember(&mut self, who: usize, joined: &Value, is_new: bool, is_recovery: bool) {
        let text = |key: &str| joined[key].as_str().expect("a text").to_owned();
        let memory = &mut self.clients[who].memory;
        memory.token = Some(text("session"));
        if let Some(id) = joined["private_after"].as_str() {
            memory.letter = Some(id.to_owned());
        }
        if joined["recovered"] == true || !is_new {
            return; // it goes on from where it was
        }
        let seq = if is_recovery { 0 } else { joined["seq"].as_u64().expect("a number") };
        memory.last.insert(text("room"), Last { epoch: text("epoch"), seq, at: None });
    }

    fn read(&mut self, who: usize, pieces: usize, takes_letters: bool) {
        for _ in 0..pieces {
            let (objects, is_all) = self.clients[who].read(takes_letters);
            for object in objects {
                self.see(who, &object);
            }
            if is_all && takes_letters {
                return self.model.check_seen(who);
            } else if is_all {
                return;
            }
        }
    }

    fn see(&mut self, who: usize, object: &Value) {
        let seen = self.model.see(who, object);
        let memory = &mut self.clients[who].memory;
        match (seen, object["id"].as_str()) {
            (Seen::Said(said), id) => {
                let epoch = id.and_then(|id| id.split_once('-')).map_or("", |(epoch, _)| epoch);
                let last = Last { epoch: epoch.to_owned(), seq: said.seq, at: Some(said.at) };
                memory.last.insert(said.room.clone(), last);
            }
            (Seen::Letter, Some(id)) => memory.letter = Some(id.to_owned()),
            _ => {}
        }
    }
}

fn exchange(who: usize, now: i64, answers: &[Value]) -> Exchange<'_> {
    Exchange { who, now, answers }
}
