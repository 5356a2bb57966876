//! Frames that break a rule of RFC 6455 §5: both our ends answer with a Close
//! that says which, and end TCP.

use wirechat::proto::Role;

use crate::ends::{both_fail, client_fails, server_fails};
use crate::wire::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, frame, head, text};

// Proves fault-32.
#[tokio::test]
async fn section_5_1_a_client_that_does_not_mask_is_failed() {
    for (opcode, payload) in [(TEXT, &b"hi"[..]), (PING, b""), (CLOSE, b"\x03\xe8")] {
        let unmasked = frame(Role::Server, FIN | opcode, payload);
        server_fails(&unmasked, 1002, "a client's frames must be masked").await;
    }
}

// Proves fault-33.
#[tokio::test]
async fn section_5_1_a_server_that_masks_is_failed() {
    for (opcode, payload) in [(TEXT, &b"hi"[..]), (PING, b""), (CLOSE, b"\x03\xe8")] {
        let masked = frame(Role::Client, FIN | opcode, payload);
        client_fails(&masked, 1002, "a server's frames must not be masked").await;
    }
}

// Proves fault-34.
#[tokio::test]
async fn section_5_2_reserved_bits_fail_the_connection() {
    for rsv in 1..8 {
        for opcode in [TEXT, PING, CLOSE] {
            let first = FIN | rsv << 4 | opcode;
            both_fail(|sender| frame(sender, first, b""), 1002, "reserved bits are set").await;
        }
    }
}

// Proves fault-36.
#[tokio::test]
async fn section_5_2_reserved_opcodes_fail_the_connection() {
    for opcode in [0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF] {
        let reason = format!("opcode {opcode:#x} is reserved");
        both_fail(|sender| frame(sender, FIN | opcode, b""), 1002, &reason).await;
    }
}

// Proves fault-37.
#[tokio::test]
async fn section_5_2_a_length_that_is_not_in_its_shortest_form_fails_the_connection() {
    for (width, len) in [(2, 5), (2, 125), (8, 5), (8, 126), (8, 65_535)] {
        let wire = |sender| [head(sender, FIN | TEXT, width, len), vec![b'x'; 5]].concat();
        both_fail(wire, 1002, "the length is not in its shortest form").await;
    }
}

/// CVE-2020-27813, CVE-2020-13935, CVE-2026-1528: lengths that became negative,
/// or small when something was added to them.
// Proves fault-38.
#[tokio::test]
async fn section_5_2_a_length_of_2_63_or_more_fails_the_connection() {
    const REASON: &str = "the top bit of a 64-bit length must be 0";
    for len in [1 << 63, u64::MAX, u64::MAX - 13] {
        both_fail(|sender| head(sender, FIN | TEXT, 8, len), 1002, REASON).await;
        let continuation =
            |sender| [frame(sender, TEXT, b"a"), head(sender, FIN | CONTINUATION, 8, len)].concat();
        both_fail(continuation, 1002, REASON).await;
    }
}

// Proves fault-39.
#[tokio::test]
async fn section_5_5_a_fragmented_control_frame_fails_the_connection() {
    for opcode in [CLOSE, PING, PONG] {
        let wire = |sender| frame(sender, opcode, b"");
        both_fail(wire, 1002, "a control frame must not be fragmented").await;
    }
}

// Proves fault-40.
#[tokio::test]
async fn section_5_5_a_control_frame_above_125_bytes_fails_the_connection() {
    for opcode in [CLOSE, PING, PONG] {
        let wire = |sender| frame(sender, FIN | opcode, &[b'x'; 126]);
        both_fail(wire, 1002, "a control frame is longer than 125 bytes").await;
    }
}

// Proves fault-41.
#[tokio::test]
async fn section_5_4_a_continuation_of_nothing_fails_the_connection() {
    for first in [CONTINUATION, FIN | CONTINUATION] {
        both_fail(|sender| frame(sender, first, b"a"), 1002, "a continuation of no message").await;
    }
}

// Proves fault-42.
#[tokio::test]
async fn section_5_4_a_message_inside_a_message_fails_the_connection() {
    for opcode in [TEXT, BINARY] {
        let wire = |sender| [frame(sender, TEXT, b"a"), frame(sender, FIN | opcode, b"b")].concat();
        both_fail(wire, 1002, "the last message has not ended").await;
    }
}

/// The frame boundary is lost for good: what follows must not be taken for frames.
// Proves fault-43.
#[tokio::test]
async fn section_7_1_7_what_comes_behind_a_broken_rule_is_thrown_away() {
    let wire = |sender| [head(sender, FIN | TEXT, 2, 5), text(sender, "hello")].concat();
    both_fail(wire, 1002, "the length is not in its shortest form").await;
}
