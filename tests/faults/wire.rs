//! Frames as bytes, right or wrong in every bit.

use wirechat::proto::Role;

pub(crate) const CONTINUATION: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xA;
pub(crate) const FIN: u8 = 0x80;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The head of a frame that says it has `len` bytes of payload, in `width` more
/// bytes: 0, 2 or 8. Only a client masks (RFC 6455 §5.1).
pub(crate) fn head(sender: Role, first: u8, width: usize, len: u64) -> Vec<u8> {
    let short = match width {
        0 => len as u8,
        2 => 126,
        _ => 127,
    };
    let (mask_bit, key) = match sender {
        Role::Client => (0x80, &KEY[..]),
        Role::Server => (0, &[][..]),
    };
    [&[first, mask_bit | short], &len.to_be_bytes()[8 - width..], key].concat()
}

/// The head of a frame that says it has `len` bytes of payload, and the first of them.
pub(crate) fn begun(sender: Role, first: u8, len: usize, payload: &[u8]) -> Vec<u8> {
    let width = match len {
        0..=125 => 0,
        126..=0xFFFF => 2,
        _ => 8,
    };
    let mut frame = head(sender, first, width, len as u64);
    match sender {
        Role::Client => frame.extend(payload.iter().zip(KEY.iter().cycle()).map(|(b, k)| b ^ k)),
        Role::Server => frame.extend(payload),
    }
    frame
}

/// A whole frame. `first` is its first byte: FIN, RSV1 to RSV3, opcode.
pub(crate) fn frame(sender: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    begun(sender, first, payload.len(), payload)
}

pub(crate) fn text(sender: Role, payload: &str) -> Vec<u8> {
    frame(sender, FIN | TEXT, payload.as_bytes())
}

pub(crate) fn close(sender: Role, code: u16, reason: &[u8]) -> Vec<u8> {
    frame(sender, FIN | CLOSE, &[&code.to_be_bytes(), reason].concat())
}
