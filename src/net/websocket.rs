//! A [`Connection`] on a transport: the state machine's bytes are moved, its
//! deadlines kept.

mod transfer;
mod wakers;

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep};

use self::wakers::Wakers;
use super::error::Error;
use super::keys::masking_keys;
use crate::proto::{CloseCode, Closure, Config, Connection, Message, Payload, State};

/// Bytes that wait behind an untaken message before reading pauses.
const READ_AHEAD: usize = 256 << 10;

/// Bytes that `feed` lets wait before it waits for them to be written.
const WRITE_BEHIND: usize = 64 << 10;

/// An open WebSocket over any transport.
///
/// One task owns it; nothing is locked. Every method moves bytes in both
/// directions while it waits, and answers Pings and a Close on the way. A method
/// that has nothing to wait for does not look at what arrived, so a program that
/// also sends sits in `recv` and sends from the other branches of a
/// `tokio::select!`.
///
/// What arrives is handled strictly in order: while a message waits to be
/// received, what came behind it waits too (up to 256 KiB, then reading pauses
/// and the peer feels it). So a Close is answered after the messages before it
/// have been received and, if the caller does that at once, answered.
///
/// A peer that takes nothing of what is sent is closed after the time in which a
/// silent one would be ([`Config::keepalive`]), whatever it sends meanwhile.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mut socket = wirechat::connect("ws://127.0.0.1:8080/").await?;
/// socket.send("hello").await?;
/// while let Some(message) = socket.recv().await? {
///     println!("{message:?}");
/// }
/// println!("{:?}", socket.closure());
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
/// All state lives in this value and none in a future. Any future its methods
/// return may be dropped, as `tokio::select!` and timeouts do, and the method
/// called again: no byte and no message is lost or sent twice.
pub struct WebSocket<S> {
    transport: S,
    connection: Connection,
    /// A message that was received and not yet taken.
    message: Option<Message>,
    /// One box for all that few connections have at a time.
    aside: Option<Box<Aside>>,
    /// Whether the transport has ended; the connection is told when everything
    /// that arrived before has been handled.
    ended: bool,
    /// Whether the transport failed, so that nothing more can be written.
    broken: bool,
    /// Set to the connection's deadline, or to an earlier one that has moved since.
    timer: Option<Pin<Box<Sleep>>>,
    /// How many bytes of what is outgoing the transport has taken. It may still
    /// hold them back, as TLS does: they are written when it has been flushed.
    unflushed: usize,
    /// Whether the write side of the transport has been shut down.
    shut_down: bool,
    wakers: Wakers,
}

/// What few connections have at a time.
#[derive(Default)]
struct Aside {
    /// Bytes that arrived behind the untaken message, not yet looked at.
    unread: BytesMut,
    /// What the newest Pong carried, until somebody takes it.
    #[cfg(feature = "chat")]
    pong: Option<Box<[u8]>>,
    /// Since when the transport has been full, if it was when it was last offered
    /// bytes or asked to pass on those that it holds back.
    stalled: Option<Instant>,
    /// Why the connection ended, until the caller has been told.
    error: Option<Error>,
}

impl Aside {
    fn is_empty(&self) -> bool {
        #[cfg(feature = "chat")]
        if self.pong.is_some() {
            return false;
        }
        self.unread.is_empty() && self.stalled.is_none() && self.error.is_none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// The server's end of a connection whose opening handshake is complete.
    /// `early` is what arrived behind the client's request.
    pub fn server(transport: S, early: Vec<u8>, config: Config) -> WebSocket<S> {
        let connection = Connection::server(config, Instant::now().into_std());
        WebSocket::new(transport, early, connection)
    }

    /// The client's end of a connection whose opening handshake is complete,
    /// masking with keys from the operating system. `early` is what arrived
    /// behind the server's response.
    pub fn client(transport: S, early: Vec<u8>, config: Config) -> WebSocket<S> {
        let connection = Connection::client(config, Instant::now().into_std(), masking_keys());
        WebSocket::new(transport, early, connection)
    }

    fn new(transport: S, early: Vec<u8>, connection: Connection) -> WebSocket<S> {
        let unread = |early: Vec<u8>| Aside { unread: early[..].into(), ..Aside::default() };
        WebSocket {
            transport,
            connection,
            message: None,
            aside: (!early.is_empty()).then(|| Box::new(unread(early))),
            ended: false,
            broken: false,
            timer: None,
            unflushed: 0,
            shut_down: false,
            wakers: Wakers::default(),
        }
    }

    /// The next message, or `None` once the connection is over:
    /// [`closure`](WebSocket::closure) then tells how it ended.
    ///
    /// The closing handshake and the end of the transport are seen through
    /// before that, within [`Config::close_timeout`].
    ///
    /// # Errors
    /// Once, in place of the first `None`: [`Error::Io`] if the transport
    /// failed, [`Error::Protocol`] if the peer broke the protocol.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn recv(&mut self) -> Result<Option<Message>, Error> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Sends one message. Waits until what was sent before has been written, so
    /// a slow peer slows the sender down; then queues the message and writes as
    /// much of it as the transport takes at once. The rest follows with the next
    /// call of any method; [`flush`](WebSocket::flush) waits for it.
    ///
    /// # Errors
    /// [`Error::Send`] if the connection is closing, [`Error::Io`] if the
    /// transport failed.
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped future has not sent anything.
    pub async fn send(&mut self, message: impl Into<Payload<'_>>) -> Result<(), Error> {
        let payload = message.into();
        self.flush().await?;
        self.queue(&payload)?;
        self.write_now().await
    }

    /// Like [`send`](WebSocket::send), but leaves all writing to the next
    /// `recv`, `send`, `flush` or `close`: answers to messages that arrived
    /// together leave together.
    ///
    /// # Errors
    /// As [`send`](WebSocket::send).
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped future has not queued anything.
    pub async fn feed(&mut self, message: impl Into<Payload<'_>>) -> Result<(), Error> {
        let payload = message.into();
        poll_fn(|cx| self.poll_room(cx)).await?;
        self.queue(&payload)
    }

    /// Sends a Ping with up to 125 bytes. The Pong is not reported; that the
    /// peer still lives is watched by [`Config::keepalive`] without this.
    ///
    /// # Errors
    /// [`Error::Send`] for a longer payload or a closing connection,
    /// [`Error::Io`] if the transport failed.
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped future has not sent anything.
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.flush().await?;
        self.connection.send_ping(payload)?;
        self.write_now().await
    }

    /// Queues a Ping and returns at once, for a caller that measures how long the
    /// answer takes: whenever `recv` is pending, [`take_pong`](Self::take_pong) has it.
    #[cfg(feature = "chat")]
    pub(crate) fn start_ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        Ok(self.connection.send_ping(payload)?)
    }

    /// What the newest Pong carried, once. Those that answer the keepalive carry
    /// nothing and are not kept.
    #[cfg(feature = "chat")]
    pub(crate) fn take_pong(&mut self) -> Option<Box<[u8]>> {
        self.aside.as_mut()?.pong.take()
    }

    /// Waits until everything sent so far has been written to the transport.
    ///
    /// # Errors
    /// [`Error::Io`] if the transport failed, or the connection ended, before that.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn flush(&mut self) -> Result<(), Error> {
        poll_fn(|cx| self.poll_written(cx)).await
    }

    /// Closes with this code and up to 123 bytes of reason, and sees the
    /// closing handshake and the end of the transport through, within
    /// [`Config::close_timeout`]. What was sent before goes out first; messages
    /// that arrive meanwhile are dropped. If the connection is closing already,
    /// it only waits for the end.
    ///
    /// # Errors
    /// [`Error::Io`] if the transport failed before the peer had answered, or did
    /// not take everything in time; [`Error::Protocol`] if the peer broke the
    /// protocol instead of answering.
    ///
    /// # Cancel safety
    /// Cancel safe: the Close is queued on the first poll and only once.
    pub async fn close(&mut self, code: CloseCode, reason: &str) -> Result<(), Error> {
        self.start_close(code, reason);
        poll_fn(|cx| self.poll_closed(cx)).await
    }

    /// Queues a Close and returns at once, for a caller that still wants what
    /// the peer sends before it answers: [`recv`](WebSocket::recv) gives that,
    /// and then `None` when the connection is over.
    pub fn start_close(&mut self, code: CloseCode, reason: &str) {
        self.connection.close(Instant::now().into_std(), code, reason);
    }

    /// Drops the transport without a word. The peer sees an unclean end (1006).
    pub fn abort(self) {
        drop(self);
    }

    /// How the connection ended, once that is known.
    pub fn closure(&self) -> Option<&Closure> {
        self.connection.closure()
    }

    /// Whether the connection is open, closing or closed.
    pub fn state(&self) -> State {
        self.connection.state()
    }

    /// The transport, for looking at it (its addresses, say). What it carries
    /// belongs to this WebSocket.
    pub fn transport(&self) -> &S {
        &self.transport
    }

    /// Writes what the transport takes without waiting.
    async fn write_now(&mut self) -> Result<(), Error> {
        poll_fn(|cx| {
            if let Poll::Ready(Err(error)) = self.poll_write(cx) {
                self.lose_writer(error);
            }
            Poll::Ready(self.take_error())
        })
        .await
    }
}

impl<S> fmt::Debug for WebSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").field("connection", &self.connection).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::io::AsyncWriteExt;

    use super::*;
    use crate::net::pongs::Pongs;

    #[tokio::test]
    async fn the_buffer_of_a_burst_is_given_back_with_its_last_message() {
        let (mut peer, transport) = tokio::io::duplex(1 << 10);
        let mut socket = WebSocket::server(transport, Vec::new(), Config::default());
        peer.write_all(&b"\x81\x82\0\0\0\0hi".repeat(3)).await.unwrap();
        for waits in [true, true, false] {
            assert_eq!(socket.recv().await.unwrap(), Some(Message::from("hi")));
            assert_eq!(socket.aside.is_some(), waits);
        }
    }

    #[test]
    fn an_idle_connection_is_small() {
        let size = size_of::<WebSocket<tokio::net::TcpStream>>();
        assert!(size <= 352, "{size}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_never_stops_sending_does_not_keep_the_thread() {
        let mut socket = WebSocket::server(Pongs { takes: true }, Vec::new(), Config::default());
        assert!(socket.recv().now_or_never().is_none(), "and it comes back to say so");
        socket.send("still able to").await.unwrap();
        let closed = socket.close(CloseCode::NORMAL, "").now_or_never();
        assert!(closed.is_none(), "it does not answer");
    }
}
