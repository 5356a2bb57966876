//! Peers that misuse permessage-deflate (RFC 7692), after it was agreed on or
//! while it is.

use allocation_counter::measure;
use flate2::{Compress, Compression, FlushCompress};
use futures_util::future;
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use wirechat::net::{ConnectOptions, Connected, Error};
use wirechat::proto::handshake::ClientOptions;
use wirechat::proto::{Deflate, Message, Role};
use wirechat::server::ServerConfig;

use crate::ends::{REQUEST, RESPONSE, connecting, is_failed, receive_all, serve};
use crate::peer::Peer;
use crate::wire::{BINARY, CONTINUATION, FIN, PING, TEXT, begun, frame};

const RSV1: u8 = 0x40;
const MAX: usize = 64 << 10;

/// The good request or response with this field more.
fn with_extensions(head: &str, value: &str) -> String {
    let blank = head.strip_suffix("\r\n").unwrap();
    format!("{blank}Sec-WebSocket-Extensions: {value}\r\n\r\n")
}

fn offering() -> ConnectOptions {
    let handshake = ClientOptions { deflate: Some(Deflate::default()), ..Default::default() };
    ConnectOptions { handshake, ..ConnectOptions::default() }
}

/// Our client, whose offer was taken, and its server.
async fn connected() -> (Connected<TcpStream>, Peer<TcpStream>) {
    let response = with_extensions(RESPONSE, "permessage-deflate");
    let (connected, peer) = connecting(&offering(), response.as_bytes()).await;
    (connected.unwrap(), peer)
}

/// Both our ends agreed on compression and fail the connection when the other
/// one sends `wire`.
async fn both_fail(wire: impl Fn(Role) -> Vec<u8>, code: u16, reason: &str) {
    let server = serve(ServerConfig::default()).await;
    let (peer, head) = server.open_with(&with_extensions(REQUEST, "permessage-deflate")).await;
    assert!(head.contains("\r\nSec-WebSocket-Extensions: permessage-deflate"), "{head}");
    is_failed(peer, &wire(Role::Client), code, reason).await;
    server.stop().await;

    let (connected, peer) = connected().await;
    let mut socket = connected.socket;
    let wire = wire(Role::Server);
    let server = is_failed(peer, &wire, code, reason);
    let (received, ()) = future::join(receive_all(&mut socket), server).await;
    let Err(Error::Protocol(error)) = received else { panic!("{received:?}") };
    assert_eq!((error.close_code().get(), error.to_string().as_str()), (code, reason));
}

/// The data that stands for this much of the letter a, and refers to nothing
/// before it: what comes behind it may be the same again.
fn letters(count: usize) -> Vec<u8> {
    let mut data = Vec::with_capacity(count / 100 + 1_000);
    let mut compress = Compress::new(Compression::best(), false);
    compress.compress_vec(&vec![b'a'; count], &mut data, FlushCompress::Full).unwrap();
    assert!(data.len() < data.capacity(), "all of it came out");
    data
}

/// Without the empty stored block at the end (RFC 7692 §7.2.1).
fn without_tail(data: &[u8]) -> &[u8] {
    data.strip_suffix(b"\x00\x00\xff\xff").unwrap()
}

/// CVE-2018-1000518, CVE-2026-1526: half a megabyte that inflates to 512 MiB.
fn bomb() -> Vec<u8> {
    let data = letters(4 << 20).repeat(128);
    assert!(data.len() < 600_000, "{}", data.len());
    data
}

// Proves fault-58.
#[tokio::test]
async fn rfc_7692_8_a_bomb_fails_the_connection_while_it_is_inflated() {
    let bomb = bomb();
    for opcode in [TEXT, BINARY] {
        // Only the first kilobyte of the first of its frames has arrived.
        let wire = |sender| begun(sender, RSV1 | opcode, MAX, &bomb[..1_000]);
        both_fail(wire, 1009, "the message is too big").await;
    }
}

// Proves fault-58.
#[test]
fn rfc_7692_8_a_bomb_costs_no_more_memory_than_the_limit() {
    let fragments = bomb();
    let fragments: Vec<&[u8]> = fragments.chunks(MAX).collect();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (connected, mut peer) = runtime.block_on(connected());
    let mut socket = connected.socket;
    let mut wire = frame(Role::Server, RSV1 | BINARY, fragments[0]);
    for fragment in &fragments[1..] {
        wire.extend(frame(Role::Server, CONTINUATION, fragment));
    }
    let used = measure(|| {
        runtime.block_on(async {
            let server = async {
                peer.try_send(&wire).await.ok();
                assert_eq!(peer.read_close().await, (1009, "the message is too big".to_owned()));
                drop(peer);
            };
            let (received, ()) = future::join(receive_all(&mut socket), server).await;
            assert!(matches!(received, Err(Error::Protocol(_))));
        });
    });
    // The message up to its limit, the window of 32 KiB, and what zlib needs beside.
    assert!(used.bytes_max < 256 << 10, "{used:?}");
}

/// The limit holds for what a message is, not for what travels: up to it whole,
/// and above it not at all.
// Proves fault-59.
#[tokio::test]
async fn rfc_7692_8_one_inflated_byte_above_the_limit_fails_the_connection() {
    let too_big = letters(MAX + 1);
    let wire = |sender| frame(sender, FIN | RSV1 | BINARY, without_tail(&too_big));
    both_fail(wire, 1009, "the message is too big").await;
    let (start, end) = too_big.split_at(too_big.len() / 2);
    let in_two = |sender| {
        let end = frame(sender, FIN | CONTINUATION, without_tail(end));
        [frame(sender, RSV1 | BINARY, start), end].concat()
    };
    both_fail(in_two, 1009, "the message is too big").await;

    let (connected, mut peer) = connected().await;
    let mut socket = connected.socket;
    let fitting = letters(MAX);
    peer.send(&frame(Role::Server, FIN | RSV1 | BINARY, without_tail(&fitting))).await;
    assert_eq!(socket.recv().await.unwrap(), Some(Message::Binary(vec![b'a'; MAX])));
}

// Proves fault-48.
#[tokio::test]
async fn rfc_7692_7_2_2_data_that_does_not_inflate_fails_the_connection() {
    for damaged in [
        &b"\x07"[..],                 // a kind of block that there is not
        b"\x00\x05\x00\x00\x00Hello", // a stored block whose two lengths disagree
        b"\xf2\x00\x11\x00\x00",      // refers to a message that there was not
        b"\x1a\x03\x00",              // a code that is none
    ] {
        let reason = "the compressed data is damaged";
        both_fail(|sender| frame(sender, FIN | RSV1 | TEXT, damaged), 1007, reason).await;
        // And while the frame is still arriving.
        both_fail(|sender| begun(sender, FIN | RSV1 | TEXT, 1_000, damaged), 1007, reason).await;
    }
}

// Proves fault-49.
#[tokio::test]
async fn section_8_1_compressed_text_that_is_not_utf_8_fails_the_connection() {
    let stored = b"\x00\x02\x00\xfd\xffa\xff\x00"; // a stored block: "a\xff"
    let wire = |sender| frame(sender, FIN | RSV1 | TEXT, stored);
    both_fail(wire, 1007, "text is not UTF-8").await;
    let arriving = |sender| begun(sender, FIN | RSV1 | TEXT, 1_000, &stored[..7]);
    both_fail(arriving, 1007, "text is not UTF-8").await;
}

// Proves fault-35.
#[tokio::test]
async fn rfc_7692_6_1_reserved_bits_with_no_meaning_where_they_stand_fail_the_connection() {
    const REASON: &str = "reserved bits are set";
    for first in [FIN | RSV1 | PING, FIN | 0x20 | TEXT, FIN | 0x10 | TEXT, FIN | RSV1 | 0x10 | TEXT]
    {
        both_fail(|sender| frame(sender, first, b""), 1002, REASON).await;
    }
    let continuation = |sender| {
        [frame(sender, RSV1 | TEXT, b"\x00"), frame(sender, FIN | RSV1 | CONTINUATION, b"")]
            .concat()
    };
    both_fail(continuation, 1002, REASON).await;
}

/// CVE-2026-2229: a window that is none made a client crash.
// Proves fault-16.
#[tokio::test]
async fn rfc_7692_7_1_offers_with_wrong_parameters_are_declined() {
    let server = serve(ServerConfig::default()).await;
    for parameter in [
        "server_max_window_bits=7",
        "server_max_window_bits=16",
        "server_max_window_bits=0",
        "server_max_window_bits=010",
        "server_max_window_bits=\"10\"",
        "server_max_window_bits=1e1",
        "server_max_window_bits",
        "client_max_window_bits=7",
        "client_max_window_bits=16",
        "client_max_window_bits=99999999999999999999",
        "client_max_window_bits=-8",
        "client_max_window_bits; client_max_window_bits",
        "server_max_window_bits=10; server_max_window_bits=10",
        "server_no_context_takeover=1",
        "client_no_context_takeover; client_no_context_takeover",
        "unknown",
    ] {
        let offer = with_extensions(REQUEST, &format!("permessage-deflate; {parameter}"));
        let (peer, head) = server.open_with(&offer).await;
        assert!(!head.contains("Sec-WebSocket-Extensions"), "{parameter}: {head}");
        // A connection without compression: RSV1 means nothing.
        let compressed = frame(Role::Client, FIN | RSV1 | TEXT, b"\x00");
        is_failed(peer, &compressed, 1002, "reserved bits are set").await;
        // The next offer may be better.
        let two = with_extensions(
            REQUEST,
            &format!("permessage-deflate; {parameter}, permessage-deflate"),
        );
        let (_, head) = server.open_with(&two).await;
        assert!(head.contains("\r\nSec-WebSocket-Extensions: permessage-deflate"), "{head}");
    }
    server.stop().await;
}

// Proves fault-29.
#[tokio::test]
async fn rfc_7692_7_1_a_server_that_does_not_answer_the_offer_is_given_up() {
    for answer in [
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=0",
        "permessage-deflate; server_max_window_bits=010",
        "permessage-deflate; server_max_window_bits=\"10\"",
        "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=99999999999999999999",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; unknown",
        "permessage-deflate, permessage-deflate",
        "permessage-deflate, x-unknown",
        "x-unknown",
        "permessage-deflate;",
        "",
    ] {
        let response = with_extensions(RESPONSE, answer);
        let (connected, mut peer) = connecting(&offering(), response.as_bytes()).await;
        let error = connected.unwrap_err().to_string();
        assert_eq!(error, "the server uses an extension that was not offered so", "{answer}");
        assert_eq!(peer.read_to_end().await, b"", "no frame, and the end");
    }
}
