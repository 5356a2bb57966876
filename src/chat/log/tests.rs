use proptest::prelude::*;

use super::*;
use crate::chat::time::Unit;

const V1: Encoding = Encoding::V1;
const MILLIS: Encoding = Encoding::PlainMillis;
const SECONDS: Encoding = Encoding::PlainSeconds;

/// Appends message `number` in every encoding in use: its number, its encoding,
/// and padding. By then, the one before is no longer young.
fn append(log: &mut Log, number: usize, padding: usize) {
    append_at(log, number, padding, Timestamp::from_millis(number as i64 * GRACE));
}

fn append_at(log: &mut Log, number: usize, padding: usize, now: Timestamp) {
    let message = Encoding::ALL.map(|encoding| {
        log.uses(encoding).then(|| format!("{number} {encoding:?} {}", "x".repeat(padding)))
    });
    log.append(&message, now);
}

/// What only some clients understand.
const TYPING: &str = "typing";

fn append_typing(log: &mut Log) {
    let message = Encoding::ALL
        .map(|encoding| (encoding.is_full() && log.uses(encoding)).then(|| TYPING.to_owned()));
    log.append(&message, log.now);
}

/// The payloads of whole text frames.
pub(crate) fn payloads(mut frames: &[u8]) -> Vec<String> {
    let mut payloads = Vec::new();
    while let [0x81, rest @ ..] = frames {
        let (length, rest) = match rest {
            [127, rest @ ..] => (u64::from_be_bytes(rest[..8].try_into().unwrap()), &rest[8..]),
            [126, high, low, rest @ ..] => (u64::from(u16::from_be_bytes([*high, *low])), rest),
            [length, rest @ ..] => (u64::from(*length), rest),
            [] => panic!("a frame without a length"),
        };
        let (payload, rest) = rest.split_at(usize::try_from(length).unwrap());
        payloads.push(String::from_utf8(payload.to_vec()).unwrap());
        frames = rest;
    }
    assert!(frames.is_empty(), "bytes that are no frame");
    payloads
}

/// A reader as the model sees it: it must find `expected` next.
struct Reader {
    cursor: Cursor,
    encoding: Encoding,
    expected: usize,
    dialect: Dialect,
}

impl Reader {
    fn enter(log: &mut Log, encoding: Encoding, expected: usize) -> Reader {
        let dialect = Dialect::of(encoding);
        Reader { cursor: log.enter(dialect), encoding, expected, dialect }
    }

    /// Reads once. Returns whether there is more, or `None` for a lag.
    fn read(&mut self, log: &mut Log) -> Option<bool> {
        match log.read(self.cursor, self.encoding) {
            Read::Lagged => None,
            Read::Nothing { next } => {
                self.cursor = next;
                Some(false)
            }
            Read::Frames { frames, next, more } => {
                let payloads = payloads(&frames);
                assert!(!payloads.is_empty());
                for payload in payloads {
                    if payload == TYPING {
                        assert!(self.encoding.is_full());
                        continue;
                    }
                    // Before it learned its dialect, it was written to in the plain one.
                    let may_be = [self.encoding, self.encoding.plain()]
                        .map(|encoding| format!("{} {encoding:?} ", self.expected));
                    assert!(
                        may_be.iter().any(|expected| payload.starts_with(expected)),
                        "{payload:?} is none of {may_be:?}"
                    );
                    self.expected += 1;
                }
                self.cursor = next;
                Some(more)
            }
        }
    }

    fn switch_unit(&mut self) {
        let other = if self.encoding.unit() == Unit::Millis { Unit::Seconds } else { Unit::Millis };
        if self.dialect != Dialect::V1 {
            self.encoding = self.encoding.with_unit(other);
        }
    }

    /// A plain reader shows that it understands more than messages.
    fn learn(&mut self, log: &mut Log) {
        if !self.encoding.is_full() {
            log.change(Dialect::Plain, Dialect::Knowing);
            self.encoding = V1.with_unit(self.encoding.unit());
            self.dialect = Dialect::Knowing;
        }
    }

    fn leave(self, log: &mut Log) {
        log.leave(self.cursor, self.dialect);
    }

    /// Reads to the end, which is behind message `count`.
    fn drain(&mut self, log: &mut Log, count: usize) {
        while self.read(log).expect("did not lag") {}
        assert_eq!(self.expected, count);
        assert_eq!(log.read(self.cursor, self.encoding), Read::Nothing { next: self.cursor });
    }
}

#[test]
fn what_was_appended_before_a_read_is_one_batch_and_all_readers_share_its_bytes() {
    let mut log = Log::new(1 << 20);
    let (a, b) = (log.enter(Dialect::V1), log.enter(Dialect::V1));
    for number in 0..3 {
        append(&mut log, number, 10);
    }
    let Read::Frames { frames: read_by_a, next, .. } = log.read(a, V1) else { panic!("nothing") };
    let Read::Frames { frames: read_by_b, .. } = log.read(b, V1) else { panic!("nothing") };
    assert_eq!(payloads(&read_by_a).len(), 3);
    assert_eq!(read_by_a.as_ptr(), read_by_b.as_ptr());
    assert_eq!(log.read(next, V1), Read::Nothing { next });
}

#[test]
fn an_encoding_that_nobody_reads_is_not_kept() {
    let mut log = Log::new(1 << 20);
    let mut v1 = Reader::enter(&mut log, V1, 0);
    append(&mut log, 0, 10);
    assert!(log.uses(V1) && !log.uses(MILLIS) && !log.uses(SECONDS));
    assert_eq!(log.tails.each_ref().map(|tail| tail.capacity() > 0), [true, false, false, false]);
    // The newcomer starts behind what was not written for it.
    let mut plain = Reader::enter(&mut log, SECONDS, 1);
    append(&mut log, 1, 10);
    plain.drain(&mut log, 2);
    v1.drain(&mut log, 2);
    plain.leave(&mut log);
    assert!(!log.uses(SECONDS));
}

#[test]
fn a_reader_that_fell_off_has_lagged_and_stays_so() {
    let mut log = Log::new(4 << 10);
    let cursor = log.enter(Dialect::V1);
    let mut quick = Reader::enter(&mut log, V1, 0);
    for number in 0..100 {
        append(&mut log, number, 100);
        quick.drain(&mut log, number + 1);
    }
    assert_eq!(log.read(cursor, V1), Read::Lagged);
    assert_eq!(log.read(cursor, V1), Read::Lagged);
}

#[test]
fn a_burst_makes_nobody_lag_who_reads_within_the_grace() {
    let mut log = Log::new(4 << 10);
    let burst = |log: &mut Log, numbers: std::ops::Range<usize>, at: i64| {
        for number in numbers {
            append_at(log, number, 100, Timestamp::from_millis(at));
            log.seal();
        }
    };
    let mut reader = Reader::enter(&mut log, V1, 0);
    assert!(!log.is_far_behind(reader.cursor));
    burst(&mut log, 0..100, 0);
    assert!(log.held > 4 << 10);
    assert!(log.is_far_behind(reader.cursor));
    reader.drain(&mut log, 100);
    assert!(!log.is_far_behind(reader.cursor));

    // When it is no longer young, it goes.
    burst(&mut log, 100..101, GRACE);
    assert!(log.held <= 4 << 10);

    // Not even a burst may take more than so much.
    let cursor = log.enter(Dialect::V1);
    burst(&mut log, 101..1000, GRACE);
    assert!(log.held_in_all <= MOST_YOUNG * (4 << 10));
    assert_eq!(log.read(cursor, V1), Read::Lagged);
    assert!(log.is_far_behind(cursor));
}

#[test]
fn what_everybody_has_read_is_forgotten_and_then_a_log_rests_without_memory() {
    let mut log = Log::new(1 << 20);
    let mut quick = Reader::enter(&mut log, V1, 0);
    let mut slow = Reader::enter(&mut log, V1, 0);
    for number in 0..10 {
        append(&mut log, number, 100);
        quick.drain(&mut log, number + 1);
    }
    assert_eq!(log.batches.len(), 10);
    slow.read(&mut log);
    assert_eq!(log.batches.len(), 9);
    let gone = Reader { expected: slow.expected, ..Reader::enter(&mut log, V1, 10) };
    slow.leave(&mut log);
    assert_eq!(log.batches.len(), 0);
    append(&mut log, 10, 100);
    gone.leave(&mut log);
    log.rest();
    assert!(!owns_nothing(&log));
    quick.drain(&mut log, 11);
    log.rest();
    assert!(owns_nothing(&log));
}

/// Whether nothing is held and no memory kept for what will be.
fn owns_nothing(log: &Log) -> bool {
    let kept = log.batches.capacity() + log.tails.iter().map(BytesMut::capacity).sum::<usize>();
    kept + log.held + log.held_in_all == 0
}

#[test]
fn a_room_that_was_busy_begins_with_a_longer_segment_and_a_quiet_one_with_a_short_one() {
    let mut log = Log::new(1 << 20);
    let mut reader = Reader::enter(&mut log, V1, 0);
    let mut count = 0;
    for (messages, segment) in [(200, 1 << 10), (1, 32 << 10), (1, 1 << 10)] {
        append(&mut log, count, 100);
        assert!((segment..=2 * segment).contains(&log.tails[0].capacity()));
        for number in count + 1..count + messages {
            append(&mut log, number, 100);
        }
        count += messages;
        reader.drain(&mut log, count);
        log.rest();
    }
}

#[test]
fn one_message_bigger_than_the_whole_log_is_still_delivered() {
    let mut log = Log::new(16);
    let mut reader = Reader::enter(&mut log, V1, 0);
    for number in 0..3 {
        append(&mut log, number, 100_000);
        reader.drain(&mut log, number + 1);
    }
}

#[test]
fn memory_follows_what_is_said_and_is_bounded() {
    let mut log = Log::new(256 << 10);
    let mut reader = Reader::enter(&mut log, V1, 0);
    append(&mut log, 0, 50);
    assert!(log.tails[0].capacity() <= 1 << 10);
    for number in 1..20_000 {
        append(&mut log, number, 50);
        if number % 7 == 0 {
            reader.drain(&mut log, number + 1);
        }
        let held: usize = log.batches.iter().map(Batch::size).sum();
        assert_eq!(held, log.held);
        assert!(held <= 256 << 10);
        assert!(log.tails[0].capacity() <= 64 << 10);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Append { padding: usize },
    Read { reader: usize },
    Drain { reader: usize },
    Enter { encoding: Encoding },
    Leave { reader: usize },
    SwitchUnit { reader: usize },
    Learn { reader: usize },
    AppendTyping,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0usize..400).prop_map(|padding| Step::Append { padding }),
        4 => (0usize..9).prop_map(|reader| Step::Read { reader }),
        1 => (0usize..9).prop_map(|reader| Step::Drain { reader }),
        1 => (0usize..3).prop_map(|encoding| Step::Enter { encoding: [V1, MILLIS, SECONDS][encoding] }),
        1 => (0usize..9).prop_map(|reader| Step::Leave { reader }),
        1 => (0usize..9).prop_map(|reader| Step::SwitchUnit { reader }),
        1 => (0usize..9).prop_map(|reader| Step::Learn { reader }),
        2 => Just(Step::AppendTyping),
    ];
    proptest::collection::vec(step, 1..300)
}

proptest! {
    /// The model: every reader sees each message from its entry on, once, in
    /// order and in the encoding it has then, or is told that it lagged.
    #[test]
    fn a_reader_sees_exactly_what_was_appended_or_is_told_that_it_lagged(
        steps in steps(),
        capacity in prop_oneof![Just(2usize << 10), Just(16usize << 10), Just(1usize << 20)],
    ) {
        let mut log = Log::new(capacity);
        let mut readers: Vec<Reader> = Vec::new();
        let mut count = 0;
        for step in steps {
            match step {
                Step::Append { padding } => {
                    append(&mut log, count, padding);
                    // With nobody there, nothing is kept and nobody misses it.
                    count += 1;
                }
                Step::Enter { encoding } => {
                    readers.push(Reader::enter(&mut log, encoding, count));
                }
                Step::Leave { reader } if reader < readers.len() => {
                    readers.swap_remove(reader).leave(&mut log);
                }
                Step::SwitchUnit { reader } if reader < readers.len() => {
                    let reader = &mut readers[reader];
                    reader.switch_unit();
                }
                Step::Learn { reader } if reader < readers.len() => {
                    readers[reader].learn(&mut log);
                }
                Step::AppendTyping => append_typing(&mut log),
                Step::Read { reader } if reader < readers.len() => {
                    let lagged = readers[reader].read(&mut log).is_none();
                    if lagged {
                        readers.swap_remove(reader).leave(&mut log);
                    }
                }
                Step::Drain { reader } if reader < readers.len() => {
                    let lagged = readers[reader].cursor.0 < log.first;
                    if !lagged {
                        readers[reader].drain(&mut log, count);
                    }
                }
                _ => {}
            }
            prop_assert!(log.held <= capacity.max(1024));
            let (here, lagged): (Vec<_>, Vec<_>) =
                readers.iter().partition(|reader| reader.cursor.0 >= log.first);
            let counted = log.caught_up + log.batches.iter().map(|batch| batch.readers).sum::<u32>();
            prop_assert_eq!(here.len(), counted as usize);
            // What is kept is for somebody.
            let slowest = here.iter().map(|reader| reader.cursor.0).min();
            prop_assert!(slowest == Some(log.first) || log.batches.is_empty() || !lagged.is_empty());
        }
        // Only a log that is full may make anybody lag.
        if capacity == 1 << 20 {
            for reader in &mut readers {
                reader.drain(&mut log, count);
            }
        }
    }
}
