//! The chat server's port, as a client sees it before there is a WebSocket.
#![cfg(feature = "chat")]

use futures_util::future;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use wirechat::server::{Server, ServerConfig};

/// What the server answers to these bytes until it ends the connection.
async fn answer_to(request: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::new(listener, ServerConfig::default());
    let address = server.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let client = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        stop.send(()).unwrap();
        answer
    };
    let stopped = async { stopped.await.unwrap() };
    future::join(client, server.run(stopped)).await.0
}

// Proves 6455-4.2.2-6.
#[tokio::test]
async fn section_4_2_2_a_handshake_for_a_path_that_does_not_exist_is_answered_with_404() {
    let answer = answer_to(
        "GET /nowhere HTTP/1.1\r\n\
         Host: server.example.com\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Version: 13\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{answer}");
    assert!(!answer.to_ascii_lowercase().contains("sec-websocket"), "{answer}");
}
