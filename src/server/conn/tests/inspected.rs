//! A connection whose person watches its frames.

use serde_json::{Value, json};

use super::*;

const ON: &str = r#"{"type":"inspect","on":true}"#;

/// The frames that it is shown, until one of them has this in it.
async fn shown_until(client: &mut Client, part: &str) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let shown = client.expect(r#""type":"frames""#).await;
        let shown: Value = serde_json::from_str(&shown).unwrap();
        all.extend(shown["frames"].as_array().unwrap().iter().cloned());
        if all.iter().any(|frame| frame.to_string().contains(part)) {
            return all;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn both_directions_are_shown_as_they_are_on_the_wire() {
    let hall = Hall::new(|_| {});
    let (mut ann, _ann) = hall.join("Ann").await;
    ann.say(ON).await;
    ann.say(r#"{"type":"ping","nonce":1}"#).await;
    let shown = shown_until(&mut ann, "pong").await;
    let text_from = |who: &str| {
        shown.iter().find(|frame| frame["from"] == who && frame["opcode"] == 1).unwrap()
    };
    let (ping, pong) = (text_from("client"), text_from("server"));
    assert_eq!(ping["text"], r#"{"type":"ping","nonce":1}"#);
    assert_eq!(ping["key"].as_str().map(str::len), Some(8));
    assert_eq!(
        (&pong["fin"], &pong["opcode"], &pong["key"]),
        (&json!(true), &json!(1), &json!(null))
    );
    assert!(!shown.iter().any(|frame| frame["text"].as_str().unwrap_or("").contains("frames")));
}

#[tokio::test(start_paused = true)]
async fn a_ping_goes_out_at_once_so_that_it_and_its_pong_can_be_seen() {
    let hall = Hall::new(|_| {});
    let (mut ann, _ann) = hall.join("Ann").await;
    let before = Instant::now();
    ann.say(ON).await;
    let shown = shown_until(&mut ann, r#""opcode":10"#).await;
    assert_eq!((&shown[0]["from"], &shown[0]["opcode"]), (&json!("server"), &json!(9)));
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn control_frames_and_what_others_say_are_shown_and_nothing_after_it_is_switched_off() {
    let hall = Hall::new(|_| {});
    let (mut ann, _ann) = hall.join("Ann").await;
    let (mut ben, _ben) = hall.join("Ben").await;
    ann.say(ON).await;
    shown_until(&mut ann, r#""opcode":10"#).await;
    ben.say(r#"{"type":"message","content":"hi Ann"}"#).await;
    let shown = shown_until(&mut ann, "hi Ann").await;
    assert!(shown.iter().all(|frame| frame["from"] == "server"), "{shown:?}");
    // After 25 s of silence a Ping goes out, and its Pong comes back.
    let shown = shown_until(&mut ann, r#""opcode":10"#).await;
    assert!(shown.iter().any(|frame| frame["opcode"] == 9));

    ann.say(r#"{"type":"inspect","on":false}"#).await;
    ann.say(r#"{"type":"ping","nonce":"off"}"#).await;
    ann.expect(r#""nonce":"off""#).await;
    ben.say(r#"{"type":"message","content":"alone"}"#).await;
    ann.expect("alone").await;
    assert!(ann.0.recv().now_or_never().is_none());
}

#[cfg(feature = "deflate")]
#[tokio::test(start_paused = true)]
async fn frames_that_show_frames_are_not_shown_even_if_they_are_compressed() {
    let agreed = crate::proto::Deflate { threshold: 0, ..ServerConfig::default().deflate.unwrap() };
    let hall = Hall::new(|config| config.connection.deflate = Some(agreed));
    let config = Config { deflate: Some(agreed), ..Config::default() };
    let (mut ann, _ann) = hall.join_with("Ann", config).await;
    ann.say(ON).await;
    shown_until(&mut ann, r#""opcode":10"#).await;
    ann.say(r#"{"type":"ping","nonce":1}"#).await;
    shown_until(&mut ann, r#""from":"server""#).await;
    // It would go on for ever.
    while let Some(message) = ann.0.recv().now_or_never() {
        let text = message.unwrap().expect("it is open");
        let shown: Value = serde_json::from_str(text.as_text().unwrap()).unwrap();
        assert!(shown["frames"].as_array().unwrap().len() < 3, "{shown}");
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(ann.0.recv().now_or_never().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_plain_client_does_not_know_what_that_is() {
    let hall = Hall::new(|_| {});
    let (client, server) = duplex(64 << 10);
    let _served = hall.serve(server, Encoding::PlainMillis);
    let mut client = Client(WebSocket::client(client, Vec::new(), Config::default()));
    client.say(ON).await;
    client.expect("`type` is not known here.").await;
}
