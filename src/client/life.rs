//! A client's whole life: connect, converse, wait, again, until it ends.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::conversation::{Conversation, Outcome};
use super::event::{End, Event, Lost, State, Undelivered};
use super::options::Options;
use super::outgoing::{Command, Nonces};
use crate::net::{ConnectError, Connected};

/// The task's ends of what connects it with its program.
pub(super) struct Channels {
    /// What is to be done. It stays in here while it cannot be done.
    pub(super) commands: mpsc::Receiver<Command>,
    /// Taken from `commands`, but not done after all; it comes first.
    pub(super) postponed: Option<Command>,
    pub(super) events: mpsc::Sender<Event>,
    /// Whether to end now.
    pub(super) closing: CancellationToken,
}

impl Channels {
    /// Reports something. That nobody listens any more ends the client.
    pub(super) async fn emit(&self, event: Event) {
        if self.events.send(event).await.is_err() {
            self.closing.cancel();
        }
    }

    pub(super) async fn emit_undelivered(&self, content: String, reason: impl Into<String>) {
        self.emit(Event::Undelivered(Undelivered { content, reason: reason.into() })).await;
    }

    /// What to do next. When nobody can say anything any more: to finish.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub(super) async fn next_command(&mut self) -> Command {
        match self.postponed.take() {
            Some(command) => command,
            None => self.commands.recv().await.unwrap_or(Command::Finish),
        }
    }

    /// Reports everything that is still to be said as undelivered.
    async fn give_up_queue(&mut self) {
        self.commands.close();
        let mut unsent: Vec<Command> = self.postponed.take().into_iter().collect();
        // What was queued before it was closed is still there.
        while let Some(command) = self.commands.recv().await {
            unsent.push(command);
        }
        for content in unsent.into_iter().filter_map(Command::into_content) {
            self.emit_undelivered(content, "the client ended before it was sent").await;
        }
    }
}

/// Lives until the end, and reports it.
pub(super) async fn run<C, F, S>(options: Options, connector: C, mut channels: Channels)
where
    C: FnMut() -> F,
    F: Future<Output = Result<Connected<S>, ConnectError>>,
    S: AsyncRead + AsyncWrite + Unpin,
{
    let end = live(&options, connector, &mut channels).await;
    channels.give_up_queue().await;
    channels.emit(Event::State(State::Closed(end))).await;
}

async fn live<C, F, S>(options: &Options, mut connector: C, channels: &mut Channels) -> End
where
    C: FnMut() -> F,
    F: Future<Output = Result<Connected<S>, ConnectError>>,
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut backoff = Backoff::default();
    let mut nonces = Nonces::new(random());
    let mut was_connected = false;
    let mut without_connection_since = Instant::now();
    loop {
        channels.emit(Event::State(State::Connecting)).await;
        let attempt = tokio::select! {
            attempt = connector() => attempt,
            () = channels.closing.cancelled() => return End::Done,
        };
        let lost = match attempt {
            Err(error) => Lost::Connect(error),
            Ok(Connected { socket, .. }) => {
                let conversation = Conversation::new(socket, options, channels, &mut nonces);
                let Outcome { lived, ending } = conversation.run().await;
                if let Some(lived) = lived {
                    was_connected = true;
                    without_connection_since = Instant::now();
                    backoff.connection_ended(lived);
                }
                match ending {
                    Ok(end) => return end,
                    Err(lost) => lost,
                }
            }
        };
        let lost = match lost.judge(was_connected) {
            Ok(lost) => lost,
            Err(end) => return end,
        };
        let after = backoff.next(random());
        if is_too_long(without_connection_since.elapsed() + after, options) {
            return End::GaveUp { was_connected, lost };
        }
        channels.emit(Event::State(State::Reconnecting { after, lost })).await;
        tokio::select! {
            () = sleep(after) => {}
            () = channels.closing.cancelled() => return End::Done,
        }
    }
}

fn is_too_long(without_connection: Duration, options: &Options) -> bool {
    options.give_up_after.is_some_and(|limit| without_connection > limit)
}

/// An even random number, for waits and to tell clients apart. Where the
/// operating system has none to give, connecting fails too, and the wait is long.
fn random() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX)
}
