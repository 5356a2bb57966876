//! When to ask whether the peer is still there (RFC 6455 §5.5.2).

use std::time::Duration;

use super::close::CloseCode;
use super::millis::Millis;

/// How a silent peer is noticed: after `interval` without a byte from it a Ping
/// is sent, and if `timeout` passes without one byte more, the connection is
/// closed with `code`.
///
/// Any byte counts as life, not only the Pong, so a peer that is busy sending a
/// long message is not cut off.
///
/// ```
/// use std::time::Duration;
/// use wirechat::proto::Keepalive;
///
/// let patient = Keepalive { timeout: Duration::from_secs(60), ..Keepalive::default() };
/// assert_eq!(patient.interval, Duration::from_secs(25));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// Silence before a Ping; default 25 s, below the 30 s after which the
    /// strictest proxies and mobile networks forget a connection.
    pub interval: Duration,
    /// How long an answer may take; default 20 s.
    pub timeout: Duration,
    /// The code of the Close that ends a silent connection; default 1011.
    pub code: CloseCode,
}

impl Default for Keepalive {
    fn default() -> Keepalive {
        Keepalive {
            interval: Duration::from_secs(25),
            timeout: Duration::from_secs(20),
            code: CloseCode::INTERNAL_ERROR,
        }
    }
}

/// A [`Keepalive`] as a connection holds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    pub(super) interval: Millis,
    pub(super) timeout: Millis,
    pub(super) code: CloseCode,
}

impl From<Keepalive> for Schedule {
    fn from(keepalive: Keepalive) -> Schedule {
        let Keepalive { interval, timeout, code } = keepalive;
        Schedule { interval: interval.into(), timeout: timeout.into(), code }
    }
}

impl From<Schedule> for Keepalive {
    fn from(schedule: Schedule) -> Keepalive {
        let Schedule { interval, timeout, code } = schedule;
        Keepalive { interval: interval.into(), timeout: timeout.into(), code }
    }
}
