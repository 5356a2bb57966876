//! How the rest of the chat reaches one connection: with a wake-up, and with the
//! little that is meant for one person alone.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use super::names::UserName;
use super::post::Private;
use super::time::Timestamp;
use crate::proto::CloseCode;
use crate::sync::lock;

/// Bytes that may wait for one connection to take them: the hundred messages that
/// waited for somebody who was away, and some more.
const MOST_WAITING: usize = 768 << 10;

/// Tells a connection that its mailbox has something for it, so that it looks.
///
/// `()` is one that nobody hears, for those who look without being told.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::mpsc::{Sender, channel};
/// use wirechat::chat::{Bell, CloseOrder, Mailbox};
///
/// struct Number(u32, Sender<u32>);
///
/// impl Bell for Number {
///     fn ring(&self) {
///         let _ = self.1.send(self.0);
///     }
/// }
///
/// let (bell, rung) = channel();
/// let mailbox = Mailbox::new(Arc::new(Number(7, bell)));
/// mailbox.order_close(CloseOrder::ShuttingDown);
/// assert_eq!(rung.recv(), Ok(7));
/// ```
pub trait Bell: Send + Sync {
    /// Rings. Called from any thread, with locks of the chat held: it must only
    /// take note.
    fn ring(&self);
}

impl Bell for () {
    fn ring(&self) {}
}

/// What connects one connection with its rooms and its server.
///
/// Messages wait in the rooms' logs; what comes here is only that there are
/// some. However many rooms have some before the connection looks, its bell is
/// rung once. What is meant for this person alone lies here until it is taken.
///
/// ```
/// use std::sync::Arc;
/// use wirechat::chat::{CloseOrder, Mailbox};
///
/// let mailbox = Mailbox::new(Arc::new(()));
/// assert_eq!(mailbox.close_order(), None);
/// mailbox.order_close(CloseOrder::ShuttingDown);
/// assert_eq!(mailbox.close_order(), Some(CloseOrder::ShuttingDown));
/// ```
pub struct Mailbox {
    bell: Arc<dyn Bell>,
    /// Whether the bell was rung since the connection last looked.
    rung: AtomicBool,
    /// Whether anything waits.
    has_mail: AtomicBool,
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

/// That a connection must close, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseOrder {
    /// The server stops.
    ShuttingDown,
    /// The same person has too many newer connections.
    Replaced,
    /// More waits for the connection than it takes, or it has lagged behind its rooms.
    TooSlow,
}

impl CloseOrder {
    /// The status code of the Close frame.
    #[must_use]
    pub const fn code(self) -> CloseCode {
        match self {
            CloseOrder::ShuttingDown => CloseCode::GOING_AWAY,
            CloseOrder::Replaced => CloseCode::known(4500),
            CloseOrder::TooSlow => CloseCode::known(4001),
        }
    }

    /// Its reason.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            CloseOrder::ShuttingDown => "the server is shutting down",
            CloseOrder::Replaced => "replaced by newer connections of your own",
            CloseOrder::TooSlow => "you fell too far behind",
        }
    }
}

impl Mailbox {
    /// One for a new connection, which looks first; then this bell says when to
    /// look again.
    #[must_use]
    pub fn new(bell: Arc<dyn Bell>) -> Mailbox {
        Mailbox {
            bell,
            rung: AtomicBool::new(true),
            has_mail: AtomicBool::new(false),
            close: OnceLock::new(),
            waiting: Mutex::default(),
        }
    }

    /// Rings: there is something to read. Cheap if it has rung already.
    pub(crate) fn wake(&self) {
        // Whoever set the flag rings. Nothing is lost by the cheap look: we
        // appended under the room's lock before it, and the connection, which
        // clears the flag before it reads under that lock, has not read yet.
        if !self.rung.load(Ordering::Relaxed) {
            self.ring();
        }
    }

    fn ring(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            self.bell.ring();
        }
    }

    /// Leaves something here, and rings. Once too much lies here, the connection
    /// must close.
    pub(crate) fn push(&self, direct: Direct) {
        {
            let mut waiting = lock(&self.waiting);
            let waiting = waiting.get_or_insert_default();
            if waiting.size + direct.size() > MOST_WAITING {
                self.order_close(CloseOrder::TooSlow);
                return;
            }
            waiting.size += direct.size();
            waiting.queue.push_back(direct);
            self.has_mail.store(true, Ordering::Relaxed);
        }
        // No cheap look: the connection reads the flag above without the lock.
        self.ring();
    }

    /// Whether something lies here. What was left before the bell rang is seen
    /// after [`take`](Mailbox::take).
    pub(crate) fn has_mail(&self) -> bool {
        self.has_mail.load(Ordering::Relaxed)
    }

    /// Takes the oldest of what lies here.
    pub(crate) fn pop(&self) -> Option<Direct> {
        let mut waiting = lock(&self.waiting);
        let taken = waiting.as_mut()?.queue.pop_front();
        match &taken {
            Some(direct) => waiting.as_mut()?.size -= direct.size(),
            None => {
                *waiting = None;
                self.has_mail.store(false, Ordering::Relaxed);
            }
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
            self.bell.ring();
        }
    }

    /// The order to close, once there is one.
    #[must_use]
    pub fn close_order(&self) -> Option<CloseOrder> {
        self.close.get().copied()
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").field("rung", &self.rung).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// Counts how often it is rung.
    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Bell for Count {
        fn ring(&self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// A mailbox that was looked into, and how often its bell has rung.
    fn looked_into() -> (Mailbox, Arc<Count>) {
        let count = Arc::new(Count::default());
        let mailbox = Mailbox::new(Arc::clone(&count) as _);
        assert!(mailbox.take());
        (mailbox, count)
    }

    #[test]
    fn many_wakes_ring_the_bell_once() {
        let (mailbox, count) = looked_into();
        for _ in 0..10 {
            mailbox.wake();
        }
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
        assert!(mailbox.take());
        assert!(!mailbox.take());
    }

    #[test]
    fn a_new_mailbox_wants_to_be_looked_into_without_a_ring() {
        let count = Arc::new(Count::default());
        let mailbox = Mailbox::new(Arc::clone(&count) as _);
        mailbox.wake();
        assert!(mailbox.take());
        assert_eq!(count.0.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn whoever_looked_is_rung_for_again() {
        let (mailbox, count) = looked_into();
        for rings in 1..=3 {
            mailbox.wake();
            assert_eq!(count.0.load(Ordering::SeqCst), rings);
            assert!(mailbox.take());
        }
    }

    #[test]
    fn an_order_to_close_rings_even_if_it_has_rung_and_the_first_order_stays() {
        let (mailbox, count) = looked_into();
        mailbox.wake();
        mailbox.order_close(CloseOrder::ShuttingDown);
        mailbox.order_close(CloseOrder::TooSlow);
        assert_eq!(count.0.load(Ordering::SeqCst), 2);
        assert_eq!(mailbox.close_order(), Some(CloseOrder::ShuttingDown));
    }

    #[test]
    fn no_ring_is_lost_between_two_threads() {
        struct Unpark(std::thread::Thread);
        impl Bell for Unpark {
            fn ring(&self) {
                self.0.unpark();
            }
        }
        let mailbox = Arc::new(Mailbox::new(Arc::new(Unpark(std::thread::current()))));
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
        let mut read = 0;
        while read < 10_000 {
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
