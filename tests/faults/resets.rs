//! Peers that end TCP with a RST, hundreds at once and in the middle of anything.

use allocation_counter::measure;
use futures_util::future;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::task::yield_now;
use wirechat::net::{ConnectError, Error};
use wirechat::proto::{CloseCode, Initiator, Role};
use wirechat::server::ServerConfig;

use crate::chatting::Member;
use crate::ends::{REQUEST, Serving, connected, receive_all, serve};
use crate::peer::Peer;
use crate::wire::{FIN, PING, TEXT, begun, close, frame, text};

/// They take all the places that there are, but for two members.
const VISITORS: usize = 250;

/// A connection that has a place. Those who went give theirs back when the
/// server sees that they have gone, so a place may have to be asked for again.
async fn enter(server: &Serving) -> Peer<TcpStream> {
    for _ in 0..10_000 {
        let mut peer = Peer::new(server.connect().await);
        let sent = peer.try_send(REQUEST.as_bytes()).await;
        let answer = peer.try_read_head().await;
        if sent.is_ok() && answer.is_some_and(|head| head.starts_with("HTTP/1.1 101 ")) {
            return peer;
        }
        yield_now().await;
    }
    panic!("no place is given back");
}

/// A visitor who is in the middle of something: of a request, a frame, a broken
/// rule, the closing handshake.
async fn visit(server: &Serving, number: usize) -> Peer<TcpStream> {
    let said = match number % 7 {
        0 => return Peer::new(server.connect().await),
        1 => {
            let mut peer = Peer::new(server.connect().await);
            peer.try_send(&REQUEST.as_bytes()[..40]).await.ok();
            return peer;
        }
        2 => Vec::new(),
        3 => begun(Role::Client, FIN | TEXT, 1_000, b"the first of a thousand"),
        4 => frame(Role::Client, FIN | PING, b"ping"),
        5 => text(Role::Server, "not masked"),
        _ => close(Role::Client, 1000, b""),
    };
    let mut peer = enter(server).await;
    peer.send(&said).await;
    peer
}

/// A server's whole life, with two members and rounds of visitors who all go at once.
async fn rounds_of_resets(count: usize) {
    let server = serve(ServerConfig {
        max_connections: VISITORS + 2,
        max_per_address: None,
        ..ServerConfig::default()
    })
    .await;
    let mut ann = Member::join(&server, "Ann").await;
    let mut ben = Member::join(&server, "Ben").await;
    ann.hears("Ben has joined").await;
    for round in 0..count {
        let mut visitors = Vec::new();
        for number in 0..VISITORS {
            visitors.push(visit(&server, number).await);
        }
        visitors.into_iter().for_each(Peer::reset);
        let said = format!("still here after round {round}");
        ann.says(&said).await;
        for member in [&mut ann, &mut ben] {
            assert!(member.next().await.contains(&said), "the members hear nothing else");
        }
    }
    // Every place is there again.
    let mut visitors = Vec::new();
    for _ in 0..VISITORS {
        visitors.push(enter(&server).await);
    }
    drop((visitors, ann, ben));
    server.stop().await;
}

// Proves fault-84.
#[test]
fn hundreds_of_resets_in_the_middle_of_anything_leave_nothing_behind_and_disturb_nobody() {
    let life = |rounds| {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(rounds_of_resets(rounds));
    };
    life(1); // what a thread allocates once
    let used = measure(|| life(3));
    assert!(used.bytes_current.abs() < 1 << 10, "{used:?}");
}

// Proves fault-85.
#[tokio::test]
async fn a_server_that_resets_is_an_error_once_and_an_unclean_end() {
    for before in [vec![], begun(Role::Server, FIN | TEXT, 1_000, b"the first of a thousand")] {
        let (connected, mut peer) = connected().await;
        let mut socket = connected.socket;
        peer.send(&before).await;
        peer.reset();
        let received = receive_all(&mut socket).await;
        assert!(matches!(received, Err(Error::Io(_))), "{received:?}");
        assert_eq!(socket.recv().await.unwrap(), None);
        let closure = socket.closure().unwrap();
        assert_eq!((closure.code, closure.clean), (None, false));
        assert_eq!(closure.initiator, Initiator::Peer);
    }
}

// Proves fault-86.
#[tokio::test]
async fn a_server_that_resets_during_the_closing_handshake_ends_it_unclean() {
    let (connected, mut peer) = connected().await;
    let mut socket = connected.socket;
    let server = async {
        peer.read_close().await;
        peer.reset();
    };
    let (closed, ()) = future::join(socket.close(CloseCode::NORMAL, "bye"), server).await;
    assert!(matches!(closed, Err(Error::Io(_))), "{closed:?}");
    assert!(!socket.closure().unwrap().clean);
}

// Proves fault-87.
#[tokio::test]
async fn a_server_that_resets_during_the_handshake_is_an_error_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("ws://{}/", listener.local_addr().unwrap());
    let server = async {
        let mut peer = Peer::new(listener.accept().await.unwrap().0);
        peer.read_head().await;
        peer.send(b"HTTP/1.1 101 S").await;
        peer.reset();
    };
    let options = Default::default();
    let connect = wirechat::net::connect_with(&uri, &options);
    let (connected, ()) = future::join(connect, server).await;
    assert!(matches!(connected, Err(ConnectError::Io(_))), "{connected:?}");
}
