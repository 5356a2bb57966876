//! With permessage-deflate agreed on (RFC 7692 §6, §7.2).

use super::*;
use crate::proto::{Deflate, FrameHeader};

const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]; // RFC 7692 §7.2.3.1

fn config() -> Config {
    Config { deflate: Some(Deflate { threshold: 0, ..Deflate::default() }), ..Config::default() }
}

/// A frame from a server with this first byte.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, payload.len() as u8], payload].concat()
}

/// The heads of the frames that are queued, and everything as sent.
fn written(script: &mut Script) -> (Vec<FrameHeader>, Vec<u8>) {
    let wire = script.connection.outgoing().to_vec();
    script.connection.advance(wire.len());
    let mut heads = Vec::new();
    let mut rest = &wire[..];
    while let Some((head, size)) = FrameHeader::parse(rest).unwrap() {
        heads.push(head);
        rest = &rest[size + head.payload_len() as usize..];
    }
    (heads, wire)
}

// Proves 7692-6.1-1, 7692-6.1-3.
#[test]
fn rfc_7692_6_1_a_compressed_message_has_rsv1_on_its_frame_and_control_frames_never_have() {
    for mut end in [Script::server_with(config()), Script::client_with(config())] {
        end.connection.send_text(&"Hello".repeat(10)).unwrap();
        end.connection.send_binary(&b"Hello".repeat(10)).unwrap();
        end.connection.send_ping(&b"Hello".repeat(10)).unwrap();
        end.connection.close(end.now, CloseCode::NORMAL, &"Hello".repeat(10));
        let (heads, _) = written(&mut end);
        let marks: Vec<_> = heads.iter().map(|head| (head.opcode(), head.rsv())).collect();
        assert_eq!(
            marks,
            [(Opcode::Text, 0b100), (Opcode::Binary, 0b100), (Opcode::Ping, 0), (Opcode::Close, 0)]
        );
    }
}

// Proves 7692-6.1-2.
#[test]
fn rfc_7692_6_1_a_message_that_is_not_worth_it_has_no_rsv1() {
    let mut server = Script::server_with(Config {
        deflate: Some(Deflate { threshold: 6, ..Deflate::default() }),
        ..Config::default()
    });
    server.connection.send_text("Hello").unwrap();
    assert_eq!(written(&mut server).1, b"\x81\x05Hello");
}

// Proves 6455-9.2-1, 7692-5-7, 7692-5-14, 7692-7.2.1-1.
#[test]
fn rfc_7692_7_2_what_one_end_compresses_the_other_one_reads() {
    let (mut server, mut client) = (Script::server_with(config()), Script::client_with(config()));
    for text in ["", "Hello", "Hello", &"Hello ".repeat(1000)] {
        server.connection.send_text(text).unwrap();
        let wire = written(&mut server).1;
        assert_eq!(client.peer_sends_bytes(&wire), [format!("text {text}")]);
        client.connection.send_binary(text.as_bytes()).unwrap();
        let wire = written(&mut client).1;
        assert_eq!(server.peer_sends_bytes(&wire), [format!("binary {text}")]);
    }
}

// Proves 7692-6.2-2.
#[test]
fn rfc_7692_6_2_messages_come_compressed_or_not_as_their_first_frame_says() {
    let mut client = Script::client_with(config());
    assert_eq!(client.peer_sends_bytes(&frame(0xC1, &HELLO)), ["text Hello"]);
    assert_eq!(client.peer_sends_bytes(&frame(0x81, b"Hello")), ["text Hello"]);
    assert_eq!(client.peer_sends_bytes(&frame(0xC2, &HELLO)), ["binary Hello"]);
}

// Proves 7692-7.2.2-3.
#[test]
fn rfc_7692_7_2_3_2_plain_messages_between_leave_the_window_alone() {
    let mut client = Script::client_with(config());
    client.peer_sends_bytes(&frame(0xC1, &HELLO));
    assert_eq!(client.peer_sends_bytes(&frame(0x81, b"plain")), ["text plain"]);
    let as_before = [0xf2, 0x00, 0x11, 0x00, 0x00]; // RFC 7692 §7.2.3.2
    assert_eq!(client.peer_sends_bytes(&frame(0xC1, &as_before)), ["text Hello"]);
}

// Proves 7692-6.2-1.
#[test]
fn rfc_7692_6_2_a_compressed_message_may_come_in_frames_with_control_frames_between() {
    let mut client = Script::client_with(config());
    let wire = [
        frame(0x41, &HELLO[..3]),
        frame(0x89, b"between"),
        frame(0x00, b""),
        frame(0x00, &HELLO[3..6]),
        frame(0x80, &HELLO[6..]),
    ]
    .concat();
    assert_eq!(client.peer_sends_bytes(&wire), ["ping between", "text Hello"]);
}

// Proves 7692-6.2-1.
#[test]
fn rfc_7692_6_2_bytes_may_be_cut_anywhere_without_a_difference() {
    let mut server = Script::server_with(config());
    for text in ["Hello", "Hello again", &"Hello ".repeat(50)] {
        server.connection.send_text(text).unwrap();
    }
    let wire = written(&mut server).1;
    let whole = Script::client_with(config()).peer_sends_bytes(&wire);
    assert_eq!(whole.len(), 3);
    for cut in 0..=wire.len() {
        let mut client = Script::client_with(config());
        let mut events = client.peer_sends_bytes(&wire[..cut]);
        events.extend(client.peer_sends_bytes(&wire[cut..]));
        assert_eq!(events, whole, "cut at {cut}");
    }
}

// Proves 7692-6.1-4.
#[test]
fn rfc_7692_6_1_rsv1_on_a_continuation_or_a_control_frame_is_refused() {
    for wire in [
        [frame(0x41, &HELLO[..3]), frame(0xC0, &HELLO[3..])].concat(),
        [frame(0x01, b"Hel"), frame(0xC0, b"lo")].concat(),
        frame(0xC9, b""),
        frame(0xCA, b""),
        frame(0xC8, b""),
    ] {
        let mut client = Script::client_with(config());
        client.peer_sends_bytes(&wire);
        assert_eq!(client.peer_gets(), ["close 1002 reserved bits are set"]);
    }
}

// Proves 6455-5.2-3.
#[test]
fn rfc_7692_6_the_other_reserved_bits_still_mean_nothing() {
    for first in [0xA1, 0x91, 0xE1, 0xD1, 0xF1] {
        let mut client = Script::client_with(config());
        client.peer_sends_bytes(&frame(first, &HELLO));
        assert_eq!(client.peer_gets(), ["close 1002 reserved bits are set"]);
    }
}

// Proves 6455-5.8-1, 6455-9.1-6.
#[test]
fn rfc_7692_6_rsv1_is_refused_unless_compression_was_agreed_on() {
    let mut client = Script::client();
    client.peer_sends_bytes(&frame(0xC1, &HELLO));
    assert_eq!(client.peer_gets(), ["close 1002 reserved bits are set"]);
}

// Proves 7692-7.2.2-1.
#[test]
fn rfc_7692_7_2_2_data_that_does_not_inflate_is_answered_with_1007() {
    let mut client = Script::client_with(config());
    client.peer_sends_bytes(&frame(0xC2, b"\xff\xff\xff"));
    assert_eq!(client.peer_gets(), ["close 1007 the compressed data is damaged"]);
    assert_eq!(client.closure().error, Some(ProtocolError::Deflate));
}

// Proves 7692-7.2.2-1.
#[test]
fn rfc_7692_7_2_2_what_inflates_before_damaged_data_counts_first_wherever_it_is_cut() {
    // A stored block of two bytes, and one of a type that there is not (RFC 1951 §3.2.3).
    let data = b"\x00\x02\x00\xfd\xff\xff\xff\x06";
    let limits = Limits { max_message: 1, ..Limits::default() };
    for (first, close) in
        [(0xC1, "close 1007 text is not UTF-8"), (0xC2, "close 1009 the message is too big")]
    {
        let wire = frame(first, data);
        for cut in 0..=wire.len() {
            let mut client = Script::client_with(Config { limits, ..config() });
            client.peer_sends_bytes(&wire[..cut]);
            client.peer_sends_bytes(&wire[cut..]);
            assert_eq!(client.peer_gets(), [close], "cut at {cut}");
        }
    }
}

// Proves 6455-8.1-1, 7692-6.2-1.
#[test]
fn section_8_1_text_is_checked_after_it_was_inflated_and_before_it_is_complete() {
    let mut server = Script::server_with(config());
    server.connection.send_binary(b"bad \xff text").unwrap();
    let mut wire = written(&mut server).1;
    wire[0] = 0x41; // text, and more to come
    let mut client = Script::client_with(config());
    client.peer_sends_bytes(&wire);
    // The last bytes of the data may wait in the inflater for more.
    client.peer_sends_bytes(&frame(0x00, b"\x00\x00\xff\xff"));
    assert_eq!(client.peer_gets(), ["close 1007 text is not UTF-8"]);
}

// Proves 6455-10.4-1.
#[test]
fn section_10_4_a_message_that_inflates_beyond_the_limit_is_answered_with_1009() {
    let limits = Limits { max_message: 1000, ..Limits::default() };
    for (len, fits) in [(1000, true), (1001, false), (100_000, false)] {
        let mut server = Script::server_with(config());
        server.connection.send_binary(&vec![7; len]).unwrap();
        let wire = written(&mut server).1;
        assert!(wire.len() < 200, "small on the wire");
        let mut client = Script::client_with(Config { limits, ..config() });
        let events = client.peer_sends_bytes(&wire);
        if fits {
            assert_eq!(events.len(), 1);
        } else {
            assert_eq!(client.peer_gets(), ["close 1009 the message is too big"]);
        }
    }
}

#[test]
fn an_idle_connection_gives_back_its_memory_and_goes_on() {
    for takeover in [true, false] {
        let agreed = Deflate {
            server_no_context_takeover: !takeover,
            client_no_context_takeover: !takeover,
            threshold: 0,
            ..Deflate::default()
        };
        let config = Config { deflate: Some(agreed), ..Config::default() };
        let (mut server, mut client) = (Script::server_with(config), Script::client_with(config));
        for _ in 0..3 {
            server.connection.send_text(&"Hello".repeat(10)).unwrap();
            let wire = written(&mut server).1;
            let (first, rest) = wire.split_at(wire.len() / 2);
            assert_eq!(client.peer_sends_bytes(first), NOTHING);
            client.connection.release_memory(); // in the middle of a message
            assert_eq!(client.peer_sends_bytes(rest), [format!("text {}", "Hello".repeat(10))]);
            client.connection.release_memory();
            server.connection.release_memory();
        }
    }
}

#[test]
fn without_takeover_an_idle_connection_holds_no_context() {
    let agreed = Deflate {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        threshold: 0,
        ..Deflate::default()
    };
    let config = Config { deflate: Some(agreed), ..Config::default() };
    let (mut server, mut client) = (Script::server_with(config), Script::client_with(config));
    let mut talk = |release: bool| {
        server.connection.send_text(&"Hello".repeat(10)).unwrap();
        let wire = written(&mut server).1;
        client.peer_sends_bytes(&wire);
        if release {
            server.connection.release_memory();
            client.connection.release_memory();
        }
    };
    let busy = allocation_counter::measure(|| talk(false)).bytes_current;
    let idle = allocation_counter::measure(|| talk(true)).bytes_current;
    assert!(busy > 200 << 10, "{busy}: a context in each direction");
    assert!(busy + idle <= 0, "{idle} of {busy} were given back");
}
