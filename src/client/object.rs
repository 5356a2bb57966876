//! What a server sends: one JSON object a message, read leniently, since the
//! original servers pass on whatever their clients wrote.

use serde_json::{Map, Value};

use crate::chat::{Timestamp, Unit};

/// What a server calls itself.
const SYSTEM: &str = "System";

/// An object that the server sent: what it means, and the JSON as it came.
///
/// ```
/// # use wirechat::client::{Object, Received};
/// fn show(received: &Received) {
///     match &received.object {
///         Object::Message(message) => println!("{}: {}", message.username, message.content),
///         _ => println!("{}", received.json),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// What it means.
    pub object: Object,
    /// The JSON text as the server wrote it. It is an object, but may hold line
    /// breaks, and any character in its strings.
    pub json: String,
}

/// What an object of the server means.
///
/// ```
/// # use wirechat::client::Object;
/// fn is_visible(object: &Object) -> bool {
///     matches!(object, Object::Message(_) | Object::Error(_))
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Object {
    /// Somebody said something, or the server tells something.
    Message(Message),
    /// The room has been entered.
    Joined(Joined),
    /// The server has a message that we sent.
    Ack(Ack),
    /// The server did not do what it was asked.
    Error(Refusal),
    /// Anything else; [`Received::json`] has it all.
    Other,
}

/// Something said in a room, to one person, or by the server.
///
/// ```
/// # use wirechat::client::Message;
/// fn in_words(message: &Message) -> String {
///     let mark = if message.is_notice() { "* " } else { "" };
///     format!("{mark}{}: {}", message.username, message.content)
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Who says it; `System` is the server.
    pub username: String,
    /// What is said. Any characters, terminal control codes included.
    pub content: String,
    /// When, if the server gave a time that can be one.
    pub timestamp: Option<Timestamp>,
    /// Where.
    pub room: Option<String>,
    /// Its number in the room's log.
    pub seq: Option<u64>,
    /// Its identity in the room's log.
    pub id: Option<String>,
    /// What the server announces: `welcome`, `join`, `leave`, `rename`, `motd`.
    pub event: Option<String>,
    /// Whom it is for, if it is private.
    pub to: Option<String>,
    /// The unit in which `timestamp` was written.
    pub(super) unit: Option<Unit>,
}

impl Message {
    /// Whether the server itself says it, and nobody in the chat.
    #[must_use]
    pub fn is_notice(&self) -> bool {
        self.username == SYSTEM
    }
}

/// The answer to joining.
///
/// ```
/// # use wirechat::client::Joined;
/// fn in_words(joined: &Joined) -> String {
///     format!("in {} with {} people", joined.room, joined.count)
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Joined {
    /// The room.
    pub room: String,
    /// Who is there: all, or the first of many.
    pub users: Vec<String>,
    /// How many there are.
    pub count: u64,
}

/// The server has stored a message of ours.
///
/// ```
/// # use wirechat::client::Ack;
/// fn place(ack: &Ack) -> Option<u64> {
///     ack.seq
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Ack {
    /// The nonce that the message carried; null if the server sent none.
    pub nonce: Value,
    /// The message's identity in the room's log.
    pub id: Option<String>,
    /// Its number in the room's log.
    pub seq: Option<u64>,
}

/// What the server did not do, and why.
///
/// ```
/// # use wirechat::client::Refusal;
/// fn in_words(refusal: &Refusal) -> String {
///     format!("{} ({})", refusal.words, refusal.code)
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// For programs: `rate_limited`, `name_taken` and so on.
    pub code: String,
    /// For people.
    pub words: String,
    /// The nonce of what was refused; null if it had none.
    pub nonce: Value,
    /// After how many milliseconds to try again.
    pub retry_after_ms: Option<u64>,
    /// A name that is free.
    pub suggestion: Option<String>,
}

impl Received {
    /// What this text means; nothing if it is not a JSON object.
    pub(super) fn parse(json: String) -> Option<Received> {
        let fields: Map<String, Value> = serde_json::from_str(&json).ok()?;
        Some(Received { object: Object::from_fields(&Fields(fields)), json })
    }
}

impl Object {
    fn from_fields(fields: &Fields) -> Object {
        match fields.text("type").as_deref() {
            Some("message" | "private") => Object::Message(Message {
                username: fields.text_or_empty("username"),
                content: fields.text_or_empty("content"),
                timestamp: fields.timestamp(),
                room: fields.text("room"),
                seq: fields.number("seq"),
                id: fields.text("id"),
                event: fields.text("event"),
                to: fields.text("to"),
                unit: fields.number_as_float("timestamp").and_then(Unit::of),
            }),
            Some("joined") => {
                let users = fields.texts("users");
                let count = fields.number("count").unwrap_or(users.len() as u64);
                Object::Joined(Joined { room: fields.text_or_empty("room"), users, count })
            }
            Some("ack") => Object::Ack(Ack {
                nonce: fields.any("nonce"),
                id: fields.text("id"),
                seq: fields.number("seq"),
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

    fn texts(&self, name: &str) -> Vec<String> {
        let items = self.0.get(name).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn object(json: &str) -> Object {
        Received::parse(json.to_owned()).expect("an object").object
    }

    fn message(json: &str) -> Message {
        match object(json) {
            Object::Message(message) => message,
            other => panic!("not a message: {other:?}"),
        }
    }

    #[test]
    fn a_time_is_the_same_in_either_unit() {
        for (time, unit) in [
            ("1700000000123", Some(Unit::Millis)),
            ("1700000000.123", Some(Unit::Seconds)),
            ("1700000000123.0", Some(Unit::Millis)),
        ] {
            let message = message(&format!(r#"{{"type":"message","timestamp":{time}}}"#));
            assert_eq!(message.timestamp, Some(Timestamp::from_millis(1_700_000_000_123)));
            assert_eq!(message.unit, unit);
        }
    }

    #[test]
    fn fields_of_the_wrong_type_count_as_absent() {
        let message = message(
            r#"{"type":"message","username":1,"content":["x"],"timestamp":"noon","seq":-1,"room":{}}"#,
        );
        assert_eq!((message.username.as_str(), message.content.as_str()), ("", ""));
        assert_eq!((message.timestamp, message.seq, message.room), (None, None, None));
    }

    #[test]
    fn what_is_no_json_object_is_nothing_and_an_unknown_object_is_other() {
        for text in ["", "hello", "[]", "null", r#""x""#, "{", r#"{"a":1} x"#] {
            assert_eq!(Received::parse(text.to_owned()), None, "{text}");
        }
        for text in ["{}", r#"{"type":7}"#, r#"{"type":"typing"}"#] {
            assert_eq!(object(text), Object::Other, "{text}");
        }
    }

    #[test]
    fn an_error_says_what_it_is_about_and_when_to_try_again() {
        let json = r#"{"type":"error","code":"rate_limited","content":"Too fast","nonce":"n-1",
            "retry_after_ms":50}"#;
        let Object::Error(refusal) = object(json) else { panic!("not an error") };
        assert_eq!((refusal.code.as_str(), refusal.words.as_str()), ("rate_limited", "Too fast"));
        assert_eq!((refusal.nonce, refusal.retry_after_ms), ("n-1".into(), Some(50)));
    }
}
