use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use proptest::prelude::*;

use super::*;
use crate::proto::ProtocolError;
use crate::proto::decoder::Role;

const LIMIT: usize = 1 << 20;

fn inflated(inflater: &mut Inflater, data: &[u8]) -> Result<Vec<u8>, ProtocolError> {
    let mut message = Vec::new();
    inflater.push(data, &mut message, LIMIT)?;
    inflater.finish(&mut message, LIMIT)?;
    Ok(message)
}

/// Both directions of one connection end.
fn server(agreed: &Deflate) -> (Compressor, Inflater) {
    (Compressor::new(Role::Server, agreed), Inflater::new(Role::Server, agreed))
}

fn client(agreed: &Deflate) -> (Compressor, Inflater) {
    (Compressor::new(Role::Client, agreed), Inflater::new(Role::Client, agreed))
}

fn everything_compressed() -> Deflate {
    Deflate { threshold: 0, ..Deflate::default() }
}

/// As small as messages that repeat themselves become, and as large as noise is.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    (0..len).map(|_| next()).collect()
}

// Proves 7692-7.2.1-2, 7692-7.2.1-3, 7692-7.2.1-4, 7692-7.2.2-1.
#[test]
fn rfc_7692_7_2_3_the_examples_of_the_rfc_are_hello() {
    for (section, data) in [
        ("7.2.3.1, fixed codes", &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00][..]),
        ("7.2.3.3, a stored block", b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"),
        ("7.2.3.4, a last block", &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]),
        (
            "7.2.3.5, two blocks",
            &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00],
        ),
    ] {
        let (_, mut inflater) = server(&Deflate::default());
        assert_eq!(inflated(&mut inflater, data).as_deref(), Ok(&b"Hello"[..]), "{section}");
    }
}

// Proves 7692-7.2.2-4, 7692-7.2.2-5.
#[test]
fn rfc_7692_7_2_3_2_a_message_may_refer_to_the_one_before() {
    let (_, mut inflater) = server(&Deflate::default());
    let first = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let second = [0xf2, 0x00, 0x11, 0x00, 0x00];
    assert_eq!(inflated(&mut inflater, &first).unwrap(), b"Hello");
    assert_eq!(inflated(&mut inflater, &second).unwrap(), b"Hello");

    let forgets = Deflate { client_no_context_takeover: true, ..Deflate::default() };
    let (_, mut inflater) = server(&forgets);
    assert_eq!(inflated(&mut inflater, &first).unwrap(), b"Hello");
    assert_eq!(inflated(&mut inflater, &second), Err(ProtocolError::Deflate));
}

// Proves 7692-7.2.1-4.
#[test]
fn rfc_7692_7_2_3_4_what_follows_a_last_block_may_refer_to_what_came_before_it() {
    // "abcabcabc" whose second block repeats the first one, which is the last.
    let mut last = Vec::with_capacity(100);
    let mut compress = Compress::new(Compression::default(), false);
    compress.compress_vec(b"Hello", &mut last, FlushCompress::Finish).unwrap();
    let refers_back = [0xf2, 0x00, 0x11, 0x00, 0x00];
    let data = [&last[..], &refers_back].concat();
    let (_, mut inflater) = server(&Deflate::default());
    assert_eq!(inflated(&mut inflater, &data).unwrap(), b"HelloHello");
    // What comes next starts anew, and is no worse for it.
    let (mut compressor, _) = client(&everything_compressed());
    let next = compressor.compress(b"the next message").unwrap();
    assert_eq!(inflated(&mut inflater, &next).unwrap(), b"the next message");
}

// Proves 7692-7.2.1-4.
#[test]
fn rfc_7692_7_2_3_4_a_message_that_stops_at_its_last_block_is_whole() {
    for takeover in [true, false] {
        let agreed = Deflate { client_no_context_takeover: !takeover, ..everything_compressed() };
        let (_, mut inflater) = server(&agreed);
        for _ in 0..3 {
            let last_block = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
            assert_eq!(inflated(&mut inflater, &last_block).unwrap(), b"Hello");
        }
    }
}

// Proves 7692-7.2.2-1.
#[test]
fn rfc_7692_7_2_3_6_an_empty_message_is_one_byte_and_no_byte_is_taken_for_one_too() {
    let (_, mut inflater) = server(&Deflate::default());
    for data in [&b"\x00"[..], b"", b"\x00", b"\x02\x00"] {
        assert_eq!(inflated(&mut inflater, data).unwrap(), b"");
    }
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    assert_eq!(inflated(&mut inflater, &hello).unwrap(), b"Hello");
}

// Proves 7692-7.2.1-1.
#[test]
fn rfc_7692_7_2_1_the_tail_does_not_travel() {
    for agreed in [
        everything_compressed(),
        Deflate { server_no_context_takeover: true, ..everything_compressed() },
    ] {
        let (mut compressor, _) = server(&agreed);
        let data = compressor.compress(&b"abc".repeat(100)).unwrap();
        assert!(!data.ends_with(&TAIL));
        let mut message = Vec::with_capacity(1000);
        let whole = [&data[..], &TAIL].concat();
        let mut inflate = Decompress::new(false);
        inflate.decompress_vec(&whole, &mut message, FlushDecompress::Sync).unwrap();
        assert_eq!(message, b"abc".repeat(100), "it ends at a byte's border with the tail");
    }
}

// Proves 7692-7.2.1-2, 7692-7.2.1-3.
#[test]
fn messages_of_every_size_arrive_in_both_directions_however_much_they_shrink() {
    for (server_forgets, client_forgets) in [(false, false), (true, false), (false, true)] {
        let agreed = Deflate {
            server_no_context_takeover: server_forgets,
            client_no_context_takeover: client_forgets,
            ..everything_compressed()
        };
        let (mut server, mut client) = (server(&agreed), client(&agreed));
        for len in [1, 2, 63, 64, 65, 1000, 65_535, 65_536, 300_000] {
            for message in [vec![b'a'; len], noise(len), noise(len / 2).repeat(2)] {
                for (from, to) in [(&mut server.0, &mut client.1), (&mut client.0, &mut server.1)] {
                    if let Some(data) = from.compress(&message) {
                        assert!(inflated(to, &data).as_ref() == Ok(&message), "{len}");
                    }
                }
            }
        }
    }
}

// Proves 7692-6.1-2.
#[test]
fn a_message_below_the_threshold_is_sent_as_it_is() {
    let agreed = Deflate { threshold: 10, ..Deflate::default() };
    let (mut compressor, _) = server(&agreed);
    assert_eq!(compressor.compress(&[b'a'; 9]), None);
    assert!(compressor.compress(&[b'a'; 10]).is_some());
    let (mut compressor, _) = server(&everything_compressed());
    assert_eq!(compressor.compress(b""), None);
}

#[test]
fn without_takeover_a_message_that_does_not_shrink_is_sent_as_it_is() {
    let forgets = Deflate { server_no_context_takeover: true, ..everything_compressed() };
    assert_eq!(server(&forgets).0.compress(&noise(1000)), None);
    // With it the peer's window has to learn of the message.
    assert!(server(&everything_compressed()).0.compress(&noise(1000)).is_some());
}

// Proves 7692-7.1.1.1-2, 7692-7.2.1-10, 7692-7.2.1-11.
#[test]
fn rfc_7692_7_1_1_with_takeover_a_repeated_message_shrinks_and_without_it_does_not() {
    let message = noise(500);
    let repeated = |agreed: &Deflate| {
        let (mut compressor, _) = server(agreed);
        compressor.compress(&message);
        compressor.compress(&message).map(|data| data.len())
    };
    assert!(repeated(&everything_compressed()).unwrap() < 50);
    let forgets = Deflate { server_no_context_takeover: true, ..everything_compressed() };
    assert_eq!(repeated(&forgets), None);
}

/// Noise that repeats itself shrinks only by looking back as far as it repeats:
/// so this sees every distance that the data refers to. (zlib has no window of
/// 2^8 bytes; see [`WindowBits::for_zlib`].)
// Proves 7692-7.2.1-7, 7692-7.2.1-13.
#[test]
fn rfc_7692_7_1_2_nothing_refers_back_further_than_the_window() {
    for bits in 8..=15 {
        let window = 1 << bits;
        let shrinks = |distance: usize| {
            let window = WindowBits::new(bits).unwrap();
            let agreed = Deflate { server_max_window_bits: window, ..everything_compressed() };
            let message = noise(distance).repeat(4);
            let data = server(&agreed).0.compress(&message).unwrap();
            data.len() < message.len() * 9 / 10
        };
        assert!(shrinks(window * 2 / 5), "{bits} bits are used");
        for beyond in [1, 2, 10, 100, window / 2, window] {
            assert!(!shrinks(window + beyond), "{bits} bits, {beyond} too far back");
        }
    }
}

// Proves 7692-7.1.1.2-3, 7692-7.2.1-8, 7692-7.2.1-9, 7692-7.2.1-10, 7692-7.2.1-12, 7692-7.2.1-13,
// Proves 7692-7.2.2-2, 7692-7.2.2-3, 7692-7.2.2-5, 7692-7.2.2-8.
#[test]
fn rfc_7692_7_1_each_parameter_is_about_the_side_that_it_names() {
    let small = WindowBits::MIN;
    let all = everything_compressed();
    let (server, client) = (Role::Server, Role::Client);
    for (bound, free, narrow, forgets) in [
        (
            server,
            client,
            Deflate { server_max_window_bits: small, ..all },
            Deflate { server_no_context_takeover: true, ..all },
        ),
        (
            client,
            server,
            Deflate { client_max_window_bits: small, ..all },
            Deflate { client_no_context_takeover: true, ..all },
        ),
    ] {
        // Only who looks back 10,000 bytes sees that this is the same twice.
        let message = noise(10_000).repeat(2);
        let size = |role| Compressor::new(role, &narrow).compress(&message).unwrap().len();
        assert!(size(bound) >= 20_000 && size(free) < 15_000);

        let repeated = |role| {
            let mut compressor = Compressor::new(role, &forgets);
            compressor.compress(&message[..500]);
            compressor.compress(&message[..500]).map(|data| data.len())
        };
        assert_eq!(repeated(bound), None);
        assert!(repeated(free).unwrap() < 50);

        let read_twice = |role| {
            let mut inflater = Inflater::new(role, &forgets);
            inflated(&mut inflater, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]).unwrap();
            inflated(&mut inflater, &[0xf2, 0x00, 0x11, 0x00, 0x00])
        };
        // What one side compresses, the other one inflates.
        assert_eq!(read_twice(free), Err(ProtocolError::Deflate));
        assert_eq!(read_twice(bound).unwrap(), b"Hello");
    }
}

// Proves 7692-7.2.2-6, 7692-7.2.2-7.
#[test]
fn rfc_7692_7_2_2_a_message_may_refer_back_by_the_whole_window() {
    let message = noise(32_768);
    let stored = [&b"\x00\x00\x80\xff\x7f"[..], &message, b"\x00"].concat();
    // With fixed codes: three bytes from 32,768 bytes back, and the end.
    let refers_back = [0x02, 0xde, 0xff, 0x0f, 0x00];
    for (_, mut inflater) in [server(&Deflate::default()), client(&Deflate::default())] {
        assert_eq!(inflated(&mut inflater, &stored).as_ref(), Ok(&message));
        assert_eq!(inflated(&mut inflater, &refers_back).unwrap(), message[..3]);
    }
}

#[test]
fn what_has_arrived_is_inflated_at_once_and_not_with_the_bytes_behind_it() {
    for len in 1..1500 {
        for expected in [vec![b'a'; len], noise(len)] {
            let (mut compressor, _) = client(&everything_compressed());
            let data = compressor.compress(&expected).unwrap();
            let (_, mut inflater) = server(&Deflate::default());
            let mut message = Vec::new();
            inflater.push(&data, &mut message, LIMIT).unwrap();
            assert!(message == expected, "{len}");
        }
    }
}

#[test]
fn data_that_does_not_inflate_is_refused() {
    for data in [
        &b"\x07"[..],                 // a block of the reserved type
        b"\x00\x05\x00\x00\x00Hello", // a stored block whose length is not confirmed
        b"\xf2\x00\x11\x00\x00",      // refers back to before the beginning
        b"\xff\xff\xff\xff",
    ] {
        let (_, mut inflater) = server(&Deflate::default());
        assert_eq!(inflated(&mut inflater, data), Err(ProtocolError::Deflate), "{data:x?}");
    }
}

/// CVE-2018-1000518, CVE-2026-1526: what was small on the wire filled the memory.
// Proves 6455-10.4-1.
#[test]
fn a_bomb_costs_no_more_than_the_limit() {
    let mut bomb = Vec::with_capacity(1 << 20);
    let mut compress = Compress::new(Compression::best(), false);
    let zeroes = vec![0; 1 << 20];
    for _ in 0..64 {
        bomb.reserve(1 << 16);
        compress.compress_vec(&zeroes, &mut bomb, FlushCompress::Sync).unwrap();
    }
    let (_, mut inflater) = server(&Deflate::default());
    let mut message = Vec::new();
    let refused = inflater.push(&bomb, &mut message, 10_000);
    assert_eq!(refused, Err(ProtocolError::MessageTooBig));
    assert!(message.capacity() <= 10_001, "{}", message.capacity());
}

#[test]
fn a_message_may_inflate_to_the_limit_and_to_no_byte_more() {
    for (len, limit, fits) in [(1000, 1000, true), (1001, 1000, false), (0, 0, true), (1, 0, false)]
    {
        let (mut compressor, _) = client(&everything_compressed());
        let data = compressor.compress(&vec![b'a'; len]).unwrap_or(b"\x00".to_vec());
        let (_, mut inflater) = server(&Deflate::default());
        let mut message = Vec::new();
        let whole = inflater
            .push(&data, &mut message, limit)
            .and_then(|()| inflater.finish(&mut message, limit));
        assert_eq!(whole, if fits { Ok(()) } else { Err(ProtocolError::MessageTooBig) });
    }
}

// Proves 7692-7.2.2-2.
#[test]
fn a_context_without_takeover_can_be_given_back_between_messages() {
    let agreed = Deflate {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        ..everything_compressed()
    };
    let (mut compressor, mut inflater) = (server(&agreed).0, client(&agreed).1);
    for _ in 0..3 {
        let data = compressor.compress(&[b'a'; 1000]).unwrap();
        assert_eq!(inflated(&mut inflater, &data).unwrap(), [b'a'; 1000]);
        compressor.release();
        inflater.release();
    }
}

// Proves 7692-7.2.1-9, 7692-7.2.1-11.
#[test]
fn a_context_that_is_taken_over_is_kept() {
    let agreed = everything_compressed();
    let (mut compressor, mut inflater) = (server(&agreed).0, client(&agreed).1);
    let message = noise(500);
    for round in 0..3 {
        let data = compressor.compress(&message).unwrap();
        assert!(round == 0 || data.len() < 50);
        assert_eq!(inflated(&mut inflater, &data).unwrap(), message);
        compressor.release();
        inflater.release();
    }
}

proptest! {
    // Proves 7692-7.2.2-1.
    #[test]
    fn where_the_data_is_cut_makes_no_difference(
        messages in prop::collection::vec(prop::collection::vec(0..4_u8, 0..400), 1..5),
        cuts in prop::collection::vec(1_usize..50, 1..10),
        takeover: bool,
    ) {
        let agreed =
            Deflate { client_no_context_takeover: !takeover, ..everything_compressed() };
        let (mut compressor, _) = client(&agreed);
        let (_, mut inflater) = server(&agreed);
        for expected in messages {
            let Some(data) = compressor.compress(&expected) else { continue };
            let mut message = Vec::new();
            let mut rest = &data[..];
            for cut in cuts.iter().cycle() {
                let (piece, behind) = rest.split_at_checked(*cut).unwrap_or((rest, &[]));
                inflater.push(piece, &mut message, LIMIT).unwrap();
                rest = behind;
                if rest.is_empty() {
                    break;
                }
            }
            inflater.finish(&mut message, LIMIT).unwrap();
            prop_assert_eq!(message, expected);
        }
    }

    #[test]
    fn any_bytes_inflate_or_are_refused_within_the_limit(
        data in prop::collection::vec(any::<u8>(), 0..300),
        limit in 0..500_usize,
    ) {
        let (_, mut inflater) = server(&Deflate::default());
        let mut message = Vec::new();
        let _ = inflater
            .push(&data, &mut message, limit)
            .and_then(|()| inflater.finish(&mut message, limit));
        prop_assert!(message.len() <= limit + 1);
        prop_assert!(message.capacity() <= limit + 1);
    }
}
