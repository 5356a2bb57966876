//! The chat client: what was dropped is not said, what was done is said once.

use std::future::pending;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use futures_util::FutureExt;
use tokio::net::TcpListener;
use tokio::task::unconstrained;
use wirechat::chat::{Limits, RoomName, UserName};
use wirechat::client::{
    ChatClient, End, Event, Events, Object, Options, SayError, State, Ticket, connect,
};
use wirechat::server::{Server, ServerConfig, listen_on};

use crate::calls::{Calls, Drops};
use crate::runs::{in_time, together};

const LOCALHOST: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// What may wait to be said.
const QUEUE: usize = 256;

/// A client whose queue is full: its server has not begun to take connections.
struct Full {
    listener: TcpListener,
    client: ChatClient,
    events: Events,
}

async fn full() -> Full {
    let listener = listen_on(LOCALHOST).unwrap();
    let uri = format!("ws://{}/ws", listener.local_addr().unwrap()).parse().unwrap();
    let (client, events) = connect(Options::new(uri, UserName::parse("Ann").unwrap()));
    for number in 0..QUEUE {
        in_time(client.say(number.to_string())).await.unwrap();
    }
    Full { listener, client, events }
}

/// What has been said before, and then this.
fn numbers_and(last: &[&str]) -> Vec<String> {
    (0..QUEUE)
        .map(|number| number.to_string())
        .chain(last.iter().map(|&last| last.into()))
        .collect()
}

/// Everything that Ann hears of herself until the end, which is a good one.
async fn hear(events: &mut Events, calls: &Calls) -> Vec<String> {
    let mut heard = Vec::new();
    loop {
        let event = calls.until_done(async || events.recv().await).await;
        match event.expect("an event that is the last") {
            Event::Received(received) => match received.object {
                Object::Message(message) if message.username == "Ann" => {
                    heard.push(message.content);
                }
                _ => {}
            },
            Event::Undelivered(undelivered) => panic!("{undelivered:?}"),
            Event::State(State::Closed(end)) => {
                assert!(matches!(end, End::Done), "{end}");
                assert!(calls.until_done(async || events.recv().await).await.is_none());
                return heard;
            }
            Event::State(_) | Event::Delivered(_) | Event::Latency(_) => {}
            event => panic!("{event:?}"),
        }
    }
}

/// The server begins, Ann says something more, and it ends. What she hears.
async fn served(full: Full, drops: Drops, talk: impl AsyncFn(&ChatClient, &Calls)) -> Vec<String> {
    let Full { listener, client, mut events } = full;
    let chat = Limits { rate: None, ..Limits::default() };
    let server = Server::new(listener, ServerConfig { chat, ..ServerConfig::default() });
    let (talks, hears) = (Calls::new(drops), Calls::new(drops));
    let chatting = together(talk(&client, &talks), hear(&mut events, &hears));
    in_time(async {
        tokio::select! {
            ((), heard) = chatting => heard,
            () = server.run(pending()) => unreachable!("nobody stops it"),
        }
    })
    .await
}

/// Drops what has to wait because the queue is full.
fn drop_at_once<T>(future: impl Future<Output = Result<T, SayError>>) {
    // Otherwise it might have to wait because this task has done so much.
    assert!(unconstrained(future).now_or_never().is_none());
}

const DROPS: [Drops; 4] = [Drops::At(0), Drops::At(1), Drops::At(2), Drops::Every];

/// A method that says this.
async fn says_once_or_not_at_all(
    method: impl AsyncFn(&ChatClient, &str) -> Result<Ticket, SayError>,
) {
    for drops in DROPS {
        let full = full().await;
        drop_at_once(method(&full.client, "dropped"));
        let heard = served(full, drops, async |client, calls| {
            calls.until_done(async || method(client, "until it is done").await).await.unwrap();
            client.finish().await.unwrap();
        });
        assert_eq!(heard.await, numbers_and(&["until it is done"]));
    }
}

#[tokio::test]
async fn a_dropped_say_has_said_nothing() {
    says_once_or_not_at_all(async |client, content| client.say(content).await).await;
}

#[tokio::test]
async fn a_dropped_say_in_has_said_nothing() {
    let lobby = RoomName::lobby();
    says_once_or_not_at_all(async |client, content| client.say_in(&lobby, content).await).await;
}

#[tokio::test]
async fn a_dropped_send_json_has_said_nothing() {
    says_once_or_not_at_all(async |client, content| {
        client.send_json(&format!(r#"{{"type":"message","content":"{content}"}}"#)).await
    })
    .await;
}

#[tokio::test]
async fn a_dropped_finish_has_not_ended_the_client() {
    for drops in DROPS {
        let full = full().await;
        drop_at_once(full.client.finish());
        let heard = served(full, drops, async |client, calls| {
            client.say("not the end").await.unwrap();
            calls.until_done(async || client.finish().await).await.unwrap();
        });
        assert_eq!(heard.await, numbers_and(&["not the end"]));
    }
}

/// What is not confirmed when the client is closed would be undelivered. A flush
/// waits for room and then for the answer, so it is not done in one poll.
#[tokio::test]
async fn a_flush_that_is_done_has_waited_until_everything_was_confirmed() {
    for place in 0..3 {
        let heard = served(full().await, Drops::At(place), async |client, calls| {
            calls.until_done(async || client.flush().await).await.unwrap();
            client.close();
        });
        assert_eq!(heard.await, numbers_and(&[]));
    }
}
