//! Objects from a client that may send anything.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;
use wirechat::chat::{Chat, Encoding, Limits, Mailbox, Next, Session, Timestamp};
use wirechat::engine::Memory;
use wirechat::proto::{Config, Connection, Event};

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_123);

/// Any bytes, each line one message from a client that speaks any encoding:
/// nothing panics, and whatever it or somebody else in the lobby hears is one
/// object of its dialect. Returns what was heard: each object's `code`, or else
/// its `type`.
///
/// # Panics
/// If one of these does not hold.
pub fn check(data: &[u8]) -> BTreeSet<String> {
    let mut heard = BTreeSet::new();
    for encoding in [Encoding::V1, Encoding::PlainMillis, Encoding::PlainSeconds] {
        converse(encoding, data, &mut heard);
    }
    heard
}

fn converse(encoding: Encoding, data: &[u8], heard: &mut BTreeSet<String>) {
    // Small, so that small inputs exceed them.
    let limits =
        Limits { max_content: 64, max_rooms: 2, max_listed: 2, rate: None, ..Limits::default() };
    let chat = Chat::new(limits, Memory, [7; 32]);
    let mut listener = Client::open(&chat, Encoding::V1);
    listener.send(br#"{"type":"join","username":"Listener"}"#, heard);
    let mut speaker = Client::open(&chat, encoding);
    speaker.session.greet(NOW, &mut speaker.outbox);
    for line in data.split(|byte| *byte == b'\n') {
        speaker.send(line, heard);
        listener.read_rooms(heard);
    }
    speaker.session.close(NOW);
    chat.tick(Timestamp::from_millis(NOW.millis() + 10_000));
    listener.read_rooms(heard);
}

struct Client {
    encoding: Encoding,
    /// Whether it has shown that it understands more than messages.
    knows_all: bool,
    session: Session,
    outbox: Vec<String>,
    /// Reads the frames of its rooms.
    connection: Connection,
}

impl Client {
    fn open(chat: &Arc<Chat>, encoding: Encoding) -> Client {
        let config = Config { keepalive: None, ..Config::default() };
        Client {
            encoding,
            session: Session::open(
                Arc::clone(chat),
                encoding,
                Arc::new(Mailbox::new(Arc::new(()))),
                NOW,
            ),
            knows_all: encoding == Encoding::V1,
            outbox: Vec::new(),
            connection: Connection::client(config, Instant::now(), Box::new(|| [0; 4])),
        }
    }

    /// One turn of the connection's task.
    fn send(&mut self, payload: &[u8], heard: &mut BTreeSet<String>) {
        let object: Value = serde_json::from_slice(payload).unwrap_or_default();
        let kind = object["type"].as_str().unwrap_or_default();
        self.knows_all |= kind == "private" || kind.starts_with("typing");
        self.session.receive(payload, NOW, &mut self.outbox);
        self.session.wake_rooms();
        self.read_rooms(heard);
    }

    fn read_rooms(&mut self, heard: &mut BTreeSet<String>) {
        loop {
            let next = self.session.next_frames(&mut self.outbox);
            for object in self.outbox.drain(..) {
                heard.insert(check_object(&object, self.encoding, self.knows_all));
            }
            let mut frames = match next {
                Next::Frames(frames) => frames.to_vec(),
                Next::Nothing => return,
                Next::Lagged => panic!("lagged, though it reads every turn"),
            };
            let mut input = &mut frames[..];
            while let Some(event) = self.connection.receive(Instant::now(), &mut input) {
                let Event::Text(object) = event else { panic!("{event:?} in a room's log") };
                heard.insert(check_object(&object, self.encoding, self.knows_all));
            }
            assert_eq!(self.connection.closure(), None, "illegal frames");
        }
    }
}

/// Checks the fields that every object has, and names it.
fn check_object(json: &str, encoding: Encoding, knows_all: bool) -> String {
    let object: Value = serde_json::from_str(json).expect("JSON");
    let text = |key: &str| object[key].as_str().map(str::to_owned);
    let kind = text("type").expect("a type");
    let username = text("username").expect("a username");
    assert!(text("content").is_some(), "{json}");
    if encoding == Encoding::V1 {
        assert!(object["timestamp"].is_i64(), "{json}");
        // Only people's messages are numbered, and nobody may call themselves that.
        assert!(kind != "message" || object.get("seq").is_none() || username != "System");
    } else {
        assert!(object["timestamp"].is_number(), "{json}");
        let is_known = kind == "message" || (knows_all && ["private", "typing"].contains(&&*kind));
        assert!(is_known, "a plain client does not know {kind}");
    }
    text("code").unwrap_or(kind)
}
