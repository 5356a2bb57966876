//! Where connections are received: each worker has a reception, which welcomes them in one
//! task, and a pump, into which it sends those that are for the chat.
//!
//! Most of what a welcome needs is given back when it ends. As a task each it would lie,
//! aligned to cache lines, among what stays for as long as a connection is open, and leave
//! holes there: nearly 300 bytes a connection where 64 come at a time.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::unconstrained;

use super::Shared;
use super::door::Place;
use super::pump::{Bell, Entrance, Pump};
use super::welcome::welcome;

/// The receptions of a server: one for each of the runtime's workers.
pub(super) struct Receptions<S>(Vec<Reception<S>>);

/// Where connections get into one.
struct Reception<S> {
    arrivals: UnboundedSender<Arrival<S>>,
    entrance: Entrance<S>,
}

/// A connection that has a place, and nothing else yet.
pub(super) struct Arrival<S> {
    pub(super) stream: S,
    pub(super) peer: SocketAddr,
    pub(super) place: Place,
    pub(super) bell: Arc<Bell>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Receptions<S> {
    /// Starts them on the current runtime, and a pump for each. When this is dropped those
    /// who are being welcomed are dropped, and the pumps end with their last connections.
    pub(super) fn start(shared: &Arc<Shared>) -> Receptions<S> {
        let start = |_| {
            let (entrance, pump) = Pump::new();
            let (arrivals, arriving) = unbounded_channel();
            // Both share their time among connections by themselves.
            tokio::spawn(unconstrained(pump));
            let receive = receive(arriving, entrance.clone(), Arc::clone(shared));
            shared.tasks.spawn(unconstrained(receive));
            Reception { arrivals, entrance }
        };
        Receptions((0..Handle::current().metrics().num_workers()).map(start).collect())
    }
}

impl<S> Receptions<S> {
    /// Has this connection welcomed, by the worker that has the fewest.
    pub(super) fn receive(&self, stream: S, peer: SocketAddr, place: Place) {
        if let Some(worker) = self.0.iter().min_by_key(|worker| worker.entrance.bells()) {
            let bell = worker.entrance.bell();
            // It fails only if the runtime ends.
            let _ = worker.arrivals.send(Arrival { stream, peer, place, bell });
        }
    }
}

/// Welcomes many at a time. A panic ends one welcome and no other.
async fn receive<S>(
    mut arriving: UnboundedReceiver<Arrival<S>>,
    entrance: Entrance<S>,
    shared: Arc<Shared>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut welcomes = FuturesUnordered::new();
    loop {
        tokio::select! {
            arrival = arriving.recv() => match arrival {
                Some(arrival) => {
                    let welcome = welcome(arrival, &entrance, &shared);
                    welcomes.push(AssertUnwindSafe(welcome).catch_unwind());
                }
                None => return, // the server stops
            },
            Some(_) = welcomes.next() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;
    use crate::engine::Memory;
    use crate::server::ServerConfig;
    use crate::server::pump::tests::{Fault, Faulty};

    fn shared() -> Arc<Shared> {
        Shared::new(ServerConfig::default(), Memory)
    }

    fn arrives<S>(receptions: &Receptions<S>, shared: &Shared, stream: S) {
        let address = Ipv4Addr::LOCALHOST;
        let place = shared.door.enter(address.into()).expect("there is room");
        receptions.receive(stream, (address, 1).into(), place);
    }

    async fn answer_to(mut client: DuplexStream, request: &str) -> String {
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        answer
    }

    const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whoever_comes_is_received_by_the_worker_that_has_fewest() {
        let shared = shared();
        let receptions = Receptions::start(&shared);
        let clients = [(); 10].map(|()| {
            let (client, stream) = duplex(1 << 10);
            arrives(&receptions, &shared, stream);
            client
        });
        let counts = receptions.0.iter().map(|worker| worker.entrance.bells());
        assert_eq!(counts.collect::<Vec<_>>(), [5, 5]);
        drop(clients);
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_ends_one_welcome_and_no_other() {
        let shared = shared();
        let receptions = Receptions::start(&shared);
        let [ann, ben] = [(); 2].map(|()| {
            let (client, stream) = duplex(1 << 10);
            arrives(&receptions, &shared, Faulty(stream, Fault::InReading));
            client
        });
        assert_eq!(answer_to(ann, "panic").await, "");
        assert!(answer_to(ben, HEALTH).await.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stopping_server_does_not_wait_for_those_who_are_being_welcomed() {
        let shared = shared();
        let receptions = Receptions::start(&shared);
        let (client, stream) = duplex(1 << 10);
        arrives(&receptions, &shared, stream);
        tokio::task::yield_now().await;
        drop(receptions);
        assert_eq!(answer_to(client, "GET /").await, "");
        shared.tasks.close();
        shared.tasks.wait().await;
    }
}
