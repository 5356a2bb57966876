//! What a case costs, and taking time fairly on a machine that does other things too.

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use wirechat_peers::case::{Case, Contestant, Kind};

/// Processes that measure a case: where things lie in memory, and what was freed
/// before, can make a third of a difference.
const PROCESSES: usize = 5;

/// How long each of them takes turns: two minutes for all cases.
const TIME: Duration = Duration::from_millis(220);

/// Turns of each contestant in a process, however long they take.
const MIN_ROUNDS: usize = 5;

/// How long a turn takes at least: long enough that caches are warm for most of it,
/// short enough that most turns pass undisturbed.
const TURN: Duration = Duration::from_micros(400);

/// What a message costs in a case.
pub(crate) struct Measured {
    pub(crate) group: &'static str,
    pub(crate) name: String,
    /// Bytes of payload that a message has.
    pub(crate) size: u64,
    pub(crate) costs: Vec<Cost>,
}

/// What a message costs a contestant.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) cost: f64,
}

impl Measured {
    pub(crate) fn new(case: &Case, costs: Vec<Cost>) -> Measured {
        let size = case.bytes / case.messages;
        Measured { group: case.group, name: case.name.clone(), size, costs }
    }

    /// What a message costs that goes through all `phases`, which have the same
    /// contestants.
    pub(crate) fn sum(name: &str, phases: &[Measured]) -> Option<Measured> {
        let (first, others) = phases.split_first()?;
        let mut costs = first.costs.clone();
        for phase in others {
            for (sum, cost) in costs.iter_mut().zip(&phase.costs) {
                sum.cost += cost.cost;
            }
        }
        Some(Measured { group: first.group, name: name.to_owned(), size: first.size, costs })
    }

    pub(crate) fn ours(&self) -> Option<Cost> {
        self.costs.iter().copied().find(|cost| cost.kind == Kind::Ours)
    }

    pub(crate) fn best_peer(&self) -> Option<Cost> {
        let peers = self.costs.iter().copied().filter(|cost| cost.kind == Kind::Peer);
        peers.min_by(|one, other| one.cost.total_cmp(&other.cost))
    }

    pub(crate) fn floors(&self) -> impl Iterator<Item = Cost> {
        self.costs.iter().copied().filter(|cost| cost.kind == Kind::Floor)
    }
}

impl Cost {
    /// `pass` is what one pass costs.
    pub(crate) fn new(contestant: &Contestant, case: &Case, pass: f64) -> Cost {
        let cost = pass / case.messages as f64;
        Cost { name: contestant.name, kind: contestant.kind, cost }
    }
}

/// Nanoseconds: the median of several processes, which measure one after the other.
pub(crate) fn time(case: &Case) -> Result<Vec<Cost>, String> {
    let mut times = Vec::new();
    for _ in 0..PROCESSES {
        times.push(time_elsewhere(&case.id())?);
    }
    let cost = |(index, contestant): (usize, &Contestant)| {
        let times: Vec<f64> = times.iter().filter_map(|times| times.get(index).copied()).collect();
        Cost::new(contestant, case, median(times))
    };
    Ok(case.contestants().iter().enumerate().map(cost).collect())
}

fn time_elsewhere(case: &str) -> Result<Vec<f64>, String> {
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(this).args(["--time", case]).output();
    let output = output.map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let report = String::from_utf8_lossy(&output.stdout);
    report.lines().map(|line| line.parse().map_err(|_| format!("{line:?} is no time"))).collect()
}

/// Prints the time of one pass for each contestant, in nanoseconds: the median of its
/// turns. A disturbance spoils single turns, and what lasts longer hits all alike.
pub(crate) fn time_here(case: &Case) {
    warm_up_allocator();
    let mut contestants = case.contestants();
    for contestant in &mut contestants {
        turn(contestant, 1);
    }
    let quickest = contestants.iter_mut().map(|it| turn(it, 1)).fold(f64::MAX, f64::min);
    let passes = (TURN.as_nanos() as f64 / quickest).ceil() as u32;

    let end = Instant::now() + TIME;
    let mut turns = vec![Vec::new(); contestants.len()];
    for round in 0.. {
        if round >= MIN_ROUNDS && Instant::now() >= end {
            break;
        }
        for index in 0..contestants.len() {
            // Another one begins each time, so that nobody always follows the same.
            let index = (round + index) % contestants.len();
            turns[index].push(turn(&mut contestants[index], passes));
        }
    }
    for turns in turns {
        println!("{}", median(turns));
    }
}

/// Leaves the allocator as it is in a process that has run for a while: once a large
/// block was freed, glibc no longer goes to the kernel for every buffer.
fn warm_up_allocator() {
    drop(black_box(vec![0_u8; 16 << 20]));
}

/// How many nanoseconds a pass takes.
fn turn(contestant: &mut Contestant, passes: u32) -> f64 {
    let start = processor_time();
    for _ in 0..passes {
        (contestant.pass)();
    }
    (processor_time() - start).as_nanos() as f64 / f64::from(passes)
}

/// How long this thread has run: unlike a clock on the wall, it stands still while
/// another process has the core.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.try_into().unwrap_or_default()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}
