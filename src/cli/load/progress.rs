//! A line a second that shows how it goes.

use std::io::Write;
use std::time::{Duration, Instant};

use super::crew::{Crew, Stage};
use super::text::{grouped, time};

const EVERY: Duration = Duration::from_secs(1);

/// What the last line said, and when.
#[derive(Debug)]
pub(super) struct Progress {
    last: Instant,
    sent: u64,
    delivered: u64,
}

impl Progress {
    pub(super) fn new() -> Progress {
        Progress { last: Instant::now(), sent: 0, delivered: 0 }
    }

    /// Writes a line on standard error if it is time.
    pub(super) fn show(&mut self, crew: &Crew) {
        let elapsed = self.last.elapsed();
        if elapsed < EVERY {
            return;
        }
        // That nobody reads it is no reason to stop.
        let _ = writeln!(std::io::stderr(), "{}", self.line(crew, elapsed.as_secs_f64()));
    }

    fn line(&mut self, crew: &Crew, seconds: f64) -> String {
        let stats = crew.stats.borrow();
        let a_second = |now: u64, before: u64| grouped(((now - before) as f64 / seconds) as u64);
        let mut line = format!(
            "{:4} s  {:>7} connected",
            crew.began.elapsed().as_secs(),
            grouped(stats.open.into())
        );
        if crew.stage() != Stage::Connecting {
            line += &format!(
                "  {:>9} messages/s  {:>11} deliveries/s",
                a_second(stats.sent, self.sent),
                a_second(stats.delivered, self.delivered)
            );
        }
        if stats.latency.count() > 0 {
            let (p50, p99) = (stats.latency.quantile(0.5), stats.latency.quantile(0.99));
            line += &format!("  p50 {}  p99 {}", time(p50 as f64 / 1e3), time(p99 as f64 / 1e3));
        }
        *self = Progress { last: Instant::now(), sent: stats.sent, delivered: stats.delivered };
        line
    }
}
