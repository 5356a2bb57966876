//! Peers that take their time, or fall silent. Each wait has one deadline that no
//! byte of theirs puts off for ever. Time is virtual.

use std::time::Duration;

use futures_util::future;
use tokio::io::{DuplexStream, duplex};
use tokio::time::{Instant, sleep};
use wirechat::net::{
    AcceptError, AcceptOptions, ConnectError, ConnectOptions, accept_with, connect_over,
};
use wirechat::proto::Role;

use crate::ends::{REQUEST, RESPONSE, in_memory, receive_all};
use crate::peer::Peer;
use crate::wire::{FIN, PING, TEXT, begun};

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// One byte a second, until nobody takes it.
async fn drip(peer: &mut Peer<DuplexStream>, bytes: &[u8]) {
    for byte in bytes {
        if peer.try_send(&[*byte]).await.is_err() {
            break;
        }
        sleep(Duration::from_secs(1)).await;
    }
}

// Proves fault-68.
#[tokio::test(start_paused = true)]
async fn a_client_whose_request_does_not_come_to_its_end_is_cut_off_after_10_s() {
    let request = REQUEST.as_bytes();
    for sent in [&b""[..], b"G", &request[..40], &request[..request.len() - 1]] {
        let start = Instant::now();
        let (ours, theirs) = duplex(1 << 10);
        let mut client = Peer::new(theirs);
        client.send(sent).await;
        let accepted = accept_with(ours, &AcceptOptions::default()).await;
        assert!(matches!(accepted, Err(AcceptError::Timeout)), "{accepted:?}");
        assert_eq!(start.elapsed(), HANDSHAKE_TIMEOUT);
        assert_eq!(client.read_to_end().await, b"");
    }
}

// Proves fault-68.
#[tokio::test(start_paused = true)]
async fn a_request_of_one_byte_a_second_is_cut_off_after_10_s_all_together() {
    let start = Instant::now();
    let (ours, theirs) = duplex(1 << 10);
    let mut client = Peer::new(theirs);
    let options = AcceptOptions::default();
    let accept = async {
        assert!(matches!(accept_with(ours, &options).await, Err(AcceptError::Timeout)));
        assert_eq!(start.elapsed(), HANDSHAKE_TIMEOUT);
    };
    future::join(accept, drip(&mut client, REQUEST.as_bytes())).await;
    assert_eq!(client.read_to_end().await, b"");
}

// Proves fault-69.
#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_take_the_answer_is_cut_off_after_10_s_all_together() {
    for request in [REQUEST.to_owned(), REQUEST.replace(": 13", ": 12")] {
        let start = Instant::now();
        let (ours, theirs) = duplex(16);
        let mut client = Peer::new(theirs);
        let options = AcceptOptions::default();
        let accept = accept_with(ours, &options);
        let (accepted, ()) = future::join(accept, client.send(request.as_bytes())).await;
        assert!(matches!(accepted, Err(AcceptError::Timeout)), "{accepted:?}");
        assert_eq!(start.elapsed(), HANDSHAKE_TIMEOUT);
    }
}

/// RFC 9112 §9.6: what it still sends is thrown away for a moment, so that the
/// answer is not lost to a reset.
// Proves fault-70.
#[tokio::test(start_paused = true)]
async fn a_refused_client_that_does_not_end_its_side_is_dropped_after_1_s() {
    let start = Instant::now();
    let (ours, theirs) = duplex(1 << 10);
    let mut client = Peer::new(theirs);
    client.send(REQUEST.replace(": 13", ": 12").as_bytes()).await;
    let accepted = accept_with(ours, &AcceptOptions::default()).await;
    assert!(matches!(accepted, Err(AcceptError::Refused(_))), "{accepted:?}");
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    assert!(client.read_head().await.starts_with("HTTP/1.1 426 "));
}

// Proves fault-71.
#[tokio::test(start_paused = true)]
async fn a_server_whose_response_does_not_come_to_its_end_is_given_up_after_10_s() {
    let uri = "ws://127.0.0.1/".parse().unwrap();
    let options = ConnectOptions::default();
    for sent in ["", "HTTP/1.1 101 S", RESPONSE.strip_suffix("\n").unwrap()] {
        let start = Instant::now();
        let (ours, theirs) = duplex(1 << 10);
        let mut server = Peer::new(theirs);
        server.send(sent.as_bytes()).await;
        let error = connect_over(ours, &uri, &options).await.unwrap_err();
        assert!(matches!(error, ConnectError::Timeout), "{error:?}");
        assert_eq!(error.to_string(), "the server did not answer in time");
        assert_eq!(start.elapsed(), HANDSHAKE_TIMEOUT);
    }
}

// Proves fault-71.
#[tokio::test(start_paused = true)]
async fn a_response_of_one_byte_a_second_is_given_up_after_10_s_all_together() {
    let start = Instant::now();
    let (ours, theirs) = duplex(1 << 10);
    let mut server = Peer::new(theirs);
    let (uri, options) = ("ws://127.0.0.1/".parse().unwrap(), ConnectOptions::default());
    let connect = async {
        let connected = connect_over(ours, &uri, &options).await;
        assert!(matches!(connected, Err(ConnectError::Timeout)));
        assert_eq!(start.elapsed(), HANDSHAKE_TIMEOUT);
    };
    future::join(connect, drip(&mut server, RESPONSE.as_bytes())).await;
}

// Proves fault-82.
#[tokio::test(start_paused = true)]
async fn a_peer_that_ends_tcp_during_the_handshake_is_an_error_at_once() {
    let start = Instant::now();
    for sent in [&b""[..], b"G", &REQUEST.as_bytes()[..40]] {
        let (ours, theirs) = duplex(1 << 10);
        let mut client = Peer::new(theirs);
        client.send(sent).await;
        drop(client);
        let accepted = accept_with(ours, &AcceptOptions::default()).await;
        assert!(matches!(accepted, Err(AcceptError::Io(_))), "{accepted:?}");
    }
    let (uri, options) = ("ws://127.0.0.1/".parse().unwrap(), ConnectOptions::default());
    for sent in ["", "HTTP/1.1 101 S"] {
        let (ours, theirs) = duplex(1 << 10);
        let mut server = Peer::new(theirs);
        let server = async {
            server.read_head().await;
            server.send(sent.as_bytes()).await;
            drop(server);
        };
        let connect = connect_over(ours, &uri, &options);
        let (connected, ()) = future::join(connect, server).await;
        let error = connected.unwrap_err().to_string();
        assert_eq!(error, "the server closed the connection during the handshake");
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
}

// Proves fault-72.
#[tokio::test(start_paused = true)]
async fn section_5_5_2_a_peer_that_falls_silent_is_asked_closed_and_dropped_after_50_s() {
    for sender in [Role::Client, Role::Server] {
        for before in [vec![], begun(sender, FIN | TEXT, 100, b"the first of a hundred")] {
            let start = Instant::now();
            let (mut socket, mut peer) = in_memory(sender, 1 << 10);
            peer.send(&before).await;
            let peer = async {
                assert_eq!(peer.read_frame().await, (FIN | PING, Vec::new()));
                assert_eq!(start.elapsed(), Duration::from_secs(25));
                assert_eq!(peer.read_close().await, (1011, "no answer to a ping".to_owned()));
                assert_eq!(start.elapsed(), Duration::from_secs(45));
                peer
            };
            let (received, _silent) = future::join(receive_all(&mut socket), peer).await;
            assert_eq!(received.unwrap(), []);
            assert_eq!(start.elapsed(), Duration::from_secs(50));
            assert!(!socket.closure().unwrap().clean);
        }
    }
}
