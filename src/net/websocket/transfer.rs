//! Moving bytes and time: what every method of a [`WebSocket`] waits with.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until};

use super::wakers::Purpose;
use super::{Aside, READ_AHEAD, WRITE_BEHIND, WebSocket};
use crate::net::error::Error;
use crate::net::scratch;
use crate::proto::{Event, Message, Payload, SendError, State};

/// Steps in a row. A peer that never stops sending must not keep a thread to itself,
/// on transports whose reads do not count against the task's budget either.
const STEPS: usize = 64;

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    pub(in crate::net) fn queue(&mut self, payload: &Payload<'_>) -> Result<(), Error> {
        if self.broken {
            return Err(Error::Send(SendError::Closing));
        }
        match payload {
            Payload::Text(text) => self.connection.send_text(text),
            Payload::Binary(bytes) => self.connection.send_binary(bytes),
        }
        .map_err(Error::Send)
    }

    pub(in crate::net) fn poll_recv(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Message>, Error>> {
        // What is here already makes nobody wait.
        if let Some(message) = self.next_message() {
            return Poll::Ready(Ok(Some(message)));
        }
        self.poll_until(Purpose::Receiving, cx, |socket| match socket.next_message() {
            Some(message) => Some(Ok(Some(message))),
            None => socket.is_closed().then(|| socket.take_error().map(|()| None)),
        })
    }

    /// The next message of those that have arrived.
    fn next_message(&mut self) -> Option<Message> {
        self.receive_unread();
        self.message.take()
    }

    /// Ready when `feed` may queue one more message.
    pub(in crate::net) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.connection.outgoing().len() < WRITE_BEHIND {
            return Poll::Ready(Ok(()));
        }
        self.poll_written(cx)
    }

    /// Ready when nothing is left to write, or nothing can be written any more.
    pub(in crate::net) fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_until(Purpose::Sending, cx, |socket| {
            (!socket.has_unwritten()).then_some(())
        }));
        let over = self.broken || self.connection.state() == State::Closed;
        Poll::Ready(match self.aside.as_mut().and_then(|aside| aside.error.take_if(|_| over)) {
            Some(error) => Err(error),
            None if self.broken => Err(Error::Io(io::ErrorKind::BrokenPipe.into())),
            None => Ok(()),
        })
    }

    pub(in crate::net) fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_until(Purpose::Sending, cx, |socket| {
            // The peer's Close is behind the messages that nobody takes now.
            while socket.next_message().is_some() {}
            socket.is_closed().then(|| socket.take_error())
        })
    }

    /// Moves bytes and time on until `is_ready` gives something.
    fn poll_until<T>(
        &mut self,
        purpose: Purpose,
        cx: &mut Context<'_>,
        mut is_ready: impl FnMut(&mut Self) -> Option<T>,
    ) -> Poll<T> {
        self.poll_for(purpose, cx, |socket, cx| {
            for _ in 0..STEPS {
                if let Some(value) = is_ready(socket) {
                    return Poll::Ready(value);
                }
                ready!(socket.poll_step(cx));
            }
            // It is the turn of the thread's other tasks.
            cx.waker().wake_by_ref();
            Poll::Pending
        })
    }

    fn is_closed(&self) -> bool {
        self.connection.state() == State::Closed
    }

    /// Polls so that whoever waits for the other purpose is woken too.
    fn poll_for<T>(
        &mut self,
        purpose: Purpose,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Self, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let poll = match self.wakers.on_behalf_of_both(purpose, cx.waker()) {
            Some(both) => poll(self, &mut Context::from_waker(&both)),
            None => poll(self, cx),
        };
        self.wakers.set(purpose, poll.is_pending().then(|| cx.waker().clone()));
        poll
    }

    /// Moves bytes and time on by one step. Pending when neither the transport
    /// nor the clock lets anything happen; the task is then woken by whichever
    /// does first. An error of the transport ends the connection.
    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut moved = false;
        for poll in [Self::poll_write, Self::poll_shutdown] {
            if let Poll::Ready(written) = poll(self, cx) {
                moved = true;
                if let Err(error) = written {
                    self.lose_writer(error);
                }
            }
        }
        // Behind writing: a transport that takes bytes again has not stalled. Before
        // reading: a peer that never stops sending stops no clock.
        moved |= self.poll_timer(cx).is_ready();
        if let Poll::Ready(read) = self.poll_read(cx) {
            moved = true;
            if let Err(error) = read {
                self.lose_transport(error);
            }
        }
        if moved {
            return Poll::Ready(());
        }
        self.tidy();
        self.connection.release_memory();
        Poll::Pending
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.deadline() else { return Poll::Pending };
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
                self.timer = None;
                self.handle_timeout(now);
                return Poll::Ready(());
            }
            timer.as_mut().reset(deadline);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let protocol = self.connection.timeout().map(Instant::from_std);
        protocol.into_iter().chain(self.stall_deadline()).min()
    }

    /// When a transport that takes nothing is given up: a peer that never reads
    /// is as good as silent, whatever it sends.
    fn stall_deadline(&self) -> Option<Instant> {
        if self.connection.state() != State::Open {
            return None;
        }
        let keepalive = self.connection.keepalive()?;
        Some(self.aside.as_ref()?.stalled? + keepalive.interval + keepalive.timeout)
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.stall_deadline().is_some_and(|deadline| now >= deadline)
            && let Some(keepalive) = self.connection.keepalive()
        {
            self.start_close(keepalive.code, "you read too slowly");
        }
        let unwritten = self.has_unwritten();
        self.connection.handle_timeout(now.into_std());
        self.tell_of_loss(unwritten, io::ErrorKind::TimedOut);
    }

    fn has_unwritten(&self) -> bool {
        let over = self.broken || self.connection.state() == State::Closed;
        !over && !self.connection.outgoing().is_empty()
    }

    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.broken {
            // Nobody will get what is queued.
            self.connection.advance(self.connection.outgoing().len());
        }
        if !self.has_unwritten() {
            return Poll::Pending;
        }
        while self.unflushed < self.connection.outgoing().len() {
            let outgoing = &self.connection.outgoing()[self.unflushed..];
            let poll = Pin::new(&mut self.transport).poll_write(cx, outgoing);
            self.watch_for_stall(poll.is_pending());
            let taken = ready!(poll)?;
            if taken == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unflushed += taken;
        }
        let poll = Pin::new(&mut self.transport).poll_flush(cx);
        self.watch_for_stall(poll.is_pending());
        ready!(poll)?;
        self.connection.advance(std::mem::take(&mut self.unflushed));
        Poll::Ready(Ok(()))
    }

    fn watch_for_stall(&mut self, is_full: bool) {
        if is_full {
            self.aside().stalled.get_or_insert_with(Instant::now);
        } else if self.aside.as_mut().is_some_and(|aside| aside.stalled.take().is_some()) {
            // Somebody took what had filled the transport: a sign of life.
            self.connection.heard(Instant::now().into_std());
        }
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.shut_down || self.broken || !self.connection.wants_shutdown() {
            return Poll::Pending;
        }
        ready!(Pin::new(&mut self.transport).poll_shutdown(cx))?;
        self.shut_down = true;
        Poll::Ready(Ok(()))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let room = READ_AHEAD.saturating_sub(self.unread().len());
        if self.ended || room == 0 {
            return Poll::Pending;
        }
        scratch::with(|buffer| {
            let mut buffer = buffer.take(room);
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
        self.connection.heard(Instant::now().into_std());
        if self.unread().is_empty() {
            self.receive_message(&mut bytes);
        }
        if !bytes.is_empty() {
            self.aside().unread.extend_from_slice(bytes);
        }
    }

    /// Handles bytes that arrived earlier, up to the next message; when all are
    /// handled, the end of the transport, if it has come.
    fn receive_unread(&mut self) {
        if self.message.is_none() && !self.unread().is_empty() {
            let mut unread = std::mem::take(&mut self.aside().unread);
            let mut bytes = &mut unread[..];
            self.receive_message(&mut bytes);
            let left = bytes.len();
            unread.advance(unread.len() - left);
            if left > 0 {
                self.aside().unread = unread;
            }
            self.tidy();
        }
        if self.ended && self.message.is_none() && self.unread().is_empty() {
            let unwritten = self.has_unwritten();
            self.connection.receive_eof();
            self.tell_of_loss(unwritten, io::ErrorKind::BrokenPipe);
        }
    }

    /// If the connection is over, the peer will not have what was unwritten before.
    fn tell_of_loss(&mut self, unwritten: bool, reason: io::ErrorKind) {
        if unwritten && self.connection.state() == State::Closed {
            self.aside().error.get_or_insert_with(|| Error::Io(reason.into()));
        }
    }

    /// Tells the caller, once, why the connection ended.
    pub(super) fn take_error(&mut self) -> Result<(), Error> {
        self.aside.as_mut().and_then(|aside| aside.error.take()).map_or(Ok(()), Err)
    }

    /// Writing failed. What the peer sent before it went can still be read.
    pub(super) fn lose_writer(&mut self, error: io::Error) {
        // Once it is known how the connection ends, that the transport breaks
        // off is no news.
        if self.connection.closure().is_none() {
            self.aside().error = Some(Error::Io(error));
        }
        self.broken = true;
    }

    /// Reading failed, and then writing would too.
    fn lose_transport(&mut self, error: io::Error) {
        if !self.broken {
            self.lose_writer(error);
        }
        self.ended = true;
        self.receive_unread();
    }

    /// Takes bytes up to and including the next message, unless one is waiting.
    fn receive_message(&mut self, bytes: &mut &mut [u8]) {
        while self.message.is_none() && !bytes.is_empty() {
            match self.connection.receive_heard(bytes, &|| Instant::now().into_std()) {
                Some(Event::Text(text)) => self.message = Some(Message::Text(text.into_owned())),
                Some(Event::Binary(data)) => {
                    self.message = Some(Message::Binary(data.into_owned()));
                }
                #[cfg(feature = "chat")]
                Some(Event::Pong(payload)) if !payload.is_empty() => {
                    self.aside().pong = Some(payload.into_owned().into_boxed_slice());
                }
                Some(Event::Ping(_) | Event::Pong(_) | Event::Close(_)) => {}
                None => {
                    if let Some(error) = self.closure().and_then(|closure| closure.error) {
                        self.aside().error.get_or_insert(Error::Protocol(error));
                    }
                }
            }
        }
    }

    fn aside(&mut self) -> &mut Aside {
        self.aside.get_or_insert_default()
    }

    /// What arrived behind the untaken message.
    fn unread(&self) -> &[u8] {
        self.aside.as_ref().map_or(&[], |aside| &aside.unread)
    }

    /// Gives the box back if nothing is in it.
    fn tidy(&mut self) {
        self.aside.take_if(|aside| aside.is_empty());
    }
}
