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
    /// The same in seconds: for a plain client that has shown that it knows more
    /// than messages.
    V1Seconds,
    /// Only objects shaped like the original's `message`, in milliseconds.
    PlainMillis,
    /// The same in seconds.
    PlainSeconds,
}

impl Encoding {
    pub(crate) const ALL: [Encoding; 4] =
        [Encoding::V1, Encoding::V1Seconds, Encoding::PlainMillis, Encoding::PlainSeconds];

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

    /// Whether objects have all their fields, and come in all types.
    pub(crate) fn is_full(self) -> bool {
        matches!(self, Encoding::V1 | Encoding::V1Seconds)
    }

    /// The unit of its timestamps.
    pub(crate) fn unit(self) -> Unit {
        match self {
            Encoding::V1 | Encoding::PlainMillis => Unit::Millis,
            Encoding::V1Seconds | Encoding::PlainSeconds => Unit::Seconds,
        }
    }

    /// The same with objects that every client understands.
    pub(crate) fn plain(self) -> Encoding {
        match self.unit() {
            Unit::Millis => Encoding::PlainMillis,
            Unit::Seconds => Encoding::PlainSeconds,
        }
    }

    /// The same in this unit; a client of the full dialect has milliseconds only.
    pub(crate) fn with_unit(self, unit: Unit) -> Encoding {
        match (self.is_full(), unit) {
            (true, Unit::Millis) => Encoding::V1,
            (true, Unit::Seconds) => Encoding::V1Seconds,
            (false, Unit::Millis) => Encoding::PlainMillis,
            (false, Unit::Seconds) => Encoding::PlainSeconds,
        }
    }
}

/// Which objects a client understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// All of them.
    V1,
    /// `{type:"message", username, content, timestamp}` and nothing else.
    Plain,
    /// The same and, as it has sent such objects itself, `private` and `typing`.
    Knowing,
}

impl Dialect {
    /// The dialect of a connection that begins with this encoding.
    pub(crate) fn of(encoding: Encoding) -> Dialect {
        if encoding == Encoding::V1 { Dialect::V1 } else { Dialect::Plain }
    }

    /// How a room's messages are written for a client with this unit.
    pub(crate) fn encoding(self, unit: Unit) -> Encoding {
        match self {
            Dialect::V1 => Encoding::V1,
            Dialect::Knowing => Encoding::V1.with_unit(unit),
            Dialect::Plain => Encoding::PlainMillis.with_unit(unit),
        }
    }

    /// Whether a client of this dialect may read this encoding: a plain one may
    /// change its unit at any time, and so may a knowing one.
    pub(crate) fn may_read(self, encoding: Encoding) -> bool {
        match self {
            Dialect::V1 => encoding == Encoding::V1,
            Dialect::Knowing => encoding.is_full(),
            Dialect::Plain => !encoding.is_full(),
        }
    }
}
