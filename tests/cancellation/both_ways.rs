//! Two peers that both write more than the transport holds do not wait for each
//! other.

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::io::{AsyncWriteExt, duplex};
use wirechat::WebSocket;
use wirechat::proto::{Config, Message, Role};

use crate::runs::{Socket, configs, in_no_time, together, websocket};
use crate::transport::{Manner, manners, transports};

/// Runs with a client and a server on every kind of transport, and with messages
/// that each do not fit into it.
async fn on_every_transport(scenario: impl AsyncFn(Socket, Socket, &[Message])) {
    for config in configs() {
        for manner in [1, 16, 256].into_iter().flat_map(manners) {
            let (client, server) = transports(&manner, &manner);
            let client = websocket(Role::Client, client, b"", config);
            let server = websocket(Role::Server, server, b"", config);
            in_no_time(scenario(client, server, &messages(&manner))).await;
        }
    }
}

fn messages(manner: &Manner) -> Vec<Message> {
    let len = manner.capacity + manner.holds_back + 1;
    let noise = (0u32..).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8);
    let bytes = Message::Binary(noise.take(len).collect());
    let text = Message::Text("grüße ".repeat(len / 8 + 1));
    [text, bytes].into_iter().cycle().take(32).collect()
}

/// Writes all, looking at nothing that arrives meanwhile, and then receives.
async fn send_and_receive(mut socket: Socket, messages: &[Message]) {
    for message in messages {
        socket.send(message.clone()).await.unwrap();
    }
    socket.flush().await.unwrap();
    for message in messages {
        assert_eq!(socket.recv().await.unwrap().as_ref(), Some(message));
    }
}

#[tokio::test(start_paused = true)]
async fn peers_that_write_before_they_receive_get_through() {
    on_every_transport(async |client, server, messages| {
        together(send_and_receive(client, messages), send_and_receive(server, messages)).await;
    })
    .await;
}

/// Writes and reads in tasks of their own.
async fn split_and_talk(socket: Socket, messages: &[Message]) {
    let (mut sink, stream) = socket.split();
    let sends = async {
        for message in messages {
            sink.send(message.clone()).await.unwrap();
        }
    };
    let receives = stream.take(messages.len()).map(Result::unwrap).collect::<Vec<_>>();
    let ((), received) = together(sends, receives).await;
    assert_eq!(received, messages);
}

#[tokio::test(start_paused = true)]
async fn a_socket_that_was_split_is_woken_for_both_halves() {
    on_every_transport(async |client, server, messages| {
        together(split_and_talk(client, messages), split_and_talk(server, messages)).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_half_that_gave_up_keeps_no_news_from_the_other() {
    let (client, mut peer) = duplex(4);
    let client = WebSocket::client(client, Vec::new(), Config::default());
    let (mut sink, mut stream) = client.split();
    let gives_up = async {
        let sent = sink.send(Message::from("longer than the transport holds")).now_or_never();
        assert!(sent.is_none(), "it has to wait");
        peer.write_all(b"\x81\x02hi").await.unwrap();
    };
    let (received, ()) = in_no_time(together(stream.next(), gives_up)).await;
    assert_eq!(received.unwrap().unwrap(), Message::from("hi"));
}
