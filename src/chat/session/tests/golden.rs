//! Every object that the server sends, byte for byte.

use super::*;

fn golden(client: &mut Client, send: &str, told: &[&str], heard: &[&str]) {
    let epoch = client.chat.room(&RoomName::lobby()).expect("the lobby").epoch().to_string();
    let familiar = |objects: Vec<String>| -> Vec<String> {
        let object = |object: String| {
            object.replace(&epoch, "5eed").replace(&token(), "TOKEN").replace(POST, "POST")
        };
        objects.into_iter().map(object).collect()
    };
    client.send(send);
    assert_eq!(familiar(client.told()), told, "told after {send}");
    assert_eq!(familiar(client.heard()), heard, "heard after {send}");
}

/// The epoch of the chat's private messages.
const POST: &str = "dcc18610514804d4";

/// The first token that the chat gives out.
fn token() -> String {
    crate::chat::token::Tokens::new([7; 32]).next().to_string()
}

#[test]
fn the_full_dialect() {
    let chat = chat();
    let mut client = Client::open(&chat, Encoding::V1);
    client.session.greet(NOW, &mut client.outbox);
    assert_eq!(
        client.told(),
        [
            r#"{"type":"message","username":"System","content":"Welcome to the chat!","timestamp":1700000000123,"event":"welcome"}"#
        ]
    );
    golden(
        &mut client,
        r#"{"type":"message","content":"hi","nonce":"n\u0031"}"#,
        &[
            r#"{"type":"ack","username":"System","content":"","timestamp":1700000000123,"nonce":"n\u0031","id":"5eed-1","seq":1}"#,
        ],
        &[
            r#"{"type":"message","username":"Anonymous","content":"hi","timestamp":1700000000123,"room":"lobby","seq":1,"id":"5eed-1"}"#,
        ],
    );
    golden(
        &mut client,
        r#"{"type":"join","username":"Alice"}"#,
        &[
            r#"{"type":"joined","username":"System","content":"","timestamp":1700000000123,"room":"lobby","user":"Alice","epoch":"5eed","seq":1,"users":["Alice"],"count":1,"session":"TOKEN","private_after":"POST-0","recovered":false}"#,
        ],
        &[
            r#"{"type":"message","username":"System","content":"Alice has joined the chat","timestamp":1700000000123,"room":"lobby","event":"join","user":"Alice"}"#,
        ],
    );
    golden(
        &mut client,
        r#"{"type":"join","username":"Al\"ice"}"#,
        &[
            r#"{"type":"joined","username":"System","content":"","timestamp":1700000000123,"room":"lobby","user":"Al\"ice","epoch":"5eed","seq":1,"users":["Al\"ice"],"count":1,"session":"TOKEN","recovered":false}"#,
        ],
        &[
            r#"{"type":"message","username":"System","content":"Alice is now known as Al\"ice","timestamp":1700000000123,"room":"lobby","event":"rename","user":"Al\"ice","was":"Alice"}"#,
        ],
    );
    golden(
        &mut client,
        r#"{"type":"message","username":"System","content":"\"\\\n\u0000é🦀"}"#,
        &[],
        &[
            r#"{"type":"message","username":"Al\"ice","content":"\"\\\n\u0000é🦀","timestamp":1700000000123,"room":"lobby","seq":2,"id":"5eed-2"}"#,
        ],
    );
    let mut bob = Client::v1(&chat, "Bob");
    client.heard();
    golden(
        &mut client,
        r#"{"type":"who"}"#,
        &[
            r#"{"type":"presence","username":"System","content":"","timestamp":1700000000123,"room":"lobby","users":["Al\"ice","Bob"],"count":2}"#,
        ],
        &[],
    );
    golden(
        &mut client,
        r#"{"type":"rooms"}"#,
        &[
            r#"{"type":"rooms","username":"System","content":"","timestamp":1700000000123,"rooms":[{"room":"lobby","users":2}],"count":1}"#,
        ],
        &[],
    );
    golden(
        &mut client,
        r#"{"type":"ping","nonce":17}"#,
        &[
            r#"{"type":"pong","username":"System","content":"","timestamp":1700000000123,"nonce":17}"#,
        ],
        &[],
    );
    golden(
        &mut client,
        r#"{"type":"join","username":"bob","nonce":"j"}"#,
        &[
            r#"{"type":"error","username":"System","content":"bob is in use; bob-2 is free.","timestamp":1700000000123,"code":"name_taken","nonce":"j","suggestion":"bob-2"}"#,
        ],
        &[],
    );
    bob.send(r#"{"type":"leave"}"#);
    assert_eq!(
        client.heard(),
        [
            r#"{"type":"message","username":"System","content":"Bob has left the chat","timestamp":1700000000123,"room":"lobby","event":"leave","user":"Bob"}"#
        ]
    );
}

#[test]
fn the_plain_dialect_in_milliseconds_has_nothing_but_messages_of_four_fields() {
    let chat = chat();
    let mut other = Client::v1(&chat, "Bob");
    let mut client = Client::open(&chat, Encoding::PlainMillis);
    client.session.greet(NOW, &mut client.outbox);
    assert_eq!(
        client.told(),
        [
            r#"{"type":"message","username":"System","content":"Welcome to the chat!","timestamp":1700000000123}"#
        ]
    );
    golden(
        &mut client,
        r#"{"type":"join","username":"Alice","content":"","timestamp":123456}"#,
        &[],
        &[
            r#"{"type":"message","username":"System","content":"Alice has joined the chat","timestamp":1700000000123}"#,
        ],
    );
    golden(
        &mut client,
        r#"{"type":"message","username":"Alice","content":"hi","timestamp":null,"nonce":"n"}"#,
        &[],
        &[r#"{"type":"message","username":"Alice","content":"hi","timestamp":1700000000123}"#],
    );
    for (send, told) in [
        (r#"{"type":"who"}"#, "In lobby (2): Bob, Alice"),
        (r#"{"type":"rooms"}"#, "Rooms (1): lobby (2)"),
        (r#"{"type":"ping","nonce":1}"#, "pong"),
        (r#"{"type":"x"}"#, "`type` is not known here."),
        (r#"{"type":"message","nonce":1}"#, "`content` is missing."),
        (r#"{"type":"join","username":"Bob"}"#, "Bob is in use: you are Bob-2"),
    ] {
        let told = format!(
            r#"{{"type":"message","username":"System","content":"{told}","timestamp":1700000000123}}"#
        );
        client.send(send);
        assert_eq!(client.told(), [told]);
    }
    assert_eq!(
        client.heard(),
        [
            r#"{"type":"message","username":"System","content":"Alice is now known as Bob-2","timestamp":1700000000123}"#
        ]
    );
    other.send(r#"{"type":"leave"}"#);
    assert_eq!(
        client.heard(),
        [
            r#"{"type":"message","username":"System","content":"Bob has left the chat","timestamp":1700000000123}"#
        ]
    );
}

#[test]
fn the_plain_dialect_in_seconds_has_floats() {
    let chat = chat();
    let mut client = Client::open(&chat, Encoding::PlainSeconds);
    client.session.greet(NOW, &mut client.outbox);
    assert_eq!(
        client.told(),
        [
            r#"{"type":"message","username":"System","content":"Welcome to the chat!","timestamp":1700000000.123}"#
        ]
    );
    golden(
        &mut client,
        r#"{"type":"message","content":"hi","timestamp":1700000000.5}"#,
        &[],
        &[r#"{"type":"message","username":"Anonymous","content":"hi","timestamp":1700000000.123}"#],
    );
}
