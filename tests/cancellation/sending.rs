//! What sends: a future that was dropped has sent nothing, one that was done has
//! sent everything, once. A raw peer counts the frames.

use std::future::poll_fn;
use std::pin::Pin;

use futures_util::Sink;
use wirechat::net::Error;
use wirechat::proto::Opcode;

use crate::runs::{Run, Socket, explore, together};
use crate::transport::{Manner, manners};
use crate::wire::{Frame, frames, hear, message, text};

fn short() -> Vec<Frame> {
    vec![text("wörld"), (Opcode::Binary, vec![0, 1, 2, 3]), text("")]
}

/// Calls a method once for each of these frames, then for each until it is done.
async fn sends_all_or_nothing(
    to_send: &[Frame],
    manners: &[Manner],
    method: impl AsyncFn(&mut Socket, &Frame) -> Result<(), Error>,
) {
    explore(manners, async |run| {
        let (mut socket, peer) = run.socket(b"");
        let mut done = Vec::new();
        let sends = async {
            for frame in to_send {
                let sent = run.calls.once(async || method(&mut socket, frame).await).await;
                if let Some(sent) = sent {
                    sent.unwrap();
                    done.push(frame.clone());
                }
            }
            for frame in to_send {
                run.calls.until_done(async || method(&mut socket, frame).await).await.unwrap();
                done.push(frame.clone());
            }
            socket.flush().await.unwrap();
            drop(socket);
        };
        let ((), heard) = together(sends, hear(peer)).await;
        assert_eq!(frames(&heard), done);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_send_has_sent_nothing() {
    let send = async |socket: &mut Socket, frame: &Frame| socket.send(message(frame)).await;
    sends_all_or_nothing(&short(), &manners(1), send).await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_ping_has_sent_nothing() {
    let pings: Vec<Frame> = ["a", "", "bc"].map(|text| (Opcode::Ping, text.into())).into();
    let ping = async |socket: &mut Socket, frame: &Frame| socket.ping(&frame.1).await;
    sends_all_or_nothing(&pings, &manners(1), ping).await;
}

/// As much as is let wait, so that what follows has to wait.
fn long() -> Vec<Frame> {
    vec![(Opcode::Binary, vec![7; 64 << 10]), text("behind it")]
}

const PIECE: usize = 16 << 10;

#[tokio::test(start_paused = true)]
async fn a_dropped_feed_has_queued_nothing() {
    let feed = async |socket: &mut Socket, frame: &Frame| socket.feed(message(frame)).await;
    sends_all_or_nothing(&long(), &manners(PIECE), feed).await;
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_was_not_waited_for_has_queued_nothing() {
    let start_send = async |socket: &mut Socket, frame: &Frame| {
        poll_fn(|cx| Pin::new(&mut *socket).poll_ready(cx)).await?;
        Pin::new(socket).start_send(message(frame))
    };
    sends_all_or_nothing(&long(), &manners(PIECE), start_send).await;
}

/// Feeds, and waits until all is written; what a transport holds back is lost
/// when it is dropped.
async fn writes_everything(flush: impl AsyncFn(&mut Socket) -> Result<(), Error>) {
    let fed = short();
    explore(&manners(1), async |run: &Run| {
        let (mut socket, peer) = run.socket(b"");
        let flushes = async {
            for frame in &fed {
                socket.feed(message(frame)).await.unwrap();
            }
            run.calls.until_done(async || flush(&mut socket).await).await.unwrap();
            drop(socket);
        };
        let ((), heard) = together(flushes, hear(peer)).await;
        assert_eq!(frames(&heard), fed);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_flush_that_is_done_has_written_everything_once() {
    writes_everything(async |socket| socket.flush().await).await;
    writes_everything(async |socket| poll_fn(|cx| Pin::new(&mut *socket).poll_flush(cx)).await)
        .await;
}
