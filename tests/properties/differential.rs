//! What we write, other implementations read; what they write, we read; and
//! where we refuse, they refuse too, but for the differences that are named here.

use bytes::BytesMut;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;
use wirechat::proto::{CloseCode, Config, Opcode, Role, encode_frame};

use crate::cases;
use crate::listener::{endpoint, take_outgoing};
use crate::peers::{self, Seen, Verdict};
use crate::wire::{self, Frame, Length};

/// More than any stream of these tests has.
const NO_LIMIT: usize = 1 << 20;

const ROLES: [Role; 2] = [Role::Server, Role::Client];

fn other(role: Role) -> Role {
    match role {
        Role::Server => Role::Client,
        Role::Client => Role::Server,
    }
}

/// Messages in frames and control frames among them; a Close at the end, perhaps.
fn legal() -> impl Strategy<Value = Vec<Frame>> {
    let part = prop_oneof![
        3 => wire::message(0x1_0001),
        1 => wire::control().prop_map(|frame| vec![frame]),
    ];
    let close =
        wire::close().prop_filter("a code that all take", |close| !has_other_close_code(close));
    (vec(part, 0..5), option::of(close))
        .prop_map(|(parts, close)| parts.into_iter().flatten().chain(close).collect())
}

/// What legal frames say, put together as RFC 6455 §5.4 tells.
fn said(frames: &[Frame]) -> Vec<Seen> {
    let mut said = Vec::new();
    let mut message: Option<Seen> = None;
    for frame in frames {
        let opcode = frame.opcode();
        if opcode.is_control() {
            said.push((opcode, frame.payload.clone()));
            continue;
        }
        message.get_or_insert((opcode, Vec::new())).1.extend(&frame.payload);
        if frame.fin() {
            said.extend(message.take());
        }
    }
    said
}

/// These frames as we write them.
fn written(role: Role, frames: &[Frame]) -> Vec<u8> {
    let mut out = BytesMut::new();
    for frame in frames {
        let key = (role == Role::Client).then_some(frame.key);
        encode_frame(&mut out, frame.fin(), frame.opcode(), key, &frame.payload);
    }
    out.to_vec()
}

fn understood<E>(seen: Vec<Seen>) -> Verdict<E> {
    Verdict { seen, refused: None }
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn what_we_write_other_implementations_read(frames in legal()) {
        let said = said(&frames);
        for role in ROLES {
            let bytes = written(role, &frames);
            let tungstenite = peers::tungstenite(other(role), NO_LIMIT, &bytes);
            prop_assert!(tungstenite.refused.is_none(), "{:?}", tungstenite.refused);
            prop_assert_eq!(&tungstenite.seen, &said);
            let tokio_websockets = peers::tokio_websockets(other(role), NO_LIMIT, &bytes);
            prop_assert!(tokio_websockets.refused.is_none(), "{:?}", tokio_websockets.refused);
            prop_assert_eq!(&tokio_websockets.seen, &said);
        }
    }

    #[test]
    fn what_a_connection_sends_other_implementations_read(
        messages in vec(prop_oneof![
            wire::text(0x1_0001).prop_map(|text| (Opcode::Text, text.into_bytes())),
            wire::binary(0x1_0001).prop_map(|bytes| (Opcode::Binary, bytes)),
            wire::binary(125).prop_map(|bytes| (Opcode::Ping, bytes)),
        ], 0..5),
        close in option::of((prop_oneof![1000..=1003u16, 1007..=1013u16, 3000..=4999u16], "[a-z€]{0,50}")),
    ) {
        let now = std::time::Instant::now();
        for role in ROLES {
            let mut said: Vec<Seen> = messages.clone();
            let mut connection = endpoint(role, Config::default(), now);
            for (opcode, payload) in &messages {
                match opcode {
                    Opcode::Text => connection.send_text(std::str::from_utf8(payload).unwrap()),
                    Opcode::Ping => connection.send_ping(payload),
                    _ => connection.send_binary(payload),
                }.unwrap();
            }
            if let Some((code, reason)) = &close {
                connection.close(now, CloseCode::new(*code).unwrap(), reason);
                let cut = reason.floor_char_boundary(123); // RFC 6455 §5.5
                said.push((Opcode::Close, [&code.to_be_bytes(), &reason.as_bytes()[..cut]].concat()));
            }
            let bytes = take_outgoing(&mut connection);
            prop_assert_eq!(peers::tungstenite(other(role), NO_LIMIT, &bytes).seen, &said[..]);
            prop_assert_eq!(peers::tokio_websockets(other(role), NO_LIMIT, &bytes).seen, &said[..]);
        }
    }

    #[test]
    fn what_tungstenite_writes_we_read(frames in legal(), cuts in vec(any::<Index>(), 0..6)) {
        for role in ROLES {
            let bytes = peers::written_by_tungstenite(role, &frames);
            let pieces = pieces(&bytes, &cuts);
            prop_assert_eq!(peers::wirechat(other(role), NO_LIMIT, pieces), understood(said(&frames)));
        }
    }

    #[test]
    fn what_tokio_websockets_writes_we_read(
        frames in legal(),
        frame_size in prop_oneof![1..200usize, Just(1 << 20)],
        cuts in vec(any::<Index>(), 0..6),
    ) {
        let mut said = said(&frames);
        said.retain(|(opcode, _)| *opcode != Opcode::Close);
        for role in ROLES {
            let bytes = peers::written_by_tokio_websockets(role, &said, frame_size);
            let pieces = pieces(&bytes, &cuts);
            prop_assert_eq!(peers::wirechat(other(role), NO_LIMIT, pieces), understood(said.clone()));
        }
    }

    #[test]
    fn what_we_refuse_tungstenite_refuses_too_but_for_what_it_is_known_to_take(
        frames in hostile(),
    ) {
        for role in ROLES {
            let bytes = wire::bytes(&frames, role);
            let mut ours = peers::wirechat(role, 200, [&bytes[..]]);
            let theirs = peers::tungstenite(role, 200, &bytes);
            if frames.iter().any(tungstenite_differs) {
                ours.seen.retain(|(opcode, _)| *opcode != Opcode::Close);
                prop_assert!(theirs.seen.starts_with(&ours.seen), "{:?} {:?}", ours, theirs);
            } else {
                prop_assert_eq!(&ours.seen, &theirs.seen);
                prop_assert_eq!(ours.refused.is_some(), theirs.refused.is_some(), "{:?} {:?}", ours, theirs);
            }
        }
    }

    #[test]
    fn what_we_refuse_tokio_websockets_refuses_too_but_for_what_it_is_known_to_take(
        frames in hostile(),
    ) {
        for role in ROLES {
            let bytes = wire::bytes(&frames, role);
            let ours = peers::wirechat(role, 200, [&bytes[..]]);
            let theirs = peers::tokio_websockets(role, 200, &bytes);
            if frames.iter().any(tokio_websockets_differs) {
                prop_assert!(theirs.seen.starts_with(&ours.seen), "{:?} {:?}", ours, theirs);
            } else {
                prop_assert_eq!(&ours.seen, &theirs.seen);
                prop_assert_eq!(ours.refused.is_some(), theirs.refused.is_some(), "{:?} {:?}", ours, theirs);
            }
        }
    }
}

/// Frames of which any may be broken, but each is complete: who refuses early is
/// compared with who refuses late.
fn hostile() -> impl Strategy<Value = Vec<Frame>> {
    wire::conversation(130).prop_map(|mut frames| {
        for frame in &mut frames {
            if matches!(frame.length, Length::Declared(..=400)) {
                frame.length = Length::Shortest;
            }
        }
        frames
    })
}

/// What we refuse and tungstenite takes, or the reverse.
fn tungstenite_differs(frame: &Frame) -> bool {
    let len = frame.payload.len();
    // RFC 6455 §5.2 wants the shortest form of a length; tungstenite takes any.
    let not_shortest = match frame.length {
        Length::In16 => len < 126,
        Length::In64 => len <= 0xFFFF,
        Length::Shortest | Length::Declared(_) => false,
    };
    not_shortest || frame.first & 0x0F == Opcode::Close.bits() && has_other_close_code(frame)
}

/// RFC 6455 §7.4: where we fail the connection, tungstenite reports a Close with
/// a code and a reason of its own; and so it does for 1014, which IANA registered
/// later.
fn has_other_close_code(frame: &Frame) -> bool {
    let code = frame.payload.first_chunk().map(|code| u16::from_be_bytes(*code));
    code.is_some_and(|code| code == 1014 || CloseCode::new(code).is_none())
}

/// RFC 6455 §8.1: text that ends inside a character fails the connection, but
/// tokio-websockets looks at the end only if the last fragment has a payload.
fn tokio_websockets_differs(frame: &Frame) -> bool {
    frame.first == 0x80 && frame.payload.is_empty()
}

fn pieces<'a>(bytes: &'a [u8], cuts: &[Index]) -> Vec<&'a [u8]> {
    let mut borders: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    borders.extend([0, bytes.len()]);
    borders.sort_unstable();
    borders.windows(2).map(|border| &bytes[border[0]..border[1]]).collect()
}
