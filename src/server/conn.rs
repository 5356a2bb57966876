//! One chat connection: the socket, the protocol's state and the session.
//!
//! A turn has two halves, between which the other connections of the same turn
//! have their first. `listen` reads what the socket has into the thread's buffer,
//! lets the protocol unmask it in place and hands each message to the session.
//! `speak` writes everything between the cursors and the heads of the rooms'
//! logs. An idle connection owns no buffer.

mod frames;
mod inspector;
mod writing;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use self::frames::Frames;
use self::inspector::Inspector;
use self::writing::answers;
use super::clock::{self, Moment};
use super::config::{ServerConfig, close};
use crate::chat::{Session, Timestamp};
use crate::net::scratch;
use crate::proto::{CloseCode, CloseFrame, Config, Connection, Event, State};

/// Bytes that one read may bring in.
const READ: usize = 64 << 10;

/// Reads of one turn, as long as they find less than they could take. The second
/// mostly finds nothing, and so asks to be called when there is something.
const READS: usize = 2;

/// Turns in a row that the others' messages may keep a connection from reading.
const MOST_WAITS: u8 = 8;

/// How long a connection that must close goes on writing what its rooms hold for it.
const FAREWELL: Duration = Duration::from_secs(2);

/// A connection whose opening handshake is complete.
pub(super) struct Conn<S> {
    transport: S,
    connection: Connection,
    session: Session,
    config: Arc<ServerConfig>,
    /// What it has taken from its rooms and not yet written.
    frames: Frames,
    /// Bytes that arrived behind those whose answers have to be written first.
    unread: Box<[u8]>,
    /// When the transport stopped taking bytes, while some wait; boxed, as few have it.
    stalled: Option<Box<Instant>>,
    /// By when to obey the order to close: what the rooms hold for this
    /// connection goes out before.
    farewell: Option<Box<Instant>>,
    /// What the person behind the connection watches of it.
    inspector: Option<Box<Inspector>>,
    /// For how many turns in a row it has been kept from reading.
    waited: u8,
    /// Whether the peer has said that it goes for good.
    says_goodbye: bool,
    /// What it has heard in this turn, if it has listened.
    heard: Option<Heard>,
    /// Whether it may hold memory that an idle connection does not need.
    is_busy: bool,
    /// Whether nothing more will arrive.
    ended: bool,
    /// Whether nothing more can be written.
    broken: bool,
    shut_down: bool,
}

/// What a connection has heard that listened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    /// All that had arrived, or will.
    All,
    /// There may be more.
    Part,
    /// Nothing, since it has to write first.
    Nothing,
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
        config: Arc<ServerConfig>,
    ) -> Conn<S> {
        let now = Moment::now();
        let mut conn = Conn {
            transport,
            connection: Connection::server(connection, now.instant.into_std()),
            session,
            config,
            frames: Frames::default(),
            unread: Box::default(),
            stalled: None,
            farewell: None,
            inspector: None,
            waited: 0,
            says_goodbye: false,
            heard: None,
            is_busy: true,
            ended: false,
            broken: false,
            shut_down: false,
        };
        let out = &mut answers(&mut conn.connection, &conn.config);
        conn.session.greet(now.time, out);
        conn.receive(early, now);
        conn
    }

    /// Takes one read's worth from the transport: ready if there was something, and
    /// whether that was as much as it could be.
    fn poll_read(&mut self, cx: &mut Context<'_>, now: Moment) -> Poll<io::Result<bool>> {
        if !self.unread.is_empty() {
            let mut unread = std::mem::take(&mut self.unread);
            self.receive(&mut unread, now);
            return Poll::Ready(Ok(true));
        }
        if self.ended || self.is_over() {
            return Poll::Pending;
        }
        scratch::with(|buffer| {
            let mut buffer = buffer.take(READ);
            ready!(Pin::new(&mut self.transport).poll_read(cx, &mut buffer))?;
            let is_full = buffer.remaining() == 0;
            match buffer.filled_mut() {
                [] => {
                    self.ended = true;
                    self.connection.receive_eof();
                }
                bytes => {
                    if let Some(inspector) = &mut self.inspector {
                        inspector.see_incoming(bytes, now.time);
                    }
                    self.receive(bytes, now);
                }
            }
            Poll::Ready(Ok(is_full))
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
    fn receive(&mut self, mut bytes: &mut [u8], now: Moment) {
        let (instant, time) = (now.instant.into_std(), now.time);
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
                self.session.receive(payload, time, out);
                if self.session.starts_over() {
                    self.frames.drop_unbegun();
                }
                self.watch_if_wanted(bytes, time);
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

    fn leave(&mut self) {
        match self.says_goodbye {
            true => self.session.close(clock::now()),
            false => self.session.lose(clock::now()),
        }
    }

    fn close(&mut self, code: CloseCode, reason: &str) {
        self.connection.close(Instant::now().into_std(), code, reason);
    }

    /// When to call [`handle_timeout`](Conn::handle_timeout).
    pub(super) fn deadline(&self) -> Option<Instant> {
        let protocol = self.connection.timeout().map(Instant::from_std);
        if self.connection.state() != State::Open {
            return protocol;
        }
        let farewell = self.farewell.as_deref().copied();
        protocol.into_iter().chain(self.stall_deadline()).chain(farewell).min()
    }

    /// When a transport that takes nothing is given up, if ever.
    fn stall_deadline(&self) -> Option<Instant> {
        self.stalled.as_deref().and_then(|since| since.checked_add(self.config.write_timeout))
    }

    /// Whether its deadline may be nearer than before it spoke. As long as it just
    /// writes, it is where it was.
    pub(super) fn hurries(&self) -> bool {
        self.stalled.is_some() || self.farewell.is_some() || self.connection.state() != State::Open
    }

    /// Keeps the deadlines of the protocol and of the transport that have passed.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        self.connection.handle_timeout(now.into_std());
        if self.stall_deadline().is_some_and(|deadline| now >= deadline) {
            self.close(close::TOO_SLOW, "you read too slowly");
        }
        if self.farewell.as_deref().is_some_and(|deadline| now >= *deadline) {
            self.close_as_ordered();
        }
    }

    /// Prepares to close if the server says so.
    fn obey_order(&mut self) {
        if self.farewell.is_none() && self.session.close_order().is_some() {
            self.farewell = Some(Box::new(Instant::now() + FAREWELL));
        }
    }

    /// The first half of a turn: reads what has arrived and lets it have its effect.
    /// `cx` is woken when there is more. It is `now` for all that do so together.
    pub(super) fn listen(&mut self, cx: &mut Context<'_>, now: Moment) {
        self.is_busy = true;
        self.heard = Some(self.hear(cx, now));
    }

    fn hear(&mut self, cx: &mut Context<'_>, now: Moment) -> Heard {
        if self.waits_for_its_rooms() {
            return Heard::Nothing;
        }
        for _ in 0..READS {
            if self.answers_pile_up() {
                return Heard::Nothing;
            }
            match self.poll_read(cx, now) {
                Poll::Ready(Ok(false)) => {}
                Poll::Ready(Ok(true)) => return Heard::Part,
                Poll::Ready(Err(error)) => {
                    tracing::debug!(%error, "a connection was lost");
                    self.ended = true;
                    self.connection.receive_eof();
                    return Heard::All;
                }
                Poll::Pending => return Heard::All,
            }
        }
        Heard::Part
    }

    /// The second half: writes what there is for the peer. `cx` is woken when the
    /// transport takes more. Whether it wants another turn at once.
    pub(super) fn speak(&mut self, cx: &mut Context<'_>) -> bool {
        self.obey_order();
        self.poll_output(cx);
        if self.connection.state() != State::Open {
            // The others hear of it as soon as this one will neither speak nor
            // listen again, not when its transport has ended.
            self.leave();
        }
        let again = match self.heard.take() {
            None | Some(Heard::All) => false,
            Some(Heard::Part) => true,
            // When its transport takes more, it is called; if it is broken, nobody calls.
            Some(Heard::Nothing) => self.stalled.is_none() && !self.answers_pile_up(),
        };
        if self.is_busy && !again {
            self.connection.release_memory();
            self.is_busy = false;
        }
        again
    }

    /// Whether nothing more can come of it.
    pub(super) fn is_over(&self) -> bool {
        self.connection.state() == State::Closed
    }

    /// Says how it ended, which is over.
    pub(super) fn log_end(&self) {
        if let Some(closure) = self.connection.closure() {
            tracing::debug!(
                code = closure.code.map(|code| code.get()),
                reason = ?closure.reason,
                initiator = ?closure.initiator,
                clean = closure.clean,
                "a connection ended",
            );
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
