//! What an operator can say about a server.

use std::time::Duration;

use crate::chat::{CloseOrder, Limits};
#[cfg(feature = "deflate")]
use crate::proto::Deflate;
use crate::proto::{CloseCode, Config, Keepalive};

/// How a server treats its clients.
///
/// ```
/// use wirechat::server::ServerConfig;
///
/// let private = ServerConfig {
///     allowed_origins: Some(vec!["https://chat.example".to_owned()]),
///     ..ServerConfig::default()
/// };
/// assert_eq!(private.max_connections, 10_000);
/// ```
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// What one person may do in the chat.
    pub chat: Limits,
    /// Frame and message limits, heartbeat and closing time of each connection.
    /// Default: 64 KiB a message, a Ping after 25 s of silence, an answer due in
    /// 20 s (then Close 4000), 5 s for closing.
    pub connection: Config,
    /// Compression to agree to when a client offers it (RFC 7692); `None` declines.
    /// Default: no context outlives its message, so that an idle connection costs
    /// nothing for it, and answers of 1 KiB or more are compressed. What a room
    /// says is not: it is the same frame for all its members, whatever each of
    /// them agreed on.
    #[cfg(feature = "deflate")]
    pub deflate: Option<Deflate>,
    /// Origins whose pages may connect; default `None`, any page may
    /// (RFC 6455 §10.2).
    pub allowed_origins: Option<Vec<String>>,
    /// Time for a client's request and its answer together; default 10 s.
    pub handshake_timeout: Duration,
    /// Connections in all; default 10,000, then HTTP 503.
    pub max_connections: usize,
    /// Connections from one address (one /64 for IPv6); default 200, then HTTP
    /// 429. `None` lifts the limit: for load tests.
    pub max_per_address: Option<usize>,
    /// Bytes of answers that may wait for one connection to read them; default
    /// 256 KiB, then nothing more is read from it.
    pub max_outgoing: usize,
    /// How long a connection may take nothing while something waits to be
    /// written; default 30 s, then Close 4001.
    pub write_timeout: Duration,
    /// How long a stopping server waits for its connections to close in good
    /// order; default 8 s, more than one of them may take.
    pub drain_timeout: Duration,
}

impl Default for ServerConfig {
    fn default() -> ServerConfig {
        ServerConfig {
            chat: Limits::default(),
            connection: Config {
                keepalive: Some(Keepalive {
                    code: close::HEARTBEAT_MISSED,
                    ..Keepalive::default()
                }),
                ..Config::default()
            },
            #[cfg(feature = "deflate")]
            deflate: Some(Deflate {
                server_no_context_takeover: true,
                client_no_context_takeover: true,
                threshold: 1 << 10,
                ..Deflate::default()
            }),
            allowed_origins: None,
            handshake_timeout: Duration::from_secs(10),
            max_connections: 10_000,
            max_per_address: Some(200),
            max_outgoing: 256 << 10,
            write_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(8),
        }
    }
}

/// The close codes of this chat. From 4000 to 4499 a client may come back, from
/// 4500 to 4999 it should not without a change.
pub(super) mod close {
    use super::{CloseCode, CloseOrder};

    /// No answer to a Ping.
    pub(crate) const HEARTBEAT_MISSED: CloseCode = CloseCode::known(4000);
    /// The client did not read fast enough.
    pub(crate) const TOO_SLOW: CloseCode = CloseOrder::TooSlow.code();
}
