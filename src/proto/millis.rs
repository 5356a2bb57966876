//! Durations that an idle connection holds for its whole life.

use std::time::Duration;

/// Whole milliseconds, up to 49 days: a quarter of a [`Duration`]'s bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Millis(u32);

impl From<Duration> for Millis {
    /// Rounds up, so that nothing comes due at once that should not.
    fn from(duration: Duration) -> Millis {
        let millis = duration.as_nanos().div_ceil(1_000_000);
        Millis(u32::try_from(millis).unwrap_or(u32::MAX))
    }
}

impl From<Millis> for Duration {
    fn from(millis: Millis) -> Duration {
        Duration::from_millis(millis.0.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_kept_to_the_millisecond_and_rounded_up() {
        let kept = |duration: Duration| Duration::from(Millis::from(duration));
        for exact in [0, 1, 25_000, 86_400_000] {
            assert_eq!(kept(Duration::from_millis(exact)), Duration::from_millis(exact));
        }
        assert_eq!(kept(Duration::from_nanos(1)), Duration::from_millis(1));
        assert_eq!(kept(Duration::MAX), Duration::from_millis(u32::MAX.into()));
    }
}
