//! Each test reads as a transcript: what the peer sends, what it gets.

#[cfg(feature = "deflate")]
mod compressed;

use std::borrow::Cow;

use bytes::BytesMut;

use super::*;
use crate::proto::{Limits, MaskingKey, encode_frame};

mod rules;

const KEY: MaskingKey = [0x37, 0xfa, 0x21, 0x3d];

/// A connection and the clock it is told about.
struct Script {
    connection: Connection,
    now: Instant,
}

impl Script {
    fn server() -> Script {
        Script::server_with(Config::default())
    }

    fn server_with(config: Config) -> Script {
        let now = Instant::now();
        Script { connection: Connection::server(config, now), now }
    }

    fn client() -> Script {
        Script::client_with(Config::default())
    }

    fn client_with(config: Config) -> Script {
        let now = Instant::now();
        Script { connection: Connection::client(config, now, Box::new(|| KEY)), now }
    }

    /// The peer sends this frame; the events it gives.
    fn peer_sends(&mut self, opcode: Opcode, payload: &[u8]) -> Vec<String> {
        let mut wire = BytesMut::new();
        let key = (self.connection.role == Role::Server).then_some(KEY);
        encode_frame(&mut wire, true, opcode, key, payload);
        self.peer_sends_bytes(&wire)
    }

    fn peer_sends_bytes(&mut self, wire: &[u8]) -> Vec<String> {
        let mut wire = wire.to_vec();
        let mut input = &mut wire[..];
        let mut events = Vec::new();
        while let Some(event) = self.connection.receive(self.now, &mut input) {
            events.push(describe(&event));
        }
        assert!(input.is_empty(), "all input is taken");
        events
    }

    /// Everything queued, unmasked and described, as if the transport took it all.
    fn peer_gets(&mut self) -> Vec<String> {
        let mut frames = Vec::new();
        while !self.connection.outgoing().is_empty() {
            let mut wire = self.connection.outgoing().to_vec();
            self.connection.advance(wire.len());
            frames.extend(frames_in(&mut wire, self.connection.role == Role::Client));
        }
        frames
    }

    fn after(&mut self, time: Duration) -> &mut Script {
        self.now += time;
        self.connection.handle_timeout(self.now);
        self
    }

    fn closure(&self) -> &Closure {
        self.connection.closure().expect("the connection has ended")
    }
}

fn frames_in(mut wire: &mut [u8], from_client: bool) -> Vec<String> {
    let role = if from_client { Role::Server } else { Role::Client };
    let mut decoder = Decoder::new(role, &Limits::default());
    let mut assembler = Assembler::new(&Limits::default());
    let mut frames = Vec::new();
    while let Some(chunk) = decoder.decode(&mut wire).unwrap() {
        frames.extend(assembler.push(chunk).unwrap().as_ref().map(describe));
    }
    frames
}

fn describe(event: &Event<'_>) -> String {
    let bytes = |payload: &Cow<'_, [u8]>| String::from_utf8_lossy(payload).into_owned();
    match event {
        Event::Text(text) => format!("text {text}"),
        Event::Binary(payload) => format!("binary {}", bytes(payload)),
        Event::Ping(payload) => format!("ping {}", bytes(payload)),
        Event::Pong(payload) => format!("pong {}", bytes(payload)),
        Event::Close(CloseFrame { code: None, .. }) => "close".to_owned(),
        Event::Close(CloseFrame { code: Some(code), reason }) => format!("close {code} {reason}"),
    }
}

const NOTHING: [&str; 0] = [];

// Proves 6455-5.1-1, 6455-5.1-4, 6455-5.1-7, 6455-5.2-2, 6455-5.4-2, 6455-6.1-1, 6455-6.1-5,
// Proves 6455-6.1-6, 6455-6.1-7, 6455-9.1-6.
#[test]
fn section_6_1_messages_go_out_in_order_masked_only_by_a_client() {
    for mut end in [Script::server(), Script::client()] {
        end.connection.send_text("one").unwrap();
        end.connection.send_binary(b"two").unwrap();
        end.connection.send_ping(b"three").unwrap();
        assert_eq!(end.peer_gets(), ["text one", "binary two", "ping three"]);
    }
}

// Proves 6455-5.5.2-1, 6455-5.5.2-2, 6455-5.5.3-1.
#[test]
fn section_5_5_3_a_ping_is_answered_with_its_own_payload() {
    let mut server = Script::server();
    assert_eq!(server.peer_sends(Opcode::Ping, b"Hello"), ["ping Hello"]);
    assert_eq!(server.peer_gets(), ["pong Hello"]);
    for len in 0..=MAX_CONTROL_PAYLOAD {
        let payload = vec![b'x'; len];
        server.peer_sends(Opcode::Ping, &payload);
        assert_eq!(server.peer_gets(), [format!("pong {}", "x".repeat(len))]);
    }
}

// Proves 6455-5.5.3-3.
#[test]
fn section_5_5_3_an_unsolicited_pong_is_not_answered() {
    let mut server = Script::server();
    assert_eq!(server.peer_sends(Opcode::Pong, b"hi"), ["pong hi"]);
    assert_eq!(server.peer_gets(), NOTHING);
}

// Proves 6455-5.5.3-2.
#[test]
fn section_5_5_3_of_pings_beyond_the_queue_only_the_newest_is_answered() {
    let mut server = Script::server();
    for i in 0..1000 {
        server.peer_sends(Opcode::Ping, i.to_string().as_bytes());
    }
    assert!(server.connection.outgoing().len() < 17 * 127);
    let pongs = server.peer_gets();
    assert_eq!(pongs.len(), 17);
    assert_eq!(pongs[15], "pong 15");
    assert_eq!(pongs[16], "pong 999");
}

// Proves 6455-5.5.2-2.
#[test]
fn section_5_5_3_a_ping_is_answered_even_if_no_answer_may_wait() {
    let limits = Limits { max_queued_pongs: 0, ..Limits::default() };
    let mut server = Script::server_with(Config { limits, ..Config::default() });
    for payload in [b"1", b"2", b"3"] {
        server.peer_sends(Opcode::Ping, payload);
    }
    assert_eq!(server.peer_gets(), ["pong 1", "pong 3"]);
}

// Proves 6455-5.5-1, 6455-5.5.2-1.
#[test]
fn section_5_5_2_a_ping_takes_at_most_125_bytes() {
    let mut server = Script::server();
    assert_eq!(server.connection.send_ping(&[0; 126]), Err(SendError::LongControl));
    assert_eq!(server.connection.send_ping(&[0; 125]), Ok(()));
}

// Proves 6455-5.5.1-1, 6455-5.5.1-2, 6455-5.5.1-6.
#[test]
fn section_5_5_1_a_close_is_answered_with_the_same_code() {
    let mut server = Script::server();
    assert_eq!(server.peer_sends(Opcode::Close, b"\x03\xe8bye"), ["close 1000 bye"]);
    assert_eq!(server.connection.state(), State::Closing);
    assert_eq!(server.peer_gets(), ["close 1000 "]);
    let closure = server.closure();
    assert_eq!((closure.code, closure.reason.as_str()), (Some(CloseCode::NORMAL), "bye"));
    assert_eq!((closure.initiator, closure.clean), (Initiator::Peer, true));
}

// Proves 6455-5.5.1-1, 6455-5.5.1-6, 6455-7.4-1.
#[test]
fn section_5_5_1_an_empty_close_is_answered_with_an_empty_close() {
    let mut client = Script::client();
    assert_eq!(client.peer_sends(Opcode::Close, b""), ["close"]);
    assert_eq!(client.peer_gets(), ["close"]);
    assert_eq!((client.closure().code, client.closure().clean), (None, true));
}

// Proves 6455-5.5.1-3, 6455-5.5.1-5, 6455-6.1-2, 6455-7.1.2-1, 6455-7.4-1.
#[test]
fn section_5_5_1_no_data_follows_a_close() {
    let mut server = Script::server();
    let now = server.now;
    server.connection.close(now, CloseCode::GOING_AWAY, "restart");
    assert_eq!(server.connection.send_text("late"), Err(SendError::Closing));
    server.connection.close(now, CloseCode::NORMAL, "again");
    assert_eq!(server.peer_gets(), ["close 1001 restart"]);
}

// Proves 6455-5.5.1-6, 6455-5.5.1-9, 6455-7.1.2-2.
#[test]
fn section_5_5_1_what_the_peer_sent_before_its_close_is_received_after_ours() {
    let mut server = Script::server();
    let now = server.now;
    server.connection.close(now, CloseCode::NORMAL, "");
    assert_eq!(server.peer_sends(Opcode::Text, b"late"), ["text late"]);
    assert_eq!(server.peer_sends(Opcode::Close, b"\x03\xe8"), ["close 1000 "]);
    assert_eq!(server.peer_gets(), ["close 1000 "], "one Close each, no answer to an answer");
    assert_eq!((server.closure().initiator, server.closure().clean), (Initiator::Local, true));
}

// Proves 6455-5.5.2-2.
#[test]
fn section_5_5_1_nothing_is_processed_after_the_peer_s_close() {
    let mut server = Script::server();
    server.peer_sends(Opcode::Close, b"\x03\xe8");
    assert_eq!(server.peer_sends(Opcode::Ping, b"late"), NOTHING);
    assert_eq!(server.peer_gets(), ["close 1000 "]);
}

// Proves 6455-5.5.1-9, 6455-5.5.1-10, 6455-5.5.1-11, 6455-7.1.1-3, 6455-7.1.1-5, 6455-7.1.1-6.
#[test]
fn section_7_1_1_the_server_ends_the_transport_and_the_client_waits_for_it() {
    let mut server = Script::server();
    server.peer_sends(Opcode::Close, b"\x03\xe8");
    assert!(!server.connection.wants_shutdown(), "not before the answer is written");
    server.peer_gets();
    assert!(server.connection.wants_shutdown());

    let mut client = Script::client();
    client.peer_sends(Opcode::Close, b"\x03\xe8");
    client.peer_gets();
    assert!(!client.connection.wants_shutdown());
    client.connection.receive_eof();
    assert_eq!(client.connection.state(), State::Closed);
    assert!(client.closure().clean);
}

// Proves 6455-5.5.1-12, 6455-7.1.1-4.
#[test]
fn section_7_1_1_a_client_does_not_wait_for_ever() {
    let mut client = Script::client();
    client.peer_sends(Opcode::Close, b"\x03\xe8");
    assert_eq!(client.connection.timeout(), Some(client.now + Duration::from_secs(5)));
    client.after(Duration::from_secs(5));
    assert_eq!(client.connection.state(), State::Closed);
    assert!(client.closure().clean);
}

// Proves 6455-7.1.1-2.
#[test]
fn a_close_that_is_never_answered_ends_unclean_at_its_deadline() {
    let mut server = Script::server();
    let now = server.now;
    server.connection.close(now, CloseCode::GOING_AWAY, "restart");
    server.after(Duration::from_millis(4999));
    server.peer_sends(Opcode::Text, b"still talking");
    assert_eq!(server.connection.state(), State::Closing);
    server.after(Duration::from_millis(1));
    assert_eq!(server.connection.state(), State::Closed);
    let closure = server.closure();
    assert_eq!((closure.code, closure.clean), (Some(CloseCode::GOING_AWAY), false));
    assert_eq!(closure.initiator, Initiator::Local);
}

// Proves 6455-7.2.1-2.
#[test]
fn a_transport_that_ends_without_a_close_is_an_unclean_end_by_the_peer() {
    let mut server = Script::server();
    server.connection.receive_eof();
    let closure = server.closure();
    assert_eq!((closure.code, closure.clean), (None, false));
    assert_eq!((closure.initiator, closure.error), (Initiator::Peer, None));
}

// Proves 6455-5.1-2, 6455-5.1-3, 6455-7.1.7-3, 6455-7.1.7-5, 6455-10.7-3.
#[test]
fn section_7_1_7_a_broken_rule_is_answered_and_ends_the_connection() {
    let mut server = Script::server();
    server.connection.send_text("before").unwrap();
    assert_eq!(server.peer_sends_bytes(b"\x81\x05Hello"), NOTHING);
    assert_eq!(
        server.peer_gets(),
        ["text before", "close 1002 a client's frames must be masked"],
        "what was queued before still goes out"
    );
    assert!(server.connection.wants_shutdown());
    let closure = server.closure();
    assert_eq!(closure.error, Some(ProtocolError::Unmasked));
    assert_eq!((closure.initiator, closure.clean), (Initiator::Local, false));
}

// Proves 6455-5.2-4, 6455-7.1.1-1, 6455-7.1.7-1, 6455-7.1.7-6, 6455-10.7-2.
#[test]
fn section_7_1_7_nothing_is_processed_after_a_broken_rule() {
    let mut client = Script::client();
    assert_eq!(client.peer_sends_bytes(b"\x81\x02hi\x83\x00\x81\x02no"), ["text hi"]);
    assert_eq!(client.peer_sends_bytes(b"\x89\x00"), NOTHING);
    assert_eq!(client.peer_gets(), ["close 1002 opcode 0x3 is reserved"]);
    assert!(client.connection.wants_shutdown(), "a client that fails ends the transport too");
}

// Proves 6455-7.1.7-5.
#[test]
fn section_7_1_7_a_peer_that_breaks_a_rule_instead_of_answering_a_close_gets_no_second_close() {
    let mut server = Script::server();
    let now = server.now;
    server.connection.close(now, CloseCode::NORMAL, "");
    server.peer_sends_bytes(b"\xff\xff");
    assert_eq!(server.peer_gets(), ["close 1000 "]);
    assert!(server.connection.wants_shutdown());
    assert!(!server.closure().clean);
}

#[test]
fn section_7_1_5_a_rule_broken_after_our_close_does_not_change_the_code_that_was_sent() {
    let mut client = Script::client();
    let now = client.now;
    client.connection.close(now, CloseCode::NORMAL, "bye");
    client.peer_sends_bytes(b"\x81\x80\0\0\0\0");
    let closure = client.closure();
    assert_eq!((closure.code, closure.reason.as_str()), (Some(CloseCode::NORMAL), "bye"));
    assert_eq!((closure.error, closure.clean), (Some(ProtocolError::Masked), false));
}

// Proves 6455-5.5.1-8.
#[test]
fn section_5_5_1_the_answer_to_a_close_still_goes_to_a_peer_that_has_ended_its_side() {
    let mut server = Script::server();
    server.connection.send_text("queued before").unwrap();
    server.peer_sends(Opcode::Close, b"\x03\xe8");
    server.connection.receive_eof();
    assert_eq!(server.connection.state(), State::Closing);
    assert_eq!(server.peer_gets(), ["text queued before", "close 1000 "]);
    assert_eq!(server.connection.state(), State::Closed);
}

#[test]
fn section_5_5_3_when_the_transport_has_ended_no_ping_is_answered_any_more() {
    let mut server = Script::server();
    for _ in 0..20 {
        server.peer_sends(Opcode::Ping, b"more than fit in the queue");
    }
    server.connection.receive_eof();
    server.connection.advance(0);
    assert_eq!(server.peer_gets(), NOTHING);
}

// Proves 6455-5.5.2-4.
#[test]
fn section_5_5_2_a_silent_peer_is_asked_and_then_given_up() {
    let mut server = Script::server();
    assert_eq!(server.connection.timeout(), Some(server.now + Duration::from_secs(25)));
    assert_eq!(server.after(Duration::from_secs(24)).peer_gets(), NOTHING);
    assert_eq!(server.after(Duration::from_secs(1)).peer_gets(), ["ping "]);
    assert_eq!(server.after(Duration::from_secs(19)).peer_gets(), NOTHING);
    let given_up = server.after(Duration::from_secs(1)).peer_gets();
    assert_eq!(given_up, ["close 1011 no answer to a ping"]);
    server.after(Duration::from_secs(5));
    assert_eq!(server.connection.state(), State::Closed);
    assert!(!server.closure().clean);
}

// Proves 6455-5.5.2-4.
#[test]
fn section_5_5_2_whoever_configures_it_says_when_and_with_which_code() {
    let (interval, timeout) = (Duration::from_millis(1_500), Duration::from_millis(700));
    let keepalive = Keepalive { interval, timeout, code: CloseCode::new(4000).expect("a code") };
    let mut server =
        Script::server_with(Config { keepalive: Some(keepalive), ..Config::default() });
    assert_eq!(server.connection.timeout(), Some(server.now + interval));
    assert_eq!(server.after(interval).peer_gets(), ["ping "]);
    assert_eq!(server.after(timeout).peer_gets(), ["close 4000 no answer to a ping"]);
}

// Proves 6455-5.5.2-4.
#[test]
fn section_5_5_2_any_byte_counts_as_life() {
    let mut server = Script::server();
    server.after(Duration::from_secs(25)).peer_gets();
    server.after(Duration::from_secs(19));
    server.peer_sends_bytes(&[0x81]); // half of a head
    assert_eq!(server.after(Duration::from_secs(24)).peer_gets(), NOTHING);
    assert_eq!(server.after(Duration::from_secs(1)).peer_gets(), ["ping "]);
}

// Proves 6455-5.4-5, 6455-6.2-1, 6455-6.2-2.
#[test]
fn section_5_4_bytes_may_be_cut_anywhere_without_a_difference() {
    let wire = [
        &b"\x81\x03one\x01\x02tw\x89\x01p\x80\x01o"[..],
        b"\x82\x7e\x00\x80",
        &[7; 128],
        b"\x88\x05\x03\xe8bye",
    ]
    .concat();
    let whole = Script::client().peer_sends_bytes(&wire);
    assert_eq!(whole.len(), 5);
    for cut in 0..=wire.len() {
        let mut client = Script::client();
        let mut events = client.peer_sends_bytes(&wire[..cut]);
        events.extend(client.peer_sends_bytes(&wire[cut..]));
        assert_eq!(events, whole, "cut at {cut}");
    }
    let mut client = Script::client();
    let bytewise = wire.iter().flat_map(|byte| client.peer_sends_bytes(&[*byte]));
    assert_eq!(bytewise.collect::<Vec<_>>(), whole);
}
