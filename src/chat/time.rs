//! Time as the chat sees it: a number that is passed in.

/// Milliseconds since 1970-01-01 00:00 UTC.
///
/// The chat owns no clock: whoever calls it says what time it is.
///
/// ```
/// use wirechat::chat::Timestamp;
///
/// let then = Timestamp::from_millis(1_700_000_000_123);
/// assert!(then < Timestamp::from_millis(then.millis() + 1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Earlier than every other: "at whatever time it was last".
    pub(crate) const EARLIEST: Timestamp = Timestamp(i64::MIN);

    /// Later than every other.
    pub(crate) const LATEST: Timestamp = Timestamp(i64::MAX);

    /// This many milliseconds after 1970 began (negative: before).
    #[must_use]
    pub const fn from_millis(millis: i64) -> Timestamp {
        Timestamp(millis)
    }

    /// Milliseconds since 1970 began.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This many milliseconds later.
    pub(crate) const fn plus_millis(self, millis: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(millis))
    }

    /// Appends the number that says this time in `unit`: an integer of
    /// milliseconds, or seconds as a float (`1700000000.123`).
    pub(crate) fn write(self, unit: Unit, out: &mut String) {
        use std::fmt::Write;
        match unit {
            Unit::Millis => out.push_str(itoa::Buffer::new().format(self.0)),
            Unit::Seconds => {
                let sign = if self.0 < 0 { "-" } else { "" };
                let millis = self.0.unsigned_abs();
                // Writing to a String cannot fail.
                let _ = write!(out, "{sign}{}.{:03}", millis / 1000, millis % 1000);
            }
        }
    }
}

/// What one unit of a plain client's timestamps is.
///
/// Such a client never says it, but its numbers do: a time between 1973 and
/// 5138 is below 1e11 in seconds and above 1e11 in milliseconds.
///
/// ```
/// use wirechat::chat::Unit;
///
/// assert_eq!(Unit::of(1_700_000_000.5), Some(Unit::Seconds));
/// assert_eq!(Unit::of(1_700_000_000_500.0), Some(Unit::Millis));
/// assert_eq!(Unit::of(123_456.0), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// An integer of milliseconds, as JavaScript counts.
    Millis,
    /// A float of seconds, as Python counts.
    Seconds,
}

impl Unit {
    /// The unit in which this number is a time that a clock could show today:
    /// 1e8 to 1e11 are seconds, 1e11 to 1e14 milliseconds, others say nothing.
    #[must_use]
    pub fn of(number: f64) -> Option<Unit> {
        if (1e8..1e11).contains(&number) {
            Some(Unit::Seconds)
        } else if (1e11..1e14).contains(&number) {
            Some(Unit::Millis)
        } else {
            None
        }
    }

    /// The time that this number says: in seconds if it looks like that, and
    /// otherwise in milliseconds. A fraction of one is cut off.
    pub(crate) fn read(number: f64) -> Timestamp {
        let millis = if Unit::of(number) == Some(Unit::Seconds) { number * 1e3 } else { number };
        Timestamp(millis.floor() as i64) // one that is out of range becomes the nearest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(millis: i64, unit: Unit) -> String {
        let mut out = String::new();
        Timestamp(millis).write(unit, &mut out);
        out
    }

    #[test]
    fn seconds_are_a_float_with_every_millisecond() {
        assert_eq!(written(1_700_000_000_123, Unit::Seconds), "1700000000.123");
        assert_eq!(written(1_700_000_000_000, Unit::Seconds), "1700000000.000");
        assert_eq!(written(7, Unit::Seconds), "0.007");
        assert_eq!(written(-1_500, Unit::Seconds), "-1.500");
        assert_eq!(written(-1, Unit::Seconds), "-0.001");
        assert_eq!(written(i64::MIN, Unit::Seconds), "-9223372036854775.808");
    }

    #[test]
    fn milliseconds_are_an_integer() {
        assert_eq!(written(1_700_000_000_123, Unit::Millis), "1700000000123");
    }

    #[test]
    fn a_time_is_read_in_either_unit() {
        for (number, millis) in [
            (1_700_000_000.5, 1_700_000_000_500),
            (1_700_000_000_500.0, 1_700_000_000_500),
            (0.0, 0),
            (-5.5, -6),
            (1e300, i64::MAX),
            (f64::NAN, 0),
        ] {
            assert_eq!(Unit::read(number).millis(), millis, "{number}");
        }
    }

    #[test]
    fn a_number_decides_the_unit_only_inside_the_two_ranges() {
        for (number, unit) in [
            (1e8 - 1.0, None),
            (1e8, Some(Unit::Seconds)),
            (1e11 - 1.0, Some(Unit::Seconds)),
            (1e11, Some(Unit::Millis)),
            (1e14 - 1.0, Some(Unit::Millis)),
            (1e14, None),
            (0.0, None),
            (-1.7e9, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
        ] {
            assert_eq!(Unit::of(number), unit, "{number}");
        }
    }
}
