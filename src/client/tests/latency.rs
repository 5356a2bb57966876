//! How far away the server is, and whether it is there at all.

use super::*;

impl Events {
    async fn latency(&mut self) -> Duration {
        self.find(|event| match event {
            Event::Latency(latency) => Some(latency),
            _ => None,
        })
        .await
    }
}

#[tokio::test(start_paused = true)]
async fn the_latency_is_told_soon_after_connecting_and_every_ten_seconds() {
    for is_plain in [false, true] {
        let (_client, mut events, mut network) = client(options());
        let mut peer = match is_plain {
            true => network.accept_plain().await,
            false => network.accept_v1().await,
        };
        events.connected().await;
        let start = tokio::time::Instant::now();
        tokio::spawn(async move { peer.live_on(Duration::from_secs(60)).await });
        assert!(events.latency().await < Duration::from_secs(1));
        assert!(start.elapsed() < Duration::from_secs(1));
        events.latency().await;
        assert_eq!(start.elapsed().as_secs(), 10);
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_on_which_nothing_comes_any_more_is_given_up_and_made_anew() {
    let (_client, mut events, mut network) = client(options());
    let silent = network.accept_v1().await;
    events.connected().await;
    let start = tokio::time::Instant::now();
    let (_, why) = events.reconnecting().await;
    assert_eq!(why, "the server does not answer any more");
    assert_eq!(start.elapsed().as_secs(), 10);
    let _peer = network.accept_v1().await;
    events.connected().await;
    drop(silent);
}

#[tokio::test(start_paused = true)]
async fn a_program_that_takes_no_events_for_a_while_does_not_lose_the_connection() {
    let (_client, mut events, mut network) = client(options());
    let mut peer = network.accept_v1().await;
    events.connected().await;
    for seq in 0..400 {
        peer.send(said("lobby", seq)).await;
    }
    let (ending, ended) = tokio::sync::oneshot::channel::<()>();
    let peer = tokio::spawn(async move {
        tokio::select! {
            message = peer.0.recv() => panic!("{message:?} came"),
            _ = ended => {}
        }
    });
    tokio::time::sleep(Duration::from_secs(30)).await;
    let start = tokio::time::Instant::now();
    while start.elapsed() < Duration::from_secs(30) {
        if let Ok(event) = timeout(Duration::from_secs(1), events.next()).await {
            let event = event.expect("it goes on");
            assert!(!matches!(event, Event::State(_)), "{event:?}");
        }
    }
    drop(ending);
    peer.await.unwrap();
}
