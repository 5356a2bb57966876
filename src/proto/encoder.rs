//! Messages → frames.

use bytes::{BufMut, BytesMut};

use super::header::{FrameHeader, MaskingKey};
use super::mask::apply_mask;
use super::opcode::Opcode;

/// Appends one whole frame to `out`: head and payload, masked if there is a key.
///
/// A server passes no key and a client a fresh one for each frame (RFC 6455
/// §5.1, §5.3). `fin` is false for every frame of a message but the last (§5.4).
///
/// ```
/// use bytes::BytesMut;
/// use wirechat::proto::{Opcode, encode_frame};
///
/// let mut out = BytesMut::new();
/// encode_frame(&mut out, true, Opcode::Text, None, b"Hello");
/// assert_eq!(&out[..], b"\x81\x05Hello"); // RFC 6455 §5.7
/// ```
///
/// # Panics
/// In a debug build, for a control frame that is fragmented or longer than 125 bytes.
#[inline]
pub fn encode_frame(
    out: &mut BytesMut,
    fin: bool,
    opcode: Opcode,
    masking_key: Option<MaskingKey>,
    payload: &[u8],
) {
    put_frame(out, FrameHeader::new(fin, opcode, masking_key, payload.len()), payload);
}

/// Appends the frame with this head, which says how long `payload` is.
#[inline]
pub(super) fn put_frame(out: &mut BytesMut, header: FrameHeader, payload: &[u8]) {
    out.reserve(FrameHeader::MAX_SIZE + payload.len());
    header.write(out);
    let start = out.len();
    out.put_slice(payload);
    if let Some(key) = header.masking_key() {
        apply_mask(&mut out[start..], key, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(fin: bool, opcode: Opcode, key: Option<MaskingKey>, payload: &[u8]) -> BytesMut {
        let mut out = BytesMut::new();
        encode_frame(&mut out, fin, opcode, key, payload);
        out
    }

    // Proves 6455-5.2-1, 6455-5.2-2, 6455-5.3-1, 6455-6.1-4.
    #[test]
    fn section_5_7_the_examples_of_the_rfc() {
        assert_eq!(&encoded(true, Opcode::Text, None, b"Hello")[..], b"\x81\x05Hello");
        assert_eq!(
            encoded(true, Opcode::Text, Some([0x37, 0xfa, 0x21, 0x3d]), b"Hello")[..],
            [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
        );
        assert_eq!(&encoded(false, Opcode::Text, None, b"Hel")[..], b"\x01\x03Hel");
        assert_eq!(&encoded(true, Opcode::Continuation, None, b"lo")[..], b"\x80\x02lo");
        assert_eq!(&encoded(true, Opcode::Ping, None, b"Hello")[..], b"\x89\x05Hello");
        assert_eq!(encoded(true, Opcode::Binary, None, &[0; 256])[..4], [0x82, 0x7E, 1, 0]);
        assert_eq!(
            encoded(true, Opcode::Binary, None, &[0; 65_536])[..10],
            [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0]
        );
    }

    #[cfg(debug_assertions)]
    #[test]
    #[should_panic(expected = "is_control")]
    fn section_5_5_a_program_that_fragments_a_control_frame_is_told() {
        encoded(false, Opcode::Ping, None, b"");
    }

    #[cfg(debug_assertions)]
    #[test]
    #[should_panic(expected = "is_control")]
    fn section_5_5_a_program_that_writes_a_long_control_frame_is_told() {
        encoded(true, Opcode::Ping, None, &[0; 126]);
    }
}
