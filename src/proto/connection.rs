//! The state machine of one connection after the opening handshake
//! (RFC 6455 §5–§7), for both roles.
//!
//! Bytes from the peer and the time go in; [`Event`]s and bytes for the peer
//! come out. Nothing here waits, reads a clock or draws a random number.

use std::fmt;
use std::time::{Duration, Instant};

use super::assembler::Assembler;
use super::close::{CloseCode, CloseFrame};
use super::closure::{Closure, Initiator};
use super::config::Config;
use super::decoder::{Decoder, Role};
use super::error::{ProtocolError, SendError};
use super::header::MAX_CONTROL_PAYLOAD;
use super::keepalive::{Keepalive, Schedule};
use super::message::Event;
use super::millis::Millis;
use super::opcode::Opcode;
use super::outgoing::{MaskingKeys, Outgoing};

/// The state of a connection in the words of RFC 6455 §4 and §7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Messages go both ways.
    Open,
    /// A Close was sent or received, or the connection failed; no message may be sent any more.
    Closing,
    /// Over: the transport has ended or is to be dropped.
    Closed,
}

/// One end of an open WebSocket, without the socket.
///
/// ```text
///          close()                       the peer's Close
///   Open ──────────────► AwaitingClose ─────────────────┐
///    │                        │                         ▼
///    │  the peer's Close      │ a rule broken     ┌── Ending ──┐  end of the transport
///    ├────(answered)──────────┼──────────────────►│            │  or close_timeout
///    │  a rule broken         │                   └────────────┴──────────► Closed
///    ├────(answered)──────────┼─────────────────────────┘                     ▲
///    │  end of the transport  │ end of the transport, close_timeout           │
///    └────────────────────────┴───────────────────────────────────────────────┘
/// ```
///
/// [`State::Closing`] covers `AwaitingClose`, in which the peer's messages are
/// still delivered, and `Ending`, in which its bytes are thrown away.
///
/// The caller owns the transport and does four things, in any order:
/// it passes what arrives to [`receive`](Connection::receive) until that gives
/// `None`; writes [`outgoing`](Connection::outgoing) and reports how much with
/// [`advance`](Connection::advance); calls
/// [`handle_timeout`](Connection::handle_timeout) at
/// [`timeout`](Connection::timeout); and ends the transport as
/// [`wants_shutdown`](Connection::wants_shutdown) and
/// [`state`](Connection::state) tell.
///
/// ```
/// use std::time::Instant;
/// use wirechat::proto::{Config, Connection, Event};
///
/// let now = Instant::now();
/// let mut server = Connection::server(Config::default(), now);
/// let mut client = Connection::client(Config::default(), now, Box::new(|| [1, 2, 3, 4]));
///
/// client.send_text("Hello")?;
/// let mut wire = client.outgoing().to_vec();
/// let mut input = &mut wire[..];
/// assert_eq!(server.receive(now, &mut input), Some(Event::Text("Hello".into())));
/// # Ok::<(), wirechat::proto::SendError>(())
/// ```
pub struct Connection {
    role: Role,
    decoder: Decoder,
    assembler: Assembler,
    phase: Phase,
    /// When the peer was last heard, or asked; then, when the closing began.
    since: Instant,
    outgoing: Outgoing,
    schedule: Option<Schedule>,
    close_timeout: Millis,
    /// How the connection ended or, while we wait for the peer's Close, how it will
    /// have ended if none comes; boxed, since most are open.
    closure: Option<Box<Closure>>,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Open {
        /// Whether a Ping went out after the peer was heard last.
        asked: bool,
    },
    /// We sent a Close and wait for the peer's.
    AwaitingClose,
    /// No frame is read or written any more; the transport has to end.
    Ending {
        /// Whether this side ends the transport first: a server always
        /// (RFC 6455 §7.1.1), a client when it failed the connection (§7.1.7).
        shuts_down: bool,
        /// Whether the peer has ended its side already.
        eof: bool,
    },
    Closed,
}

impl Connection {
    /// The server's end, opened at `now`.
    #[must_use]
    pub fn server(config: Config, now: Instant) -> Connection {
        Connection::new(Role::Server, None, config, now)
    }

    /// The client's end, opened at `now`, with its source of masking keys.
    #[must_use]
    pub fn client(config: Config, now: Instant, keys: MaskingKeys) -> Connection {
        Connection::new(Role::Client, Some(keys), config, now)
    }

    fn new(role: Role, masking_keys: Option<MaskingKeys>, config: Config, now: Instant) -> Self {
        let (decoder, assembler) = receiver(role, &config);
        Connection {
            role,
            decoder,
            assembler,
            phase: Phase::Open { asked: false },
            since: now,
            outgoing: Outgoing::new(masking_keys, &config),
            schedule: config.keepalive.map(Schedule::from),
            close_timeout: config.close_timeout.into(),
            closure: None,
        }
    }

    /// Takes bytes from the front of `input`, which arrived at `now`, up to the
    /// next event. `None` means that all of `input` was taken.
    ///
    /// The bytes are unmasked in place and events borrow from them. A peer that
    /// breaks a rule is answered with the Close that says which; what it sends
    /// after that is thrown away, and [`closure`](Connection::closure) tells.
    #[inline]
    pub fn receive<'b>(&mut self, now: Instant, input: &mut &'b mut [u8]) -> Option<Event<'b>> {
        if !input.is_empty() {
            self.heard(now);
        }
        self.receive_heard(input, &|| now)
    }

    /// Like [`receive`](Connection::receive), for bytes that were
    /// [`heard`](Connection::heard) when they arrived: looks at the clock only if
    /// the connection is about to close.
    ///
    /// All that a message in one piece needs is inlined here, so that neither its head
    /// nor the event lies in memory before it is where the caller wants it. To write them
    /// there and read them again takes longer than all the rest (`cargo bench -- decode`).
    pub(crate) fn receive_heard<'b>(
        &mut self,
        input: &mut &'b mut [u8],
        now: &dyn Fn() -> Instant,
    ) -> Option<Event<'b>> {
        while matches!(self.phase, Phase::Open { .. } | Phase::AwaitingClose) {
            let event = match self.decoder.decode_masked(input) {
                Ok(Some(mut chunk)) => match self.assembler.push_whole(&mut chunk) {
                    Ok(None) => self.assembler.push_piece(chunk),
                    Ok(message) => return message,
                    Err(error) => Err(error),
                },
                Ok(None) => return None,
                Err(error) => Err(error),
            };
            match event {
                Ok(Some(event)) => {
                    match &event {
                        Event::Text(_) | Event::Binary(_) | Event::Pong(_) => {}
                        Event::Ping(payload) => self.outgoing.put_pong(payload),
                        Event::Close(close) => self.close_received(close, now()),
                    }
                    return Some(event);
                }
                Ok(None) => {}
                Err(error) => self.fail(error, now()),
            }
        }
        *input = &mut [];
        None
    }

    /// Notes that bytes arrived at `now`, for a caller that keeps them and hands
    /// them over later.
    #[inline]
    pub fn heard(&mut self, now: Instant) {
        if let Phase::Open { asked } = &mut self.phase {
            *asked = false;
            self.since = now;
        }
    }

    fn close_received(&mut self, close: &CloseFrame, now: Instant) {
        let initiator = match self.phase {
            Phase::Open { .. } => Initiator::Peer,
            _ => Initiator::Local,
        };
        self.closure = Some(Box::new(Closure::clean(close.clone(), initiator)));
        if initiator == Initiator::Peer {
            // RFC 6455 §5.5.1: the answer is a Close, typically with the same code.
            let answer = CloseFrame { code: close.code, reason: String::new() };
            self.outgoing.put_frame(Opcode::Close, &answer.payload());
        }
        self.end(now, self.role == Role::Server);
    }

    /// RFC 6455 §7.1.7, "Fail the WebSocket Connection".
    #[cold]
    fn fail(&mut self, error: ProtocolError, now: Instant) {
        // If our Close has been sent, there is no second one.
        if let Phase::Open { .. } = self.phase {
            self.put_close(CloseFrame::new(error.close_code(), &error.to_string()));
        }
        if let Some(closure) = &mut self.closure {
            closure.error = Some(error);
        }
        self.end(now, true);
    }

    /// Queues our own Close.
    fn put_close(&mut self, close: CloseFrame) {
        self.outgoing.put_frame(Opcode::Close, &close.payload());
        self.closure = Some(Box::new(Closure::unclean(close, Initiator::Local)));
    }

    fn end(&mut self, now: Instant, shuts_down: bool) {
        if let Phase::Open { .. } = self.phase {
            // The time for closing runs from our own Close.
            self.since = now;
        }
        self.phase = Phase::Ending { shuts_down, eof: false };
        self.outgoing.end();
    }

    /// Says that the peer has ended its side of the transport: nothing more will
    /// arrive. What is queued after a Close may still be written; without a Close
    /// the connection is over at once.
    pub fn receive_eof(&mut self) {
        match &mut self.phase {
            Phase::Ending { eof, .. } if !self.outgoing.is_empty() => *eof = true,
            _ => self.drop_transport(Initiator::Peer),
        }
    }

    fn drop_transport(&mut self, initiator: Initiator) {
        self.phase = Phase::Closed;
        self.outgoing.clear();
        self.closure
            .get_or_insert_with(|| Box::new(Closure::unclean(CloseFrame::default(), initiator)));
    }

    /// Queues a text message as one frame.
    ///
    /// # Errors
    /// [`SendError::Closing`] if the closing handshake has begun.
    pub fn send_text(&mut self, text: &str) -> Result<(), SendError> {
        self.check_open()?;
        self.outgoing.put_message(Opcode::Text, text.as_bytes());
        Ok(())
    }

    /// Queues a binary message as one frame.
    ///
    /// # Errors
    /// [`SendError::Closing`] if the closing handshake has begun.
    pub fn send_binary(&mut self, bytes: &[u8]) -> Result<(), SendError> {
        self.check_open()?;
        self.outgoing.put_message(Opcode::Binary, bytes);
        Ok(())
    }

    /// Queues a Ping.
    ///
    /// # Errors
    /// [`SendError::Closing`], or [`SendError::LongControl`] for more than 125 bytes.
    pub fn send_ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        if payload.len() > MAX_CONTROL_PAYLOAD {
            return Err(SendError::LongControl);
        }
        self.check_open()?;
        self.outgoing.put_frame(Opcode::Ping, payload);
        Ok(())
    }

    fn check_open(&self) -> Result<(), SendError> {
        if matches!(self.phase, Phase::Open { .. }) { Ok(()) } else { Err(SendError::Closing) }
    }

    /// Begins the closing handshake with this code and as much of the reason as
    /// fits in 123 bytes. What was queued before is still sent, what the peer
    /// sent before its own Close is still received. Does nothing if the
    /// connection is closing already.
    pub fn close(&mut self, now: Instant, code: CloseCode, reason: &str) {
        if !matches!(self.phase, Phase::Open { .. }) {
            return;
        }
        self.put_close(CloseFrame::new(code, reason));
        self.phase = Phase::AwaitingClose;
        self.since = now;
    }

    /// The bytes to write to the transport, whole frames in order.
    #[must_use]
    pub fn outgoing(&self) -> &[u8] {
        self.outgoing.bytes()
    }

    /// Says that the first `written` bytes of [`outgoing`](Connection::outgoing)
    /// have been written.
    ///
    /// # Panics
    /// If `outgoing` is shorter than that.
    pub fn advance(&mut self, written: usize) {
        self.outgoing.advance(written);
        if self.outgoing.is_empty()
            && let Phase::Ending { eof: true, .. } = self.phase
        {
            self.phase = Phase::Closed;
        }
    }

    /// Gives back the memory that an idle connection does not need: an empty
    /// queue, and the contexts of a compression without context takeover. What
    /// is sent or received next allocates anew.
    pub fn release_memory(&mut self) {
        self.outgoing.release_memory();
        #[cfg(feature = "deflate")]
        self.assembler.release_memory();
    }

    /// When [`handle_timeout`](Connection::handle_timeout) is due next; moves each time
    /// the peer is heard.
    #[must_use]
    pub fn timeout(&self) -> Option<Instant> {
        let wait = match (self.phase, self.schedule) {
            (Phase::Open { asked: false }, Some(schedule)) => schedule.interval,
            (Phase::Open { asked: true }, Some(schedule)) => schedule.timeout,
            (Phase::AwaitingClose | Phase::Ending { .. }, _) => self.close_timeout,
            (Phase::Open { .. }, None) | (Phase::Closed, _) => return None,
        };
        Some(self.since + Duration::from(wait))
    }

    /// How the peer is watched, for a caller that watches the transport as well.
    pub(crate) fn keepalive(&self) -> Option<Keepalive> {
        self.schedule.map(Keepalive::from)
    }

    /// Does what is due at `now`: sends a Ping, gives up on a peer that did not
    /// answer one, or gives up closing in good order.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.timeout().is_none_or(|deadline| now < deadline) {
            return;
        }
        match (self.phase, self.schedule) {
            (Phase::Open { asked: false }, _) => {
                self.phase = Phase::Open { asked: true };
                self.since = now;
                self.outgoing.put_frame(Opcode::Ping, b"");
            }
            (Phase::Open { asked: true }, Some(schedule)) => {
                self.close(now, schedule.code, "no answer to a ping");
            }
            _ => self.drop_transport(Initiator::Local),
        }
    }

    /// Where the connection stands.
    #[must_use]
    pub fn state(&self) -> State {
        match self.phase {
            Phase::Open { .. } => State::Open,
            Phase::AwaitingClose | Phase::Ending { .. } => State::Closing,
            Phase::Closed => State::Closed,
        }
    }

    /// Whether the write side of the transport is to be shut down now: the last
    /// frame has been written and it is this side's turn. The caller then reads
    /// on until the peer ends its side too or [`timeout`](Connection::timeout)
    /// passes, so that the last frame is not lost to a reset (RFC 6455 §7.1.1).
    #[must_use]
    pub fn wants_shutdown(&self) -> bool {
        matches!(self.phase, Phase::Ending { shuts_down: true, .. }) && self.outgoing.is_empty()
    }

    /// How the connection ended; `None` until the peer's Close, a broken rule,
    /// the end of the transport or a deadline has decided that.
    #[must_use]
    pub fn closure(&self) -> Option<&Closure> {
        match self.phase {
            Phase::Open { .. } | Phase::AwaitingClose => None,
            Phase::Ending { .. } | Phase::Closed => self.closure.as_deref(),
        }
    }
}

/// What takes the peer's bytes apart and puts its messages together.
fn receiver(role: Role, config: &Config) -> (Decoder, Assembler) {
    let decoder = Decoder::new(role, &config.limits);
    let assembler = Assembler::new(&config.limits);
    #[cfg(feature = "deflate")]
    if let Some(agreed) = &config.deflate {
        return (decoder.with_compression(), assembler.with_deflate(role, agreed));
    }
    (decoder, assembler)
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("phase", &self.phase)
            .field("outgoing", &self.outgoing.bytes().len())
            .field("closure", &self.closure())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
