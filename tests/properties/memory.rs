//! What an endpoint holds for its peer while messages arrive, counted by the
//! allocator (RFC 6455 §10.4).

use std::time::{Duration, Instant};

use allocation_counter::measure;
use proptest::collection::vec;
use proptest::prelude::*;
use wirechat::proto::{Config, Connection, FrameHeader, Limits, Opcode, Role, encode_frame};

use crate::cases;
use crate::cuts::ROLES;
use crate::listener::endpoint;

const MAX_MESSAGE: usize = 1 << 20;

/// What is held beside the payload: a step of the buffer's growth, and the boxes.
const CONSTANT: i64 = MAX_MESSAGE as i64 / 16 + 1024;

fn config() -> Config {
    let limits = Limits {
        max_message: MAX_MESSAGE,
        max_frame: u64::MAX,
        max_fragments: u32::MAX,
        ..Limits::default()
    };
    Config { limits, ..Config::default() }
}

/// Counts what a connection holds.
struct Scale {
    connection: Connection,
    now: Instant,
    received: i64,
    held: i64,
}

impl Scale {
    fn new(role: Role, config: Config) -> Scale {
        let now = Instant::now();
        Scale { connection: endpoint(role, config, now), now, received: 0, held: 0 }
    }

    /// Receives a piece and drops what comes of it. Between calls no more is held
    /// than what was received and the constant, and while a buffer is moved to a
    /// larger place, both of them.
    fn receive(&mut self, piece: &[u8]) {
        let mut piece = piece.to_vec();
        let counted = measure(|| {
            let mut input = &mut piece[..];
            while self.connection.receive(self.now, &mut input).is_some() {}
        });
        let peak = self.held + i64::try_from(counted.bytes_max).expect("no such memory");
        self.received += i64::try_from(piece.len()).expect("no such memory");
        self.held += counted.bytes_current;
        let bound = self.received + CONSTANT;
        assert!(self.held <= bound, "{} held for {}", self.held, self.received);
        assert!(peak <= 2 * bound, "{peak} at most for {}", self.received);
    }
}

/// A frame of which the head declares that much, masked with zeroes for a server.
fn begun(role: Role, first: u8, declared: u64) -> Vec<u8> {
    let mask = if role == Role::Server { 0x80 } else { 0 };
    let head = [&[first, mask | 127], &declared.to_be_bytes()[..]].concat();
    if mask == 0 { head } else { [&head[..], &[0; 4]].concat() }
}

fn fragment(role: Role, fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut frame = bytes::BytesMut::new();
    encode_frame(&mut frame, fin, opcode, (role == Role::Server).then_some([0; 4]), payload);
    frame.to_vec()
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn section_10_4_no_more_is_held_than_arrived_and_a_constant(
        fragments in vec((0..20_000_usize, 1..3000_usize), 1..40),
    ) {
        for role in ROLES {
            let mut scale = Scale::new(role, config());
            let mut opcode = Opcode::Binary;
            for (len, piece) in &fragments {
                let frame = fragment(role, false, opcode, &vec![7; *len]);
                frame.chunks(*piece).for_each(|piece| scale.receive(piece));
                opcode = Opcode::Continuation;
            }
        }
    }

    #[test]
    fn section_10_4_a_length_that_was_only_declared_costs_nothing(
        declared in 65_536..=MAX_MESSAGE as u64,
        arrived in 0..5000_usize,
    ) {
        for role in ROLES {
            let mut scale = Scale::new(role, config());
            scale.receive(&begun(role, 0x82, declared));
            scale.receive(&vec![7; arrived]);
            prop_assert!(scale.held <= 2 * arrived as i64 + 1024, "{}", scale.held);
        }
    }
}

#[test]
fn section_10_4_a_message_that_never_ends_in_tiny_fragments_costs_its_payload() {
    for role in ROLES {
        let mut scale = Scale::new(role, config());
        scale.receive(&fragment(role, false, Opcode::Binary, b""));
        let empty = fragment(role, false, Opcode::Continuation, b"").repeat(100);
        let tiny = fragment(role, false, Opcode::Continuation, b"x");
        for _ in 0..1000 {
            scale.receive(&empty);
            scale.receive(&tiny);
        }
        assert!(scale.held <= 4 << 10, "{} for 1,000 bytes", scale.held);
    }
}

/// Work that grew with the square of the length would take minutes here.
#[test]
fn section_10_4_a_long_message_in_small_pieces_takes_linear_time() {
    let len = 16 << 20;
    let limits = Limits { max_message: len, max_frame: u64::MAX, ..Limits::default() };
    let mut connection = endpoint(Role::Client, Config { limits, ..config() }, Instant::now());
    let start = Instant::now();
    let mut head = begun(Role::Client, 0x82, len as u64);
    assert_eq!(head.len(), FrameHeader::MAX_SIZE - 4);
    assert_eq!(connection.receive(start, &mut &mut head[..]), None);
    let mut messages = 0;
    for _ in 0..len / 1024 {
        let mut piece = [7; 1024];
        messages += usize::from(connection.receive(start, &mut &mut piece[..]).is_some());
    }
    assert_eq!(messages, 1);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[cfg(feature = "deflate")]
#[test]
fn rfc_7692_8_what_inflates_costs_no_more_than_the_limit_and_a_context() {
    use wirechat::proto::Deflate;

    let agreed = Some(Deflate { threshold: 0, ..Deflate::default() });
    let small = Limits { max_message: 50_000, ..Limits::default() };
    let now = Instant::now();
    let mut sender = endpoint(Role::Server, Config { deflate: agreed, ..config() }, now);
    sender.send_binary(&vec![0; 10 << 20]).expect("it is open");
    let bomb = sender.outgoing().to_vec();
    assert!(bomb.len() < 20_000, "{}", bomb.len());

    let config = Config { deflate: agreed, limits: small, ..Config::default() };
    let mut receiver = endpoint(Role::Client, config, now);
    let mut bytes = bomb.clone();
    let counted = measure(|| {
        assert_eq!(receiver.receive(now, &mut &mut bytes[..]), None);
    });
    assert!(receiver.closure().is_some(), "too big");
    let context = 64 << 10;
    assert!(counted.bytes_max < 2 * 50_000 + context, "{counted:?}");
}
