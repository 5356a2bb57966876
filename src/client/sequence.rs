//! How far a room's log has been handed out. No I/O and no clock: what the server
//! says comes in, what to do about it comes out.
//!
//! Whatever the server sends, and however often the connection breaks, each
//! message is handed out once and in order, or it is said that some are missing.
//!
//! ```text
//!   seq ≤ last      handed out before: dropped
//!   seq = last + 1  handed out
//!   seq > last + 1  a gap: held back, while what lies between is asked for
//! ```

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::event::Cause;
use super::object::{Joined, Object, Received};

/// What may be held back while a gap is filled.
const MAX_HELD: usize = 512;
/// Bytes of that.
const MAX_HELD_BYTES: usize = 1 << 20;

/// What to do next.
#[derive(Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are the largest")]
pub(super) enum Step {
    /// To hand out this message.
    HandOut(Received),
    /// To say that some are missing: these, if they are known.
    Missed(Option<RangeInclusive<u64>>, Cause),
    /// To ask for the messages after this one. One question at a time: then
    /// [`Sequence::history`] or [`Sequence::no_history`] is due.
    Ask(u64),
}

/// Where to go on reading after a rejoin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resume {
    pub(super) epoch: String,
    pub(super) seq: u64,
}

/// One room's log, as far as it has been handed out.
#[derive(Debug)]
pub(super) struct Sequence {
    epoch: Option<String>,
    /// The number of the last message that was handed out.
    last: u64,
    /// Whether any later one may follow: it has been said that some are missing.
    is_loose: bool,
    /// What is older than this was there before us, and is not missed.
    begun: u64,
    /// Whether we are in the room on this connection.
    is_in: bool,
    gap: Option<Gap>,
}

/// What waits until the messages before it are here.
#[derive(Debug, Default)]
struct Gap {
    held: BTreeMap<u64, Received>,
    bytes: usize,
    /// Up to where there certainly are messages, even if none is held.
    until: u64,
}

impl Gap {
    fn hold(&mut self, seq: u64, received: Received) {
        self.bytes += received.json.len();
        if let Some(twice) = self.held.insert(seq, received) {
            self.bytes -= twice.json.len();
        }
    }

    fn is_full(&self) -> bool {
        self.held.len() > MAX_HELD || self.bytes > MAX_HELD_BYTES
    }
}

impl Sequence {
    /// A room has been entered for the first time. Up to `older` messages from
    /// before that are wanted too.
    pub(super) fn begin(joined: &Joined, older: u64) -> (Sequence, Vec<Step>) {
        let head = joined.seq.unwrap_or(0);
        let mut sequence = Sequence {
            epoch: joined.epoch.clone(),
            last: head,
            is_loose: joined.seq.is_none(),
            begun: head,
            is_in: true,
            gap: None,
        };
        let mut steps = Vec::new();
        if older > 0 && head > 0 && joined.epoch.is_some() {
            sequence.last = head.saturating_sub(older);
            steps = sequence.open_gap(head);
        }
        (sequence, steps)
    }

    /// The connection is gone. What is held back comes again after the rejoin.
    pub(super) fn disconnected(&mut self) {
        self.is_in = false;
    }

    /// Whether we are in the room on this connection.
    pub(super) fn is_in(&self) -> bool {
        self.is_in
    }

    /// Where the next join has to go on.
    pub(super) fn resume(&self) -> Option<Resume> {
        Some(Resume { epoch: self.epoch.clone()?, seq: self.last })
    }

    /// The room has been entered again.
    pub(super) fn joined(&mut self, joined: &Joined) -> Vec<Step> {
        let is_same_log = self.epoch == joined.epoch;
        if self.is_in && is_same_log {
            return Vec::new(); // A rename, say: nothing is sent again.
        }
        self.is_in = true;
        self.gap = None;
        match is_same_log && self.epoch.is_some() {
            true => self.go_on(joined),
            false => self.start_over(joined),
        }
    }

    fn go_on(&mut self, joined: &Joined) -> Vec<Step> {
        let Some(head) = joined.seq else {
            self.is_loose |= !joined.recovered;
            return lacks(joined, Cause::Unknown);
        };
        if joined.recovered {
            return Vec::new();
        }
        if joined.reason.is_none() && head > self.last {
            return self.open_gap(head); // The server sends nothing by itself.
        }
        let has_gone_back = head < self.last;
        self.last = self.last.min(head);
        if joined.reason.is_none() && !has_gone_back {
            return Vec::new();
        }
        self.is_loose = true;
        lacks(joined, Cause::Unknown)
    }

    /// Another log: nothing of it has been handed out.
    fn start_over(&mut self, joined: &Joined) -> Vec<Step> {
        let is_sent = joined.recovered || joined.reason.is_some();
        self.epoch.clone_from(&joined.epoch);
        self.begun = 0;
        self.last = if is_sent { 0 } else { joined.seq.unwrap_or(0) };
        self.is_loose = is_sent || joined.seq.is_none();
        vec![Step::Missed(None, cause(joined).unwrap_or(Cause::EpochChanged))]
    }

    /// The server has sent this message of the log.
    pub(super) fn message(&mut self, seq: u64, received: Received) -> Vec<Step> {
        if seq <= self.last {
            return Vec::new();
        }
        if let Some(gap) = &mut self.gap {
            gap.hold(seq, received);
            return if gap.is_full() { self.no_history() } else { Vec::new() };
        }
        if seq == self.last.saturating_add(1) || self.is_loose {
            self.is_loose = false;
            self.last = seq;
            return vec![Step::HandOut(received)];
        }
        let steps = self.open_gap(0);
        self.gap.get_or_insert_default().hold(seq, received);
        steps
    }

    /// The answer to what was asked. It counts as it is: what is not in it, and
    /// older than its newest message, is not to be had.
    pub(super) fn history(&mut self, epoch: Option<&str>, messages: Vec<Received>) -> Vec<Step> {
        let Some(gap) = &mut self.gap else { return Vec::new() };
        let is_same_log = epoch.is_none() || epoch == self.epoch.as_deref();
        let mut newest = self.last;
        for received in messages.into_iter().filter(|_| is_same_log) {
            if let Object::Message(message) = &received.object
                && let Some(seq) = message.seq.filter(|&seq| seq > self.last)
            {
                newest = newest.max(seq);
                gap.hold(seq, received);
            }
        }
        // An answer with nothing new in it would be the same again.
        let reach = if newest > self.last { newest } else { u64::MAX };
        self.hand_out_held(reach)
    }

    /// What was asked cannot be had, or not in time, or too much waits for it.
    pub(super) fn no_history(&mut self) -> Vec<Step> {
        self.hand_out_held(u64::MAX)
    }

    fn open_gap(&mut self, until: u64) -> Vec<Step> {
        self.gap = Some(Gap { until, ..Gap::default() });
        vec![Step::Ask(self.last)]
    }

    /// Hands out what is in order now. What is missing up to `reach` is given up.
    fn hand_out_held(&mut self, reach: u64) -> Vec<Step> {
        let mut steps = Vec::new();
        let Some(mut gap) = self.gap.take() else { return steps };
        self.is_loose = false;
        loop {
            let next = self.last.saturating_add(1);
            if let Some(received) = gap.held.remove(&next) {
                gap.bytes -= received.json.len();
                self.last = next;
                steps.push(Step::HandOut(received));
                continue;
            }
            let missing_until = match gap.held.first_key_value() {
                Some((&first, _)) => first - 1,
                None if self.last >= gap.until => return steps,
                None => gap.until,
            };
            if next > reach {
                self.gap = Some(gap);
                steps.push(Step::Ask(self.last));
                return steps;
            }
            if missing_until > self.begun {
                let numbers = next.max(self.begun + 1)..=missing_until;
                steps.push(Step::Missed(Some(numbers), Cause::Gap));
            }
            self.last = missing_until;
        }
    }
}

/// What the server says is missing.
fn cause(joined: &Joined) -> Option<Cause> {
    Some(match joined.reason.as_deref()? {
        "epoch_changed" => Cause::EpochChanged,
        "too_old" => Cause::TooOld,
        _ => Cause::Unknown,
    })
}

fn lacks(joined: &Joined, otherwise: Cause) -> Vec<Step> {
    match joined.recovered {
        true => Vec::new(),
        false => vec![Step::Missed(None, cause(joined).unwrap_or(otherwise))],
    }
}
