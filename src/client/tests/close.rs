//! How a client ends.

use super::*;
use crate::client::SayError;
use crate::net::ConnectError;
use crate::proto::handshake::ResponseError;

#[tokio::test(start_paused = true)]
async fn finish_delivers_everything_first_and_closes_with_1000() {
    let (client, mut events, mut network) = client(options());
    let lines: Vec<String> = (0..50).map(|n| format!("line {n}")).collect();
    for line in &lines {
        client.say(line.as_str()).await.unwrap();
    }
    client.finish().await.unwrap();
    let mut peer = network.accept_v1().await;
    for line in &lines {
        assert_eq!(&peer.receive_and_ack().await, line);
    }
    assert_eq!(peer.receive_close().await, Some(CloseCode::NORMAL));
    assert!(matches!(events.end().await, End::Done));
    assert_eq!(client.say("too late").await, Err(SayError::Closed));
}

#[tokio::test(start_paused = true)]
async fn on_a_plain_server_the_answer_to_the_close_is_awaited() {
    let (client, mut events, mut network) = client(options());
    client.say("hello").await.unwrap();
    client.finish().await.unwrap();
    let mut peer = network.accept_plain().await;
    assert_eq!(peer.receive().await["content"], "hello");
    tokio::time::sleep(Duration::from_secs(4)).await; // a slow server
    assert_eq!(peer.receive_close().await, Some(CloseCode::NORMAL));
    assert!(matches!(events.end().await, End::Done));
}

#[tokio::test(start_paused = true)]
async fn a_close_that_is_not_answered_is_no_proof() {
    let (client, mut events, mut network) = client(options());
    client.finish().await.unwrap();
    let peer = network.accept_plain().await;
    let start = tokio::time::Instant::now();
    assert!(matches!(events.end().await, End::Unanswered));
    assert!(start.elapsed() <= Duration::from_secs(11));
    drop(peer);
}

#[tokio::test(start_paused = true)]
async fn what_the_server_says_before_its_answer_to_the_close_is_still_heard() {
    let (client, mut events, mut network) = client(options());
    client.finish().await.unwrap();
    let mut peer = network.accept_v1().await;
    tokio::time::sleep(Duration::from_secs(1)).await; // the Close is on its way
    peer.send(json!({"type": "message", "username": "Bob", "content": "bye"})).await;
    peer.receive_close().await;
    assert_eq!(contents(&events.rest().await).last(), Some(&"bye"));
}

#[tokio::test(start_paused = true)]
async fn close_ends_at_once_and_reports_what_was_not_sent() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept_v1().await;
    client.say("in flight").await.unwrap();
    client.say("queued").await.unwrap();
    assert_eq!(peer.receive().await["content"], "in flight");
    client.close();
    assert_eq!(peer.receive_close().await, Some(CloseCode::NORMAL));
    assert_eq!(events.undelivered().await.0, "in flight");
    assert_eq!(events.undelivered().await.0, "queued");
    assert!(matches!(events.end().await, End::Done));
}

#[tokio::test(start_paused = true)]
async fn close_waits_five_seconds_for_the_answer_and_no_longer() {
    let (client, mut events, mut network) = client(options());
    let peer = network.accept_v1().await;
    events.connected().await;
    let start = tokio::time::Instant::now();
    client.close();
    assert!(matches!(events.end().await, End::Unanswered));
    assert_eq!(start.elapsed().as_secs(), 5);
    drop(peer);
}

#[tokio::test(start_paused = true)]
async fn close_needs_no_connection() {
    let error = || ConnectError::Timeout;
    let (client, mut events) = client_without_server(options(), error);
    events.reconnecting().await;
    client.say("never").await.unwrap();
    client.close();
    assert_eq!(events.undelivered().await.0, "never");
    assert!(matches!(events.end().await, End::Done));
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_handle_finishes() {
    let (client, mut events, mut network) = client(options());
    client.say("bye").await.unwrap();
    drop(client);
    let mut peer = network.accept_v1().await;
    assert_eq!(peer.receive_and_ack().await, "bye");
    assert_eq!(peer.receive_close().await, Some(CloseCode::NORMAL));
    assert!(matches!(events.end().await, End::Done));
}

#[tokio::test(start_paused = true)]
async fn dropping_the_events_closes() {
    let (_client, events, mut network) = client(options());
    let mut peer = network.accept_v1().await;
    drop(events);
    peer.send(v1_welcome()).await;
    assert_eq!(peer.receive_close().await, Some(CloseCode::NORMAL));
}

#[tokio::test(start_paused = true)]
async fn a_policy_close_a_broken_protocol_and_a_refused_handshake_are_final() {
    let (_client, mut events, mut network) = client(options());
    network.accept_v1().await.close(1008).await;
    assert!(matches!(events.end().await, End::Dismissed(_)));

    let (_client, mut events, mut network) = client(options());
    network.accept_v1().await.close(1002).await;
    assert!(matches!(events.end().await, End::Protocol(_)));

    let not_found = || {
        let (reason, location) = (String::new(), None);
        ConnectError::Response(ResponseError::Refused { status: 404, reason, location })
    };
    let (_client, mut events) = client_without_server(options(), not_found);
    assert!(matches!(events.end().await, End::NoWebSocket(_)));
}

#[tokio::test(start_paused = true)]
async fn a_name_in_use_is_final_and_its_owner_is_told_politely() {
    let (_client, mut events, mut network) = client(options());
    let mut peer = network.accept(&[SUBPROTOCOL]).await;
    peer.send(v1_welcome()).await;
    peer.receive().await;
    peer.send(json!({"type": "error", "code": "name_taken", "content": "Ann is in use",
        "suggestion": "Ann-2"}))
        .await;
    assert_eq!(peer.receive_close().await, Some(CloseCode::NORMAL));
    let End::Refused(refusal) = events.end().await else { panic!("it goes on") };
    assert_eq!(refusal.suggestion.as_deref(), Some("Ann-2"));
}
