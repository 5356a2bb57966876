//! A [`WebSocket`] on a transport in memory, beside a peer that is scripted byte
//! by byte. Time is virtual.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{FutureExt, SinkExt, StreamExt, future};
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufWriter, DuplexStream, ReadBuf, duplex,
};
use tokio::time::{Instant, sleep, timeout};
use wirechat::net::{Error, WebSocket};
use wirechat::proto::{
    CloseCode, Config, Initiator, Limits, Message, ProtocolError, SendError, State,
};

type Socket = WebSocket<DuplexStream>;

/// A client and a server on a transport that holds `capacity` bytes each way.
fn pair(capacity: usize) -> (Socket, Socket) {
    let (client, server) = duplex(capacity);
    let config = Config {
        limits: Limits { max_message: 1 << 20, max_frame: 1 << 20, ..Limits::default() },
        ..Config::default()
    };
    (WebSocket::client(client, Vec::new(), config), WebSocket::server(server, Vec::new(), config))
}

/// A client whose server is the other end, raw.
fn client_and_raw_server() -> (Socket, DuplexStream) {
    let (client, server) = duplex(64 << 10);
    (WebSocket::client(client, Vec::new(), Config::default()), server)
}

async fn read(raw: &mut DuplexStream, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    raw.read_exact(&mut bytes).await.expect("the other end sends that much");
    bytes
}

/// The next frame from a client: first byte and unmasked payload, at most 125 bytes.
async fn read_masked_frame(raw: &mut DuplexStream) -> (u8, Vec<u8>) {
    let head = read(raw, 6).await;
    let mut payload = read(raw, usize::from(head[1] & 0x7F)).await;
    for (i, byte) in payload.iter_mut().enumerate() {
        *byte ^= head[2 + i % 4];
    }
    (head[0], payload)
}

async fn deliver(from: &mut Socket, to: &mut Socket, message: &Message) {
    let sender = async {
        from.send(message.clone()).await?;
        from.flush().await
    };
    let (sent, received) = future::join(sender, to.recv()).await;
    sent.unwrap();
    assert_eq!(received.unwrap().as_ref(), Some(message));
}

// Proves 6455-5.1-7, 6455-6.1-5, 6455-6.2-3.
#[tokio::test(start_paused = true)]
async fn messages_of_both_types_and_every_length_class_go_both_ways() {
    let (mut client, mut server) = pair(1 << 10);
    for len in [0, 1, 125, 126, 65_535, 65_536, 300_000] {
        for message in [Message::Text("x".repeat(len)), Message::Binary(vec![7; len])] {
            deliver(&mut client, &mut server, &message).await;
            deliver(&mut server, &mut client, &message).await;
        }
    }
}

// Proves 6455-5.5.1-5, 6455-7.1.2-1, 6455-7.1.2-2.
#[tokio::test(start_paused = true)]
async fn section_7_both_sides_know_who_closed_and_that_it_was_clean() {
    let (mut client, mut server) = pair(1 << 10);
    let (closed, received) =
        future::join(client.close(CloseCode::NORMAL, "bye"), server.recv()).await;
    closed.unwrap();
    assert_eq!(received.unwrap(), None);
    let (ours, theirs) = (client.closure().unwrap(), server.closure().unwrap());
    assert!(ours.clean && theirs.clean);
    assert_eq!((ours.initiator, theirs.initiator), (Initiator::Local, Initiator::Peer));
    assert_eq!((theirs.code, theirs.reason.as_str()), (Some(CloseCode::NORMAL), "bye"));
    assert!(matches!(client.send("late").await, Err(Error::Send(SendError::Closing))));
}

// Proves 6455-5.5.1-8, 6455-6.1-8.
#[tokio::test(start_paused = true)]
async fn what_was_sent_before_a_close_arrives_before_it() {
    let (mut client, mut server) = pair(64);
    let client_side = async {
        for i in 0..100 {
            client.send(format!("message {i}")).await.unwrap();
        }
        client.close(CloseCode::NORMAL, "").await.unwrap();
    };
    let server_side = async {
        let mut count = 0;
        while let Some(message) = server.recv().await.unwrap() {
            assert_eq!(message.as_text(), Some(format!("message {count}").as_str()));
            count += 1;
        }
        count
    };
    assert_eq!(future::join(client_side, server_side).await.1, 100);
}

#[tokio::test(start_paused = true)]
async fn section_5_5_1_messages_that_arrive_after_our_close_can_still_be_received() {
    let (mut client, mut server) = pair(1 << 10);
    server.send("last words").await.unwrap();
    client.start_close(CloseCode::NORMAL, "");
    let client_side = async {
        assert_eq!(client.recv().await.unwrap(), Some(Message::from("last words")));
        assert_eq!(client.recv().await.unwrap(), None);
    };
    future::join(client_side, server.recv()).await.1.unwrap();
    assert!(client.closure().unwrap().clean);
}

// Proves 6455-5.5.1-7.
#[tokio::test(start_paused = true)]
async fn a_close_is_answered_after_the_messages_before_it_have_been() {
    let (mut client, mut raw) = client_and_raw_server();
    raw.write_all(b"\x81\x03one\x81\x03two\x88\x02\x03\xe8").await.unwrap();
    for _ in 0..2 {
        let message = client.recv().await.unwrap().unwrap();
        client.send(message).await.unwrap();
    }
    let peer = async {
        assert_eq!(read_masked_frame(&mut raw).await, (0x81, b"one".to_vec()));
        assert_eq!(read_masked_frame(&mut raw).await, (0x81, b"two".to_vec()));
        assert_eq!(read_masked_frame(&mut raw).await, (0x88, b"\x03\xe8".to_vec()));
        drop(raw);
    };
    future::join(client.recv(), peer).await.0.unwrap();
}

#[tokio::test(start_paused = true)]
async fn section_7_1_7_what_came_before_a_broken_rule_can_still_be_answered() {
    let (mut client, mut raw) = client_and_raw_server();
    raw.write_all(b"\x81\x02ok\xF1\x00").await.unwrap();
    let message = client.recv().await.unwrap().unwrap();
    client.send(message).await.unwrap();
    assert_eq!(read_masked_frame(&mut raw).await, (0x81, b"ok".to_vec()));
}

#[tokio::test(start_paused = true)]
async fn what_arrived_before_the_transport_ended_is_received_before_its_end() {
    let (mut client, mut raw) = client_and_raw_server();
    raw.write_all(b"\x81\x03one\x81\x03two").await.unwrap();
    drop(raw);
    assert_eq!(client.recv().await.unwrap(), Some(Message::from("one")));
    assert_eq!(client.recv().await.unwrap(), Some(Message::from("two")));
    assert_eq!(client.recv().await.unwrap(), None);
}

// Proves 6455-5.5.2-3.
#[tokio::test(start_paused = true)]
async fn section_5_5_2_a_ping_is_answered_while_the_caller_receives() {
    let (mut client, mut raw) = client_and_raw_server();
    raw.write_all(b"\x89\x02hi\x81\x04done").await.unwrap();
    assert_eq!(client.recv().await.unwrap(), Some(Message::from("done")));
    assert!(client.recv().now_or_never().is_none(), "nothing more has arrived");
    assert_eq!(read_masked_frame(&mut raw).await, (0x8A, b"hi".to_vec()));
}

// Proves 6455-5.5.2-3.
#[tokio::test(start_paused = true)]
async fn section_5_5_2_a_ping_is_answered_while_the_caller_waits_to_send() {
    let (client, mut raw) = duplex(16);
    let mut client = WebSocket::client(client, Vec::new(), Config::default());
    client.send("longer than the transport holds").await.unwrap();
    raw.write_all(b"\x89\x00").await.unwrap();
    let sender = async {
        client.send("second").await?;
        client.flush().await
    };
    let peer = async {
        let mut answers = Vec::new();
        while answers.len() < 3 {
            answers.push(read_masked_frame(&mut raw).await.0);
        }
        answers
    };
    let (sent, answers) = future::join(sender, peer).await;
    sent.unwrap();
    assert_eq!(answers, [0x81, 0x8A, 0x81]);
}

// Proves 6455-7.2.1-2.
#[tokio::test(start_paused = true)]
async fn a_transport_that_ends_without_a_close_gives_none_and_an_unclean_closure() {
    let (mut client, raw) = client_and_raw_server();
    drop(raw);
    assert_eq!(client.recv().await.unwrap(), None);
    let closure = client.closure().unwrap();
    assert_eq!((closure.clean, closure.code), (false, None));
    assert_eq!(client.state(), State::Closed);
}

/// A transport on which writing fails, while something is left to read.
struct HalfBroken(&'static [u8]);

impl AsyncRead for HalfBroken {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        buffer.put_slice(std::mem::take(&mut self.0));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for HalfBroken {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_peer_sent_before_it_went_is_received_though_writing_to_it_fails() {
    let transport = HalfBroken(b"\x81\x03one\x88\x02\x03\xe8");
    let mut client = WebSocket::client(transport, Vec::new(), Config::default());
    assert!(matches!(client.send("into the void").await, Err(Error::Io(_))));
    assert!(matches!(client.flush().await, Err(Error::Io(_))));
    assert_eq!(client.recv().await.unwrap(), Some(Message::from("one")));
    assert_eq!(client.recv().await.unwrap(), None);
    assert_eq!(client.closure().unwrap().code, Some(CloseCode::NORMAL));
}

#[tokio::test(start_paused = true)]
async fn a_message_is_received_before_the_news_that_writing_failed() {
    let transport = HalfBroken(b"\x81\x03one");
    let mut client = WebSocket::client(transport, Vec::new(), Config::default());
    client.feed("into the void").await.unwrap();
    assert_eq!(client.recv().await.unwrap(), Some(Message::from("one")));
    assert!(matches!(client.recv().await, Err(Error::Io(_))));
    assert_eq!(client.recv().await.unwrap(), None);
}

// Proves 6455-6.1-8.
#[tokio::test(start_paused = true)]
async fn a_flush_never_says_that_bytes_were_written_which_were_lost() {
    let (client, raw) = duplex(16);
    let mut client = WebSocket::client(client, Vec::new(), Config::default());
    client.send("longer than the transport holds").await.unwrap();
    drop(raw);
    assert!(matches!(client.flush().await, Err(Error::Io(_))));
}

#[tokio::test(start_paused = true)]
async fn a_flush_says_when_the_time_for_closing_is_over_and_bytes_were_lost() {
    let start = Instant::now();
    let (mut client, _server) = pair(16);
    client.send("longer than the transport holds").await.unwrap();
    client.start_close(CloseCode::NORMAL, "");
    assert!(matches!(client.flush().await, Err(Error::Io(_))));
    assert_eq!(start.elapsed(), Duration::from_secs(5));
}

/// A client on a transport that passes bytes on only when it is flushed, and its
/// server, raw.
fn client_that_has_to_flush(capacity: usize) -> (WebSocket<BufWriter<DuplexStream>>, DuplexStream) {
    let (client, raw) = duplex(capacity);
    let client = BufWriter::with_capacity(1 << 10, client);
    (WebSocket::client(client, Vec::new(), Config::default()), raw)
}

#[tokio::test(start_paused = true)]
async fn a_close_is_answered_though_the_transport_holds_the_answer_back() {
    let (mut client, mut raw) = client_that_has_to_flush(4);
    let peer = async {
        raw.write_all(b"\x88\x02\x03\xe8").await.unwrap();
        raw.shutdown().await.unwrap();
        read_masked_frame(&mut raw).await
    };
    let answers = async {
        let received = client.recv().await;
        drop(client);
        received
    };
    let (received, answer) = future::join(answers, peer).await;
    assert_eq!(received.unwrap(), None);
    assert_eq!(answer, (0x88, b"\x03\xe8".to_vec()));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_of_what_is_held_back_is_closed_and_dropped() {
    let start = Instant::now();
    let (mut client, mut raw) = client_that_has_to_flush(4);
    client.send("longer than the transport holds").await.unwrap();
    // It talks all the while, and so is not silent.
    let talk = async {
        loop {
            raw.write_all(b"\x8A\0").await.unwrap();
            sleep(Duration::from_secs(1)).await;
        }
    };
    let flushed = tokio::select! {
        flushed = timeout(Duration::from_secs(60), client.flush()) => flushed,
        () = talk => unreachable!("it goes on for ever"),
    };
    assert!(matches!(flushed, Ok(Err(Error::Io(_)))), "{flushed:?}");
    assert_eq!(start.elapsed(), Duration::from_secs(50));
}

// Proves 6455-5.2-3, 6455-7.1.1-1, 6455-7.1.7-1, 6455-7.1.7-2.
#[tokio::test(start_paused = true)]
async fn section_7_1_7_a_broken_rule_is_an_error_once_and_the_peer_is_told() {
    let (mut client, mut raw) = client_and_raw_server();
    raw.write_all(b"\x81\x02ok\xF1\x00").await.unwrap();
    assert_eq!(client.recv().await.unwrap(), Some(Message::from("ok")));
    let peer = async {
        let close = read_masked_frame(&mut raw).await;
        assert_eq!(raw.read(&mut [0]).await.unwrap(), 0, "the client ends its side");
        drop(raw);
        close
    };
    let (error, (opcode, payload)) = future::join(client.recv(), peer).await;
    assert!(matches!(error, Err(Error::Protocol(ProtocolError::ReservedBits))));
    assert_eq!((opcode, &payload[..2]), (0x88, &1002u16.to_be_bytes()[..]));
    assert_eq!(client.recv().await.unwrap(), None);
}

// Proves 6455-5.5.2-4.
#[tokio::test(start_paused = true)]
async fn section_5_5_2_a_silent_peer_is_pinged_closed_and_dropped_in_bounded_time() {
    let start = Instant::now();
    let (mut client, mut raw) = client_and_raw_server();
    let peer = async {
        let ping = read_masked_frame(&mut raw).await;
        assert_eq!((ping.0, start.elapsed().as_secs()), (0x89, 25));
        let close = read_masked_frame(&mut raw).await;
        assert_eq!((close.0, start.elapsed().as_secs()), (0x88, 45));
    };
    let (received, ()) = future::join(client.recv(), peer).await;
    assert_eq!(received.unwrap(), None);
    assert_eq!(start.elapsed().as_secs(), 50);
    assert!(!client.closure().unwrap().clean);
}

// Proves 6455-7.1.1-2.
#[tokio::test(start_paused = true)]
async fn section_7_1_1_a_peer_that_never_answers_a_close_is_dropped_at_the_deadline() {
    let start = Instant::now();
    let (mut client, _raw) = client_and_raw_server();
    client.close(CloseCode::GOING_AWAY, "").await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    assert!(!client.closure().unwrap().clean);
}

#[tokio::test(start_paused = true)]
async fn early_bytes_behind_the_handshake_are_the_first_messages() {
    let (client, _server) = duplex(64);
    let early = b"\x81\x05early\x81\x03l".to_vec();
    let mut client = WebSocket::client(client, early, Config::default());
    assert_eq!(client.recv().await.unwrap(), Some(Message::from("early")));
    assert!(client.recv().now_or_never().is_none());
}

// Proves 6455-2.1-1.
#[tokio::test(start_paused = true)]
async fn answers_that_were_fed_leave_together() {
    let (mut client, mut server) = pair(1 << 10);
    server.feed("one").await.unwrap();
    server.feed("two").await.unwrap();
    assert!(client.recv().now_or_never().is_none(), "nothing is written yet");
    server.flush().await.unwrap();
    assert_eq!(client.recv().await.unwrap(), Some(Message::from("one")));
    assert_eq!(client.recv().await.unwrap(), Some(Message::from("two")));
}

#[tokio::test(start_paused = true)]
async fn a_websocket_is_a_stream_and_a_sink() {
    let (mut client, server) = pair(1 << 10);
    let (mut sink, stream) = server.split();
    let server_side = stream.take(2).map(Result::unwrap).collect::<Vec<_>>();
    let client_side = async {
        SinkExt::send(&mut client, Message::from("one")).await.unwrap();
        SinkExt::send(&mut client, Message::from("two")).await.unwrap();
    };
    let (received, ()) = future::join(server_side, client_side).await;
    assert_eq!(received, [Message::from("one"), Message::from("two")]);
    SinkExt::send(&mut sink, Message::from("three")).await.unwrap();
    assert_eq!(StreamExt::next(&mut client).await.unwrap().unwrap(), Message::from("three"));
}
