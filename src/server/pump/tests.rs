//! What many connections in one task owe each other.

use std::io;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use tokio::task::unconstrained;

use super::*;
use crate::chat::Encoding;
use crate::proto::Config;
use crate::server::conn::tests::{Client, Hall};

/// A transport with a fault in its code.
pub(in crate::server) struct Faulty(
    pub(in crate::server) DuplexStream,
    pub(in crate::server) Fault,
);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Fault {
    /// When it has read "panic".
    InReading,
    InDropping,
}

impl Drop for Faulty {
    fn drop(&mut self) {
        let panics = self.1 == Fault::InDropping && !std::thread::panicking();
        assert!(!panics, "as it was told to");
    }
}

impl AsyncRead for Faulty {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.0).poll_read(cx, buffer);
        let panics = self.1 == Fault::InReading && buffer.filled() == b"panic";
        assert!(!panics, "as it was told to");
        poll
    }
}

impl AsyncWrite for Faulty {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// A turn of a pump that is no task. Whether it has ended.
fn is_over(pump: &mut Pump<DuplexStream>) -> bool {
    unconstrained(pump).now_or_never().is_some()
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_panics_ends_and_no_other() {
    let (hall, pump) = Hall::with_pump(|_| {});
    tokio::spawn(unconstrained(pump));
    let (client, server) = duplex(64 << 10);
    let _ann = hall.serve(Faulty(server, Fault::InReading), Encoding::V1);
    let mut ann = Client::joined(client, Config::default(), "Ann").await;
    let (mut raw, server) = duplex(64 << 10);
    let ben = hall.serve(Faulty(server, Fault::InReading), Encoding::V1);
    raw.write_all(b"panic").await.unwrap();
    ben.ended().await;
    ann.say(r#"{"type":"message","content":"still here"}"#).await;
    ann.expect("still here").await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_a_connection_is_dropped_ends_no_other() {
    let (hall, pump) = Hall::with_pump(|_| {});
    let pump = tokio::spawn(unconstrained(pump));
    let [(raw, first), (_other, second)] = [duplex(64 << 10), duplex(64 << 10)];
    let [gone, other] =
        [first, second].map(|server| hall.serve(Faulty(server, Fault::InDropping), Encoding::V1));
    drop(raw);
    gone.ended().await;
    assert!(other.ended().now_or_never().is_none());
    pump.abort();
}

#[tokio::test(start_paused = true)]
async fn those_who_have_gone_leave_few_deadlines_behind() {
    let (hall, mut pump) = Hall::with_pump(|_| {});
    for _ in 0..1000 {
        let (client, server) = duplex(64 << 10);
        hall.serve(server, Encoding::V1);
        assert!(!is_over(&mut pump));
        drop(client);
        assert!(!is_over(&mut pump));
        tokio::time::advance(Duration::from_millis(1)).await;
    }
    assert!(pump.seats.is_empty());
    assert!(pump.deadlines.len() <= MOST_OLD_DEADLINES + 2, "{}", pump.deadlines.len());
}

#[tokio::test(start_paused = true)]
async fn a_pump_ends_with_its_last_connection_when_nobody_can_come() {
    let (hall, mut pump) = Hall::with_pump(|_| {});
    let (client, server) = duplex(64 << 10);
    hall.serve(server, Encoding::V1);
    drop(hall);
    assert!(!is_over(&mut pump));
    drop(client);
    assert!(is_over(&mut pump));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_in_different_pumps_hear_the_same_in_the_same_order() {
    const CLIENTS: usize = 8;
    const MESSAGES: usize = 100;
    let hall = Hall::new(|config| config.chat.rate = None);
    let entrances = [(); 2].map(|()| {
        let (entrance, pump) = Pump::new();
        tokio::spawn(unconstrained(pump));
        entrance
    });
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        let (client, server) = duplex(1 << 20);
        let _served = hall.serve_in(&entrances[number % 2], server, Encoding::V1);
        clients.push(Client::joined(client, Config::default(), &format!("C{number}")).await);
    }
    let talk = |mut client: Client| async move {
        for number in 0..MESSAGES {
            client.0.feed(format!(r#"{{"type":"message","content":"{number}"}}"#)).await.unwrap();
        }
        let mut heard = Vec::new();
        while heard.len() < CLIENTS * MESSAGES {
            heard.push(client.expect(r#""seq":"#).await);
        }
        heard
    };
    let talks: Vec<_> = clients.into_iter().map(|client| tokio::spawn(talk(client))).collect();
    let mut heard = Vec::new();
    for talk in talks {
        heard.push(talk.await.unwrap());
    }
    assert!(heard.iter().all(|all| *all == heard[0]));
}
