//! A client: a real session, and what it remembers from one connection to the next.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use wirechat::chat::{Chat, Encoding, Mailbox, Next, Outbox, Session, Timestamp, Unit};

use crate::step::Speaks;

/// The objects that it understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    V1,
    Plain,
    /// Plain, but it has sent such objects as `private` and `typing` itself.
    Knowing,
}

pub(crate) struct Client {
    speaks: Speaks,
    line: Option<Line>,
    pub(crate) memory: Memory,
}

/// A connection.
struct Line {
    session: Session,
    mailbox: Arc<Mailbox>,
    outbox: Alone,
    dialect: Dialect,
    unit: Unit,
}

/// What a client keeps when its connection is gone.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) token: Option<String>,
    /// The last message of each room that it saw.
    pub(crate) last: HashMap<String, Last>,
    /// The last private message.
    pub(crate) letter: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Last {
    pub(crate) epoch: String,
    pub(crate) seq: u64,
    pub(crate) at: Option<i64>,
}

/// What a connection gets alone, while it has room for it.
#[derive(Default)]
struct Alone {
    objects: Vec<String>,
    is_full: bool,
}

impl Outbox for Alone {
    fn push_object(&mut self, object: &str) {
        self.objects.push(object.to_owned());
    }

    fn has_room(&self) -> bool {
        !self.is_full
    }
}

impl Client {
    pub(crate) fn new(speaks: Speaks) -> Client {
        Client { speaks, line: None, memory: Memory::default() }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.line.is_some()
    }

    pub(crate) fn connect(&mut self, chat: &Arc<Chat>, now: i64) {
        let (encoding, dialect, unit) = match self.speaks {
            Speaks::V1 => (Encoding::V1, Dialect::V1, Unit::Millis),
            Speaks::Plain { begins_with_seconds: false, .. } => {
                (Encoding::PlainMillis, Dialect::Plain, Unit::Millis)
            }
            Speaks::Plain { begins_with_seconds: true, .. } => {
                (Encoding::PlainSeconds, Dialect::Plain, Unit::Seconds)
            }
        };
        let (now, mailbox) = (Timestamp::from_millis(now), Arc::new(Mailbox::new(Arc::new(()))));
        let session = Session::open(Arc::clone(chat), encoding, Arc::clone(&mailbox), now);
        let mut line = Line { session, mailbox, outbox: Alone::default(), dialect, unit };
        line.session.greet(now, &mut line.outbox);
        let welcome = &line.take_objects()[0];
        assert_eq!(welcome["username"], "System");
        assert_eq!(welcome.get("event").is_some(), dialect == Dialect::V1);
        self.line = Some(line);
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.line.as_ref().expect("it is connected").dialect
    }

    /// The times that it can name without losing precision.
    pub(crate) fn counts_seconds(&self) -> bool {
        self.line.as_ref().is_some_and(|line| line.unit == Unit::Seconds)
    }

    /// Sends an object, in one turn. What it is answered.
    pub(crate) fn send(&mut self, mut object: Value, now: i64) -> Vec<Value> {
        let line = self.line.as_mut().expect("it is connected");
        if let Speaks::Plain { writes_seconds: Some(seconds), .. } = self.speaks {
            let time = if seconds { json!(now as f64 / 1e3) } else { json!(now) };
            object["timestamp"] = time;
            line.unit = if seconds { Unit::Seconds } else { Unit::Millis };
        }
        let kind = object["type"].as_str().expect("it has a type");
        if line.dialect == Dialect::Plain && matches!(kind, "private" | "typing") {
            line.dialect = Dialect::Knowing;
        }
        let payload = object.to_string();
        let now = Timestamp::from_millis(now);
        line.session.receive(payload.as_bytes(), now, &mut line.outbox);
        line.session.wake_rooms();
        line.take_objects()
    }

    /// Reads one piece. What is in it, and whether that was all.
    pub(crate) fn read(&mut self, takes_letters: bool) -> (Vec<Value>, bool) {
        let line = self.line.as_mut().expect("it is connected");
        line.outbox.is_full = !takes_letters;
        let next = line.session.next_frames(&mut line.outbox);
        let mut objects = line.take_objects();
        let is_all = next == Next::Nothing;
        match next {
            Next::Frames(frames) => {
                objects.extend(payloads(&frames).iter().map(|json| line.object(json)));
            }
            Next::Nothing => {}
            Next::Lagged => panic!("lagged, with so little to read"),
        }
        assert_eq!(line.mailbox.close_order(), None);
        (objects, is_all)
    }

    pub(crate) fn go(&mut self, is_lost: bool, now: i64) {
        let mut line = self.line.take().expect("it is connected");
        let now = Timestamp::from_millis(now);
        if is_lost { line.session.lose(now) } else { line.session.close(now) }
    }
}

impl Line {
    fn take_objects(&mut self) -> Vec<Value> {
        let objects = std::mem::take(&mut self.outbox.objects);
        objects.iter().map(|json| self.object(json)).collect()
    }

    /// The object, as this client may see it, with its timestamp in milliseconds.
    fn object(&self, json: &str) -> Value {
        let mut object: Value = serde_json::from_str(json).expect("JSON");
        self.put_millis(&mut object);
        for field in ["type", "username", "content"] {
            assert!(object[field].is_string(), "{json}");
        }
        match self.dialect {
            Dialect::V1 => {}
            Dialect::Plain => assert_eq!(object.as_object().map(|fields| fields.len()), Some(4)),
            Dialect::Knowing => {
                let kind = object["type"].as_str();
                assert!(matches!(kind, Some("message" | "private" | "typing")), "{json}");
            }
        }
        if self.dialect == Dialect::Plain {
            assert_eq!(object["type"], "message", "{json}");
        }
        object
    }

    fn put_millis(&self, object: &mut Value) {
        let time = &object["timestamp"];
        object["timestamp"] = match self.unit {
            Unit::Millis => json!(time.as_i64().expect("whole milliseconds")),
            Unit::Seconds => {
                assert!(time.is_f64(), "{object}");
                let seconds = time.as_f64().filter(|time| (1e8..1e11).contains(time));
                json!((seconds.expect("seconds") * 1e3).round() as i64)
            }
        };
    }
}

/// The payloads of whole, unmasked text frames.
pub(crate) fn payloads(mut frames: &[u8]) -> Vec<&str> {
    let mut payloads = Vec::new();
    while let [first, short, rest @ ..] = frames {
        assert_eq!(*first, 0x81, "a whole text message");
        let (len, rest) = match short {
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            127.. => panic!("too long, or masked"),
            short => (usize::from(*short), rest),
        };
        payloads.push(std::str::from_utf8(&rest[..len]).expect("UTF-8"));
        frames = &rest[len..];
    }
    payloads
}
