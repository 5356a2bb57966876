//! Whatever two ends do, on whatever transport, and whichever futures they drop:
//! what was taken for sending arrives once and in order, and both agree on how it
//! ended. A failure is shrunk to a short one.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tokio::runtime::Builder;
use wirechat::net::Error;
use wirechat::proto::{CloseCode, Closure, Initiator, Message, Opcode, Role, SendError, State};

use crate::cases;
use crate::runs::{Socket, configs, in_no_time, together, websocket};
use crate::transport::{Manner, Step, transports};
use crate::wire::frames;

/// What an end does.
#[derive(Clone, Debug)]
enum Operation {
    Send(usize),
    Feed(usize),
    Ping(usize),
    Flush,
    Receive,
    /// Begins the closing handshake, unless it has begun.
    Close,
}

/// Each operation with how often its future is polled before it is dropped.
type Program = Vec<(Operation, usize)>;

fn program() -> impl Strategy<Value = Program> {
    let len = || prop_oneof![4 => 0..30usize, 1 => 100..300usize];
    let operation = prop_oneof![
        4 => len().prop_map(Operation::Send),
        4 => len().prop_map(Operation::Feed),
        2 => (0..10usize).prop_map(Operation::Ping),
        1 => Just(Operation::Flush),
        5 => Just(Operation::Receive),
        1 => Just(Operation::Close),
    ];
    vec((operation, 1..6usize), 0..16)
}

fn manner() -> impl Strategy<Value = Manner> {
    let step = prop_oneof![Just(Step::Pending), (1..40usize).prop_map(Step::AtMost)];
    let steps = vec(step, 0..6).prop_map(|mut steps| {
        if !steps.is_empty() {
            steps.push(Step::AtMost(20)); // or nothing might ever move
        }
        steps
    });
    (steps, 1..100usize, select(vec![0, 1, 20, 1000]))
        .prop_map(|(steps, capacity, holds_back)| Manner { steps, capacity, holds_back })
}

/// What comes of a future that is polled so often, and then dropped.
async fn polled<T>(times: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        left -= 1;
        if left == 0 {
            return Poll::Ready(None);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

/// What an end has seen and done.
#[derive(Debug, Default)]
struct Log {
    sent: Vec<Message>,
    received: Vec<Message>,
    pings: Vec<Vec<u8>>,
    closure: Option<Closure>,
}

/// Goes through the program, and then sees the connection to its end, which the
/// client begins if nobody did before.
async fn live(mut socket: Socket, role: Role, program: &Program) -> Log {
    let mut log = Log::default();
    for (number, (operation, polls)) in program.iter().enumerate() {
        match operation {
            Operation::Send(len) => {
                let message = message(number, *len);
                let result = polled(*polls, socket.send(message.clone())).await;
                log.sent.extend(was_done(&socket, result).then_some(message));
            }
            Operation::Feed(len) => {
                let message = message(number, *len);
                let result = polled(*polls, socket.feed(message.clone())).await;
                log.sent.extend(was_done(&socket, result).then_some(message));
            }
            Operation::Ping(len) => {
                let payload = vec![number as u8; *len];
                let result = polled(*polls, socket.ping(&payload)).await;
                log.pings.extend(was_done(&socket, result).then_some(payload));
            }
            Operation::Flush => {
                let _ = polled(*polls, socket.flush()).await.transpose().expect("nothing breaks");
            }
            Operation::Receive => {
                let received = polled(*polls, socket.recv()).await;
                log.received.extend(received.transpose().expect("nothing breaks").flatten());
            }
            Operation::Close => socket.start_close(CloseCode::GOING_AWAY, "early"),
        }
    }
    if role == Role::Client {
        socket.start_close(CloseCode::NORMAL, "");
    }
    while let Some(message) = socket.recv().await.expect("nothing breaks") {
        log.received.push(message);
    }
    check_wire(&socket, &log.pings);
    log.closure = socket.closure().cloned();
    log
}

/// A message that no other is like.
fn message(number: usize, len: usize) -> Message {
    let text = format!("{number:02} {}", "x".repeat(len));
    if len.is_multiple_of(2) { Message::Text(text) } else { Message::Binary(text.into_bytes()) }
}

fn was_done(socket: &Socket, result: Option<Result<(), Error>>) -> bool {
    match result {
        Some(Ok(())) => true,
        Some(Err(Error::Send(SendError::Closing))) => {
            assert_ne!(socket.state(), State::Open);
            false
        }
        Some(Err(error)) => panic!("{error}"),
        None => false,
    }
}

/// Each Ping is there once, and one Close, with nothing but Pongs behind it.
fn check_wire(socket: &Socket, pings: &[Vec<u8>]) {
    let mut frames = frames(socket.transport().written());
    frames.retain(|(opcode, _)| *opcode != Opcode::Pong);
    assert_eq!(frames.pop().expect("a Close").0, Opcode::Close);
    assert!(frames.iter().all(|(opcode, _)| *opcode != Opcode::Close));
    let written = frames.iter().filter(|(opcode, _)| *opcode == Opcode::Ping);
    assert!(written.map(|(_, payload)| payload).eq(pings));
}

fn check(client: Log, server: Log) {
    assert_eq!(server.received, client.sent);
    assert_eq!(client.received, server.sent);
    let (client, server) = (client.closure.unwrap(), server.closure.unwrap());
    assert!(client.clean && server.clean, "{client:?} {server:?}");
    match (client.initiator, server.initiator) {
        (Initiator::Local, Initiator::Local) => {} // they crossed
        (Initiator::Peer, Initiator::Peer) => panic!("nobody began"),
        _ => assert_eq!(client.code, server.code),
    }
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn nothing_is_lost_or_doubled_whatever_is_called_and_dropped(
        config in select(configs()),
        manners in (manner(), manner()),
        programs in (program(), program()),
    ) {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let (client, server) = transports(&manners.0, &manners.1);
            let client = websocket(Role::Client, client, b"", config);
            let server = websocket(Role::Server, server, b"", config);
            let client = live(client, Role::Client, &programs.0);
            let server = live(server, Role::Server, &programs.1);
            let (client, server) = in_no_time(together(client, server)).await;
            check(client, server);
        });
    }
}
