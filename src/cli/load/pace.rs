//! When messages are due at a fixed rate.

use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// Messages whose times lie closer together than this go out together: waking
/// up costs, and nobody wakes up more punctually.
const SHORTEST_TICK: u64 = 200_000;

/// A fixed rate from a moment on. Times are nanoseconds since the run began.
///
/// ```text
///   messages   0 1 2 3   4 5 6 7   8 9 ...
///   ticks      0         1         2
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Schedule {
    start: u64,
    per_second: u64,
    tick: u64,
}

impl Schedule {
    pub(super) fn new(start: u64, per_second: u32) -> Schedule {
        let per_second = u64::from(per_second.max(1));
        let tick = (1_000_000_000 / per_second).max(SHORTEST_TICK);
        Schedule { start, per_second, tick }
    }

    /// When this message is due, counted from 0.
    pub(super) fn time_of(&self, message: u64) -> u64 {
        let exact = u128::from(message) * 1_000_000_000 / u128::from(self.per_second);
        let exact = u64::try_from(exact).unwrap_or(u64::MAX);
        self.start.saturating_add(exact - exact % self.tick)
    }

    /// How many messages are due by then.
    pub(super) fn due(&self, now: u64) -> u64 {
        let Some(elapsed) = now.checked_sub(self.start) else { return 0 };
        let next_tick = elapsed - elapsed % self.tick + self.tick;
        let due = u128::from(next_tick) * u128::from(self.per_second);
        u64::try_from(due.div_ceil(1_000_000_000)).unwrap_or(u64::MAX)
    }
}

/// Rings at every tick, on time: the runtime's own timer counts in milliseconds.
/// Ends when the bell it returns is dropped.
///
/// # Panics
/// If the system has no thread to give.
pub(super) fn bell(schedule: Schedule, began: Instant) -> Arc<Notify> {
    let bell = Arc::new(Notify::new());
    let rope = Arc::downgrade(&bell);
    let first = began + Duration::from_nanos(schedule.start);
    let tick = Duration::from_nanos(schedule.tick);
    thread::spawn(move || ring(&rope, first, tick));
    bell
}

fn ring(rope: &Weak<Notify>, mut next: Instant, tick: Duration) {
    loop {
        thread::sleep(next.saturating_duration_since(Instant::now()));
        let Some(bell) = rope.upgrade() else { return };
        bell.notify_one();
        // Ticks that were slept through are one: who hears the bell looks at the clock.
        next = (next + tick).max(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn as_many_are_due_as_the_rate_says() {
        for rate in [1, 3, 1000, 7919, 1_000_000] {
            let schedule = Schedule::new(5, rate);
            assert_eq!(schedule.due(4), 0, "not before the start");
            for seconds in [1, 10] {
                let (due, rate) = (schedule.due(5 + seconds * SECOND - 1), u64::from(rate));
                let in_a_tick = rate * schedule.tick / SECOND + 1;
                assert!(due.abs_diff(seconds * rate) <= in_a_tick, "{due} of {rate}");
            }
        }
    }

    #[test]
    fn a_message_is_due_from_its_time_on_and_not_before() {
        for rate in [1, 3, 999, 4999, 5001, 7919, 123_456] {
            let schedule = Schedule::new(17, rate);
            for message in (0..100).chain(9_990..10_010) {
                let time = schedule.time_of(message);
                assert!(schedule.due(time) > message, "{rate} {message}");
                assert!(time == 17 || schedule.due(time - 1) <= message, "{rate} {message}");
            }
        }
    }

    #[test]
    fn fast_messages_share_a_tick_and_slow_ones_do_not() {
        let times = |rate| [0, 1, 2, 3].map(|message| Schedule::new(0, rate).time_of(message));
        assert_eq!(times(1000), [0, 1_000_000, 2_000_000, 3_000_000]);
        assert_eq!(times(10_000), [0, 0, 200_000, 200_000]);
    }
}
