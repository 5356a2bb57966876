//! What comes out at the end. The names of the fields are those of `--json`.

use std::time::Duration;

use serde::Serialize;

use super::args::{LoadArgs, Pace};
use super::crew::Crew;
use super::phases::Notes;
use super::stats::{Stats, Tally, Times};

/// All numbers of a run.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) url: String,
    pub(super) kind: &'static str,
    pub(super) clients: u32,
    pub(super) rooms: u32,
    pub(super) size: u32,
    pub(super) in_flight: Option<u32>,
    pub(super) rate: Option<u32>,
    pub(super) never_read: u32,
    pub(super) seconds: f64,
    pub(super) messages: u64,
    pub(super) messages_per_second: f64,
    pub(super) deliveries: u64,
    pub(super) deliveries_per_second: f64,
    pub(super) unsent: u64,
    pub(super) latency_us: Option<Quantiles>,
    pub(super) histogram: Vec<Octave>,
    pub(super) connections: Connections,
    pub(super) never_read_ended: Tally,
    pub(super) errors: Tally,
    pub(super) proof: Proof,
    pub(super) server: Option<Server>,
    pub(super) load_cpu_percent: Option<f64>,
    pub(super) ok: bool,
}

/// Times in microseconds.
#[derive(Debug, Serialize)]
pub(super) struct Quantiles {
    pub(super) count: u64,
    pub(super) min: f64,
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
    pub(super) p999: f64,
    pub(super) max: f64,
}

/// How many times lie in a range of microseconds.
#[derive(Debug, Serialize)]
pub(super) struct Octave {
    pub(super) from_us: f64,
    pub(super) to_us: f64,
    pub(super) count: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Connections {
    pub(super) made: u64,
    pub(super) per_second: f64,
    pub(super) handshake_us: Option<Quantiles>,
    pub(super) refused: Tally,
    pub(super) broken: Tally,
    pub(super) vanished: u64,
    pub(super) returned: u64,
}

/// Of the messages that the clients should have got, in the whole run.
#[derive(Debug, Serialize)]
pub(super) struct Proof {
    pub(super) expected: u64,
    pub(super) delivered: u64,
    pub(super) lost: u64,
    pub(super) duplicated: u64,
    pub(super) out_of_order: u64,
}

/// What the server's process used.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Server {
    pub(super) pid: u32,
    pub(super) cpu_percent: f64,
    pub(super) cpu_us_per_message: Option<f64>,
    pub(super) cpu_us_per_delivery: Option<f64>,
    pub(super) rss_before: u64,
    pub(super) rss_connected: u64,
    pub(super) rss_end: u64,
    pub(super) bytes_per_connection: f64,
}

impl Report {
    /// The report on a run that is over.
    pub(super) fn new(args: &LoadArgs, crew: &Crew, notes: &Notes) -> Report {
        let stats = crew.stats.borrow();
        let (from, to) = (&notes.from, &notes.to);
        let elapsed = to.at.duration_since(from.at);
        let messages = to.sent - from.sent;
        let deliveries = to.delivered - from.delivered;
        let (in_flight, rate) = match args.pace() {
            Pace::Idle => (None, Some(0)),
            Pace::InFlight(count) => (Some(count), None),
            Pace::Rate(rate) => (None, Some(rate)),
        };
        let mut report = Report {
            url: args.uri.to_string(),
            kind: args.kind.name(),
            clients: args.clients,
            rooms: args.rooms(),
            size: args.size,
            in_flight,
            rate,
            never_read: args.never_read,
            seconds: elapsed.as_secs_f64(),
            messages,
            messages_per_second: per_second(messages, elapsed),
            deliveries,
            deliveries_per_second: per_second(deliveries, elapsed),
            unsent: stats.unsent,
            latency_us: Quantiles::of(&stats.latency),
            histogram: stats.latency.octaves().into_iter().map(Octave::from).collect(),
            connections: Connections::new(&stats, notes),
            never_read_ended: stats.never_read_ended.clone(),
            errors: stats.errors.clone(),
            proof: Proof::new(&stats, notes.lost, crew.disorder()),
            server: args.pid.and_then(|pid| Server::new(pid, &stats, notes)),
            load_cpu_percent: percent(from.own_cpu, to.own_cpu, elapsed),
            ok: false,
        };
        report.ok = report.is_ok();
        report
    }

    /// As one line.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts are JSON")
    }

    fn is_ok(&self) -> bool {
        let Proof { lost, duplicated, out_of_order, .. } = self.proof;
        let Connections { refused, broken, .. } = &self.connections;
        (lost, duplicated, out_of_order) == (0, 0, 0)
            && [refused, broken, &self.errors].iter().all(|tally| tally.is_empty())
    }
}

impl Quantiles {
    fn of(times: &Times) -> Option<Quantiles> {
        let quantile = |part| times.quantile(part) as f64 / 1e3;
        (times.count() > 0).then(|| Quantiles {
            count: times.count(),
            min: times.min() as f64 / 1e3,
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: times.max() as f64 / 1e3,
        })
    }
}

impl From<(u64, u64, u64)> for Octave {
    fn from((from, to, count): (u64, u64, u64)) -> Octave {
        Octave { from_us: from as f64 / 1e3, to_us: to as f64 / 1e3, count }
    }
}

impl Connections {
    fn new(stats: &Stats, notes: &Notes) -> Connections {
        Connections {
            made: stats.made,
            per_second: per_second(stats.made - stats.returned, notes.connecting),
            handshake_us: Quantiles::of(&stats.handshakes),
            refused: stats.refused.clone(),
            broken: stats.broken.clone(),
            vanished: stats.vanished,
            returned: stats.returned,
        }
    }
}

impl Proof {
    /// `disorder` is what was found in the rooms' logs, once for all who heard it.
    fn new(stats: &Stats, lost: u64, disorder: (u64, u64)) -> Proof {
        Proof {
            expected: stats.delivered.saturating_add(lost),
            delivered: stats.delivered,
            lost,
            duplicated: stats.duplicated + disorder.0,
            out_of_order: stats.out_of_order + disorder.1,
        }
    }
}

impl Server {
    /// Nothing if the process could not be read to the end.
    fn new(pid: u32, stats: &Stats, notes: &Notes) -> Option<Server> {
        let Notes { from, to, memory: [before, connected, end], .. } = notes;
        let (before, connected) = ((*before)?, (*connected)?);
        let cpu = to.server_cpu?.saturating_sub(from.server_cpu?);
        let each = |count: u64| (count > 0).then(|| cpu.as_secs_f64() * 1e6 / count as f64);
        let connections = (stats.made - stats.returned).max(1);
        Some(Server {
            pid,
            cpu_percent: percent(from.server_cpu, to.server_cpu, to.at.duration_since(from.at))?,
            cpu_us_per_message: each(to.sent - from.sent),
            cpu_us_per_delivery: each(to.delivered - from.delivered),
            rss_before: before,
            rss_connected: connected,
            rss_end: (*end)?,
            bytes_per_connection: (connected as f64 - before as f64) / connections as f64,
        })
    }
}

fn per_second(count: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { count as f64 / time.as_secs_f64() }
}

/// The part of one core that was used between the two.
fn percent(from: Option<Duration>, to: Option<Duration>, time: Duration) -> Option<f64> {
    let used = to?.saturating_sub(from?).as_secs_f64();
    (!time.is_zero()).then(|| used / time.as_secs_f64() * 100.0)
}
