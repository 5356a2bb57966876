//! The opening handshake (RFC 6455 §4): its result does not depend on how the
//! transport behaves, and a dropped future drops the transport, with not one byte
//! behind.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wirechat::net::{
    AcceptError, AcceptOptions, ConnectError, ConnectOptions, accept_with, connect_over,
    connect_with,
};
use wirechat::proto::handshake::{ClientOptions, HandshakeError, ServerOptions, Uri, accept_key};
use wirechat::proto::{CloseCode, Config, Message, Opcode, Role};
use wirechat::{WebSocket, accept, connect};

use crate::calls::{Calls, Drops};
use crate::runs::{Run, Socket, explore_as, in_no_time, in_time, together};
use crate::transport::{Transport, manners, transports};
use crate::wire::{bytes, say_and_hear};

const REQUEST: &str = "GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

fn response(accept: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

/// A message that arrives behind a head, and the end of the transport.
fn with_early(head: &str, sender: Role) -> Vec<u8> {
    [head.as_bytes(), &bytes(sender, true, Opcode::Text, b"early")].concat()
}

async fn has_kept_early_bytes<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocket<S>) {
    assert_eq!(socket.recv().await.unwrap(), Some(Message::from("early")));
    assert_eq!(socket.recv().await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_handshake_has_the_same_result_however_the_transport_behaves() {
    let uri: Uri = "ws://server.example.com/chat".parse().unwrap();
    let subprotocols = vec!["chat.v1".to_owned()];
    let offers = ClientOptions { subprotocols: subprotocols.clone(), ..ClientOptions::default() };
    let takes = ServerOptions { subprotocols, ..ServerOptions::default() };
    let connect = ConnectOptions { handshake: offers, ..ConnectOptions::default() };
    let accept = AcceptOptions { handshake: takes, ..AcceptOptions::default() };
    for manner in manners(1) {
        let (near, far) = transports(&manner, &manner);
        let client = async {
            let connected = connect_over(near, &uri, &connect).await.unwrap();
            assert_eq!(connected.subprotocol.as_deref(), Some("chat.v1"));
            let mut socket = connected.socket;
            socket.send("early").await.unwrap();
            socket.close(CloseCode::NORMAL, "").await.unwrap();
        };
        let server = async {
            let accepted = accept_with(far, &accept).await.unwrap();
            assert_eq!(accepted.subprotocol.as_deref(), Some("chat.v1"));
            assert_eq!(accepted.path, "/chat");
            has_kept_early_bytes(accepted.socket).await;
        };
        in_no_time(together(client, server)).await;
    }
}

/// So many bytes at a time: a handshake then waits a few times, and not hundreds.
const PIECE: usize = 20;

/// A client says this to a server that accepts in this way. What the server
/// makes of it, if its future is not dropped, and what the client hears.
async fn accepting(
    run: &Run,
    request: &[u8],
    accept: impl AsyncFnOnce(Transport) -> Result<Socket, AcceptError>,
) -> (Option<Result<(), AcceptError>>, Vec<u8>) {
    let (transport, client) = run.transport();
    let server = async {
        let accepted = run.calls.once(async || accept(transport).await).await?;
        let Ok(socket) = accepted else { return Some(accepted.map(drop)) };
        has_kept_early_bytes(socket).await;
        Some(Ok(()))
    };
    together(server, say_and_hear(client, request)).await
}

async fn accepts_or_drops(accept: impl AsyncFn(Transport) -> Result<Socket, AcceptError>) {
    let request = with_early(REQUEST, Role::Client);
    let response = response("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    explore_as(Role::Server, Config::default(), &manners(PIECE), async |run| {
        match accepting(run, &request, &accept).await {
            (None, heard) => assert!(response.as_bytes().starts_with(&heard)),
            (Some(accepted), heard) => {
                accepted.unwrap();
                assert_eq!(heard, response.as_bytes());
            }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_accept_drops_the_transport() {
    accepts_or_drops(async |transport| accept(transport).await).await;
    accepts_or_drops(async |transport| {
        Ok(accept_with(transport, &AcceptOptions::default()).await?.socket)
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_accept_that_refuses_drops_the_transport() {
    let request = REQUEST.replace(": 13", ": 12");
    let response = HandshakeError::Version.response();
    explore_as(Role::Server, Config::default(), &manners(PIECE), async |run| {
        match accepting(run, request.as_bytes(), accept).await {
            (None, heard) => assert!(response.starts_with(&heard)),
            (Some(refused), heard) => {
                assert!(matches!(refused, Err(AcceptError::Refused(HandshakeError::Version))));
                assert_eq!(heard, response);
            }
        }
    })
    .await;
}

/// A server that answers a request, if it comes to its end. All that it hears.
async fn answer(mut server: impl AsyncRead + AsyncWrite + Unpin) -> Vec<u8> {
    let mut heard = Vec::new();
    while !heard.ends_with(b"\r\n\r\n") {
        if server.read_buf(&mut heard).await.unwrap_or(0) == 0 {
            return heard; // whoever asked has gone
        }
    }
    let request = String::from_utf8_lossy(&heard);
    let (_, key) = request.split_once("Sec-WebSocket-Key: ").expect("a key");
    let response = response(&accept_key(key.split("\r\n").next().expect("a line")));
    // And may go at any time.
    let _ = server.write_all(&with_early(&response, Role::Server)).await;
    let _ = server.shutdown().await;
    let _ = server.read_to_end(&mut heard).await;
    heard
}

/// A request as far as it was sent, and no byte behind it.
fn is_a_request_at_most(heard: &[u8]) {
    let heard = String::from_utf8_lossy(heard);
    assert!("GET /".starts_with(&heard[..]) || heard.starts_with("GET /"), "{heard}");
    assert!(heard.split_once("\r\n\r\n").is_none_or(|(_, behind)| behind.is_empty()), "{heard}");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_connect_over_drops_the_transport() {
    let uri: Uri = "ws://server.example.com/chat".parse().unwrap();
    let options = ConnectOptions::default();
    explore_as(Role::Client, Config::default(), &manners(PIECE), async |run| {
        let (transport, server) = run.transport();
        let client = async {
            let connect = async || connect_over(transport, &uri, &options).await;
            if let Some(connected) = run.calls.once(connect).await {
                has_kept_early_bytes(connected.unwrap().socket).await;
            }
        };
        let ((), heard) = together(client, answer(server)).await;
        is_a_request_at_most(&heard);
    })
    .await;
}

/// Connects over TCP with a future that is dropped at its first await point, then
/// at its second, and so on until it gets through. The server takes one
/// connection after the other: the last one shows that all before it have ended.
async fn connects_or_drops(
    connect: impl AsyncFn(&str) -> Result<WebSocket<TcpStream>, ConnectError>,
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("ws://{}/", listener.local_addr().unwrap());
    let client = async {
        for place in 0.. {
            let calls = Calls::new(Drops::At(place));
            if let Some(connected) = calls.once(async || connect(&uri).await).await {
                has_kept_early_bytes(connected.unwrap()).await;
                return place;
            }
        }
        unreachable!("it always waits for something")
    };
    let server = async {
        loop {
            // One that was dropped may end before it is accepted.
            if let Ok((stream, _)) = listener.accept().await {
                is_a_request_at_most(&answer(stream).await);
            }
        }
    };
    let places = in_time(async {
        tokio::select! {
            places = client => places,
            () = server => unreachable!("it goes on for ever"),
        }
    });
    assert!(places.await >= 2, "it connects, and it waits for the response");
}

#[tokio::test]
async fn a_dropped_connect_drops_its_connection() {
    connects_or_drops(async |uri| connect(uri).await).await;
    connects_or_drops(async |uri| Ok(connect_with(uri, &ConnectOptions::default()).await?.socket))
        .await;
}
