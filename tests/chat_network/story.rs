//! A whole simulation: a server, some clients, and what goes wrong between them.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use turmoil::net::{TcpListener, TcpStream};
use turmoil::{Builder, Sim};
use wirechat::chat::Limits;
use wirechat::engine::{Disk, DiskError};
use wirechat::proto::{Config, Keepalive};
use wirechat::server::{Listener, Server, ServerConfig};

use crate::client::Client;
use crate::faults::{Chance, Fault, Kind};
use crate::record::{Record, Tally};

pub(crate) const CLIENTS: usize = 4;

pub(crate) const SERVER: &str = "server";

pub(crate) const PORT: u16 = 8080;

/// How long things go wrong, and how long all may take until it is well again.
const TROUBLE: Duration = Duration::from_secs(60);
const IN_ALL: Duration = Duration::from_secs(240);

/// What is told: what goes wrong, how many messages the room keeps, and whether a
/// server that comes back still has them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Story {
    pub(crate) faults: &'static [Kind],
    pub(crate) history: usize,
    pub(crate) on_disk: bool,
}

/// Where the server keeps what is said; removed when the story ends.
struct Folder(PathBuf);

impl Folder {
    fn new(seed: u64) -> Folder {
        let name = format!("wirechat-network-{}-{seed}", std::process::id());
        Folder(std::env::temp_dir().join(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn name(who: usize) -> String {
    format!("client-{who}")
}

/// Says which story it was, if it ends badly.
struct Named(Story, u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{:?}, seed {}", self.0, self.1);
        }
    }
}

/// The simulated port.
struct Port(TcpListener);

impl Listener for Port {
    type Stream = TcpStream;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            if let Ok(accepted) = self.0.accept().await {
                return accepted;
            }
        }
    }
}

impl Story {
    /// How much happened in it.
    pub(crate) fn tell(self, seed: u64) -> Tally {
        let _named = Named(self, seed);
        let mut chance = Chance::new(seed);
        let faults = Fault::some(self.faults, &mut chance, TROUBLE);
        let record = Arc::new(Mutex::new(Record::new(CLIENTS)));
        let stop = Arc::new(Notify::new());
        let mut sim = Builder::new()
            .simulation_duration(IN_ALL)
            .tick_duration(Duration::from_millis(10))
            .min_message_latency(Duration::from_millis(1))
            .max_message_latency(Duration::from_millis(100))
            .tcp_capacity(1 << 12)
            .enable_random_order()
            .rng_seed(seed)
            .build();
        let folder = self.on_disk.then(|| Folder::new(seed));
        let data = folder.as_ref().map(|folder| folder.0.clone());
        let (history, stopped) = (self.history, Arc::clone(&stop));
        sim.host(SERVER, move || serve(history, data.clone(), Arc::clone(&stopped)));
        for who in 0..CLIENTS {
            let client = Client::new(who, seed, &record, self.faults.contains(&Kind::Frail));
            sim.client(name(who), client.live());
        }
        run(&mut sim, &faults, &stop, &record);
        let record = record.lock().unwrap_or_else(PoisonError::into_inner);
        record.check();
        self.check_promises(&record);
        record.tally
    }

    /// Where all can be recovered, nobody is told that it cannot.
    fn check_promises(self, record: &Record) {
        let stops = self.faults.iter().any(|kind| matches!(kind, Kind::Restart | Kind::Crash));
        if self.on_disk {
            // A log in which nothing was said yet is not kept.
            assert_eq!(record.lives_with_messages(), 1);
        }
        if !stops && self.history >= crate::ALL {
            assert_eq!((record.lives(), record.tally.gaps), (1, 0));
        }
    }
}

/// A server that comes back whenever it was stopped.
async fn serve(history: usize, data: Option<PathBuf>, stop: Arc<Notify>) -> turmoil::Result {
    let quick = Keepalive {
        interval: Duration::from_secs(4),
        timeout: Duration::from_secs(4),
        ..Keepalive::default()
    };
    let config = ServerConfig {
        chat: Limits { rate: None, history, ..Limits::default() },
        connection: Config { keepalive: Some(quick), ..Config::default() },
        write_timeout: Duration::from_secs(10),
        drain_timeout: Duration::from_secs(2),
        ..ServerConfig::default()
    };
    loop {
        let port = Port(TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?);
        let server = match &data {
            None => Server::new(port, config.clone()),
            Some(folder) => Server::with_engine(port, config.clone(), open(folder, history).await),
        };
        server.run(stop.notified()).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// What was kept. Tasks of a server that has stopped may still have it for a moment.
async fn open(folder: &Path, history: usize) -> Disk {
    loop {
        match Disk::open(folder, history) {
            Err(DiskError::InUse) => tokio::time::sleep(Duration::from_millis(100)).await,
            opened => return opened.expect("the folder can be used"),
        }
    }
}

/// Lets time pass, and things go wrong, until all clients are done.
fn run(sim: &mut Sim<'_>, faults: &[Fault], stop: &Notify, record: &Mutex<Record>) {
    let mut last = Duration::ZERO;
    loop {
        let is_over = sim.step().expect("nobody fails, and all end in time");
        if is_over {
            return;
        }
        let now = sim.elapsed();
        for fault in faults.iter().filter(|fault| fault.is_due(last, now)) {
            fault.begin(sim);
            if fault.is_restart() {
                stop.notify_waiters();
            }
        }
        for fault in faults.iter().filter(|fault| fault.is_over(last, now)) {
            fault.end(sim);
        }
        if last < TROUBLE && TROUBLE <= now {
            record.lock().unwrap_or_else(PoisonError::into_inner).is_calm = true;
        }
        last = now;
    }
}
