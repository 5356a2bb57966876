//! tokio-websockets: one level. It picks its SIMD instructions at run time; masking
//! keys come from `fastrand`, the quickest of the generators that it offers.

use std::hint::black_box;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio_websockets::{ClientBuilder, Limits, Message, ServerBuilder, WebSocketStream};
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
    let limits = Limits::default().max_payload_len(Some(MAX_MESSAGE));
    Socket(match role {
        Role::Server => ServerBuilder::new().limits(limits).serve(stream),
        Role::Client => ClientBuilder::new().limits(limits).take_over(stream),
    })
}

struct Socket(WebSocketStream<Stream>);

impl Endpoint for Socket {
    fn send(&mut self, texts: &[&str], count: usize) {
        // Shared, so that to send one again is no allocation (for a server).
        let payloads: Vec<_> =
            texts.iter().map(|text| Bytes::copy_from_slice(text.as_bytes())).collect();
        let messages: Vec<_> = payloads.into_iter().map(Message::text).collect();
        ready(async {
            for message in messages.iter().cycle().take(count) {
                self.0.feed(message.clone()).await.unwrap();
            }
            self.0.flush().await.unwrap();
        });
    }

    fn receive(&mut self, count: usize) -> usize {
        ready(async {
            let mut bytes = 0;
            for _ in 0..count {
                let message = self.0.next().await.unwrap().unwrap();
                bytes += black_box(&message).as_payload().len();
            }
            bytes
        })
    }
}

impl Echo for Socket {
    fn echo(&mut self, count: usize) {
        ready(async {
            for _ in 0..count {
                let message = self.0.next().await.unwrap().unwrap();
                self.0.feed(message).await.unwrap();
            }
            self.0.flush().await.unwrap();
        });
    }
}

pub(super) async fn handshake<S: Transport>(client: S, server: S) {
    let (connecting, accepting) =
        (ClientBuilder::from_uri("ws://localhost/".parse().unwrap()), ServerBuilder::new());
    let (connected, accepted) =
        tokio::join!(connecting.connect_on(client), accepting.accept(server));
    black_box((connected.unwrap(), accepted.unwrap()));
}
