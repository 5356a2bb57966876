//! Calling asynchronous functions, and dropping their futures.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// Which futures are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drops {
    None,
    /// The one that is pending as this await point is reached, counted from 0
    /// over all calls.
    At(usize),
    /// All that were pending once: each is polled one time, and dropped as soon
    /// as it is woken.
    Every,
}

/// The calls of one run.
#[derive(Debug)]
pub(crate) struct Calls {
    drops: Drops,
    /// Await points reached so far.
    awaits: Cell<usize>,
}

impl Calls {
    pub(crate) fn new(drops: Drops) -> Calls {
        Calls { drops, awaits: Cell::new(0) }
    }

    pub(crate) fn awaits(&self) -> usize {
        self.awaits.get()
    }

    /// Calls, and again each time the future was dropped.
    pub(crate) async fn until_done<T>(&self, mut call: impl AsyncFnMut() -> T) -> T {
        loop {
            if let Some(output) = self.once(&mut call).await {
                return output;
            }
        }
    }

    /// Calls once. `None` if the future was dropped.
    pub(crate) async fn once<T>(&self, call: impl AsyncFnOnce() -> T) -> Option<T> {
        let mut future = pin!(call());
        let mut was_pending = false;
        poll_fn(|cx| {
            if was_pending && self.drops == Drops::Every {
                return Poll::Ready(None);
            }
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(Some(output));
            }
            was_pending = true;
            let here = self.awaits.replace(self.awaits.get() + 1);
            if self.drops == Drops::At(here) { Poll::Ready(None) } else { Poll::Pending }
        })
        .await
    }
}
