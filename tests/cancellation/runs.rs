//! Running a scenario once for every place where one of its futures may be dropped.

use std::future::poll_fn;
use std::pin::pin;
use std::thread;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, future};
use tokio::io::{DuplexStream, duplex};
use tokio::time::timeout;
use wirechat::WebSocket;
#[cfg(feature = "deflate")]
use wirechat::proto::Deflate;
use wirechat::proto::{Config, Role};

use crate::calls::{Calls, Drops};
use crate::transport::{Manner, Transport, transports};

pub(crate) type Socket = WebSocket<Transport>;

/// One way for a scenario to go.
#[derive(Debug)]
pub(crate) struct Run {
    /// The role of the end whose futures are dropped.
    pub(crate) role: Role,
    pub(crate) config: Config,
    pub(crate) manner: Manner,
    pub(crate) calls: Calls,
}

impl Run {
    /// A transport and its other end, which has no manners.
    pub(crate) fn transport(&self) -> (Transport, DuplexStream) {
        let (near, far) = duplex(self.manner.capacity);
        (Transport::new(near, &self.manner), far)
    }

    /// A WebSocket behind whose handshake `early` had arrived, and its raw peer.
    pub(crate) fn socket(&self, early: &[u8]) -> (Socket, DuplexStream) {
        let (near, far) = self.transport();
        (websocket(self.role, near, early, self.config), far)
    }

    /// Two WebSockets, the first in this run's role.
    pub(crate) fn pair(&self) -> (Socket, Socket) {
        let (near, far) = transports(&self.manner, &self.manner);
        let near = websocket(self.role, near, b"", self.config);
        (near, websocket(other(self.role), far, b"", self.config))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("in {self:?}");
        }
    }
}

/// Without compression; and with it, if it is there, with contexts that outlive
/// messages and with such as do not.
pub(crate) fn configs() -> Vec<Config> {
    let plain = Config::default();
    #[cfg(feature = "deflate")]
    {
        let with = |forgets| {
            let deflate = Deflate {
                server_no_context_takeover: forgets,
                client_no_context_takeover: forgets,
                threshold: 0,
                ..Deflate::default()
            };
            Config { deflate: Some(deflate), ..plain }
        };
        vec![plain, with(false), with(true)]
    }
    #[cfg(not(feature = "deflate"))]
    vec![plain]
}

pub(crate) fn websocket(role: Role, transport: Transport, early: &[u8], config: Config) -> Socket {
    match role {
        Role::Client => WebSocket::client(transport, early.to_vec(), config),
        Role::Server => WebSocket::server(transport, early.to_vec(), config),
    }
}

pub(crate) fn other(role: Role) -> Role {
    match role {
        Role::Client => Role::Server,
        Role::Server => Role::Client,
    }
}

/// Runs a scenario in both roles and all these manners, without compression.
pub(crate) async fn explore(manners: &[Manner], scenario: impl AsyncFn(&Run)) {
    for role in [Role::Client, Role::Server] {
        explore_as(role, Config::default(), manners, &scenario).await;
    }
}

/// Runs a scenario in all these manners: undisturbed, with a future dropped at
/// each await point in turn, and with one dropped at every.
pub(crate) async fn explore_as(
    role: Role,
    config: Config,
    manners: &[Manner],
    scenario: impl AsyncFn(&Run),
) {
    let mut awaits = 0;
    for manner in manners {
        let run = async |drops| {
            let calls = Calls::new(drops);
            let run = Run { role, config, manner: manner.clone(), calls };
            in_no_time(scenario(&run)).await;
            run.calls.awaits()
        };
        let count = run(Drops::None).await;
        for place in 0..count {
            run(Drops::At(place)).await;
        }
        run(Drops::Every).await;
        awaits += count;
    }
    assert!(awaits > 0, "there was nothing to wait for");
}

/// The outcome of a scenario in which nothing has to wait for a deadline, and so
/// nothing may: time is virtual, and passes when everybody waits.
pub(crate) async fn in_no_time<T>(scenario: impl Future<Output = T>) -> T {
    let mut scenario = pin!(scenario);
    let mut polls = 0;
    let bounded = poll_fn(|cx| {
        polls += 1;
        assert!(polls < 1_000_000, "it goes round in circles");
        scenario.as_mut().poll(cx)
    });
    timeout(Duration::from_millis(1), bounded).await.expect("all wait for each other")
}

/// Both to their ends. Each is polled only when it was itself woken, as tasks are.
pub(crate) async fn together<A, B>(
    one: impl Future<Output = A>,
    other: impl Future<Output = B>,
) -> (A, B) {
    future::join(task(one), task(other)).await
}

async fn task<T>(future: impl Future<Output = T>) -> T {
    let mut task: FuturesUnordered<_> = [future].into_iter().collect();
    task.next().await.expect("one future")
}

/// The outcome of something real, for which time is no measure. Its limit only
/// ends a test that failed.
pub(crate) async fn in_time<T>(scenario: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), scenario).await.expect("it comes to its end")
}
