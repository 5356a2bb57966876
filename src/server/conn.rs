//! One chat connection: a task that owns the socket, the protocol's state and
//! the session.
//!
//! A turn reads what the socket has into the thread's buffer, lets the protocol
//! unmask it in place, hands each message to the session, and yields once; when
//! the other connections of this turn have spoken too, it writes everything
//! between its cursors and the heads of its rooms' logs. An idle connection owns
//! no buffer.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::clock;
use super::config::{ServerConfig, close};
use crate::chat::{Mailbox, Next, Outbox, Session};
use crate::net::scratch;
use crate::proto::{Connection, Event, SendError, State};

/// A connection's task.
pub(super) struct Conn<S> {
    transport: S,
    connection: Connection,
    session: Session,
    mailbox: Arc<Mailbox>,
    config: Arc<ServerConfig>,
    /// Frames of a room of which a part is written: no other frame may come between.
    partial: Bytes,
    /// When the transport stopped taking bytes, while some wait.
    stalled: Option<Instant>,
    timer: Pin<Box<Sleep>>,
    /// Whether the last turn read something, and so has not written yet.
    has_read: bool,
    shut_down: bool,
}

/// Frames the session's objects for this connection.
struct Answers<'c>(&'c mut Connection);

impl Outbox for Answers<'_> {
    fn push_object(&mut self, object: &str) {
        match self.0.send_text(object) {
            // Nobody is left to read the answer.
            Ok(()) | Err(SendError::Closing | SendError::LongControl) => {}
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Conn<S> {
    /// A connection whose opening handshake is complete and behind whose request
    /// `early` had arrived already.
    pub(super) fn new(
        transport: S,
        early: &mut [u8],
        session: Session,
        mailbox: Arc<Mailbox>,
        config: Arc<ServerConfig>,
    ) -> Conn<S> {
        let now = Instant::now();
        let connection = Connection::server(config.connection, now.into_std());
        let timer = Box::pin(sleep_until(connection.timeout().map_or(now, Instant::from_std)));
        let mut conn = Conn {
            transport,
            connection,
            session,
            mailbox,
            config,
            partial: Bytes::new(),
            stalled: None,
            timer,
            has_read: true,
            shut_down: false,
        };
        conn.session.greet(clock::now(), &mut Answers(&mut conn.connection));
        conn.receive(early);
        conn
    }

    /// Takes one read's worth from the transport: ready if there was something.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.reading_rests() {
            return Poll::Pending;
        }
        scratch::with(|buffer| {
            let mut buffer = ReadBuf::new(buffer);
            ready!(Pin::new(&mut self.transport).poll_read(cx, &mut buffer))?;
            match buffer.filled_mut() {
                [] => self.connection.receive_eof(),
                bytes => self.receive(bytes),
            }
            Poll::Ready(Ok(()))
        })
    }

    /// Answers that nobody reads must not pile up.
    fn reading_rests(&self) -> bool {
        self.connection.outgoing().len() >= self.config.max_outgoing / 2
    }

    fn receive(&mut self, mut bytes: &mut [u8]) {
        let (instant, now) = (Instant::now().into_std(), clock::now());
        while let Some(event) = self.connection.receive(instant, &mut bytes) {
            let payload = match &event {
                Event::Text(text) => text.as_bytes(),
                Event::Binary(bytes) => bytes,
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => continue,
            };
            // Once the connection is closing, what still comes has no effect.
            if self.connection.state() == State::Open {
                self.session.receive(payload, now, &mut Answers(&mut self.connection));
                self.close_if_behind(instant);
            }
        }
        self.session.wake_rooms();
        self.leave_if_over();
    }

    /// Whoever sends and sends without reading the answers is cut off.
    fn close_if_behind(&mut self, now: std::time::Instant) {
        if self.connection.outgoing().len() > self.config.max_outgoing {
            self.connection.close(now, close::TOO_SLOW, "you do not read the answers");
        }
    }

    /// The others hear of it as soon as it is known that this one will not speak
    /// again, not when its transport has ended.
    fn leave_if_over(&mut self) {
        if self.connection.closure().is_some() {
            self.session.close(clock::now());
        }
    }

    /// Writes until nothing is left or the transport takes no more.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let bytes = match (&self.partial[..], self.connection.outgoing()) {
                ([], []) => match self.next_frames() {
                    Some(frames) => {
                        self.partial = frames;
                        continue;
                    }
                    None => return Poll::Ready(Ok(())),
                },
                ([], outgoing) => outgoing,
                (partial, _) => partial,
            };
            let written = match Pin::new(&mut self.transport).poll_write(cx, bytes)? {
                Poll::Ready(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(written) => written,
                Poll::Pending => {
                    self.stalled.get_or_insert_with(Instant::now);
                    return Poll::Pending;
                }
            };
            self.stalled = None;
            if self.partial.is_empty() {
                self.connection.advance(written);
            } else {
                self.partial.advance(written);
            }
        }
    }

    /// What the rooms have for this connection, as long as it is open: nothing
    /// may follow a Close.
    fn next_frames(&mut self) -> Option<Bytes> {
        if self.connection.state() != State::Open {
            return None;
        }
        match self.session.next_frames() {
            Next::Frames(frames) => Some(frames),
            Next::Nothing => None,
            Next::Lagged => {
                let now = Instant::now().into_std();
                self.connection.close(now, close::TOO_SLOW, "you fell too far behind");
                None
            }
        }
    }

    /// Keeps the deadlines of the protocol and of the transport: ready if one
    /// has passed and something was done about it.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let Some(deadline) = self.deadline() else { return Poll::Pending };
            // A deadline that moved later is looked at when the old one has passed.
            if deadline < self.timer.deadline() || self.timer.is_elapsed() {
                self.timer.as_mut().reset(deadline);
            }
            ready!(self.timer.as_mut().poll(cx));
            let now = Instant::now();
            if now >= deadline {
                self.handle_timeout(now);
                return Poll::Ready(());
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let protocol = self.connection.timeout().map(Instant::from_std);
        let transport = match self.connection.state() {
            State::Open => self.stalled.map(|since| since + self.config.write_timeout),
            State::Closing | State::Closed => None,
        };
        protocol.into_iter().chain(transport).min()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.connection.handle_timeout(now.into_std());
        if self.stalled.is_some_and(|since| now >= since + self.config.write_timeout) {
            self.connection.close(now.into_std(), close::TOO_SLOW, "you read too slowly");
        }
        self.leave_if_over();
    }

    /// Closes if the server says so.
    fn obey_order(&mut self) {
        if let Some(order) = self.mailbox.close_order() {
            self.connection.close(Instant::now().into_std(), order.code, order.reason);
        }
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.shut_down && self.partial.is_empty() && self.connection.wants_shutdown() {
            ready!(Pin::new(&mut self.transport).poll_shutdown(cx))?;
            self.shut_down = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Everything that can be done now: ready when the connection is over.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.mailbox.register(cx.waker());
        self.obey_order();
        if std::mem::take(&mut self.has_read) {
            self.poll_output(cx)?;
        }
        let rested = self.reading_rests();
        if self.connection.state() != State::Closed && self.poll_read(cx)?.is_ready() {
            // Yield before writing: all who read in this turn append first, and
            // then each member writes once what all of them said.
            self.has_read = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.poll_output(cx)?;
        let fired = self.poll_timer(cx).is_ready();
        if fired || (rested && !self.reading_rests()) {
            cx.waker().wake_by_ref(); // there is something to write, or to read again
        }
        match self.connection.state() {
            State::Closed => Poll::Ready(Ok(())),
            State::Open | State::Closing => {
                self.connection.release_memory();
                Poll::Pending
            }
        }
    }

    fn poll_output(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if let Poll::Ready(result) = self.poll_write(cx) {
            result?;
            if let Poll::Ready(result) = self.poll_shutdown(cx) {
                result?;
            }
        }
        Ok(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Conn<S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let conn = &mut *self;
        if let Err(error) = ready!(conn.poll_turn(cx)) {
            tracing::debug!(%error, "a connection was lost");
            conn.connection.receive_eof();
        }
        conn.session.close(clock::now());
        if let Some(closure) = conn.connection.closure() {
            tracing::debug!(
                code = closure.code.map(|code| code.get()),
                reason = ?closure.reason,
                initiator = ?closure.initiator,
                clean = closure.clean,
                "a connection ended",
            );
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests;
