//! Taking time fairly on a machine that does other things too.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use wirechat_peers::case::{Case, Contestant, Kind};

/// How long a case is measured: two minutes for all of them.
const TIME_A_CASE: Duration = Duration::from_millis(1300);

/// How long a turn takes at least: long enough that caches are warm for most of it,
/// short enough that most turns pass undisturbed.
const TURN: Duration = Duration::from_micros(400);

/// Turns of each contestant, however long they take.
const MIN_ROUNDS: usize = 9;

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

/// Nanoseconds of processor time. The contestants take turns, and each has the
/// median of its turns: a disturbance spoils single turns, and what lasts longer hits
/// all alike.
pub(crate) fn time(case: &Case) -> Result<Vec<Cost>, String> {
    let end = Instant::now() + TIME_A_CASE;
    let mut contestants = case.contestants();
    for contestant in &mut contestants {
        turn(contestant, 1);
    }
    let quickest = contestants.iter_mut().map(|it| turn(it, 1)).min().unwrap_or_default();
    let passes = (TURN.as_nanos() / quickest.as_nanos().max(1)).max(1) as u32;

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
    let cost = |(contestant, turns): (&Contestant, &mut Vec<Duration>)| {
        let pass = median(turns).as_nanos() as f64 / f64::from(passes);
        Cost::new(contestant, case, pass)
    };
    Ok(contestants.iter().zip(&mut turns).map(cost).collect())
}

fn turn(contestant: &mut Contestant, passes: u32) -> Duration {
    let start = processor_time();
    for _ in 0..passes {
        (contestant.pass)();
    }
    processor_time() - start
}

/// How long this thread has run: unlike a clock on the wall, it stands still while
/// another process has the core.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.try_into().unwrap_or_default()
}

fn median(turns: &mut [Duration]) -> Duration {
    turns.sort_unstable();
    turns[turns.len() / 2]
}
