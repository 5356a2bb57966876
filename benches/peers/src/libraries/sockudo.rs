//! sockudo-ws: `Protocol` fed by hand as a codec, `WebSocketStream` as a socket.
//!
//! Default features: SIMD instructions picked at run time, masking keys from
//! `fastrand`. Idle and ping timers are off, since three of the others have none.

use std::hint::black_box;
use std::io::Write;

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt};
use sockudo_ws::client::WebSocketClient;
use sockudo_ws::protocol::CompressedProtocol;
use sockudo_ws::protocol::Protocol;
use sockudo_ws::server::WebSocketServer;
use sockudo_ws::{
    Config, DeflateConfig, Http1, Message, RECV_BUFFER_SIZE, Result, WebSocketStream,
};
use wirechat::proto::{Deflate, Role};

use super::{Echo, Endpoint, MAX_MESSAGE, Transport, ready};
use crate::stream::Stream;

/// How much may wait to be written: its stream's high water mark.
const WRITE_BEHIND: usize = 64 << 10;

fn role(role: Role) -> sockudo_ws::Role {
    match role {
        Role::Server => sockudo_ws::Role::Server,
        Role::Client => sockudo_ws::Role::Client,
    }
}

/// Messages whose payload is shared, so that to send one again is no allocation.
fn messages(texts: &[&str]) -> Vec<Message> {
    texts.iter().map(|text| Message::Text(Bytes::copy_from_slice(text.as_bytes()))).collect()
}

pub(super) fn codec(end: Role, stream: Stream) -> Box<dyn Endpoint> {
    Box::new(Codec::new(Protocol::new(role(end), MAX_MESSAGE, MAX_MESSAGE), stream))
}

pub(super) fn compressing(end: Role, stream: Stream) -> Box<dyn Endpoint> {
    // The level is the same as ours already.
    let config =
        DeflateConfig { compression_threshold: Deflate::default().threshold, ..Default::default() };
    let protocol = match end {
        Role::Server => CompressedProtocol::server(MAX_MESSAGE, MAX_MESSAGE, config),
        Role::Client => CompressedProtocol::client(MAX_MESSAGE, MAX_MESSAGE, config),
    };
    Box::new(Codec::new(protocol, stream))
}

/// What its two protocol handlers have in common.
trait Framing {
    fn process_into(&mut self, input: &mut BytesMut, messages: &mut Vec<Message>) -> Result<()>;
    fn encode_message(&mut self, message: &Message, output: &mut BytesMut) -> Result<()>;
}

impl Framing for Protocol {
    fn process_into(&mut self, input: &mut BytesMut, messages: &mut Vec<Message>) -> Result<()> {
        Protocol::process_into(self, input, messages)
    }

    fn encode_message(&mut self, message: &Message, output: &mut BytesMut) -> Result<()> {
        Protocol::encode_message(self, message, output)
    }
}

impl Framing for CompressedProtocol {
    fn process_into(&mut self, input: &mut BytesMut, messages: &mut Vec<Message>) -> Result<()> {
        CompressedProtocol::process_into(self, input, messages)
    }

    fn encode_message(&mut self, message: &Message, output: &mut BytesMut) -> Result<()> {
        CompressedProtocol::encode_message(self, message, output)
    }
}

struct Codec<P> {
    protocol: P,
    stream: Stream,
    input: BytesMut,
    messages: Vec<Message>,
    output: BytesMut,
}

impl<P: Framing> Codec<P> {
    fn new(protocol: P, stream: Stream) -> Codec<P> {
        let (input, output) = (BytesMut::new(), BytesMut::new());
        Codec { protocol, stream, input, messages: Vec::new(), output }
    }

    fn write(&mut self) {
        self.stream.write_all(&self.output).unwrap();
        self.output.clear();
    }
}

impl<P: Framing> Endpoint for Codec<P> {
    fn send(&mut self, texts: &[&str], count: usize) {
        for message in messages(texts).iter().cycle().take(count) {
            self.protocol.encode_message(message, &mut self.output).unwrap();
            if self.output.len() >= WRITE_BEHIND {
                self.write();
            }
        }
        self.write();
    }

    fn receive(&mut self, count: usize) -> usize {
        let (mut received, mut bytes) = (0, 0);
        while received < count {
            // The messages are gone by then, so the buffer can be used again.
            if self.input.is_empty() || self.input.capacity() - self.input.len() < 4096 {
                self.input.reserve(RECV_BUFFER_SIZE);
            }
            self.stream.read_to(&mut self.input);
            self.protocol.process_into(&mut self.input, &mut self.messages).unwrap();
            received += self.messages.len();
            bytes += black_box(&self.messages).iter().map(|it| it.as_bytes().len()).sum::<usize>();
            self.messages.clear();
        }
        bytes
    }
}

pub(super) fn socket(end: Role, stream: Stream) -> Box<dyn Echo> {
    let config = Config::builder()
        .max_frame_size(MAX_MESSAGE)
        .max_message_size(MAX_MESSAGE)
        .idle_timeout(0)
        .auto_ping(false)
        .build();
    Box::new(Socket(WebSocketStream::from_raw(stream, role(end), config)))
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
                let message = self.0.next().await.unwrap().unwrap();
                bytes += black_box(&message).as_bytes().len();
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
    let connecting = WebSocketClient::<Http1>::new(Config::default());
    let accepting = WebSocketServer::<Http1>::new(Config::default());
    let (connected, accepted) = tokio::join!(
        connecting.connect_raw(client, "localhost", "/", None),
        accepting.accept_raw(server)
    );
    black_box((connected.unwrap(), accepted.unwrap()));
}
