//! What is measured, subject by subject.

mod decode;
mod deflate;
mod encode;
mod handshake;
mod header;
mod mask;
mod session;
mod utf8;

use bytes::BytesMut;
use wirechat::proto::{MaskingKey, Opcode, encode_frame};

use crate::case::Case;

/// All cases, from the layers of a codec up to whole connections.
pub fn all() -> Vec<Case> {
    [
        header::cases(),
        mask::cases(),
        utf8::cases(),
        decode::cases(),
        encode::cases(),
        deflate::cases(),
        session::cases(),
        handshake::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Payload sizes in bytes: a typing notice, the longest short frame, a long
/// message, the largest chat message and what comes behind it, a file.
const SIZES: [usize; 6] = [16, 125, 1 << 10, 16 << 10, 64 << 10, 1 << 20];

/// How many messages of `size` a stream has: 256 KiB, a few reads of a socket.
fn stream_of(size: usize) -> usize {
    ((256 << 10) / size).max(2)
}

/// ASCII, which is what most text is and what every validator is quickest at.
fn ascii(len: usize) -> String {
    "What is written on a wire is read. ".chars().cycle().take(len).collect()
}

/// A client's frames, each masked with a key of its own.
fn masked_frames(opcode: Opcode, payload: &[u8], count: usize) -> BytesMut {
    let mut keys = fastrand::Rng::with_seed(6455);
    let mut frames = BytesMut::new();
    for _ in 0..count {
        let key: MaskingKey = keys.u32(..).to_ne_bytes();
        encode_frame(&mut frames, true, opcode, Some(key), payload);
    }
    frames
}
