//! The two ends that a program holds: one to say things, one to hear them.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::command::{Command, Request};
use super::event::{Event, Ticket};
use super::life;
use super::options::Options;
use crate::chat::{RoomName, SUBPROTOCOL};
use crate::net::{ConnectError, ConnectOptions, Connected, connect_with};
#[cfg(feature = "deflate")]
use crate::proto::Deflate;
use crate::proto::handshake::ClientOptions;
use crate::proto::{Config, Limits};

/// What may wait to be sent, while there is no connection or a slow one.
const QUEUE: usize = 256;

/// Events that may wait to be taken. After that nothing more is read from the
/// server, which feels it.
const EVENTS: usize = 256;

/// Bytes of the longest object that a server may send: a list of 500 people, or
/// a hundred messages of 4 KiB, fit in it.
const MAX_RECEIVED: usize = 1 << 20;

/// Says things in the chat. Clones speak through the same connection.
///
/// When the last one is dropped, the client [finishes](ChatClient::finish).
///
/// ```no_run
/// # use wirechat::client::{ChatClient, SayError};
/// async fn greet(client: &ChatClient) -> Result<(), SayError> {
///     client.say("hello").await?;
///     client.flush().await // until the server has it
/// }
/// ```
#[derive(Clone, Debug)]
pub struct ChatClient {
    pub(super) commands: mpsc::Sender<Command>,
    closing: CancellationToken,
    impatience: Arc<Notify>,
    tickets: Arc<AtomicU64>,
    /// Where [`say`](ChatClient::say) says it; otherwise in the first room joined.
    pub(super) room: Option<RoomName>,
}

/// Hears what happens, in order. They must be taken: while 256 wait, the
/// client does nothing more.
///
/// ```no_run
/// # use wirechat::client::Events;
/// async fn print_all(mut events: Events) {
///     while let Some(event) = events.recv().await {
///         println!("{event:?}");
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Events(mpsc::Receiver<Event>);

/// Why something cannot be said.
///
/// ```
/// use wirechat::client::SayError;
///
/// assert_eq!(SayError::Closed.to_string(), "the client has closed");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SayError {
    /// The client has ended, or was told to.
    Closed,
    /// The text is not a JSON object.
    NotAnObject,
}

/// Starts a client that connects, joins and stays until it is told to go.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use wirechat::chat::UserName;
/// use wirechat::client::{Options, connect};
///
/// let options = Options::new("ws://127.0.0.1:8080/ws".parse()?, UserName::parse("Ann")?);
/// let (client, events) = connect(options);
/// # Ok(())
/// # }
/// ```
///
/// # Panics
/// Outside of a tokio runtime with I/O and time.
pub fn connect(options: Options) -> (ChatClient, Events) {
    let uri = options.uri.to_string();
    let settings = connect_options();
    start(options, move || {
        let (uri, settings) = (uri.clone(), settings.clone());
        async move { connect_with(&uri, &settings).await }
    })
}

/// As [`connect`], with connections from elsewhere than TCP.
pub(super) fn start<C, F, S>(options: Options, connector: C) -> (ChatClient, Events)
where
    C: FnMut() -> F + Send + 'static,
    F: Future<Output = Result<Connected<S>, ConnectError>> + Send + 'static,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (commands, queued) = mpsc::channel(QUEUE);
    let (reports, events) = mpsc::channel(EVENTS);
    let client = ChatClient {
        commands,
        closing: CancellationToken::new(),
        impatience: Arc::default(),
        tickets: Arc::default(),
        room: options.room.clone(),
    };
    let channels = life::Channels {
        commands: queued,
        postponed: None,
        events: reports,
        closing: client.closing.clone(),
        impatience: Arc::clone(&client.impatience),
    };
    tokio::spawn(life::run(options, connector, channels));
    (client, Events(events))
}

pub(super) fn connect_options() -> ConnectOptions {
    let limits =
        Limits { max_frame: MAX_RECEIVED as u64, max_message: MAX_RECEIVED, ..Limits::default() };
    let config = Config { limits, close_timeout: super::conversation::CLOSE, ..Config::default() };
    let handshake = ClientOptions {
        subprotocols: vec![SUBPROTOCOL.to_owned()],
        #[cfg(feature = "deflate")]
        deflate: Some(Deflate::default()),
        ..ClientOptions::default()
    };
    ConnectOptions { handshake, config, ..ConnectOptions::default() }
}

impl ChatClient {
    /// Sends an object of the chat protocol, given as JSON, in the same queue as
    /// what is [said](ChatClient::say), with the same promises for messages and
    /// private messages. What a message, question or leave lacks to be confirmed or
    /// refused, the client adds: a nonce. A plain server gets nothing but messages;
    /// another object is then [`Undelivered`](super::Undelivered).
    ///
    /// # Errors
    /// [`SayError::NotAnObject`] if it is no JSON object, [`SayError::Closed`].
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped future has not queued anything.
    pub async fn send_json(&self, json: &str) -> Result<Ticket, SayError> {
        let object = serde_json::from_str(json).map_err(|_| SayError::NotAnObject)?;
        self.request(None, object).await
    }

    /// Waits until what was queued before has been confirmed or, on a plain
    /// server, written to the network; or has been reported as undelivered.
    ///
    /// # Errors
    /// [`SayError::Closed`] if the client ends before that.
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped future has only stopped waiting.
    pub async fn flush(&self) -> Result<(), SayError> {
        let (done, is_done) = oneshot::channel();
        self.queue(Command::Flush(done)).await?;
        is_done.await.map_err(|_| SayError::Closed)
    }

    /// Ends the client after all that was queued before has been delivered: it
    /// closes with 1000 and waits for the answer. If there is no connection, it
    /// waits for one first.
    ///
    /// # Errors
    /// [`SayError::Closed`] if it has ended already.
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped future has not queued anything.
    pub async fn finish(&self) -> Result<(), SayError> {
        self.queue(Command::Finish).await
    }

    /// Ends the client now: closes with 1000 and waits up to 5 s for the answer.
    /// What is still queued is reported as undelivered.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// Tries to connect now, if the client is
    /// [waiting](super::State::Reconnecting) to do so: the network is back, say, or
    /// somebody has pressed a button. Otherwise it does nothing.
    pub fn reconnect_now(&self) {
        self.impatience.notify_waiters();
    }

    /// Queues an object; `content` is what a person would miss with it.
    pub(super) async fn request(
        &self,
        content: Option<String>,
        object: Map<String, Value>,
    ) -> Result<Ticket, SayError> {
        let ticket = Ticket(self.tickets.fetch_add(1, Ordering::Relaxed));
        let content = content.unwrap_or_else(|| Value::Object(object.clone()).to_string());
        self.queue(Command::Send(Request { ticket, content, object })).await?;
        Ok(ticket)
    }

    async fn queue(&self, command: Command) -> Result<(), SayError> {
        self.commands.send(command).await.map_err(|_| SayError::Closed)
    }
}

impl Events {
    /// The next event; `None` after [`State::Closed`](super::State::Closed).
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn recv(&mut self) -> Option<Event> {
        self.0.recv().await
    }
}

impl fmt::Display for SayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SayError::Closed => "the client has closed",
            SayError::NotAnObject => "this is not a JSON object",
        })
    }
}

impl Error for SayError {}
