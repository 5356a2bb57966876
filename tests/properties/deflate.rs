//! Compressed messages (RFC 7692): cut anywhere, broken anywhere, and between
//! two endpoints of our own with any parameters.

use std::time::Instant;

use flate2::{Compress, Compression, FlushCompress};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use wirechat::proto::{Config, Deflate, Event, Limits, MaskingKey, Opcode, WindowBits};

use crate::cases;
use crate::cuts::{ROLES, outcome};
use crate::listener::{endpoint, receive, take_outgoing};
use crate::wire::{self, Frame};

/// Small, so that inflated messages exceed it.
const LIMITS: Limits =
    Limits { max_frame: 400, max_message: 300, max_fragments: 8, max_queued_pongs: 2 };

fn deflate() -> impl Strategy<Value = Deflate> {
    let bits = || (8..=15u8).prop_map(|bits| WindowBits::new(bits).expect("8 to 15"));
    (any::<[bool; 2]>(), bits(), bits(), 0..200usize).prop_map(
        |(no_takeover, server_bits, client_bits, threshold)| Deflate {
            server_no_context_takeover: no_takeover[0],
            client_no_context_takeover: no_takeover[1],
            server_max_window_bits: server_bits,
            client_max_window_bits: client_bits,
            threshold,
        },
    )
}

/// Somebody else who compresses: with any effort, and with last blocks too.
struct Sender(Compress);

impl Sender {
    fn data(&mut self, message: &[u8], ends_stream: bool) -> Vec<u8> {
        let flush = if ends_stream { FlushCompress::Finish } else { FlushCompress::Sync };
        let mut data = Vec::with_capacity(message.len() + 200);
        self.0.compress_vec(message, &mut data, flush).expect("compressible");
        if ends_stream {
            self.0.reset();
            data.push(0x00); // RFC 7692 §7.2.3.4: an empty block behind the last one
        } else {
            let tail = data.len().saturating_sub(4); // RFC 7692 §7.2.1
            data.truncate(tail);
            if data.is_empty() {
                data.push(0x00); // nothing to flush: an empty block, §7.2.3.6
            }
        }
        data
    }
}

/// A message, how it is compressed and how it is cut into frames.
type Message = (Opcode, Vec<u8>, bool, Vec<Index>, MaskingKey);

fn message() -> impl Strategy<Value = Message> {
    let payload = prop_oneof![
        6 => wire::text(400).prop_map(|text| (Opcode::Text, text.into_bytes())),
        2 => wire::binary(400).prop_map(|bytes| (Opcode::Binary, bytes)),
        1 => vec(any::<u8>(), 0..300).prop_map(|bytes| (Opcode::Binary, bytes)),
        // Not always a text.
        1 => vec(prop_oneof![9 => Just(b'a'), 1 => any::<u8>()], 0..300)
            .prop_map(|bytes| (Opcode::Text, bytes)),
    ];
    (payload, any::<bool>(), vec(any::<Index>(), 0..4), any::<MaskingKey>())
        .prop_map(|((opcode, payload), ends, cuts, key)| (opcode, payload, ends, cuts, key))
}

/// The frames of these messages, compressed one after the other.
fn frames(level: u32, messages: &[Message]) -> Vec<Frame> {
    let mut sender = Sender(Compress::new(Compression::new(level), false));
    let mut frames = Vec::new();
    for (opcode, payload, ends_stream, cuts, key) in messages {
        let data = sender.data(payload, *ends_stream);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(data.len() + 1)).collect();
        cuts.extend([0, data.len()]);
        cuts.sort_unstable();
        let last = cuts.len() - 2;
        for (i, border) in cuts.windows(2).enumerate() {
            let opcode = if i == 0 { *opcode } else { Opcode::Continuation };
            let mut frame =
                Frame::new(i == last, opcode, data[border[0]..border[1]].to_vec(), *key);
            frame.first |= if i == 0 { 0x40 } else { 0 }; // RSV1, RFC 7692 §6
            frames.push(frame);
        }
    }
    frames
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn a_compressed_stream_means_the_same_at_every_cut_and_byte_by_byte(
        level in 0..=9u32,
        messages in vec(message(), 1..4),
        broken in proptest::option::weighted(0.4, (any::<Index>(), 1..=u8::MAX)),
    ) {
        for role in ROLES {
            let mut bytes = wire::bytes(&frames(level, &messages), role);
            if let Some((place, change)) = broken {
                *place.get_mut(&mut bytes) ^= change;
            }
            let agreed = Some(Deflate::default());
            let config = Config { limits: LIMITS, deflate: agreed, ..Config::default() };
            let whole = outcome(role, config, &bytes, &[]);
            for cut in 0..=bytes.len() {
                prop_assert_eq!(&outcome(role, config, &bytes, &[cut]), &whole, "cut at {}", cut);
            }
            let everywhere: Vec<usize> = (0..bytes.len()).collect();
            prop_assert_eq!(&outcome(role, config, &bytes, &everywhere), &whole);
        }
    }
    #[test]
    fn what_one_endpoint_compresses_the_other_one_reads_whatever_they_agreed_on(
        agreed in deflate(),
        messages in vec((any::<bool>(), wire::text(3000), any::<Index>()), 1..12),
        idle: bool,
    ) {
        let now = Instant::now();
        let config = Config { deflate: Some(agreed), ..Config::default() };
        let mut ends = ROLES.map(|role| endpoint(role, config, now));
        for (from_server, text, cut) in messages {
            let [from, to] = if from_server { [0, 1] } else { [1, 0] };
            ends[from].send_text(&text).expect("it is open");
            let bytes = take_outgoing(&mut ends[from]);
            let (first, rest) = bytes.split_at(cut.index(bytes.len() + 1));
            let mut events = receive(&mut ends[to], now, first);
            if idle {
                ends.iter_mut().for_each(|end| end.release_memory());
            }
            events.extend(receive(&mut ends[to], now, rest));
            prop_assert_eq!(events, [Event::Text(text.into())]);
        }
    }
}
