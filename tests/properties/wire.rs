//! Frames on the wire, written by somebody who may break every rule.

use std::fmt;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;
use wirechat::proto::{MaskingKey, Opcode, Role};

/// A frame that need not be legal.
#[derive(Clone)]
pub(crate) struct Frame {
    /// FIN, RSV1 to RSV3 and the opcode (RFC 6455 §5.2).
    pub(crate) first: u8,
    pub(crate) payload: Vec<u8>,
    pub(crate) length: Length,
    pub(crate) key: MaskingKey,
    /// Whether it is masked though it must not be, or the reverse.
    pub(crate) wrongly_masked: bool,
}

/// How the length of the payload is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// In as few bytes as it takes.
    Shortest,
    In16,
    In64,
    /// A lie, in 64 bits.
    Declared(u64),
}

impl Frame {
    pub(crate) fn new(fin: bool, opcode: Opcode, payload: Vec<u8>, key: MaskingKey) -> Frame {
        let first = u8::from(fin) << 7 | opcode.bits();
        Frame { first, payload, length: Length::Shortest, key, wrongly_masked: false }
    }

    pub(crate) fn fin(&self) -> bool {
        self.first & 0x80 != 0
    }

    /// The opcode of a frame that has a legal one.
    pub(crate) fn opcode(&self) -> Opcode {
        Opcode::from_bits(self.first & 0x0F).expect("a legal opcode")
    }

    /// The bytes of this frame when it goes to an endpoint in this role.
    pub(crate) fn bytes(&self, receiver: Role) -> Vec<u8> {
        let masked = (receiver == Role::Server) != self.wrongly_masked;
        let mask_bit = u8::from(masked) << 7;
        let mut bytes = vec![self.first];
        let len = self.payload.len();
        match self.length {
            Length::Shortest if len < 126 => bytes.push(mask_bit | len as u8),
            Length::Shortest | Length::In16 if len <= 0xFFFF => {
                bytes.push(mask_bit | 126);
                bytes.extend((len as u16).to_be_bytes());
            }
            Length::Declared(len) => {
                bytes.push(mask_bit | 127);
                bytes.extend(len.to_be_bytes());
            }
            _ => {
                bytes.push(mask_bit | 127);
                bytes.extend((len as u64).to_be_bytes());
            }
        }
        if masked {
            bytes.extend(self.key);
            let masked = self.payload.iter().enumerate().map(|(i, byte)| byte ^ self.key[i % 4]);
            bytes.extend(masked);
        } else {
            bytes.extend(&self.payload);
        }
        bytes
    }
}

/// In hexadecimal digits, as the RFC writes frames; a long payload by its start.
impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Frame { first, payload, length, key, wrongly_masked } = self;
        let start = &payload[..payload.len().min(20)];
        write!(f, "{first:02x} {length:?}({}) {start:02x?}", payload.len())?;
        write!(f, " key {key:02x?}{}", if *wrongly_masked { ", wrongly masked" } else { "" })
    }
}

/// All of these frames as they go to an endpoint in this role.
pub(crate) fn bytes(frames: &[Frame], receiver: Role) -> Vec<u8> {
    frames.iter().flat_map(|frame| frame.bytes(receiver)).collect()
}

/// Lengths around every border that the framing has, up to `max`.
fn length(max: usize) -> BoxedStrategy<usize> {
    let borders = [0, 1, 2, 3, 7, 8, 125, 126, 127, 1000, 0xFFFF, 0x1_0000, 0x1_0001];
    let borders: Vec<usize> = borders.into_iter().filter(|len| *len <= max).collect();
    prop_oneof![3 => 0..=max.min(20), 2 => proptest::sample::select(borders)].boxed()
}

/// Text in which characters of every length stand, about as long as `max` at most.
pub(crate) fn text(max: usize) -> impl Strategy<Value = String> {
    ("[a\u{7f}é߿ࠀ€\u{ffff}😀\u{10ffff}]{0,8}", length(max)).prop_map(|(start, len)| {
        let filler = len.saturating_sub(start.len());
        start + &"x".repeat(filler)
    })
}

pub(crate) fn binary(max: usize) -> impl Strategy<Value = Vec<u8>> {
    (any::<[u8; 3]>(), length(max))
        .prop_map(|(bytes, len)| bytes.into_iter().cycle().take(len).collect())
}

/// A Ping or a Pong.
pub(crate) fn control() -> impl Strategy<Value = Frame> {
    (prop_oneof![Just(Opcode::Ping), Just(Opcode::Pong)], binary(125), any::<MaskingKey>())
        .prop_map(|(opcode, payload, key)| Frame::new(true, opcode, payload, key))
}

/// A Close with a code and a reason, or with nothing.
pub(crate) fn close() -> impl Strategy<Value = Frame> {
    let code = prop_oneof![Just(1000u16), 1000..=1015u16, 3000..=4999u16, any::<u16>()];
    let payload = option::of((code, "[a-zé]{0,10}"));
    (payload, any::<MaskingKey>()).prop_map(|(payload, key)| {
        let payload = payload.map_or(Vec::new(), |(code, reason)| {
            [&code.to_be_bytes()[..], reason.as_bytes()].concat()
        });
        Frame::new(true, Opcode::Close, payload, key)
    })
}

/// A legal message of at most about `max` bytes: in one frame or in some, cut
/// anywhere, with control frames between them.
pub(crate) fn message(max: usize) -> impl Strategy<Value = Vec<Frame>> {
    let data = prop_oneof![
        text(max).prop_map(|text| (Opcode::Text, text.into_bytes())),
        binary(max).prop_map(|bytes| (Opcode::Binary, bytes)),
    ];
    let fragment = (any::<Index>(), any::<MaskingKey>(), option::weighted(0.3, control()));
    (data, vec(fragment, 1..6)).prop_map(|((opcode, payload), mut fragments)| {
        fragments.sort_by_key(|(cut, ..)| cut.index(payload.len() + 1));
        let mut frames = Vec::new();
        let (mut start, last) = (0, fragments.len() - 1);
        for (i, (cut, key, between)) in fragments.into_iter().enumerate() {
            let opcode = if i == 0 { opcode } else { Opcode::Continuation };
            let end = if i == last { payload.len() } else { cut.index(payload.len() + 1) };
            frames.push(Frame::new(i == last, opcode, payload[start..end].to_vec(), key));
            frames.extend(between);
            start = end;
        }
        frames
    })
}

/// A frame that breaks a rule, or at least may.
pub(crate) fn broken() -> impl Strategy<Value = Frame> {
    let opcode = proptest::sample::select(vec![
        Opcode::Continuation,
        Opcode::Text,
        Opcode::Binary,
        Opcode::Close,
        Opcode::Ping,
    ]);
    let length = prop_oneof![
        Just(Length::In16),
        Just(Length::In64),
        any::<u64>().prop_map(Length::Declared),
        (0..400u64).prop_map(Length::Declared),
    ];
    let payload = prop_oneof![
        3 => "[a-z]{0,9}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..10),
    ];
    let frame = (any::<bool>(), opcode, payload, any::<MaskingKey>())
        .prop_map(|(fin, opcode, payload, key)| Frame::new(fin, opcode, payload, key));
    prop_oneof![
        frame.clone(), // a payload that its opcode does not allow, or a place
        (frame.clone(), any::<u8>()).prop_map(|(frame, first)| Frame { first, ..frame }),
        (frame.clone(), 0..8)
            .prop_map(|(frame, bit)| Frame { first: frame.first ^ 1u8 << bit, ..frame }),
        (frame.clone(), length).prop_map(|(frame, length)| Frame { length, ..frame }),
        frame.clone().prop_map(|frame| Frame { wrongly_masked: true, ..frame }),
        (frame, 126..400usize).prop_map(|(frame, len)| Frame { payload: vec![b'x'; len], ..frame }),
    ]
}

/// A message of which one byte is another one, or missing.
fn spoiled(max: usize) -> impl Strategy<Value = Vec<Frame>> {
    let change = option::weighted(0.7, 1..=u8::MAX);
    (message(max), any::<Index>(), any::<Index>(), change).prop_map(
        |(mut frames, frame, place, change)| {
            let payload = &mut frame.get_mut(&mut frames).payload;
            match (payload.is_empty(), change) {
                (true, _) => {}
                (false, Some(change)) => *place.get_mut(payload) ^= change,
                (false, None) => {
                    payload.remove(place.index(payload.len()));
                }
            }
            frames
        },
    )
}

/// Messages of at most about `max` bytes each; now and then something is broken
/// or closes the connection, and more follows.
pub(crate) fn conversation(max: usize) -> impl Strategy<Value = Vec<Frame>> {
    let part = prop_oneof![
        8 => message(max),
        2 => control().prop_map(|frame| vec![frame]),
        1 => close().prop_map(|frame| vec![frame]),
        1 => spoiled(max),
        2 => broken().prop_map(|frame| vec![frame]),
    ];
    vec(part, 0..6).prop_map(|parts| parts.concat())
}
