//! Who is woken when the transport or the clock lets something happen.

use std::sync::Arc;
use std::task::{Wake, Waker};

/// What a task waits for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    Receiving,
    Sending,
}

/// Those that wait. They are two if a socket was split and its halves belong to
/// different tasks. A transport wakes only the task that polled it last, so each
/// polls it on behalf of both: otherwise whoever sends would take from the other
/// the news that something arrived.
#[derive(Default)]
pub(super) struct Wakers {
    receiving: Option<Waker>,
    /// Boxed, since an idle connection has none.
    sending: Option<Box<Waker>>,
}

impl Wakers {
    /// What to poll with instead of `waker`, if somebody else waits too.
    pub(super) fn on_behalf_of_both(&self, purpose: Purpose, waker: &Waker) -> Option<Waker> {
        let other = match purpose {
            Purpose::Receiving => self.sending.as_deref(),
            Purpose::Sending => self.receiving.as_ref(),
        };
        let other = other.filter(|other| !other.will_wake(waker))?;
        Some(Waker::from(Arc::new(Both(waker.clone(), other.clone()))))
    }

    /// Notes who waits now, if anybody does.
    pub(super) fn set(&mut self, purpose: Purpose, waker: Option<Waker>) {
        match purpose {
            Purpose::Receiving => self.receiving = waker,
            Purpose::Sending => self.sending = waker.map(Box::new),
        }
    }
}

struct Both(Waker, Waker);

impl Wake for Both {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake_by_ref();
        self.1.wake_by_ref();
    }
}
