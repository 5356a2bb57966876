//! The head of a frame: two to fourteen bytes that say what follows (RFC 6455 §5.2).

use bytes::BufMut;

use super::error::ProtocolError;
use super::opcode::Opcode;

/// A masking key: four bytes that a client chooses anew for each frame (RFC 6455 §5.3).
pub type MaskingKey = [u8; 4];

/// The most payload a control frame may have, in bytes (RFC 6455 §5.5).
pub const MAX_CONTROL_PAYLOAD: usize = 125;

/// RSV1 among the three reserved bits.
const RSV1: u8 = 0b100;

/// The head of one frame, as RFC 6455 §5.2 lays it out.
///
/// ```text
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-------+-+-------------+-------------------------------+
/// |F|R|R|R| opcode|M| Payload len |    Extended payload length    |
/// |I|S|S|S|  (4)  |A|     (7)     |   16 bits if len is 126,      |
/// |N|V|V|V|       |S|             |   64 bits if len is 127       |
/// | |1|2|3|       |K|             |   (the most significant first)|
/// +-+-+-+-+-------+-+-------------+-------------------------------+
/// |              Masking key: 32 bits if MASK is 1                |
/// +---------------------------------------------------------------+
/// ```
///
/// One that exists obeys the rules that hold whoever sent it: the opcode is not
/// reserved, the length is minimal and below 2^63, a control frame is whole and
/// short. Whether it must be masked and which reserved bits mean something
/// depends on the connection: [`Decoder`](super::Decoder) checks that.
///
/// ```
/// use wirechat::proto::{FrameHeader, Opcode};
///
/// // The RFC's own example (§5.7): a masked text frame of five bytes.
/// let bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
/// let (header, size) = FrameHeader::parse(&bytes)?.unwrap();
/// assert_eq!(header.opcode(), Opcode::Text);
/// assert_eq!(header.masking_key(), Some([0x37, 0xfa, 0x21, 0x3d]));
/// assert_eq!((header.payload_len(), size), (5, 6));
/// # Ok::<(), wirechat::proto::ProtocolError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    payload_len: u64,
    masked: bool,
    /// Zeroes if the payload is not masked: to mask with those changes nothing.
    key: MaskingKey,
    opcode: Opcode,
    fin: bool,
    rsv: u8,
}

impl FrameHeader {
    /// The longest head in bytes: two, a 64-bit length, a masking key.
    pub const MAX_SIZE: usize = 14;

    /// The head of a data frame or of a control frame whose length the caller has checked.
    pub(super) fn new(
        fin: bool,
        opcode: Opcode,
        masking_key: Option<MaskingKey>,
        payload_len: usize,
    ) -> FrameHeader {
        debug_assert!(!opcode.is_control() || fin && payload_len <= MAX_CONTROL_PAYLOAD);
        let (masked, key) = (masking_key.is_some(), masking_key.unwrap_or_default());
        FrameHeader { payload_len: payload_len as u64, masked, key, opcode, fin, rsv: 0 }
    }

    /// The same head with RSV1 set: its message is compressed (RFC 7692 §6.1).
    #[cfg(feature = "deflate")]
    pub(super) fn compressed(self) -> FrameHeader {
        FrameHeader { rsv: RSV1, ..self }
    }

    /// Whether RSV1 is set, which marks the first frame of a compressed message
    /// if permessage-deflate was agreed on (RFC 7692 §6).
    #[must_use]
    pub const fn rsv1(&self) -> bool {
        self.rsv & RSV1 != 0
    }

    /// Whether this is the last frame of its message (FIN).
    #[must_use]
    pub const fn fin(&self) -> bool {
        self.fin
    }

    /// RSV1, RSV2 and RSV3 as a number of three bits, RSV1 the most significant:
    /// 0 unless an extension was negotiated.
    #[must_use]
    pub const fn rsv(&self) -> u8 {
        self.rsv
    }

    /// What the frame carries.
    #[must_use]
    pub const fn opcode(&self) -> Opcode {
        self.opcode
    }

    /// The key that masks the payload; `None` if the MASK bit is 0.
    #[must_use]
    pub const fn masking_key(&self) -> Option<MaskingKey> {
        if self.masked { Some(self.key) } else { None }
    }

    /// What to mask the payload with, masked or not: zeroes change nothing.
    #[inline]
    pub(super) const fn key(&self) -> MaskingKey {
        self.key
    }

    /// How many bytes of payload follow the head.
    #[must_use]
    pub const fn payload_len(&self) -> u64 {
        self.payload_len
    }

    /// Reads a head from the start of `bytes`: the head and its size in bytes,
    /// or `None` if `bytes` ends before the head does.
    ///
    /// # Errors
    /// As soon as the bytes so far break a rule, even if the head is not
    /// complete: [`ProtocolError::ReservedOpcode`],
    /// [`ProtocolError::FragmentedControl`], [`ProtocolError::LongControl`],
    /// [`ProtocolError::LengthNotMinimal`], [`ProtocolError::LengthTopBit`].
    #[inline(always)]
    pub fn parse(bytes: &[u8]) -> Result<Option<(FrameHeader, usize)>, ProtocolError> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let fin = first & 0x80 != 0;
        let rsv = first >> 4 & 0x7;
        let bits = first & 0x0F;
        // RFC 6455 §5.2: an unknown opcode fails the connection.
        let opcode = Opcode::from_bits(bits).ok_or(ProtocolError::ReservedOpcode(bits))?;
        if opcode.is_control() && !fin {
            return Err(ProtocolError::FragmentedControl); // RFC 6455 §5.5
        }

        let Some(&second) = bytes.get(1) else { return Ok(None) };
        let masked = second & 0x80 != 0;
        let short_len = second & 0x7F;
        if opcode.is_control() && usize::from(short_len) > MAX_CONTROL_PAYLOAD {
            return Err(ProtocolError::LongControl); // RFC 6455 §5.5
        }

        let Some((payload_len, len_size)) = parse_length(short_len, &bytes[2..])? else {
            return Ok(None);
        };
        let mut size = 2 + len_size;
        let mut key = [0; 4];
        if masked {
            let Some(bytes) = bytes[size..].first_chunk() else { return Ok(None) };
            key = *bytes;
            size += 4;
        }
        Ok(Some((FrameHeader { payload_len, masked, key, opcode, fin, rsv }, size)))
    }

    /// Appends the head as it goes on the wire.
    ///
    /// # Panics
    /// If `out` cannot grow by up to [`FrameHeader::MAX_SIZE`] bytes.
    pub fn write(&self, out: &mut impl BufMut) {
        out.put_u8(u8::from(self.fin) << 7 | self.rsv << 4 | self.opcode.bits());
        let mask_bit = u8::from(self.masked) << 7;
        // RFC 6455 §5.2: the minimal number of bytes must be used for the length.
        match self.payload_len {
            len @ 0..=125 => out.put_u8(mask_bit | len as u8),
            len @ 126..=0xFFFF => {
                out.put_u8(mask_bit | 126);
                out.put_u16(len as u16);
            }
            len => {
                out.put_u8(mask_bit | 127);
                out.put_u64(len);
            }
        }
        if self.masked {
            out.put_slice(&self.key);
        }
    }
}

/// The payload length and the size of its extended form (0, 2 or 8 bytes).
#[inline(always)]
fn parse_length(short_len: u8, rest: &[u8]) -> Result<Option<(u64, usize)>, ProtocolError> {
    let (len, size, least) = match short_len {
        126 => match rest.first_chunk() {
            Some(bytes) => (u64::from(u16::from_be_bytes(*bytes)), 2, 126),
            None => return Ok(None),
        },
        127 => match rest.first_chunk() {
            Some(bytes) => (u64::from_be_bytes(*bytes), 8, 0x1_0000),
            None => return Ok(None),
        },
        len => (u64::from(len), 0, 0),
    };
    if len < least {
        return Err(ProtocolError::LengthNotMinimal); // RFC 6455 §5.2
    }
    if len >> 63 != 0 {
        return Err(ProtocolError::LengthTopBit); // RFC 6455 §5.2
    }
    Ok(Some((len, size)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(bytes: &[u8]) -> FrameHeader {
        FrameHeader::parse(bytes).unwrap().unwrap().0
    }

    // Proves 6455-5.3-1.
    #[test]
    fn section_5_7_the_examples_of_the_rfc() {
        let unmasked_hello = parsed(&[0x81, 0x05]);
        assert!(unmasked_hello.fin());
        assert_eq!(unmasked_hello.opcode(), Opcode::Text);
        assert_eq!((unmasked_hello.masking_key(), unmasked_hello.payload_len()), (None, 5));

        let first_fragment = parsed(&[0x01, 0x03]);
        assert!(!first_fragment.fin());
        let last_fragment = parsed(&[0x80, 0x02]);
        assert!(last_fragment.fin());
        assert_eq!(last_fragment.opcode(), Opcode::Continuation);

        let masked_pong = parsed(&[0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d]);
        assert_eq!(masked_pong.opcode(), Opcode::Pong);
        assert_eq!(masked_pong.masking_key(), Some([0x37, 0xfa, 0x21, 0x3d]));

        assert_eq!(parsed(&[0x82, 0x7E, 0x01, 0x00]).payload_len(), 256);
        assert_eq!(parsed(&[0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0]).payload_len(), 65_536);
    }

    // Proves 6455-5.2-4.
    #[test]
    fn section_5_2_reserved_opcodes_are_refused_on_the_first_byte() {
        for bits in [0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF] {
            let error = FrameHeader::parse(&[0x80 | bits]).unwrap_err();
            assert_eq!(error, ProtocolError::ReservedOpcode(bits));
        }
    }

    // Proves 6455-5.2-6.
    #[test]
    fn section_5_2_a_length_must_take_as_few_bytes_as_it_can() {
        let not_minimal = Err(ProtocolError::LengthNotMinimal);
        assert_eq!(FrameHeader::parse(&[0x82, 126, 0, 5]), not_minimal);
        assert_eq!(FrameHeader::parse(&[0x82, 126, 0, 125]), not_minimal);
        assert_eq!(FrameHeader::parse(&[0x82, 127, 0, 0, 0, 0, 0, 0, 0, 5]), not_minimal);
        assert_eq!(FrameHeader::parse(&[0x82, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]), not_minimal);
        assert_eq!(parsed(&[0x82, 126, 0, 126]).payload_len(), 126);
    }

    // Proves 6455-5.2-5.
    #[test]
    fn section_5_2_the_top_bit_of_a_64_bit_length_must_be_0() {
        let with = |first| [0x82, 127, first, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
        assert_eq!(FrameHeader::parse(&with(0x80)), Err(ProtocolError::LengthTopBit));
        assert_eq!(FrameHeader::parse(&with(0xFF)), Err(ProtocolError::LengthTopBit));
        assert_eq!(parsed(&with(0x7F)).payload_len(), u64::MAX >> 1);
    }

    // Proves 6455-5.4-1, 6455-5.5-1, 6455-5.5-2.
    #[test]
    fn section_5_5_a_control_frame_is_whole_and_short() {
        for bits in [0x8, 0x9, 0xA] {
            assert_eq!(FrameHeader::parse(&[bits]), Err(ProtocolError::FragmentedControl));
            assert_eq!(FrameHeader::parse(&[0x80 | bits, 126]), Err(ProtocolError::LongControl));
            assert_eq!(FrameHeader::parse(&[0x80 | bits, 127]), Err(ProtocolError::LongControl));
            assert_eq!(parsed(&[0x80 | bits, 125]).payload_len(), 125);
        }
    }

    #[test]
    fn section_5_2_reserved_bits_are_reported_as_they_stand() {
        assert_eq!(parsed(&[0xC1, 0]).rsv(), 0b100);
        assert_eq!(parsed(&[0x91, 0]).rsv(), 0b001);
    }

    fn any_header() -> impl Strategy<Value = FrameHeader> {
        let len = prop_oneof![0..=126u64, 0xFFF0..=0x1_0010u64, 0..=u64::MAX >> 1];
        let opcode = prop_oneof![
            Just(Opcode::Continuation),
            Just(Opcode::Text),
            Just(Opcode::Binary),
            Just(Opcode::Close),
            Just(Opcode::Ping),
            Just(Opcode::Pong)
        ];
        (any::<bool>(), 0..8u8, opcode, any::<Option<MaskingKey>>(), len).prop_map(
            |(fin, rsv, opcode, key, len)| FrameHeader {
                payload_len: if opcode.is_control() { len % 126 } else { len },
                masked: key.is_some(),
                key: key.unwrap_or_default(),
                opcode,
                fin: fin || opcode.is_control(),
                rsv,
            },
        )
    }

    proptest! {
        // Proves 6455-5.2-6, 6455-6.1-4.
        #[test]
        fn what_is_written_is_read_back_and_every_shorter_piece_asks_for_more(header in any_header()) {
            let mut bytes = Vec::new();
            header.write(&mut bytes);
            prop_assert_eq!(FrameHeader::parse(&bytes), Ok(Some((header, bytes.len()))));
            for cut in 0..bytes.len() {
                prop_assert_eq!(FrameHeader::parse(&bytes[..cut]), Ok(None));
            }
        }
    }
}
