//! Several rooms at once.

use super::*;
use crate::chat::RoomName;
use crate::client::{Cause, Page};

fn rust() -> RoomName {
    RoomName::parse("rust").expect("a name")
}

/// A client in the lobby and in `rust`.
async fn in_two_rooms() -> (ChatClient, Events, Network, Peer) {
    let (client, events, mut network) = client(options());
    let mut peer = network.accept_logged(3).await;
    client.join_room(&rust()).await.unwrap();
    let join = peer.receive().await;
    assert_eq!((&join["type"], &join["room"]), (&"join".into(), &"rust".into()));
    assert_eq!(join["username"], "Ann");
    peer.send(joined("rust", 0)).await;
    peer.send(said("rust", 1)).await;
    (client, events, network, peer)
}

#[tokio::test(start_paused = true)]
async fn every_room_is_entered_again_before_anything_is_said() {
    let (client, mut events, mut network, peer) = in_two_rooms().await;
    assert_eq!(events.heard().await, "rust 1");
    peer.vanish();
    client.say_in(&rust(), "hello").await.unwrap();

    let (mut peer, join) = network.accept_join().await;
    assert_eq!((&join["room"], &join["resume"]["seq"]), (&"lobby".into(), &3.into()));
    peer.send(joined("lobby", 4)).await;
    peer.send(said("lobby", 4)).await;
    let join = peer.receive().await;
    assert_eq!((&join["room"], &join["resume"]["seq"]), (&"rust".into(), &1.into()));
    peer.send(joined("rust", 2)).await;
    peer.send(said("rust", 2)).await;
    assert_eq!(events.heard().await, "lobby 4");
    assert_eq!(events.heard().await, "rust 2");
    let message = peer.receive().await;
    assert_eq!((&message["room"], &message["content"]), (&"rust".into(), &"hello".into()));
}

#[tokio::test(start_paused = true)]
async fn a_room_that_is_refused_is_no_reason_to_end() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept_logged(3).await;
    let ticket = client.join_room(&rust()).await.unwrap();
    let nonce = peer.receive().await["nonce"].clone();
    peer.send(json!({"type": "error", "code": "too_many_rooms", "content": "Enough.",
        "nonce": nonce}))
        .await;
    let undelivered = events
        .find(|event| match event {
            Event::Undelivered(it) => Some(it),
            _ => None,
        })
        .await;
    assert_eq!((undelivered.ticket, undelivered.reason.as_str()), (ticket, "Enough."));
    peer.vanish();
    let (mut peer, join) = network.accept_join().await;
    assert_eq!(join["room"], "lobby");
    peer.send(joined("lobby", 3)).await;
    events.connected().await;
    peer.live_on(Duration::from_secs(5)).await; // It does not ask for the other one.
}

#[tokio::test(start_paused = true)]
async fn a_room_whose_join_was_lost_with_the_connection_is_joined_on_the_next() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept_logged(3).await;
    client.join_room(&rust()).await.unwrap();
    client.say_in(&rust(), "hello").await.unwrap();
    assert_eq!(peer.receive().await["room"], "rust");
    peer.vanish();
    let (mut peer, _) = network.accept_join().await;
    peer.send(joined("lobby", 3)).await;
    let join = peer.receive().await;
    assert_eq!((&join["type"], &join["room"]), (&"join".into(), &"rust".into()));
    peer.send(joined("rust", 0)).await;
    assert_eq!(peer.receive_and_ack().await, "hello");
    assert_eq!(events.delivered().await.content, "hello");
}

#[tokio::test(start_paused = true)]
async fn a_room_that_cannot_be_entered_again_is_told_and_the_others_go_on() {
    let (client, mut events, mut network, peer) = in_two_rooms().await;
    peer.vanish();
    let (mut peer, _) = network.accept_join().await;
    peer.send(joined("lobby", 3)).await;
    let nonce = peer.receive().await["nonce"].clone();
    peer.send(json!({"type": "error", "code": "rate_limited", "content": "Too fast",
        "nonce": nonce, "retry_after_ms": 700}))
        .await;
    let again = peer.receive().await;
    assert_eq!(again["room"], "rust");
    peer.send(json!({"type": "error", "code": "forbidden", "content": "No.",
        "nonce": again["nonce"]}))
        .await;
    let missed = events.missed().await;
    assert_eq!((missed.room.as_deref(), missed.cause), (Some("rust"), Cause::NotRejoined));
    events.connected().await;
    client.say("still here").await.unwrap();
    assert_eq!(peer.receive_and_ack().await, "still here");
}

#[tokio::test(start_paused = true)]
async fn a_room_that_was_left_is_not_entered_again() {
    let (client, mut events, mut network, mut peer) = in_two_rooms().await;
    client.leave_room(&rust()).await.unwrap();
    let leave = peer.receive().await;
    assert_eq!((&leave["type"], &leave["room"]), (&"leave".into(), &"rust".into()));
    peer.send(said("rust", 2)).await; // It was on its way already.
    assert_eq!(events.heard().await, "rust 1");
    assert_eq!(events.heard().await, "rust 2");
    peer.vanish();
    let (mut peer, _) = network.accept_join().await;
    peer.send(joined("lobby", 3)).await;
    events.connected().await;
    peer.live_on(Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn who_could_not_leave_a_room_is_still_in_it() {
    let (client, mut events, mut network, mut peer) = in_two_rooms().await;
    client.leave_room(&rust()).await.unwrap();
    let nonce = peer.receive().await["nonce"].clone();
    peer.send(json!({"type": "error", "code": "rate_limited", "content": "Too fast",
        "nonce": nonce}))
        .await;
    assert_eq!(events.undelivered().await.1, "Too fast");
    peer.send(said("rust", 2)).await;
    assert_eq!(events.heard().await, "rust 2");
    peer.vanish();
    let (mut peer, _) = network.accept_join().await;
    peer.send(joined("lobby", 3)).await;
    assert_eq!(peer.receive().await["room"], "rust");
}

#[tokio::test(start_paused = true)]
async fn another_name_is_kept_over_a_reconnection() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept_logged(3).await;
    client.rename(&UserName::parse("Anna").unwrap()).await.unwrap();
    assert_eq!(peer.receive().await["username"], "Anna");
    let mut answer = joined("lobby", 3);
    answer["user"] = "Anna".into();
    peer.send(answer).await;
    events.connected().await;
    peer.live_on(Duration::from_secs(1)).await;
    peer.vanish();
    let (_peer, join) = network.accept_join().await;
    assert_eq!(join["username"], "Anna");
}

#[tokio::test(start_paused = true)]
async fn on_a_plain_server_another_name_is_announced_and_used() {
    let (client, _events, mut network) = client(options());
    let mut peer = network.accept_plain().await;
    client.rename(&UserName::parse("Anna").unwrap()).await.unwrap();
    client.say("hello").await.unwrap();
    let join = peer.receive().await;
    assert_eq!((&join["type"], &join["username"]), (&"join".into(), &"Anna".into()));
    assert_eq!(peer.receive().await["username"], "Anna");
}

#[tokio::test(start_paused = true)]
async fn what_the_program_asks_is_answered_to_the_program() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept_logged(30).await;
    client.history(None, Page::Before(20), 2).await.unwrap();
    client.who(Some(&rust())).await.unwrap();
    client.rooms().await.unwrap();
    let question = peer.receive().await;
    assert_eq!((&question["before"], &question["limit"]), (&20.into(), &2.into()));
    peer.send(json!({"type": "history", "room": "lobby", "epoch": "e",
        "messages": [said("lobby", 18), said("lobby", 19)], "more": true}))
        .await;
    let history = events
        .find(|event| match event {
            Event::Received(Received { object: Object::History(it), .. }) => Some(it),
            _ => None,
        })
        .await;
    assert_eq!(history.messages.len(), 2);
    assert!(history.more);
    let who = peer.receive().await;
    assert_eq!((&who["type"], &who["room"]), (&"who".into(), &"rust".into()));
    assert_eq!(peer.receive().await["type"], "rooms");
}

#[tokio::test(start_paused = true)]
async fn what_the_program_asked_and_nobody_answered_is_reported() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept_logged(30).await;
    let ticket = client.history(None, Page::Newest, 2).await.unwrap();
    peer.receive().await;
    peer.vanish();
    let undelivered = events
        .find(|event| match event {
            Event::Undelivered(it) => Some(it),
            _ => None,
        })
        .await;
    assert_eq!(undelivered.ticket, ticket);
}
