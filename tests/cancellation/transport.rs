//! A transport in memory that makes its user wait, and gives and takes as little
//! as it was told to.

use std::io;
use std::iter::Cycle;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec::IntoIter;

use tokio::io::{AsyncRead, AsyncWrite, BufWriter, DuplexStream, ReadBuf, duplex};

/// What comes of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing yet; whoever called is woken at once.
    Pending,
    /// At most so many bytes, at least one. A full transport is full all the same.
    AtMost(usize),
}

/// How a transport behaves.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    /// What comes of the calls of each kind in turn, and then over again.
    pub(crate) steps: Vec<Step>,
    /// Bytes that it holds each way.
    pub(crate) capacity: usize,
    /// Bytes that it may hold back until it is flushed, as TLS does.
    pub(crate) holds_back: usize,
}

/// The manners that are tried at every await point, in units of so many bytes.
pub(crate) fn manners(unit: usize) -> Vec<Manner> {
    let (wait, little, all) = (Step::Pending, Step::AtMost(unit), Step::AtMost(usize::MAX));
    let cycles = [vec![all], vec![little], vec![wait, all], vec![wait, little], vec![little, all]];
    let spaces = [(1, 0), (12, 0), (1, 12)];
    let manner = |steps: &Vec<Step>, (capacity, holds_back)| Manner {
        steps: steps.clone(),
        capacity: unit * capacity,
        holds_back: unit * holds_back,
    };
    cycles.iter().flat_map(|steps| spaces.map(|space| manner(steps, space))).collect()
}

type Steps = Cycle<IntoIter<Step>>;

/// One end of a transport.
pub(crate) struct Transport {
    inner: BufWriter<DuplexStream>,
    reads: Steps,
    writes: Steps,
    flushes: Steps,
    shutdowns: Steps,
    written: Vec<u8>,
}

impl Transport {
    pub(crate) fn new(inner: DuplexStream, manner: &Manner) -> Transport {
        let steps = || manner.steps.clone().into_iter().cycle();
        Transport {
            inner: BufWriter::with_capacity(manner.holds_back, inner),
            reads: steps(),
            writes: steps(),
            flushes: steps(),
            shutdowns: steps(),
            written: Vec::new(),
        }
    }

    /// Everything that it has taken so far.
    pub(crate) fn written(&self) -> &[u8] {
        &self.written
    }
}

/// Both ends of a transport that has these manners at each.
pub(crate) fn transports(near: &Manner, far: &Manner) -> (Transport, Transport) {
    let (one, other) = duplex(near.capacity);
    (Transport::new(one, near), Transport::new(other, far))
}

/// How many bytes the next call may move.
fn poll_limit(steps: &mut Steps, cx: &Context<'_>) -> Poll<usize> {
    match steps.next() {
        Some(Step::Pending) => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        Some(Step::AtMost(limit)) => Poll::Ready(limit),
        None => Poll::Ready(usize::MAX),
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let limit = ready!(poll_limit(&mut self.reads, cx)).min(buffer.remaining());
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(limit));
        ready!(Pin::new(&mut self.inner).poll_read(cx, &mut part))?;
        let len = part.filled().len();
        buffer.advance(len);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let limit = ready!(poll_limit(&mut self.writes, cx)).min(bytes.len());
        let len = ready!(Pin::new(&mut self.inner).poll_write(cx, &bytes[..limit]))?;
        self.written.extend_from_slice(&bytes[..len]);
        Poll::Ready(Ok(len))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(poll_limit(&mut self.flushes, cx));
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(poll_limit(&mut self.shutdowns, cx));
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
