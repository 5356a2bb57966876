//! Rules that are about a whole connection and need one scene each.

use super::*;

// Proves 6455-5.1-5, 6455-5.1-6.
#[test]
fn section_5_1_a_masked_frame_fails_a_client() {
    let mut client = Script::client();
    assert_eq!(client.peer_sends_bytes(b"\x81\x82\0\0\0\0hi"), NOTHING);
    assert_eq!(client.peer_gets(), ["close 1002 a server's frames must not be masked"]);
    assert!(client.connection.wants_shutdown());
}

// Proves 6455-5.3-2, 6455-10.3-1.
#[test]
fn section_5_3_every_frame_of_a_client_takes_the_next_key() {
    let now = Instant::now();
    let mut used = 0;
    let keys = Box::new(move || {
        used += 1;
        [used, 0x55, 0xaa, used]
    });
    let mut client = Connection::client(Config::default(), now, keys);
    client.send_text("one").unwrap();
    client.send_ping(b"two").unwrap();
    client.receive(now, &mut &mut b"\x89\x05three".to_owned()[..]);
    client.close(now, CloseCode::NORMAL, "");

    // Every payload here is shorter than 126 bytes: two bytes, the key, the payload.
    let mut keys = Vec::new();
    let mut wire = client.outgoing();
    while let [_, len, rest @ ..] = wire {
        keys.push(rest[0]);
        wire = &rest[4 + usize::from(len & 0x7F)..];
    }
    assert_eq!(keys, [1, 2, 3, 4]);
}

// Proves 6455-5.5.2-2.
#[test]
fn section_5_5_2_a_ping_is_answered_even_after_our_own_close() {
    let mut server = Script::server();
    let now = server.now;
    server.connection.close(now, CloseCode::NORMAL, "");
    assert_eq!(server.peer_sends(Opcode::Ping, b"still?"), ["ping still?"]);
    assert_eq!(server.peer_gets(), ["close 1000 ", "pong still?"]);
}

// Proves 6455-6.1-2, 6455-6.1-3.
#[test]
fn section_6_1_nothing_is_taken_for_sending_once_the_connection_is_not_open() {
    let mut closed_by_peer = Script::server();
    closed_by_peer.peer_sends(Opcode::Close, b"\x03\xe8");
    let mut failed = Script::server();
    failed.peer_sends_bytes(b"\xff");
    let mut lost = Script::server();
    lost.connection.receive_eof();
    for mut end in [closed_by_peer, failed, lost] {
        let before = end.peer_gets();
        assert_eq!(end.connection.send_text("late"), Err(SendError::Closing));
        assert_eq!(end.connection.send_binary(b"late"), Err(SendError::Closing));
        assert_eq!(end.connection.send_ping(b"late"), Err(SendError::Closing));
        assert_eq!(end.peer_gets(), NOTHING, "after {before:?}");
    }
}

// Proves 6455-7.1.7-5, 6455-7.4.1-1, 6455-8.1-1, 6455-10.7-3.
#[test]
fn section_7_4_1_the_close_says_which_kind_of_rule_was_broken() {
    let too_many = b"\x00\x80\0\0\0\0".repeat(1024);
    for (wire, code) in [
        (&b"\x83\x80\0\0\0\0"[..], "1002"),
        (b"\x81\x81\0\0\0\0\xff", "1007"),
        (&[b"\x01\x80\0\0\0\0", &too_many[..]].concat(), "1008"),
        (b"\x82\xff\0\0\0\0\0\x01\0\x01\0\0\0\0", "1009"),
    ] {
        let mut server = Script::server();
        server.peer_sends_bytes(wire);
        let closes = server.peer_gets();
        assert!(
            closes.len() == 1 && closes[0].starts_with(&format!("close {code} ")),
            "{closes:?}"
        );
    }
}

#[test]
fn section_5_5_1_no_pong_that_waited_follows_the_answer_to_a_close() {
    let mut server = Script::server();
    for _ in 0..20 {
        server.peer_sends(Opcode::Ping, b"more than fit in the queue");
    }
    server.peer_sends(Opcode::Close, b"\x03\xe8");
    assert_eq!(server.peer_gets().last().map(String::as_str), Some("close 1000 "));
}

#[test]
fn section_7_1_4_a_connection_that_is_over_has_nothing_to_write() {
    let mut server = Script::server();
    server.connection.send_text("nobody will read this").unwrap();
    server.connection.receive_eof();
    assert_eq!(server.connection.state(), State::Closed);
    assert_eq!(server.peer_gets(), NOTHING);
}

#[test]
fn section_5_5_2_bytes_that_are_kept_for_later_count_as_life_when_they_arrive() {
    let mut server = Script::server();
    server.after(Duration::from_secs(24));
    server.connection.heard(server.now);
    assert_eq!(server.after(Duration::from_secs(24)).peer_gets(), NOTHING);
    assert_eq!(server.after(Duration::from_secs(1)).peer_gets(), ["ping "]);
}

#[test]
fn in_a_log_a_connection_shows_where_it_stands_and_nothing_of_what_is_said() {
    let mut client = Script::client();
    client.connection.send_text("a secret").unwrap();
    client.peer_sends_bytes(b"\x01\x09a secret");
    assert_eq!(
        format!("{:?}", client.connection),
        "Connection { phase: Open { asked: false }, outgoing: 14, closure: None, .. }"
    );
}

#[test]
fn an_idle_connection_holds_no_more_than_a_new_one() {
    let mut server = Script::server();
    let held = allocation_counter::measure(|| {
        server.connection.send_text(&"x".repeat(1000)).unwrap();
        server.connection.advance(server.connection.outgoing().len());
        server.connection.release_memory();
    });
    assert_eq!(held.bytes_current, 0);
}

#[test]
fn section_7_1_1_the_time_for_closing_runs_from_our_own_close() {
    let mut client = Script::client();
    let first = client.now;
    client.connection.close(first, CloseCode::NORMAL, "");
    client.after(Duration::from_secs(3));
    client.peer_sends(Opcode::Close, b"\x03\xe8");
    assert_eq!(client.connection.timeout(), Some(first + Duration::from_secs(5)));
}
