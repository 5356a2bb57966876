//! Connections in a pump, each on a transport in memory, in virtual time, with a client
//! that is a [`WebSocket`] or raw bytes.

use std::net::Ipv4Addr;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use tokio::task::unconstrained;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::*;
use crate::chat::{Chat, CloseOrder, Encoding, Mailbox, Timestamp};
use crate::engine::Memory;
use crate::net::WebSocket;
use crate::proto::{CloseCode, Closure, encode_frame};
use crate::server::door::Door;
use crate::server::pump::{Belongings, Entrance, Newcomer, Pump};

mod allocations;
mod inspected;
mod log;
mod slow;

/// A chat whose connections are in one pump.
pub(in crate::server) struct Hall<S = DuplexStream> {
    chat: Arc<Chat>,
    config: Arc<ServerConfig>,
    door: Arc<Door>,
    entrance: Entrance<S>,
}

/// One connection: whether it has ended, and its mailbox.
pub(in crate::server) struct Served {
    ended: TaskTracker,
    mailbox: Arc<Mailbox>,
}

impl Served {
    pub(in crate::server) async fn ended(self) {
        self.ended.close();
        self.ended.wait().await;
    }
}

impl Hall {
    /// One whose pump is a task of this test.
    pub(in crate::server) fn new(adapt: impl FnOnce(&mut ServerConfig)) -> Hall {
        let (hall, pump) = Hall::with_pump(adapt);
        tokio::spawn(unconstrained(pump));
        hall
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Hall<S> {
    pub(in crate::server) fn with_pump(
        adapt: impl FnOnce(&mut ServerConfig),
    ) -> (Hall<S>, Pump<S>) {
        let mut config = ServerConfig::default();
        adapt(&mut config);
        let (entrance, pump) = Pump::new();
        let hall = Hall {
            chat: Chat::new(config.chat.clone(), Memory, [7; 32]),
            config: Arc::new(config),
            door: Door::new(usize::MAX, None),
            entrance,
        };
        (hall, pump)
    }

    pub(in crate::server) fn serve(&self, transport: S, encoding: Encoding) -> Served {
        self.serve_in(&self.entrance, transport, encoding)
    }

    /// The same in another pump.
    pub(in crate::server) fn serve_in(
        &self,
        entrance: &Entrance<S>,
        transport: S,
        encoding: Encoding,
    ) -> Served {
        let bell = entrance.bell();
        let mailbox = Arc::new(Mailbox::new(Arc::clone(&bell) as _));
        let session =
            Session::open(Arc::clone(&self.chat), encoding, Arc::clone(&mailbox), clock::now());
        let config = Arc::clone(&self.config);
        let connection = config.connection;
        let conn = Conn::new(transport, &mut [], connection, session, config);
        let ended = TaskTracker::new();
        let place = self.door.enter(Ipv4Addr::LOCALHOST.into()).expect("there is room");
        let belongings = Belongings { _place: place, _token: ended.token() };
        entrance.enter(Newcomer { bell, conn, belongings });
        Served { ended, mailbox }
    }
}

impl Hall {
    /// A raw client, whose transport holds `capacity` bytes each way.
    pub(in crate::server) fn raw(&self, capacity: usize) -> (DuplexStream, Served) {
        let (client, server) = duplex(capacity);
        (client, self.serve(server, Encoding::V1))
    }

    /// A client that has read its welcome and joined the lobby.
    pub(in crate::server) async fn join(&self, name: &str) -> (Client, Served) {
        self.join_with(name, Config::default()).await
    }

    async fn join_with(&self, name: &str, config: Config) -> (Client, Served) {
        let (client, server) = duplex(64 << 10);
        let served = self.serve(server, Encoding::V1);
        (Client::joined(client, config, name).await, served)
    }
}

/// A client of the chat.
pub(in crate::server) struct Client(pub(in crate::server) WebSocket<DuplexStream>);

impl Client {
    /// One that has read its welcome and joined the lobby.
    pub(in crate::server) async fn joined(
        transport: DuplexStream,
        config: Config,
        name: &str,
    ) -> Client {
        let mut client = Client(WebSocket::client(transport, Vec::new(), config));
        client.expect(r#""event":"welcome""#).await;
        client.say(&format!(r#"{{"type":"join","username":"{name}"}}"#)).await;
        client.expect(r#""type":"joined""#).await;
        client.expect(&format!("{name} has joined")).await;
        client
    }

    pub(in crate::server) async fn say(&mut self, object: &str) {
        self.0.send(object).await.unwrap();
    }

    /// Reads on until an object has this in it.
    pub(in crate::server) async fn expect(&mut self, part: &str) -> String {
        loop {
            let message = self.0.recv().await.unwrap().expect("the connection is open");
            let text = message.as_text().expect("objects are text");
            if text.contains(part) {
                return text.to_owned();
            }
        }
    }

    async fn closure(&mut self) -> Closure {
        while self.0.recv().await.unwrap().is_some() {}
        self.0.closure().unwrap().clone()
    }
}

fn masked(payload: &[u8]) -> Vec<u8> {
    let mut frame = bytes::BytesMut::new();
    encode_frame(&mut frame, true, crate::proto::Opcode::Text, Some([1, 2, 3, 4]), payload);
    frame.to_vec()
}

#[tokio::test(start_paused = true)]
async fn members_see_the_same_messages_in_the_same_order() {
    let hall = Hall::new(|_| {});
    let (mut ann, _ann) = hall.join("Ann").await;
    let (mut ben, _ben) = hall.join("Ben").await;
    for i in 0..5 {
        ann.say(&format!(r#"{{"type":"message","content":"ann {i}"}}"#)).await;
        ben.say(&format!(r#"{{"type":"message","content":"ben {i}"}}"#)).await;
    }
    let mut seen = [Vec::new(), Vec::new()];
    for (client, seen) in [&mut ann, &mut ben].into_iter().zip(&mut seen) {
        while seen.len() < 10 {
            seen.push(client.expect(r#""seq":"#).await);
        }
    }
    assert_eq!(seen[0], seen[1]);
}

#[cfg(feature = "deflate")]
#[tokio::test(start_paused = true)]
async fn rfc_7692_6_compressed_objects_and_answers_go_beside_plain_frames_of_the_room() {
    let agreed = crate::proto::Deflate { threshold: 0, ..ServerConfig::default().deflate.unwrap() };
    let hall = Hall::new(|config| config.connection.deflate = Some(agreed));
    let (mut raw, _served) = hall.raw(64 << 10);
    assert_eq!(raw.read_u8().await.unwrap(), 0xC1, "the welcome is compressed");

    let config = Config { deflate: Some(agreed), ..Config::default() };
    let (mut ann, _ann) = hall.join_with("Ann", config).await;
    let (mut ben, _ben) = hall.join_with("Ben", config).await;
    for i in 0..5 {
        ann.say(&format!(r#"{{"type":"message","content":"ann {i}","nonce":"{i}"}}"#)).await;
        ann.expect(&format!(r#""nonce":"{i}""#)).await;
        ben.expect(&format!("ann {i}")).await;
    }
}

// Proves fault-73.
#[tokio::test(start_paused = true)]
async fn a_silent_client_gets_a_ping_after_25_s_and_4000_after_20_more() {
    let start = Instant::now();
    let hall = Hall::new(|_| {});
    let (mut raw, served) = hall.raw(64 << 10);
    let mut bytes = Vec::new();
    let read = async {
        let mut byte = [0];
        while !bytes.ends_with(b"\x89\x00") {
            raw.read_exact(&mut byte).await.unwrap();
            bytes.push(byte[0]);
        }
        assert_eq!(start.elapsed(), Duration::from_secs(25));
        raw.read_to_end(&mut bytes).await.unwrap();
    };
    read.await;
    assert!(bytes.ends_with(b"\x88\x15\x0f\xa0no answer to a ping"));
    served.ended().await;
    assert_eq!(start.elapsed(), Duration::from_secs(50), "no longer than the close timeout");
}

// Proves 6455-7.1.7-7, 6455-7.2.1-3, 6455-7.3-2.
#[tokio::test(start_paused = true)]
async fn a_client_that_answers_pings_stays() {
    let hall = Hall::new(|_| {});
    let (mut ann, _ann) = hall.join("Ann").await;
    let receive_for_ten_minutes =
        tokio::time::timeout(Duration::from_secs(600), ann.0.recv()).await;
    assert!(receive_for_ten_minutes.is_err(), "nothing but pings, which are answered unseen");
    ann.say(r#"{"type":"ping","nonce":"n"}"#).await;
    ann.expect(r#""type":"pong""#).await;
}

#[tokio::test(start_paused = true)]
async fn pings_go_out_at_an_interval_that_is_shorter_than_the_timeout() {
    let hall = Hall::new(|config| {
        let (interval, timeout) = (Duration::from_secs(5), Duration::from_secs(20));
        let keepalive = crate::proto::Keepalive { interval, timeout, ..Default::default() };
        config.connection.keepalive = Some(keepalive);
    });
    let (mut raw, _served) = hall.raw(64 << 10);
    let start = Instant::now();
    let (mut pings, mut bytes) = (Vec::new(), Vec::new());
    while pings.len() < 4 {
        bytes.push(raw.read_u8().await.unwrap());
        if bytes.ends_with(b"\x89\x00") {
            pings.push(start.elapsed().as_secs());
            raw.write_all(b"\x8A\x80\0\0\0\0").await.unwrap();
        }
    }
    assert_eq!(pings, [5, 10, 15, 20]);
}

// Proves 6455-7.3-1, 6455-7.4.1-1, fault-75.
#[tokio::test(start_paused = true)]
async fn section_7_4_1_a_stopping_server_says_1001_and_does_not_wait_for_ever() {
    let start = Instant::now();
    let hall = Hall::new(|_| {});
    let (mut ann, ann_served) = hall.join("Ann").await;
    let (_raw, silent) = hall.raw(64 << 10);
    for served in [&ann_served, &silent] {
        served.mailbox.order_close(CloseOrder::ShuttingDown);
    }
    let closure = ann.closure().await;
    assert_eq!((closure.code, closure.clean), (Some(CloseCode::GOING_AWAY), true));
    ann_served.ended().await;
    silent.ended().await;
    assert_eq!(start.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn what_was_said_before_a_stop_reaches_everybody_before_the_close() {
    let hall = Hall::new(|config| config.chat.rate = None);
    let (mut ann, ann_served) = hall.join("Ann").await;
    let (mut ben, ben_served) = hall.join("Ben").await;
    for i in 0..50 {
        ann.say(&format!(r#"{{"type":"message","content":"{i}","nonce":{i}}}"#)).await;
        ann.expect(r#""type":"ack""#).await;
    }
    for served in [&ann_served, &ben_served] {
        served.mailbox.order_close(CloseOrder::ShuttingDown);
    }
    for i in 0..50 {
        ben.expect(&format!(r#""content":"{i}""#)).await;
    }
    assert_eq!(ben.closure().await.code, Some(CloseCode::GOING_AWAY));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_off_is_announced_as_left_once() {
    let hall = Hall::new(|_| {});
    let (mut ann, _ann) = hall.join("Ann").await;
    let (client, ben) = hall.join("Ben").await;
    ann.expect("Ben has joined").await;
    let start = clock::now().millis();
    hall.chat.tick(Timestamp::from_millis(start));
    drop(client);
    ben.ended().await;
    assert!(ann.0.recv().now_or_never().is_none(), "it may come back");
    for seconds in 1..60 {
        hall.chat.tick(Timestamp::from_millis(start + 1000 * seconds));
    }
    ann.expect("Ben has left").await;
    assert!(ann.0.recv().now_or_never().is_none(), "and nothing more");
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_before_a_close_takes_effect() {
    let hall = Hall::new(|_| {});
    let (mut ann, _ann) = hall.join("Ann").await;
    let (mut raw, served) = hall.raw(64 << 10);
    let wire = [
        masked(br#"{"type":"join","username":"T","content":"","timestamp":123456}"#),
        masked(br#"{"type":"message","content":"in one breath"}"#),
        b"\x88\x80\0\0\0\0".to_vec(),
    ];
    raw.write_all(&wire.concat()).await.unwrap();
    ann.expect("T has joined").await;
    ann.expect("in one breath").await;
    ann.expect("T has left").await;
    drop(raw);
    served.ended().await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_small() {
    // Its pump holds this value; the buffers it reads into belong to the thread.
    assert!(
        size_of::<Conn<tokio::net::TcpStream>>() <= 464,
        "{}",
        size_of::<Conn<tokio::net::TcpStream>>()
    );
}
