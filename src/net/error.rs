//! What can go wrong on an open connection.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use crate::proto::{ProtocolError, SendError};

/// Why an operation on a [`WebSocket`](super::WebSocket) did not succeed.
///
/// That a connection is closed is not among these: `recv` then gives `None` and
/// [`closure`](super::WebSocket::closure) tells how.
///
/// ```
/// use wirechat::net::Error;
///
/// fn is_peer_s_fault(error: &Error) -> bool {
///     matches!(error, Error::Protocol(_))
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The transport failed; the connection is lost.
    Io(io::Error),
    /// The peer broke the protocol; it was told with a Close and the connection has ended.
    Protocol(ProtocolError),
    /// What was to be sent cannot be sent; the connection is as it was.
    Send(SendError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(error) => write!(f, "the connection was lost: {error}"),
            Error::Protocol(error) => write!(f, "the peer broke the protocol: {error}"),
            Error::Send(error) => error.fmt(f),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Error::Io(error) => Some(error),
            Error::Protocol(error) => Some(error),
            Error::Send(error) => Some(error),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::Io(error)
    }
}

impl From<ProtocolError> for Error {
    fn from(error: ProtocolError) -> Error {
        Error::Protocol(error)
    }
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Error {
        Error::Send(error)
    }
}
