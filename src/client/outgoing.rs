//! What a client sends, in the dialect and unit of the server.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::sequence::Resume;
use crate::chat::{Encoding, RoomName, Unit, UserName};

/// Bytes of the longest object that is sent: our server takes no longer message,
/// and would close the connection.
const MAX_SENT: usize = 64 << 10;

/// An object that is ready to be sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outgoing {
    /// The JSON text.
    pub(super) text: String,
    /// What it does.
    pub(super) kind: Kind,
}

/// What an object does, as far as the client has to know. What the server may
/// refuse or confirm later has a nonce.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Says something that the server confirms.
    Saying(Value),
    /// Asks for older messages.
    Question(Value),
    /// Enters a room, or takes another name.
    Join(Value),
    /// Leaves this room, or the first one.
    Leave(Option<String>, Value),
    /// Takes another name on a server that does not answer that.
    Rename(UserName),
    /// Anything else.
    Other,
}

/// Numbers what is sent. The server takes a nonce that it has seen for a
/// repetition, so one client's must not be another's.
#[derive(Debug)]
pub(super) struct Nonces {
    prefix: u32,
    count: u64,
}

impl Nonces {
    pub(super) fn new(prefix: u32) -> Nonces {
        Nonces { prefix, count: 0 }
    }

    pub(super) fn next(&mut self) -> Value {
        self.count += 1;
        format!("{:08x}-{}", self.prefix, self.count).into()
    }
}

/// What joins a room in the full dialect.
#[derive(Debug)]
pub(super) struct Join<'a> {
    pub(super) user: &'a UserName,
    pub(super) room: Option<&'a str>,
    pub(super) resume: Option<&'a Resume>,
    pub(super) session: Option<&'a str>,
    pub(super) private_after: Option<&'a str>,
    pub(super) nonce: Value,
}

impl Join<'_> {
    pub(super) fn text(&self) -> String {
        let resume = self.resume.map(|Resume { epoch, seq }| json!({"epoch": epoch, "seq": seq}));
        let fields = [
            ("nonce", Some(self.nonce.clone())),
            ("room", self.room.map(Value::from)),
            ("resume", resume),
            ("session", self.session.map(Value::from)),
            ("private_after", self.private_after.map(Value::from)),
        ];
        let mut object = plain_join(self.user, Encoding::V1);
        for (name, value) in fields {
            object.extend(value.map(|value| (name.to_owned(), value)));
        }
        Value::Object(object).to_string()
    }
}

/// What joins on a server that passes it on to everybody: nothing in it may be a
/// secret. Its `content` is there because the original clients look for it.
pub(super) fn plain_join(user: &UserName, encoding: Encoding) -> Map<String, Value> {
    let fields = [
        ("type", "join".into()),
        ("username", user.as_str().into()),
        ("content", "".into()),
        ("timestamp", now(encoding)),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What asks for the messages of a room after this one.
pub(super) fn history_after(room: &str, after: u64, nonce: &Value) -> String {
    json!({"type": "history", "room": room, "after": after, "limit": 100, "nonce": nonce})
        .to_string()
}

/// An object of the protocol as it was given, and with what the server needs
/// beside it: a nonce for what is confirmed or may be refused, a name and a time
/// on a plain server.
///
/// # Errors
/// Why it cannot be sent.
pub(super) fn object(
    object: Map<String, Value>,
    user: &UserName,
    encoding: Encoding,
    nonces: &mut Nonces,
) -> Result<Outgoing, &'static str> {
    let (object, kind) = match encoding {
        Encoding::V1 => full(object, user, nonces),
        _ => plain(object, user, encoding)?,
    };
    let text = Value::Object(object).to_string();
    if text.len() > MAX_SENT {
        return Err("it is longer than 64 KiB");
    }
    Ok(Outgoing { text, kind })
}

fn full(
    mut object: Map<String, Value>,
    user: &UserName,
    nonces: &mut Nonces,
) -> (Map<String, Value>, Kind) {
    let kind = object.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut nonce = || match object.get("nonce") {
        Some(nonce) if !nonce.is_null() => nonce.clone(),
        _ => {
            let nonce = nonces.next();
            object.insert("nonce".to_owned(), nonce.clone());
            nonce
        }
    };
    let kind = match kind.as_str() {
        "message" | "private" => Kind::Saying(nonce()),
        "history" => Kind::Question(nonce()),
        "leave" => {
            let nonce = nonce();
            let room = object.get("room").and_then(Value::as_str);
            let room = room.and_then(|room| RoomName::parse(room).ok());
            Kind::Leave(room.map(|room| room.as_str().to_owned()), nonce)
        }
        "join" => {
            let nonce = nonce();
            object.entry("username").or_insert_with(|| user.as_str().into());
            Kind::Join(nonce)
        }
        _ => Kind::Other,
    };
    (object, kind)
}

/// A plain server passes on to everybody whatever it gets, as it is.
fn plain(
    mut object: Map<String, Value>,
    user: &UserName,
    encoding: Encoding,
) -> Result<(Map<String, Value>, Kind), &'static str> {
    match object.get("type").and_then(Value::as_str) {
        Some("message") => {
            object.insert("username".to_owned(), user.as_str().into());
            object.insert("timestamp".to_owned(), now(encoding));
            Ok((object, Kind::Other))
        }
        Some("join") if !object.contains_key("room") => {
            let name = object.get("username").and_then(Value::as_str);
            let name = name.and_then(|name| UserName::parse(name).ok());
            let name = name.ok_or("this cannot be a name")?;
            Ok((plain_join(&name, encoding), Kind::Rename(name)))
        }
        _ => Err("the server understands messages only"),
    }
}

/// The time of day in the unit of this encoding.
fn now(encoding: Encoding) -> Value {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    match encoding.unit() {
        Unit::Millis => (since.as_millis() as u64).into(),
        Unit::Seconds => since.as_secs_f64().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann() -> UserName {
        UserName::parse("Ann").expect("a name")
    }

    fn parsed(json: &str) -> Value {
        serde_json::from_str(json).expect("JSON")
    }

    fn given(json: &str, encoding: Encoding) -> Result<Outgoing, &'static str> {
        let object = serde_json::from_str(json).expect("an object");
        self::object(object, &ann(), encoding, &mut Nonces::new(7))
    }

    #[test]
    fn a_plain_message_has_a_name_and_a_time_in_the_unit_of_the_server() {
        for (encoding, unit) in
            [(Encoding::PlainMillis, Unit::Millis), (Encoding::PlainSeconds, Unit::Seconds)]
        {
            let sent = given(r#"{"type":"message","content":"hi"}"#, encoding).unwrap();
            let object = parsed(&sent.text);
            assert_eq!((&object["type"], &object["content"]), (&"message".into(), &"hi".into()));
            assert_eq!(object["username"], "Ann");
            assert_eq!(Unit::of(object["timestamp"].as_f64().unwrap()), Some(unit));
            assert_eq!(sent.kind, Kind::Other);
        }
    }

    #[test]
    fn in_the_full_dialect_what_is_confirmed_or_may_be_refused_has_a_nonce_of_its_own() {
        let mut nonces = Nonces::new(0xabc);
        let mut send = |json: &str| {
            let object = serde_json::from_str(json).expect("an object");
            let sent = object_in_full(object, &mut nonces);
            (parsed(&sent.text)["nonce"].clone(), sent.kind)
        };
        let first = Value::from("00000abc-1");
        assert_eq!(send(r#"{"type":"message"}"#), (first.clone(), Kind::Saying(first)));
        let second = Value::from("00000abc-2");
        assert_eq!(
            send(r#"{"type":"private","nonce":null}"#),
            (second.clone(), Kind::Saying(second))
        );
        let third = Value::from("00000abc-3");
        assert_eq!(send(r#"{"type":"history"}"#), (third.clone(), Kind::Question(third)));
        let fourth = Value::from("00000abc-4");
        let leave = Kind::Leave(Some("rust".to_owned()), fourth.clone());
        assert_eq!(send(r#"{"type":"leave","room":"Rust"}"#), (fourth, leave));
    }

    fn object_in_full(object: Map<String, Value>, nonces: &mut Nonces) -> Outgoing {
        self::object(object, &ann(), Encoding::V1, nonces).expect("it can be sent")
    }

    #[test]
    fn a_given_object_goes_as_it_is_and_its_own_nonce_is_awaited() {
        let sent = given(r#"{"type":"who","x":[1]}"#, Encoding::V1).unwrap();
        assert_eq!(parsed(&sent.text), json!({"type": "who", "x": [1]}));
        assert_eq!(sent.kind, Kind::Other);
        let sent = given(r#"{"type":"private","to":"Bob","nonce":5}"#, Encoding::V1).unwrap();
        assert_eq!(sent.kind, Kind::Saying(5.into()));
    }

    #[test]
    fn a_join_says_who_we_are_and_where_to_go_on() {
        let resume = Resume { epoch: "5eed".to_owned(), seq: 7 };
        let join = Join {
            user: &ann(),
            room: Some("rust"),
            resume: Some(&resume),
            session: Some("00ff"),
            private_after: None,
            nonce: "n".into(),
        };
        let object = parsed(&join.text());
        assert_eq!((&object["username"], &object["room"]), (&"Ann".into(), &"rust".into()));
        assert_eq!(object["resume"], json!({"epoch": "5eed", "seq": 7}));
        assert_eq!(object["session"], "00ff");
        assert_eq!(object.get("private_after"), None);
    }

    #[test]
    fn a_plain_server_is_sent_nothing_but_messages_and_names() {
        for json in [r#"{"type":"who"}"#, r#"{"type":"join","username":"Ann","room":"rust"}"#] {
            assert!(given(json, Encoding::PlainMillis).is_err(), "{json}");
        }
        let json = r#"{"type":"join","username":"Bob","session":"00ff"}"#;
        let sent = given(json, Encoding::PlainMillis).unwrap();
        let object = parsed(&sent.text);
        assert_eq!((&object["username"], &object["session"]), (&"Bob".into(), &Value::Null));
        assert_eq!(sent.kind, Kind::Rename(UserName::parse("Bob").unwrap()));
    }

    #[test]
    fn what_the_server_would_close_the_connection_for_is_not_sent() {
        let long = "x".repeat(70_000);
        let json = json!({"type": "message", "content": long}).to_string();
        assert!(given(&json, Encoding::V1).is_err());
    }
}
