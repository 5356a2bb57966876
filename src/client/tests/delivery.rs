//! What happens to what is said.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_next_message_is_sent_only_when_the_last_is_confirmed() {
    let (client, _events, mut network) = client(options());
    let mut peer = network.accept_v1().await;
    for content in ["one", "two"] {
        client.say(content).await.unwrap();
    }
    let first = peer.receive().await;
    assert_eq!(first["content"], "one");
    let early = timeout(Duration::from_secs(1), peer.receive()).await;
    assert!(early.is_err(), "{early:?} was sent before the ack");
    peer.send(json!({"type": "ack", "nonce": first["nonce"]})).await;
    assert_eq!(peer.receive().await["content"], "two");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_came_too_fast_is_sent_again_after_the_time_that_the_server_names() {
    let (client, _events, mut network) = client(options());
    let mut peer = network.accept_v1().await;
    client.say("one").await.unwrap();
    client.say("two").await.unwrap();
    let first = peer.receive().await;
    peer.send(json!({"type": "error", "code": "rate_limited", "content": "Too fast",
        "nonce": first["nonce"], "retry_after_ms": 700}))
        .await;
    let refused = tokio::time::Instant::now();
    assert_eq!(peer.receive().await, first, "the same message with the same nonce");
    assert!(refused.elapsed() >= Duration::from_millis(700));
    peer.send(json!({"type": "ack", "nonce": first["nonce"]})).await;
    assert_eq!(peer.receive().await["content"], "two");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_never_ready_does_not_hold_up_the_queue_for_ever() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept_v1().await;
    client.say("one").await.unwrap();
    client.say("two").await.unwrap();
    loop {
        let message = peer.receive().await;
        if message["content"] == "two" {
            break;
        }
        peer.send(json!({"type": "error", "code": "unavailable", "content": "Not stored",
            "nonce": message["nonce"]}))
            .await;
    }
    assert_eq!(events.undelivered().await, ("one".to_owned(), "Not stored".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_refused_message_is_reported_with_the_servers_words_and_the_next_goes_on() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept_v1().await;
    client.say("long").await.unwrap();
    client.say("short").await.unwrap();
    let nonce = peer.receive().await["nonce"].clone();
    peer.send(json!({"type": "error", "code": "too_long", "content": "At most 4096 bytes.",
        "nonce": nonce}))
        .await;
    let (content, reason) = events.undelivered().await;
    assert_eq!((content.as_str(), reason.as_str()), ("long", "At most 4096 bytes."));
    assert_eq!(peer.receive_and_ack().await, "short");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_never_confirmed_is_sent_again_then_reported_and_the_next_goes_on() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept_v1().await;
    client.say("one").await.unwrap();
    client.say("two").await.unwrap();
    let first = peer.receive().await;
    assert_eq!(first["content"], "one");
    assert_eq!(peer.receive().await, first, "the same message with the same nonce");
    assert_eq!(peer.receive().await, first);
    assert_eq!(peer.receive().await["content"], "two");
    assert_eq!(events.undelivered().await.0, "one");
}

#[tokio::test(start_paused = true)]
async fn what_was_not_confirmed_when_the_connection_broke_is_sent_again_as_the_same() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept_logged(0).await;
    let ticket = client.say("one").await.unwrap();
    client.say("two").await.unwrap();
    let first = peer.receive().await;
    peer.vanish();

    let (mut peer, join) = network.accept_join().await;
    assert_eq!(join["session"], SESSION, "so that the server knows the nonce");
    peer.send(joined("lobby", 1)).await;
    assert_eq!(peer.receive().await, first, "the same message with the same nonce");
    peer.send(json!({"type": "ack", "nonce": first["nonce"], "id": "e-1", "seq": 1,
        "duplicate": true}))
        .await;
    let delivered = events.delivered().await;
    assert_eq!((delivered.ticket, delivered.content.as_str()), (ticket, "one"));
    assert_eq!((delivered.id.as_deref(), delivered.seq), (Some("e-1"), Some(1)));
    assert_eq!(peer.receive_and_ack().await, "two");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_know_us_again_is_not_told_twice() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept_v1().await;
    client.say("lost?").await.unwrap();
    assert_eq!(peer.receive().await["content"], "lost?");
    peer.vanish();
    let mut peer = network.accept_v1().await;
    assert_eq!(events.undelivered().await.0, "lost?");
    client.say("after").await.unwrap();
    assert_eq!(peer.receive_and_ack().await, "after");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_turned_plain_is_not_told_twice() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept_logged(0).await;
    client.say("lost?").await.unwrap();
    peer.receive().await;
    peer.vanish();
    let mut peer = network.accept_plain().await;
    assert_eq!(events.undelivered().await.0, "lost?");
    client.say("after").await.unwrap();
    assert_eq!(peer.receive().await["content"], "after");
}

#[tokio::test(start_paused = true)]
async fn what_is_confirmed_is_reported_with_the_ticket_that_it_was_said_for() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept_v1().await;
    let bob = UserName::parse("Bob").unwrap();
    let tickets = [
        client.say("one").await.unwrap(),
        client.whisper(&bob, "psst").await.unwrap(),
        client.send_json(r#"{"type":"message","content":"x","nonce":5}"#).await.unwrap(),
    ];
    for ticket in tickets {
        peer.receive_and_ack().await;
        assert_eq!(events.delivered().await.ticket, ticket);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_confirmed_when_the_client_ends_is_reported() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept_logged(0).await;
    client.say("one").await.unwrap();
    peer.receive().await;
    peer.close(4500).await;
    assert_eq!(events.undelivered().await.0, "one");
    assert!(matches!(events.end().await, End::Dismissed(_)));
}

#[tokio::test(start_paused = true)]
async fn that_somebody_types_is_told_at_once_or_never() {
    let (client, mut events, mut network) = client(options());
    client.typing(None, true);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let mut peer = network.accept_v1().await;
    events.connected().await;
    client.typing(None, false);
    let typing = peer.receive().await;
    assert_eq!((&typing["type"], &typing["isTyping"]), (&"typing".into(), &false.into()));
}

#[tokio::test(start_paused = true)]
async fn what_is_said_without_a_connection_waits_for_the_next_one() {
    let (client, mut events, mut network) = client(options());
    client.say("early").await.unwrap();
    let mut peer = network.accept_v1().await;
    assert_eq!(peer.receive_and_ack().await, "early");
    client.flush().await.unwrap();
    peer.vanish();
    events.reconnecting().await;
    client.say("meanwhile").await.unwrap();
    let mut peer = network.accept_v1().await;
    assert_eq!(peer.receive_and_ack().await, "meanwhile");
}

#[tokio::test(start_paused = true)]
async fn flush_waits_for_the_confirmation() {
    let (client, _events, mut network) = client(options());
    let mut peer = network.accept_v1().await;
    client.say("one").await.unwrap();
    assert!(timeout(Duration::from_secs(1), client.flush()).await.is_err());
    peer.receive_and_ack().await;
    timeout(PATIENCE, client.flush()).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_flood_from_a_plain_server_does_not_stop_what_is_said() {
    let (client, mut events, mut network) = client(options());
    let peer = network.accept_plain().await;
    let taking = tokio::spawn(async move { events.rest().await });
    client.say("can you hear me?").await.unwrap();
    client.finish().await.unwrap();
    let mut socket = peer.0;
    let noise = json!({"type": "message", "username": "Bob", "content": "x".repeat(4096)});
    let mut heard = None;
    // The flood ends when the message has come through it.
    for _ in 0..100_000 {
        let _ = timeout(Duration::ZERO, socket.send(noise.to_string())).await;
        if let Ok(message) = timeout(Duration::ZERO, socket.recv()).await {
            heard = message.unwrap();
            break;
        }
        tokio::task::yield_now().await;
    }
    assert!(heard.expect("it is heard").as_text().unwrap().contains("can you hear me?"));
    while socket.recv().await.unwrap().is_some() {}
    taking.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn on_a_plain_server_an_object_that_it_does_not_know_is_reported() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept_plain().await;
    client.send_json(r#"{"type":"who"}"#).await.unwrap();
    client.send_json(r#"{"type":"message","content":"x"}"#).await.unwrap();
    assert_eq!(events.undelivered().await.0, r#"{"type":"who"}"#);
    assert_eq!(peer.receive().await["username"], "Ann");
    assert!(client.send_json("[]").await.is_err());
}
