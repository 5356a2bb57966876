//! One chat connection: a task that owns the socket, the protocol's state and
//! the session.
//!
//! A turn reads what the socket has into the thread's buffer, lets the protocol
//! unmask it in place, hands each message to the session, and yields once; when
//! the other connections of this turn have spoken too, it writes everything
//! between its cursors and the heads of its rooms' logs. An idle connection owns
//! no buffer.

mod frames;
mod inspector;
mod writing;

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep, sleep_until};

use self::frames::Frames;
use self::inspector::Inspector;
use self::writing::answers;
use super::clock;
use super::config::{ServerConfig, close};
use crate::chat::{Mailbox, Session, Timestamp};
use crate::net::scratch;
use crate::proto::{CloseCode, CloseFrame, Config, Connection, Event, State};

/// Bytes that one connection may bring in before it is the others' turn.
const TURN: usize = 64 << 10;

/// Turns in a row that the others' messages may keep a connection from reading.
const MOST_WAITS: u8 = 8;

/// How long a connection that must close goes on writing what its rooms hold for it.
const FAREWELL: Duration = Duration::from_secs(2);

/// A connection's task.
pub(super) struct Conn<S> {
    transport: S,
    connection: Connection,
    session: Session,
    mailbox: Arc<Mailbox>,
    config: Arc<ServerConfig>,
    /// What it has taken from its rooms and not yet written.
    frames: Frames,
    /// Bytes that arrived behind those whose answers have to be written first.
    unread: Box<[u8]>,
    /// When the transport stopped taking bytes, while some wait.
    stalled: Option<Instant>,
    /// By when to obey the mailbox's order to close: what the rooms hold for this
    /// connection goes out before.
    farewell: Option<Instant>,
    timer: Pin<Box<Sleep>>,
    /// What the person behind the connection watches of it.
    inspector: Option<Box<Inspector>>,
    /// For how many turns in a row it has been kept from reading.
    waited: u8,
    /// Whether the peer has said that it goes for good.
    says_goodbye: bool,
    /// Whether the last turn read something, and so has not written yet.
    has_read: bool,
    /// Whether nothing more will arrive.
    ended: bool,
    /// Whether nothing more can be written.
    broken: bool,
    shut_down: bool,
}

/// Whether a client that closes like this will not be back in a moment. A page
/// that is loaded again says that it goes away (RFC 6455 §7.4.1, code 1001).
fn is_for_good(close: &CloseFrame) -> bool {
    close.code.is_none_or(|code| code == CloseCode::NORMAL)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Conn<S> {
    /// A connection whose opening handshake is complete and behind whose request
    /// `early` had arrived already.
    pub(super) fn new(
        transport: S,
        early: &mut [u8],
        connection: Config,
        session: Session,
        mailbox: Arc<Mailbox>,
        config: Arc<ServerConfig>,
    ) -> Conn<S> {
        let now = Instant::now();
        let connection = Connection::server(connection, now.into_std());
        let timer = Box::pin(sleep_until(connection.timeout().map_or(now, Instant::from_std)));
        let mut conn = Conn {
            transport,
            connection,
            session,
            mailbox,
            config,
            frames: Frames::default(),
            unread: Box::default(),
            stalled: None,
            farewell: None,
            timer,
            inspector: None,
            waited: 0,
            says_goodbye: false,
            has_read: true,
            ended: false,
            broken: false,
            shut_down: false,
        };
        let out = &mut answers(&mut conn.connection, &conn.config);
        conn.session.greet(clock::now(), out);
        conn.receive(early);
        conn
    }

    /// Takes one read's worth from the transport: ready if there was something.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.unread.is_empty() {
            let mut unread = std::mem::take(&mut self.unread);
            self.receive(&mut unread);
            return Poll::Ready(Ok(()));
        }
        if self.ended {
            return Poll::Pending;
        }
        scratch::with(|buffer| {
            let mut buffer = buffer.take(TURN);
            ready!(Pin::new(&mut self.transport).poll_read(cx, &mut buffer))?;
            match buffer.filled_mut() {
                [] => {
                    self.ended = true;
                    self.connection.receive_eof();
                }
                bytes => {
                    if let Some(inspector) = &mut self.inspector {
                        inspector.see_incoming(bytes, clock::now());
                    }
                    self.receive(bytes);
                }
            }
            Poll::Ready(Ok(()))
        })
    }

    /// Answers that are not read must not pile up.
    fn answers_pile_up(&self) -> bool {
        self.connection.outgoing().len() >= self.config.max_outgoing
    }

    /// Whether it is kept from reading in this turn: its rooms already have so much
    /// for it, before anything is written, that they fill faster than they are read.
    /// A few turns later it may speak all the same, so that those who were quicker
    /// do not silence it.
    fn waits_for_its_rooms(&mut self) -> bool {
        let waits = self.waited < MOST_WAITS && self.session.is_far_behind();
        self.waited = if waits { self.waited + 1 } else { 0 };
        waits
    }

    /// Handles bytes as far as their answers have room.
    fn receive(&mut self, mut bytes: &mut [u8]) {
        let (instant, now) = (Instant::now().into_std(), clock::now());
        while let Some(event) = self.connection.receive(instant, &mut bytes) {
            let payload = match &event {
                Event::Text(text) => text.as_bytes(),
                Event::Binary(bytes) => bytes,
                Event::Close(close) => {
                    self.says_goodbye |= is_for_good(close);
                    continue;
                }
                Event::Ping(_) | Event::Pong(_) => continue,
            };
            // Once the connection is closing, what still comes has no effect.
            if self.connection.state() == State::Open {
                let out = &mut answers(&mut self.connection, &self.config);
                self.session.receive(payload, now, out);
                if self.session.starts_over() {
                    self.frames.drop_unbegun();
                }
                self.watch_if_wanted(bytes, now);
            }
            if self.answers_pile_up() {
                self.unread = (*bytes).into();
                break;
            }
        }
        self.session.wake_rooms();
    }

    /// Begins to look at frames, of which these bytes are the next, or stops.
    fn watch_if_wanted(&mut self, bytes: &[u8], now: Timestamp) {
        if self.session.is_watched() == self.inspector.is_some() {
            return;
        }
        self.inspector = self.session.is_watched().then(|| Inspector::of(bytes, now));
        self.tell_if_drained();
    }

    /// Tells whoever looks at frames when nothing is half written: the next byte
    /// begins a frame. The first time that is a Ping, so that there is a control
    /// frame to see: a client that often speaks is sent none otherwise. Whether
    /// it was the first time.
    fn tell_if_drained(&mut self) -> bool {
        let is_drained = self.frames.is_empty() && self.connection.outgoing().is_empty();
        let Some(inspector) = self.inspector.as_mut().filter(|_| is_drained) else { return false };
        inspector.see_drained() && self.connection.send_ping(b"").is_ok()
    }

    /// The others hear of it as soon as this one will neither speak nor listen
    /// again, not when its transport has ended.
    fn leave_if_over(&mut self) {
        if self.connection.state() != State::Open {
            self.leave();
        }
    }

    fn leave(&mut self) {
        match self.says_goodbye {
            true => self.session.close(clock::now()),
            false => self.session.lose(clock::now()),
        }
    }

    fn close(&mut self, code: CloseCode, reason: &str) {
        self.connection.close(Instant::now().into_std(), code, reason);
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
        if self.connection.state() != State::Open {
            return protocol;
        }
        let transport = self.stalled.map(|since| since + self.config.write_timeout);
        protocol.into_iter().chain(transport).chain(self.farewell).min()
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.connection.handle_timeout(now.into_std());
        if self.stalled.is_some_and(|since| now >= since + self.config.write_timeout) {
            self.close(close::TOO_SLOW, "you read too slowly");
        }
        if self.farewell.is_some_and(|deadline| now >= deadline) {
            self.close_as_ordered();
        }
    }

    /// Prepares to close if the server says so.
    fn obey_order(&mut self) {
        if self.farewell.is_none() && self.mailbox.close_order().is_some() {
            self.farewell = Some(Instant::now() + FAREWELL);
        }
    }

    /// Everything that can be done now: ready when the connection is over.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.mailbox.register(cx.waker());
        self.obey_order();
        let waits = self.waits_for_its_rooms();
        if std::mem::take(&mut self.has_read) {
            self.poll_output(cx);
        }
        // Before reading: a peer that never stops sending stops no clock.
        let deadline = self.deadline();
        let mut again = self.poll_timer(cx).is_ready();
        let rested = waits || self.answers_pile_up();
        let may_read = !rested && self.connection.state() != State::Closed;
        if may_read && self.poll_read(cx)?.is_ready() {
            // Yield before writing: all who read in this turn append first, and
            // then each member writes once what all of them said.
            self.has_read = true;
            again = true;
        } else {
            self.poll_output(cx);
            // It may have begun to wait for the transport, or room to read again.
            if self.deadline() != deadline {
                again |= self.poll_timer(cx).is_ready();
            }
            again |= rested && !self.answers_pile_up() && self.stalled.is_none();
        }
        self.leave_if_over();
        if self.connection.state() == State::Closed {
            return Poll::Ready(Ok(()));
        }
        if again {
            cx.waker().wake_by_ref();
        } else {
            self.connection.release_memory();
        }
        Poll::Pending
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
        conn.leave();
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
