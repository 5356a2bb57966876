//! What should arrive once each and in order: numbers that rise by one.

use std::ops::Range;

/// Gaps that are remembered. Of more than these, the rest counts as lost whether
/// it comes later or not: a server that is so wrong is not judged finely.
const MAX_GAPS: usize = 1000;

/// Ranges of excused numbers that are remembered, the newest.
const MAX_EXCUSED: usize = 1000;

/// One stream of numbers, as far as it was heard.
#[derive(Clone, Debug)]
pub(super) struct Sequence {
    first: u64,
    /// The number that is due.
    next: u64,
    /// Numbers below `next` that have not come.
    gaps: Vec<Range<u64>>,
    /// Numbers that may come at any time or never.
    excused: Vec<Range<u64>>,
    /// Numbers in gaps that are not remembered.
    forgotten: u64,
}

/// What to think of a number that was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is new and came when it might. Those that it skips are lost unless they
    /// still come.
    InOrder,
    /// It is new, but a later one came before it.
    Late,
    /// It was heard before, or should not have been heard at all.
    Twice,
    /// It is from before the beginning, of which nothing is known.
    Before,
}

impl Sequence {
    /// The stream whose first number is to be `first`.
    pub(super) fn starting_at(first: u64) -> Sequence {
        Sequence { first, next: first, gaps: Vec::new(), excused: Vec::new(), forgotten: 0 }
    }

    /// The number that is due.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Notes that this number was heard.
    pub(super) fn hear(&mut self, number: u64) -> Verdict {
        if number < self.next {
            return self.hear_late(number);
        }
        if number > self.next {
            self.open_gap(self.next..number);
        }
        self.next = number.saturating_add(1);
        // That it came excuses it no longer if it comes again.
        take(&mut self.excused, number);
        Verdict::InOrder
    }

    fn hear_late(&mut self, number: u64) -> Verdict {
        if number < self.first {
            Verdict::Before
        } else if take(&mut self.excused, number) {
            Verdict::InOrder
        } else if take(&mut self.gaps, number) {
            Verdict::Late
        } else {
            Verdict::Twice
        }
    }

    fn open_gap(&mut self, gap: Range<u64>) {
        for gap in without(gap, &self.excused) {
            if self.gaps.len() < MAX_GAPS {
                self.gaps.push(gap);
            } else {
                self.forgotten = self.forgotten.saturating_add(gap.end - gap.start);
            }
        }
    }

    /// Nobody knows whether these numbers, as far as they have not been heard,
    /// will come.
    pub(super) fn excuse(&mut self, numbers: Range<u64>) {
        let missing = self.gaps.iter().map(|gap| common(gap, &numbers));
        let ahead = common(&(self.next..u64::MAX), &numbers);
        let unheard: Vec<_> = missing.chain([ahead]).filter(|range| !range.is_empty()).collect();
        self.gaps = self.gaps.iter().flat_map(|gap| without(gap.clone(), &unheard)).collect();
        self.excused.extend(unheard);
        let oldest = self.excused.len().saturating_sub(MAX_EXCUSED);
        self.excused.drain(..oldest);
    }

    /// How many below `end` are missing.
    pub(super) fn lost(&self, end: u64) -> u64 {
        let ahead = without(self.next..end.max(self.next), &self.excused);
        let missing = self.gaps.iter().chain(&ahead).map(|gap| gap.end - gap.start);
        missing.fold(self.forgotten, u64::saturating_add)
    }
}

/// Takes a number out of ranges; whether it was in one.
fn take(ranges: &mut Vec<Range<u64>>, number: u64) -> bool {
    let Some(index) = ranges.iter().position(|range| range.contains(&number)) else {
        return false;
    };
    let Range { start, end } = ranges[index];
    let rest = [start..number, number + 1..end];
    ranges.splice(index..=index, rest.into_iter().filter(|range| !range.is_empty()));
    true
}

fn common(one: &Range<u64>, other: &Range<u64>) -> Range<u64> {
    one.start.max(other.start)..one.end.min(other.end)
}

/// What is left of a range without others.
fn without(range: Range<u64>, others: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut left = vec![range];
    for other in others {
        left = left
            .into_iter()
            .flat_map(|range| {
                let before = range.start..range.end.min(other.start);
                let behind = range.start.max(other.end)..range.end;
                // Where they do not touch, one of the two is the range itself.
                let both =
                    if common(&range, other).is_empty() { [range, 0..0] } else { [before, behind] };
                both.into_iter().filter(|range| !range.is_empty())
            })
            .collect();
    }
    left
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Before, InOrder, Late, Twice};
    use super::*;

    fn heard(numbers: &[u64]) -> (Sequence, Vec<Verdict>) {
        let mut sequence = Sequence::starting_at(0);
        let verdicts = numbers.iter().map(|number| sequence.hear(*number)).collect();
        (sequence, verdicts)
    }

    #[test]
    fn all_in_order_and_nothing_is_lost() {
        let (sequence, verdicts) = heard(&[0, 1, 2]);
        assert_eq!(verdicts, [InOrder; 3]);
        assert_eq!((sequence.next(), sequence.lost(3)), (3, 0));
    }

    #[test]
    fn one_that_is_skipped_is_lost() {
        assert_eq!(heard(&[0, 2]).0.lost(3), 1);
        assert_eq!(heard(&[3]).0.lost(4), 3, "at the beginning");
        assert_eq!(heard(&[0]).0.lost(3), 2, "at the end");
        assert_eq!(heard(&[]).0.lost(5), 5, "all of them");
    }

    #[test]
    fn one_that_comes_behind_a_later_one_is_out_of_order_and_not_lost() {
        for (numbers, verdicts) in [
            (&[0, 2, 1, 3][..], &[InOrder, InOrder, Late, InOrder][..]),
            (&[3, 0, 2, 1], &[InOrder, Late, Late, Late]),
            (&[3, 1, 2, 0], &[InOrder, Late, Late, Late]),
        ] {
            let (sequence, heard) = heard(numbers);
            assert_eq!(heard, verdicts);
            assert_eq!(sequence.lost(4), 0);
        }
    }

    #[test]
    fn one_that_comes_again_is_there_twice() {
        assert_eq!(heard(&[0, 0]).1, [InOrder, Twice]);
        assert_eq!(heard(&[0, 2, 1, 1]).1, [InOrder, InOrder, Late, Twice]);
    }

    #[test]
    fn of_what_was_before_the_beginning_nothing_is_known() {
        let mut sequence = Sequence::starting_at(5);
        assert_eq!(
            [4, 5, 4, 5].map(|number| sequence.hear(number)),
            [Before, InOrder, Before, Twice]
        );
        assert_eq!(sequence.lost(6), 0);
    }

    #[test]
    fn what_is_excused_is_not_lost_whether_it_was_skipped_before_or_will_be() {
        for early in [true, false] {
            let mut sequence = Sequence::starting_at(0);
            sequence.hear(0);
            if early {
                sequence.excuse(0..3);
            }
            sequence.hear(4);
            if !early {
                sequence.excuse(0..3);
            }
            assert_eq!(sequence.lost(5), 1, "number 3");
            sequence.excuse(2..7);
            assert_eq!((sequence.lost(5), sequence.lost(7), sequence.lost(9)), (0, 0, 2));
        }
    }

    #[test]
    fn what_is_excused_may_come_at_any_time_but_once() {
        let (mut sequence, _) = heard(&[0]);
        sequence.excuse(1..4);
        assert_eq!([2, 4, 1, 3].map(|number| sequence.hear(number)), [InOrder; 4]);
        assert_eq!([2, 4, 1, 3].map(|number| sequence.hear(number)), [Twice; 4]);
        assert_eq!(sequence.lost(5), 0);
    }

    #[test]
    fn an_excuse_does_not_cover_what_was_heard_already() {
        let (mut sequence, _) = heard(&[0, 1, 2]);
        sequence.excuse(1..3);
        assert_eq!(sequence.hear(1), Twice);
    }

    #[test]
    fn no_number_is_too_high_and_no_number_of_gaps_too_great() {
        let (mut sequence, _) = heard(&[u64::MAX]);
        assert_eq!(sequence.hear(u64::MAX), InOrder, "there is no next one");
        assert_eq!(sequence.lost(u64::MAX), u64::MAX);
        let odd: Vec<u64> = (0..10_000).map(|n| 2 * n + 1).collect();
        let (mut sequence, _) = heard(&odd);
        assert_eq!(sequence.gaps.len(), MAX_GAPS);
        assert_eq!(sequence.lost(20_000), 10_000);
        for n in 0..=MAX_EXCUSED as u64 {
            sequence.excuse(30_000 + 2 * n..30_001 + 2 * n);
        }
        assert_eq!(sequence.excused.len(), MAX_EXCUSED);
    }

    #[test]
    fn a_range_without_others_is_what_is_in_none_of_them() {
        let all: Vec<Range<u64>> =
            (0..6).flat_map(|start| (start..6).map(move |end| start..end)).collect();
        for others in
            all.iter().flat_map(|one| all.iter().map(|other| [one.clone(), other.clone()]))
        {
            for range in &all {
                let left: Vec<u64> =
                    without(range.clone(), &others).into_iter().flatten().collect();
                let outside = |number: &u64| !others.iter().any(|other| other.contains(number));
                assert!(
                    left.iter().copied().eq(range.clone().filter(outside)),
                    "{range:?} {others:?}"
                );
            }
        }
    }
}
