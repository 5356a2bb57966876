//! How the rest of the chat reaches one connection: with a wake-up, and with the
//! little that is meant for one person alone.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Waker;

use atomic_waker::AtomicWaker;

use super::names::UserName;
use super::post::Private;
use super::time::Timestamp;
use crate::proto::CloseCode;
use crate::sync::lock;

/// Bytes that may wait for one connection to take them: the hundred messages that
/// waited for somebody who was away, and some more.
const MOST_WAITING: usize = 768 << 10;

/// One connection's door bell, shared by its task, its rooms and its server.
///
/// Messages wait in the rooms' logs; what rings here is only that there are
/// some. However many rooms ring before the task looks, it is woken once. What
/// is meant for this person alone lies here until it is taken.
///
/// ```
/// use std::task::Waker;
/// use wirechat::chat::{CloseOrder, Mailbox};
///
/// let mailbox = Mailbox::new();
/// mailbox.register(Waker::noop()); // first register, then look
/// assert_eq!(mailbox.close_order(), None);
/// mailbox.order_close(CloseOrder::SHUTTING_DOWN);
/// assert_eq!(mailbox.close_order(), Some(CloseOrder::SHUTTING_DOWN));
/// ```
#[derive(Debug, Default)]
pub struct Mailbox {
    /// The task, while it sleeps.
    waker: AtomicWaker,
    /// Whether it was rung since the task last looked.
    rung: AtomicBool,
    /// The first order to close; later ones change nothing.
    close: OnceLock<CloseOrder>,
    /// What nobody else gets; most connections never have any.
    waiting: Mutex<Option<Box<Waiting>>>,
}

/// Something that is meant for one person alone.
#[derive(Clone, Debug)]
pub(crate) enum Direct {
    /// Somebody says something to them, or they to somebody.
    Private(Arc<Private>),
    /// Somebody is typing to them, or has stopped.
    Typing { from: UserName, is_typing: bool, at: Timestamp },
}

impl Direct {
    fn size(&self) -> usize {
        match self {
            Direct::Private(private) => private.size(),
            Direct::Typing { .. } => size_of::<Direct>(),
        }
    }
}

#[derive(Debug, Default)]
struct Waiting {
    queue: VecDeque<Direct>,
    size: usize,
}

/// That a connection must close, and with what words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseOrder {
    /// The status code of the Close frame.
    pub code: CloseCode,
    /// Its reason.
    pub reason: &'static str,
}

impl CloseOrder {
    /// The server stops.
    pub const SHUTTING_DOWN: CloseOrder =
        CloseOrder { code: CloseCode::GOING_AWAY, reason: "the server is shutting down" };

    /// The same person has too many newer connections.
    pub(crate) const REPLACED: CloseOrder = CloseOrder {
        code: CloseCode::known(4500),
        reason: "replaced by newer connections of your own",
    };

    /// More waits for the connection than it takes, or it has lagged behind its rooms.
    pub const TOO_SLOW: CloseOrder =
        CloseOrder { code: CloseCode::known(4001), reason: "you fell too far behind" };
}

impl Mailbox {
    /// One for a new connection: rung, so that the connection looks first.
    #[must_use]
    pub fn new() -> Mailbox {
        Mailbox { rung: AtomicBool::new(true), ..Mailbox::default() }
    }

    /// Wakes this task at the next ring. Register before looking at
    /// [`Session::next_frames`](super::Session::next_frames) and
    /// [`Mailbox::close_order`] for the last time before sleeping: whatever
    /// arrives after that look rings.
    pub fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// Rings: there is something to read. Cheap if it has rung already.
    pub(crate) fn wake(&self) {
        // Whoever set the flag wakes the task. Nothing is lost by the cheap look:
        // we appended under the room's lock before it, and the task, which
        // clears the flag before it reads under that lock, has not read yet.
        if !self.rung.load(Ordering::Relaxed) && !self.rung.swap(true, Ordering::AcqRel) {
            self.waker.wake();
        }
    }

    /// Leaves something here, and rings. Once too much lies here, the connection
    /// must close.
    pub(crate) fn push(&self, direct: Direct) {
        {
            let mut waiting = lock(&self.waiting);
            let waiting = waiting.get_or_insert_default();
            if waiting.size + direct.size() > MOST_WAITING {
                self.order_close(CloseOrder::TOO_SLOW);
                return;
            }
            waiting.size += direct.size();
            waiting.queue.push_back(direct);
        }
        self.wake();
    }

    /// Takes the oldest of what lies here.
    pub(crate) fn pop(&self) -> Option<Direct> {
        let mut waiting = lock(&self.waiting);
        let taken = waiting.as_mut()?.queue.pop_front();
        match &taken {
            Some(direct) => waiting.as_mut()?.size -= direct.size(),
            None => *waiting = None,
        }
        taken
    }

    /// Whether it has rung since the last call.
    pub(crate) fn take(&self) -> bool {
        self.rung.load(Ordering::Relaxed) && self.rung.swap(false, Ordering::AcqRel)
    }

    /// Orders the connection to close. The first order counts.
    pub fn order_close(&self, order: CloseOrder) {
        if self.close.set(order).is_ok() {
            self.rung.store(true, Ordering::Release);
            self.waker.wake();
        }
    }

    /// The order to close, once there is one.
    #[must_use]
    pub fn close_order(&self) -> Option<CloseOrder> {
        self.close.get().copied()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// A mailbox whose task sleeps, and how often it was woken.
    fn asleep() -> (Mailbox, Arc<Count>) {
        let (mailbox, count) = (Mailbox::new(), Arc::new(Count::default()));
        assert!(mailbox.take());
        mailbox.register(&Arc::clone(&count).into());
        (mailbox, count)
    }

    #[test]
    fn many_rings_wake_the_task_once() {
        let (mailbox, count) = asleep();
        for _ in 0..10 {
            mailbox.wake();
        }
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
        assert!(mailbox.take());
        assert!(!mailbox.take());
    }

    #[test]
    fn a_ring_before_the_task_registers_is_seen_when_it_looks() {
        let mailbox = Mailbox::new();
        assert!(mailbox.take());
        mailbox.wake();
        mailbox.register(Waker::noop());
        assert!(mailbox.take());
    }

    #[test]
    fn a_task_that_looked_is_woken_again() {
        let (mailbox, count) = asleep();
        for rings in 1..=3 {
            mailbox.register(&Arc::clone(&count).into());
            mailbox.wake();
            assert_eq!(count.0.load(Ordering::SeqCst), rings);
            assert!(mailbox.take());
        }
    }

    #[test]
    fn an_order_to_close_wakes_even_a_task_that_was_rung_and_the_first_order_stays() {
        let (mailbox, count) = asleep();
        mailbox.wake();
        mailbox.register(&Arc::clone(&count).into());
        mailbox.order_close(CloseOrder::SHUTTING_DOWN);
        mailbox.order_close(CloseOrder { code: CloseCode::NORMAL, reason: "second" });
        assert_eq!(count.0.load(Ordering::SeqCst), 2);
        assert_eq!(mailbox.close_order(), Some(CloseOrder::SHUTTING_DOWN));
    }

    #[test]
    fn no_ring_is_lost_between_two_threads() {
        let mailbox = Arc::new(Mailbox::new());
        let appended = Arc::new(std::sync::Mutex::new(0u32));
        let writer = std::thread::spawn({
            let (mailbox, appended) = (Arc::clone(&mailbox), Arc::clone(&appended));
            move || {
                for _ in 0..10_000 {
                    *appended.lock().unwrap() += 1;
                    mailbox.wake();
                }
            }
        });
        struct Unpark(std::thread::Thread);
        impl Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }
        let waker = Arc::new(Unpark(std::thread::current())).into();
        let mut read = 0;
        while read < 10_000 {
            mailbox.register(&waker);
            if mailbox.take() {
                read = *appended.lock().unwrap();
            } else {
                // A ring that is lost hangs the test here.
                std::thread::park();
            }
        }
        writer.join().unwrap();
    }
}
