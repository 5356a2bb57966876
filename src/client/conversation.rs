//! One connection, from the server's welcome to the Close.

mod joining;
mod receiving;
mod sending;

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_sink::Sink;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until};

use self::joining::Joining;
use super::command::{Command, Request};
use super::end::{End, Lost};
use super::event::Event;
use super::life::Channels;
use super::memory::Memory;
use super::options::Options;
use super::pulse::{self, Pulse};
use super::questions::Questions;
use crate::chat::Encoding;
use crate::net::WebSocket;
use crate::proto::{self, CloseCode, Message};

/// How long a server may take to say its welcome: some say none.
const WELCOME: Duration = Duration::from_secs(2);

/// How long it may take to answer a Close after everything was said. A server
/// that is slow reads what was said first, and its answer is the proof of that.
pub(super) const CLOSE: Duration = Duration::from_secs(10);

/// How long it may take to answer a Close when the person wants to go.
const LEAVE: Duration = Duration::from_secs(5);

const UNANSWERED: &str = "the server did not answer";

/// A connection that is open.
///
/// ```text
///   Greeting ── welcome, or 2 s ──> Joining ── joined ──> Live ── finish ──> Closing
///       │                           └ once for every room ┘ ^
///       └────────── plain server: no answer to wait for ────┘
/// ```
pub(super) struct Conversation<'a, S> {
    socket: WebSocket<S>,
    options: &'a Options,
    channels: &'a mut Channels,
    memory: &'a mut Memory,
    phase: Phase,
    /// What the server speaks, as far as is known.
    encoding: Encoding,
    /// Whether it has said so itself.
    is_greeted: bool,
    /// Whether all that was queued has been written to the transport.
    is_written: bool,
    /// What was asked last to be let into.
    joining: Joining,
    /// When the phase has lasted too long.
    deadline: Option<Instant>,
    pulse: Option<Pulse>,
    questions: Questions,
    /// The program's own join that is not answered yet. What is asked behind it
    /// may depend on it.
    entering: Option<Entering>,
    /// When the first room was joined.
    joined: Option<Instant>,
    /// Whether the server knows us from an earlier connection.
    is_known: bool,
    /// How long to stay away afterwards, if the server has said that.
    least_wait: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Greeting,
    Joining,
    Live,
    Closing {
        /// Whether the server was given little time.
        in_a_hurry: bool,
    },
}

/// A join that the program has asked for.
struct Entering {
    request: Request,
    nonce: Value,
    /// When its answer is overdue.
    due: Instant,
}

/// How a connection ended.
pub(super) struct Outcome {
    /// How long it lived after the room was joined, if it was.
    pub(super) lived: Option<Duration>,
    /// How long to stay away at least.
    pub(super) least_wait: Duration,
    /// The end of the client, or the loss of the connection only.
    pub(super) ending: Result<End, Lost>,
}

/// What happens next on a connection.
enum Step {
    Received(Message),
    Pong(Box<[u8]>),
    Written,
    Ended,
    Overdue,
    Command(Command),
    Leave,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Conversation<'a, S> {
    pub(super) fn new(
        socket: WebSocket<S>,
        options: &'a Options,
        channels: &'a mut Channels,
        memory: &'a mut Memory,
    ) -> Conversation<'a, S> {
        memory.rooms.disconnected();
        Conversation {
            socket,
            options,
            channels,
            memory,
            phase: Phase::Greeting,
            encoding: Encoding::PlainMillis,
            is_greeted: false,
            is_written: true,
            joining: Joining::default(),
            deadline: Some(Instant::now() + WELCOME),
            pulse: None,
            questions: Questions::default(),
            entering: None,
            joined: None,
            is_known: false,
            least_wait: Duration::ZERO,
        }
    }

    /// Sees the connection through to its end.
    pub(super) async fn run(mut self) -> Outcome {
        let ending = loop {
            let ended = match self.next().await {
                Step::Received(message) => self.receive(message).await.map(Err),
                Step::Pong(payload) => {
                    self.pong(&payload).await;
                    None
                }
                Step::Written => {
                    self.is_written = true;
                    None
                }
                Step::Command(command) => {
                    self.obey(command).await;
                    None
                }
                Step::Leave => {
                    self.close(true);
                    None
                }
                Step::Overdue => self.overdue().await,
                Step::Ended => Some(self.ending()),
            };
            if let Some(ending) = ended {
                break ending;
            }
        };
        for sent in std::mem::take(&mut self.questions).end() {
            let undelivered = sent.undelivered("the connection ended before the answer");
            self.emit(Event::Undelivered(undelivered)).await;
        }
        // Nothing was taken from the queue behind it.
        let entering = self.entering.take().map(|entering| Command::Send(entering.request));
        self.channels.postponed = self.channels.postponed.take().or(entering);
        let lived = self.joined.map(|joined| joined.elapsed());
        Outcome { lived, least_wait: self.least_wait, ending }
    }

    /// Waits for what happens next.
    ///
    /// # Cancel safety
    /// Cancel safe.
    async fn next(&mut self) -> Step {
        let is_idle = self.phase == Phase::Live
            && self.is_written
            && self.memory.outbox.is_empty()
            && self.entering.is_none()
            && !self.questions.is_full()
            && self.socket.state() == proto::State::Open;
        let may_hurry = self.phase != Phase::Closing { in_a_hurry: true };
        let deadline = self.next_deadline();
        let Conversation { socket, channels, is_written, .. } = self;
        let leaving = channels.closing.clone();
        tokio::select! {
            step = poll_fn(|cx| poll_socket(socket, *is_written, cx)) => step,
            command = channels.next_command(), if is_idle => Step::Command(command),
            () = overdue(deadline) => Step::Overdue,
            () = leaving.cancelled(), if may_hurry => Step::Leave,
        }
    }

    /// When something that is waited for is overdue.
    fn next_deadline(&self) -> Option<Instant> {
        let live = match self.phase {
            Phase::Live => [
                self.memory.outbox.deadline(),
                self.questions.deadline(),
                self.pulse.as_ref().map(Pulse::deadline),
                self.entering.as_ref().map(|entering| entering.due),
            ],
            Phase::Joining => [None, self.questions.deadline(), None, None],
            Phase::Greeting | Phase::Closing { .. } => [None; 4],
        };
        live.into_iter().chain([self.deadline]).flatten().min()
    }

    /// What was waited for did not come in time.
    async fn overdue(&mut self) -> Option<Result<End, Lost>> {
        let now = Instant::now();
        if self.deadline.take_if(|deadline| *deadline <= now).is_some() {
            match self.phase {
                Phase::Greeting => self.join().await,
                Phase::Joining => {
                    if let Some(lost) = self.join_is_overdue() {
                        return Some(Err(lost));
                    }
                }
                Phase::Closing { .. } => return Some(Ok(End::Unanswered)),
                Phase::Live => {}
            }
        }
        if let Phase::Joining | Phase::Live = self.phase {
            self.ask_again(now).await;
        }
        if self.phase == Phase::Live {
            if let Some(late) = self.entering.take_if(|entering| entering.due <= now) {
                let undelivered = late.request.undelivered(UNANSWERED);
                self.emit(Event::Undelivered(undelivered)).await;
            }
            self.deliver(now).await;
            if let Some(lost) = self.check_pulse(now) {
                return Some(Err(lost));
            }
        }
        None
    }

    /// Whether the server still lives.
    fn check_pulse(&mut self, now: Instant) -> Option<Lost> {
        match self.pulse.as_mut()?.due(now)? {
            pulse::Due::Ping(payload) => {
                if let Err(error) = self.socket.start_ping(&payload) {
                    // What ended the connection is seen by the next step.
                    tracing::debug!(%error, "a ping was not sent");
                }
                None
            }
            pulse::Due::GiveUp => Some(Lost::Dead),
        }
    }

    async fn pong(&mut self, payload: &[u8]) {
        let pulse = self.pulse.as_mut();
        if let Some(latency) = pulse.and_then(|pulse| pulse.pong(payload, Instant::now())) {
            self.emit(Event::Latency(latency)).await;
        }
    }

    /// Reports something. While nobody takes it, nobody listens to the server
    /// either: that silence is not the server's.
    async fn emit(&mut self, event: Event) {
        self.channels.emit(event).await;
        if let Some(pulse) = &mut self.pulse {
            pulse.heard(Instant::now());
        }
    }

    /// Hands an object to the connection. What ended that, if it has ended, is
    /// seen by the next step.
    fn queue(&mut self, text: String) {
        self.is_written = false;
        if let Err(error) = Pin::new(&mut self.socket).start_send(Message::Text(text)) {
            tracing::debug!(%error, "an object was not sent");
        }
    }

    /// Begins the closing handshake (RFC 6455 §7.1.2). What the server sends
    /// before its answer is still received.
    fn close(&mut self, in_a_hurry: bool) {
        self.phase = Phase::Closing { in_a_hurry };
        // Otherwise the connection's own timeout holds.
        self.deadline = in_a_hurry.then(|| Instant::now() + LEAVE);
        self.socket.start_close(CloseCode::NORMAL, "");
    }

    /// What it means that the connection is over.
    fn ending(&self) -> Result<End, Lost> {
        let closure = self.socket.closure();
        match self.phase {
            Phase::Closing { .. } if closure.is_some_and(|closure| closure.clean) => Ok(End::Done),
            Phase::Closing { .. } => Ok(End::Unanswered),
            _ => Err(closure.cloned().map_or(Lost::Silent, Lost::Closed)),
        }
    }
}

/// Moves the connection on. Writing and receiving go on side by side: a server
/// that waits for us to read must not keep us waiting for it to read.
fn poll_socket<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocket<S>,
    is_written: bool,
    cx: &mut Context<'_>,
) -> Poll<Step> {
    // An error is told again, as the end, by the next step.
    if !is_written && Pin::new(&mut *socket).poll_flush(cx).is_ready() {
        return Poll::Ready(Step::Written);
    }
    let received = Pin::new(&mut *socket).poll_next(cx);
    if received.is_pending()
        && let Some(pong) = socket.take_pong()
    {
        return Poll::Ready(Step::Pong(pong));
    }
    received.map(|message| match message {
        Some(Ok(message)) => Step::Received(message),
        Some(Err(error)) => {
            tracing::debug!(%error, "the connection was lost");
            Step::Ended
        }
        None => Step::Ended,
    })
}

async fn overdue(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
