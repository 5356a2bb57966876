//! fastwebsockets: one level, with its default features (`simd`, which checks UTF-8
//! with simdutf8) and settings (writev for long payloads).
//!
//! Received through `FragmentCollector`, since the others put fragments together
//! too. It writes each frame at once and has no buffer to flush; in memory, where a
//! write is a copy, that is the quickest way, and a buffer in between would only
//! copy once more.

use std::convert::Infallible;
use std::future::Future;
use std::hint::black_box;

use bytes::Bytes;
use fastwebsockets::handshake::{client, generate_key};
use fastwebsockets::upgrade::upgrade;
use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, WebSocket};
use http_body_util::Empty;
use hyper::Request;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use wirechat::proto::Role;

use super::{Echo, Endpoint, MAX_MESSAGE, Transport, ready};
use crate::stream::Stream;

pub(super) fn codec(role: Role, stream: Stream) -> Box<dyn Endpoint> {
    Box::new(open(role, stream))
}

pub(super) fn socket(role: Role, stream: Stream) -> Box<dyn Echo> {
    Box::new(open(role, stream))
}

fn open(role: Role, stream: Stream) -> Socket {
    let mut socket = WebSocket::after_handshake(
        stream,
        match role {
            Role::Server => fastwebsockets::Role::Server,
            Role::Client => fastwebsockets::Role::Client,
        },
    );
    // A message of this length is refused already.
    socket.set_max_message_size(MAX_MESSAGE + 1);
    Socket { role, socket: FragmentCollector::new(socket), masked: Vec::new() }
}

struct Socket {
    role: Role,
    socket: FragmentCollector<Stream>,
    /// What a client sends, which is masked where it is: with a buffer of our own
    /// it does not have to allocate one for each frame.
    masked: Vec<u8>,
}

impl Endpoint for Socket {
    fn send(&mut self, texts: &[&str], count: usize) {
        ready(async {
            for text in texts.iter().cycle().take(count) {
                let payload = match self.role {
                    Role::Server => Payload::Borrowed(text.as_bytes()),
                    Role::Client => {
                        self.masked.clear();
                        self.masked.extend_from_slice(text.as_bytes());
                        Payload::BorrowedMut(&mut self.masked)
                    }
                };
                self.socket.write_frame(Frame::text(payload)).await.unwrap();
            }
        });
    }

    fn receive(&mut self, count: usize) -> usize {
        ready(async {
            let mut bytes = 0;
            for _ in 0..count {
                let frame = black_box(self.socket.read_frame().await.unwrap());
                assert!(matches!(frame.opcode, OpCode::Text | OpCode::Binary));
                bytes += frame.payload.len();
            }
            bytes
        })
    }
}

impl Echo for Socket {
    fn echo(&mut self, count: usize) {
        ready(async {
            for _ in 0..count {
                let frame = self.socket.read_frame().await.unwrap();
                self.socket.write_frame(frame).await.unwrap();
            }
        });
    }
}

/// As its documentation shows it, over hyper.
pub(super) async fn handshake<S: Transport>(near: S, far: S) {
    let (open, opened) = tokio::sync::oneshot::channel();
    let open = std::sync::Mutex::new(Some(open));
    let service = service_fn(move |mut request| {
        let (response, upgraded) = upgrade(&mut request).unwrap();
        let open = open.lock().unwrap().take().unwrap();
        tokio::spawn(async move { open.send(upgraded.await.unwrap()).ok().unwrap() });
        async { Ok::<_, Infallible>(response) }
    });
    let serving = http1::Builder::new().serve_connection(TokioIo::new(far), service);
    tokio::spawn(serving.with_upgrades());

    let request = Request::get("ws://localhost/")
        .header("Host", "localhost")
        .header("Upgrade", "websocket")
        .header("Connection", "upgrade")
        .header("Sec-WebSocket-Key", generate_key())
        .header("Sec-WebSocket-Version", "13")
        .body(Empty::<Bytes>::new())
        .unwrap();
    let (connected, _) = client(&Spawner, request, near).await.unwrap();
    black_box((connected.into_inner(), opened.await.unwrap().into_inner()));
}

struct Spawner;

impl<F: Future<Output: Send> + Send + 'static> hyper::rt::Executor<F> for Spawner {
    fn execute(&self, future: F) {
        tokio::spawn(future);
    }
}
