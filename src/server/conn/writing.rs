//! The writing half of a turn: answers to this client, and what its rooms say.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::Conn;
use crate::chat::{CloseOrder, Next, Outbox};
use crate::proto::{Connection, SendError, State};
use crate::server::clock;
use crate::server::config::ServerConfig;

/// The time over which the clients of a server that stops come back.
const COME_BACK: Duration = Duration::from_secs(3);

/// How often one turn takes what there is, of which [`Frames`](super::frames::Frames)
/// bounds the size, and writes it.
const ROUNDS: usize = 16;

/// Frames the session's objects for this connection.
pub(super) struct Answers<'c> {
    connection: &'c mut Connection,
    /// Bytes from which on what can wait has to.
    enough: usize,
}

impl Outbox for Answers<'_> {
    fn push_object(&mut self, object: &str) {
        match self.connection.send_text(object) {
            // Nobody is left to read the answer.
            Ok(()) | Err(SendError::Closing | SendError::LongControl) => {}
        }
    }

    fn has_room(&self) -> bool {
        self.connection.outgoing().len() < self.enough
    }
}

pub(super) fn answers<'c>(connection: &'c mut Connection, config: &ServerConfig) -> Answers<'c> {
    Answers { connection, enough: config.max_outgoing }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Conn<S> {
    /// Writes until nothing is left or the transport takes no more; after much, others
    /// have their turn.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        for _ in 0..ROUNDS {
            let is_all = self.take_frames();
            ready!(self.poll_write_taken(cx))?;
            if is_all && !self.show_frames() && !self.tell_if_drained() {
                return Pin::new(&mut self.transport).poll_flush(cx);
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Writes the answers, and what was taken from the rooms.
    fn poll_write_taken(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.is_busy |= !self.connection.outgoing().is_empty();
        while !(self.frames.is_empty() && self.connection.outgoing().is_empty()) {
            let answers = self.connection.outgoing();
            let transport = Pin::new(&mut self.transport);
            let poll = self.frames.with_slices(answers, |slices| {
                let poll = match slices {
                    [one] => transport.poll_write(cx, one),
                    more => transport.poll_write_vectored(cx, more),
                };
                if let (Some(inspector), Poll::Ready(Ok(written))) = (&mut self.inspector, &poll) {
                    inspector.see_outgoing(slices, *written, clock::now());
                }
                poll
            });
            let written = match poll? {
                Poll::Ready(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(written) => written,
                Poll::Pending => {
                    self.stalled.get_or_insert_with(|| Box::new(Instant::now()));
                    return Poll::Pending;
                }
            };
            if self.stalled.take().is_some() {
                // Somebody took what had filled the transport: a sign of life.
                self.connection.heard(Instant::now().into_std());
            }
            let answers = self.frames.advance(self.connection.outgoing().len(), written);
            if answers > 0 {
                self.connection.advance(answers);
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Takes what the rooms have for this connection, as long as it is open:
    /// nothing may follow a Close. Whether that is all, so that there is nothing to
    /// take until the bell rings again.
    fn take_frames(&mut self) -> bool {
        while self.connection.state() == State::Open && self.frames.have_room() {
            let out = &mut answers(&mut self.connection, &self.config);
            match self.session.next_frames(out) {
                Next::Frames(piece) => self.frames.push(piece),
                Next::Lagged => self.close_with(CloseOrder::TooSlow),
                // An order to close is obeyed when all is written.
                Next::Nothing if self.frames.is_empty() && self.farewell.is_some() => {
                    self.close_as_ordered();
                }
                // What can wait may wait only for the answers to be written.
                Next::Nothing => return self.farewell.is_none() && !self.answers_pile_up(),
            }
        }
        if self.connection.state() == State::Open {
            return false;
        }
        self.frames.drop_unbegun();
        true
    }

    /// Shows what was seen of this connection, but not the frame that shows it.
    /// Whether there was something to show.
    fn show_frames(&mut self) -> bool {
        let Some(inspector) = &mut self.inspector else { return false };
        let before = self.connection.outgoing().len();
        let mut out = answers(&mut self.connection, &self.config);
        let Some(notes) = inspector.take_notes() else { return false };
        self.session.show_frames(&notes.to_string(), clock::now(), &mut out);
        inspector.shows(&self.connection.outgoing()[before..]);
        true
    }

    fn close_with(&mut self, order: CloseOrder) {
        self.close(order.code(), order.reason());
    }

    pub(super) fn close_as_ordered(&mut self) {
        if let Some(order) = self.session.close_order() {
            if order == CloseOrder::ShuttingDown {
                let out = &mut answers(&mut self.connection, &self.config);
                self.session.say_goodbye(clock::spread(COME_BACK), clock::now(), out);
            }
            self.close_with(order);
        }
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.shut_down && self.frames.is_empty() && self.connection.wants_shutdown() {
            ready!(Pin::new(&mut self.transport).poll_shutdown(cx))?;
            self.shut_down = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Writes and, after the last frame, ends our side. If that fails, there may
    /// still be something to read that the peer sent before it went.
    pub(super) fn poll_output(&mut self, cx: &mut Context<'_>) {
        if self.broken {
            return self.forget_output();
        }
        let written = match self.poll_write(cx) {
            Poll::Ready(Ok(())) => self.poll_shutdown(cx),
            other => other,
        };
        if let Poll::Ready(Err(error)) = written {
            tracing::debug!(%error, "a connection takes nothing more");
            self.broken = true;
            self.stalled = None;
            self.forget_output();
        }
    }

    /// Nobody will get what is queued.
    fn forget_output(&mut self) {
        self.frames.clear();
        self.connection.advance(self.connection.outgoing().len());
    }
}
