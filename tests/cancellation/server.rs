//! The chat server: accepting loses no connection, and its connections outlive it.

use std::future::pending;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use wirechat::proto::CloseCode;
use wirechat::server::{Server, ServerConfig, accept_from, listen_on};
use wirechat::{WebSocket, connect};

use crate::calls::{Calls, Drops};
use crate::runs::{in_time, together};

const LOCALHOST: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Accepts five that come one after the other; how often that had to wait.
async fn accept_five(drops: Drops) -> usize {
    let listener = listen_on(LOCALHOST).unwrap();
    let address = listener.local_addr().unwrap();
    let calls = Calls::new(drops);
    let server = async {
        let mut accepted = Vec::new();
        for _ in 0..5 {
            let (mut stream, peer) = calls.until_done(async || accept_from(&listener).await).await;
            stream.write_u8(b'!').await.unwrap();
            accepted.push(peer);
        }
        accepted
    };
    let clients = async {
        let mut connected = Vec::new();
        for _ in 0..5 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.read_u8().await.unwrap();
            connected.push(stream.local_addr().unwrap());
        }
        connected
    };
    let (accepted, connected) = in_time(together(server, clients)).await;
    assert_eq!(accepted, connected);
    calls.awaits()
}

#[tokio::test]
async fn a_dropped_accept_from_has_lost_no_connection() {
    let awaits = accept_five(Drops::None).await;
    assert!(awaits >= 5, "each had to be waited for");
    for place in 0..awaits {
        accept_five(Drops::At(place)).await;
    }
    accept_five(Drops::Every).await;
}

fn server() -> (Server, String) {
    let server = Server::new(listen_on(LOCALHOST).unwrap(), ServerConfig::default());
    let uri = format!("ws://{}/ws", server.local_addr().unwrap());
    (server, uri)
}

/// Reads on until something is said that has this in it.
async fn hears(socket: &mut WebSocket<TcpStream>, part: &str) {
    loop {
        let message = socket.recv().await.unwrap().expect("the connection goes on");
        if message.as_text().is_some_and(|text| text.contains(part)) {
            return;
        }
    }
}

/// Clients connect until the server, dropped at this await point, accepts no more.
async fn connections_of_a_server_dropped_at(place: usize) -> Vec<WebSocket<TcpStream>> {
    let (server, uri) = server();
    let calls = Calls::new(Drops::At(place));
    let served = calls.once(async || server.run(pending()).await);
    let clients = async {
        let mut connections = Vec::new();
        while let Ok(socket) = connect(&uri).await {
            connections.push(socket);
        }
        connections
    };
    in_time(together(served, clients)).await.1
}

#[tokio::test]
async fn a_dropped_server_accepts_nobody_any_more_and_its_connections_go_on() {
    for place in 0.. {
        let mut connections = connections_of_a_server_dropped_at(place).await;
        for number in 0..connections.len() {
            let hello = format!("number {number}");
            let message = format!(r#"{{"type":"message","content":"{hello}"}}"#);
            connections[number].send(message).await.unwrap();
            for socket in &mut connections {
                in_time(hears(socket, &hello)).await;
            }
        }
        if connections.len() >= 3 {
            break;
        }
    }
}

#[tokio::test]
async fn a_server_that_is_dropped_while_it_stops_has_said_goodbye() {
    let (server, uri) = server();
    let (stop, stopped) = oneshot::channel();
    let mut run = Box::pin(server.run(async { stopped.await.unwrap() }));
    let mut socket = tokio::select! {
        socket = connect(&uri) => socket.unwrap(),
        () = &mut run => unreachable!("nobody has stopped it"),
    };
    stop.send(()).unwrap();
    assert!(run.as_mut().now_or_never().is_none(), "it waits for those who are there");
    drop(run);
    while in_time(socket.recv()).await.unwrap().is_some() {}
    let closure = socket.closure().unwrap();
    assert_eq!((closure.code, closure.clean), (Some(CloseCode::GOING_AWAY), true));
}
