//! permessage-deflate from the opening handshake to the messages (RFC 7692), on a
//! transport in memory.
#![cfg(feature = "deflate")]

use futures_util::future;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use wirechat::WebSocket;
use wirechat::net::{AcceptOptions, ConnectOptions, accept_with, connect_over};
use wirechat::proto::handshake::{ClientOptions, ServerOptions, Uri};
use wirechat::proto::{Deflate, Message, WindowBits};

const FORGETFUL: Deflate = Deflate {
    server_no_context_takeover: true,
    client_no_context_takeover: true,
    server_max_window_bits: WindowBits::MIN,
    client_max_window_bits: WindowBits::MIN,
    threshold: 0,
};

fn accepting(deflate: Option<Deflate>) -> AcceptOptions {
    let handshake = ServerOptions { deflate, ..ServerOptions::default() };
    AcceptOptions { handshake, ..AcceptOptions::default() }
}

/// A client and a server that wish for this.
async fn pair(
    client: Option<Deflate>,
    server: Option<Deflate>,
) -> (WebSocket<DuplexStream>, WebSocket<DuplexStream>) {
    let (near, far) = duplex(1 << 10);
    let uri: Uri = "ws://server.example.com/".parse().unwrap();
    let handshake = ClientOptions { deflate: client, ..ClientOptions::default() };
    let connect = ConnectOptions { handshake, ..ConnectOptions::default() };
    let accept = accepting(server);
    let (connected, accepted) =
        future::join(connect_over(near, &uri, &connect), accept_with(far, &accept)).await;
    (connected.unwrap().socket, accepted.unwrap().socket)
}

async fn deliver(
    from: &mut WebSocket<DuplexStream>,
    to: &mut WebSocket<DuplexStream>,
    message: &Message,
) {
    let sender = async {
        from.send(message.clone()).await?;
        from.flush().await
    };
    let (sent, received) = future::join(sender, to.recv()).await;
    sent.unwrap();
    assert_eq!(received.unwrap().as_ref(), Some(message));
}

// Proves 6455-9.2-1, 7692-5-14.
#[tokio::test(start_paused = true)]
async fn messages_arrive_whatever_each_side_wishes_for() {
    for client in [None, Some(Deflate::default()), Some(FORGETFUL)] {
        for server in [None, Some(Deflate::default()), Some(FORGETFUL)] {
            let (mut client, mut server) = pair(client, server).await;
            for size in [0, 1, 100, 10_000, 60_000] {
                let message = Message::from("The same again. ".repeat(size / 16));
                deliver(&mut client, &mut server, &message).await;
                deliver(&mut server, &mut client, &message).await;
            }
        }
    }
}

/// The response and the frame that a client gets that asks for compression.
async fn first_frame(server: &AcceptOptions, message: &str) -> (String, Vec<u8>) {
    let (mut raw, far) = duplex(4 << 10);
    let request = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
    raw.write_all(request.as_bytes()).await.unwrap();
    let mut socket = accept_with(far, server).await.unwrap().socket;
    socket.send(message).await.unwrap();
    drop(socket);
    let mut everything = Vec::new();
    raw.read_to_end(&mut everything).await.unwrap();
    let end = everything.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let frame = everything.split_off(end);
    (String::from_utf8(everything).unwrap(), frame)
}

// Proves 7692-6.1-1, 7692-6.1-2.
#[tokio::test(start_paused = true)]
async fn rfc_7692_6_1_what_was_agreed_on_is_what_travels() {
    let (agrees, message) = (accepting(Some(Deflate::default())), "Hello ".repeat(100));
    let (response, frame) = first_frame(&agrees, &message).await;
    assert!(response.contains("\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"));
    assert_eq!(frame[0], 0xC1);
    assert!(frame.len() < 30, "{}", frame.len());
    let (_, short) = first_frame(&agrees, "Hello").await;
    assert_eq!(short, b"\x81\x05Hello", "below the threshold");

    let (response, frame) = first_frame(&accepting(None), &message).await;
    assert!(!response.contains("Extensions"));
    assert_eq!(frame[0], 0x81);
    assert_eq!(frame.len(), 4 + message.len());
}

// Proves 6455-9.1-6.
#[tokio::test(start_paused = true)]
async fn what_the_caller_s_config_says_of_compression_does_not_count() {
    let mut declines = accepting(None);
    declines.config.deflate = Some(FORGETFUL);
    let (_, frame) = first_frame(&declines, &"Hello ".repeat(100)).await;
    assert_eq!(frame[0], 0x81);
}
