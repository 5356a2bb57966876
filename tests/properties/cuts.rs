//! A stream of bytes means the same wherever it is cut: TCP knows no frames
//! (RFC 6455 §5.2), and an attacker chooses the segments.

use std::collections::HashSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use wirechat::proto::{Closure, Config, Limits, ProtocolError, Role};

use crate::cases;
use crate::listener::{Outcome, listen};
use crate::wire::{self, Frame};

pub(crate) const ROLES: [Role; 2] = [Role::Server, Role::Client];

/// Limits so small that short streams exceed every one of them.
fn small() -> Config {
    let limits = Limits { max_frame: 200, max_message: 126, max_fragments: 4, max_queued_pongs: 2 };
    Config { limits, ..Config::default() }
}

/// What comes of `bytes` when they are cut at these places, in this order.
pub(crate) fn outcome(role: Role, config: Config, bytes: &[u8], cuts: &[usize]) -> Outcome {
    let borders: Vec<usize> = [&[0], cuts, &[bytes.len()]].concat();
    let pieces = borders.windows(2).map(|border| &bytes[border[0]..border[1]]);
    listen(role, config, pieces)
}

/// The bytes of these frames, of which the last may not be complete.
fn unfinished(frames: &[Frame], receiver: Role, missing: usize) -> Vec<u8> {
    let mut bytes = wire::bytes(frames, receiver);
    bytes.truncate(bytes.len().saturating_sub(missing));
    bytes
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn a_short_stream_means_the_same_at_every_cut_and_byte_by_byte(
        frames in wire::conversation(130),
        missing in 0..10usize,
    ) {
        for role in ROLES {
            let bytes = unfinished(&frames, role, missing);
            let whole = outcome(role, small(), &bytes, &[]);
            for cut in 0..=bytes.len() {
                prop_assert_eq!(&outcome(role, small(), &bytes, &[cut]), &whole, "cut at {}", cut);
            }
            let everywhere: Vec<usize> = (0..bytes.len()).collect();
            prop_assert_eq!(&outcome(role, small(), &bytes, &everywhere), &whole);
        }
    }

    #[test]
    fn a_very_short_stream_means_the_same_at_every_pair_of_cuts(
        frames in wire::conversation(3),
        missing in 0..10usize,
        start in any::<Index>(),
    ) {
        for role in ROLES {
            let mut bytes = unfinished(&frames, role, missing);
            // Not only its first frames, then.
            bytes.drain(..start.index(bytes.len() + 1) / 2);
            bytes.truncate(40);
            let whole = outcome(role, small(), &bytes, &[]);
            for second in 0..=bytes.len() {
                for first in 0..=second {
                    let cut = outcome(role, small(), &bytes, &[first, second]);
                    prop_assert_eq!(&cut, &whole, "cut at {} and {}", first, second);
                }
            }
        }
    }

    #[test]
    fn a_long_stream_means_the_same_wherever_it_is_cut(
        frames in wire::conversation(0x1_0001),
        missing in 0..10usize,
        cuts in vec(any::<Index>(), 0..12),
    ) {
        let limits = Limits { max_frame: 100_000, max_message: 100_000, ..Limits::default() };
        let large = Config { limits, ..Config::default() };
        for role in ROLES {
            let bytes = unfinished(&frames, role, missing);
            let whole = outcome(role, large, &bytes, &[]);
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.sort_unstable();
            prop_assert_eq!(outcome(role, large, &bytes, &cuts), whole);
        }
    }
}

#[test]
fn the_streams_that_are_tried_break_every_rule_and_keep_them_all() {
    let mut runner = TestRunner::deterministic();
    let mut reached = HashSet::new();
    for _ in 0..4000 {
        let frames = wire::conversation(130).new_tree(&mut runner).unwrap().current();
        for role in ROLES {
            let outcome = outcome(role, small(), &wire::bytes(&frames, role), &[]);
            reached.insert(match outcome.last_closure {
                Some(Closure { error: Some(error), .. }) => error.to_string(),
                closure => format!("clean: {}", closure.is_some_and(|closure| closure.clean)),
            });
        }
    }
    for error in [
        ProtocolError::ReservedBits,
        ProtocolError::ReservedOpcode(0x3),
        ProtocolError::Unmasked,
        ProtocolError::Masked,
        ProtocolError::LengthNotMinimal,
        ProtocolError::LengthTopBit,
        ProtocolError::FragmentedControl,
        ProtocolError::LongControl,
        ProtocolError::UnexpectedContinuation,
        ProtocolError::ExpectedContinuation,
        ProtocolError::Utf8,
        ProtocolError::CloseTooShort,
        ProtocolError::CloseCode(1005),
        ProtocolError::FrameTooBig,
        ProtocolError::MessageTooBig,
        ProtocolError::TooManyFragments,
    ] {
        assert!(reached.contains(&error.to_string()), "no stream in which {error}");
    }
    assert!(reached.contains("clean: true") && reached.contains("clean: false"));
}
