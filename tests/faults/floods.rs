//! Peers that send and never read, and too many of them. What they could make
//! our ends hold is bounded, in bytes and in time, and the others do not notice.

use std::io;
use std::time::Duration;

use allocation_counter::measure;
use futures_util::future;
use tokio::io::{AsyncReadExt, DuplexStream};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Builder;
use tokio::time::{Instant, sleep};
use wirechat::chat;
use wirechat::net::{Error, WebSocket};
use wirechat::proto::{CloseCode, Config, Role};
use wirechat::server::ServerConfig;

use crate::chatting::Member;
use crate::ends::{REQUEST, Serving, connected, in_memory, receive_all, serve};
use crate::peer::Peer;
use crate::wire::{FIN, PING, PONG, close, frame, text};

const KIB: u64 = 1 << 10;

/// Far more answers than the transport holds.
const PINGS: u32 = 100_000;

fn ping_payload(number: u32) -> Vec<u8> {
    [&number.to_be_bytes()[..], &[b'x'; 121]].concat()
}

async fn send_pings(peer: &mut Peer<TcpStream>, sender: Role) {
    for number in 0..PINGS {
        peer.send(&frame(sender, FIN | PING, &ping_payload(number))).await;
    }
}

/// RFC 6455 §5.5.3: each Pong echoes its Ping, and of Pings that could not be
/// answered in time the newest is.
async fn read_pongs(peer: &mut Peer<TcpStream>) {
    let (mut next, mut count) = (0, 0);
    while next < PINGS {
        let (first, payload) = peer.read_frame().await;
        if first == FIN | PONG {
            let number = u32::from_be_bytes(payload[..4].try_into().unwrap());
            assert!(number >= next, "{number} comes behind {next}");
            assert!(payload == ping_payload(number));
            next = number + 1;
            count += 1;
        }
    }
    assert!(count < PINGS, "the transport held every answer: this shows nothing");
}

/// A connection whose kernel holds little for a peer that does not read.
async fn open_with_little_room(server: &Serving) -> Peer<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    let mut peer = Peer::new(socket.connect(server.address).await.unwrap());
    peer.send(REQUEST.as_bytes()).await;
    assert!(peer.read_head().await.starts_with("HTTP/1.1 101 "));
    peer
}

// Proves fault-60.
#[test]
fn section_5_5_3_pings_of_a_client_that_does_not_read_are_answered_as_far_as_there_is_room() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (server, mut peer) = runtime.block_on(async {
        let server = serve(ServerConfig::default()).await;
        let peer = open_with_little_room(&server).await;
        (server, peer)
    });
    let used = measure(|| runtime.block_on(send_pings(&mut peer, Role::Client)));
    assert!(used.bytes_max < 256 * KIB, "{used:?}");
    runtime.block_on(async {
        read_pongs(&mut peer).await;
        peer.send(&close(Role::Client, 1000, b"")).await;
        assert_eq!(peer.read_close().await, (1000, String::new()));
        drop(peer);
        server.stop().await;
    });
}

// Proves fault-60.
#[test]
fn section_5_5_3_pings_of_a_server_that_does_not_read_are_answered_as_far_as_there_is_room() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (connected, mut peer) = runtime.block_on(connected());
    let mut socket = connected.socket;
    let used = measure(|| {
        runtime.block_on(async {
            let receiving = std::pin::pin!(receive_all(&mut socket));
            let sending = std::pin::pin!(send_pings(&mut peer, Role::Server));
            future::select(receiving, sending).await;
        });
    });
    assert!(used.bytes_max < 256 * KIB, "{used:?}");
    runtime.block_on(async {
        let server = async {
            read_pongs(&mut peer).await;
            peer.send(&close(Role::Server, 1000, b"")).await;
            assert_eq!(peer.read_close().await, (1000, String::new()));
            drop(peer);
        };
        let (received, ()) = future::join(receive_all(&mut socket), server).await;
        assert_eq!(received.unwrap(), []);
    });
}

/// Whether this says that what was sent was not taken in time.
fn is_timeout(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() == io::ErrorKind::TimedOut)
}

/// Answers every message until the connection is over.
async fn echo(mut socket: WebSocket<DuplexStream>) -> Result<(), Error> {
    while let Some(message) = socket.recv().await? {
        socket.send(message).await?;
    }
    Ok(())
}

/// A server made with the library, and a client that has much to say.
// Proves fault-61.
#[tokio::test(start_paused = true)]
async fn section_5_5_2_a_client_that_sends_for_ever_and_never_reads_is_cut_off_after_50_s() {
    let start = Instant::now();
    let (socket, mut peer) = in_memory(Role::Client, 16 << 10);
    let message = text(Role::Client, &"x".repeat(1_000));
    let client = async {
        for sent in 0..500 {
            if peer.try_send(&message).await.is_err() {
                return sent * message.len();
            }
        }
        panic!("half a megabyte was taken");
    };
    let (ended, sent) = future::join(echo(socket), client).await;
    assert!(is_timeout(ended.as_ref().unwrap_err()), "{ended:?}");
    assert_eq!(start.elapsed(), Duration::from_secs(50));
    assert!(sent > 256 << 10, "it was stopped after {sent} bytes: this shows nothing");
}

/// It proves that it lives, and holds up whoever wants to send to it.
// Proves fault-62.
#[tokio::test(start_paused = true)]
async fn section_5_5_2_a_peer_that_only_sends_pings_and_never_reads_is_cut_off_after_50_s() {
    for sender in [Role::Client, Role::Server] {
        let start = Instant::now();
        let (mut socket, mut peer) = in_memory(sender, 1 << 10);
        let sending = async {
            socket.send("x".repeat(5_000)).await.unwrap();
            let error = socket.send("one more").await.unwrap_err();
            assert!(is_timeout(&error), "{error:?}");
            assert_eq!(start.elapsed(), Duration::from_secs(50));
            let closure = socket.closure().unwrap();
            assert_eq!((closure.code, closure.clean), (Some(CloseCode::INTERNAL_ERROR), false));
            assert_eq!(closure.reason, "you read too slowly");
            drop(socket);
        };
        let pinging = async {
            for _ in 0..60 {
                if peer.try_send(&frame(sender, FIN | PING, b"")).await.is_err() {
                    return;
                }
                sleep(Duration::from_secs(10)).await;
            }
            panic!("somebody is still there");
        };
        future::join(sending, pinging).await;
    }
}

/// A server, two members, and a third who joined and does not read.
async fn one_of_three_does_not_read(
    close_timeout: Duration,
    room_log: usize,
) -> (Serving, Peer<TcpStream>, [Member; 2]) {
    let server = serve(ServerConfig {
        // What is kept for those who come later has its own bound.
        chat: chat::Limits { rate: None, history: 1, room_log, ..chat::Limits::default() },
        connection: Config { close_timeout, ..Config::default() },
        write_timeout: Duration::from_millis(100),
        ..ServerConfig::default()
    })
    .await;
    let mut slow = open_with_little_room(&server).await;
    let join = r#"{"type":"join","username":"Slow","content":"","timestamp":1}"#;
    slow.send(&text(Role::Client, join)).await;
    let mut ann = Member::join(&server, "Ann").await;
    let ben = Member::join(&server, "Ben").await;
    ann.hears("Ben has joined").await;
    (server, slow, [ann, ben])
}

/// They talk, and miss nothing, until the third is gone (which they are told three
/// seconds later, since it may be back in a moment). The kernel takes a few
/// megabytes for it, and then nothing more.
async fn talk_until_slow_has_left([ann, ben]: &mut [Member; 2]) {
    let start = Instant::now();
    for number in 0.. {
        let content = format!("{number} {}", "x".repeat(4_000));
        ann.says(&content).await;
        ann.hears(&content).await;
        loop {
            let object = ben.next().await;
            if object.contains("Slow has left") {
                return;
            }
            if object.contains(&content) {
                break;
            }
        }
        assert!(start.elapsed() < Duration::from_secs(30), "it was never cut off");
    }
}

/// RUSTSEC-2020-0043: what a slow reader had not read grew without a limit.
// Proves fault-64.
#[test]
fn a_member_that_never_reads_is_cut_off_and_the_others_do_not_notice() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let moment = Duration::from_millis(100);
    let (server, mut slow, mut members) =
        runtime.block_on(one_of_three_does_not_read(moment, 64 * KIB as usize));
    let used = measure(|| runtime.block_on(talk_until_slow_has_left(&mut members)));
    // Six times the room's log while all of it is young, and what three ends read into.
    assert!(used.bytes_max < 1024 * KIB, "{used:?}");
    runtime.block_on(async {
        drop(members);
        server.stop().await; // without a byte read by it
        slow.read_to_end().await;
    });
}

// Proves fault-64.
#[tokio::test]
async fn a_member_that_reads_too_late_finds_whole_frames_and_then_why_it_was_closed() {
    let room_log = chat::Limits::default().room_log;
    let (_server, mut slow, mut members) =
        one_of_three_does_not_read(Duration::from_secs(5), room_log).await;
    talk_until_slow_has_left(&mut members).await;
    assert_eq!(slow.read_close().await, (4001, "you read too slowly".to_owned()));
    slow.send(&close(Role::Client, 4001, b"")).await;
    assert_eq!(slow.read_to_end().await, b"");
}

/// Connected, and turned away or not; the answer in the first case.
async fn turned_away(server: &Serving) -> String {
    let mut answer = String::new();
    server.connect().await.read_to_string(&mut answer).await.unwrap();
    answer
}

// Proves fault-66.
#[tokio::test]
async fn more_connections_than_an_address_may_have_are_turned_away_with_429() {
    let server = serve(ServerConfig { max_per_address: Some(2), ..ServerConfig::default() }).await;
    let (first, _second) = (server.open().await, server.open().await);
    let answer = turned_away(&server).await;
    assert!(answer.starts_with("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 10\r\n"));
    assert!(answer.ends_with("\r\n\r\ntoo many connections from your address\n"), "{answer}");
    drop(first);
}

// Proves fault-67.
#[tokio::test]
async fn more_connections_than_the_server_may_have_are_turned_away_with_503() {
    let server = serve(ServerConfig { max_connections: 2, ..ServerConfig::default() }).await;
    let _inside = (server.open().await, server.open().await);
    let answer = turned_away(&server).await;
    assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\n"));
    assert!(answer.ends_with("\r\n\r\nthe server is full\n"), "{answer}");
}
