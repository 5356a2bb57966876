//! A client's whole life: connect, converse, wait, again, until it ends.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::command::Command;
use super::conversation::Conversation;
use super::end::{End, Lost};
use super::event::{Event, State};
use super::memory::Memory;
use super::options::Options;
use super::outbox;
use super::rooms::Action;
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
    /// Tells to wait no longer before connecting again.
    pub(super) impatience: Arc<Notify>,
}

impl Channels {
    /// Reports something. That nobody listens any more ends the client.
    pub(super) async fn emit(&self, event: Event) {
        if self.events.send(event).await.is_err() {
            self.closing.cancel();
        }
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
        for command in unsent {
            if let Command::Send(request) = command {
                let undelivered = request.undelivered("the client ended before it was sent");
                self.emit(Event::Undelivered(undelivered)).await;
            }
        }
    }

    /// Waits before the next attempt to connect, and says so. Whether to go on.
    async fn wait(&self, after: Duration, lost: Lost) -> bool {
        // Whoever hears of the wait may ask to end it at once.
        let impatience = self.impatience.notified();
        tokio::pin!(impatience);
        impatience.as_mut().enable();
        self.emit(Event::State(State::Reconnecting { after, lost })).await;
        tokio::select! {
            () = sleep(after) => true,
            () = impatience => true,
            () = self.closing.cancelled() => false,
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
    let mut memory = Memory::new(&options, random());
    let end = live(&options, connector, &mut channels, &mut memory).await;
    for action in memory.rooms.end() {
        match action {
            Action::HandOut(received) => channels.emit(Event::Received(received)).await,
            Action::Missed(missed) => channels.emit(Event::Missed(missed)).await,
            Action::Ask(..) => {} // Nobody answers any more.
        }
    }
    if let Some(undelivered) = memory.outbox.give_up(outbox::UNCONFIRMED) {
        channels.emit(Event::Undelivered(undelivered)).await;
    }
    channels.give_up_queue().await;
    channels.emit(Event::State(State::Closed(end))).await;
}

async fn live<C, F, S>(
    options: &Options,
    mut connector: C,
    channels: &mut Channels,
    memory: &mut Memory,
) -> End
where
    C: FnMut() -> F,
    F: Future<Output = Result<Connected<S>, ConnectError>>,
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut backoff = Backoff::default();
    let mut without_connection_since = Instant::now();
    loop {
        channels.emit(Event::State(State::Connecting)).await;
        let attempt = tokio::select! {
            attempt = connector() => attempt,
            () = channels.closing.cancelled() => return End::Done,
        };
        let mut least_wait = Duration::ZERO;
        let lost = match attempt {
            Err(error) => Lost::Connect(error),
            Ok(Connected { socket, .. }) => {
                let outcome = Conversation::new(socket, options, channels, memory).run().await;
                if let Some(lived) = outcome.lived {
                    memory.was_connected = true;
                    without_connection_since = Instant::now();
                    backoff.connection_ended(lived);
                }
                least_wait = outcome.least_wait;
                match outcome.ending {
                    Ok(end) => return end,
                    Err(lost) => lost,
                }
            }
        };
        let lost = match lost.judge(memory.was_connected) {
            Ok(lost) => lost,
            Err(end) => return end,
        };
        let after = backoff.next(random()).max(least_wait);
        if is_too_long(without_connection_since.elapsed() + after, options) {
            return End::GaveUp { was_connected: memory.was_connected, lost };
        }
        if !channels.wait(after, lost).await {
            return End::Done;
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
