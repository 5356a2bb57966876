//! How often one may: the generic cell rate algorithm.
//!
//! A crate keeps a clock of its own or a table of keys. Here the time is
//! passed in and a connection carries the eight bytes that are its state.

use super::time::Timestamp;

/// A steady rate with room for a burst.
///
/// ```
/// use wirechat::chat::Rate;
///
/// let chatty = Rate::per_second(10, 20); // 20 at once, then one every 100 ms
/// assert_ne!(chatty, Rate::per_second(10, 1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Microseconds that one permit takes to grow back.
    interval: i64,
    /// Microseconds of permits that may be spent ahead of time: `burst` intervals.
    depth: i64,
}

impl Rate {
    /// `count` a second in the long run, and up to `burst` at once. Zero of
    /// either counts as one, more than a million a second as a million.
    #[must_use]
    pub const fn per_second(count: u32, burst: u32) -> Rate {
        let count = if count == 0 { 1 } else { count };
        let burst = if burst == 0 { 1 } else { burst };
        let interval = if count > 1_000_000 { 1 } else { 1_000_000 / count as i64 };
        Rate { interval, depth: interval * burst as i64 }
    }
}

/// One connection's use of a [`Rate`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    /// When the bucket is full again, in microseconds since 1970 (the
    /// "theoretical arrival time" of the next permit in a steady stream).
    full_at: i64,
}

impl Default for Bucket {
    fn default() -> Bucket {
        Bucket::FULL
    }
}

impl Bucket {
    /// A full bucket.
    pub(crate) const FULL: Bucket = Bucket { full_at: i64::MIN };

    /// Takes one permit at the time `now`.
    ///
    /// # Errors
    /// The milliseconds to wait (at least 1) if there is none. Trying in vain
    /// costs nothing.
    pub(crate) fn take(&mut self, rate: Rate, now: Timestamp) -> Result<(), u64> {
        let now = now.millis().saturating_mul(1000);
        // No bucket can be emptier than empty: that it seems so means that the
        // clock was set back, which must not silence anybody for longer.
        self.full_at = self.full_at.clamp(now, now.saturating_add(rate.depth));
        let after = self.full_at.saturating_add(rate.interval);
        let wait = after.saturating_sub(now.saturating_add(rate.depth));
        if wait > 0 {
            return Err(wait.unsigned_abs().div_ceil(1000));
        }
        self.full_at = after;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_700_000_000_000;

    fn take(bucket: &mut Bucket, rate: Rate, at: i64) -> Result<(), u64> {
        bucket.take(rate, Timestamp::from_millis(at))
    }

    #[test]
    fn a_burst_passes_at_once_and_then_one_every_interval() {
        let (rate, mut bucket) = (Rate::per_second(10, 20), Bucket::FULL);
        for _ in 0..20 {
            assert_eq!(take(&mut bucket, rate, NOW), Ok(()));
        }
        assert_eq!(take(&mut bucket, rate, NOW), Err(100));
        assert_eq!(take(&mut bucket, rate, NOW + 99), Err(1));
        assert_eq!(take(&mut bucket, rate, NOW + 100), Ok(()));
        assert_eq!(take(&mut bucket, rate, NOW + 100), Err(100));
    }

    #[test]
    fn an_idle_bucket_fills_up_to_the_burst_and_no_further() {
        let (rate, mut bucket) = (Rate::per_second(10, 3), Bucket::FULL);
        assert_eq!(take(&mut bucket, rate, NOW), Ok(()));
        for _ in 0..3 {
            assert_eq!(take(&mut bucket, rate, NOW + 1_000_000), Ok(()));
        }
        assert_eq!(take(&mut bucket, rate, NOW + 1_000_000), Err(100));
    }

    #[test]
    fn a_clock_set_back_by_a_year_costs_no_more_than_an_empty_bucket() {
        let (rate, mut bucket) = (Rate::per_second(10, 20), Bucket::FULL);
        assert_eq!(take(&mut bucket, rate, NOW), Ok(()));
        let earlier = NOW - 365 * 86_400_000;
        assert_eq!(take(&mut bucket, rate, earlier), Err(100));
        assert_eq!(take(&mut bucket, rate, earlier + 100), Ok(()));
    }

    #[test]
    fn odd_rates_and_times_neither_divide_by_zero_nor_overflow() {
        for rate in [Rate::per_second(0, 0), Rate::per_second(u32::MAX, u32::MAX)] {
            for at in [i64::MIN, -1, 0, i64::MAX] {
                let mut bucket = Bucket::FULL;
                let _ = take(&mut bucket, rate, at);
                let _ = take(&mut bucket, rate, i64::MIN);
                let _ = take(&mut bucket, rate, i64::MAX);
            }
        }
    }

    proptest! {
        #[test]
        fn waiting_as_long_as_told_is_enough_and_a_window_never_exceeds_rate_and_burst(
            count in 1u32..50,
            burst in 1u32..30,
            steps in proptest::collection::vec(0i64..300, 1..200),
        ) {
            let (rate, mut bucket) = (Rate::per_second(count, burst), Bucket::FULL);
            let (mut now, mut taken) = (NOW, 0u32);
            for step in steps {
                now += step;
                match take(&mut bucket, rate, now) {
                    Ok(()) => taken += 1,
                    Err(wait) => {
                        prop_assert!(wait >= 1);
                        let mut patient = bucket;
                        prop_assert_eq!(take(&mut patient, rate, now + wait as i64), Ok(()));
                    }
                }
            }
            let interval = f64::from(1_000_000 / count) / 1e6;
            let most = f64::from(burst) + (now - NOW) as f64 / 1000.0 / interval;
            prop_assert!(f64::from(taken) <= most + 1e-9);
        }
    }
}
