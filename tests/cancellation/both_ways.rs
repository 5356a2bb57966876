//! Two peers that both write more than the transport holds do not wait for each
//! other.

use wirechat::proto::{Message, Role};

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
