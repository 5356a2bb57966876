//! What is heard over several connections: each message once, in order, or a
//! word that some are missing.

use super::*;
use crate::client::Cause;

#[tokio::test(start_paused = true)]
async fn after_a_reconnection_it_goes_on_where_it_was() {
    let (_client, mut events, mut network) = client(options());
    let mut peer = network.accept_logged(3).await;
    peer.send(said("lobby", 4)).await;
    assert_eq!(events.heard().await, "lobby 4");
    peer.vanish();

    let (mut peer, join) = network.accept_join().await;
    assert_eq!(join["resume"], json!({"epoch": "e", "seq": 4}));
    peer.send(joined("lobby", 6)).await;
    for seq in [4, 5, 6, 6, 7] {
        peer.send(said("lobby", seq)).await;
    }
    for expected in ["lobby 5", "lobby 6", "lobby 7"] {
        assert_eq!(events.heard().await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_said_before_the_rejoin_is_heard_after_it_and_once() {
    let (_client, mut events, mut network) = client(options());
    network.accept_logged(3).await.vanish();
    let mut peer = network.accept(&[SUBPROTOCOL]).await;
    peer.send(v1_welcome()).await;
    peer.send(said("lobby", 5)).await; // A guest in the lobby hears it too.
    peer.receive().await;
    peer.send(joined("lobby", 5)).await;
    for seq in [4, 5] {
        peer.send(said("lobby", seq)).await;
    }
    assert_eq!(events.heard().await, "lobby 4");
    assert_eq!(events.heard().await, "lobby 5");
}

#[tokio::test(start_paused = true)]
async fn a_gap_is_filled_before_what_comes_behind_it_is_heard() {
    let (_client, mut events, mut network) = client(options());
    let mut peer = network.accept_logged(3).await;
    peer.send(said("lobby", 6)).await;
    let question = peer.receive().await;
    assert_eq!((&question["type"], &question["room"]), (&"history".into(), &"lobby".into()));
    assert_eq!(question["after"], 3);
    peer.send(said("lobby", 7)).await;
    peer.send(json!({"type": "history", "room": "lobby", "epoch": "e", "more": false,
        "messages": [said("lobby", 4), said("lobby", 5), said("lobby", 6)]}))
        .await;
    for expected in ["lobby 4", "lobby 5", "lobby 6", "lobby 7"] {
        assert_eq!(events.heard().await, expected);
    }
    peer.close(1000).await;
    let answers = events.rest().await.into_iter().filter(|event| {
        matches!(event, Event::Received(Received { object: Object::History(_), .. }))
    });
    assert_eq!(answers.count(), 0, "the program has not asked");
}

#[tokio::test(start_paused = true)]
async fn a_gap_that_the_server_does_not_fill_is_told() {
    let (_client, mut events, mut network) = client(options());
    let mut peer = network.accept_logged(3).await;
    peer.send(said("lobby", 6)).await;
    let nonce = peer.receive().await["nonce"].clone();
    peer.send(json!({"type": "error", "code": "unknown_type", "content": "What?",
        "nonce": nonce}))
        .await;
    let missed = events.missed().await;
    assert_eq!((missed.room.as_deref(), missed.cause), (Some("lobby"), Cause::Gap));
    assert_eq!(missed.numbers, Some(4..=5));
    assert_eq!(events.heard().await, "lobby 6");
}

#[tokio::test(start_paused = true)]
async fn a_question_about_a_gap_is_asked_again_and_not_for_ever() {
    let (_client, mut events, mut network) = client(options());
    let mut peer = network.accept_logged(3).await;
    peer.send(said("lobby", 5)).await;
    let nonce = peer.receive().await["nonce"].clone();
    peer.send(json!({"type": "error", "code": "rate_limited", "content": "Too fast",
        "nonce": nonce, "retry_after_ms": 700}))
        .await;
    for _ in 0..2 {
        assert_eq!(peer.receive().await["after"], 3);
    }
    peer.live_on(Duration::from_secs(60)).await;
    assert_eq!(events.missed().await.numbers, Some(4..=4));
}

#[tokio::test(start_paused = true)]
async fn what_a_rejoin_cannot_recover_is_told() {
    for (reason, cause) in [
        ("too_old", Cause::TooOld),
        ("epoch_changed", Cause::EpochChanged),
        ("unknown", Cause::Unknown),
    ] {
        let (_client, mut events, mut network) = client(options());
        network.accept_logged(3).await.vanish();
        let (mut peer, _) = network.accept_join().await;
        let mut answer = joined("lobby", 200);
        answer["recovered"] = false.into();
        answer["reason"] = reason.into();
        if reason == "epoch_changed" {
            answer["epoch"] = "other".into();
        }
        peer.send(answer).await;
        peer.send(said("lobby", 101)).await;
        assert_eq!(events.missed().await.cause, cause);
        assert_eq!(events.heard().await, "lobby 101");
    }
}

#[tokio::test(start_paused = true)]
async fn on_a_plain_server_what_was_said_meanwhile_is_lost_and_that_is_told() {
    let (_client, mut events, mut network) = client(options());
    network.accept_plain().await.vanish();
    let _peer = network.accept_plain().await;
    let missed = events.missed().await;
    assert_eq!((missed.room, missed.cause), (None, Cause::NoLog));
}

#[tokio::test(start_paused = true)]
async fn what_is_held_back_is_handed_out_when_the_client_ends() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept_logged(3).await;
    peer.send(said("lobby", 5)).await;
    peer.receive().await;
    client.close();
    peer.receive_close().await;
    let rest = events.rest().await;
    assert!(rest.iter().any(|event| matches!(event, Event::Missed(_))));
    assert_eq!(contents(&rest).last(), Some(&"lobby 5"));
}

#[tokio::test(start_paused = true)]
async fn older_messages_come_first_if_they_are_wanted() {
    let (_client, mut events, mut network) = client(Options { history: 2, ..options() });
    let mut peer = network.accept_logged(9).await;
    let question = peer.receive().await;
    assert_eq!((&question["type"], &question["after"]), (&"history".into(), &7.into()));
    peer.send(said("lobby", 10)).await;
    peer.send(json!({"type": "history", "room": "lobby", "epoch": "e",
        "messages": [said("lobby", 8), said("lobby", 9)], "more": false}))
        .await;
    for expected in ["lobby 8", "lobby 9", "lobby 10"] {
        assert_eq!(events.heard().await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn private_messages_are_handed_out_once_and_the_server_is_told_which_was_the_last() {
    let private = |n: u64| {
        json!({"type": "private", "from": "Bob", "to": "Ann", "username": "Bob",
            "content": format!("psst {n}"), "id": format!("p-{n}")})
    };
    let (_client, mut events, mut network) =
        client(Options { private_after: Some("p-1".to_owned()), ..options() });
    let (mut peer, join) = network.accept_join().await;
    assert_eq!(join["private_after"], "p-1");
    peer.send(joined("lobby", 0)).await;
    for n in [1, 2] {
        peer.send(private(n)).await;
    }
    let mut heard = async || {
        events
            .find(|event| match event {
                Event::Received(Received { object: Object::Private(it), .. }) => Some(it.content),
                _ => None,
            })
            .await
    };
    assert_eq!(heard().await, "psst 2");
    peer.vanish();
    let (mut peer, join) = network.accept_join().await;
    assert_eq!(join["private_after"], "p-2");
    peer.send(joined("lobby", 0)).await;
    for n in [2, 3] {
        peer.send(private(n)).await;
    }
    assert_eq!(heard().await, "psst 3");
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_know_whether_it_was_let_in_asks_for_all_private_messages() {
    let (_client, _events, mut network) = client(options());
    let (mut peer, join) = network.accept_join().await;
    assert_eq!(join["private_after"], Value::Null);
    peer.send(json!({"type": "error", "code": "unavailable", "nonce": join["nonce"]})).await;
    let (peer, join) = network.accept_join().await;
    assert_eq!(join["private_after"], Value::Null, "nothing happened");
    peer.vanish();
    let (mut peer, join) = network.accept_join().await;
    assert_eq!(join["private_after"], "");
    let mut answer = joined("lobby", 0);
    answer["private_after"] = json!("p-0");
    peer.send(answer).await;
    peer.send(said("lobby", 1)).await;
    peer.live_on(Duration::from_secs(1)).await;
    peer.vanish();
    let (_peer, join) = network.accept_join().await;
    assert_eq!(join["private_after"], "p-0");
}

#[tokio::test(start_paused = true)]
async fn a_session_from_before_is_shown_to_our_servers_and_to_no_others() {
    let with_session = || Options { session: Some(SESSION.to_owned()), ..options() };
    let (_client, _events, mut network) = client(with_session());
    let (_peer, join) = network.accept_join().await;
    assert_eq!(join["session"], SESSION);

    let (_client, _events, mut network) = client(with_session());
    let mut peer = network.accept(&[SUBPROTOCOL]).await; // It agrees to anything.
    peer.send(plain_welcome(1_700_000_000.5)).await;
    let join = peer.receive().await;
    assert_eq!((&join["type"], &join["session"]), (&"join".into(), &Value::Null));
}

#[tokio::test(start_paused = true)]
async fn nobody_on_a_plain_server_can_make_us_take_it_for_one_of_ours() {
    let (client, _events, mut network) = client(options());
    let mut peer = network.accept_plain().await;
    peer.send(joined("lobby", 7)).await; // It passes on what anybody writes.
    peer.live_on(Duration::from_secs(1)).await;
    client.say("hello").await.unwrap();
    assert_eq!(peer.receive().await["nonce"], Value::Null);
}
