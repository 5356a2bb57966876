//! Masking in place (RFC 6455 §5.3) at every alignment, beside a copy of as many
//! bytes, which memory alone allows.
//!
//! tungstenite and tokio-websockets keep theirs to themselves: it shows in what
//! they decode, and in what they encode as clients.

use std::hint::black_box;

use wirechat::proto::{MaskingKey, apply_mask};

use crate::case::{Case, Contestant, OURS, size_name};

/// Nothing, tails of each kind of word, and up to a file.
const SIZES: [usize; 17] = [
    0,
    1,
    4,
    7,
    8,
    13,
    16,
    31,
    64,
    125,
    256,
    1 << 10,
    4 << 10,
    16 << 10,
    64 << 10,
    256 << 10,
    1 << 20,
];

/// A payload begins anywhere in a cache line: behind heads of 2 to 14 bytes.
const ALIGNMENTS: usize = LINE;
const LINE: usize = 64;
const PAGE: usize = 4096;
const KEY: MaskingKey = [0x37, 0xfa, 0x21, 0x3d];

/// A pass masks at every alignment once.
pub(super) fn cases() -> Vec<Case> {
    let case = |size| {
        let work = (ALIGNMENTS, ALIGNMENTS * size);
        Case::new("mask", size_name(size), work, move || contestants(size))
    };
    SIZES.into_iter().map(case).collect()
}

fn contestants(size: usize) -> Vec<Contestant> {
    vec![
        Contestant::library(OURS, in_place(size, |payload, key| apply_mask(payload, key, 0))),
        Contestant::library("fastwebsockets", in_place(size, fastwebsockets::unmask)),
        Contestant::library("sockudo-ws", in_place(size, sockudo_ws::mask::apply_mask)),
        Contestant::floor("memcpy", copy(size)),
    ]
}

/// Each alignment is at a place of its own, if it is a short one: bytes that a call
/// has just written, and that the next one reads a byte farther on, take a processor
/// longer to read than anything that arrives.
fn in_place(size: usize, mask: impl Fn(&mut [u8], MaskingKey) + 'static) -> impl FnMut() + 'static {
    let distance = 1 + if size < PAGE { size.next_multiple_of(LINE) } else { 0 };
    let mut buffer = vec![0; ALIGNMENTS * distance + size];
    move || {
        for start in (0..ALIGNMENTS).map(|index| index * distance) {
            mask(black_box(&mut buffer[start..start + size]), black_box(KEY));
        }
    }
}

/// Both sides are aligned alike, and lie where nothing slows a copy down that has to
/// do with their addresses: not in the same places of different pages, but for a
/// line. (Farther apart, glibc writes past the caches from about a mebibyte.)
fn copy(size: usize) -> impl FnMut() + 'static {
    let distance = (ALIGNMENTS + size).next_multiple_of(PAGE) + LINE;
    let mut buffer = vec![1u8; LINE + distance + ALIGNMENTS + size];
    let first = buffer.as_ptr().align_offset(LINE);
    move || {
        let (source, target) = buffer[first..].split_at_mut(distance);
        for start in 0..ALIGNMENTS {
            let source = black_box(&source[start..start + size]);
            black_box(&mut target[start..start + size]).copy_from_slice(source);
        }
    }
}
