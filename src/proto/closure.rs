//! How a connection ended: an event that every connection has, not an error.

use super::close::{CloseCode, CloseFrame};
use super::error::ProtocolError;

/// Which side began something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Initiator {
    /// This endpoint.
    Local,
    /// The other one.
    Peer,
}

/// The end of a connection: who ended it, how, and why.
///
/// ```
/// use wirechat::proto::{CloseCode, Closure};
///
/// fn may_reconnect(closure: &Closure) -> bool {
///     closure.code != Some(CloseCode::POLICY_VIOLATION)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closure {
    /// The code of the Close frame that was received or, if none was, of the
    /// one that was sent. `None` is what other interfaces call 1005 (a Close
    /// without a code) if `clean`, and 1006 (no Close at all) if not.
    pub code: Option<CloseCode>,
    /// The reason that stood beside the code; empty if there was none.
    pub reason: String,
    /// Who sent the first Close or, without one, ended the transport.
    pub initiator: Initiator,
    /// Whether both sides sent a Close, so that nothing was lost without a
    /// word (RFC 6455 §7.1.4).
    pub clean: bool,
    /// What the peer did wrong, if that is why this endpoint failed the connection.
    pub error: Option<ProtocolError>,
}

impl Closure {
    pub(super) fn clean(close: CloseFrame, initiator: Initiator) -> Closure {
        let CloseFrame { code, reason } = close;
        Closure { code, reason, initiator, clean: true, error: None }
    }

    pub(super) fn unclean(close: CloseFrame, initiator: Initiator) -> Closure {
        Closure { clean: false, ..Closure::clean(close, initiator) }
    }
}
