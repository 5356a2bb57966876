//! Messages that are sent compressed.

use wirechat::proto::{Config, Connection, Deflate, Event, FrameHeader, Role};

use super::{Message, TAIL, connection, cut, receive, rfc1951};

/// How many of the messages were worth compressing.
pub(super) fn check(
    sender: Role,
    agreed: Deflate,
    messages: &[Message<'_>],
    cuts: &[u8; 4],
) -> usize {
    let (receiver, window_bits, takeover) = match sender {
        Role::Server => {
            (Role::Client, agreed.server_max_window_bits, !agreed.server_no_context_takeover)
        }
        Role::Client => {
            (Role::Server, agreed.client_max_window_bits, !agreed.client_no_context_takeover)
        }
    };
    let config = Config { deflate: Some(agreed), ..Config::default() };
    let mut sender = connection(sender, config);
    let sent: Vec<_> = messages.iter().map(|message| send(&mut sender, message)).collect();
    let wire = sender.outgoing();

    let mut receiver = connection(receiver, config);
    assert_eq!(receive(&mut receiver, &cut(cuts, wire)), sent);
    assert_eq!(receiver.closure(), None);
    check_frames(wire, &sent, 1 << window_bits.get(), takeover)
}

fn send(connection: &mut Connection, message: &Message<'_>) -> Event<'static> {
    let payload = message.bytes.repeat(message.times);
    match String::from_utf8(payload) {
        Ok(text) if message.is_text => {
            connection.send_text(&text).expect("an open connection");
            Event::Text(text.into())
        }
        Ok(text) => send_binary(connection, text.into_bytes()),
        Err(error) => send_binary(connection, error.into_bytes()),
    }
}

fn send_binary(connection: &mut Connection, payload: Vec<u8>) -> Event<'static> {
    connection.send_binary(&payload).expect("an open connection");
    Event::Binary(payload.into())
}

/// Each message is in one frame, compressed or not.
fn check_frames(mut wire: &[u8], sent: &[Event<'_>], window: usize, takeover: bool) -> usize {
    let mut compressed = 0;
    let mut text = Vec::new();
    for event in sent {
        let expected = match event {
            Event::Text(text) => text.as_bytes(),
            Event::Binary(payload) => payload,
            other => panic!("{other:?} was not sent"),
        };
        let (header, size) = FrameHeader::parse(wire).expect("a head").expect("a whole head");
        let (payload, behind) = wire[size..].split_at(header.payload_len() as usize);
        wire = behind;
        if header.rsv() == 0 {
            assert_eq!(payload, expected);
            continue;
        }
        assert_eq!(header.rsv(), 0b100);
        compressed += 1;
        if !takeover {
            text.clear();
        }
        let start = text.len();
        rfc1951::inflate(&[payload, &TAIL].concat(), window, &mut text);
        assert_eq!(text[start..], *expected);
    }
    assert!(wire.is_empty(), "something nobody sent");
    compressed
}
