//! The closing handshake (RFC 6455 §7.1.2): both sides say Close once, and agree
//! on how it was, wherever a future was dropped.

use std::future::poll_fn;
use std::pin::Pin;

use futures_util::Sink;
use wirechat::proto::{CloseCode, Closure, Initiator, Message, Opcode};

use crate::calls::Calls;
use crate::runs::{Socket, explore, together};
use crate::transport::manners;
use crate::wire::frames;

const CODE: CloseCode = CloseCode::known(4321);

/// The closure of an end that got this reason in the other's Close.
fn clean(initiator: Initiator, code: CloseCode, reason: &str) -> Closure {
    Closure { code: Some(code), reason: reason.to_owned(), initiator, clean: true, error: None }
}

async fn receive_all(socket: &mut Socket) -> Vec<Message> {
    let mut messages = Vec::new();
    while let Some(message) = socket.recv().await.unwrap() {
        messages.push(message);
    }
    messages
}

/// How it was for an end that is through: its closure, after it has said Close
/// once and nothing behind it. Its transport ends here.
fn ended(socket: Socket) -> Closure {
    let frames = frames(socket.transport().written());
    let closes = frames.iter().filter(|(opcode, _)| *opcode == Opcode::Close).count();
    assert_eq!((closes, frames.last().unwrap().0), (1, Opcode::Close));
    socket.closure().unwrap().clone()
}

/// The near end says something and closes in some way, the far end answers.
async fn closes_once(code: CloseCode, reason: &str, close: impl AsyncFn(&Calls, &mut Socket)) {
    explore(&manners(1), async |run| {
        let (mut near, mut far) = run.pair();
        let closing = async {
            near.feed("last words").await.unwrap();
            close(&run.calls, &mut near).await;
            ended(near)
        };
        let answering = async {
            far.feed("nobody takes this").await.unwrap();
            assert_eq!(receive_all(&mut far).await, [Message::from("last words")]);
            ended(far)
        };
        let (ours, theirs) = together(closing, answering).await;
        assert_eq!(ours, clean(Initiator::Local, code, ""));
        assert_eq!(theirs, clean(Initiator::Peer, code, reason));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_close_that_is_called_until_it_is_done_closes_once() {
    closes_once(CODE, "bye", async |calls, socket| {
        calls.until_done(async || socket.close(CODE, "bye").await).await.unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_close_has_begun_the_closing_handshake_and_recv_sees_it_through() {
    closes_once(CODE, "bye", async |calls, socket| {
        let _ = calls.once(async || socket.close(CODE, "bye").await).await;
        receive_all(socket).await;
    })
    .await;
    closes_once(CODE, "bye", async |calls, socket| {
        socket.start_close(CODE, "bye");
        while calls.until_done(async || socket.recv().await).await.unwrap().is_some() {}
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_sink_closes_once() {
    closes_once(CloseCode::NORMAL, "", async |calls, socket| {
        let close = async || poll_fn(|cx| Pin::new(&mut *socket).poll_close(cx)).await;
        calls.until_done(close).await.unwrap();
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_recv_answers_a_close_once() {
    explore(&manners(1), async |run| {
        let (mut near, mut far) = run.pair();
        let answering = async {
            let message = run.calls.until_done(async || near.recv().await).await;
            assert_eq!(message.unwrap(), Some(Message::from("last words")));
            assert_eq!(run.calls.until_done(async || near.recv().await).await.unwrap(), None);
            ended(near)
        };
        let closing = async {
            far.feed("last words").await.unwrap();
            far.close(CODE, "bye").await.unwrap();
            ended(far)
        };
        let (ours, theirs) = together(answering, closing).await;
        assert_eq!(ours, clean(Initiator::Peer, CODE, "bye"));
        assert_eq!(theirs, clean(Initiator::Local, CODE, ""));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn two_that_close_at_once_need_no_further_answer() {
    explore(&manners(1), async |run| {
        let (mut near, mut far) = run.pair();
        let ours = async {
            run.calls.until_done(async || near.close(CODE, "ours").await).await.unwrap();
            ended(near)
        };
        let theirs = async {
            far.close(CloseCode::NORMAL, "theirs").await.unwrap();
            ended(far)
        };
        let (ours, theirs) = together(ours, theirs).await;
        assert_eq!(ours, clean(Initiator::Local, CloseCode::NORMAL, "theirs"));
        assert_eq!(theirs, clean(Initiator::Local, CODE, "ours"));
    })
    .await;
}
