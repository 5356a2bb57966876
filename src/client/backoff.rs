//! How long to wait before connecting again.

use std::time::Duration;

/// What the first wait stays below.
const FIRST: Duration = Duration::from_secs(1);

/// What every wait stays below.
const LONGEST: Duration = Duration::from_secs(30);

/// A connection that lived this long proves that the server works again.
const LASTED: Duration = Duration::from_secs(10);

/// Exponential back-off with full jitter: a wait is drawn evenly from zero up to
/// a ceiling, and the ceiling doubles from 1 s to 30 s. So the clients of a
/// server that restarts come back spread out, and not in waves.
///
/// It has no clock and no randomness of its own.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    /// Waits since a connection last proved itself.
    waits: u32,
}

impl Backoff {
    /// The next wait, for a random number that is even over all `u32`.
    pub(super) fn next(&mut self, random: u32) -> Duration {
        let ceiling = FIRST.saturating_mul(1 << self.waits.min(5)).min(LONGEST);
        self.waits = self.waits.saturating_add(1);
        // At most 30e6 µs times 2^32, which is below 2^57.
        let micros = (ceiling.as_micros() as u64 * u64::from(random)) >> 32;
        Duration::from_micros(micros)
    }

    /// A connection has ended. One that broke at once changes nothing: a server
    /// that accepts and fails must not be hammered.
    pub(super) fn connection_ended(&mut self, lived: Duration) {
        if lived >= LASTED {
            self.waits = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn longest_waits(backoff: &mut Backoff, count: usize) -> Vec<u64> {
        (0..count).map(|_| backoff.next(u32::MAX).as_millis() as u64 + 1).collect()
    }

    // Proves 6455-7.2.3-3, 6455-7.2.3-4.
    #[test]
    fn the_ceiling_doubles_from_one_second_to_thirty() {
        let waits = longest_waits(&mut Backoff::default(), 8);
        assert_eq!(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    }

    // Proves 6455-7.2.3-4.
    #[test]
    fn only_a_connection_that_lasted_starts_it_anew() {
        let mut backoff = Backoff::default();
        longest_waits(&mut backoff, 3);
        backoff.connection_ended(LASTED - Duration::from_millis(1));
        assert_eq!(longest_waits(&mut backoff, 1), [8_000]);
        backoff.connection_ended(LASTED);
        assert_eq!(longest_waits(&mut backoff, 2), [1_000, 2_000]);
    }

    proptest! {
        // Proves 6455-7.2.3-2.
        #[test]
        fn a_wait_is_even_below_its_ceiling_however_many_there_were(
            waits in any::<u32>(),
            random in any::<u32>(),
        ) {
            let ceiling = Backoff { waits }.next(u32::MAX).as_secs_f64();
            let wait = Backoff { waits }.next(random).as_secs_f64();
            prop_assert!(ceiling <= LONGEST.as_secs_f64());
            let expected = ceiling * f64::from(random) / f64::from(u32::MAX);
            prop_assert!((wait - expected).abs() < 1e-5, "{} is not {}", wait, expected);
        }
    }
}
