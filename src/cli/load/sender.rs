//! What one client is to send, and what became of it.

use std::ops::Range;

use super::pace::Schedule;

/// A client's part of what all send together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Share {
    #[default]
    Nothing,
    /// So many on the way.
    Window(u32),
    /// Of a timetable's messages the `next` one and every `step`-th after it.
    Turns { schedule: Schedule, next: u64, step: u64 },
}

/// A client as one that sends. Its messages are numbered from 0.
#[derive(Debug, Default)]
pub(super) struct Sender {
    pub(super) share: Share,
    sent: u32,
    /// Sent, and neither come back nor refused.
    on_the_way: u32,
    refused: u32,
}

impl Sender {
    /// The number and the time of the next message, if it is to be sent now. At a
    /// fixed rate that is the time at which it should have been.
    pub(super) fn send(&mut self, now: u64) -> Option<(u32, u64)> {
        let time = match &mut self.share {
            Share::Nothing => return None,
            Share::Window(size) => (self.on_the_way < *size).then_some(now)?,
            Share::Turns { schedule, next, step } => {
                let time = schedule.time_of(*next);
                if time > now {
                    return None;
                }
                *next += *step;
                time
            }
        };
        let number = self.sent;
        self.sent += 1;
        self.on_the_way += 1;
        Some((number, time))
    }

    /// At a fixed rate, leaves out what was due and was not sent; how many.
    pub(super) fn skip(&mut self, now: u64) -> u64 {
        let Share::Turns { schedule, next, step } = &mut self.share else { return 0 };
        let skipped = schedule.due(now).saturating_sub(*next).div_ceil(*step);
        *next += skipped * *step;
        skipped
    }

    /// One of its own messages has come back for the first time.
    pub(super) fn come_back(&mut self) {
        self.on_the_way = self.on_the_way.saturating_sub(1);
    }

    /// One of its messages was refused.
    pub(super) fn refuse(&mut self) {
        self.refused += 1;
        self.come_back();
    }

    /// The connection has ended: the numbers of the messages of which nobody
    /// knows what became.
    pub(super) fn abandon(&mut self) -> Range<u64> {
        let sent = self.sent();
        sent - u64::from(std::mem::take(&mut self.on_the_way))..sent
    }

    /// How many it has sent, and so the number of the next.
    pub(super) fn sent(&self) -> u64 {
        self.sent.into()
    }

    /// How many of its messages were refused.
    pub(super) fn refused(&self) -> u64 {
        self.refused.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(share: Share) -> Sender {
        Sender { share, ..Sender::default() }
    }

    #[test]
    fn in_a_closed_loop_the_next_one_goes_when_one_has_come_back() {
        let mut sender = with(Share::Window(2));
        assert_eq!(sender.send(7), Some((0, 7)));
        assert_eq!(sender.send(8), Some((1, 8)));
        assert_eq!(sender.send(9), None);
        sender.come_back();
        assert_eq!(sender.send(10), Some((2, 10)));
        sender.refuse();
        assert_eq!(sender.send(11), Some((3, 11)), "it will never come back");
        assert_eq!(sender.refused(), 1);
        assert_eq!(with(Share::Nothing).send(0), None);
    }

    #[test]
    fn what_comes_back_too_often_does_not_widen_the_window() {
        let mut sender = with(Share::Window(1));
        sender.send(0);
        (0..10).for_each(|_| sender.come_back());
        assert!(sender.send(1).is_some());
        assert_eq!(sender.send(1), None);
    }

    #[test]
    fn at_a_fixed_rate_what_is_late_is_sent_with_the_time_at_which_it_was_due() {
        let schedule = Schedule::new(0, 1000);
        let mut sender = with(Share::Turns { schedule, next: 1, step: 2 });
        assert_eq!(sender.send(999_999), None);
        assert_eq!(sender.send(3_500_000), Some((0, 1_000_000)));
        assert_eq!(sender.send(3_500_000), Some((1, 3_000_000)));
        assert_eq!(sender.send(3_500_000), None);
        assert_eq!(sender.skip(9_000_000), 3, "5, 7 and 9");
        assert_eq!(sender.skip(9_000_000), 0);
        assert_eq!(sender.send(11_000_000), Some((2, 11_000_000)));
    }

    #[test]
    fn what_is_on_the_way_when_the_connection_ends_is_given_up() {
        let mut sender = with(Share::Window(3));
        (0..3).for_each(|_| assert!(sender.send(0).is_some()));
        sender.come_back();
        assert_eq!(sender.abandon(), 1..3);
        assert!(sender.abandon().is_empty());
        assert_eq!(sender.send(1), Some((3, 1)), "the window is free again");
        assert_eq!(sender.sent(), 4);
    }
}
