//! Text that is not UTF-8 and Close frames that say what may not be said
//! (RFC 6455 §5.5.1, §7.4, §8.1).

use futures_util::future;
use wirechat::proto::{Message, Role};

use crate::ends::{both_fail, in_memory};
use crate::wire::{CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, begun, close, frame};

const NOT_UTF8: [&[u8]; 7] = [
    b"\xc0\xaf",         // overlong '/'
    b"\xe0\x9f\xbf",     // overlong in three bytes
    b"\xf0\x8f\xbf\xbf", // overlong in four
    b"\xed\xa0\x80",     // a surrogate
    b"\xf4\x90\x80\x80", // above U+10FFFF
    b"\x80",             // a continuation byte that continues nothing
    b"a\xff",
];

// Proves fault-44.
#[tokio::test]
async fn section_8_1_text_that_is_not_utf_8_fails_the_connection() {
    for bad in NOT_UTF8 {
        both_fail(|sender| frame(sender, FIN | TEXT, bad), 1007, "text is not UTF-8").await;
    }
}

// Proves fault-45.
#[tokio::test]
async fn section_8_1_bad_text_fails_the_connection_while_its_frame_is_still_arriving() {
    for bad in NOT_UTF8 {
        both_fail(|sender| begun(sender, FIN | TEXT, 1000, bad), 1007, "text is not UTF-8").await;
    }
}

// Proves fault-45.
#[tokio::test]
async fn section_8_1_bad_text_fails_the_connection_while_its_message_is_still_arriving() {
    for bad in NOT_UTF8 {
        let (start, end) = bad.split_at(bad.len() - 1);
        let wire = |sender| [frame(sender, TEXT, start), frame(sender, CONTINUATION, end)].concat();
        both_fail(wire, 1007, "text is not UTF-8").await;
    }
}

// Proves fault-46.
#[tokio::test]
async fn section_8_1_text_that_ends_inside_a_character_fails_the_connection() {
    for unfinished in ["é", "€", "😀"] {
        for len in 1..unfinished.len() {
            let bad = &unfinished.as_bytes()[..len];
            both_fail(|sender| frame(sender, FIN | TEXT, bad), 1007, "text is not UTF-8").await;
        }
    }
}

// Proves fault-47.
#[tokio::test(start_paused = true)]
async fn section_8_1_good_text_passes_wherever_frames_and_segments_cut_it() {
    const TEXT_OF_ALL_LENGTHS: &str = "a é € 😀 \u{ffff} \u{10ffff}";
    for sender in [Role::Client, Role::Server] {
        let (mut socket, mut peer) = in_memory(sender, 64 << 10);
        for cut in 0..=TEXT_OF_ALL_LENGTHS.len() {
            let (start, end) = TEXT_OF_ALL_LENGTHS.as_bytes().split_at(cut);
            let wire =
                [frame(sender, TEXT, start), frame(sender, FIN | CONTINUATION, end)].concat();
            let segments = async {
                for segment in wire.chunks(cut + 1) {
                    peer.send(segment).await;
                    tokio::task::yield_now().await;
                }
            };
            let (received, ()) = future::join(socket.recv(), segments).await;
            assert_eq!(received.unwrap(), Some(Message::from(TEXT_OF_ALL_LENGTHS)), "{cut}");
        }
    }
}

// Proves fault-50.
#[tokio::test]
async fn section_5_5_1_a_close_of_one_byte_fails_the_connection() {
    both_fail(|sender| frame(sender, FIN | CLOSE, b"\x03"), 1002, "a close payload of one byte")
        .await;
}

// Proves fault-51.
#[tokio::test]
async fn section_7_4_a_close_code_that_may_not_be_sent_fails_the_connection() {
    for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        let reason = format!("close code {code} must not be sent");
        both_fail(|sender| close(sender, code, b""), 1002, &reason).await;
    }
}

// Proves fault-52.
#[tokio::test]
async fn section_5_5_1_a_close_reason_that_is_not_utf_8_fails_the_connection() {
    for bad in NOT_UTF8 {
        both_fail(|sender| close(sender, 1000, bad), 1007, "text is not UTF-8").await;
    }
}

/// CVE-2016-10518: a Pong carried memory that nobody had written.
// Proves fault-53.
#[tokio::test(start_paused = true)]
async fn section_5_5_3_a_ping_of_every_size_is_answered_with_exactly_its_bytes() {
    for sender in [Role::Client, Role::Server] {
        let (mut socket, mut peer) = in_memory(sender, 64 << 10);
        let answers = async {
            for len in 0..=125 {
                let payload: Vec<u8> = (0..len).map(|byte| byte ^ 0xA5).collect();
                peer.send(&frame(sender, FIN | PING, &payload)).await;
                assert_eq!(peer.read_frame().await, (FIN | PONG, payload));
            }
            drop(peer);
        };
        let (received, ()) = future::join(socket.recv(), answers).await;
        assert_eq!(received.unwrap(), None);
    }
}
