//! Times of day and days, where the person is.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use wirechat::chat::Timestamp;

/// Tells the time in one time zone.
#[derive(Clone, Debug)]
pub(super) struct Clock(TimeZone);

impl Clock {
    /// In the zone of the system; in UTC if that is not known.
    pub(super) fn local() -> Clock {
        Clock(TimeZone::try_system().unwrap_or(TimeZone::UTC))
    }

    #[cfg(test)]
    pub(super) fn utc() -> Clock {
        Clock(TimeZone::UTC)
    }

    /// `HH:MM`; dashes for what is no time.
    pub(super) fn time(&self, time: Option<Timestamp>) -> String {
        match self.here(time) {
            Some(here) => here.strftime("%H:%M").to_string(),
            None => "--:--".to_owned(),
        }
    }

    /// The day of this time.
    pub(super) fn day(&self, time: Option<Timestamp>) -> Option<Date> {
        self.here(time).map(DateTime::date)
    }

    fn here(&self, time: Option<Timestamp>) -> Option<DateTime> {
        let time = jiff::Timestamp::from_millisecond(time?.millis()).ok()?;
        Some(self.0.to_datetime(time))
    }
}

/// `Thursday, 26 November 2026`.
pub(super) fn day_in_words(day: Date) -> String {
    day.strftime("%A, %-d %B %Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_zone_and_may_be_unknown() {
        let time = Some(Timestamp::from_millis(1_700_000_000_123));
        assert_eq!(Clock::utc().time(time), "22:13");
        let east = Clock(TimeZone::fixed(jiff::tz::offset(3)));
        assert_eq!(east.time(time), "01:13");
        assert_ne!(east.day(time), Clock::utc().day(time));
        assert_eq!(Clock::utc().time(None), "--:--");
        assert_eq!(Clock::utc().time(Some(Timestamp::from_millis(i64::MAX))), "--:--");
    }

    #[test]
    fn a_day_has_a_name() {
        let day = Clock::utc().day(Some(Timestamp::from_millis(1_700_000_000_000)));
        assert_eq!(day_in_words(day.expect("a day")), "Tuesday, 14 November 2023");
    }
}
