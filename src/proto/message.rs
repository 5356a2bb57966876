//! What a connection hands to its user: events, and messages that own their payload.

use std::borrow::Cow;

use super::close::CloseFrame;

/// Something the peer sent, complete and checked.
///
/// A payload that arrived in one piece is borrowed from the bytes that were
/// passed to [`Connection::receive`](super::Connection::receive) and cost no
/// copy; one that came in several pieces is owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'b> {
    /// A text message (RFC 6455 §5.6), all its fragments together.
    Text(Cow<'b, str>),
    /// A binary message, all its fragments together.
    Binary(Cow<'b, [u8]>),
    /// A Ping with its payload. The connection has queued the Pong already.
    Ping(Cow<'b, [u8]>),
    /// A Pong, asked for or not, with its payload.
    Pong(Cow<'b, [u8]>),
    /// A Close. The connection has queued the answer if one is due; no event follows.
    Close(CloseFrame),
}

/// A data message: what applications exchange (RFC 6455 §5.6).
///
/// ```
/// use wirechat::proto::Message;
///
/// let message = Message::from("hello");
/// assert_eq!(message.as_text(), Some("hello"));
/// assert_eq!(message.as_bytes(), b"hello");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// UTF-8 text.
    Text(String),
    /// Any bytes.
    Binary(Vec<u8>),
}

impl Message {
    /// The text, or `None` for a binary message.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Message::Text(text) => Some(text),
            Message::Binary(_) => None,
        }
    }

    /// The payload, whatever its type.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => bytes,
        }
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Message {
        Message::Text(text.to_owned())
    }
}

impl From<String> for Message {
    fn from(text: String) -> Message {
        Message::Text(text)
    }
}

impl From<&[u8]> for Message {
    fn from(bytes: &[u8]) -> Message {
        Message::Binary(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Message {
        Message::Binary(bytes)
    }
}

/// A data message that is to be sent: borrowed, unless the caller gives it away.
///
/// What a socket sends is anything that can be made into one: a string, bytes, a
/// [`Message`] or a reference to any of them.
///
/// ```
/// use wirechat::proto::{Message, Payload};
///
/// let message = Message::from("hello");
/// assert_eq!(Payload::from(&message), Payload::from("hello"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// UTF-8 text.
    Text(Cow<'a, str>),
    /// Any bytes.
    Binary(Cow<'a, [u8]>),
}

impl<'a> From<&'a str> for Payload<'a> {
    fn from(text: &'a str) -> Payload<'a> {
        Payload::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Payload<'a> {
    fn from(text: &'a String) -> Payload<'a> {
        Payload::from(text.as_str())
    }
}

impl From<String> for Payload<'_> {
    fn from(text: String) -> Self {
        Payload::Text(Cow::Owned(text))
    }
}

impl<'a> From<&'a [u8]> for Payload<'a> {
    fn from(bytes: &'a [u8]) -> Payload<'a> {
        Payload::Binary(Cow::Borrowed(bytes))
    }
}

impl From<Vec<u8>> for Payload<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Payload::Binary(Cow::Owned(bytes))
    }
}

impl<'a> From<&'a Message> for Payload<'a> {
    fn from(message: &'a Message) -> Payload<'a> {
        match message {
            Message::Text(text) => Payload::from(text.as_str()),
            Message::Binary(bytes) => Payload::from(bytes.as_slice()),
        }
    }
}

impl From<Message> for Payload<'_> {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(text) => Payload::from(text),
            Message::Binary(bytes) => Payload::from(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_made_of_whatever_a_program_has_and_borrows_where_it_can() {
        let (text, bytes) = ("x".to_owned(), vec![1]);
        let borrowed = [Payload::from(&text), "x".into(), (&Message::from("x")).into()]
            .map(|payload| matches!(payload, Payload::Text(Cow::Borrowed("x"))));
        assert_eq!(borrowed, [true; 3]);
        let binary = Message::Binary(bytes.clone());
        let borrowed = [Payload::from(&bytes[..]), Payload::from(&binary)]
            .map(|payload| matches!(payload, Payload::Binary(Cow::Borrowed([1]))));
        assert_eq!(borrowed, [true; 2]);
        assert_eq!(Payload::from(Message::from("x")), Payload::from(text));
        assert_eq!(Payload::from(binary), Payload::from(bytes));
    }

    #[test]
    fn section_5_6_text_is_bytes_too_but_bytes_are_no_text() {
        let (text, binary) = (Message::from("h\u{e9}"), Message::from(&b"h\xc3\xa9"[..]));
        assert_eq!(text.as_text(), Some("h\u{e9}"));
        assert_eq!(binary.as_text(), None);
        assert_eq!(text.as_bytes(), b"h\xc3\xa9");
        assert_eq!(binary.as_bytes(), b"h\xc3\xa9");
    }

    #[test]
    fn section_5_6_strings_become_text_and_bytes_become_binary() {
        assert_eq!(Message::from("a".to_owned()), Message::from("a"));
        assert_eq!(Message::from(b"a".to_vec()), Message::from(&b"a"[..]));
        assert_ne!(Message::from("a"), Message::from(&b"a"[..]));
    }
}
