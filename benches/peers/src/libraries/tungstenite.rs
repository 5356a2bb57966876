//! tungstenite: its blocking `WebSocket` as a codec (which leaves out what
//! tokio-tungstenite adds to wake tasks), tokio-tungstenite as a socket.
//!
//! `write` (`feed`) with one `flush`, into its own buffer of 128 KiB, as its
//! documentation recommends. The buffer for reading is 4 KiB in place of 128 KiB: all
//! that is free of it is cleared before each read, which with the default is most of
//! the work when messages arrive one at a time, and no loss otherwise.

use std::hint::black_box;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::{WebSocketStream, accept_async_with_config, client_async_with_config};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Message, Utf8Bytes, WebSocket};
use wirechat::proto::Role;

use super::{Echo, Endpoint, MAX_MESSAGE, Transport, ready};
use crate::stream::Stream;

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(4 << 10)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE))
}

fn role(role: Role) -> tungstenite::protocol::Role {
    match role {
        Role::Server => tungstenite::protocol::Role::Server,
        Role::Client => tungstenite::protocol::Role::Client,
    }
}

/// Messages whose payload is shared, so that to send one again is no allocation.
fn messages(texts: &[&str]) -> Vec<Message> {
    texts.iter().map(|text| Message::Text(Utf8Bytes::from(*text))).collect()
}

pub(super) fn codec(end: Role, stream: Stream) -> Box<dyn Endpoint> {
    Box::new(Codec(WebSocket::from_raw_socket(stream, role(end), Some(config()))))
}

struct Codec(WebSocket<Stream>);

impl Endpoint for Codec {
    fn send(&mut self, texts: &[&str], count: usize) {
        for message in messages(texts).iter().cycle().take(count) {
            self.0.write(message.clone()).unwrap();
        }
        self.0.flush().unwrap();
    }

    fn receive(&mut self, count: usize) -> usize {
        (0..count).map(|_| black_box(self.0.read().unwrap()).len()).sum()
    }
}

pub(super) fn socket(end: Role, stream: Stream) -> Box<dyn Echo> {
    Box::new(Socket(ready(WebSocketStream::from_raw_socket(stream, role(end), Some(config())))))
}

struct Socket(WebSocketStream<Stream>);

impl Endpoint for Socket {
    fn send(&mut self, texts: &[&str], count: usize) {
        ready(async {
            for message in messages(texts).iter().cycle().take(count) {
                self.0.feed(message.clone()).await.unwrap();
            }
            self.0.flush().await.unwrap();
        });
    }

    fn receive(&mut self, count: usize) -> usize {
        ready(async {
            let mut bytes = 0;
            for _ in 0..count {
                bytes += black_box(self.0.next().await.unwrap().unwrap()).len();
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
    let (connected, accepted) = tokio::join!(
        client_async_with_config("ws://localhost/", client, Some(config())),
        accept_async_with_config(server, Some(config()))
    );
    black_box((connected.unwrap(), accepted.unwrap()));
}
