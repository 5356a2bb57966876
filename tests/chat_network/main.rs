//! The chat over a network that breaks: the real server, and clients that come back.
//!
//! The network is simulated ([`turmoil`]): segments are late, lost or held back, hosts
//! are cut off and found again, connections end in the middle of a frame, the server
//! stops or crashes and comes back, without a memory or with one on disk. Time is virtual and everything
//! random follows from a seed, which a failure names.
//!
//! What holds, however bad it was, once the network is well again:
//!
//! - a message that was acknowledged reaches everybody, once, and all in one order;
//!   so does a private one the one it is for, while the server lives;
//! - whoever may have missed something was told so.
//!
//! | module | about |
//! |---|---|
//! | `client` | a client that says things, loses its connection and comes back |
//! | `faults` | what happens to the network, and when |
//! | `frail` | a transport that breaks after some bytes |
//! | `record` | what was acknowledged and seen, and what must hold of it |
//! | `story` | a whole simulation |
//!
//! The environment variable `STORIES` sets how many seeds of each kind are tried.
#![cfg(feature = "data")]

mod client;
mod faults;
mod frail;
mod record;
mod story;

use faults::Kind;
use record::Tally;
use story::Story;

/// Tells many stories of one kind. What happened in all of them.
fn tell(quick: u64, story: Story) -> Tally {
    let asked = std::env::var("STORIES").ok().and_then(|count| count.parse().ok());
    let mut sum = Tally::default();
    for seed in 0..asked.unwrap_or(quick) {
        let Tally { breaks, recoveries, gaps, repeats } = story.tell(seed);
        sum.breaks += breaks;
        sum.recoveries += recoveries;
        sum.gaps += gaps;
        sum.repeats += repeats;
    }
    sum
}

/// More messages than are said, so that everything can be recovered.
const ALL: usize = 1_000;

#[test]
fn segments_that_are_late_or_held_back_change_nothing() {
    tell(5, Story { faults: &[Kind::Hold, Kind::Slow], history: ALL, on_disk: false });
}

#[test]
fn whoever_was_cut_off_gets_what_they_missed() {
    let tally =
        tell(5, Story { faults: &[Kind::Partition, Kind::OneWay], history: ALL, on_disk: false });
    assert!(tally.recoveries > 0 && tally.repeats > 0);
}

#[test]
fn lost_segments_cost_connections_and_no_messages() {
    let tally = tell(5, Story { faults: &[Kind::Loss], history: ALL, on_disk: false });
    assert!(tally.recoveries > 0 && tally.repeats > 0);
}

#[test]
fn connections_that_end_in_the_middle_of_a_frame_cost_no_messages() {
    let tally = tell(5, Story { faults: &[Kind::Frail], history: ALL, on_disk: false });
    assert!(tally.recoveries > 0 && tally.repeats > 0);
}

#[test]
fn whoever_is_away_for_longer_than_the_history_lasts_is_told() {
    let tally =
        tell(5, Story { faults: &[Kind::Partition, Kind::Frail], history: 5, on_disk: false });
    assert!(tally.recoveries > 0 && tally.gaps > 0);
}

#[test]
fn a_server_that_comes_back_without_its_memory_says_so() {
    let tally =
        tell(5, Story { faults: &[Kind::Restart, Kind::Crash], history: ALL, on_disk: false });
    assert!(tally.gaps > 0);
}

#[test]
fn a_server_that_keeps_its_memory_on_disk_goes_on_where_it_was() {
    const STOPS: &[Kind] = &[Kind::Restart, Kind::Crash, Kind::Frail];
    let tally = tell(5, Story { faults: STOPS, history: ALL, on_disk: true });
    assert!(tally.recoveries > 0 && tally.repeats > 0);
}

#[test]
fn all_of_it_together() {
    const EVERYTHING: &[Kind] = &[
        Kind::Hold,
        Kind::Slow,
        Kind::Partition,
        Kind::OneWay,
        Kind::Loss,
        Kind::Frail,
        Kind::Restart,
        Kind::Crash,
    ];
    let tally = tell(8, Story { faults: EVERYTHING, history: 20, on_disk: false });
    assert!(tally.recoveries > 0 && tally.gaps > 0 && tally.repeats > 0);
}
