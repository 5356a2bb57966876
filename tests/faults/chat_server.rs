//! The chat server keeps the deadlines that the library keeps. Its connections
//! are TCP, so here the deadlines are short and the time is real.

use std::time::Duration;

use futures_util::future;
use tokio::net::TcpStream;
use tokio::time::sleep;
use wirechat::proto::{Config, Keepalive, Role};
use wirechat::server::ServerConfig;

use crate::ends::{REQUEST, serve};
use crate::peer::Peer;
use crate::wire::{FIN, PING, TEXT, close, text};

const MOMENT: Duration = Duration::from_millis(50);

/// One piece every few milliseconds, until nobody takes it.
async fn drip(peer: &mut Peer<TcpStream>, pieces: impl Iterator<Item = &[u8]>) {
    for piece in pieces {
        if peer.try_send(piece).await.is_err() {
            return;
        }
        sleep(Duration::from_millis(5)).await;
    }
    panic!("somebody took all of it");
}

// Proves fault-68.
#[tokio::test]
async fn requests_that_do_not_come_to_their_end_are_cut_off_without_an_answer() {
    let config = ServerConfig { handshake_timeout: MOMENT, ..ServerConfig::default() };
    let server = serve(config).await;
    let silent = Peer::new(server.connect().await);
    let mut half = Peer::new(server.connect().await);
    half.send(&REQUEST.as_bytes()[..40]).await;
    let mut slow = Peer::new(server.connect().await);
    drip(&mut slow, REQUEST.as_bytes().chunks(1)).await;
    for mut peer in [silent, half, slow] {
        assert_eq!(peer.read_to_end().await, b"");
    }
    server.stop().await;
}

// Proves fault-73.
#[tokio::test]
async fn a_client_that_falls_silent_is_asked_and_closed_with_4000() {
    let mut config = ServerConfig::default();
    let keepalive = config.connection.keepalive.unwrap();
    config.connection = Config {
        keepalive: Some(Keepalive { interval: MOMENT, timeout: MOMENT, ..keepalive }),
        close_timeout: MOMENT,
        ..config.connection
    };
    let server = serve(config).await;
    let mut peer = server.open().await;
    assert_eq!(peer.read_frame().await.0, FIN | TEXT, "the chat's welcome");
    assert_eq!(peer.read_frame().await, (FIN | PING, Vec::new()));
    assert_eq!(peer.read_close().await, (4000, "no answer to a ping".to_owned()));
    assert_eq!(peer.read_to_end().await, b"");
    server.stop().await;
}

// Proves fault-81.
#[tokio::test]
async fn a_client_that_talks_on_after_the_last_close_is_cut_off() {
    let connection = Config { close_timeout: MOMENT, ..Config::default() };
    let server = serve(ServerConfig { connection, ..ServerConfig::default() }).await;
    for last in [close(Role::Client, 1000, b""), text(Role::Server, "not masked")] {
        let mut peer = server.open().await;
        peer.send(&last).await;
        peer.read_close().await;
        assert_eq!(peer.read_to_end().await, b"", "the server ends its side at once");
        let talk = text(Role::Client, "and another thing");
        drip(&mut peer, std::iter::repeat_n(&talk[..], 10_000)).await;
    }
    server.stop().await;
}

// Proves fault-75.
#[tokio::test]
async fn a_stopping_server_says_1001_and_waits_for_no_answer() {
    let connection = Config { close_timeout: MOMENT, ..Config::default() };
    let server = serve(ServerConfig { connection, ..ServerConfig::default() }).await;
    let mut peer = server.open().await;
    let (said, ()) = future::join(peer.read_close(), server.stop()).await;
    assert_eq!(said, (1001, "the server is shutting down".to_owned()));
    assert_eq!(peer.read_to_end().await, b"");
}
