//! An endpoint that listens to bytes in pieces and writes nothing of its own.

use std::borrow::Cow;
use std::time::Instant;

use wirechat::proto::{Closure, Config, Connection, Event, Role, State};

/// All that can be told of an endpoint that has listened.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) events: Vec<Event<'static>>,
    /// What it wants to write in answer.
    pub(crate) answers: Vec<u8>,
    pub(crate) state: State,
    /// Whether it ends the transport when the answers are written.
    pub(crate) wants_shutdown: bool,
    /// How the connection has ended so far.
    pub(crate) closure: Option<Closure>,
    /// How it has ended when the transport ends too.
    pub(crate) last_closure: Option<Closure>,
}

pub(crate) fn endpoint(role: Role, config: Config, now: Instant) -> Connection {
    match role {
        Role::Server => Connection::server(config, now),
        Role::Client => {
            let mut count = 0u32;
            let keys = move || {
                count += 1;
                count.wrapping_mul(0x9E37_79B9).to_be_bytes()
            };
            Connection::client(config, now, Box::new(keys))
        }
    }
}

/// What comes of these pieces, one after the other.
pub(crate) fn listen<'a>(
    role: Role,
    config: Config,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Outcome {
    let now = Instant::now();
    let mut connection = endpoint(role, config, now);
    let mut events = Vec::new();
    for piece in pieces {
        events.extend(receive(&mut connection, now, piece));
    }
    let (state, closure) = (connection.state(), connection.closure().cloned());
    let answers = take_outgoing(&mut connection);
    let wants_shutdown = connection.wants_shutdown();
    connection.receive_eof();
    assert_eq!(connection.state(), State::Closed);
    let last_closure = connection.closure().cloned();
    Outcome { events, answers, state, wants_shutdown, closure, last_closure }
}

/// The events of this piece, all of which is taken.
pub(crate) fn receive(
    connection: &mut Connection,
    now: Instant,
    piece: &[u8],
) -> Vec<Event<'static>> {
    let mut piece = piece.to_vec();
    let mut input = &mut piece[..];
    let mut events = Vec::new();
    while let Some(event) = connection.receive(now, &mut input) {
        events.push(owned(event));
    }
    assert!(input.is_empty(), "bytes were left behind");
    events
}

/// Everything that is to be written, as if it was.
pub(crate) fn take_outgoing(connection: &mut Connection) -> Vec<u8> {
    let mut taken = Vec::new();
    // Taking the last byte may queue a Pong that found no room before.
    while !connection.outgoing().is_empty() {
        taken.extend_from_slice(connection.outgoing());
        connection.advance(connection.outgoing().len());
    }
    taken
}

pub(crate) fn owned(event: Event<'_>) -> Event<'static> {
    match event {
        Event::Text(text) => Event::Text(Cow::Owned(text.into_owned())),
        Event::Binary(bytes) => Event::Binary(Cow::Owned(bytes.into_owned())),
        Event::Ping(payload) => Event::Ping(Cow::Owned(payload.into_owned())),
        Event::Pong(payload) => Event::Pong(Cow::Owned(payload.into_owned())),
        Event::Close(close) => Event::Close(close),
    }
}
