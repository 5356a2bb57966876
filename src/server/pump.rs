//! A worker's pump: one task that serves many connections.
//!
//! A turn of the pump is a turn of every connection that was called, in two
//! halves: first all of them listen, then all of them speak, together with those
//! for whom there is something since. So each member of a room writes once what
//! all of them said.
//!
//! ```text
//!   transport ─ wake ─┐                  ┌─> listen ─> rooms ─ ring ─┐
//!                     ├─> Bell ─> Pump ──┤                           ├─> Bell
//!   rooms ────── ring ┘                  └─> speak ─> transport      ┘
//! ```
//!
//! With a task of its own each connection would need a timer of its own too, and a
//! delivery twice the instructions.

mod bell;
mod deadlines;
#[cfg(test)]
pub(super) mod tests;

use std::future::Future;
use std::mem::take;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::task::waker_ref;
use slab::Slab;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::task::task_tracker::TaskTrackerToken;

pub(super) use self::bell::Bell;
use self::bell::Calls;
use self::deadlines::Deadlines;
use super::clock::Moment;
use super::conn::Conn;
use super::door::Place;
use crate::chat::Bell as _;

/// Deadlines of connections that have ended, beside as many as there are connections.
const MOST_OLD_DEADLINES: usize = 64;

/// Where connections get into a pump, which ends when it has no entrance any more and its
/// last connection has ended.
pub(super) struct Entrance<S> {
    calls: Arc<Calls>,
    newcomers: mpsc::UnboundedSender<Newcomer<S>>,
}

impl<S> Clone for Entrance<S> {
    fn clone(&self) -> Entrance<S> {
        Entrance { calls: Arc::clone(&self.calls), newcomers: self.newcomers.clone() }
    }
}

/// A connection on its way into a pump.
pub(super) struct Newcomer<S> {
    pub(super) bell: Arc<Bell>,
    pub(super) conn: Conn<S>,
    pub(super) belongings: Belongings,
}

/// What is given back when a connection ends.
pub(super) struct Belongings {
    pub(super) _place: Place,
    pub(super) _token: TaskTrackerToken,
}

impl<S> Entrance<S> {
    /// A bell for a connection that will come in here.
    pub(super) fn bell(&self) -> Arc<Bell> {
        Bell::new(&self.calls)
    }

    /// Whether the pump has ended: after a panic, or with the runtime.
    pub(super) fn is_closed(&self) -> bool {
        self.newcomers.is_closed()
    }

    /// How many have come in here, or may.
    pub(super) fn bells(&self) -> usize {
        self.calls.bells()
    }

    pub(super) fn enter(&self, newcomer: Newcomer<S>) {
        // It fails only if the pump has ended.
        let _ = self.newcomers.send(newcomer);
    }
}

/// The task.
pub(super) struct Pump<S> {
    calls: Arc<Calls>,
    newcomers: mpsc::UnboundedReceiver<Newcomer<S>>,
    seats: Slab<Box<Seat<S>>>,
    deadlines: Deadlines,
    /// Those who have a turn, by number: lists that are used again.
    called: Vec<usize>,
    rung: Vec<usize>,
}

/// A connection in the pump.
struct Seat<S> {
    conn: Conn<S>,
    bell: Arc<Bell>,
    /// The nearest deadline of which the pump knows.
    deadline: Option<Instant>,
    /// Behind the connection, so that they are given back last.
    _belongings: Belongings,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Pump<S> {
    pub(super) fn new() -> (Entrance<S>, Pump<S>) {
        let calls = Arc::new(Calls::default());
        let (sender, newcomers) = mpsc::unbounded_channel();
        let pump = Pump {
            calls: Arc::clone(&calls),
            newcomers,
            seats: Slab::new(),
            deadlines: Deadlines::new(),
            called: Vec::new(),
            rung: Vec::new(),
        };
        (Entrance { calls, newcomers: sender }, pump)
    }

    /// Takes in who comes; ready when nobody can any more.
    fn poll_newcomers(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match self.newcomers.poll_recv(cx) {
                Poll::Ready(Some(Newcomer { bell, conn, belongings })) => {
                    let seat = self.seats.vacant_entry();
                    bell.install(seat.key());
                    seat.insert(Box::new(Seat {
                        conn,
                        bell,
                        deadline: None,
                        _belongings: belongings,
                    }));
                }
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Keeps the deadlines that have passed, and lists those whose they were.
    fn poll_deadlines(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready((deadline, number)) = self.deadlines.poll_next(cx) {
            let Some(seat) = self.seats.get_mut(number) else { continue };
            if seat.deadline != Some(deadline) {
                continue;
            }
            seat.deadline = None;
            seat.bell.ring();
            if !seat.survives(|conn, _| conn.handle_timeout(Instant::now())) {
                self.remove(number);
            }
        }
    }

    /// Many who come and go leave deadlines behind.
    fn forget_old_deadlines(&mut self) {
        if self.deadlines.len() > 2 * self.seats.len() + MOST_OLD_DEADLINES {
            let seats = &self.seats;
            self.deadlines.retain(|at, number| {
                seats.get(number).is_some_and(|seat| seat.deadline == Some(at))
            });
        }
    }

    /// A turn of everybody who was called.
    fn turn(&mut self, cx: &mut Context<'_>) {
        let (mut called, mut rung) = (take(&mut self.called), take(&mut self.rung));
        self.calls.take(&mut called);
        let now = Moment::now();
        for number in &called {
            self.listen(*number, now);
        }
        // Behind listening: an answer that is here already has come in time.
        self.poll_deadlines(cx);
        self.calls.take(&mut rung);
        for number in called.drain(..).chain(rung.drain(..)) {
            self.speak(number);
        }
        (self.called, self.rung) = (called, rung);
    }

    fn listen(&mut self, number: usize, now: Moment) {
        let Some(seat) = self.seats.get_mut(number) else { return };
        if !seat.bell.take_call() {
            return;
        }
        match seat.survives(|conn, cx| conn.listen(cx, now)) {
            true => self.set_deadline(number),
            false => self.remove(number),
        }
    }

    /// Whoever has nothing to say is not hurt by being asked: the bell of a connection
    /// that has gone may have listed the one that has its number now.
    fn speak(&mut self, number: usize) {
        let Some(seat) = self.seats.get_mut(number) else { return };
        seat.bell.delist();
        let survives = seat.survives(|conn, cx| {
            if conn.speak(cx) {
                cx.waker().wake_by_ref();
            }
        });
        if !survives || seat.conn.is_over() {
            self.remove(number);
        } else if seat.deadline.is_none() || seat.conn.hurries() {
            self.set_deadline(number);
        }
    }

    fn remove(&mut self, number: usize) {
        let mut seat = self.seats.remove(number);
        seat.survives(|conn, _| conn.log_end());
        // It leaves its rooms if it has not yet.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(seat)));
    }

    /// One that moved later is looked at when the old one has passed.
    fn set_deadline(&mut self, number: usize) {
        let Some(seat) = self.seats.get_mut(number) else { return };
        let deadline = seat.conn.deadline();
        if let Some(at) = deadline.filter(|at| seat.deadline.is_none_or(|known| *at < known)) {
            seat.deadline = deadline;
            self.deadlines.add(at, number);
            self.forget_old_deadlines();
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Seat<S> {
    /// Does something with the connection. A panic ends this connection and no other.
    fn survives(&mut self, turn: impl FnOnce(&mut Conn<S>, &mut Context<'_>)) -> bool {
        // Borrowed: one of its own would be counted up and down for every half turn.
        let waker = waker_ref(&self.bell);
        let turn = || turn(&mut self.conn, &mut Context::from_waker(&waker));
        // Whatever state it leaves the connection in, nobody will see it again.
        catch_unwind(AssertUnwindSafe(turn)).is_ok()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Pump<S> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let pump = self.get_mut();
        let is_closed = pump.poll_newcomers(cx).is_ready();
        pump.turn(cx);
        if is_closed && pump.seats.is_empty() {
            return Poll::Ready(());
        }
        // There may be nearer deadlines since, and those whose bells rang meanwhile.
        pump.poll_deadlines(cx);
        pump.calls.register(cx.waker());
        if !pump.calls.is_empty() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}
