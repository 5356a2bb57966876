//! Clients whose opening handshake our servers refuse (RFC 6455 §4.2): the chat
//! server and the library's accepting say the same.

use futures_util::future;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wirechat::net::{AcceptError, AcceptOptions};
use wirechat::proto::Role;
use wirechat::proto::handshake::ServerOptions;
use wirechat::server::ServerConfig;

use crate::ends::{REQUEST, accepting, serve};
use crate::peer::Peer;
use crate::wire::{CLOSE, FIN, PING, PONG, close, frame};

/// Everything that a server answers to a request which arrives in pieces of this
/// size, until the server ends the connection.
async fn talk(stream: TcpStream, request: &[u8], piece: usize) -> String {
    let (mut reader, mut writer) = stream.into_split();
    let send = async {
        for piece in request.chunks(piece) {
            if writer.write_all(piece).await.is_err() {
                break; // it has been refused before its end
            }
        }
        writer
    };
    let mut answer = Vec::new();
    let (read, _open_until_now) = future::join(reader.read_to_end(&mut answer), send).await;
    read.expect("a FIN, not a RST that takes the answer with it");
    String::from_utf8(answer).expect("our answers are ASCII")
}

/// Both servers refuse the request with this status and these words, and end
/// the connection. Their answer, for further questions.
async fn refused_in_pieces(request: &[u8], piece: usize, status: &str, reason: &str) -> String {
    let server = serve(ServerConfig::default()).await;
    let answer = talk(server.connect().await, request, piece).await;
    server.stop().await;
    let said = String::from_utf8_lossy(request);
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{said:?}\n{answer}");
    assert!(answer.contains("\r\nConnection: close"), "{answer}");
    assert!(answer.ends_with(&format!("\r\n\r\n{reason}\n")), "{said:?}\n{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");

    let (accepted, same_answer) =
        accepting(&AcceptOptions::default(), async |stream| talk(stream, request, piece).await)
            .await;
    assert_eq!(same_answer, answer);
    assert!(matches!(accepted, Err(AcceptError::Refused(error)) if error.to_string() == reason));
    answer
}

async fn refused(request: &str, status: &str, reason: &str) -> String {
    refused_in_pieces(request.as_bytes(), usize::MAX, status, reason).await
}

/// The good request with another line, or several, or none, for one of its own.
fn with(line: &str, other: &str) -> String {
    let other = if other.is_empty() { String::new() } else { format!("{other}\r\n") };
    let changed = REQUEST.replacen(&format!("{line}\r\n"), &other, 1);
    assert_ne!(changed, REQUEST, "{line} is not a line of the request");
    changed
}

/// The good request with lines more.
fn and(lines: &str) -> String {
    with(HOST, &format!("{HOST}\r\n{lines}"))
}

const FIRST: &str = "GET /ws HTTP/1.1";
const HOST: &str = "Host: 127.0.0.1";
const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const VERSION: &str = "Sec-WebSocket-Version: 13";

/// CVE-2023-43669: the head was parsed from its beginning at every read.
// Proves fault-1.
#[tokio::test]
async fn a_head_of_256_kib_in_small_pieces_is_refused_at_8_kib() {
    let head = format!("{FIRST}\r\n{}\r\n", "X: yyyyyyyyyyyyy\r\n".repeat((256 << 10) / 18));
    let reason = "the head is longer than 8192 bytes";
    refused_in_pieces(head.as_bytes(), 120, "431 Request Header Fields Too Large", reason).await;
}

/// CVE-2024-37890: a server crashed when `Upgrade` came after too many others.
// Proves fault-2.
#[tokio::test]
async fn too_many_header_fields_are_refused_wherever_upgrade_stands() {
    const STATUS: &str = "431 Request Header Fields Too Large";
    refused(&and(&"a:\r\n".repeat(101)), STATUS, "there are more than 100 header fields").await;
    refused(&and(&"a:\r\n".repeat(2_100)), STATUS, "the head is longer than 8192 bytes").await;
}

// Proves fault-3.
#[tokio::test]
async fn rfc_9112_2_2_nul_bare_cr_and_bare_lf_in_a_head_are_refused() {
    for (line, reason) in [
        ("X: a\0b", "there is a NUL byte in the head"),
        ("X: a\rY: b", "there is a CR without an LF in the head"),
        ("X: a\nY: b", "there is an LF without a CR in the head"),
    ] {
        refused(&and(line), "400 Bad Request", reason).await;
    }
    let tls = "\x16\x03\x01\x02\0\x01\0";
    refused(tls, "400 Bad Request", "there is a NUL byte in the head").await;
    let unix = REQUEST.replace("\r\n", "\n");
    refused(&unix, "400 Bad Request", "there is an LF without a CR in the head").await;
}

// Proves fault-4.
#[tokio::test]
async fn rfc_9112_5_a_head_that_breaks_the_grammar_is_refused() {
    const REASON: &str = "the head is not well-formed HTTP";
    for line in ["X : y", "X", "X: y\r\n folded", ": y", "X(: y", "X: \u{1}"] {
        refused(&and(line), "400 Bad Request", REASON).await;
    }
    for first in ["GET  /ws HTTP/1.1", "G@T /ws HTTP/1.1", "GET /\x1b[31m HTTP/1.1"] {
        refused(&with(FIRST, first), "400 Bad Request", REASON).await;
    }
}

// Proves fault-5.
#[tokio::test]
async fn section_4_2_1_item_1_another_version_of_http_is_refused() {
    for version in ["HTTP/1.0", "HTTP/0.9", "HTTP/1.2", "HTTP/2.0"] {
        let request = with(FIRST, &format!("GET /ws {version}"));
        refused(&request, "400 Bad Request", "the first line does not say HTTP/1.1").await;
    }
}

// Proves fault-6.
#[tokio::test]
async fn section_4_2_1_item_1_another_method_is_refused_and_told_which_one() {
    for method in ["POST", "HEAD", "OPTIONS", "get"] {
        let request = with(FIRST, &format!("{method} /ws HTTP/1.1"));
        let answer = refused(&request, "405 Method Not Allowed", "the method must be GET").await;
        assert!(answer.contains("\r\nAllow: GET\r\n"), "{answer}");
    }
}

// Proves fault-7.
#[tokio::test]
async fn section_4_2_1_item_1_a_target_that_names_no_resource_is_refused() {
    for target in ["*", "ws", "127.0.0.1:80", "ws://127.0.0.1/ws", "/ws#fragment"] {
        let request = with(FIRST, &format!("GET {target} HTTP/1.1"));
        let reason = "the request target must be a path or an http URI";
        refused(&request, "400 Bad Request", reason).await;
    }
}

// Proves fault-9.
#[tokio::test]
async fn section_4_2_1_item_2_a_host_that_is_missing_repeated_or_none_is_refused() {
    for host in ["", "Host:", "Host: a\r\nHost: b", "Host: a, b", "Host: user@a", "Host: a/ws"] {
        let reason = "there must be exactly one Host, a name with an optional port";
        refused(&with(HOST, host), "400 Bad Request", reason).await;
    }
}

// Proves fault-10.
#[tokio::test]
async fn section_4_2_1_item_3_an_upgrade_to_nothing_of_ours_is_refused() {
    for upgrade in ["", "Upgrade: websockets", "Upgrade: h2c", "Upgrade: web socket"] {
        let reason = "this address speaks WebSocket: Upgrade must list websocket";
        let request = with("Upgrade: websocket", upgrade);
        let answer = refused(&request, "426 Upgrade Required", reason).await;
        assert!(answer.contains("\r\nUpgrade: websocket\r\n"), "{answer}");
    }
}

// Proves fault-11.
#[tokio::test]
async fn section_4_2_1_item_4_a_connection_field_that_does_not_list_upgrade_is_refused() {
    for connection in ["", "Connection: close", "Connection: no-upgrade, upgrades"] {
        let request = with("Connection: Upgrade", connection);
        refused(&request, "400 Bad Request", "Connection must list Upgrade").await;
    }
}

// Proves fault-12.
#[tokio::test]
async fn section_4_2_1_item_5_a_key_that_is_missing_repeated_or_none_is_refused() {
    let twice = format!("{KEY}\r\n{KEY}");
    let other = format!("{KEY}\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEC==");
    for key in [
        "",
        "Sec-WebSocket-Key:",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA",
        "Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==",
        &twice,
        &other,
    ] {
        let reason = "Sec-WebSocket-Key must be 16 bytes encoded as base64, exactly once";
        refused(&with(KEY, key), "400 Bad Request", reason).await;
    }
}

// Proves fault-13.
#[tokio::test]
async fn section_4_4_another_version_is_refused_and_told_ours() {
    let twice = format!("{VERSION}\r\n{VERSION}");
    let number = |number| format!("Sec-WebSocket-Version: {number}");
    let numbers = ["0", "8", "12", "14", "255", "013", "13, 8", "13.0", "-13"].map(number);
    for version in numbers.iter().map(String::as_str).chain(["", &twice]) {
        let reason = "Sec-WebSocket-Version must be 13, exactly once";
        let answer = refused(&with(VERSION, version), "426 Upgrade Required", reason).await;
        assert!(answer.contains("\r\nSec-WebSocket-Version: 13\r\n"), "{answer}");
    }
}

/// CVE-2021-32640: seven thousand spaces took seconds.
// Proves fault-14.
#[tokio::test]
async fn section_4_1_item_10_subprotocols_that_are_no_tokens_or_repeated_are_refused() {
    let spaces = format!("b{}x", " ".repeat(7_000));
    for value in [&spaces, "", ",", "a b", "a/b", "\"a\"", "a, b, a"] {
        let reason = "Sec-WebSocket-Protocol must be a list of different tokens";
        let request = and(&format!("Sec-WebSocket-Protocol: {value}"));
        refused(&request, "400 Bad Request", reason).await;
    }
}

// Proves fault-15.
#[tokio::test]
async fn section_9_1_extensions_that_break_the_grammar_are_refused() {
    for value in
        ["", ",", "permessage-deflate;", "a b", "a; b=", "a; b=\"", "\"a\"", "a; b=\"c d\""]
    {
        let reason = "Sec-WebSocket-Extensions must be a list of extensions with their parameters";
        let request = and(&format!("Sec-WebSocket-Extensions: {value}"));
        refused(&request, "400 Bad Request", reason).await;
    }
}

// Proves fault-18.
#[tokio::test]
async fn a_handshake_with_a_body_is_refused_and_what_is_in_it_never_answered() {
    let hidden = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for field in [
        "Content-Length: 27",
        "Content-Length: 0, 27",
        "Transfer-Encoding: chunked",
        "Content-Length: -1",
    ] {
        let request = and(field) + hidden;
        refused(&request, "400 Bad Request", "a handshake must not have a body").await;
    }
}

/// The page is served on the same port, one response a connection.
// Proves fault-19.
#[tokio::test]
async fn a_second_request_behind_one_for_the_page_is_never_answered() {
    let server = serve(ServerConfig::default()).await;
    let requests = ["GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", REQUEST].concat();
    let answer = talk(server.connect().await, requests.as_bytes(), usize::MAX).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok\n"));
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    let body = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 27\r\n\r\n".to_owned() + REQUEST;
    let answer = talk(server.connect().await, body.as_bytes(), usize::MAX).await;
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    server.stop().await;
}

/// RFC 9110 §5.5: whitespace around a value is no part of it, so this is version
/// 13, and a connection.
// Proves fault-13.
#[tokio::test]
async fn rfc_9110_5_5_a_version_between_spaces_is_that_version() {
    let server = serve(ServerConfig::default()).await;
    let mut peer = Peer::new(server.connect().await);
    peer.send(with(VERSION, "Sec-WebSocket-Version: \t13 ").as_bytes()).await;
    assert!(peer.read_head().await.starts_with("HTTP/1.1 101 "));
}

// Proves fault-20.
#[tokio::test]
async fn section_4_2_2_what_stands_behind_a_handshake_is_frames_and_never_http() {
    let server = serve(ServerConfig::default()).await;
    let mut peer = Peer::new(server.connect().await);
    peer.send([REQUEST, REQUEST].concat().as_bytes()).await;
    assert!(peer.read_head().await.starts_with("HTTP/1.1 101 "));
    assert_eq!(peer.read_close().await, (1002, "opcode 0x7 is reserved".to_owned()), "a G");
    assert_eq!(peer.read_to_end().await, b"");
}

// Proves fault-22.
#[tokio::test]
async fn section_4_2_2_frames_in_the_segment_of_the_request_are_served_after_the_101() {
    let early =
        [frame(Role::Client, FIN | PING, b"early"), close(Role::Client, 4321, b"")].concat();
    let segment = [REQUEST.as_bytes(), &early].concat();

    let server = serve(ServerConfig::default()).await;
    let mut peer = Peer::new(server.connect().await);
    peer.send(&segment).await;
    assert!(peer.read_head().await.starts_with("HTTP/1.1 101 "));
    peer.read_frame().await; // the chat's welcome
    assert_eq!(peer.read_frame().await, (FIN | PONG, b"early".to_vec()));
    assert_eq!(peer.read_frame().await, (FIN | CLOSE, 4321_u16.to_be_bytes().to_vec()));
    drop(peer);
    server.stop().await;

    let (accepted, mut peer) = accepting(&AcceptOptions::default(), async |stream| {
        let mut peer = Peer::new(stream);
        peer.send(&segment).await;
        peer
    })
    .await;
    let mut socket = accepted.unwrap().socket;
    let server = async {
        assert_eq!(socket.recv().await.unwrap(), None);
        drop(socket);
    };
    let client = async {
        assert!(peer.read_head().await.starts_with("HTTP/1.1 101 "));
        assert_eq!(peer.read_frame().await, (FIN | PONG, b"early".to_vec()));
        assert_eq!(peer.read_frame().await, (FIN | CLOSE, 4321_u16.to_be_bytes().to_vec()));
        drop(peer);
    };
    future::join(server, client).await;
}

/// CVE-2026-1527: a CR in a value became a line of the answer.
// Proves fault-21.
#[tokio::test]
async fn no_byte_of_a_request_comes_back() {
    let server = serve(ServerConfig::default()).await;
    for lines in [
        "Sec-WebSocket-Protocol: wirechat.v1\rX-Mark: a",
        "Sec-WebSocket-Protocol: wirechat.v1, X-Mark",
        "Sec-WebSocket-Protocol: \"X-Mark\"",
        "Sec-WebSocket-Extensions: permessage-deflate\rX-Mark: a",
        "Sec-WebSocket-Extensions: X-Mark; X-Mark=X-Mark",
        "Sec-WebSocket-Version: X-Mark",
        "Origin: X-Mark",
    ] {
        let request = [and(lines).as_bytes(), &close(Role::Client, 1000, b"")].concat();
        let mut peer = Peer::new(server.connect().await);
        peer.send(&request).await;
        let answer = peer.read_to_end().await;
        assert!(answer.starts_with(b"HTTP/1.1 "));
        assert!(!String::from_utf8_lossy(&answer).contains("X-Mark"), "{lines}");
    }
    server.stop().await;
}

// Proves fault-17.
#[tokio::test]
async fn section_10_2_a_page_of_a_foreign_origin_is_refused_where_origins_are_restricted() {
    let allowed_origins = Some(vec!["https://chat.example".to_owned()]);
    let config =
        ServerConfig { allowed_origins: allowed_origins.clone(), ..ServerConfig::default() };
    let options = AcceptOptions {
        handshake: ServerOptions { allowed_origins, ..ServerOptions::default() },
        ..AcceptOptions::default()
    };
    let server = serve(config).await;
    for origin in ["https://evil.example", "null", "https://chat.example.evil.example", ""] {
        let request = and(&format!("Origin: {origin}"));
        let answer = talk(server.connect().await, request.as_bytes(), usize::MAX).await;
        assert!(answer.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{origin}: {answer}");
        assert!(answer.ends_with("\r\n\r\nthis server does not serve pages of that origin\n"));
        let (_, same_answer) =
            accepting(&options, async |stream| talk(stream, request.as_bytes(), usize::MAX).await)
                .await;
        assert_eq!(same_answer, answer);
    }
    server.stop().await;
}

// Proves fault-8.
#[tokio::test]
async fn a_path_where_no_chat_is_gets_404() {
    let server = serve(ServerConfig::default()).await;
    let request = with(FIRST, "GET /elsewhere HTTP/1.1");
    let answer = talk(server.connect().await, request.as_bytes(), usize::MAX).await;
    assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nthere is nothing here; the chat is at /\n"), "{answer}");
    server.stop().await;
}
