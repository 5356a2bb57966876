//! Conversations, as transcripts of a few clients.

mod bad_input;
mod documented;
mod golden;
mod history;
mod life;
mod names;
mod people;
mod privates;
mod typing;

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::*;
use crate::chat::log::tests::payloads;
use crate::chat::message::NewMessage;
use crate::chat::room::Stored;
use crate::chat::{Bell, Engine, Limits, Rate, Unavailable};

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_123);

fn later(millis: i64) -> Timestamp {
    Timestamp::from_millis(NOW.millis() + millis)
}

/// A chat with the default limits but for the rate, which its own tests set.
fn chat() -> Arc<Chat> {
    chat_with(Limits { rate: None, ..Limits::default() })
}

fn chat_with(limits: Limits) -> Arc<Chat> {
    Chat::new(limits, Here, [7; 32])
}

/// The simplest engine. (The chat, even its tests, knows none by name.)
struct Here;

impl Engine for Here {
    fn append(&self, room: &Room, message: &NewMessage<'_>) -> Result<Stored, Unavailable> {
        room.append(message, |_, _| Ok(()))
    }
}

/// A connection, its outbox, and how often its bell rang.
struct Client {
    chat: Arc<Chat>,
    session: Session,
    outbox: Vec<String>,
    mailbox: Arc<Mailbox>,
    rung: Arc<Rung>,
}

/// How often the bell has rung.
#[derive(Default)]
struct Rung(AtomicUsize);

impl Bell for Rung {
    fn ring(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Client {
    fn open(chat: &Arc<Chat>, encoding: Encoding) -> Client {
        let rung = Arc::<Rung>::default();
        let mailbox = Arc::new(Mailbox::new(Arc::clone(&rung) as _));
        let session = Session::open(Arc::clone(chat), encoding, Arc::clone(&mailbox), NOW);
        let chat = Arc::clone(chat);
        Client { chat, session, outbox: Vec::new(), mailbox, rung }
    }

    /// A client of the full dialect that has joined the lobby and read all.
    fn v1(chat: &Arc<Chat>, name: &str) -> Client {
        Client::joined(chat, Encoding::V1, name)
    }

    /// The same for a plain client that counts milliseconds.
    fn plain(chat: &Arc<Chat>, name: &str) -> Client {
        Client::joined(chat, Encoding::PlainMillis, name)
    }

    fn joined(chat: &Arc<Chat>, encoding: Encoding, name: &str) -> Client {
        let mut client = Client::open(chat, encoding);
        client.send(&format!(r#"{{"type":"join","username":"{name}"}}"#));
        client.told();
        client.heard();
        client
    }

    /// A connection's turn, without its writing.
    fn send(&mut self, json: &str) {
        self.send_at(json, NOW);
    }

    fn send_at(&mut self, json: &str, now: Timestamp) {
        self.session.receive(json.as_bytes(), now, &mut self.outbox);
        self.session.wake_rooms();
    }

    fn say(&mut self, content: &str) {
        self.send(&format!(r#"{{"type":"message","content":"{content}"}}"#));
    }

    /// What it was told alone.
    fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.outbox)
    }

    /// The code of the one error that it was told.
    fn error(&mut self) -> String {
        let told = self.told();
        let [error] = &told[..] else { panic!("not one answer: {told:?}") };
        let error: Value = serde_json::from_str(error).unwrap();
        assert_eq!(error["type"], "error");
        assert_eq!(error["username"], "System");
        error["code"].as_str().unwrap().to_owned()
    }

    /// What it reads of its rooms, until there is nothing more.
    fn heard(&mut self) -> Vec<String> {
        let mut heard = Vec::new();
        loop {
            match self.session.next_frames(&mut self.outbox) {
                Next::Frames(frames) => heard.extend(payloads(&frames)),
                Next::Nothing => return heard,
                Next::Lagged => panic!("lagged"),
            }
        }
    }

    /// The same, only who said what.
    fn lines(&mut self) -> Vec<String> {
        let line = |json: &String| {
            let object: Value = serde_json::from_str(json).unwrap();
            assert_eq!(object["type"], "message");
            let text = |key: &str| object[key].as_str().unwrap().to_owned();
            format!("{}: {}", text("username"), text("content"))
        };
        self.heard().iter().map(line).collect()
    }

    /// Finds nothing to read, and hears only the bell from now on.
    fn sleep(&mut self) {
        assert_eq!(self.heard(), [""; 0]);
        self.rung.0.store(0, Ordering::SeqCst);
    }

    fn times_rung(&self) -> usize {
        self.rung.0.load(Ordering::SeqCst)
    }
}
