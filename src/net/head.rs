//! Reading an HTTP head from a transport, and refusing in HTTP.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::scratch;
use crate::proto::handshake::{HeadError, HeadReader};

/// How long a peer may take to end its side after it was refused.
const LINGER: Duration = Duration::from_secs(1);

/// Reads in a row of what is thrown away.
const READS: usize = 16;

/// Why no head could be read.
#[derive(Debug)]
pub(crate) enum ReadHeadError {
    /// The transport failed, or ended inside the head.
    Io(io::Error),
    /// What arrived is not a head.
    Head(HeadError),
}

/// Reads a complete head and returns it with the bytes that arrived behind it.
///
/// Not cancel safe: what was read so far is in the future. Its callers end the
/// connection when they drop it.
pub(crate) async fn read_head<S: AsyncRead + Unpin>(
    transport: &mut S,
) -> Result<(HeadReader, Vec<u8>), ReadHeadError> {
    let mut reader = HeadReader::new();
    loop {
        if let Some(early) = poll_fn(|cx| poll_head(transport, &mut reader, cx)).await? {
            return Ok((reader, early));
        }
    }
}

/// Takes one read's worth; the early bytes if that completes the head.
fn poll_head<S: AsyncRead + Unpin>(
    transport: &mut S,
    reader: &mut HeadReader,
    cx: &mut Context<'_>,
) -> Poll<Result<Option<Vec<u8>>, ReadHeadError>> {
    scratch::with(|buffer| {
        ready!(Pin::new(transport).poll_read(cx, buffer)).map_err(ReadHeadError::Io)?;
        let bytes = buffer.filled();
        if bytes.is_empty() {
            return Poll::Ready(Err(ReadHeadError::Io(io::ErrorKind::UnexpectedEof.into())));
        }
        let used = reader.push(bytes).map_err(ReadHeadError::Head)?;
        Poll::Ready(Ok(used.map(|used| bytes[used..].to_vec())))
    })
}

/// Writes a last response and ends the transport in a way that lets the peer
/// read it: closing with bytes unread would reset the connection and might take
/// the response with it, so they are thrown away for a moment (RFC 9112 §9.6).
pub(crate) async fn respond_and_close<S>(transport: &mut S, response: &[u8]) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    transport.write_all(response).await?;
    transport.shutdown().await?;
    let drained = poll_fn(|cx| poll_drained(transport, cx));
    // Whether the peer ended in time makes no difference now.
    let _ = tokio::time::timeout(LINGER, drained).await;
    Ok(())
}

/// Ready when nothing more will arrive. A peer that never stops sending does not keep the
/// thread, nor the clock from being looked at.
fn poll_drained<S: AsyncRead + Unpin>(transport: &mut S, cx: &mut Context<'_>) -> Poll<()> {
    for _ in 0..READS {
        let read = scratch::with(|buffer| {
            ready!(Pin::new(&mut *transport).poll_read(cx, buffer))?;
            Poll::Ready(io::Result::Ok(buffer.filled().len()))
        });
        if !matches!(ready!(read), Ok(1..)) {
            return Poll::Ready(());
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}
