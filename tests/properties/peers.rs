//! Other implementations, fed with bytes in memory: tungstenite and tokio-websockets.

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_websockets as tw;
use tungstenite::protocol as tu;
use wirechat::proto::{Config, Event, Limits, Opcode, ProtocolError, Role};

use crate::listener::{endpoint, receive};
use crate::wire::Frame;

/// A message or a control frame: its opcode and its payload.
pub(crate) type Seen = (Opcode, Vec<u8>);

/// What an endpoint makes of a stream, up to a Close or to what it refuses.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict<E> {
    pub(crate) seen: Vec<Seen>,
    pub(crate) refused: Option<E>,
}

/// A transport whose other end has said all that it will say, but has not gone.
pub(crate) struct Memory {
    input: io::Cursor<Vec<u8>>,
    output: Vec<u8>,
}

impl Memory {
    fn new(input: &[u8]) -> Memory {
        Memory { input: io::Cursor::new(input.to_vec()), output: Vec::new() }
    }
}

impl Read for Memory {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.input.read(buf)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            len => Ok(len),
        }
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Memory {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.read(buf.initialize_unfilled()) {
            Ok(len) => {
                buf.advance(len);
                Poll::Ready(Ok(()))
            }
            Err(_) => Poll::Pending,
        }
    }
}

impl AsyncWrite for Memory {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.write(bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// What this crate makes of these pieces.
pub(crate) fn wirechat<'a>(
    role: Role,
    limit: usize,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Verdict<ProtocolError> {
    let limits = Limits {
        max_frame: limit as u64,
        max_message: limit,
        max_fragments: u32::MAX, // the others do not count them
        ..Limits::default()
    };
    let now = Instant::now();
    let mut connection = endpoint(role, Config { limits, ..Config::default() }, now);
    let events = pieces.into_iter().flat_map(|piece| receive(&mut connection, now, piece));
    let seen = events.map(seen).collect();
    Verdict { seen, refused: connection.closure().and_then(|closure| closure.error) }
}

pub(crate) fn seen(event: Event<'_>) -> Seen {
    match event {
        Event::Text(text) => (Opcode::Text, text.as_bytes().to_vec()),
        Event::Binary(bytes) => (Opcode::Binary, bytes.into_owned()),
        Event::Ping(payload) => (Opcode::Ping, payload.into_owned()),
        Event::Pong(payload) => (Opcode::Pong, payload.into_owned()),
        Event::Close(close) => (Opcode::Close, close.payload()),
    }
}

/// What tungstenite makes of these bytes.
pub(crate) fn tungstenite(role: Role, limit: usize, bytes: &[u8]) -> Verdict<tungstenite::Error> {
    let config =
        tu::WebSocketConfig::default().max_message_size(Some(limit)).max_frame_size(Some(limit));
    let mut socket = tungstenite_socket(role, Memory::new(bytes), Some(config));
    let mut seen: Vec<Seen> = Vec::new();
    let refused = loop {
        match socket.read() {
            Ok(message) => seen.push(seen_by_tungstenite(message)),
            Err(tungstenite::Error::Io(error)) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                break None;
            }
            Err(error) => break Some(error),
        }
        if seen.last().is_some_and(|(opcode, _)| *opcode == Opcode::Close) {
            break None;
        }
    };
    Verdict { seen, refused }
}

fn tungstenite_socket(
    role: Role,
    transport: Memory,
    config: Option<tu::WebSocketConfig>,
) -> tu::WebSocket<Memory> {
    let role = match role {
        Role::Server => tu::Role::Server,
        Role::Client => tu::Role::Client,
    };
    tu::WebSocket::from_raw_socket(transport, role, config)
}

fn seen_by_tungstenite(message: tungstenite::Message) -> Seen {
    match message {
        tungstenite::Message::Text(text) => (Opcode::Text, text.as_bytes().to_vec()),
        tungstenite::Message::Binary(bytes) => (Opcode::Binary, bytes.to_vec()),
        tungstenite::Message::Ping(payload) => (Opcode::Ping, payload.to_vec()),
        tungstenite::Message::Pong(payload) => (Opcode::Pong, payload.to_vec()),
        tungstenite::Message::Close(None) => (Opcode::Close, Vec::new()),
        tungstenite::Message::Close(Some(close)) => {
            let code = u16::from(close.code).to_be_bytes();
            (Opcode::Close, [&code, close.reason.as_bytes()].concat())
        }
        tungstenite::Message::Frame(_) => panic!("a raw frame is never received"),
    }
}

/// These frames as tungstenite writes them.
pub(crate) fn written_by_tungstenite(role: Role, frames: &[Frame]) -> Vec<u8> {
    use tu::frame::coding::{Control, Data, OpCode};
    let mut socket = tungstenite_socket(role, Memory::new(b""), None);
    for frame in frames {
        let opcode = match frame.opcode() {
            Opcode::Continuation => OpCode::Data(Data::Continue),
            Opcode::Text => OpCode::Data(Data::Text),
            Opcode::Binary => OpCode::Data(Data::Binary),
            Opcode::Close => OpCode::Control(Control::Close),
            Opcode::Ping => OpCode::Control(Control::Ping),
            Opcode::Pong => OpCode::Control(Control::Pong),
        };
        let header = tu::frame::FrameHeader { is_final: frame.fin(), opcode, ..Default::default() };
        let frame = tu::frame::Frame::from_payload(header, frame.payload.clone().into());
        socket.send(tungstenite::Message::Frame(frame)).expect("a transport that takes all");
    }
    std::mem::take(&mut socket.get_mut().output)
}

/// What tokio-websockets makes of these bytes.
pub(crate) fn tokio_websockets(role: Role, limit: usize, bytes: &[u8]) -> Verdict<tw::Error> {
    let mut socket =
        tokio_websockets_socket(role, Memory::new(bytes), limit, tw::Config::default());
    let mut seen: Vec<Seen> = Vec::new();
    let refused = loop {
        match socket.next().now_or_never() {
            None | Some(None) => break None,
            Some(Some(Ok(message))) => seen.push(seen_by_tokio_websockets(&message)),
            Some(Some(Err(error))) => break Some(error),
        }
    };
    Verdict { seen, refused }
}

fn tokio_websockets_socket(
    role: Role,
    transport: Memory,
    limit: usize,
    config: tw::Config,
) -> tw::WebSocketStream<Memory> {
    let limits = tw::Limits::default().max_payload_len(Some(limit));
    match role {
        Role::Server => tw::ServerBuilder::new().limits(limits).config(config).serve(transport),
        Role::Client => tw::ClientBuilder::new().limits(limits).config(config).take_over(transport),
    }
}

fn seen_by_tokio_websockets(message: &tw::Message) -> Seen {
    let opcode = match () {
        () if message.is_text() => Opcode::Text,
        () if message.is_binary() => Opcode::Binary,
        () if message.is_ping() => Opcode::Ping,
        () if message.is_pong() => Opcode::Pong,
        () => Opcode::Close,
    };
    (opcode, message.as_payload().to_vec())
}

/// These messages as tokio-websockets writes them, in frames of at most so many bytes.
pub(crate) fn written_by_tokio_websockets(
    role: Role,
    messages: &[Seen],
    frame_size: usize,
) -> Vec<u8> {
    let config = tw::Config::default().frame_size(frame_size);
    let mut socket = tokio_websockets_socket(role, Memory::new(b""), usize::MAX, config);
    for (opcode, payload) in messages.iter().cloned() {
        let message = match opcode {
            Opcode::Text => tw::Message::text(String::from_utf8(payload).expect("a text")),
            Opcode::Binary => tw::Message::binary(payload),
            Opcode::Ping => tw::Message::ping(payload),
            Opcode::Pong => tw::Message::pong(payload),
            Opcode::Close | Opcode::Continuation => panic!("{opcode:?} is not for here"),
        };
        let sent = socket.send(message).now_or_never().expect("a transport that never waits");
        sent.expect("a transport that takes all");
    }
    std::mem::take(&mut socket.get_mut().output)
}
