//! Frames from a peer that may send anything, to both roles.

use std::borrow::Cow;

use wirechat::proto::{
    Assembler, CloseFrame, Closure, Config, Connection, Decoder, Event, Limits, Role, State,
};

use super::pieces::pieces;
use super::receive::{connection, receive};
use super::settings::settings;

/// What came of a conversation in which one side only listens.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What the peer was understood to say.
    pub events: Vec<Event<'static>>,
    /// What was answered.
    pub answers: Vec<u8>,
    /// How it ended, at the latest with the transport.
    pub closure: Closure,
}

/// Settings, then any bytes, cut anywhere: nothing panics, no limit is passed,
/// the cuts change nothing, and every answer is well-formed. Returns the outcome
/// for a server and for a client.
///
/// # Panics
/// If one of these does not hold.
pub fn check(data: &[u8]) -> [Outcome; 2] {
    let (config, rest) = settings(data);
    let (pieces, whole) = pieces(rest);
    [Role::Server, Role::Client].map(|role| {
        let outcome = listen(role, config, &pieces);
        assert_eq!(outcome, listen(role, config, &[whole]), "the cuts made a difference");
        check_limits(&outcome.events, &config.limits);
        check_answers(role, &outcome);
        outcome
    })
}

fn listen(role: Role, config: Config, pieces: &[&[u8]]) -> Outcome {
    let mut connection = connection(role, config);
    let events = receive(&mut connection, pieces);
    let answers = written(&mut connection);
    let failed = connection.closure().is_some_and(|closure| closure.error.is_some());
    assert!(!failed || connection.wants_shutdown(), "a failed connection stays");

    connection.receive_eof();
    assert_eq!(connection.state(), State::Closed);
    let closure = connection.closure().expect("every connection has an end").clone();
    Outcome { events, answers, closure }
}

fn written(connection: &mut Connection) -> Vec<u8> {
    let mut written = Vec::new();
    while !connection.outgoing().is_empty() {
        written.extend_from_slice(connection.outgoing());
        connection.advance(connection.outgoing().len());
    }
    written
}

fn check_limits(events: &[Event<'_>], limits: &Limits) {
    for event in events {
        match event {
            Event::Text(text) => assert!(text.len() <= limits.max_message),
            Event::Binary(bytes) => assert!(bytes.len() <= limits.max_message),
            Event::Ping(payload) | Event::Pong(payload) => assert!(payload.len() <= 125),
            Event::Close(close) => assert!(close.reason.len() <= 123),
        }
    }
}

/// Whole frames, masked as the role demands: Pongs that echo Pings in their
/// order, then one Close if the peer ended the connection.
fn check_answers(role: Role, outcome: &Outcome) {
    let pings: Vec<_> = outcome.events.iter().filter_map(ping).collect();
    let (pongs, close) = answers(role, outcome.answers.clone());
    let mut asked = pings.iter();
    assert!(pongs.iter().all(|pong| asked.any(|ping| *ping == pong)), "nobody asked");
    match close {
        Some(close) => {
            assert_eq!(close.code, outcome.closure.code);
            assert!(outcome.closure.clean || outcome.closure.error.is_some());
        }
        None => {
            assert!(!outcome.closure.clean && outcome.closure.error.is_none());
            // RFC 6455 §5.5.3: of several Pings, at least the most recent is answered.
            assert_eq!(pongs.last(), pings.last().copied());
        }
    }
}

fn ping<'e>(event: &'e Event<'_>) -> Option<&'e Vec<u8>> {
    match event {
        Event::Ping(Cow::Owned(payload)) => Some(payload),
        _ => None,
    }
}

/// The payloads of the Pongs, and the Close that ends them.
fn answers(role: Role, mut bytes: Vec<u8>) -> (Vec<Vec<u8>>, Option<CloseFrame>) {
    let peer = match role {
        Role::Server => Role::Client,
        Role::Client => Role::Server,
    };
    let mut decoder = Decoder::new(peer, &Limits::default());
    let mut assembler = Assembler::new(&Limits::default());
    let mut pongs = Vec::new();
    let mut close = None;
    let mut input = &mut bytes[..];
    while !input.is_empty() {
        assert_eq!(close, None, "something follows the Close");
        let chunk = decoder.decode(&mut input).expect("a legal frame").expect("a whole head");
        assert!(chunk.ends(), "the last frame is not whole");
        match assembler.push(chunk).expect("a legal frame") {
            Some(Event::Pong(payload)) => pongs.push(payload.into_owned()),
            Some(Event::Close(frame)) => close = Some(frame),
            other => panic!("nobody asked for {other:?}"),
        }
    }
    (pongs, close)
}
