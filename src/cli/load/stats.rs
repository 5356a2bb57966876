//! What is counted while it happens.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::content::Stamp;
use super::sequence::Verdict;

/// The longest time that is told from longer ones: an hour, in nanoseconds.
const LONGEST: u64 = 3_600_000_000_000;

/// Significant decimal digits of a time.
const DIGITS: u8 = 3;

/// How often each of a few things happened, by name.
pub(super) type Tally = BTreeMap<String, u64>;

/// Times in nanoseconds.
#[derive(Clone, Debug)]
pub(super) struct Times(Histogram<u64>);

impl Times {
    pub(super) fn new() -> Times {
        Times(Histogram::new_with_max(LONGEST, DIGITS).expect("these bounds are valid"))
    }

    #[inline]
    pub(super) fn record(&mut self, nanoseconds: u64) {
        self.0.saturating_record(nanoseconds);
    }

    pub(super) fn count(&self) -> u64 {
        self.0.len()
    }

    pub(super) fn min(&self) -> u64 {
        self.0.min()
    }

    pub(super) fn max(&self) -> u64 {
        self.0.max()
    }

    /// The time that this part of all, from 0 to 1, did not exceed.
    pub(super) fn quantile(&self, part: f64) -> u64 {
        self.0.value_at_quantile(part)
    }

    /// How many there are from one power of two of microseconds to the next: from,
    /// to, count; the empty ones at both ends left out.
    pub(super) fn octaves(&self) -> Vec<(u64, u64, u64)> {
        let mut from = 0;
        let mut octaves: Vec<_> = self
            .0
            .iter_log(1000, 2.0)
            .map(|step| {
                let to = step.value_iterated_to() + 1;
                (std::mem::replace(&mut from, to), to, step.count_since_last_iteration())
            })
            .skip_while(|(_, _, count)| *count == 0)
            .collect();
        while octaves.pop_if(|(_, _, count)| *count == 0).is_some() {}
        octaves
    }
}

/// All that is counted in a run.
#[derive(Debug)]
pub(super) struct Stats {
    /// Messages that were sent.
    pub(super) sent: u64,
    /// At a fixed rate: messages that were due and not sent.
    pub(super) unsent: u64,
    /// Messages that clients got, each the first time that it came.
    pub(super) delivered: u64,
    pub(super) duplicated: u64,
    pub(super) out_of_order: u64,
    /// What was missing when a connection ended before the others.
    pub(super) lost: u64,
    pub(super) latency: Times,
    /// Only messages of this time and later count for the latency.
    pub(super) measured_from: u64,
    /// The codes of the server's `error` objects.
    pub(super) errors: Tally,
    /// Clients that are connected, those that never read among them.
    pub(super) open: u32,
    /// Clients that have vanished and are coming back.
    pub(super) away: u32,
    pub(super) made: u64,
    pub(super) handshakes: Times,
    /// Why no connection came about.
    pub(super) refused: Tally,
    /// The close codes of connections that did not end by our own Close.
    pub(super) broken: Tally,
    pub(super) vanished: u64,
    pub(super) returned: u64,
    /// The close codes of those that never read.
    pub(super) never_read_ended: Tally,
}

impl Stats {
    pub(super) fn new() -> Stats {
        Stats {
            sent: 0,
            unsent: 0,
            delivered: 0,
            duplicated: 0,
            out_of_order: 0,
            lost: 0,
            latency: Times::new(),
            measured_from: u64::MAX,
            errors: Tally::new(),
            open: 0,
            away: 0,
            made: 0,
            handshakes: Times::new(),
            refused: Tally::new(),
            broken: Tally::new(),
            vanished: 0,
            returned: 0,
            never_read_ended: Tally::new(),
        }
    }

    /// A client got a message at this time, which is ours if it has a stamp.
    #[inline]
    pub(super) fn hear(&mut self, verdict: Verdict, stamp: Option<Stamp>, at: u64) {
        match verdict {
            Verdict::InOrder => {}
            Verdict::Late => self.out_of_order += 1,
            Verdict::Twice => return self.duplicated += 1,
            Verdict::Before => return,
        }
        self.delivered += 1;
        if let Some(stamp) = stamp
            && stamp.time >= self.measured_from
        {
            self.latency.record(at.saturating_sub(stamp.time));
        }
    }
}

/// One more of this name. A server can invent as many names as it likes, and
/// those beyond the first hundred are one.
pub(super) fn count(tally: &mut Tally, name: &str) {
    let name = if tally.len() < 100 || tally.contains_key(name) { name } else { "others" };
    *tally.entry(name.to_owned()).or_default() += 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(microseconds: &[u64]) -> Times {
        let mut times = Times::new();
        microseconds.iter().for_each(|time| times.record(time * 1000));
        times
    }

    #[test]
    fn octaves_hold_every_time_once_and_begin_and_end_with_one() {
        let times = times(&[3, 3, 5, 100, 100, 100, 1_000_000]);
        let octaves = times.octaves();
        let counts: Vec<u64> = octaves.iter().map(|(_, _, count)| *count).collect();
        assert_eq!(counts.iter().sum::<u64>(), 7);
        assert_eq!((counts.first(), counts.last()), (Some(&2), Some(&1)));
        for (from, to, _) in &octaves {
            assert_eq!(*to, from * 2, "{octaves:?}");
        }
        assert!(octaves.windows(2).all(|pair| pair[0].1 == pair[1].0));
        assert_eq!(octaves[0].0, 2000);
        assert!(Times::new().octaves().is_empty());
    }

    #[test]
    fn a_time_beyond_the_longest_counts_as_that() {
        let times = times(&[1, u64::MAX / 1000]);
        assert_eq!(times.count(), 2);
        assert!(times.max() >= LONGEST);
    }

    #[test]
    fn each_message_counts_once_and_its_latency_if_it_was_sent_in_the_time_measured() {
        let mut stats = Stats::new();
        let stamp = |time| Some(Stamp { sender: 0, number: 0, time });
        stats.hear(Verdict::InOrder, stamp(5), 6);
        stats.measured_from = 10;
        stats.hear(Verdict::InOrder, stamp(9), 12);
        stats.hear(Verdict::Late, stamp(10), 13);
        stats.hear(Verdict::Twice, stamp(10), 14);
        stats.hear(Verdict::Before, stamp(10), 14);
        stats.hear(Verdict::InOrder, None, 15);
        assert_eq!((stats.delivered, stats.out_of_order, stats.duplicated), (4, 1, 1));
        assert_eq!((stats.latency.count(), stats.latency.max()), (1, 3));
    }

    #[test]
    fn names_that_a_server_makes_up_take_no_more_memory_than_a_hundred() {
        let mut tally = Tally::new();
        for n in 0..1000 {
            count(&mut tally, &n.to_string());
            count(&mut tally, "0");
        }
        assert_eq!((tally.len(), tally["0"], tally["others"]), (101, 1001, 900));
    }
}
