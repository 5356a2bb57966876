//! How a client comes back.

use super::*;

// Proves 6455-7.2.3-2.
#[tokio::test(start_paused = true)]
async fn it_comes_back_and_joins_again_after_the_connection_broke() {
    let (_client, mut events, mut network) = client(options());
    network.accept_v1().await.vanish();
    events.connected().await;
    let (after, why) = events.reconnecting().await;
    assert!(after < Duration::from_secs(1));
    assert_eq!(why, "the connection broke");
    let _peer = network.accept_v1().await;
    events.connected().await;
}

#[tokio::test(start_paused = true)]
async fn it_comes_back_after_codes_that_say_so() {
    let (_client, mut events, mut network) = client(options());
    for code in [1001, 1011, 1012, 1013, 4000, 4001] {
        network.accept_v1().await.close(code).await;
        let (_, why) = events.reconnecting().await;
        assert!(why.contains(&code.to_string()), "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_connection_may_speak_another_dialect() {
    let (_client, mut events, mut network) = client(options());
    network.accept_v1().await.vanish();
    assert_eq!(events.connected().await, Encoding::V1);
    let _peer = network.accept_plain().await;
    assert_eq!(events.connected().await, Encoding::PlainSeconds);
}

// Proves 6455-7.2.3-1.
#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_at_once_does_not_shorten_the_waits_and_one_that_lasts_does() {
    let (_client, mut events, mut network) = client(options());
    // Waits are drawn from zero up to a ceiling; only the ceilings are certain.
    let mut longest = Duration::ZERO;
    for _ in 0..30 {
        network.accept_v1().await.vanish();
        longest = longest.max(events.reconnecting().await.0);
    }
    assert!(longest > Duration::from_secs(1) && longest <= Duration::from_secs(30), "{longest:?}");
    let mut peer = network.accept_v1().await;
    events.connected().await;
    peer.live_on(Duration::from_secs(11)).await;
    peer.vanish();
    assert!(events.reconnecting().await.0 < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_the_join_is_left_and_tried_again() {
    let (_client, mut events, mut network) = client(options());
    let mut peer = network.accept(&[SUBPROTOCOL]).await;
    peer.send(v1_welcome()).await;
    assert_eq!(peer.receive().await["type"], "join");
    events.reconnecting().await;
    network.accept_v1().await;
    events.connected().await;
}

#[tokio::test(start_paused = true)]
async fn on_the_way_back_a_name_in_use_is_its_own_ghost_and_it_tries_again() {
    let (_client, mut events, mut network) = client(options());
    network.accept_v1().await.vanish();
    let mut peer = network.accept(&[SUBPROTOCOL]).await;
    peer.send(v1_welcome()).await;
    peer.receive().await;
    peer.send(json!({"type": "error", "code": "name_taken", "content": "Ann is in use"})).await;
    peer.receive_close().await;
    let _peer = network.accept_v1().await;
    events.connected().await;
    events.connected().await;
}

#[tokio::test(start_paused = true)]
async fn it_gives_up_after_the_time_that_it_was_given() {
    let limit = Duration::from_secs(60);
    let options = Options { give_up_after: Some(limit), ..options() };
    let start = tokio::time::Instant::now();
    let (client, mut events) = client_without_server(options.clone(), || ConnectError::Timeout);
    client.say("never").await.unwrap();
    assert_eq!(events.undelivered().await.0, "never");
    assert!(matches!(events.end().await, End::GaveUp { was_connected: false, .. }));
    assert!(start.elapsed() <= limit);
    // The next wait would have been up to 30 s long.
    assert!(start.elapsed() >= limit - Duration::from_secs(30));

    let (_client, mut events, mut network) = super::client(options);
    network.accept_v1().await.vanish();
    drop(network);
    assert!(matches!(events.end().await, End::GaveUp { was_connected: true, .. }));
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_it_tries_for_ever() {
    let (_client, mut events) = client_without_server(options(), || ConnectError::Timeout);
    for _ in 0..1000 {
        events.reconnecting().await;
    }
}

#[tokio::test(start_paused = true)]
async fn it_stays_away_for_as_long_as_the_server_asks() {
    let (_client, mut events, mut network) = client(options());
    let mut peer = network.accept_v1().await;
    peer.send(json!({"type": "going_away", "reconnect_after_ms": 20_000})).await;
    peer.close(1001).await;
    assert!(events.reconnecting().await.0 >= Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn a_program_can_have_it_try_at_once() {
    let (client, mut events, mut network) = client(options());
    let mut peer = network.accept_v1().await;
    peer.send(json!({"type": "going_away", "reconnect_after_ms": 60_000})).await;
    client.reconnect_now(); // There is a connection: nothing happens.
    peer.close(1001).await;
    events.reconnecting().await;
    let start = tokio::time::Instant::now();
    client.reconnect_now();
    network.accept_v1().await;
    events.connected().await;
    assert!(start.elapsed() < Duration::from_secs(1));
}
