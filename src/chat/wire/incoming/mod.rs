//! What a client sent: one JSON object.
//!
//! The object is split into fields that stay raw until a command asks for them,
//! so that a field of the wrong type is a fault only where it is needed: the
//! original's clients put anything into `timestamp`.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::refusal::{ErrorCode, Refusal};
use crate::chat::history::Resume;
use crate::chat::ids::{Epoch, Position};
use crate::chat::names::{RoomName, UserName};
use crate::chat::time::Unit;
use crate::chat::token::Token;

/// Bytes of JSON that a nonce may have, quotes included: it is kept and sent back.
const MAX_NONCE: usize = 128;

/// The fields that some command looks at, borrowed from what was received.
/// `null` counts as absent.
#[derive(Debug, Default)]
pub(crate) struct Object<'a> {
    kind: Option<&'a RawValue>,
    username: Option<&'a RawValue>,
    content: Option<&'a RawValue>,
    room: Option<&'a RawValue>,
    nonce: Option<&'a RawValue>,
    timestamp: Option<&'a RawValue>,
    resume: Option<&'a RawValue>,
    since: Option<&'a RawValue>,
    session: Option<&'a RawValue>,
    private_after: Option<&'a RawValue>,
    to: Option<&'a RawValue>,
    is_typing: Option<&'a RawValue>,
    before: Option<&'a RawValue>,
    after: Option<&'a RawValue>,
    limit: Option<&'a RawValue>,
    on: Option<&'a RawValue>,
}

/// What a client asks for. A room that is not named is the first one joined.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command<'a> {
    Join(Join),
    Message {
        content: Cow<'a, str>,
        room: Option<RoomName>,
    },
    Private {
        to: UserName,
        content: Cow<'a, str>,
    },
    Typing {
        place: Place,
        is_typing: bool,
    },
    Leave {
        room: Option<RoomName>,
    },
    History {
        room: Option<RoomName>,
        part: Part,
        limit: Option<u64>,
    },
    Who {
        room: Option<RoomName>,
    },
    Rooms,
    Ping,
    /// To see the frames of this very connection.
    Inspect {
        on: bool,
    },
}

/// To take a name and enter a room.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Join {
    pub(crate) user: UserName,
    pub(crate) room: Option<RoomName>,
    /// From where on it wants to hear what it missed, if it does.
    pub(crate) resume: Option<Resume>,
    /// The proof of who it was before.
    pub(crate) session: Option<Token>,
    pub(crate) mail: Mail,
}

/// Which of the private messages that are kept for it a client wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mail {
    /// Those that were never handed to any connection.
    Waiting,
    /// Those behind this one; all of them if it is no message of ours.
    After(Option<Position>),
}

/// Where somebody is typing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Room(Option<RoomName>),
    Person(UserName),
}

/// Which part of a room's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Newest,
    Before(u64),
    After(u64),
}

impl<'a> Object<'a> {
    /// Splits the payload of a text or binary message into fields.
    ///
    /// # Errors
    /// `bad_json` if it is not JSON, `bad_message` if it is, but no object, or
    /// one that has a field twice, about which JSON readers disagree.
    pub(crate) fn parse(payload: &'a [u8]) -> Result<Object<'a>, Refusal> {
        let bad_json = |why: &dyn fmt::Display| {
            Refusal::new(ErrorCode::BadJson, format!("This is not JSON: {why}."))
        };
        // The payload of a binary message may be anything.
        let text = simdutf8::basic::from_utf8(payload).map_err(|_| bad_json(&"not UTF-8"))?;
        serde_json::from_str(text).map_err(|error| match serde_json::from_str::<IgnoredAny>(text) {
            Err(syntax) => bad_json(&syntax),
            Ok(_) if text.trim_start().starts_with('{') => {
                Refusal::bad_message(format!("{error}."))
            }
            // The error's own text would quote a string of any length.
            Ok(_) => Refusal::bad_message("This is JSON, but not an object."),
        })
    }

    /// The unit of the client's timestamps, if this one shows it.
    pub(crate) fn unit(&self) -> Option<Unit> {
        Unit::of(serde_json::from_str(self.timestamp?.get()).ok()?)
    }

    /// The nonce as the JSON that the client wrote, a string or a number;
    /// nothing if it is absent or no nonce ([`Object::command`] refuses that).
    pub(crate) fn nonce(&self) -> Option<&'a str> {
        self.checked_nonce().ok().flatten()
    }

    /// What the client asks for.
    ///
    /// # Errors
    /// The code that chat-protocol's table of errors has for it; the words name
    /// the field.
    pub(crate) fn command(&self) -> Result<Command<'a>, Refusal> {
        let kind = required(self.kind, "type")?;
        let command = match &*kind {
            "join" => Command::Join(self.join()?),
            "message" => Command::Message { content: self.content()?, room: self.room()? },
            "private" => Command::Private { to: self.person()?, content: self.content()? },
            "typing" => {
                let is_typing = parsed(self.is_typing, "isTyping", "true or false")?;
                self.typing(is_typing.ok_or_else(|| missing("isTyping"))?)?
            }
            "typing.start" => self.typing(true)?,
            "typing.stop" => self.typing(false)?,
            "leave" => Command::Leave { room: self.room()? },
            "history" => self.history()?,
            "who" => Command::Who { room: self.room()? },
            "rooms" => Command::Rooms,
            "ping" => Command::Ping,
            "inspect" => {
                let on = parsed(self.on, "on", "true or false")?;
                Command::Inspect { on: on.ok_or_else(|| missing("on"))? }
            }
            _ => return Err(Refusal::unknown_type()),
        };
        self.checked_nonce()?;
        Ok(command)
    }

    fn join(&self) -> Result<Join, Refusal> {
        let session = self.session.map(|raw| string(raw, "session")).transpose()?;
        let private_after =
            self.private_after.map(|raw| string(raw, "private_after")).transpose()?;
        Ok(Join {
            user: self.user()?,
            room: self.room()?,
            resume: self.resume()?,
            // What is no token of ours proves nothing, and does no harm.
            session: session.and_then(|text| Token::parse(&text)),
            mail: private_after.map_or(Mail::Waiting, |id| Mail::After(Position::parse(&id))),
        })
    }

    fn resume(&self) -> Result<Option<Resume>, Refusal> {
        /// As the client remembers it.
        #[derive(serde::Deserialize)]
        struct Last<'a> {
            #[serde(borrow)]
            epoch: Cow<'a, str>,
            seq: u64,
        }
        let last: Option<Last<'_>> =
            parsed(self.resume, "resume", "an object with `epoch` and `seq`")?;
        let since: Option<f64> = parsed(self.since, "since", "a timestamp")?;
        let last =
            last.map(|Last { epoch, seq }| Resume::After { epoch: Epoch::parse(&epoch), seq });
        Ok(last.or_else(|| since.map(|time| Resume::Since(Unit::read(time)))))
    }

    fn typing(&self, is_typing: bool) -> Result<Command<'a>, Refusal> {
        let place = match (self.room()?, self.to) {
            (Some(_), Some(_)) => {
                return Err(Refusal::bad_message("Either `room` or `to`, not both."));
            }
            (None, Some(_)) => Place::Person(self.person()?),
            (room, None) => Place::Room(room),
        };
        Ok(Command::Typing { place, is_typing })
    }

    fn history(&self) -> Result<Command<'a>, Refusal> {
        const NUMBER: &str = "a whole number";
        let before = parsed(self.before, "before", NUMBER)?;
        let after = parsed(self.after, "after", NUMBER)?;
        let part = match (before, after) {
            (Some(_), Some(_)) => {
                return Err(Refusal::bad_message("Either `before` or `after`, not both."));
            }
            (Some(seq), None) => Part::Before(seq),
            (None, Some(seq)) => Part::After(seq),
            (None, None) => Part::Newest,
        };
        let limit = parsed(self.limit, "limit", NUMBER)?;
        Ok(Command::History { room: self.room()?, part, limit })
    }

    /// Whom it is for. Nobody has a name that is none.
    fn person(&self) -> Result<UserName, Refusal> {
        UserName::parse(&required(self.to, "to")?).map_err(|_| Refusal::no_such_user())
    }

    fn user(&self) -> Result<UserName, Refusal> {
        UserName::parse(&required(self.username, "username")?).map_err(Refusal::user_name)
    }

    fn room(&self) -> Result<Option<RoomName>, Refusal> {
        let Some(raw) = self.room else { return Ok(None) };
        RoomName::parse(&string(raw, "room")?).map(Some).map_err(Refusal::room_name)
    }

    fn content(&self) -> Result<Cow<'a, str>, Refusal> {
        let content = required(self.content, "content")?;
        if content.trim().is_empty() {
            return Err(Refusal::bad_message("`content` is empty."));
        }
        Ok(content)
    }

    fn checked_nonce(&self) -> Result<Option<&'a str>, Refusal> {
        let Some(raw) = self.nonce else { return Ok(None) };
        let json = raw.get();
        let is_nonce = match json.as_bytes().first() {
            _ if json.len() > MAX_NONCE => false,
            Some(b'"') => text(raw).is_some(),
            Some(_) => serde_json::from_str::<f64>(json).is_ok(),
            None => false,
        };
        if !is_nonce {
            let words = format!("`nonce` must be a string or number of at most {MAX_NONCE} bytes.");
            return Err(Refusal::bad_message(words));
        }
        Ok(Some(json))
    }
}

fn required<'a>(field: Option<&'a RawValue>, name: &'static str) -> Result<Cow<'a, str>, Refusal> {
    match field {
        Some(raw) => string(raw, name),
        None => Err(missing(name)),
    }
}

fn missing(name: &'static str) -> Refusal {
    Refusal::bad_message(format!("`{name}` is missing."))
}

/// The value of a field that need not be there; `what` it must be if it is.
fn parsed<'a, T: Deserialize<'a>>(
    field: Option<&'a RawValue>,
    name: &'static str,
    what: &'static str,
) -> Result<Option<T>, Refusal> {
    let Some(raw) = field else { return Ok(None) };
    let value = serde_json::from_str(raw.get());
    value.map(Some).map_err(|_| Refusal::bad_message(format!("`{name}` must be {what}.")))
}

fn string<'a>(raw: &'a RawValue, name: &'static str) -> Result<Cow<'a, str>, Refusal> {
    text(raw).ok_or_else(|| Refusal::bad_message(format!("`{name}` must be a string.")))
}

/// The text of a JSON string; nothing for another value, or for one that is
/// not Unicode (half of a surrogate pair).
fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    /// `Cow` alone would always copy.
    #[derive(serde::Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str(raw.get()).ok().map(|Text(text)| text)
}

/// Keys may be written with escapes, so they cannot simply be borrowed.
#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Field {
    Type,
    Username,
    Content,
    Room,
    Nonce,
    Timestamp,
    Resume,
    Since,
    Session,
    #[serde(rename = "private_after")]
    PrivateAfter,
    To,
    #[serde(rename = "isTyping")]
    IsTyping,
    Before,
    After,
    Limit,
    On,
    #[serde(other)]
    Other,
}

/// By hand, since a derived struct is also satisfied with an array.
impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<'a>, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut object = Object::default();
        while let Some(field) = map.next_key()? {
            let (slot, name) = match field {
                Field::Type => (&mut object.kind, "type"),
                Field::Username => (&mut object.username, "username"),
                Field::Content => (&mut object.content, "content"),
                Field::Room => (&mut object.room, "room"),
                Field::Nonce => (&mut object.nonce, "nonce"),
                Field::Timestamp => (&mut object.timestamp, "timestamp"),
                Field::Resume => (&mut object.resume, "resume"),
                Field::Since => (&mut object.since, "since"),
                Field::Session => (&mut object.session, "session"),
                Field::PrivateAfter => (&mut object.private_after, "private_after"),
                Field::To => (&mut object.to, "to"),
                Field::IsTyping => (&mut object.is_typing, "isTyping"),
                Field::Before => (&mut object.before, "before"),
                Field::After => (&mut object.after, "after"),
                Field::Limit => (&mut object.limit, "limit"),
                Field::On => (&mut object.on, "on"),
                Field::Other => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if slot.is_some() {
                return Err(A::Error::custom(format_args!("`{name}` is there twice")));
            }
            let value: &RawValue = map.next_value()?;
            *slot = (value.get() != "null").then_some(value);
        }
        Ok(object)
    }
}
