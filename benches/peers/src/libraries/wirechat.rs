//! wirechat: `proto::Connection` fed by hand as a codec, `net::WebSocket` as a socket.
//!
//! Keep-alive is off, since three of the peers have none.

use std::hint::black_box;
use std::io::{Read, Write};
use std::time::Instant;

use wirechat::net::{ConnectOptions, WebSocket, accept, connect_over};
use wirechat::proto::{Config, Connection, Deflate, Event, Limits, Role};

use super::{Echo, Endpoint, MAX_MESSAGE, Transport, ready};
use crate::stream::Stream;

/// What is read at a time: as `WebSocket` has it.
const BUFFER: usize = 256 << 10;

/// Where the buffer begins: as `WebSocket` has it.
const PAGE: usize = 4 << 10;

/// How much may wait to be written: as `WebSocket` has it.
const WRITE_BEHIND: usize = 64 << 10;

fn config() -> Config {
    let limits =
        Limits { max_frame: MAX_MESSAGE as u64, max_message: MAX_MESSAGE, ..Limits::default() };
    Config { limits, keepalive: None, ..Config::default() }
}

pub(super) fn codec(role: Role, stream: Stream) -> Box<dyn Endpoint> {
    Box::new(Codec::new(role, stream, config()))
}

pub(super) fn compressing(role: Role, stream: Stream) -> Box<dyn Endpoint> {
    let config = Config { deflate: Some(Deflate::default()), ..config() };
    Box::new(Codec::new(role, stream, config))
}

struct Codec {
    connection: Connection,
    stream: Stream,
    buffer: Box<[u8]>,
}

impl Codec {
    fn new(role: Role, stream: Stream, config: Config) -> Codec {
        let now = Instant::now();
        let connection = match role {
            Role::Server => Connection::server(config, now),
            // As quick a source of keys as the peers are given, where they take one.
            Role::Client => {
                Connection::client(config, now, Box::new(|| fastrand::u32(..).to_ne_bytes()))
            }
        };
        Codec { connection, stream, buffer: vec![0; PAGE + BUFFER].into() }
    }

    fn write(&mut self) {
        let written = self.stream.write(self.connection.outgoing()).unwrap();
        self.connection.advance(written);
    }
}

impl Endpoint for Codec {
    fn send(&mut self, texts: &[&str], count: usize) {
        for text in texts.iter().cycle().take(count) {
            self.connection.send_text(text).unwrap();
            if self.connection.outgoing().len() >= WRITE_BEHIND {
                self.write();
            }
        }
        self.write();
    }

    fn receive(&mut self, count: usize) -> usize {
        let (mut messages, mut bytes) = (0, 0);
        // One look at the clock a turn, as an event loop does it.
        let now = Instant::now();
        let start = self.buffer.as_ptr().align_offset(PAGE);
        let buffer = &mut self.buffer[start..start + BUFFER];
        while messages < count {
            let arrived = self.stream.read(buffer).unwrap();
            let mut input = &mut buffer[..arrived];
            while let Some(event) = self.connection.receive(now, &mut input) {
                bytes += match black_box(&event) {
                    Event::Text(text) => text.len(),
                    Event::Binary(data) => data.len(),
                    other => panic!("{other:?}"),
                };
                messages += 1;
            }
        }
        bytes
    }
}

pub(super) fn socket(role: Role, stream: Stream) -> Box<dyn Echo> {
    Box::new(Socket(match role {
        Role::Server => WebSocket::server(stream, Vec::new(), config()),
        Role::Client => WebSocket::client(stream, Vec::new(), config()),
    }))
}

struct Socket(WebSocket<Stream>);

impl Endpoint for Socket {
    fn send(&mut self, texts: &[&str], count: usize) {
        ready(async {
            for text in texts.iter().cycle().take(count) {
                self.0.feed(*text).await.unwrap();
            }
            self.0.flush().await.unwrap();
        });
    }

    fn receive(&mut self, count: usize) -> usize {
        ready(async {
            let mut bytes = 0;
            for _ in 0..count {
                let message = self.0.recv().await.unwrap().unwrap();
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
                let message = self.0.recv().await.unwrap().unwrap();
                self.0.feed(message).await.unwrap();
            }
            self.0.flush().await.unwrap();
        });
    }
}

pub(super) async fn handshake<S: Transport>(client: S, server: S) {
    let uri = "ws://localhost/".parse().unwrap();
    let options = ConnectOptions::default();
    let (connected, accepted) = tokio::join!(connect_over(client, &uri, &options), accept(server));
    black_box((connected.unwrap(), accepted.unwrap()));
}
