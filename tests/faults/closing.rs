//! Peers that do not end a connection as they should (RFC 6455 §7): it ends all
//! the same, within `close_timeout`. Time is virtual.

use std::time::Duration;

use futures_util::future;
use tokio::io::DuplexStream;
use tokio::time::{Instant, sleep};
use wirechat::net::{Error, WebSocket};
use wirechat::proto::{CloseCode, Initiator, ProtocolError, Role};

use crate::ends::{in_memory, receive_all};
use crate::peer::Peer;
use crate::wire::{FIN, PING, close, frame, text};

const BOTH: [Role; 2] = [Role::Client, Role::Server];
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// Says something each second for as long as anybody is there.
async fn talk_on(peer: &mut Peer<DuplexStream>, sender: Role) {
    for _ in 0..60 {
        if peer.try_send(&text(sender, "and another thing")).await.is_err() {
            return;
        }
        sleep(Duration::from_secs(1)).await;
    }
    panic!("somebody is still there");
}

/// Receives until the end of the connection, and drops it.
async fn receive_to_the_end(mut socket: WebSocket<DuplexStream>) -> Result<(), Error> {
    receive_all(&mut socket).await.map(|_| ())
}

// Proves fault-74.
#[tokio::test(start_paused = true)]
async fn section_7_1_1_a_peer_that_never_answers_our_close_is_cut_off_after_5_s() {
    for sender in BOTH {
        let start = Instant::now();
        let (mut socket, _silent) = in_memory(sender, 1 << 10);
        socket.close(CloseCode::GOING_AWAY, "bye").await.unwrap();
        assert_eq!(start.elapsed(), CLOSE_TIMEOUT);
        let closure = socket.closure().unwrap();
        assert_eq!((closure.code, closure.clean), (Some(CloseCode::GOING_AWAY), false));
        assert_eq!(closure.initiator, Initiator::Local);
    }
}

// Proves fault-74.
#[tokio::test(start_paused = true)]
async fn section_7_1_1_a_peer_that_talks_on_after_our_close_is_cut_off_after_5_s() {
    for sender in BOTH {
        let start = Instant::now();
        let (mut socket, mut peer) = in_memory(sender, 1 << 10);
        socket.start_close(CloseCode::GOING_AWAY, "bye");
        let (received, ()) = future::join(
            async {
                let received = receive_all(&mut socket).await.unwrap();
                drop(socket);
                received
            },
            talk_on(&mut peer, sender),
        )
        .await;
        assert_eq!(received.len(), 5, "what it says before it answers still counts");
        assert_eq!(start.elapsed(), CLOSE_TIMEOUT);
        assert_eq!(peer.read_close().await, (1001, "bye".to_owned()));
    }
}

// Proves fault-78.
#[tokio::test(start_paused = true)]
async fn section_5_5_1_what_a_peer_sends_behind_its_close_is_thrown_away() {
    for sender in BOTH {
        let start = Instant::now();
        let (socket, mut peer) = in_memory(sender, 1 << 10);
        let wire = [close(sender, 4000, b""), frame(sender, FIN | PING, b"late")].concat();
        let talk = async {
            peer.send(&wire).await;
            talk_on(&mut peer, sender).await;
        };
        let (received, ()) = future::join(receive_to_the_end(socket), talk).await;
        received.unwrap();
        assert_eq!(start.elapsed(), CLOSE_TIMEOUT, "it never ended TCP");
        assert_eq!(peer.read_close().await, (4000, String::new()));
        assert_eq!(peer.read_to_end().await, b"", "and no Pong");
    }
}

/// RFC 6455 §7.1.1: the server ends TCP first, so a client waits for that.
// Proves fault-79.
#[tokio::test(start_paused = true)]
async fn section_7_1_1_a_server_that_never_ends_tcp_is_waited_for_5_s_and_no_longer() {
    let start = Instant::now();
    let (mut socket, mut server) = in_memory(Role::Server, 1 << 10);
    server.send(&close(Role::Server, 1000, b"")).await;
    assert_eq!(socket.recv().await.unwrap(), None);
    assert_eq!(start.elapsed(), CLOSE_TIMEOUT);
    assert!(socket.closure().unwrap().clean);
}

// Proves fault-80.
#[tokio::test(start_paused = true)]
async fn section_7_1_1_a_client_that_never_ends_tcp_is_cut_off_5_s_after_the_server_has() {
    let start = Instant::now();
    let (mut socket, mut client) = in_memory(Role::Client, 1 << 10);
    client.send(&close(Role::Client, 1000, b"")).await;
    let client = async {
        assert_eq!(client.read_close().await, (1000, String::new()));
        assert_eq!(client.read_to_end().await, b"");
        assert_eq!(start.elapsed(), Duration::ZERO, "our side ends at once");
        client
    };
    let (received, _open) = future::join(socket.recv(), client).await;
    assert_eq!(received.unwrap(), None);
    assert_eq!(start.elapsed(), CLOSE_TIMEOUT);
    assert!(socket.closure().unwrap().clean);
}

// Proves fault-81.
#[tokio::test(start_paused = true)]
async fn section_7_1_7_a_peer_that_broke_a_rule_and_talks_on_is_cut_off_after_5_s() {
    for sender in BOTH {
        let start = Instant::now();
        let (socket, mut peer) = in_memory(sender, 1 << 10);
        let talk = async {
            peer.send(&[0xFF]).await;
            assert_eq!(peer.read_close().await, (1002, "opcode 0xf is reserved".to_owned()));
            assert_eq!(peer.read_to_end().await, b"");
            assert_eq!(start.elapsed(), Duration::ZERO, "our side ends at once");
            talk_on(&mut peer, sender).await;
        };
        let (received, ()) = future::join(receive_to_the_end(socket), talk).await;
        assert!(matches!(received, Err(Error::Protocol(ProtocolError::ReservedOpcode(0xF)))));
        assert_eq!(start.elapsed(), CLOSE_TIMEOUT);
    }
}

// Proves fault-76.
#[tokio::test(start_paused = true)]
async fn section_7_1_7_a_peer_that_breaks_a_rule_instead_of_answering_gets_no_second_close() {
    for sender in BOTH {
        let start = Instant::now();
        let (mut socket, mut peer) = in_memory(sender, 1 << 10);
        socket.start_close(CloseCode::NORMAL, "bye");
        let peer = async {
            peer.send(&[0xFF]).await;
            assert_eq!(peer.read_close().await, (1000, "bye".to_owned()));
            assert_eq!(peer.read_to_end().await, b"");
            assert_eq!(start.elapsed(), Duration::ZERO);
            drop(peer);
        };
        let (received, ()) = future::join(receive_all(&mut socket), peer).await;
        assert!(matches!(received, Err(Error::Protocol(_))));
        let closure = socket.closure().unwrap();
        assert_eq!((closure.code, closure.clean), (Some(CloseCode::NORMAL), false));
    }
}

// Proves fault-77.
#[tokio::test(start_paused = true)]
async fn section_7_1_1_the_5_s_run_from_our_close_whatever_the_peer_does_meanwhile() {
    for sender in BOTH {
        for late in [close(sender, 1000, b""), vec![0xFF]] {
            let start = Instant::now();
            let (socket, mut peer) = in_memory(sender, 1 << 10);
            let closing = async {
                let mut socket = socket;
                let _ = socket.close(CloseCode::NORMAL, "bye").await;
                start.elapsed()
            };
            let peer = async {
                sleep(Duration::from_secs(3)).await;
                peer.send(&late).await;
                talk_on(&mut peer, sender).await;
            };
            assert_eq!(future::join(closing, peer).await.0, CLOSE_TIMEOUT);
        }
    }
}

// Proves fault-83.
#[tokio::test(start_paused = true)]
async fn section_7_1_5_a_peer_that_ends_tcp_without_a_close_is_noticed_at_once() {
    for sender in BOTH {
        for before in [vec![], text(sender, "hi"), vec![0x81], frame(sender, 1, b"half")] {
            let (mut socket, mut peer) = in_memory(sender, 1 << 10);
            socket.send("on its way").await.unwrap();
            peer.read_frame().await;
            peer.send(&before).await;
            drop(peer);
            receive_all(&mut socket).await.unwrap();
            let closure = socket.closure().unwrap();
            assert_eq!((closure.code, closure.clean), (None, false));
            assert_eq!(closure.initiator, Initiator::Peer);
        }
    }
}
