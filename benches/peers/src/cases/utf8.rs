//! UTF-8 that arrives in pieces, which cut its characters too, beside a validator
//! that is given all of it at once.
//!
//! sockudo-ws alone lets a program check text piece by piece. tokio-websockets and
//! tungstenite do it inside; fastwebsockets checks whole frames with simdutf8.

use std::hint::black_box;

use sockudo_ws::utf8::Utf8Stream;
use wirechat::proto::Utf8Validator;

use crate::case::{Case, Contestant, OURS, size_name};

const LEN: usize = 64 << 10;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (script, character) in [("ascii", "a"), ("cjk", "世")] {
        let text: &'static str = character.repeat(LEN / character.len()).leak();
        for piece in [16, 1 << 10, 16 << 10] {
            let name = format!("{script}/pieces of {}", size_name(piece));
            cases.push(Case::new("utf8", name, (1, text.len()), move || contestants(text, piece)));
        }
    }
    cases
}

fn contestants(text: &'static str, piece: usize) -> Vec<Contestant> {
    vec![
        Contestant::library(OURS, move || {
            let mut validator = Utf8Validator::default();
            for piece in black_box(text.as_bytes()).chunks(piece) {
                validator.push(piece).unwrap();
            }
            validator.finish().unwrap();
        }),
        Contestant::library("sockudo-ws", move || {
            let mut validator = Utf8Stream::new();
            for piece in black_box(text.as_bytes()).chunks(piece) {
                assert!(validator.push(piece));
            }
            assert!(validator.finish());
        }),
        Contestant::floor("simdutf8, whole", move || {
            black_box(simdutf8::basic::from_utf8(black_box(text.as_bytes())).unwrap());
        }),
        Contestant::floor("std, whole", move || {
            black_box(std::str::from_utf8(black_box(text.as_bytes())).unwrap());
        }),
    ]
}
