//! A [`Connection`] on a transport: the state machine's bytes are moved, its
//! deadlines kept.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::error::Error;
use super::keys::masking_keys;
use super::scratch;
use crate::proto::{CloseCode, Closure, Config, Connection, Event, Message, SendError, State};

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
    /// Bytes that arrived behind it, not yet looked at.
    unread: BytesMut,
    /// Whether the transport has ended; the connection is told when everything
    /// that arrived before has been handled.
    ended: bool,
    /// Whether the transport failed, so that nothing more can be written.
    broken: bool,
    /// Set to the connection's deadline, or to an earlier one that has moved since.
    timer: Option<Pin<Box<Sleep>>>,
    /// Whether the transport took bytes that it may still hold back, as TLS does.
    unflushed: bool,
    /// Whether the transport was full when it was last offered bytes.
    stalled: bool,
    /// Whether the write side of the transport has been shut down.
    shut_down: bool,
    /// Why the connection ended, until the caller has been told.
    error: Option<Error>,
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
        WebSocket {
            transport,
            connection,
            message: None,
            unread: BytesMut::from(&early[..]),
            ended: false,
            broken: false,
            timer: None,
            unflushed: false,
            stalled: false,
            shut_down: false,
            error: None,
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
    pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        let message = message.into();
        self.flush().await?;
        self.queue(&message)?;
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
    pub async fn feed(&mut self, message: impl Into<Message>) -> Result<(), Error> {
        let message = message.into();
        poll_fn(|cx| self.poll_room(cx)).await?;
        self.queue(&message)
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

    /// Waits until everything sent so far has been written to the transport.
    ///
    /// # Errors
    /// [`Error::Io`] if the transport failed.
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
    /// [`Error::Io`] if the transport failed before the peer had answered,
    /// [`Error::Protocol`] if the peer broke the protocol instead of answering.
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
                self.lose_transport(error);
            }
            Poll::Ready(self.error.take().map_or(Ok(()), Err))
        })
        .await
    }

    pub(super) fn queue(&mut self, message: &Message) -> Result<(), Error> {
        if self.broken {
            return Err(Error::Send(SendError::Closing));
        }
        match message {
            Message::Text(text) => self.connection.send_text(text),
            Message::Binary(bytes) => self.connection.send_binary(bytes),
        }
        .map_err(Error::Send)
    }

    pub(super) fn poll_recv(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Message>, Error>> {
        loop {
            self.receive_unread();
            if let Some(message) = self.message.take() {
                return Poll::Ready(Ok(Some(message)));
            }
            if self.connection.state() == State::Closed {
                return Poll::Ready(self.error.take().map_or(Ok(None), Err));
            }
            ready!(self.poll_step(cx));
        }
    }

    /// Ready when `feed` may queue one more message.
    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.connection.outgoing().len() < WRITE_BEHIND {
            return Poll::Ready(Ok(()));
        }
        self.poll_written(cx)
    }

    /// Ready when nothing is left to write, or nothing can be written any more.
    pub(super) fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while self.has_unwritten() {
            ready!(self.poll_step(cx));
        }
        if self.broken || self.connection.state() == State::Closed {
            return Poll::Ready(self.error.take().map_or(Ok(()), Err));
        }
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while self.connection.state() != State::Closed {
            // The peer's Close is behind the messages that nobody takes now.
            self.message = None;
            self.receive_unread();
            if self.message.is_none() {
                ready!(self.poll_step(cx));
            }
        }
        Poll::Ready(self.error.take().map_or(Ok(()), Err))
    }

    /// Moves bytes and time on by one step. Pending when neither the transport
    /// nor the clock lets anything happen; the task is then woken by whichever
    /// does first. An error of the transport ends the connection.
    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut moved = self.poll_timer(cx).is_ready();
        for poll in [Self::poll_write, Self::poll_shutdown, Self::poll_read] {
            match poll(self, cx) {
                Poll::Ready(Ok(())) => moved = true,
                Poll::Ready(Err(error)) => {
                    self.lose_transport(error);
                    moved = true;
                }
                Poll::Pending => {}
            }
        }
        if moved { Poll::Ready(()) } else { Poll::Pending }
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.connection.timeout().map(Instant::from_std) else {
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        // A deadline that moved later is looked at when the old one has passed:
        // re-arming the timer at every byte received would cost more.
        if deadline < timer.deadline() {
            timer.as_mut().reset(deadline);
        }
        loop {
            ready!(timer.as_mut().poll(cx));
            let now = Instant::now();
            if now >= deadline {
                self.connection.handle_timeout(now.into_std());
                self.timer = None;
                return Poll::Ready(());
            }
            timer.as_mut().reset(deadline);
        }
    }

    fn has_unwritten(&self) -> bool {
        let over = self.broken || self.connection.state() == State::Closed;
        !over && (self.unflushed || !self.connection.outgoing().is_empty())
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.has_unwritten() {
            return Poll::Pending;
        }
        while !self.connection.outgoing().is_empty() {
            let outgoing = self.connection.outgoing();
            let poll = Pin::new(&mut self.transport).poll_write(cx, outgoing);
            let was_stalled = std::mem::replace(&mut self.stalled, poll.is_pending());
            let written = ready!(poll)?;
            if was_stalled {
                // Somebody took what had filled the transport: a sign of life.
                self.connection.heard(Instant::now().into_std());
            }
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.connection.advance(written);
            self.unflushed = true;
        }
        ready!(Pin::new(&mut self.transport).poll_flush(cx))?;
        self.unflushed = false;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.shut_down || self.unflushed || !self.connection.wants_shutdown() {
            return Poll::Pending;
        }
        ready!(Pin::new(&mut self.transport).poll_shutdown(cx))?;
        self.shut_down = true;
        Poll::Ready(Ok(()))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ended || self.unread.len() >= READ_AHEAD {
            return Poll::Pending;
        }
        scratch::with(|buffer| {
            let mut buffer = ReadBuf::new(buffer);
            ready!(Pin::new(&mut self.transport).poll_read(cx, &mut buffer))?;
            match buffer.filled_mut() {
                [] => {
                    self.ended = true;
                    self.receive_unread();
                }
                bytes => self.receive(bytes),
            }
            Poll::Ready(Ok(()))
        })
    }

    /// Handles bytes that have just arrived, up to the first message.
    fn receive(&mut self, mut bytes: &mut [u8]) {
        let now = Instant::now().into_std();
        self.connection.heard(now);
        if self.unread.is_empty() {
            self.receive_message(now, &mut bytes);
        }
        self.unread.extend_from_slice(bytes);
    }

    /// Handles bytes that arrived earlier, up to the next message; when all are
    /// handled, the end of the transport, if it has come.
    fn receive_unread(&mut self) {
        let mut unread = std::mem::take(&mut self.unread);
        let mut bytes = &mut unread[..];
        self.receive_message(Instant::now().into_std(), &mut bytes);
        let left = bytes.len();
        unread.advance(unread.len() - left);
        self.unread = unread;
        if self.ended && self.message.is_none() && self.unread.is_empty() {
            let unwritten = self.has_unwritten();
            self.connection.receive_eof();
            if unwritten && self.connection.state() == State::Closed && self.error.is_none() {
                // The peer has gone before it had everything.
                self.error = Some(Error::Io(io::ErrorKind::BrokenPipe.into()));
            }
        }
    }

    /// Reading or writing failed. Once it is known how the connection ends, that
    /// the transport breaks off is no news.
    fn lose_transport(&mut self, error: io::Error) {
        if self.connection.closure().is_none() {
            self.error = Some(Error::Io(error));
        }
        self.ended = true;
        self.broken = true;
        self.receive_unread();
    }

    /// Takes bytes up to and including the next message, unless one is waiting.
    fn receive_message(&mut self, now: std::time::Instant, bytes: &mut &mut [u8]) {
        while self.message.is_none() && !bytes.is_empty() {
            match self.connection.receive(now, bytes) {
                Some(Event::Text(text)) => self.message = Some(Message::Text(text.into_owned())),
                Some(Event::Binary(data)) => {
                    self.message = Some(Message::Binary(data.into_owned()));
                }
                Some(Event::Ping(_) | Event::Pong(_) | Event::Close(_)) => {}
                None => {
                    let broken = self.closure().and_then(|closure| closure.error);
                    self.error = self.error.take().or(broken.map(Error::Protocol));
                }
            }
        }
    }
}

impl<S> fmt::Debug for WebSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").field("connection", &self.connection).finish_non_exhaustive()
    }
}
