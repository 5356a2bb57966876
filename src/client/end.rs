//! How a connection is lost, and how a client ends.

use std::fmt;

use super::object::Refusal;
use crate::net::ConnectError;
use crate::proto::{Closure, Initiator};

/// Why there is no connection at the moment.
///
/// ```
/// use wirechat::client::Lost;
/// use wirechat::net::ConnectError;
///
/// let lost = Lost::Connect(ConnectError::Timeout);
/// assert_eq!(lost.to_string(), "the server did not answer in time");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Lost {
    /// None could be made.
    Connect(ConnectError),
    /// It was closed, or it broke.
    Closed(Closure),
    /// The server did not let us join.
    Refused(Refusal),
    /// The server did not answer when asked to let us join.
    Silent,
    /// Nothing came from the server any more, not even the answer to a Ping.
    Dead,
}

/// How a client came to its end.
///
/// ```
/// use wirechat::client::End;
///
/// assert_eq!(End::Done.to_string(), "done");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum End {
    /// As it was asked to; the server answered the Close.
    Done,
    /// As it was asked to, but the server did not answer the Close: what a
    /// plain server was told last may not have arrived.
    Unanswered,
    /// The address cannot be connected to.
    Unreachable(ConnectError),
    /// The server refused the opening handshake, or is no WebSocket server.
    NoWebSocket(ConnectError),
    /// One side broke the protocol, in the view of the other.
    Protocol(Closure),
    /// The server closed the connection with a code that says to stay away.
    Dismissed(Closure),
    /// The server refused the name or the room.
    Refused(Refusal),
    /// It took longer than [`Options::give_up_after`](super::Options::give_up_after).
    GaveUp {
        /// Whether there had been a connection before.
        was_connected: bool,
        /// What happened last.
        lost: Lost,
    },
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lost::Connect(error) => error.fmt(f),
            Lost::Closed(closure) => fmt_closure(closure, f),
            Lost::Refused(refusal) => fmt_refusal(refusal, f),
            Lost::Silent => f.write_str("the server did not answer when asked to join"),
            Lost::Dead => f.write_str("the server does not answer any more"),
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Done => f.write_str("done"),
            End::Unanswered => {
                f.write_str("the server did not answer the close: the last lines may be missing")
            }
            End::Unreachable(error) | End::NoWebSocket(error) => error.fmt(f),
            End::Protocol(closure) | End::Dismissed(closure) => fmt_closure(closure, f),
            End::Refused(refusal) => fmt_refusal(refusal, f),
            End::GaveUp { was_connected: true, lost } => write!(f, "gave up reconnecting: {lost}"),
            End::GaveUp { was_connected: false, lost } => write!(f, "cannot connect: {lost}"),
        }
    }
}

/// The words are the server's, so they stand there in quotes.
fn fmt_closure(closure: &Closure, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(error) = closure.error {
        return write!(f, "the server broke the protocol: {error}");
    }
    if closure.initiator == Initiator::Local && !closure.clean {
        return f.write_str("the server does not answer any more");
    }
    match closure.code {
        Some(code) => write!(f, "the server closed the connection with code {code}")?,
        None if closure.clean => f.write_str("the server closed the connection")?,
        None => f.write_str("the connection broke")?,
    }
    if closure.reason.is_empty() { Ok(()) } else { write!(f, ", {:?}", closure.reason) }
}

fn fmt_refusal(refusal: &Refusal, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "the server refused to let us join: {:?}", refusal.words)
}
