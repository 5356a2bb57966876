//! Bytes that a connection receives.

use std::borrow::Cow;
use std::time::Instant;

use wirechat::proto::{Config, Connection, Event, Role};

/// One end. A client's key masks nothing, so that what it sends can be read.
pub(super) fn connection(role: Role, config: Config) -> Connection {
    let now = Instant::now();
    match role {
        Role::Server => Connection::server(config, now),
        Role::Client => Connection::client(config, now, Box::new(|| [0; 4])),
    }
}

/// All events in these pieces.
///
/// # Panics
/// If it leaves bytes behind.
pub(super) fn receive(connection: &mut Connection, pieces: &[&[u8]]) -> Vec<Event<'static>> {
    let now = Instant::now();
    let mut events = Vec::new();
    for piece in pieces {
        let mut piece = piece.to_vec();
        let mut input = &mut piece[..];
        while let Some(event) = connection.receive(now, &mut input) {
            events.push(owned(event));
        }
        assert!(input.is_empty(), "bytes were left behind");
    }
    events
}

fn owned(event: Event<'_>) -> Event<'static> {
    match event {
        Event::Text(text) => Event::Text(Cow::Owned(text.into_owned())),
        Event::Binary(bytes) => Event::Binary(Cow::Owned(bytes.into_owned())),
        Event::Ping(payload) => Event::Ping(Cow::Owned(payload.into_owned())),
        Event::Pong(payload) => Event::Pong(Cow::Owned(payload.into_owned())),
        Event::Close(close) => Event::Close(close),
    }
}
