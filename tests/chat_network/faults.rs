//! What happens to the network, and when.

use std::time::Duration;

use turmoil::Sim;

use crate::story::{CLIENTS, SERVER, name};

/// Random numbers that follow from a seed (splitmix64).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing arrives between a client and the server for a while, and then everything.
    Hold,
    /// Everything between a client and the server takes longer.
    Slow,
    /// What a client and the server send each other is lost.
    Partition,
    /// The same in one direction.
    OneWay,
    /// Some of what is sent anywhere is lost.
    Loss,
    /// Connections end in the middle of a frame (which the clients do).
    Frail,
    /// The server stops, and comes back without a memory.
    Restart,
    /// The same without a word.
    Crash,
}

/// Something that happens to one client, or to the server, for a while.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    kind: Kind,
    who: usize,
    from: Duration,
    until: Duration,
    forwards: bool,
}

impl Fault {
    /// A few faults of these kinds, all of which are over at `end`.
    pub(crate) fn some(kinds: &[Kind], chance: &mut Chance, end: Duration) -> Vec<Fault> {
        let count = 3 + chance.below(6);
        let fault = |_| {
            let kind = kinds[chance.below(kinds.len() as u64) as usize];
            let longest = if kind == Kind::Hold { 12_000 } else { 25_000 };
            let from = Duration::from_millis(chance.below(end.as_millis() as u64));
            let until = (from + Duration::from_millis(100 + chance.below(longest))).min(end);
            let who = chance.below(CLIENTS as u64) as usize;
            Fault { kind, who, from, until, forwards: chance.below(2) == 0 }
        };
        (0..count).map(fault).collect()
    }

    pub(crate) fn is_due(&self, last: Duration, now: Duration) -> bool {
        last < self.from && self.from <= now
    }

    pub(crate) fn is_over(&self, last: Duration, now: Duration) -> bool {
        last < self.until && self.until <= now
    }

    pub(crate) fn begin(&self, sim: &mut Sim<'_>) {
        let client = name(self.who);
        match self.kind {
            Kind::Hold => sim.hold(&*client, SERVER),
            Kind::Slow => {
                sim.set_link_max_message_latency(&*client, SERVER, Duration::from_secs(2));
            }
            Kind::Partition => sim.partition(&*client, SERVER),
            Kind::OneWay if self.forwards => sim.partition_oneway(&*client, SERVER),
            Kind::OneWay => sim.partition_oneway(SERVER, &*client),
            Kind::Loss => sim.set_link_fail_rate(&*client, SERVER, 0.02),
            Kind::Crash => sim.crash(SERVER),
            Kind::Frail | Kind::Restart => {}
        }
    }

    pub(crate) fn end(&self, sim: &mut Sim<'_>) {
        let client = name(self.who);
        match self.kind {
            Kind::Hold => sim.release(&*client, SERVER),
            Kind::Slow => {
                sim.set_link_max_message_latency(&*client, SERVER, Duration::from_millis(100));
            }
            Kind::Partition | Kind::OneWay => sim.repair(&*client, SERVER),
            Kind::Loss => {
                sim.set_link_fail_rate(&*client, SERVER, 0.0);
                sim.repair(&*client, SERVER);
            }
            Kind::Crash if !sim.is_host_running(SERVER) => sim.bounce(SERVER),
            Kind::Crash | Kind::Frail | Kind::Restart => {}
        }
    }

    pub(crate) fn is_restart(&self) -> bool {
        self.kind == Kind::Restart
    }
}
