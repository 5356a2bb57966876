//! What a peer can make our ends allocate: only the allocations of the test's
//! own thread are counted, and everything runs on it.

use std::time::Instant;

use allocation_counter::{AllocationInfo, measure};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use wirechat::net::{AcceptOptions, accept_with};
use wirechat::proto::{Config, Connection, Event, Limits, Role};
use wirechat::server::ServerConfig;

use crate::ends::{REQUEST, receive_all, serve};
use crate::peer::Peer;
use crate::wire::{BINARY, CONTINUATION, FIN, begun, frame};

const CONNECTIONS: usize = 200;
const KIB: u64 = 1 << 10;

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// What 200 connections to a server without limits need for these bytes, each.
fn receive_on_200_connections(wire: &[u8]) -> AllocationInfo {
    let limits = Limits { max_frame: u64::MAX, max_message: usize::MAX, ..Limits::default() };
    let config = Config { limits, ..Config::default() };
    let options = AcceptOptions { config, ..AcceptOptions::default() };
    let runtime = runtime();
    let (mut peers, mut sockets) = (Vec::new(), Vec::new());
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        for _ in 0..CONNECTIONS {
            let mut peer = Peer::new(TcpStream::connect(address).await.unwrap());
            peer.send(REQUEST.as_bytes()).await;
            let (stream, _) = listener.accept().await.unwrap();
            sockets.push(accept_with(stream, &options).await.unwrap().socket);
            peer.read_head().await;
            peers.push(peer);
        }
    });
    measure(|| {
        runtime.block_on(async {
            for peer in &mut peers {
                peer.send(wire).await;
            }
            drop(peers); // and so every server comes to an end, after these bytes
            for socket in &mut sockets {
                assert_eq!(receive_all(socket).await.unwrap(), []);
            }
        });
    })
}

/// CVE-2022-35922: a head was enough to make a server allocate what it declared.
/// CVE-2026-25541: what was declared and what was there overflowed together.
// Proves fault-55.
#[test]
fn section_10_4_200_heads_of_huge_frames_cost_what_arrived_and_not_what_they_declare() {
    for declared in [1 << 40, (1 << 63) - 1] {
        let first = begun(Role::Client, FIN | BINARY, declared, b"the first of very many");
        let continuation = [
            frame(Role::Client, BINARY, b"a"),
            begun(Role::Client, FIN | CONTINUATION, declared, b"the first of very many"),
        ]
        .concat();
        for wire in [first, continuation] {
            let used = receive_on_200_connections(&wire);
            assert!(used.bytes_max < CONNECTIONS as u64 * KIB, "{used:?}");
        }
    }
}

// Proves fault-55.
#[test]
fn section_10_4_200_heads_of_the_largest_frame_cost_the_chat_server_what_arrived() {
    let runtime = runtime();
    let (server, mut peers) = runtime.block_on(async {
        let server = serve(ServerConfig::default()).await;
        let mut peers = Vec::new();
        for _ in 0..CONNECTIONS {
            peers.push(server.open().await);
        }
        (server, peers)
    });
    let begun = begun(Role::Client, FIN | BINARY, 64 << 10, b"the first of 64 KiB");
    let used = measure(|| {
        runtime.block_on(async {
            for peer in &mut peers {
                peer.send(&begun).await;
            }
            drop(peers);
            server.stop().await;
        });
    });
    assert!(used.bytes_max < CONNECTIONS as u64 * KIB, "{used:?}");
}

/// What a server without a limit on fragments needs for this message.
fn receive_in_fragments(payload: &[u8], count: usize) -> AllocationInfo {
    let limits = Limits { max_fragments: u32::MAX, max_message: 1 << 20, ..Limits::default() };
    let config = Config { limits, ..Config::default() };
    let mut wire = [
        frame(Role::Client, BINARY, payload),
        frame(Role::Client, CONTINUATION, payload).repeat(count - 2),
        frame(Role::Client, FIN | CONTINUATION, payload),
    ]
    .concat();
    let now = Instant::now();
    let mut connection = Connection::server(config, now);
    let mut received = None;
    let used = measure(|| {
        for mut segment in wire.chunks_mut(1_460) {
            if let Some(Event::Binary(message)) = connection.receive(now, &mut segment) {
                received = Some(message.len());
            }
        }
    });
    assert_eq!(received, Some(payload.len() * count));
    used
}

/// CVE-2026-48779, where nobody has set a limit on their number.
// Proves fault-57.
#[test]
fn section_10_4_a_fragment_costs_no_more_memory_than_its_payload() {
    assert!(receive_in_fragments(b"", 100_000).bytes_max < KIB);
    let used = receive_in_fragments(b"x", 100_000);
    assert!(used.bytes_max < 4 * 100_000, "{used:?}");
    assert!(used.count_total < 100, "time grows with the bytes: {used:?}");
}
