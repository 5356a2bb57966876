//! A run from the first connection to the last Close.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, Semaphore};
use tokio::task::spawn_local;
use tokio::time::{MissedTickBehavior, interval, sleep, sleep_until};

use super::args::{Kind, LoadArgs};
use super::client;
use super::crew::{Crew, Stage};
use super::pace::{self, Schedule};
use super::process::Process;
use super::progress::Progress;

/// Handshakes under way at once: without a ramp, and with one.
const UNDER_WAY: usize = 64;
const UNDER_WAY_ON_A_RAMP: usize = 1024;

/// How long nobody may get a connection before the rest is given up.
const STANDSTILL: Duration = Duration::from_secs(15);

/// How long what is on the way at the end may take.
const DRAIN: Duration = Duration::from_secs(5);

/// How long those that never read then read, to hear what the server thinks of it.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How long the closing handshakes may take, each of which has 5 s.
const CLOSE: Duration = Duration::from_secs(6);

/// A relay does not say when it has taken a client in.
const SETTLE: Duration = Duration::from_millis(100);

/// How late a message may be at the end of a fixed rate without being missed.
const LATE: Duration = Duration::from_millis(100);

/// The longest that connecting everybody may take.
const A_DAY: Duration = Duration::from_secs(86_400);

/// How often it is looked whether a phase is over.
const STEP: Duration = Duration::from_millis(10);

/// What stood where at one moment.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) at: Instant,
    pub(super) sent: u64,
    pub(super) delivered: u64,
    pub(super) server_cpu: Option<Duration>,
    pub(super) own_cpu: Option<Duration>,
}

/// What was noted on the way.
#[derive(Debug)]
pub(super) struct Notes {
    /// How long it took until all were connected.
    pub(super) connecting: Duration,
    /// The beginning and the end of what is measured.
    pub(super) from: Mark,
    pub(super) to: Mark,
    /// The server's resident memory: before, with all connected, at the end.
    pub(super) memory: [Option<u64>; 3],
    /// Deliveries that had not come by the end, and before.
    pub(super) lost: u64,
}

/// Waits for a phase to end, and watches over it.
pub(super) struct Watch {
    progress: Option<Progress>,
    stop: Pin<Box<dyn Future<Output = ()>>>,
    stopped: bool,
}

impl Watch {
    /// Shows progress if there is a `progress`; once `stop` completes, connects
    /// nobody, sends nothing and measures nothing any more.
    pub(super) fn new(
        progress: Option<Progress>,
        stop: impl Future<Output = ()> + 'static,
    ) -> Watch {
        Watch { progress, stop: Box::pin(stop), stopped: false }
    }

    /// Waits for what is worth its time only as long as nobody wants to stop.
    async fn until(&mut self, crew: &Crew, deadline: Instant, done: impl Fn() -> bool) {
        while !self.stopped && !done() && Instant::now() < deadline {
            self.step(crew, deadline).await;
        }
    }

    /// Waits for what has to be finished.
    async fn through(&mut self, crew: &Crew, deadline: Instant, done: impl Fn() -> bool) {
        while !done() && Instant::now() < deadline {
            self.step(crew, deadline).await;
        }
    }

    async fn step(&mut self, crew: &Crew, deadline: Instant) {
        let next = deadline.min(Instant::now() + STEP);
        tokio::select! {
            () = &mut self.stop, if !self.stopped => self.stopped = true,
            () = sleep_until(next.into()) => {}
        }
        if let Some(progress) = &mut self.progress {
            progress.show(crew);
        }
    }
}

/// Conducts the run. If nobody gets a connection, nothing else happens.
pub(super) async fn conduct(crew: &Rc<Crew>, args: &LoadArgs, mut watch: Watch) -> Notes {
    let server = args.pid.map(Process::new);
    let memory = || server.as_ref().and_then(|server| server.resident().ok());
    let mark = || Mark::now(crew, server.as_ref());
    let nobody = || crew.is_deserted();

    let before = memory();
    connect_all(crew, args);
    watch.until(crew, crew.began + A_DAY, || is_settled(crew)).await;
    let connecting = crew.last_made.get().duration_since(crew.began);
    let connected = memory();

    if crew.kind == Kind::Relay {
        watch.until(crew, Instant::now() + SETTLE, nobody).await;
    }
    begin_sending(crew, args);
    let measure_at = Instant::now() + args.warm_up;
    watch.until(crew, measure_at, nobody).await;
    let from = mark();
    crew.stats.borrow_mut().measured_from = crew.at(from.at);
    watch.until(crew, from.at + args.duration, nobody).await;
    let to = mark();

    crew.enter(Stage::Draining);
    crew.count_unsent(crew.at(to.at - LATE));
    watch.through(crew, to.at + DRAIN, || nobody() || crew.lost() == 0).await;
    // Those who leave from here on have missed nothing that is not counted now.
    let lost = crew.lost().saturating_add(crew.stats.borrow().lost);
    let end = memory();
    if args.never_read > 0 {
        watch.through(crew, Instant::now() + LAST_WORDS, nobody).await;
    }

    crew.enter(Stage::Closing);
    watch.through(crew, Instant::now() + CLOSE, nobody).await;
    crew.count_unanswered();
    Notes { connecting, from, to, memory: [before, connected, end], lost }
}

/// Whether everybody has a connection or will have none.
fn is_settled(crew: &Crew) -> bool {
    let all = crew.settled.get() as usize == crew.seats.len();
    all || crew.last_made.get().elapsed() > STANDSTILL
}

impl Mark {
    fn now(crew: &Crew, server: Option<&Process>) -> Mark {
        let stats = crew.stats.borrow();
        Mark {
            at: Instant::now(),
            sent: stats.sent,
            delivered: stats.delivered,
            server_cpu: server.and_then(|server| server.cpu().ok()),
            own_cpu: Process::this().cpu().ok(),
        }
    }
}

fn connect_all(crew: &Rc<Crew>, args: &LoadArgs) {
    let under_way = if args.ramp.is_some() { UNDER_WAY_ON_A_RAMP } else { UNDER_WAY };
    let permits = Arc::new(Semaphore::new(under_way));
    for index in 0..crew.seats.len() as u32 {
        let (crew, permits) = (Rc::clone(crew), Arc::clone(&permits));
        let turn = args.ramp.map(|ramp| Duration::from_secs(1) * index / ramp.get());
        spawn_local(async move {
            if let Some(turn) = turn {
                sleep(turn).await;
            }
            let Ok(permit) = permits.acquire_owned().await else { return };
            if crew.stage() == Stage::Connecting {
                client::run(crew, index, permit).await;
            }
        });
    }
}

fn begin_sending(crew: &Rc<Crew>, args: &LoadArgs) {
    let now = Instant::now();
    let timetable = crew.deal(crew.at(now));
    crew.enter(Stage::Sending);
    if let Some((schedule, turns)) = timetable {
        let bell = pace::bell(schedule, crew.began);
        spawn_local(keep_time(Rc::clone(crew), bell, schedule, turns));
    }
    if args.vanish > 0 {
        spawn_local(have_vanish(Rc::clone(crew), args.vanish));
    }
}

/// Wakes each client when it is its turn to send.
async fn keep_time(crew: Rc<Crew>, bell: Arc<Notify>, schedule: Schedule, turns: Vec<u32>) {
    let mut called = 0;
    while crew.stage() == Stage::Sending && !turns.is_empty() {
        let due = schedule.due(crew.at(Instant::now()));
        // Whoever is woken sends all that it is late with.
        for turn in called..due.min(called + turns.len() as u64) {
            let index = turns[(turn % turns.len() as u64) as usize];
            crew.seats[index as usize].wake();
        }
        called = due;
        bell.notified().await;
    }
}

/// So often a second, has the next client vanish.
async fn have_vanish(crew: Rc<Crew>, per_second: u32) {
    let mut times = interval(Duration::from_secs(1) / per_second);
    times.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut last = 0;
    loop {
        times.tick().await;
        if crew.stage() != Stage::Sending {
            return;
        }
        let next = crew.readers().find(|(index, _)| *index > last).or(crew.readers().next());
        if let Some((index, seat)) = next {
            seat.must_vanish.set(true);
            seat.wake();
            last = index;
        }
    }
}
