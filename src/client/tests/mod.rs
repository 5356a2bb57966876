//! A client against scripted servers, in virtual time.

mod close;
mod delivery;
mod dialects;
mod latency;
mod random;
mod reconnect;
mod resume;
mod rooms;

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::handle::{connect_options, start};
use super::{
    ChatClient, Delivered, End, Event, Events, Missed, Object, Options, Received, State, Ticket,
};
use crate::chat::{Encoding, SUBPROTOCOL, UserName};
use crate::net::{AcceptOptions, ConnectError, WebSocket, accept_with, connect_over};
use crate::proto::handshake::ServerOptions;
use crate::proto::{CloseCode, Message};

/// Longer than anything that a client waits for. It only ends a test that failed.
const PATIENCE: Duration = Duration::from_secs(300);

fn options() -> Options {
    let uri = "ws://chat.example/ws".parse().expect("a URI");
    Options::new(uri, UserName::parse("Ann").expect("a name"))
}

/// Where a client's connections arrive.
struct Network(mpsc::UnboundedReceiver<DuplexStream>);

/// A client whose connections arrive at the network that is given with it.
fn client(options: Options) -> (ChatClient, Events, Network) {
    let (arriving, arrived) = mpsc::unbounded_channel();
    let uri = options.uri.clone();
    let connector = move || {
        let (near, far) = tokio::io::duplex(64 << 10);
        let is_there = arriving.send(far).is_ok();
        let uri = uri.clone();
        async move {
            if !is_there {
                return Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into());
            }
            connect_over(near, &uri, &connect_options()).await
        }
    };
    let (client, events) = start(options, connector);
    (client, events, Network(arrived))
}

/// A client that cannot be connected: every attempt ends like this.
fn client_without_server(
    options: Options,
    error: impl Fn() -> ConnectError + Send + 'static,
) -> (ChatClient, Events) {
    start(options, move || {
        std::future::ready(Err::<crate::net::Connected<DuplexStream>, _>(error()))
    })
}

impl Network {
    async fn next(&mut self) -> DuplexStream {
        let arrived = timeout(PATIENCE, self.0.recv()).await;
        arrived.expect("nobody connects").expect("the client has ended")
    }

    /// The next connection, accepted by a server that speaks these subprotocols.
    async fn accept(&mut self, subprotocols: &[&str]) -> Peer {
        let subprotocols = subprotocols.iter().map(|name| name.to_string()).collect();
        let handshake = ServerOptions { subprotocols, ..ServerOptions::default() };
        let options = AcceptOptions { handshake, ..AcceptOptions::default() };
        Peer(accept_with(self.next().await, &options).await.expect("a handshake").socket)
    }

    /// The next connection, with our dialect, up to the answer to `join`.
    async fn accept_v1(&mut self) -> Peer {
        let (mut peer, _) = self.accept_join().await;
        peer.send(json!({"type": "joined", "room": "lobby", "users": ["Ann"], "count": 1})).await;
        peer
    }

    /// The next connection, with our dialect, and the `join` that it brings.
    async fn accept_join(&mut self) -> (Peer, Value) {
        let mut peer = self.accept(&[SUBPROTOCOL]).await;
        peer.send(v1_welcome()).await;
        let join = peer.receive().await;
        assert_eq!(join["type"], "join");
        (peer, join)
    }

    /// The next connection, let into a room whose log has come as far as `seq`.
    async fn accept_logged(&mut self, seq: u64) -> Peer {
        let (mut peer, _) = self.accept_join().await;
        peer.send(joined("lobby", seq)).await;
        peer
    }

    /// The next connection, by a server that counts seconds and knows no dialects.
    async fn accept_plain(&mut self) -> Peer {
        let mut peer = self.accept(&[]).await;
        peer.send(plain_welcome(1_700_000_000.5)).await;
        assert_eq!(peer.receive().await["type"], "join");
        peer
    }
}

/// The answer to a first join, or one that recovers everything.
fn joined(room: &str, seq: u64) -> Value {
    json!({"type": "joined", "room": room, "user": "Ann", "epoch": "e", "seq": seq,
        "users": ["Ann"], "count": 1, "session": SESSION, "recovered": true})
}

const SESSION: &str = "00112233445566778899aabbccddeeff";

/// What Bob has said in a room as this number.
fn said(room: &str, seq: u64) -> Value {
    json!({"type": "message", "username": "Bob", "content": format!("{room} {seq}"),
        "timestamp": 1_700_000_000_000_u64, "room": room, "seq": seq, "id": format!("e-{seq}")})
}

fn v1_welcome() -> Value {
    json!({"type": "message", "username": "System", "content": "Welcome!",
        "timestamp": 1_700_000_000_000_u64, "event": "welcome"})
}

fn plain_welcome(timestamp: f64) -> Value {
    json!({"type": "message", "username": "System", "content": "Welcome!", "timestamp": timestamp})
}

/// The server's end of a connection.
struct Peer(WebSocket<DuplexStream>);

impl Peer {
    async fn send(&mut self, object: Value) {
        self.0.send(object.to_string()).await.expect("the connection is open");
    }

    async fn receive(&mut self) -> Value {
        let message = timeout(PATIENCE, self.0.recv()).await.expect("nothing comes");
        let message = message.expect("no error").expect("no close");
        serde_json::from_slice(message.as_bytes()).expect("JSON")
    }

    /// The content of the next message, which is then confirmed.
    async fn receive_and_ack(&mut self) -> String {
        let object = self.receive().await;
        self.send(json!({"type": "ack", "nonce": object["nonce"], "id": "e-1", "seq": 1})).await;
        object["content"].as_str().expect("a message").to_owned()
    }

    /// Waits for a Close, which is answered; the code.
    async fn receive_close(&mut self) -> Option<CloseCode> {
        let end = timeout(PATIENCE, self.0.recv()).await.expect("no close comes");
        assert_eq!(end.expect("no error"), None::<Message>);
        self.0.closure().expect("it is closed").code
    }

    /// Lives on for a while: it answers Pings, and hears nothing else.
    async fn live_on(&mut self, time: Duration) {
        let heard = timeout(time, self.0.recv()).await;
        assert!(heard.is_err(), "{heard:?} came");
    }

    async fn close(&mut self, code: u16) {
        let _ = self.0.close(CloseCode::known(code), "").await;
    }

    /// As when a process is killed.
    fn vanish(self) {
        self.0.abort();
    }
}

impl Events {
    async fn next(&mut self) -> Option<Event> {
        timeout(PATIENCE, self.recv()).await.expect("no event comes")
    }

    /// The next event that `pick` wants.
    async fn find<T>(&mut self, mut pick: impl FnMut(Event) -> Option<T>) -> T {
        let finding = async {
            loop {
                let event = self.recv().await.expect("the client has ended");
                if let Some(found) = pick(event) {
                    return found;
                }
            }
        };
        // All together: a client that tries for ever reports for ever.
        timeout(PATIENCE, finding).await.expect("no such event comes")
    }

    async fn connected(&mut self) -> Encoding {
        self.find(|event| match event {
            Event::State(State::Connected(encoding)) => Some(encoding),
            _ => None,
        })
        .await
    }

    async fn reconnecting(&mut self) -> (Duration, String) {
        self.find(|event| match event {
            Event::State(State::Reconnecting { after, lost }) => Some((after, lost.to_string())),
            _ => None,
        })
        .await
    }

    async fn undelivered(&mut self) -> (String, String) {
        self.find(|event| match event {
            Event::Undelivered(it) => Some((it.content, it.reason)),
            _ => None,
        })
        .await
    }

    async fn delivered(&mut self) -> Delivered {
        self.find(|event| match event {
            Event::Delivered(it) => Some(it),
            _ => None,
        })
        .await
    }

    async fn missed(&mut self) -> Missed {
        self.find(|event| match event {
            Event::Missed(it) => Some(it),
            _ => None,
        })
        .await
    }

    /// The content of the next message that somebody has said.
    async fn heard(&mut self) -> String {
        self.find(|event| match event {
            Event::Received(Received { object: Object::Message(it), .. }) if !it.is_notice() => {
                Some(it.content)
            }
            Event::Missed(missed) => panic!("{missed:?}"),
            _ => None,
        })
        .await
    }

    /// How it ended, after which no event comes.
    async fn end(&mut self) -> End {
        let end = self
            .find(|event| match event {
                Event::State(State::Closed(end)) => Some(end),
                _ => None,
            })
            .await;
        assert!(self.next().await.is_none());
        end
    }

    /// Everything that comes until the end, but states.
    async fn rest(&mut self) -> Vec<Event> {
        let mut rest = Vec::new();
        while let Some(event) = self.next().await {
            if !matches!(event, Event::State(_)) {
                rest.push(event);
            }
        }
        rest
    }
}

fn contents(events: &[Event]) -> Vec<&str> {
    let messages = events.iter().filter_map(|event| match event {
        Event::Received(received) => match &received.object {
            Object::Message(message) => Some(message.content.as_str()),
            _ => None,
        },
        _ => None,
    });
    messages.collect()
}
