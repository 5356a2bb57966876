//! A transport that breaks after some bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net::TcpStream;

/// A stream that takes, and gives, so many bytes more and then fails.
pub(crate) struct Frail {
    stream: TcpStream,
    to_write: usize,
    to_read: usize,
}

impl Frail {
    pub(crate) fn new(stream: TcpStream, to_write: usize, to_read: usize) -> Frail {
        Frail { stream, to_write, to_read }
    }
}

fn broken<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
}

impl AsyncRead for Frail {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.to_read == 0 {
            return broken();
        }
        let mut part = buffer.take(self.to_read);
        let poll = Pin::new(&mut self.stream).poll_read(cx, &mut part);
        let len = part.filled().len();
        // The bytes are in the memory that both share.
        let read = part.filled().to_vec();
        buffer.put_slice(&read);
        self.to_read -= len;
        poll
    }
}

impl AsyncWrite for Frail {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.to_write == 0 {
            return broken();
        }
        let len = bytes.len().min(self.to_write);
        let poll = Pin::new(&mut self.stream).poll_write(cx, &bytes[..len]);
        if let Poll::Ready(Ok(written)) = poll {
            self.to_write -= written;
        }
        poll
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
