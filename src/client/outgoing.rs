//! What a client sends, in the dialect and unit of the server.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use super::options::Options;
use crate::chat::{Encoding, Unit};

/// Bytes of the longest object that is sent: our server takes no longer message,
/// and would close the connection.
const MAX_SENT: usize = 64 << 10;

/// What the task is asked to do, in this order.
#[derive(Debug)]
pub(super) enum Command {
    /// To say this in the room.
    Say(String),
    /// To send this object of the protocol.
    Object(Map<String, Value>),
    /// To tell when all before this is done.
    Flush(oneshot::Sender<()>),
    /// To end when all before this is done.
    Finish,
}

impl Command {
    /// What would be lost with it, as the person wrote it.
    pub(super) fn into_content(self) -> Option<String> {
        match self {
            Command::Say(content) => Some(content),
            Command::Object(object) => Some(Value::Object(object).to_string()),
            Command::Flush(_) | Command::Finish => None,
        }
    }
}

/// An object that is ready to be sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outgoing {
    /// The JSON text.
    pub(super) text: String,
    /// What the server names in its answer; nothing if none is due.
    pub(super) nonce: Option<Value>,
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

    fn next(&mut self) -> Value {
        self.count += 1;
        format!("{:08x}-{}", self.prefix, self.count).into()
    }
}

/// The object that joins. Its `content` is there because the original servers
/// and clients look for it.
pub(super) fn join(options: &Options, encoding: Encoding) -> String {
    let mut object = json!({
        "type": "join",
        "username": options.user.as_str(),
        "content": "",
        "timestamp": now(encoding),
    });
    if let Some(room) = &options.room {
        object["room"] = room.as_str().into();
    }
    object.to_string()
}

/// The object that says something.
///
/// # Errors
/// Why it cannot be sent.
pub(super) fn message(
    content: &str,
    options: &Options,
    encoding: Encoding,
    nonces: &mut Nonces,
) -> Result<Outgoing, &'static str> {
    let mut object = Map::new();
    object.insert("type".to_owned(), "message".into());
    object.insert("content".to_owned(), content.into());
    if let (Encoding::V1, Some(room)) = (encoding, &options.room) {
        object.insert("room".to_owned(), room.as_str().into());
    }
    self::object(object, options, encoding, nonces)
}

/// An object of the protocol as it was given, and with what the server needs
/// beside it: a nonce for what is confirmed, a name and a time on a plain server.
///
/// # Errors
/// Why it cannot be sent.
pub(super) fn object(
    mut object: Map<String, Value>,
    options: &Options,
    encoding: Encoding,
    nonces: &mut Nonces,
) -> Result<Outgoing, &'static str> {
    let kind = object.get("type").and_then(Value::as_str);
    let nonce = match (encoding, kind) {
        (Encoding::V1, Some("message" | "private")) => {
            Some(object.entry("nonce").or_insert_with(|| nonces.next()).clone())
        }
        (Encoding::V1, _) => None,
        (_, Some("message")) => {
            // A plain server passes it on as it is.
            object.insert("username".to_owned(), options.user.as_str().into());
            object.insert("timestamp".to_owned(), now(encoding));
            None
        }
        _ => return Err("the server understands messages only"),
    };
    let text = Value::Object(object).to_string();
    if text.len() > MAX_SENT {
        return Err("it is longer than 64 KiB");
    }
    Ok(Outgoing { text, nonce })
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
    use crate::chat::{RoomName, UserName};

    fn options() -> Options {
        let uri = "ws://a/".parse().expect("a URI");
        Options::new(uri, UserName::parse("Ann").expect("a name"))
    }

    fn parsed(json: &str) -> Value {
        serde_json::from_str(json).expect("JSON")
    }

    fn given(json: &str, encoding: Encoding) -> Result<Outgoing, &'static str> {
        let object = serde_json::from_str(json).expect("an object");
        self::object(object, &options(), encoding, &mut Nonces::new(7))
    }

    #[test]
    fn a_plain_message_has_a_name_and_a_time_in_the_unit_of_the_server() {
        for (encoding, unit) in
            [(Encoding::PlainMillis, Unit::Millis), (Encoding::PlainSeconds, Unit::Seconds)]
        {
            let sent = message("hi", &options(), encoding, &mut Nonces::new(7)).unwrap();
            let object = parsed(&sent.text);
            assert_eq!((&object["type"], &object["content"]), (&"message".into(), &"hi".into()));
            assert_eq!(object["username"], "Ann");
            assert_eq!(Unit::of(object["timestamp"].as_f64().unwrap()), Some(unit));
            assert_eq!(sent.nonce, None);
        }
    }

    #[test]
    fn in_the_full_dialect_every_message_has_a_nonce_of_its_own() {
        let (options, mut nonces) = (options(), Nonces::new(0xabc));
        let mut nonce = || {
            let sent = message("hi", &options, Encoding::V1, &mut nonces).unwrap();
            assert_eq!(Some(&parsed(&sent.text)["nonce"]), sent.nonce.as_ref());
            sent.nonce.unwrap()
        };
        assert_eq!((nonce(), nonce()), ("00000abc-1".into(), "00000abc-2".into()));
    }

    #[test]
    fn a_room_that_was_asked_for_is_joined_and_spoken_to() {
        let options = Options { room: Some(RoomName::parse("rust").expect("a name")), ..options() };
        assert_eq!(parsed(&join(&options, Encoding::V1))["room"], "rust");
        let sent = message("hi", &options, Encoding::V1, &mut Nonces::new(7)).unwrap();
        assert_eq!(parsed(&sent.text)["room"], "rust");
    }

    #[test]
    fn a_given_object_goes_as_it_is_and_its_own_nonce_is_awaited() {
        let sent = given(r#"{"type":"who","x":[1]}"#, Encoding::V1).unwrap();
        assert_eq!(parsed(&sent.text), json!({"type": "who", "x": [1]}));
        assert_eq!(sent.nonce, None);
        let sent = given(r#"{"type":"private","to":"Bob","nonce":5}"#, Encoding::V1).unwrap();
        assert_eq!(sent.nonce, Some(5.into()));
    }

    #[test]
    fn a_plain_server_is_sent_nothing_but_messages() {
        assert!(given(r#"{"type":"who"}"#, Encoding::PlainMillis).is_err());
        let sent = given(r#"{"type":"message","content":"x"}"#, Encoding::PlainMillis).unwrap();
        assert_eq!(parsed(&sent.text)["username"], "Ann");
    }

    #[test]
    fn what_the_server_would_close_the_connection_for_is_not_sent() {
        let long = "\n".repeat(40_000); // 80,000 bytes of JSON
        assert!(message(&long, &options(), Encoding::V1, &mut Nonces::new(7)).is_err());
    }
}
