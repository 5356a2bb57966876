//! The libraries, each behind the same few operations.
//!
//! An operation handles many messages, so that calling it through a trait object
//! costs nothing that could be measured. As much arrives as is received and writing
//! never blocks, so one poll runs a future to its end: no runtime is measured.

pub mod fastwebsockets;
pub mod sockudo;
pub mod tokio_websockets;
pub mod tungstenite;
pub mod wirechat;

use std::future::Future;

use ::wirechat::proto::Role;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::case::OURS;
use crate::stream::Stream;

/// Payload bytes that a message or a frame may have, for every library.
const MAX_MESSAGE: usize = 16 << 20;

/// One end of an open connection.
pub trait Endpoint {
    /// Sends `count` messages, these texts over and over, and flushes once at the end.
    fn send(&mut self, texts: &[&str], count: usize);

    /// Receives `count` messages, which are checked by then: text is UTF-8. Returns
    /// how many bytes of payload they have together.
    fn receive(&mut self, count: usize) -> usize;
}

/// An end that can do both at once.
pub trait Echo: Endpoint {
    /// Receives `count` messages and sends each of them back; flushes once at the end.
    fn echo(&mut self, count: usize);
}

/// Makes an end of a connection that is open already.
pub type Codec = fn(Role, Stream) -> Box<dyn Endpoint>;
/// Makes an end of a connection that is open already.
pub type Socket = fn(Role, Stream) -> Box<dyn Echo>;
/// Opens a connection over a transport, and is ready when both ends are open.
pub type Handshake<S> = fn(client: S, server: S) -> LocalBoxFuture<'static, ()>;

/// Each library at the lowest level at which it takes and gives whole, checked
/// messages, and is fastest at it: without I/O of its own, if there is such a level.
pub const CODECS: [(&str, Codec); 5] = [
    (OURS, wirechat::codec),
    ("tungstenite", tungstenite::codec),
    ("fastwebsockets", fastwebsockets::codec),
    ("tokio-websockets", tokio_websockets::codec),
    ("sockudo-ws", sockudo::codec),
];

/// Those that compress; the others do not know permessage-deflate.
pub const COMPRESSING_CODECS: [(&str, Codec); 2] =
    [(OURS, wirechat::compressing), ("sockudo-ws", sockudo::compressing)];

/// Each library as a program on tokio uses it.
pub const SOCKETS: [(&str, Socket); 5] = [
    (OURS, wirechat::socket),
    ("tungstenite", tungstenite::socket),
    ("fastwebsockets", fastwebsockets::socket),
    ("tokio-websockets", tokio_websockets::socket),
    ("sockudo-ws", sockudo::socket),
];

/// What an opening handshake can be made over.
pub trait Transport: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Transport for S {}

/// Each library's opening handshake, client and server, without extensions.
pub fn handshakes<S: Transport>() -> [(&'static str, Handshake<S>); 5] {
    [
        (OURS, |client, server| wirechat::handshake(client, server).boxed_local()),
        ("tungstenite", |client, server| tungstenite::handshake(client, server).boxed_local()),
        ("fastwebsockets", |client, server| {
            fastwebsockets::handshake(client, server).boxed_local()
        }),
        ("tokio-websockets", |client, server| {
            tokio_websockets::handshake(client, server).boxed_local()
        }),
        ("sockudo-ws", |client, server| sockudo::handshake(client, server).boxed_local()),
    ]
}

/// Runs a future that does not wait.
fn ready<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("everything has arrived")
}
