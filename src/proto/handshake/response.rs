//! What a server answers: an HTTP/1 response head (RFC 9112 §4), and why it may
//! not be a yes.

use std::error::Error;
use std::fmt;

use super::error::HeadError;
use super::fields::{self, Fields, MAX_FIELDS};
use super::head::Head;

/// A response as it was parsed from a head, borrowing from it.
///
/// [`ClientHandshake::verify`](super::ClientHandshake::verify) decides whether it
/// accepts the handshake.
///
/// ```
/// use wirechat::proto::handshake::{Head, Response};
///
/// let bytes = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n\r\n";
/// let (head, _) = Head::split(bytes)?.unwrap();
/// let response = Response::parse(head)?;
/// assert_eq!((response.status(), response.reason()), (503, "Service Unavailable"));
/// assert_eq!(response.header("retry-after").next(), Some(&b"5"[..]));
/// # Ok::<(), wirechat::proto::handshake::HeadError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Response<'h> {
    status: u16,
    reason: &'h str,
    minor_version: u8,
    pub(super) fields: Fields<'h>,
}

impl<'h> Response<'h> {
    /// Parses a complete head, once.
    ///
    /// # Errors
    /// [`HeadError::TooManyFields`], [`HeadError::HttpVersion`] if it is neither
    /// HTTP/1.0 nor HTTP/1.1, [`HeadError::Malformed`] for anything else that
    /// RFC 9112 §4 does not allow.
    pub fn parse(head: Head<'h>) -> Result<Response<'h>, HeadError> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut parsed = httparse::Response::new(&mut headers);
        fields::check(parsed.parse(head.as_bytes()))?;
        let (Some(status), Some(reason), Some(minor_version)) =
            (parsed.code, parsed.reason, parsed.version)
        else {
            return Err(HeadError::Malformed);
        };
        Ok(Response { status, reason, minor_version, fields: Fields::new(parsed.headers) })
    }

    /// The status code, three digits.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The words behind the status code; empty if there are none, or if they are
    /// not ASCII.
    #[must_use]
    pub const fn reason(&self) -> &'h str {
        self.reason
    }

    /// 1 for HTTP/1.1, 0 for HTTP/1.0.
    #[must_use]
    pub const fn minor_version(&self) -> u8 {
        self.minor_version
    }

    /// All header fields in the order they came, at most [`MAX_FIELDS`].
    pub fn headers(&self) -> impl Iterator<Item = (&'h str, &'h [u8])> {
        self.fields.iter()
    }

    /// The values of the header fields with this name, in any case. They are
    /// trimmed, and may hold bytes that are not ASCII.
    pub fn header(&self, name: &str) -> impl Iterator<Item = &'h [u8]> {
        self.fields.all(name)
    }
}

/// Why a server's response does not open a connection (RFC 6455 §4.1).
///
/// ```
/// use wirechat::proto::handshake::{HeadError, ResponseError};
///
/// let error = ResponseError::Refused {
///     status: 301,
///     reason: "Moved Permanently".to_owned(),
///     location: Some("wss://example.com/".to_owned()),
/// };
/// assert_eq!(
///     error.to_string(),
///     "the server answered 301 Moved Permanently and points to wss://example.com/"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseError {
    /// The bytes are not a head that we read, or a 101 in HTTP/1.0.
    Head(HeadError),
    /// The server answered with something else than 101. A redirect is told, not
    /// followed: §4.1 leaves that to the client, and only the caller knows where
    /// its secrets may go.
    Refused {
        /// The status code.
        status: u16,
        /// The words behind it: ASCII without control characters but tabs; may be empty.
        reason: String,
        /// `Location`, if there is one and it is printable ASCII.
        location: Option<String>,
    },
    /// `Upgrade` is not `websocket`, once (§4.1, response item 2).
    Upgrade,
    /// `Connection` does not list `Upgrade` (item 3).
    Connection,
    /// `Sec-WebSocket-Accept` does not answer our key, or is there more than
    /// once (item 4, §11.3.3).
    Accept,
    /// The server uses an extension that was not offered, or not as it was
    /// offered (item 5, §9.1; RFC 7692 §7.1).
    Extension,
    /// The server chose a subprotocol that was not offered, or more than one
    /// (item 6, §11.3.4).
    Subprotocol,
}

impl From<HeadError> for ResponseError {
    fn from(error: HeadError) -> ResponseError {
        ResponseError::Head(error)
    }
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ResponseError::Head(error) => {
                return write!(f, "the server's response cannot be read: {error}");
            }
            ResponseError::Refused { status, reason, location } => {
                write!(f, "the server answered {status}")?;
                if !reason.is_empty() {
                    write!(f, " {reason}")?;
                }
                return match location {
                    Some(location) => write!(f, " and points to {location}"),
                    None => Ok(()),
                };
            }
            ResponseError::Upgrade => "the server's Upgrade is not websocket",
            ResponseError::Connection => "the server's Connection does not list Upgrade",
            ResponseError::Accept => "the server's Sec-WebSocket-Accept does not answer our key",
            ResponseError::Extension => "the server uses an extension that was not offered so",
            ResponseError::Subprotocol => "the server chose a subprotocol that was not offered",
        })
    }
}

impl Error for ResponseError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(head: &[u8]) -> Result<Response<'_>, HeadError> {
        Response::parse(Head::split(head).unwrap().unwrap().0)
    }

    #[test]
    fn the_status_line_is_taken_apart() {
        let response = parse(b"HTTP/1.0 404 Not Found\r\n\r\n").unwrap();
        assert_eq!((response.status(), response.reason()), (404, "Not Found"));
        assert_eq!(response.minor_version(), 0);
    }

    #[test]
    fn all_header_fields_can_be_looked_at() {
        let response = parse(b"HTTP/1.1 101 x\r\nA: 1\r\nB: 2\r\na: 3\r\n\r\n").unwrap();
        let all: Vec<_> = response.headers().collect();
        assert_eq!(all, [("A", &b"1"[..]), ("B", b"2"), ("a", b"3")]);
        assert_eq!(response.header("a").collect::<Vec<_>>(), [b"1", b"3"]);
    }

    #[test]
    fn a_refusal_is_told_with_as_many_words_as_the_server_had() {
        let refused = |reason: &str, location: Option<&str>| {
            let (reason, location) = (reason.to_owned(), location.map(str::to_owned));
            ResponseError::Refused { status: 302, reason, location }.to_string()
        };
        assert_eq!(refused("", None), "the server answered 302");
        assert_eq!(refused("Found", None), "the server answered 302 Found");
        assert_eq!(refused("", Some("/a")), "the server answered 302 and points to /a");
    }

    #[test]
    fn words_that_are_missing_or_not_ascii_are_no_error() {
        for head in
            [&b"HTTP/1.1 101\r\n\r\n"[..], b"HTTP/1.1 101 \r\n\r\n", b"HTTP/1.1 101 \xff\r\n\r\n"]
        {
            let response = parse(head).unwrap();
            assert_eq!((response.status(), response.reason()), (101, ""));
        }
    }

    // Proves 6455-4.1-39.
    #[test]
    fn what_is_not_http_1_is_refused() {
        assert_eq!(parse(b"HTTP/2 101 Yes\r\n\r\n").unwrap_err(), HeadError::HttpVersion);
        for head in [
            &b"SSH-2.0-x\r\n\r\n"[..],
            b"\r\n\r\n",
            b"HTTP/1.1 99 x\r\n\r\n",
            b"HTTP/1.1 200 OK\r\na : b\r\n\r\n",
        ] {
            assert!(parse(head).is_err(), "{head:?}");
        }
    }

    #[test]
    fn no_control_character_of_the_server_reaches_a_reader_of_the_error() {
        assert_eq!(parse(b"HTTP/1.1 500 \x1b[2J\r\n\r\n").unwrap_err(), HeadError::Malformed);
    }
}
