//! More than an end takes: frames, messages and fragments above the limits of
//! [`Limits`](wirechat::proto::Limits) (RFC 6455 §10.4).

use crate::ends::both_fail;
use crate::wire::{BINARY, CONTINUATION, FIN, TEXT, frame, head};

const MAX: usize = 64 << 10;

// Proves fault-54.
#[tokio::test]
async fn section_10_4_a_frame_above_the_limit_fails_the_connection_by_its_head_alone() {
    for len in [MAX as u64 + 1, 32 << 20, 1 << 32, (1 << 63) - 1] {
        let whole = |sender| head(sender, FIN | BINARY, 8, len);
        both_fail(whole, 1009, "the frame is too big").await;
        let continuation =
            |sender| [frame(sender, TEXT, b"a"), head(sender, FIN | CONTINUATION, 8, len)].concat();
        both_fail(continuation, 1009, "the frame is too big").await;
    }
}

/// CVE-2016-10542: 32 MiB were taken where nobody had asked for a limit.
// Proves fault-56.
#[tokio::test]
async fn section_10_4_a_message_above_the_limit_fails_the_connection_by_the_head_that_exceeds_it() {
    let wire =
        |sender| [frame(sender, BINARY, &[0; MAX]), head(sender, CONTINUATION, 0, 1)].concat();
    both_fail(wire, 1009, "the message is too big").await;
}

// Proves fault-56.
#[tokio::test]
async fn section_10_4_a_message_that_never_ends_is_cut_off_at_the_limit() {
    let endless = |sender| {
        let fragments = frame(sender, CONTINUATION, &[0; 10_000]).repeat(7);
        [frame(sender, BINARY, b""), fragments].concat()
    };
    both_fail(endless, 1009, "the message is too big").await;
}

/// CVE-2026-48779: what a fragment cost was more than its payload.
// Proves fault-57.
#[tokio::test]
async fn section_10_4_a_message_in_100_000_fragments_fails_the_connection_at_the_1025th() {
    for payload in [&b"x"[..], b""] {
        for count in [1_025, 100_000] {
            let wire = |sender| {
                let fragments = frame(sender, CONTINUATION, payload).repeat(count - 1);
                [frame(sender, BINARY, payload), fragments].concat()
            };
            both_fail(wire, 1008, "the message has too many fragments").await;
        }
    }
}
