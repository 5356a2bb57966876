//! What a server speaks is decided by what it sends.

use super::*;
use crate::chat::Unit;

fn unit(object: &Value) -> Option<Unit> {
    Unit::of(object["timestamp"].as_f64().expect("a number"))
}

#[tokio::test(start_paused = true)]
async fn our_dialect_is_offered_and_spoken_when_the_welcome_is_of_it() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept_v1().await;
    assert_eq!(events.connected().await, Encoding::V1);
    client.say("hello").await.unwrap();
    let message = peer.receive().await;
    assert_eq!((&message["type"], &message["content"]), (&"message".into(), &"hello".into()));
    assert!(message["nonce"].is_string());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_agrees_to_any_subprotocol_and_speaks_plain_is_spoken_to_plainly() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept(&[SUBPROTOCOL]).await;
    peer.send(plain_welcome(1_700_000_000_123.0)).await;
    let join = peer.receive().await;
    assert_eq!((&join["username"], &join["content"]), (&"Ann".into(), &"".into()));
    assert_eq!(events.connected().await, Encoding::PlainMillis);
    client.say("hello").await.unwrap();
    let message = peer.receive().await;
    assert_eq!((&message["username"], &message["content"]), (&"Ann".into(), &"hello".into()));
    assert_eq!(unit(&message), Some(Unit::Millis));
    assert_eq!(message["nonce"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn the_unit_of_the_servers_own_stamps_is_used_whatever_others_write() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept(&[]).await;
    peer.send(plain_welcome(1_700_000_000.5)).await;
    assert_eq!(unit(&peer.receive().await), Some(Unit::Seconds));
    assert_eq!(events.connected().await, Encoding::PlainSeconds);
    peer.send(json!({"type": "message", "username": "Bob", "content": "x",
        "timestamp": 1_700_000_000_123_u64}))
        .await;
    events
        .find(|event| matches!(event, Event::Received(it) if it.json.contains("Bob")).then_some(()))
        .await;
    client.say("hello").await.unwrap();
    assert_eq!(unit(&peer.receive().await), Some(Unit::Seconds));
}

#[tokio::test(start_paused = true)]
async fn a_server_without_a_welcome_is_joined_after_a_bounded_wait() {
    let (_client, mut events, mut network) = client(options());
    let mut peer = network.accept(&[]).await;
    let start = tokio::time::Instant::now();
    assert_eq!(peer.receive().await["type"], "join");
    assert!(start.elapsed() <= Duration::from_secs(2));
    assert_eq!(events.connected().await, Encoding::PlainMillis);
}

#[tokio::test(start_paused = true)]
async fn a_joined_without_a_welcome_shows_our_dialect_too() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept(&[SUBPROTOCOL]).await;
    assert_eq!(peer.receive().await["type"], "join");
    peer.send(json!({"type": "joined", "room": "lobby"})).await;
    events.find(|event| matches!(event, Event::Received(_)).then_some(())).await;
    client.say("hello").await.unwrap();
    assert!(peer.receive().await["nonce"].is_string());
}

#[tokio::test(start_paused = true)]
async fn a_welcome_of_ours_that_comes_late_is_still_obeyed() {
    let (client, mut events, mut network) =
        client(Options { session: Some(SESSION.to_owned()), ..options() });
    let mut peer = network.accept(&[SUBPROTOCOL]).await;
    assert_eq!(peer.receive().await["session"], Value::Null, "who knows what it is");
    assert_eq!(events.connected().await, Encoding::PlainMillis);
    peer.send(v1_welcome()).await;
    assert_eq!(peer.receive().await["session"], SESSION);
    peer.send(joined("lobby", 0)).await;
    assert_eq!(events.connected().await, Encoding::V1);
    client.say("hello").await.unwrap();
    assert_eq!(peer.receive_and_ack().await, "hello");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_object_is_passed_over_and_all_else_is_reported_as_it_came() {
    let (_client, mut events, mut network) = client(options());
    let mut peer = network.accept_v1().await;
    events.connected().await;
    for text in ["nonsense", "[1]", r#"{"type":"typing",  "x":1.50}"#] {
        peer.0.send(text).await.unwrap();
    }
    peer.0.send(&b"\xff"[..]).await.unwrap();
    peer.close(1000).await;
    let rest = events.rest().await;
    let jsons: Vec<&str> = rest
        .iter()
        .filter_map(|event| match event {
            Event::Received(received) => Some(received.json.as_str()),
            _ => None,
        })
        .filter(|json| !json.contains("joined"))
        .collect();
    assert_eq!(jsons, [r#"{"type":"typing",  "x":1.50}"#]);
}
