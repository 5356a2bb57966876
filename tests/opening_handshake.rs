//! The opening handshake on a transport in memory: time limits, early bytes and
//! refusals as the other side sees them. Time is virtual.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{FutureExt, future};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::{Instant, sleep};
use wirechat::net::{
    AcceptError, AcceptOptions, ConnectError, ConnectOptions, accept_with, connect_over,
};
use wirechat::proto::Message;
use wirechat::proto::handshake::{
    ClientOptions, HandshakeError, ResponseError, ServerOptions, Uri,
};

const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

fn uri() -> Uri {
    "ws://server.example.com/chat?room=1".parse().unwrap()
}

async fn answer(raw: &mut DuplexStream) -> String {
    let mut answer = Vec::new();
    raw.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

// Proves 6455-4.1-1.
#[tokio::test(start_paused = true)]
async fn section_4_both_sides_agree_on_a_path_and_a_subprotocol() {
    let (client, server) = duplex(1 << 10);
    let subprotocols = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let connect = ConnectOptions {
        handshake: ClientOptions {
            subprotocols: subprotocols(&["chat.v2", "chat.v1"]),
            ..ClientOptions::default()
        },
        ..ConnectOptions::default()
    };
    let accept = AcceptOptions {
        handshake: ServerOptions {
            subprotocols: subprotocols(&["chat.v1"]),
            ..ServerOptions::default()
        },
        ..AcceptOptions::default()
    };
    let uri = uri();
    let (connected, accepted) =
        future::join(connect_over(client, &uri, &connect), accept_with(server, &accept)).await;
    let (mut connected, mut accepted) = (connected.unwrap(), accepted.unwrap());
    assert_eq!(connected.subprotocol.as_deref(), Some("chat.v1"));
    assert_eq!(accepted.subprotocol.as_deref(), Some("chat.v1"));
    assert_eq!(accepted.path, "/chat");
    connected.socket.send("hello").await.unwrap();
    assert_eq!(accepted.socket.recv().await.unwrap(), Some(Message::from("hello")));
}

#[tokio::test(start_paused = true)]
async fn frames_that_arrive_with_the_request_are_served_after_the_101() {
    let (mut raw, server) = duplex(1 << 10);
    raw.write_all(&[REQUEST, b"\x81\x82\0\0\0\0hi"].concat()).await.unwrap();
    let mut accepted = accept_with(server, &AcceptOptions::default()).await.unwrap();
    assert_eq!(accepted.socket.recv().await.unwrap(), Some(Message::from("hi")));
}

// Proves 6455-4.1-15.
#[tokio::test(start_paused = true)]
async fn frames_that_arrive_with_the_response_are_the_first_messages() {
    let (client, mut raw) = duplex(1 << 10);
    let server = async {
        let mut request = vec![0; 1 << 10];
        let len = raw.read(&mut request).await.unwrap();
        let request = String::from_utf8(request[..len].to_vec()).unwrap();
        assert!(request.starts_with("GET /chat?room=1 HTTP/1.1\r\nHost: server.example.com\r\n"));
        let key = request.split("Sec-WebSocket-Key: ").nth(1).unwrap();
        let accept = wirechat::proto::handshake::accept_key(key.split("\r\n").next().unwrap());
        let response = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        let mut response = response.into_bytes();
        response.extend_from_slice(b"\x81\x05early");
        raw.write_all(&response).await.unwrap();
    };
    let (uri, options) = (uri(), ConnectOptions::default());
    let (connected, ()) = future::join(connect_over(client, &uri, &options), server).await;
    let mut socket = connected.unwrap().socket;
    assert_eq!(socket.recv().await.unwrap(), Some(Message::from("early")));
}

// Proves 6455-4.2.1-1, 6455-4.2.2-5, 6455-7.2.2-1, 6455-10.7-4.
#[tokio::test(start_paused = true)]
async fn a_refused_client_is_told_over_http_and_the_connection_ends() {
    let (mut raw, server) = duplex(1 << 10);
    let request = String::from_utf8(REQUEST.to_vec()).unwrap().replace(": 13", ": 12");
    raw.write_all(request.as_bytes()).await.unwrap();
    let options = AcceptOptions::default();
    let (answer, accepted) = future::join(answer(&mut raw), accept_with(server, &options)).await;
    assert!(answer.starts_with("HTTP/1.1 426 Upgrade Required\r\n"));
    assert!(answer.contains("Sec-WebSocket-Version: 13\r\n"));
    assert!(matches!(accepted, Err(AcceptError::Refused(HandshakeError::Version))));
}

// Proves 6455-7.2.2-1.
#[tokio::test(start_paused = true)]
async fn a_request_that_drips_in_is_ended_by_one_total_deadline() {
    let start = Instant::now();
    let (mut raw, server) = duplex(1 << 10);
    let client = async {
        for byte in REQUEST {
            if raw.write_all(&[*byte]).await.is_err() {
                return;
            }
            sleep(Duration::from_secs(1)).await;
        }
    };
    let options = AcceptOptions::default();
    let (_, accepted) = future::join(client, accept_with(server, &options)).await;
    assert!(matches!(accepted, Err(AcceptError::Timeout)));
    assert!(start.elapsed() <= Duration::from_secs(11), "{:?}", start.elapsed());
}

// Proves 6455-7.2.2-1, 6455-10.7-2.
#[tokio::test(start_paused = true)]
async fn a_head_that_never_ends_is_refused_at_8_kib_however_it_arrives() {
    let (mut raw, server) = duplex(1 << 10);
    let client = async {
        let _ = raw.write_all(b"GET / HTTP/1.1\r\n").await;
        for _ in 0..(256 << 10) / 120 {
            if raw.write_all(&[b'a'; 120]).await.is_err() {
                break;
            }
        }
        answer(&mut raw).await
    };
    let options = AcceptOptions::default();
    let (answer, accepted) = future::join(client, accept_with(server, &options)).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert!(matches!(accepted, Err(AcceptError::Refused(HandshakeError::Head(_)))));
}

// Proves 6455-4.1-33.
#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_or_is_no_websocket_server_is_reported_with_its_status() {
    let (client, mut raw) = duplex(1 << 10);
    raw.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    let refused = connect_over(client, &uri(), &ConnectOptions::default()).await.unwrap_err();
    let ConnectError::Response(ResponseError::Refused { status, .. }) = refused else {
        panic!("{refused}");
    };
    assert_eq!(status, 404);
}

// Proves 6455-7.2.1-1.
#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_given_up_at_the_deadline() {
    let start = Instant::now();
    let (client, _raw) = duplex(1 << 10);
    let error = connect_over(client, &uri(), &ConnectOptions::default()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Timeout));
    assert_eq!(start.elapsed(), Duration::from_secs(10));
}

/// What a client sends before it has an answer, and what it makes of this one.
async fn request_and_verdict(response: &[u8]) -> (String, ConnectError) {
    let (client, mut raw) = duplex(1 << 10);
    let (uri, options) = (uri(), ConnectOptions::default());
    let server = async {
        // Time passes only when nothing else can happen: all that comes has come.
        sleep(Duration::from_secs(5)).await;
        raw.write_all(response).await.unwrap();
        answer(&mut raw).await
    };
    let (connected, sent) = future::join(connect_over(client, &uri, &options), server).await;
    (sent, connected.unwrap_err())
}

// Proves 6455-4.1-32, 6455-7.2.1-1.
#[tokio::test(start_paused = true)]
async fn section_7_2_1_a_client_that_is_refused_or_deceived_ends_the_transport_without_a_frame() {
    for response in [
        &b"HTTP/1.1 403 Forbidden\r\n\r\n"[..],
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        b"SSH-2.0-x\r\n\r\n",
    ] {
        let (sent, error) = request_and_verdict(response).await;
        assert!(matches!(error, ConnectError::Response(_)), "{error}");
        assert!(sent.ends_with("\r\n\r\n"), "{sent}");
        assert_eq!(sent.matches("\r\n\r\n").count(), 1, "{sent}");
    }
}

// Proves 6455-4.1-23, 6455-4.1-24.
#[tokio::test(start_paused = true)]
async fn section_4_1_item_7_each_connection_has_a_random_key_of_its_own() {
    let mut keys = BTreeSet::new();
    for _ in 0..20 {
        let (sent, _) = request_and_verdict(b"HTTP/1.1 503 \r\n\r\n").await;
        let key = sent.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
        // 16 bytes are 22 characters and two of padding.
        keys.insert(key.filter(|key| key.len() == 24 && key.ends_with("==")).unwrap().to_owned());
    }
    assert_eq!(keys.len(), 20);
}

// Proves 6455-4.1-1, 6455-4.1-8.
#[tokio::test]
async fn section_4_1_a_connection_goes_to_the_host_and_port_of_its_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        accept_with(stream, &AcceptOptions::default()).await.unwrap()
    };
    let uri = format!("ws://{address}/chat");
    let (connected, accepted) = future::join(wirechat::connect(&uri), server).await;
    let (mut client, mut server) = (connected.unwrap(), accepted.socket);
    client.send("hello").await.unwrap();
    assert_eq!(server.recv().await.unwrap(), Some(Message::from("hello")));
    assert_eq!(accepted.path, "/chat");
}

// Proves 6455-4.1-10.
#[tokio::test]
async fn section_4_1_a_connection_that_cannot_be_opened_is_an_error() {
    // Bound, so that nobody else gets the port, but not listening.
    let nobody = TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let uri = format!("ws://{}/", nobody.local_addr().unwrap());
    let error = wirechat::connect(&uri).await.unwrap_err();
    assert!(matches!(error, ConnectError::Io(_)), "{error}");
}

// Proves 6455-4.1-2.
#[tokio::test]
async fn section_4_1_item_1_an_address_that_is_no_websocket_uri_is_refused_before_connecting() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    for uri in [format!("http://{address}/"), format!("ws://{address}/#part")] {
        let error = wirechat::connect(&uri).await.unwrap_err();
        assert!(matches!(error, ConnectError::Uri(_)), "{error}");
    }
    assert!(listener.accept().now_or_never().is_none(), "nobody has connected");
}

#[tokio::test]
async fn wss_needs_tls_and_says_so() {
    let error = wirechat::connect("wss://127.0.0.1:1/").await.unwrap_err();
    assert!(matches!(error, ConnectError::Tls));
}
