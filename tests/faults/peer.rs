//! The other end of a connection: one that says each byte itself, and sees each
//! byte that it gets.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::wire::{CLOSE, FIN};

/// Longer than any deadline that is tested: a test fails rather than hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A peer on a transport. What was read and not used yet stays in it.
pub(crate) struct Peer<S> {
    transport: S,
    unread: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(crate) fn new(transport: S) -> Peer<S> {
        Peer { transport, unread: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).await.expect("the other end takes it");
    }

    pub(crate) async fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.transport.write_all(bytes).await
    }

    /// Reads on; false at the end, however it comes.
    async fn fill(&mut self) -> bool {
        let read = self.transport.read_buf(&mut self.unread);
        let read = timeout(PATIENCE, read).await.expect("the other end does something");
        read.is_ok_and(|len| len > 0)
    }

    async fn take(&mut self, len: usize) -> Vec<u8> {
        while self.unread.len() < len {
            assert!(self.fill().await, "the other end has gone; before: {:?}", self.unread);
        }
        self.unread.drain(..len).collect()
    }

    /// An HTTP head, its blank line included; `None` if the other end goes before.
    pub(crate) async fn try_read_head(&mut self) -> Option<String> {
        let end = loop {
            if let Some(at) = self.unread.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if !self.fill().await {
                return None;
            }
        };
        Some(String::from_utf8(self.take(end).await).expect("a head is ASCII"))
    }

    pub(crate) async fn read_head(&mut self) -> String {
        self.try_read_head().await.expect("the other end answers")
    }

    /// The next frame: its first byte and its unmasked payload.
    pub(crate) async fn read_frame(&mut self) -> (u8, Vec<u8>) {
        let [first, second] = self.take(2).await[..] else { unreachable!() };
        let width = match second & 0x7F {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let extended = self.take(width).await;
        let extended = extended.iter().fold(0, |len, byte| len << 8 | usize::from(*byte));
        let len = if width == 0 { usize::from(second & 0x7F) } else { extended };
        let key = self.take(if second & 0x80 == 0 { 0 } else { 4 }).await;
        let mut payload = self.take(len).await;
        if !key.is_empty() {
            payload.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
        }
        (first, payload)
    }

    /// Code and reason of the next Close; the frames before it are passed over.
    pub(crate) async fn read_close(&mut self) -> (u16, String) {
        loop {
            let (first, payload) = self.read_frame().await;
            if first == FIN | CLOSE {
                let (code, reason) = payload.split_at(2);
                let reason = String::from_utf8(reason.to_vec()).expect("reasons are UTF-8");
                return (u16::from_be_bytes([code[0], code[1]]), reason);
            }
        }
    }

    /// Everything until the other end has ended its side.
    pub(crate) async fn read_to_end(&mut self) -> Vec<u8> {
        while self.fill().await {}
        std::mem::take(&mut self.unread)
    }
}

impl Peer<TcpStream> {
    /// Ends the connection with a RST instead of a FIN.
    pub(crate) fn reset(self) {
        self.transport.set_zero_linger().expect("a socket");
    }
}
