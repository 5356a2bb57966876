//! Whoever reads too seldom for a small log is told so, or misses nothing.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use wirechat::chat::{Chat, Encoding, Limits, Mailbox, Next, Session, Timestamp};
use wirechat::engine::Memory;

use crate::cases;
use crate::client::payloads;

const READERS: usize = 3;

const BEGINNING: i64 = 1_700_000_000_000;

#[derive(Clone, Debug)]
enum Step {
    Say { len: usize },
    Read { who: usize, pieces: usize },
    Wait { millis: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..400usize).prop_map(|len| Step::Say { len }),
        2 => (0..READERS, 1..8usize).prop_map(|(who, pieces)| Step::Read { who, pieces }),
        1 => (1..3_000i64).prop_map(|millis| Step::Wait { millis }),
    ]
}

/// A client that comes back whenever it is cut off.
struct Reader {
    session: Session,
    name: String,
    epoch: String,
    /// The number of the last message that it saw, as long as it knows that it saw
    /// all before it.
    last: Option<u64>,
    times_lagged: u32,
}

impl Reader {
    fn join(chat: &Arc<Chat>, name: &str, now: i64) -> Reader {
        let session = open(chat, now);
        let (name, epoch) = (name.to_owned(), String::new());
        let mut reader = Reader { session, name, epoch, last: None, times_lagged: 0 };
        let joined = reader.ask(json!({ "type": "join", "username": reader.name }), now);
        reader.epoch = joined["epoch"].as_str().expect("an epoch").to_owned();
        reader.last = joined["seq"].as_u64();
        reader
    }

    fn ask(&mut self, object: Value, now: i64) -> Value {
        let mut answers: Vec<String> = Vec::new();
        let payload = object.to_string();
        self.session.receive(payload.as_bytes(), Timestamp::from_millis(now), &mut answers);
        self.session.wake_rooms();
        answers.first().map_or(Value::Null, |answer| serde_json::from_str(answer).expect("JSON"))
    }

    /// Reads so many pieces. Whether there are more.
    fn read(&mut self, chat: &Arc<Chat>, pieces: usize, now: i64) -> bool {
        for _ in 0..pieces {
            match self.session.next_frames(&mut Vec::new()) {
                Next::Nothing => return false,
                Next::Frames(frames) => payloads(&frames).iter().for_each(|json| self.see(json)),
                Next::Lagged => self.come_back(chat, now),
            }
        }
        true
    }

    fn see(&mut self, json: &str) {
        let object: Value = serde_json::from_str(json).expect("JSON");
        let Some(seq) = object["seq"].as_u64() else { return };
        assert!(self.last.is_none_or(|last| seq == last + 1), "{seq} behind {:?}", self.last);
        self.last = Some(seq);
    }

    fn come_back(&mut self, chat: &Arc<Chat>, now: i64) {
        self.times_lagged += 1;
        self.session.lose(Timestamp::from_millis(now));
        self.session = open(chat, now);
        let last = json!({ "epoch": self.epoch, "seq": self.last.unwrap_or(0) });
        let join = json!({ "type": "join", "username": self.name, "resume": last });
        let joined = self.ask(join, now);
        if joined["recovered"] == false {
            assert_eq!(joined["reason"], "too_old");
            self.last = None; // it knows that something may be missing
        }
    }
}

fn open(chat: &Arc<Chat>, now: i64) -> Session {
    let (now, mailbox) = (Timestamp::from_millis(now), Arc::new(Mailbox::new(Arc::new(()))));
    Session::open(Arc::clone(chat), Encoding::V1, mailbox, now)
}

/// A speaker who reads everything at once, and some readers.
struct Hall {
    chat: Arc<Chat>,
    now: i64,
    speaker: Reader,
    readers: Vec<Reader>,
    said: u64,
}

impl Hall {
    fn new() -> Hall {
        let limits = Limits { rate: None, history: 20, room_log: 1 << 10, ..Limits::default() };
        let (chat, now) = (Chat::new(limits, Memory, [7; 32]), BEGINNING);
        let speaker = Reader::join(&chat, "Speaker", now);
        let readers = (0..READERS).map(|n| Reader::join(&chat, &format!("Reader {n}"), now));
        let readers = readers.collect();
        Hall { chat, now, speaker, readers, said: 0 }
    }

    fn step(&mut self, step: &Step) {
        self.now += 1;
        match step {
            Step::Say { len } => {
                self.said += 1;
                let object = json!({ "type": "message", "content": "x".repeat(*len) });
                self.speaker.ask(object, self.now);
                self.speaker.read(&self.chat, usize::MAX, self.now);
            }
            Step::Read { who, pieces } => {
                self.readers[*who].read(&self.chat, *pieces, self.now);
            }
            Step::Wait { millis } => {
                self.now += millis;
                self.chat.tick(Timestamp::from_millis(self.now));
            }
        }
    }

    fn end(&mut self) {
        for reader in self.readers.iter_mut().chain([&mut self.speaker]) {
            assert!(!reader.read(&self.chat, usize::MAX, self.now));
            assert_eq!(reader.last, Some(self.said), "{}", reader.name);
        }
        assert_eq!(self.speaker.times_lagged, 0, "it always read everything at once");
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn whoever_misses_something_knows_it(steps in vec(step(), 0..200)) {
        let mut hall = Hall::new();
        steps.iter().for_each(|step| hall.step(step));
        hall.end();
    }
}

#[test]
fn whoever_never_reads_falls_behind_and_catches_up() {
    let mut hall = Hall::new();
    for _ in 0..15 {
        hall.step(&Step::Say { len: 200 });
        hall.step(&Step::Wait { millis: 1_000 });
    }
    hall.end();
    assert_eq!(hall.readers[0].times_lagged, 1);
    assert_eq!(hall.readers[0].last, Some(15), "all of it is kept");
}
