//! What receives: each message is received once, in order, and each Ping and the
//! Close answered once, wherever a future was dropped.

use futures_util::StreamExt;
use wirechat::net::Error;
use wirechat::proto::{Message, Opcode, ProtocolError, Role};

use crate::runs::{Socket, explore, other, together};
use crate::transport::manners;
use crate::wire::{Frame, bytes, frames, say_and_hear};

/// Messages whole and in fragments, with Pings between them, before this end.
fn script(sender: Role, end: &[u8]) -> Vec<u8> {
    [
        &bytes(sender, true, Opcode::Text, "héllo".as_bytes()),
        &bytes(sender, false, Opcode::Text, b"a"),
        &bytes(sender, true, Opcode::Ping, b"1"),
        &bytes(sender, true, Opcode::Continuation, b"b")[..],
        &bytes(sender, true, Opcode::Ping, b"2"),
        &bytes(sender, true, Opcode::Binary, b""),
        end,
    ]
    .concat()
}

fn messages() -> [Message; 3] {
    [Message::from("héllo"), Message::from("ab"), Message::Binary(Vec::new())]
}

fn answers(close: &[u8]) -> [Frame; 3] {
    let [one, two] = [b"1", b"2"].map(|payload| (Opcode::Pong, payload.to_vec()));
    [one, two, (Opcode::Close, close.to_vec())]
}

/// Calls a method until it says that the connection is over, where that many
/// bytes had arrived with the handshake.
async fn receives_all_once(
    early: usize,
    method: impl AsyncFn(&mut Socket) -> Result<Option<Message>, Error>,
) {
    explore(&manners(1), async |run| {
        let sender = other(run.role);
        let script = script(sender, &bytes(sender, true, Opcode::Close, b"\x0f\xa0bye"));
        let (early, later) = script.split_at(early);
        let (mut socket, peer) = run.socket(early);
        let mut received = Vec::new();
        let receives = async {
            let mut next = async || run.calls.until_done(async || method(&mut socket).await).await;
            while let Some(message) = next().await.unwrap() {
                received.push(message);
            }
            assert!(socket.closure().unwrap().clean);
            drop(socket);
        };
        let ((), heard) = together(receives, say_and_hear(peer, later)).await;
        assert_eq!(received, messages());
        assert_eq!(frames(&heard), answers(b"\x0f\xa0"));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_recv_has_taken_nothing() {
    for early in [0, 20] {
        receives_all_once(early, async |socket| socket.recv().await).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_was_not_waited_for_has_yielded_nothing() {
    receives_all_once(0, async |socket| socket.next().await.transpose()).await;
}

#[tokio::test(start_paused = true)]
async fn section_7_1_7_that_the_peer_broke_the_protocol_is_told_once() {
    explore(&manners(1), async |run| {
        let (mut socket, peer) = run.socket(b"");
        let mut outcomes = Vec::new();
        let receives = async {
            for _ in 0..6 {
                outcomes.push(run.calls.until_done(async || socket.recv().await).await);
            }
            drop(socket);
        };
        let script = script(other(run.role), &[0xF1]);
        let ((), heard) = together(receives, say_and_hear(peer, &script)).await;
        let mut told = outcomes.into_iter();
        for message in messages() {
            assert_eq!(told.next().unwrap().unwrap(), Some(message));
        }
        let error = told.next().unwrap();
        assert!(matches!(error, Err(Error::Protocol(ProtocolError::ReservedBits))), "{error:?}");
        assert!(told.all(|after| matches!(after, Ok(None))));
        let reason = ProtocolError::ReservedBits.to_string();
        let close = [&1002u16.to_be_bytes(), reason.as_bytes()].concat();
        assert_eq!(frames(&heard), answers(&close));
    })
    .await;
}
