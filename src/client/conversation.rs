//! One connection, from the server's welcome to the Close.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_sink::Sink;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until, timeout};

use super::event::{End, Event, Lost, State};
use super::life::Channels;
use super::object::{Object, Received, Refusal};
use super::options::Options;
use super::outgoing::{self, Command, Nonces, Outgoing};
use crate::chat::Encoding;
use crate::net::WebSocket;
use crate::proto::{self, CloseCode, Message};

/// How long a server may take to say its welcome: some say none.
const WELCOME: Duration = Duration::from_secs(2);

/// How long it may take to answer a join.
const JOIN: Duration = Duration::from_secs(10);

/// How long it may take to confirm a message.
const ACK: Duration = Duration::from_secs(10);

/// How long it may take to answer a Close after everything was said. A server
/// that is slow reads what was said first, and its answer is the proof of that.
pub(super) const CLOSE: Duration = Duration::from_secs(10);

/// How long it may take to answer a Close when the person wants to go.
const LEAVE: Duration = Duration::from_secs(5);

/// How often one message is sent again because the server could not take it.
const MAX_RETRIES: u32 = 20;

/// The longest wait before that.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// A connection that is open.
///
/// ```text
///   Greeting ── welcome, or 2 s ──> Joining ── joined ──> Live ── finish ──> Closing
///       └────────── plain server: no answer to wait for ───┘
/// ```
pub(super) struct Conversation<'a, S> {
    socket: WebSocket<S>,
    options: &'a Options,
    channels: &'a mut Channels,
    nonces: &'a mut Nonces,
    phase: Phase,
    /// What the server speaks, as far as is known.
    encoding: Encoding,
    /// Whether all that was queued has been written to the transport.
    is_written: bool,
    /// What was sent and is not confirmed yet. Nothing else is sent meanwhile:
    /// so order is kept even if the server refuses it for now.
    in_flight: Option<InFlight>,
    /// When what is waited for is overdue.
    deadline: Option<Instant>,
    /// When the room was joined.
    joined: Option<Instant>,
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

struct InFlight {
    /// What the person said.
    content: String,
    text: String,
    nonce: Value,
    retries: u32,
    /// Whether the server refused it, and it waits to be sent again.
    paused: bool,
}

/// How a connection ended.
pub(super) struct Outcome {
    /// How long it lived after the room was joined, if it was.
    pub(super) lived: Option<Duration>,
    /// The end of the client, or the loss of the connection only.
    pub(super) ending: Result<End, Lost>,
}

/// What happens next on a connection.
enum Step {
    Received(Message),
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
        nonces: &'a mut Nonces,
    ) -> Conversation<'a, S> {
        Conversation {
            socket,
            options,
            channels,
            nonces,
            phase: Phase::Greeting,
            encoding: Encoding::PlainMillis,
            is_written: true,
            in_flight: None,
            deadline: Some(Instant::now() + WELCOME),
            joined: None,
        }
    }

    /// Sees the connection through to its end.
    pub(super) async fn run(mut self) -> Outcome {
        let ending = loop {
            let ended = match self.next().await {
                Step::Received(message) => self.receive(message).await.map(Err),
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
        if let Some(lost) = self.in_flight.take() {
            let reason = "the connection ended before the server confirmed it";
            self.channels.emit_undelivered(lost.content, reason).await;
        }
        Outcome { lived: self.joined.map(|joined| joined.elapsed()), ending }
    }

    /// Waits for what happens next.
    ///
    /// # Cancel safety
    /// Cancel safe.
    async fn next(&mut self) -> Step {
        let is_idle = self.phase == Phase::Live
            && self.is_written
            && self.in_flight.is_none()
            && self.socket.state() == proto::State::Open;
        let may_hurry = self.phase != Phase::Closing { in_a_hurry: true };
        let Conversation { socket, channels, is_written, deadline, .. } = self;
        let leaving = channels.closing.clone();
        tokio::select! {
            step = poll_fn(|cx| poll_socket(socket, *is_written, cx)) => step,
            command = channels.next_command(), if is_idle => Step::Command(command),
            () = overdue(*deadline) => Step::Overdue,
            () = leaving.cancelled(), if may_hurry => Step::Leave,
        }
    }

    async fn receive(&mut self, message: Message) -> Option<Lost> {
        let text = match message {
            Message::Text(text) => Some(text),
            // The chat's JSON may travel in binary messages too.
            Message::Binary(bytes) => String::from_utf8(bytes).ok(),
        };
        let Some(received) = text.and_then(Received::parse) else {
            tracing::debug!("the server sent something else than a JSON object");
            return None;
        };
        let lost = self.react(&received.object).await;
        self.channels.emit(Event::Received(received)).await;
        if lost.is_some() {
            // Politely, but what the server still says is of no interest.
            let _ = timeout(LEAVE, self.socket.close(CloseCode::NORMAL, "")).await;
        }
        lost
    }

    async fn react(&mut self, object: &Object) -> Option<Lost> {
        match object {
            Object::Message(message) => {
                if self.phase == Phase::Greeting && message.event.is_some() {
                    self.encoding = Encoding::V1;
                }
                // Only its own stamps: what others wrote, an original server
                // passes on as it is.
                if let Some(unit) = message.unit.filter(|_| message.is_notice()) {
                    self.encoding = self.encoding.with_unit(unit);
                }
                if self.phase == Phase::Greeting {
                    self.join().await;
                }
            }
            Object::Joined(_) => {
                self.encoding = Encoding::V1;
                if self.phase == Phase::Joining {
                    self.is_joined().await;
                }
            }
            Object::Ack(ack) => {
                if self.in_flight.as_ref().is_some_and(|sent| sent.nonce == ack.nonce) {
                    self.settle();
                }
            }
            Object::Error(refusal) if self.phase == Phase::Joining => {
                return Some(Lost::Refused(refusal.clone()));
            }
            Object::Error(refusal) => self.refused(refusal).await,
            Object::Other => {}
        }
        None
    }

    /// Asks to join, in the dialect that is known by now. A plain server gives
    /// no answer to wait for.
    async fn join(&mut self) {
        self.queue(outgoing::join(self.options, self.encoding));
        if self.encoding == Encoding::V1 {
            self.phase = Phase::Joining;
            self.deadline = Some(Instant::now() + JOIN);
        } else {
            self.is_joined().await;
        }
    }

    async fn is_joined(&mut self) {
        self.phase = Phase::Live;
        self.deadline = None;
        self.joined = Some(Instant::now());
        self.channels.emit(Event::State(State::Connected(self.encoding))).await;
    }

    async fn obey(&mut self, command: Command) {
        if self.socket.state() != proto::State::Open {
            // The server has closed just now: it is for the next connection.
            self.channels.postponed = Some(command);
            return;
        }
        match command {
            Command::Say(content) => {
                let message = outgoing::message(&content, self.options, self.encoding, self.nonces);
                self.send(content, message).await;
            }
            Command::Object(object) => {
                let content = Value::Object(object.clone()).to_string();
                let object = outgoing::object(object, self.options, self.encoding, self.nonces);
                self.send(content, object).await;
            }
            Command::Flush(done) => {
                let _ = done.send(()); // Whoever asked may have stopped waiting.
            }
            Command::Finish => self.close(false),
        }
    }

    async fn send(&mut self, content: String, outgoing: Result<Outgoing, &'static str>) {
        match outgoing {
            Err(reason) => self.channels.emit_undelivered(content, reason).await,
            Ok(Outgoing { text, nonce: None }) => self.queue(text),
            Ok(Outgoing { text, nonce: Some(nonce) }) => {
                self.queue(text.clone());
                self.in_flight = Some(InFlight { content, text, nonce, retries: 0, paused: false });
                self.deadline = Some(Instant::now() + ACK);
            }
        }
    }

    /// Hands an object to the connection, which is open and has nothing else to write.
    fn queue(&mut self, text: String) {
        self.is_written = false;
        if let Err(error) = Pin::new(&mut self.socket).start_send(Message::Text(text)) {
            // What ended the connection is seen by the next step.
            tracing::debug!(%error, "an object was not sent");
        }
    }

    /// What was in flight is confirmed or given up.
    fn settle(&mut self) -> Option<InFlight> {
        if self.phase == Phase::Live {
            self.deadline = None;
        }
        self.in_flight.take()
    }

    /// The server did not take something: the message in flight, perhaps.
    async fn refused(&mut self, refusal: &Refusal) {
        let Some(sent) = self.in_flight.as_mut().filter(|sent| sent.nonce == refusal.nonce) else {
            return;
        };
        let passes = matches!(refusal.code.as_str(), "rate_limited" | "unavailable");
        if passes && sent.retries < MAX_RETRIES && self.phase == Phase::Live {
            sent.retries += 1;
            sent.paused = true;
            let pause = Duration::from_millis(refusal.retry_after_ms.unwrap_or(1000));
            self.deadline = Some(Instant::now() + pause.min(MAX_PAUSE));
        } else if let Some(sent) = self.settle() {
            self.channels.emit_undelivered(sent.content, refusal.words.as_str()).await;
        }
    }

    /// What was waited for did not come in time.
    async fn overdue(&mut self) -> Option<Result<End, Lost>> {
        self.deadline = None;
        match self.phase {
            Phase::Greeting => self.join().await,
            Phase::Joining => return Some(Err(Lost::Silent)),
            Phase::Closing { .. } => return Some(Ok(End::Unanswered)),
            Phase::Live => match &mut self.in_flight {
                Some(sent) if sent.paused => {
                    sent.paused = false;
                    let text = sent.text.clone();
                    self.deadline = Some(Instant::now() + ACK);
                    self.queue(text);
                }
                _ => {
                    if let Some(sent) = self.settle() {
                        let reason = "the server did not confirm it";
                        self.channels.emit_undelivered(sent.content, reason).await;
                    }
                }
            },
        }
        None
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
    Pin::new(socket).poll_next(cx).map(|message| match message {
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
