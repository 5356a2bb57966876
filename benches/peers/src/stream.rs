//! The transport that every library is measured on: memory.
//!
//! What arrives is a fixed sequence of bytes, handed out in pieces as a socket
//! would, and then silence; what is written is kept. Reading and writing copy, as
//! they do between a program and its kernel, so a library gains nothing here by not
//! copying that it would not gain there.

use std::cell::RefCell;
use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// One end of a connection. A clone is the same end: a library owns one, and the
/// bench sets the other back to the start after each pass.
#[derive(Clone)]
pub struct Stream(Rc<RefCell<Inner>>);

struct Inner {
    incoming: Rc<[u8]>,
    pieces: Pieces,
    /// How much of `incoming` has been read.
    read: usize,
    /// Where the piece ends that a read may take from.
    cut: usize,
    outgoing: Vec<u8>,
}

/// How much arrives at a time.
#[derive(Clone, Copy)]
pub struct Pieces {
    first: usize,
    others: usize,
}

impl Pieces {
    /// All of it: a read takes as much as the library has room for.
    pub const WHOLE: Pieces = Pieces { first: usize::MAX, others: usize::MAX };

    /// Pieces of this length; a read takes at most one.
    pub const fn of(len: usize) -> Pieces {
        Pieces { first: len, others: len }
    }

    /// The same, with the first one cut short.
    pub const fn first(self, first: usize) -> Pieces {
        Pieces { first, ..self }
    }
}

impl Stream {
    /// An end at which `incoming` arrives in these pieces.
    pub fn new(incoming: Rc<[u8]>, pieces: Pieces) -> Stream {
        let cut = pieces.first;
        Stream(Rc::new(RefCell::new(Inner {
            incoming,
            pieces,
            read: 0,
            cut,
            outgoing: Vec::new(),
        })))
    }

    /// An end that is only written to.
    pub fn sink() -> Stream {
        Stream::new(Rc::from([]), Pieces::WHOLE)
    }

    /// Everything arrives once more, and nothing has been written.
    pub fn reset(&self) {
        let mut inner = self.0.borrow_mut();
        inner.read = 0;
        inner.cut = inner.pieces.first;
        inner.outgoing.clear();
    }

    /// What has been written.
    pub fn written(&self) -> Rc<[u8]> {
        Rc::from(&self.0.borrow().outgoing[..])
    }

    /// Appends what one read gives.
    pub fn read_to(&self, buffer: &mut BytesMut) {
        let most = buffer.capacity() - buffer.len();
        buffer.extend_from_slice(self.0.borrow_mut().arrived(most));
    }
}

impl Inner {
    /// What a read with room for `most` bytes takes; nothing if it would block.
    fn arrived(&mut self, most: usize) -> &[u8] {
        if self.read == self.cut {
            self.cut = self.cut.saturating_add(self.pieces.others);
        }
        let start = self.read;
        self.read = self.cut.min(self.incoming.len()).min(start.saturating_add(most));
        &self.incoming[start..self.read]
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut inner = self.0.borrow_mut();
        match inner.arrived(buffer.len()) {
            [] => Err(io::ErrorKind::WouldBlock.into()),
            arrived => {
                buffer[..arrived.len()].copy_from_slice(arrived);
                Ok(arrived.len())
            }
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().outgoing.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.borrow_mut().outgoing.write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.0.borrow_mut().arrived(buffer.remaining()) {
            [] => Poll::Pending,
            arrived => {
                buffer.put_slice(arrived);
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.get_mut().write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.get_mut().write_vectored(slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
