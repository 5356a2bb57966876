//! What a connection can be told about itself.

use std::time::Duration;

#[cfg(feature = "deflate")]
use super::deflate::Deflate;
use super::keepalive::Keepalive;
use super::limits::Limits;

/// How one connection behaves. Durations count in whole milliseconds, rounded up.
///
/// ```
/// use wirechat::proto::{Config, Limits};
///
/// let config = Config { limits: Limits { max_message: 1 << 20, ..Limits::default() }, ..Config::default() };
/// assert!(config.keepalive.is_some());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// What the peer may make this endpoint hold.
    pub limits: Limits,
    /// How a silent peer is noticed; `None` waits for ever.
    pub keepalive: Option<Keepalive>,
    /// How long the closing handshake and the end of the transport may take
    /// together; default 5 s. Then the transport is dropped.
    pub close_timeout: Duration,
    /// The compression that the opening handshake agreed on; default `None`.
    /// [`accept_with`](crate::net::accept_with) and
    /// [`connect_with`](crate::net::connect_with) put it here, whatever was here
    /// before.
    #[cfg(feature = "deflate")]
    pub deflate: Option<Deflate>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            limits: Limits::default(),
            keepalive: Some(Keepalive::default()),
            close_timeout: Duration::from_secs(5),
            #[cfg(feature = "deflate")]
            deflate: None,
        }
    }
}
