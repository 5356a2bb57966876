//! What can be wrong with a head and with a client's handshake, and the HTTP
//! response that says so.

use std::error::Error;
use std::fmt;

use super::VERSION;
use super::fields::MAX_FIELDS;
use super::head::MAX_HEAD;

/// Why bytes are not an HTTP/1 head that we read, whichever side sent them
/// (RFC 9112 §2 to §5).
///
/// ```
/// use wirechat::proto::handshake::{Head, HeadError};
///
/// assert_eq!(Head::split(b"GET / HTTP/1.1\n\n").unwrap_err(), HeadError::BareLf);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadError {
    /// No end within [`MAX_HEAD`] bytes.
    TooLong,
    /// More than [`MAX_FIELDS`] header fields.
    TooManyFields,
    /// A NUL byte (RFC 9110 §5.5).
    Nul,
    /// A CR without LF behind it (RFC 9112 §2.2).
    BareCr,
    /// An LF without CR before it (RFC 9112 §2.2).
    BareLf,
    /// The first line names another version than HTTP/1.1, or none where one
    /// must stand. An upgrade needs it (RFC 6455 §4.1, §4.2.1); an ordinary
    /// request may also use HTTP/1.0.
    HttpVersion,
    /// A first line or a header field that breaks the grammar (RFC 9112 §3 to
    /// §5): a space before the colon, a folded line, a control character.
    Malformed,
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeadError::TooLong => write!(f, "the head is longer than {MAX_HEAD} bytes"),
            HeadError::TooManyFields => write!(f, "there are more than {MAX_FIELDS} header fields"),
            HeadError::Nul => f.write_str("there is a NUL byte in the head"),
            HeadError::BareCr => f.write_str("there is a CR without an LF in the head"),
            HeadError::BareLf => f.write_str("there is an LF without a CR in the head"),
            HeadError::HttpVersion => f.write_str("the first line does not say HTTP/1.1"),
            HeadError::Malformed => f.write_str("the head is not well-formed HTTP"),
        }
    }
}

impl Error for HeadError {}

/// Why a server refuses a client's opening handshake (RFC 6455 §4.2).
///
/// No variant carries anything that the client sent, so nothing of it can come
/// back in [`response`](HandshakeError::response).
///
/// ```
/// use wirechat::proto::handshake::HandshakeError;
///
/// let response = String::from_utf8(HandshakeError::Version.response())?;
/// assert!(response.starts_with("HTTP/1.1 426 Upgrade Required\r\n"));
/// assert!(response.contains("\r\nSec-WebSocket-Version: 13\r\n"));
/// # Ok::<(), std::string::FromUtf8Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The bytes are not a head that we read.
    Head(HeadError),
    /// The request target is neither a path nor an `http` or `https` URI
    /// (RFC 6455 §4.2.1, item 1).
    Target,
    /// The method is not GET (§4.2.1, item 1).
    Method,
    /// No `Host`, more than one, or one that is not a host with an optional
    /// port (§4.2.1, item 2; RFC 9112 §3.2).
    Host,
    /// The request announces a body, which an upgrade has no place for: its
    /// bytes could be taken for frames, or the frames for it.
    Body,
    /// `Upgrade` does not list `websocket` (§4.2.1, item 3).
    Upgrade,
    /// `Connection` does not list `Upgrade` (§4.2.1, item 4).
    Connection,
    /// `Sec-WebSocket-Version` is not `13`, once (§4.2.1, item 6; §4.4).
    Version,
    /// `Sec-WebSocket-Key` is not base64 of 16 bytes, once (§4.2.1, item 5;
    /// §11.3.1).
    Key,
    /// An `Origin` that this server does not serve (§10.2).
    Origin,
    /// `Sec-WebSocket-Protocol` is not a list of different tokens (§4.1, item 10).
    Subprotocols,
    /// `Sec-WebSocket-Extensions` is not a list of extensions (§9.1).
    Extensions,
}

impl HandshakeError {
    /// The HTTP status code that answers this.
    #[must_use]
    pub const fn status(self) -> u16 {
        self.status_line().0
    }

    const fn status_line(self) -> (u16, &'static str) {
        match self {
            HandshakeError::Origin => (403, "Forbidden"),
            HandshakeError::Method => (405, "Method Not Allowed"),
            // RFC 6455 §4.2.2, RFC 9110 §15.5.22.
            HandshakeError::Upgrade | HandshakeError::Version => (426, "Upgrade Required"),
            // RFC 6585 §5.
            HandshakeError::Head(HeadError::TooLong | HeadError::TooManyFields) => {
                (431, "Request Header Fields Too Large")
            }
            _ => (400, "Bad Request"),
        }
    }

    /// The complete HTTP response, a line of text as its body. The server sends
    /// it and closes the connection: what follows a refused handshake is never
    /// read.
    #[must_use]
    pub fn response(self) -> Vec<u8> {
        let (status, reason) = self.status_line();
        let fields = self.response_fields();
        let body = format!("{self}\n");
        format!(
            "HTTP/1.1 {status} {reason}\r\n\
             {fields}\
             Content-Type: text/plain; charset=utf-8\r\n\
             Content-Length: {length}\r\n\
             \r\n\
             {body}",
            length = body.len(),
        )
        .into_bytes()
    }

    /// The header fields that depend on the status.
    fn response_fields(self) -> String {
        match self.status() {
            // RFC 9110 §15.5.6: a 405 says what is allowed.
            405 => "Connection: close\r\nAllow: GET\r\n".to_owned(),
            // RFC 9110 §15.5.22: a 426 says what to upgrade to, and §7.8: who
            // sends Upgrade names it in Connection. RFC 6455 §4.4: the version.
            426 => format!(
                "Connection: close, Upgrade\r\n\
                 Upgrade: websocket\r\n\
                 Sec-WebSocket-Version: {VERSION}\r\n"
            ),
            _ => "Connection: close\r\n".to_owned(),
        }
    }
}

impl From<HeadError> for HandshakeError {
    fn from(error: HeadError) -> HandshakeError {
        HandshakeError::Head(error)
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HandshakeError::Head(error) => return error.fmt(f),
            HandshakeError::Target => "the request target must be a path or an http URI",
            HandshakeError::Method => "the method must be GET",
            HandshakeError::Host => "there must be exactly one Host, a name with an optional port",
            HandshakeError::Body => "a handshake must not have a body",
            HandshakeError::Upgrade => "this address speaks WebSocket: Upgrade must list websocket",
            HandshakeError::Connection => "Connection must list Upgrade",
            HandshakeError::Version => "Sec-WebSocket-Version must be 13, exactly once",
            HandshakeError::Key => {
                "Sec-WebSocket-Key must be 16 bytes encoded as base64, exactly once"
            }
            HandshakeError::Origin => "this server does not serve pages of that origin",
            HandshakeError::Subprotocols => {
                "Sec-WebSocket-Protocol must be a list of different tokens"
            }
            HandshakeError::Extensions => {
                "Sec-WebSocket-Extensions must be a list of extensions with their parameters"
            }
        })
    }
}

impl Error for HandshakeError {}

#[cfg(test)]
mod tests {
    use super::*;

    // Proves 6455-10.7-4.
    #[test]
    fn a_response_ends_the_connection_and_says_why_in_a_body_of_the_right_length() {
        assert_eq!(
            String::from_utf8(HandshakeError::Connection.response()).unwrap(),
            "HTTP/1.1 400 Bad Request\r\n\
             Connection: close\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\
             Content-Length: 29\r\n\
             \r\n\
             Connection must list Upgrade\n"
        );
    }

    #[test]
    fn rfc_9110_15_5_6_a_405_says_what_is_allowed() {
        let response = String::from_utf8(HandshakeError::Method.response()).unwrap();
        assert!(response.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"));
        assert!(response.contains("\r\nAllow: GET\r\n"));
    }

    // Proves 6455-4.2.2-5, 6455-4.4-1.
    #[test]
    fn section_4_4_a_426_says_what_to_upgrade_to() {
        for error in [HandshakeError::Version, HandshakeError::Upgrade] {
            let response = String::from_utf8(error.response()).unwrap();
            assert!(response.starts_with("HTTP/1.1 426 Upgrade Required\r\n"));
            assert!(response.contains("\r\nUpgrade: websocket\r\n"));
            assert!(response.contains("\r\nSec-WebSocket-Version: 13\r\n"));
        }
    }

    #[test]
    fn a_head_that_is_too_large_has_its_own_status() {
        assert_eq!(HandshakeError::Head(HeadError::TooLong).status(), 431);
        assert_eq!(HandshakeError::Head(HeadError::TooManyFields).status(), 431);
        assert_eq!(HandshakeError::Head(HeadError::Nul).status(), 400);
    }
}
