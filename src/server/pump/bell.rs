//! How a connection gets a turn: it has a bell, and those whose bells have rung
//! stand on a list.

use std::mem::swap;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Waker;

use atomic_waker::AtomicWaker;
use futures_util::task::ArcWake;

use crate::chat;
use crate::sync::lock;

/// It stands on the list, or is about to be looked at.
const LISTED: u8 = 1;

/// Its transport has something, or takes more.
const CALLED: u8 = 2;

/// The connections of one pump that want a turn, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Calls {
    listed: Mutex<Vec<usize>>,
    /// The pump's task, while it sleeps.
    pump: AtomicWaker,
    /// How many bells there are.
    bells: AtomicUsize,
}

impl Calls {
    /// Wakes this task when somebody is listed; look at
    /// [`is_empty`](Calls::is_empty) afterwards.
    pub(super) fn register(&self, pump: &Waker) {
        self.pump.register(pump);
    }

    pub(super) fn is_empty(&self) -> bool {
        lock(&self.listed).is_empty()
    }

    /// Takes the list; `into` must be empty, and its memory is used again.
    pub(super) fn take(&self, into: &mut Vec<usize>) {
        swap(&mut *lock(&self.listed), into);
    }

    pub(super) fn bells(&self) -> usize {
        self.bells.load(Ordering::Relaxed)
    }

    fn list(&self, number: usize) {
        let is_first = {
            let mut listed = lock(&self.listed);
            listed.push(number);
            listed.len() == 1
        };
        if is_first {
            self.pump.wake();
        }
    }
}

/// One connection's bell: its transport's waker, and what its mailbox rings.
#[derive(Debug)]
pub(in crate::server) struct Bell {
    calls: Arc<Calls>,
    /// The connection's number in the pump, which has it before it is listed.
    number: AtomicUsize,
    state: AtomicU8,
}

impl Bell {
    /// A bell for a connection that is not in the pump yet: it is not listed.
    pub(super) fn new(calls: &Arc<Calls>) -> Arc<Bell> {
        calls.bells.fetch_add(1, Ordering::Relaxed);
        Arc::new(Bell {
            calls: Arc::clone(calls),
            number: AtomicUsize::new(usize::MAX),
            state: AtomicU8::new(LISTED | CALLED),
        })
    }

    /// Lists the connection for the first time.
    pub(super) fn install(&self, number: usize) {
        self.number.store(number, Ordering::Relaxed);
        self.calls.list(number);
    }

    /// Whether the transport has called since the connection last listened.
    pub(super) fn take_call(&self) -> bool {
        self.state.load(Ordering::Relaxed) & CALLED != 0
            && self.state.fetch_and(!CALLED, Ordering::AcqRel) & CALLED != 0
    }

    /// From now on the connection is listed anew when its bell rings. Its
    /// transport may have called in the meantime.
    pub(super) fn delist(&self) {
        if self.state.fetch_and(!LISTED, Ordering::AcqRel) & CALLED != 0 {
            self.call(CALLED);
        }
    }

    fn call(&self, why: u8) {
        if self.state.fetch_or(LISTED | why, Ordering::AcqRel) & LISTED == 0 {
            self.calls.list(self.number.load(Ordering::Relaxed));
        }
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.calls.bells.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A room has something for the connection.
impl chat::Bell for Bell {
    fn ring(&self) {
        self.call(0);
    }
}

/// The transport has something for it, or takes more.
impl ArcWake for Bell {
    fn wake_by_ref(bell: &Arc<Bell>) {
        bell.call(CALLED);
    }
}

#[cfg(test)]
mod tests {
    use std::task::Wake;

    use super::*;
    use crate::chat::Bell as _;

    /// A bell that is not listed, of a connection that has done all it could.
    fn idle() -> (Arc<Calls>, Arc<Bell>) {
        let calls = Arc::default();
        let bell = Bell::new(&calls);
        bell.install(7);
        assert_eq!(listed(&calls), [7], "for its first turn");
        assert!(bell.take_call());
        bell.delist();
        (calls, bell)
    }

    fn listed(calls: &Calls) -> Vec<usize> {
        let mut listed = Vec::new();
        calls.take(&mut listed);
        listed
    }

    #[test]
    fn bells_are_counted_from_the_first_moment_to_the_last() {
        let calls = Arc::default();
        let bells = [(); 3].map(|()| Bell::new(&calls));
        assert_eq!(calls.bells(), 3);
        drop(bells);
        assert_eq!(calls.bells(), 0);
    }

    #[test]
    fn however_often_its_bell_rings_a_connection_is_listed_once() {
        let (calls, bell) = idle();
        bell.ring();
        bell.ring();
        ArcWake::wake_by_ref(&bell);
        assert_eq!(listed(&calls), [7]);
        bell.ring();
        assert_eq!(listed(&calls), [0; 0], "it is about to be looked at");
        bell.delist();
        assert_eq!(listed(&calls), [7], "its transport has called and it did not listen");
    }

    #[test]
    fn only_the_transport_makes_it_listen() {
        let (calls, bell) = idle();
        bell.ring();
        assert!(!bell.take_call());
        ArcWake::wake_by_ref(&bell);
        assert!(bell.take_call());
        assert!(!bell.take_call());
        bell.delist();
        assert_eq!(listed(&calls), [7]);
        bell.ring();
        assert_eq!(listed(&calls), [7]);
    }

    #[test]
    fn a_call_between_listening_and_speaking_gives_another_turn() {
        let (calls, bell) = idle();
        ArcWake::wake_by_ref(&bell);
        assert_eq!(listed(&calls), [7]);
        assert!(bell.take_call());
        ArcWake::wake_by_ref(&bell);
        assert_eq!(listed(&calls), [0; 0]);
        bell.delist();
        assert_eq!(listed(&calls), [7]);
    }

    #[test]
    fn no_call_is_lost_between_two_threads() {
        struct Unpark(std::thread::Thread);
        impl Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }
        let (calls, bell) = idle();
        let said = Arc::new(AtomicUsize::new(0));
        let caller = std::thread::spawn({
            let (bell, said) = (Arc::clone(&bell), Arc::clone(&said));
            move || {
                for _ in 0..10_000 {
                    said.fetch_add(1, Ordering::Relaxed);
                    ArcWake::wake_by_ref(&bell);
                }
            }
        });
        let (mut heard, mut list) = (0, Vec::new());
        let pump = Arc::new(Unpark(std::thread::current())).into();
        while heard < 10_000 {
            calls.register(&pump);
            if calls.is_empty() {
                // A call that is lost hangs the test here.
                std::thread::park();
            }
            calls.take(&mut list);
            for _ in list.drain(..) {
                if bell.take_call() {
                    heard = said.load(Ordering::Relaxed);
                }
                bell.delist();
            }
        }
        caller.join().unwrap();
    }
}
