//! Reading the server's JSON, leniently: the original servers pass on whatever
//! their clients wrote.

use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{
    Ack, GoingAway, History, Joined, Message, Object, Presence, Private, Received, Refusal,
    RoomSize, Rooms, Typing,
};
use crate::chat::{Timestamp, Unit};

impl Received {
    /// What this text means; nothing if it is not a JSON object.
    ///
    /// ```
    /// use wirechat::client::{Object, Received};
    ///
    /// let received = Received::parse(r#"{"type":"pong"}"#.to_owned()).expect("an object");
    /// assert_eq!(received.object, Object::Pong);
    /// assert!(Received::parse("[]".to_owned()).is_none());
    /// ```
    #[must_use]
    pub fn parse(json: String) -> Option<Received> {
        let fields: Map<String, Value> = serde_json::from_str(&json).ok()?;
        Some(Received { object: Object::from_fields(&Fields(fields)), json })
    }

    /// The messages in an answer to `history`, each as if it had come by itself.
    pub(in crate::client) fn messages(&self) -> Vec<Received> {
        #[derive(serde::Deserialize)]
        struct Messages<'a> {
            #[serde(borrow)]
            messages: Vec<&'a RawValue>,
        }
        let Ok(Messages { messages }) = serde_json::from_str(&self.json) else { return Vec::new() };
        messages.into_iter().filter_map(|raw| Received::parse(raw.get().to_owned())).collect()
    }
}

impl Object {
    fn from_fields(fields: &Fields) -> Object {
        match fields.text("type").as_deref() {
            Some("message") => Object::Message(Message::from_fields(fields)),
            Some("private") => Object::Private(Private {
                from: fields.text("from").unwrap_or_else(|| fields.text_or_empty("username")),
                to: fields.text_or_empty("to"),
                content: fields.text_or_empty("content"),
                timestamp: fields.timestamp(),
                id: fields.text("id"),
            }),
            Some("joined") => Object::Joined(Joined::from_fields(fields)),
            Some("typing") => Object::Typing(Typing {
                username: fields.text_or_empty("username"),
                is_typing: fields.flag("isTyping"),
                room: fields.text("room"),
            }),
            Some("presence") => {
                let (users, count) = fields.users();
                Object::Presence(Presence { room: fields.text_or_empty("room"), users, count })
            }
            Some("rooms") => Object::Rooms(Rooms::from_fields(fields)),
            Some("history") => Object::History(History::from_fields(fields)),
            Some("ack") => Object::Ack(Ack {
                nonce: fields.any("nonce"),
                id: fields.text("id"),
                seq: fields.number("seq"),
                duplicate: fields.flag("duplicate"),
            }),
            Some("pong") => Object::Pong,
            Some("going_away") => Object::GoingAway(GoingAway {
                reconnect_after: Duration::from_millis(
                    fields.number("reconnect_after_ms").unwrap_or_default(),
                ),
            }),
            Some("error") => Object::Error(Refusal {
                code: fields.text_or_empty("code"),
                words: fields.text_or_empty("content"),
                nonce: fields.any("nonce"),
                retry_after_ms: fields.number("retry_after_ms"),
                suggestion: fields.text("suggestion"),
            }),
            _ => Object::Other,
        }
    }
}

impl Message {
    fn from_fields(fields: &Fields) -> Message {
        Message {
            username: fields.text_or_empty("username"),
            content: fields.text_or_empty("content"),
            timestamp: fields.timestamp(),
            room: fields.text("room"),
            seq: fields.number("seq"),
            id: fields.text("id"),
            event: fields.text("event"),
            user: fields.text("user"),
            was: fields.text("was"),
            unit: fields.number_as_float("timestamp").and_then(Unit::of),
        }
    }
}

impl Joined {
    fn from_fields(fields: &Fields) -> Joined {
        let (users, count) = fields.users();
        Joined {
            room: fields.text_or_empty("room"),
            user: fields.text("user"),
            epoch: fields.text("epoch"),
            seq: fields.number("seq"),
            session: fields.text("session"),
            private_after: fields.text("private_after"),
            recovered: fields.flag("recovered"),
            reason: fields.text("reason"),
            users,
            count,
        }
    }
}

impl Rooms {
    fn from_fields(fields: &Fields) -> Rooms {
        let size = |item: Fields| {
            Some(RoomSize { room: item.text("room")?, users: item.number("users").unwrap_or(0) })
        };
        let rooms: Vec<RoomSize> = fields.objects("rooms").filter_map(size).collect();
        let count = fields.number("count").unwrap_or(rooms.len() as u64);
        Rooms { rooms, count }
    }
}

impl History {
    fn from_fields(fields: &Fields) -> History {
        History {
            room: fields.text_or_empty("room"),
            epoch: fields.text("epoch"),
            messages: fields.objects("messages").map(|it| Message::from_fields(&it)).collect(),
            more: fields.flag("more"),
        }
    }
}

/// An object's fields. One of the wrong type counts as absent.
struct Fields(Map<String, Value>);

impl Fields {
    fn any(&self, name: &str) -> Value {
        self.0.get(name).cloned().unwrap_or(Value::Null)
    }

    fn text(&self, name: &str) -> Option<String> {
        Some(self.0.get(name)?.as_str()?.to_owned())
    }

    fn text_or_empty(&self, name: &str) -> String {
        self.text(name).unwrap_or_default()
    }

    fn items(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.0.get(name).and_then(Value::as_array).into_iter().flatten()
    }

    fn objects(&self, name: &str) -> impl Iterator<Item = Fields> {
        self.items(name).filter_map(|item| item.as_object().cloned().map(Fields))
    }

    /// Those that are listed, and how many there are in all.
    fn users(&self) -> (Vec<String>, u64) {
        let users: Vec<String> =
            self.items("users").filter_map(Value::as_str).map(str::to_owned).collect();
        let count = self.number("count").unwrap_or(users.len() as u64);
        (users, count)
    }

    /// Whether it is there and true.
    fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    fn number_as_float(&self, name: &str) -> Option<f64> {
        self.0.get(name)?.as_f64()
    }

    /// In whichever unit it is written.
    fn timestamp(&self) -> Option<Timestamp> {
        let number = self.number_as_float("timestamp")?;
        let millis = match Unit::of(number)? {
            Unit::Millis => number,
            Unit::Seconds => number * 1000.0,
        };
        Some(Timestamp::from_millis(millis as i64))
    }
}
