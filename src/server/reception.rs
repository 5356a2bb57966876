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
use tokio::task::{unconstrained, yield_now};

use super::Shared;
use super::door::Place;
use super::pump::{Bell, Entrance, Pump};
use super::welcome::welcome;

/// Arrivals and finished welcomes in a row. The worker's other tasks wait meanwhile, its
/// pump among them.
const STEPS: usize = 32;

/// The receptions of a server: one for each of the runtime's workers.
pub(super) struct Receptions<S>(Vec<Worker<S>>);

/// A worker: the way into its reception, and that into its pump.
struct Worker<S> {
    arrivals: UnboundedSender<Arrival<S>>,
    entrance: Entrance<S>,
}

/// A connection that nothing is known of but that there is a place for it.
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
            // Both share their time among connections by themselves. (Where the runtime does
            // it, and the time is over, each of many that are ready is polled in vain.)
            tokio::spawn(unconstrained(pump));
            let welcomes = welcome_all(arriving, entrance.clone(), Arc::clone(shared));
            shared.tasks.spawn(unconstrained(welcomes));
            Worker { arrivals, entrance }
        };
        Receptions((0..Handle::current().metrics().num_workers()).map(start).collect())
    }
}

impl<S> Receptions<S> {
    /// Has this connection welcomed, by the worker that has the fewest.
    pub(super) fn take_in(&self, stream: S, peer: SocketAddr, place: Place) {
        let open = self.0.iter().filter(|worker| !worker.entrance.is_closed());
        if let Some(worker) = open.min_by_key(|worker| worker.entrance.bells()) {
            let bell = worker.entrance.bell();
            // It fails only if the runtime ends.
            let _ = worker.arrivals.send(Arrival { stream, peer, place, bell });
        }
    }
}

/// Welcomes many at a time. A panic ends one welcome and no other.
async fn welcome_all<S>(
    mut arriving: UnboundedReceiver<Arrival<S>>,
    entrance: Entrance<S>,
    shared: Arc<Shared>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut welcomes = FuturesUnordered::new();
    for step in 1_usize.. {
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
        if step.is_multiple_of(STEPS) {
            yield_now().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, empty, join, repeat, sink};
    use tokio::time::timeout;

    use super::*;
    use crate::engine::Memory;
    use crate::server::ServerConfig;
    use crate::server::door::Full;
    use crate::server::pump::tests::{Fault, Faulty};

    const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

    fn shared(adapt: impl FnOnce(&mut ServerConfig)) -> Arc<Shared> {
        let mut config = ServerConfig::default();
        adapt(&mut config);
        Shared::new(config, Memory)
    }

    fn place(shared: &Shared) -> Result<Place, Full> {
        shared.door.enter(Ipv4Addr::LOCALHOST.into())
    }

    fn arrives<S>(receptions: &Receptions<S>, shared: &Shared, stream: S) {
        let place = place(shared).expect("there is room");
        receptions.take_in(stream, (Ipv4Addr::LOCALHOST, 1).into(), place);
    }

    async fn answer_to(mut client: DuplexStream, request: &str) -> String {
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        answer
    }

    fn bells<S>(receptions: &Receptions<S>) -> Vec<usize> {
        receptions.0.iter().map(|worker| worker.entrance.bells()).collect()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whoever_comes_is_taken_in_by_the_worker_that_has_fewest() {
        let shared = shared(|_| {});
        let receptions = Receptions::start(&shared);
        let _clients = [(); 10].map(|()| {
            let (client, stream) = duplex(1 << 10);
            arrives(&receptions, &shared, stream);
            client
        });
        assert_eq!(bells(&receptions), [5, 5]);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_sent_to_a_worker_whose_pump_has_ended() {
        let shared = shared(|_| {});
        let workers = [(); 2].map(|()| {
            let (arrivals, arriving) = unbounded_channel();
            let (entrance, pump) = Pump::<DuplexStream>::new();
            (Worker { arrivals, entrance }, arriving, pump)
        });
        let [(first, _, pump), (second, mut arriving, _second_pump)] = workers;
        let receptions = Receptions(vec![first, second]);
        drop(pump);
        for _ in 0..3 {
            arrives(&receptions, &shared, duplex(1).1);
            assert!(arriving.try_recv().is_ok());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_ends_one_welcome_and_no_other_and_gives_its_place_back() {
        let shared = shared(|config| config.max_connections = 2);
        let receptions = Receptions::start(&shared);
        let [ann, ben] = [(); 2].map(|()| {
            let (client, stream) = duplex(1 << 10);
            arrives(&receptions, &shared, Faulty(stream, Fault::InReading));
            client
        });
        assert!(place(&shared).is_err());
        assert_eq!(answer_to(ann, "panic").await, "");
        assert!(place(&shared).is_ok());
        assert!(answer_to(ben, HEALTH).await.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stopping_server_does_not_wait_for_those_who_are_being_welcomed() {
        for is_queued in [true, false] {
            let shared = shared(|config| config.max_connections = 1);
            let receptions = Receptions::start(&shared);
            let (client, stream) = duplex(1 << 10);
            arrives(&receptions, &shared, stream);
            if !is_queued {
                yield_now().await;
            }
            drop(receptions);
            assert_eq!(answer_to(client, "GET /").await, "");
            shared.tasks.close();
            shared.tasks.wait().await;
            assert!(place(&shared).is_ok());
        }
    }

    /// Asks, and then never stops sending.
    fn flood() -> impl AsyncRead + AsyncWrite + Unpin + Send {
        join(HEALTH.as_bytes().chain(repeat(b'x')), sink())
    }

    #[tokio::test]
    async fn whoever_never_stops_sending_is_dropped_all_the_same() {
        let shared = shared(|config| config.max_connections = 1);
        let receptions = Receptions::start(&shared);
        arrives(&receptions, &shared, flood());
        let gone = async {
            while place(&shared).is_err() {
                yield_now().await;
            }
        };
        timeout(Duration::from_secs(20), gone).await.expect("it lingers for a second");
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_of_newcomers_lets_others_have_their_turn() {
        let shared = shared(|config| {
            config.max_connections = 1000;
            config.max_per_address = None;
        });
        let receptions = Receptions::start(&shared);
        for _ in 0..1000 {
            arrives(&receptions, &shared, join(empty(), sink()));
        }
        let mut turns = 0;
        while bells(&receptions) != [0] {
            turns += 1;
            yield_now().await;
        }
        assert!(turns >= 1000 / STEPS, "{turns}");
    }
}
