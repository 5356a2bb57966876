//! Clients that read slowly, or not at all, or that never stop sending.

use super::*;
use crate::net::pongs::Pongs;

#[tokio::test(start_paused = true)]
async fn a_client_that_never_reads_is_cut_off_with_4001_and_the_others_are_not_disturbed() {
    let hall = Hall::new(|config| config.chat.rate = None);
    let (mut raw, served) = hall.raw(1 << 10);
    let (mut ann, _ann) = hall.join("Ann").await;
    let (mut ben, _ben) = hall.join("Ben").await;
    let object = format!(r#"{{"type":"message","content":"{}"}}"#, "x".repeat(4000));
    for _ in 0..100 {
        ann.say(&object).await;
        ben.expect(r#""seq":"#).await;
        ann.expect(r#""seq":"#).await;
    }
    served.ended().await;
    // What it finds when it reads at last ends inside a frame or with the Close.
    raw.shutdown().await.unwrap();
    let mut bytes = Vec::new();
    raw.read_to_end(&mut bytes).await.unwrap();
    assert!(bytes.len() <= 1 << 10);
}

// Proves fault-65.
#[tokio::test(start_paused = true)]
async fn a_client_that_reads_again_too_late_finds_a_whole_frame_and_then_4001() {
    let hall = Hall::new(|config| config.chat.rate = None);
    let (mut raw, served) = hall.raw(1 << 10);
    let (mut ann, _ann) = hall.join("Ann").await;
    let object = format!(r#"{{"type":"message","content":"{}"}}"#, "x".repeat(4000));
    // More than a room keeps even of what is young.
    for _ in 0..600 {
        ann.say(&object).await;
        ann.expect(r#""seq":"#).await;
    }
    let mut bytes = Vec::new();
    raw.read_to_end(&mut bytes).await.unwrap();
    let close = [&b"\x88"[..], &[25, 0x0f, 0xa1], b"you fell too far behind"].concat();
    assert!(bytes.ends_with(&close), "{:?}", &bytes[bytes.len() - 40..]);
    served.ended().await;
}

// Proves fault-63.
#[tokio::test(start_paused = true)]
async fn a_client_that_sends_without_reading_the_answers_is_not_read_any_further() {
    let hall = Hall::new(|config| config.chat.rate = None);
    let (mut raw, served) = hall.raw(1 << 10);
    let ping = masked(br#"{"type":"ping","nonce":1}"#);
    let flood = async {
        let mut sent = 0usize;
        while raw.write_all(&ping).await.is_ok() {
            sent += ping.len();
        }
        sent
    };
    let sent = flood.await;
    assert!(sent < 1 << 20, "{sent} bytes were taken from a client that reads nothing");
    served.ended().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_pauses_and_then_reads_gets_every_answer() {
    let hall = Hall::new(|config| config.chat.rate = None);
    let (raw, _served) = hall.raw(1 << 10);
    let (mut reader, mut writer) = tokio::io::split(raw);
    let ping = masked(br#"{"type":"ping","nonce":7}"#);
    const COUNT: usize = 3000; // more answers than may wait
    let writing = tokio::spawn(async move {
        for _ in 0..COUNT {
            writer.write_all(&ping).await.unwrap();
        }
        writer
    });
    tokio::time::sleep(Duration::from_secs(5)).await;
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    let answers = |text: &[u8]| text.windows(6).filter(|w| w == b"\"pong\"").count();
    while answers(&text) < COUNT {
        let len = reader.read(&mut buffer).await.unwrap();
        assert!(len > 0, "closed after {} answers", answers(&text));
        text.extend_from_slice(&buffer[..len]);
    }
    writing.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn mail_that_answers_have_no_room_for_comes_when_they_are_written() {
    let hall = Hall::new(|config| config.chat.rate = None);
    let (bob, served) = hall.join("Bob").await;
    drop(bob);
    served.ended().await;
    let (mut ann, _ann) = hall.join("Ann").await;
    let content = "x".repeat(4000);
    for _ in 0..100 {
        ann.say(&format!(r#"{{"type":"private","to":"Bob","content":"{content}"}}"#)).await;
        ann.expect(r#""type":"private""#).await;
    }
    // A transport that takes all of it at once, and so never calls.
    let (client, server) = duplex(1 << 20);
    let _bob = hall.serve(server, Encoding::V1);
    let mut bob = Client(WebSocket::client(client, Vec::new(), Config::default()));
    bob.say(r#"{"type":"join","username":"Bob"}"#).await;
    let start = Instant::now();
    for _ in 0..100 {
        bob.expect(r#""type":"private""#).await;
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_while_its_answers_pile_up_is_gone_at_once() {
    let hall = Hall::new(|config| {
        config.chat.rate = None;
        config.connection.keepalive = None;
    });
    let (mut raw, served) = hall.raw(1 << 10);
    let ping = masked(br#"{"type":"ping","nonce":1}"#);
    let flood = async { while raw.write_all(&ping).await.is_ok() {} };
    assert!(tokio::time::timeout(Duration::from_secs(1), flood).await.is_err(), "it is not read");
    let start = Instant::now();
    drop(raw);
    served.ended().await;
    assert_eq!(start.elapsed(), Duration::ZERO);
}

// Proves 6455-7.1.1-2, fault-63.
#[tokio::test(start_paused = true)]
async fn section_7_1_1_a_peer_that_never_stops_sending_stops_no_clock() {
    let start = Instant::now();
    let (hall, mut pump) = Hall::with_pump(|_| {});
    let served = hall.serve(Pongs { takes: false }, Encoding::V1);
    served.ended.close();
    // Always ready, so nothing but this loop lets the time pass.
    while !served.ended.is_empty() {
        assert!((&mut pump).now_or_never().is_none(), "others may come");
        assert!(start.elapsed() < Duration::from_secs(60), "it is still there");
        tokio::time::advance(Duration::from_millis(100)).await;
    }
    assert!(start.elapsed() >= Duration::from_secs(30), "the write timeout, then 5 s");
    assert!(start.elapsed() <= Duration::from_secs(36), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_asks_for_much_at_once_and_reads_gets_all_of_it() {
    let hall = Hall::new(|config| {
        config.chat.rate = None;
        config.max_outgoing = 4 << 10;
    });
    let (mut ann, _ann) = hall.join("Ann").await;
    for _ in 0..500 {
        ann.0.feed(r#"{"type":"who"}"#).await.unwrap();
    }
    for _ in 0..500 {
        ann.expect(r#""type":"presence""#).await;
    }
}
