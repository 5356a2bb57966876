//! The chat server: one port for WebSockets and for the page.
//!
//! A [`Server`] accepts TCP connections as long as the `door` has places. Each
//! is `welcome`d in the `reception`: its request is read and answered over HTTP, or
//! it becomes a `conn`, which owns the socket, a protocol
//! [`Connection`](crate::proto::Connection) and a chat
//! [`Session`](crate::chat::Session), and goes into a `pump`, a task that serves
//! many. The door knows them all, so that a stopping server can say goodbye to
//! each (RFC 6455 §7.4.1, code 1001).

mod clock;
mod config;
mod conn;
mod door;
mod listen;
mod pump;
mod reception;
mod web;
mod welcome;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::net::TcpListener;
use tokio::time::MissedTickBehavior;
use tokio_util::task::TaskTracker;

pub use config::ServerConfig;
pub use listen::{Listener, accept_from, listen_on};

use self::door::{Door, Full};
use self::reception::Receptions;
use crate::chat::{Chat, CloseOrder, Engine, SUBPROTOCOL};
use crate::engine::Memory;
use crate::net::keys;
use crate::proto::handshake::ServerOptions;

/// How often the chat looks at what is due.
const TICK: Duration = Duration::from_millis(500);

/// A chat server on one port, or on another [`Listener`].
///
/// ```no_run
/// use wirechat::server::{Server, ServerConfig, listen_on};
///
/// # async fn example() -> std::io::Result<()> {
/// let listener = listen_on("127.0.0.1:8080".parse().unwrap())?;
/// let server = Server::new(listener, ServerConfig::default());
/// let stop = async { tokio::time::sleep(std::time::Duration::from_secs(3600)).await };
/// server.run(stop).await; // an hour of chat, then everybody gets a Close with 1001
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Server<L = TcpListener> {
    listener: L,
    shared: Arc<Shared>,
}

/// What all connections of a server have in common.
#[derive(Debug)]
struct Shared {
    config: Arc<ServerConfig>,
    handshake: ServerOptions,
    chat: Arc<Chat>,
    door: Arc<Door>,
    /// What has to end before the server has: receptions and connections.
    tasks: TaskTracker,
}

impl Shared {
    fn new(config: ServerConfig, engine: impl Engine + 'static) -> Arc<Shared> {
        let mut secret = [0; 32];
        keys::fill(&mut secret);
        Arc::new(Shared {
            handshake: ServerOptions {
                subprotocols: vec![SUBPROTOCOL.to_owned()],
                allowed_origins: config.allowed_origins.clone(),
                #[cfg(feature = "deflate")]
                deflate: config.deflate,
            },
            chat: Chat::new(config.chat.clone(), engine, secret),
            door: Door::new(config.max_connections, config.max_per_address),
            tasks: TaskTracker::new(),
            config: Arc::new(config),
        })
    }
}

impl<L: Listener> Server<L> {
    /// A server on this listener, with an empty chat in memory.
    ///
    /// # Panics
    /// If the operating system has no randomness to give.
    #[must_use]
    pub fn new(listener: L, config: ServerConfig) -> Server<L> {
        Server::with_engine(listener, config, Memory)
    }

    /// A server whose chat is kept by this engine.
    ///
    /// # Panics
    /// If the operating system has no randomness to give.
    #[must_use]
    pub fn with_engine(
        listener: L,
        config: ServerConfig,
        engine: impl Engine + 'static,
    ) -> Server<L> {
        Server { listener, shared: Shared::new(config, engine) }
    }

    /// Serves until `stop` completes; then accepts nobody any more, sends every
    /// connection a Close with 1001 and waits until all have ended, within
    /// [`ServerConfig::drain_timeout`].
    ///
    /// # Cancel safety
    /// A dropped future stops accepting and drops whoever has not been answered; open
    /// connections go on until the runtime ends.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Server { mut listener, shared } = self;
        let receptions = Receptions::start(&shared);
        let mut stop = pin!(stop);
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = &mut stop => break,
                _ = ticks.tick() => shared.chat.tick(clock::now()),
                (stream, peer) = listener.accept() => {
                    admit(stream, peer, &shared.door, &receptions);
                }
            }
        }
        drop((listener, receptions));
        drain(&shared).await;
    }
}

impl Server {
    /// The address that it listens on.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Has a new connection received, or turns it away.
fn admit<S>(mut stream: S, peer: SocketAddr, door: &Arc<Door>, receptions: &Receptions<S>)
where
    S: AsyncWrite + Unpin,
{
    match door.enter(peer.ip()) {
        Ok(place) => receptions.take_in(stream, peer, place),
        Err(full) => {
            let answer = match full {
                Full::Server => web::unavailable(),
                Full::Address => web::too_many(),
            };
            // One attempt: whoever is turned away must not cost a task.
            let mut cx = Context::from_waker(Waker::noop());
            let _ = Pin::new(&mut stream).poll_write(&mut cx, &answer);
            tracing::debug!(%peer, ?full, "a connection was turned away");
        }
    }
}

/// Says goodbye to everybody and waits, but not for ever.
async fn drain(shared: &Shared) {
    let count = shared.door.close_all(CloseOrder::ShuttingDown);
    tracing::info!(connections = count, "stopping");
    shared.tasks.close();
    if tokio::time::timeout(shared.config.drain_timeout, shared.tasks.wait()).await.is_err() {
        tracing::warn!(connections = shared.tasks.len(), "some connections did not close in time");
    }
}
