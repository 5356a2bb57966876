//! What a connection speaks: chosen in the opening handshake, and for plain
//! clients corrected by what they send.

use crate::chat::time::Unit;

/// The subprotocol that chooses the full dialect (RFC 6455 §1.9).
pub const SUBPROTOCOL: &str = "wirechat.v1";

/// One of the ways in which a room's messages are written.
///
/// A room writes each message once per encoding in use, so nothing in it may
/// depend on who reads it.
///
/// ```
/// use wirechat::chat::Encoding;
///
/// assert_eq!(Encoding::choose(Some("wirechat.v1"), None), Encoding::V1);
/// assert_eq!(Encoding::choose(None, Some("Python/3.12 websockets/13.1")), Encoding::PlainSeconds);
/// assert_eq!(Encoding::choose(None, None), Encoding::PlainMillis);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Every object of the protocol, timestamps in milliseconds.
    V1,
    /// Only objects shaped like the original's `message`, in milliseconds.
    PlainMillis,
    /// The same in seconds.
    PlainSeconds,
}

impl Encoding {
    pub(crate) const ALL: [Encoding; 3] =
        [Encoding::V1, Encoding::PlainMillis, Encoding::PlainSeconds];

    /// The encoding to begin with, given the subprotocol that was agreed on and
    /// the `User-Agent` of the opening handshake. A plain client has not shown
    /// its unit yet; Python's clients count seconds.
    #[must_use]
    pub fn choose(subprotocol: Option<&str>, user_agent: Option<&str>) -> Encoding {
        match (subprotocol, user_agent) {
            (Some(SUBPROTOCOL), _) => Encoding::V1,
            (_, Some(agent)) if agent.starts_with("Python/") => Encoding::PlainSeconds,
            _ => Encoding::PlainMillis,
        }
    }

    /// The dialect that this is an encoding of.
    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Encoding::V1 => Dialect::V1,
            Encoding::PlainMillis | Encoding::PlainSeconds => Dialect::Plain,
        }
    }

    /// The unit of its timestamps.
    pub(crate) fn unit(self) -> Unit {
        match self {
            Encoding::V1 | Encoding::PlainMillis => Unit::Millis,
            Encoding::PlainSeconds => Unit::Seconds,
        }
    }

    /// The same dialect for a client whose timestamps are in `unit`. The full
    /// dialect has milliseconds only.
    pub(crate) fn with_unit(self, unit: Unit) -> Encoding {
        match (self, unit) {
            (Encoding::V1, _) => Encoding::V1,
            (_, Unit::Millis) => Encoding::PlainMillis,
            (_, Unit::Seconds) => Encoding::PlainSeconds,
        }
    }
}

/// Which objects a client understands. Unlike an [`Encoding`] it never changes
/// during a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// All of them.
    V1,
    /// `{type:"message", username, content, timestamp}` and nothing else.
    Plain,
}
