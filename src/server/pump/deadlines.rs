//! Many deadlines, one timer.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

/// When to look at which connection.
#[derive(Debug)]
pub(super) struct Deadlines {
    heap: BinaryHeap<Reverse<(Instant, usize)>>,
    /// Set to the nearest, or to an earlier one that is gone.
    timer: Pin<Box<Sleep>>,
}

impl Deadlines {
    pub(super) fn new() -> Deadlines {
        Deadlines { heap: BinaryHeap::new(), timer: Box::pin(sleep_until(Instant::now())) }
    }

    pub(super) fn add(&mut self, at: Instant, number: usize) {
        self.heap.push(Reverse((at, number)));
    }

    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    pub(super) fn retain(&mut self, is_kept: impl Fn(Instant, usize) -> bool) {
        self.heap.retain(|Reverse((at, number))| is_kept(*at, *number));
    }

    /// The next connection whose deadline has passed, and the deadline. `cx` is woken
    /// when there is one.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<(Instant, usize)> {
        let Some(Reverse((at, _))) = self.heap.peek() else { return Poll::Pending };
        if self.timer.deadline() != *at {
            self.timer.as_mut().reset(*at);
        }
        match self.timer.as_mut().poll(cx) {
            Poll::Ready(()) => self.heap.pop().map_or(Poll::Pending, |next| Poll::Ready(next.0)),
            Poll::Pending => Poll::Pending,
        }
    }
}
