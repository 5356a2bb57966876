//! Servers whose answer to our client's handshake is no yes (RFC 6455 §4.1): the
//! caller is told why, and the client ends TCP at once, without a frame.

use wirechat::net::{ConnectError, ConnectOptions};
use wirechat::proto::{Message, Role};

use crate::ends::{RESPONSE, connecting};
use crate::wire::{close, text};

/// Our client gives up on this response, and says why.
async fn given_up(response: &str, reason: &str) {
    let (connected, mut peer) = connecting(&ConnectOptions::default(), response.as_bytes()).await;
    let error = connected.unwrap_err();
    assert!(matches!(error, ConnectError::Response(_)), "{error:?}");
    assert_eq!(error.to_string(), reason, "to {response:?}");
    assert_eq!(peer.read_to_end().await, b"", "no frame, and the end");
}

/// The good response with another line, or several, or none, for one of its own.
fn with(line: &str, other: &str) -> String {
    let other = if other.is_empty() { String::new() } else { format!("{other}\r\n") };
    let changed = RESPONSE.replacen(&format!("{line}\r\n"), &other, 1);
    assert_ne!(changed, RESPONSE, "{line} is not a line of the response");
    changed
}

/// The good response with lines more.
fn and(lines: &str) -> String {
    with(UPGRADE, &format!("{UPGRADE}\r\n{lines}"))
}

const STATUS: &str = "HTTP/1.1 101 Switching Protocols";
const UPGRADE: &str = "Upgrade: websocket";
const CONNECTION: &str = "Connection: Upgrade";
const ACCEPT: &str = "Sec-WebSocket-Accept: {accept}";

// Proves fault-23.
#[tokio::test]
async fn a_response_that_is_no_http_head_is_refused_in_words() {
    for (response, reason) in [
        ("220 mail.example ESMTP\r\n\r\n".to_owned(), "the first line does not say HTTP/1.1"),
        ("HTTP/2 101\r\n\r\n".to_owned(), "the first line does not say HTTP/1.1"),
        (with(STATUS, "HTTP/1.0 101 Yes"), "the first line does not say HTTP/1.1"),
        (with(STATUS, "HTTP/1.1 10 Yes"), "the head is not well-formed HTTP"),
        (and("X : y"), "the head is not well-formed HTTP"),
        (and("X: a\r\n folded"), "the head is not well-formed HTTP"),
        (and("X: a\0b"), "there is a NUL byte in the head"),
        (and("X: a\rb"), "there is a CR without an LF in the head"),
        (and("X: a\nY: b"), "there is an LF without a CR in the head"),
        (and(&"a:\r\n".repeat(101)), "there are more than 100 header fields"),
        (and(&"a: b\r\n".repeat(40_000)), "the head is longer than 8192 bytes"),
    ] {
        given_up(&response, &format!("the server's response cannot be read: {reason}")).await;
    }
}

// Proves fault-24.
#[tokio::test]
async fn section_4_1_another_status_is_told_and_a_redirect_not_followed() {
    for (status, reason) in [
        ("HTTP/1.1 200 OK", "the server answered 200 OK"),
        ("HTTP/1.1 401 Unauthorized", "the server answered 401 Unauthorized"),
        ("HTTP/1.1 503", "the server answered 503"),
        (
            "HTTP/1.1 302 Found\r\nLocation: ws://elsewhere/",
            "the server answered 302 Found and points to ws://elsewhere/",
        ),
    ] {
        given_up(&with(STATUS, status), reason).await;
    }
}

// Proves fault-25.
#[tokio::test]
async fn section_4_1_response_item_2_an_upgrade_to_something_else_is_refused() {
    for upgrade in ["", "Upgrade: h2c", "Upgrade: websocket, h2c", "Upgrade: websockets"] {
        given_up(&with(UPGRADE, upgrade), "the server's Upgrade is not websocket").await;
    }
}

// Proves fault-26.
#[tokio::test]
async fn section_4_1_response_item_3_a_connection_field_without_upgrade_is_refused() {
    for connection in ["", "Connection: close", "Connection: no-upgrade"] {
        let response = with(CONNECTION, connection);
        given_up(&response, "the server's Connection does not list Upgrade").await;
    }
}

// Proves fault-27.
#[tokio::test]
async fn section_4_1_response_item_4_an_accept_that_does_not_answer_the_key_is_refused() {
    let twice = format!("{ACCEPT}\r\n{ACCEPT}");
    for accept in ["", &twice, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="] {
        let reason = "the server's Sec-WebSocket-Accept does not answer our key";
        given_up(&with(ACCEPT, accept), reason).await;
    }
}

// Proves fault-28.
#[tokio::test]
async fn section_4_1_response_item_5_an_extension_that_was_not_offered_is_refused() {
    for extension in ["permessage-deflate", "x-unknown", ""] {
        let response = and(&format!("Sec-WebSocket-Extensions: {extension}"));
        given_up(&response, "the server uses an extension that was not offered so").await;
    }
}

// Proves fault-30.
#[tokio::test]
async fn section_4_1_response_item_6_a_subprotocol_that_was_not_offered_is_refused() {
    for subprotocol in ["wirechat.v1", "", "a, b"] {
        let response = and(&format!("Sec-WebSocket-Protocol: {subprotocol}"));
        given_up(&response, "the server chose a subprotocol that was not offered").await;
    }
}

// Proves fault-31.
#[tokio::test]
async fn frames_in_the_segment_of_the_response_are_the_first_messages() {
    let early = [text(Role::Server, "early"), close(Role::Server, 1000, b"")].concat();
    let response = [RESPONSE.as_bytes(), &early].concat();
    let (connected, peer) = connecting(&ConnectOptions::default(), &response).await;
    let mut socket = connected.unwrap().socket;
    assert_eq!(socket.recv().await.unwrap(), Some(Message::from("early")));
    drop(peer);
    assert_eq!(socket.recv().await.unwrap(), None);
    assert!(socket.closure().unwrap().clean);
}
