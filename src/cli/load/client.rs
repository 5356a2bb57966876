//! One client: a task that connects, sends and listens until the run is over.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use wirechat::proto::{CloseCode, Closure, Connection, Event, Initiator, State};

use super::args::Kind;
use super::content::Stamp;
use super::crew::{Crew, Seat, Stage};
use super::dial::{Line, PATIENCE, Refusal, dial};
use super::ear::Heard;
use super::sequence::Verdict;
use super::stats::{Stats, count};

/// Bytes that may wait to be written before a client stops sending.
const WRITE_BEHIND: usize = 64 << 10;

/// How long a client that could not come back waits before it tries again.
const RETRY: Duration = Duration::from_millis(100);

/// One client's connection.
pub(super) struct Client {
    crew: Rc<Crew>,
    index: u32,
    transport: TcpStream,
    connection: Connection,
    /// Bytes that arrived with the server's response.
    early: Vec<u8>,
    /// The message that is being made.
    text: String,
    refusal: Option<Refusal>,
    /// Whether what arrives next is the beginning of a message.
    between_messages: bool,
    /// Whether nothing more will arrive.
    ended: bool,
    shut_down: bool,
}

/// How a connection was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    /// It closed, or broke.
    Closed,
    /// The client has dropped it and will come back.
    Vanished,
}

/// Takes a seat until the run is over. What comes before the first connection
/// holds `permit`, of which there are only so many.
pub(super) async fn run(crew: Rc<Crew>, index: u32, permit: impl Sized) {
    let first = Client::connect(&crew, index, 0).await;
    drop(permit);
    let mut client = match first {
        Ok(client) => Some(client),
        Err(refusal) => {
            count(&mut crew.stats.borrow_mut().refused, &refusal.name());
            crew.first_refusal.borrow_mut().get_or_insert(refusal);
            None
        }
    };
    crew.settled.set(crew.settled.get() + 1);
    let mut life = 0;
    while let Some(mut present) = client.take() {
        if poll_fn(|cx| present.poll_turn(cx)).await == Over::Vanished {
            present.vanish();
            life += 1;
            client = come_back(&crew, index, life).await;
            crew.stats.borrow_mut().away -= 1;
        } else {
            present.leave();
        }
    }
}

/// Connects again, as long as the run goes on.
async fn come_back(crew: &Rc<Crew>, index: u32, life: u32) -> Option<Client> {
    while crew.stage() <= Stage::Draining {
        match Client::connect(crew, index, life).await {
            Ok(client) => {
                crew.stats.borrow_mut().returned += 1;
                return Some(client);
            }
            Err(refusal) => count(&mut crew.stats.borrow_mut().refused, &refusal.name()),
        }
        sleep(RETRY).await;
    }
    None
}

impl Client {
    /// Connects and, in a chat, enters its room. `life` counts how often it has
    /// come back.
    async fn connect(crew: &Rc<Crew>, index: u32, life: u32) -> Result<Client, Refusal> {
        let Line { transport, connection, early, took } = dial(crew).await?;
        let mut client = Client {
            crew: Rc::clone(crew),
            index,
            transport,
            connection,
            early,
            text: String::new(),
            refusal: None,
            between_messages: true,
            ended: false,
            shut_down: false,
        };
        client.seat().ear.borrow_mut().pick_up(crew.stage() == Stage::Connecting);
        if crew.kind == Kind::Chat {
            client.enter_room(life).await?;
        }
        crew.sit_down(index);
        let mut stats = crew.stats.borrow_mut();
        stats.made += 1;
        stats.handshakes.record(took.as_nanos() as u64);
        drop(stats);
        Ok(client)
    }

    async fn enter_room(&mut self, life: u32) -> Result<(), Refusal> {
        // A name of its own for each life: the server may not have noticed yet
        // that the last one is over.
        let (run, index, room) = (self.crew.run, self.index, self.crew.room_of(self.index) + 1);
        let join = format!(
            r#"{{"type":"join","username":"load-{run}-{index}-{life}","room":"load-{room}"}}"#
        );
        // The connection has just opened.
        let _ = self.connection.send_text(&join);
        let entered = timeout(PATIENCE, poll_fn(|cx| self.poll_enter(cx))).await;
        entered.unwrap_or(Err(Refusal::Silence))
    }

    fn seat(&self) -> &Seat {
        &self.crew.seats[self.index as usize]
    }

    /// Waits until it is in its room; one that does not read, until the server
    /// can know that it wants to.
    fn poll_enter(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Refusal>> {
        loop {
            self.poll_write(cx);
            let listening = match self.seat().reads {
                true => self.seat().ear.borrow().is_listening(),
                false => self.connection.outgoing().is_empty(),
            };
            if listening {
                return Poll::Ready(Ok(()));
            }
            if let Some(refusal) = self.refusal.take() {
                return Poll::Ready(Err(refusal));
            }
            if self.connection.state() != State::Open {
                return Poll::Ready(Err(Refusal::Ended));
            }
            if !self.seat().reads || self.poll_read(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Everything that can be done now: ready when the connection is over.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<Over> {
        self.seat().register(cx.waker());
        if self.seat().must_vanish.take() {
            return Poll::Ready(Over::Vanished);
        }
        loop {
            let stage = self.crew.stage();
            let read = match self.seat().reads || stage >= Stage::Draining {
                true => self.poll_read(cx),
                false => Poll::Pending,
            };
            if stage == Stage::Closing {
                self.connection.close(Instant::now(), CloseCode::NORMAL, "");
            }
            self.send();
            self.poll_write(cx);
            if self.connection.state() == State::Closed {
                return Poll::Ready(Over::Closed);
            }
            if read.is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Takes one read's worth from the transport: ready if there was something.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.early.is_empty() {
            let mut early = std::mem::take(&mut self.early);
            self.receive(&mut early);
            return Poll::Ready(());
        }
        if self.ended {
            return Poll::Pending;
        }
        let crew = Rc::clone(&self.crew);
        let mut buffer = crew.buffer.borrow_mut();
        let mut buffer = ReadBuf::new(&mut buffer);
        let read = Pin::new(&mut self.transport).poll_read(cx, &mut buffer);
        match read {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                self.receive(buffer.filled_mut());
            }
            Poll::Ready(_) => {
                self.ended = true;
                self.connection.receive_eof();
            }
        }
        Poll::Ready(())
    }

    fn receive(&mut self, mut bytes: &mut [u8]) {
        let now = Instant::now();
        let at = self.crew.at(now);
        let seat = &self.crew.seats[self.index as usize];
        let mut stats = self.crew.stats.borrow_mut();
        let mut ear = seat.ear.borrow_mut();
        let note = |stats: &mut Stats, verdict, stamp: Option<Stamp>| {
            stats.hear(verdict, stamp, at);
            let is_own = stamp.is_some_and(|stamp| stamp.sender == self.index);
            if is_own && matches!(verdict, Verdict::InOrder | Verdict::Late) {
                seat.sender.borrow_mut().come_back();
            }
        };
        loop {
            while self.between_messages
                && let Some((len, verdict, stamp)) = ear.recognise(bytes)
            {
                note(&mut stats, verdict, stamp);
                bytes = &mut bytes[len..];
            }
            if bytes.is_empty() {
                return;
            }
            self.between_messages = false;
            let Some(event) = self.connection.receive(now, &mut bytes) else { return };
            let payload = match &event {
                Event::Text(text) => text.as_bytes(),
                Event::Binary(bytes) => bytes,
                // A message may go on behind these.
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => continue,
            };
            self.between_messages = true;
            if !seat.reads {
                continue; // At the end it does, to find its Close.
            }
            match ear.hear(payload, &self.crew.content) {
                Heard::Message(verdict, stamp) => note(&mut stats, verdict, stamp),
                Heard::Refused(code) if !ear.is_listening() => {
                    self.refusal = Some(Refusal::Room(code));
                }
                Heard::Refused(code) => {
                    seat.sender.borrow_mut().refuse();
                    count(&mut stats.errors, &code);
                }
                Heard::Joined | Heard::Other => {}
            }
        }
    }

    /// Queues what is to be sent now.
    fn send(&mut self) {
        if self.crew.stage() != Stage::Sending || self.connection.state() != State::Open {
            return;
        }
        let mut sender = self.crew.seats[self.index as usize].sender.borrow_mut();
        let now = self.crew.at(Instant::now());
        while self.connection.outgoing().len() < WRITE_BEHIND
            && let Some((number, time)) = sender.send(now)
        {
            let stamp = Stamp { sender: self.index, number, time };
            self.crew.write_message(stamp, &mut self.text);
            // The connection is open.
            let _ = self.connection.send_text(&self.text);
            self.crew.stats.borrow_mut().sent += 1;
        }
    }

    /// Writes as much as the transport takes and, behind a Close, ends our side.
    fn poll_write(&mut self, cx: &mut Context<'_>) {
        while !self.connection.outgoing().is_empty() {
            let outgoing = self.connection.outgoing();
            match Pin::new(&mut self.transport).poll_write(cx, outgoing) {
                Poll::Pending => return,
                Poll::Ready(Ok(written)) if written > 0 => self.connection.advance(written),
                // Reading tells how the connection ended.
                Poll::Ready(_) => self.connection.advance(self.connection.outgoing().len()),
            }
        }
        if self.connection.wants_shutdown() && !self.shut_down {
            self.shut_down = Pin::new(&mut self.transport).poll_shutdown(cx).is_ready();
        }
    }

    /// Drops the connection as if the machine had been switched off: without a
    /// Close, and with a reset, which leaves no port behind in TIME-WAIT.
    fn vanish(self) {
        self.crew.stand_up(self.index);
        let mut stats = self.crew.stats.borrow_mut();
        stats.vanished += 1;
        stats.away += 1;
        let _ = SockRef::from(&self.transport).set_linger(Some(Duration::ZERO));
    }

    /// Notes how the connection ended.
    fn leave(self) {
        self.crew.stand_up(self.index);
        let Some(closure) = self.connection.closure() else { return };
        let mut stats = self.crew.stats.borrow_mut();
        if closure.clean && closure.initiator == Initiator::Local {
            return;
        }
        let tally = match self.seat().reads {
            true => &mut stats.broken,
            false => &mut stats.never_read_ended,
        };
        count(tally, &close_code(closure));
    }
}

/// The code as interfaces show it: 1005 for a Close without one, 1006 for none.
fn close_code(closure: &Closure) -> String {
    let code = match (closure.clean || closure.error.is_some(), closure.code) {
        (true, Some(code)) => code.get(),
        (true, None) => 1005,
        (false, _) => 1006,
    };
    code.to_string()
}
