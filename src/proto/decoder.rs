//! Bytes → frame heads and payload chunks.

use super::error::ProtocolError;
use super::header::{FrameHeader, MaskingKey};
use super::limits::Limits;
use super::mask::{apply_mask, rotated};

/// Which end of a connection this is; the two mask differently (RFC 6455 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Accepts connections; the frames it sends are not masked.
    Server,
    /// Begins connections; every frame it sends is masked.
    Client,
}

/// A piece of one frame's payload, with the head it belongs to.
#[derive(Debug, PartialEq, Eq)]
pub struct Chunk<'b> {
    /// The head of the frame.
    pub header: FrameHeader,
    /// The next bytes of the payload; may be empty.
    pub payload: &'b mut [u8],
    /// Whether this is the first chunk of the frame.
    pub starts: bool,
    /// How many bytes of the frame's payload have not arrived yet.
    pub missing: u64,
    /// What `payload` is still masked with: the key as its first byte sees it, or zeroes.
    pub(super) mask: MaskingKey,
}

impl Chunk<'_> {
    /// Unmasks the payload where it is.
    #[inline]
    pub(super) fn unmask(&mut self) {
        if self.mask != [0; 4] {
            apply_mask(self.payload, std::mem::take(&mut self.mask), 0);
        }
    }

    /// Whether this is the last chunk of the frame.
    #[must_use]
    pub const fn ends(&self) -> bool {
        self.missing == 0
    }
}

/// Cuts a stream of bytes into frames, however the bytes arrive.
///
/// It holds at most one incomplete head (14 bytes) and never a payload: chunks
/// are unmasked in place, in the bytes that the caller passed.
///
/// ```
/// use wirechat::proto::{Decoder, Limits, Role};
///
/// let mut decoder = Decoder::new(Role::Client, &Limits::default());
/// let mut bytes = *b"\x81\x05Hello"; // RFC 6455 §5.7, from a server
/// let mut input = &mut bytes[..];
/// let chunk = decoder.decode(&mut input)?.unwrap();
/// assert_eq!(chunk.payload, b"Hello");
/// assert!(chunk.starts && chunk.ends());
/// assert!(input.is_empty());
/// # Ok::<(), wirechat::proto::ProtocolError>(())
/// ```
#[derive(Debug)]
pub struct Decoder {
    max_frame: u64,
    begun: Begun,
    role: Role,
    /// Whether RSV1 may mark a message as compressed.
    compression: bool,
}

/// What has arrived of a frame that is not complete.
#[derive(Clone, Copy, Debug)]
enum Begun {
    /// So many bytes of its head.
    Head { bytes: [u8; FrameHeader::MAX_SIZE], len: u8 },
    /// All of its head, and so many bytes of its payload.
    Payload { header: FrameHeader, received: u64 },
}

impl Begun {
    const NOTHING: Begun = Begun::Head { bytes: [0; FrameHeader::MAX_SIZE], len: 0 };
}

impl Decoder {
    /// A decoder for what the endpoint in `role` receives.
    #[must_use]
    pub fn new(role: Role, limits: &Limits) -> Decoder {
        Decoder { max_frame: limits.max_frame, begun: Begun::NOTHING, role, compression: false }
    }

    /// Lets RSV1 mark the first frame of a data message, as permessage-deflate
    /// does once it is agreed on (RFC 7692 §6).
    #[cfg(feature = "deflate")]
    #[must_use]
    pub const fn with_compression(self) -> Decoder {
        Decoder { compression: true, ..self }
    }

    /// Takes the next chunk from the front of `input`, or takes all of it and
    /// returns `None` if a head is still incomplete.
    ///
    /// A frame gives a chunk with `starts` as soon as its head is complete,
    /// with an empty payload if none has arrived yet; nothing else gives an
    /// empty chunk.
    ///
    /// # Errors
    /// What [`FrameHeader::parse`] refuses; [`ProtocolError::Unmasked`],
    /// [`ProtocolError::Masked`], [`ProtocolError::ReservedBits`],
    /// [`ProtocolError::FrameTooBig`]. The decoder is then of no further use.
    #[inline]
    pub fn decode<'b>(
        &mut self,
        input: &mut &'b mut [u8],
    ) -> Result<Option<Chunk<'b>>, ProtocolError> {
        let mut chunk = self.decode_masked(input)?;
        if let Some(chunk) = &mut chunk {
            chunk.unmask();
        }
        Ok(chunk)
    }

    /// Like [`decode`](Decoder::decode), but leaves the payload masked: who copies it
    /// can unmask the copy.
    #[inline(always)]
    pub(super) fn decode_masked<'b>(
        &mut self,
        input: &mut &'b mut [u8],
    ) -> Result<Option<Chunk<'b>>, ProtocolError> {
        match self.begun {
            Begun::Head { len: 0, .. } => {}
            Begun::Head { bytes, len } => return self.take_split_head(bytes, len, input),
            Begun::Payload { .. } if input.is_empty() => return Ok(None),
            Begun::Payload { header, received } => {
                return Ok(Some(self.take_chunk(header, received, false, input)));
            }
        }
        self.check_bits(input)?;
        let Some((header, size)) = FrameHeader::parse(input)? else {
            // What is here is the incomplete head and nothing more.
            let piece = take(input, input.len());
            let mut bytes = [0; FrameHeader::MAX_SIZE];
            bytes[..piece.len()].copy_from_slice(piece);
            self.begun = Begun::Head { bytes, len: piece.len() as u8 };
            return Ok(None);
        };
        take(input, size);
        self.check_length(&header)?;
        Ok(Some(self.take_chunk(header, 0, true, input)))
    }

    /// Carries on a head of which an earlier input had the first `old` bytes.
    #[inline(never)]
    fn take_split_head<'b>(
        &mut self,
        mut bytes: [u8; FrameHeader::MAX_SIZE],
        old: u8,
        input: &mut &'b mut [u8],
    ) -> Result<Option<Chunk<'b>>, ProtocolError> {
        let old = usize::from(old);
        let len = bytes.len().min(old + input.len());
        bytes[old..len].copy_from_slice(&input[..len - old]);
        let head = &bytes[..len];
        self.check_bits(head)?;
        let Some((header, size)) = FrameHeader::parse(head)? else {
            take(input, len - old);
            self.begun = Begun::Head { bytes, len: len as u8 };
            return Ok(None);
        };
        take(input, size - old);
        self.check_length(&header)?;
        Ok(Some(self.take_chunk(header, 0, true, input)))
    }

    /// The rules on the first two bytes that depend on this connection. They are
    /// judged as soon as the bytes are there, and after the rules that
    /// [`FrameHeader`] has for the same bytes, so that which rule a head breaks
    /// first does not depend on how it is cut.
    #[inline(always)]
    fn check_bits(&self, head: &[u8]) -> Result<(), ProtocolError> {
        let Some(first) = head.first() else { return Ok(()) };
        // RFC 6455 §5.2: reserved bits must be 0 unless an extension defines them.
        if first & 0x70 & !self.defined_bits(*first) != 0 {
            return Err(first_broken(&head[..1], ProtocolError::ReservedBits));
        }
        // RFC 6455 §5.1: a client masks all its frames, a server none.
        let expects_mask = self.role == Role::Server;
        match head.get(1) {
            Some(second) if (second & 0x80 != 0) != expects_mask => {
                let error =
                    if expects_mask { ProtocolError::Unmasked } else { ProtocolError::Masked };
                Err(first_broken(&head[..2], error))
            }
            _ => Ok(()),
        }
    }

    /// The reserved bits that an extension defines for a frame that begins with
    /// this byte: RFC 7692 §6.1 gives RSV1 a meaning where a data message begins,
    /// and on no continuation or control frame.
    #[inline(always)]
    fn defined_bits(&self, first: u8) -> u8 {
        let begins_message = matches!(first & 0x0F, 0x1 | 0x2);
        if self.compression && begins_message { 0x40 } else { 0 }
    }

    #[inline(always)]
    fn check_length(&self, header: &FrameHeader) -> Result<(), ProtocolError> {
        if header.payload_len() > self.max_frame && !header.opcode().is_control() {
            return Err(ProtocolError::FrameTooBig);
        }
        Ok(())
    }

    /// Takes what is there of the payload, of which so much was `received` before.
    #[inline(always)]
    fn take_chunk<'b>(
        &mut self,
        header: FrameHeader,
        received: u64,
        starts: bool,
        input: &mut &'b mut [u8],
    ) -> Chunk<'b> {
        let left = header.payload_len() - received;
        let available = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
        let payload = take(input, available);
        let missing = left - available as u64;
        self.begun = match missing {
            0 => Begun::NOTHING,
            _ => Begun::Payload { header, received: received + available as u64 },
        };
        let mask = rotated(header.key(), received);
        Chunk { header, payload, starts, missing, mask }
    }
}

/// What these bytes of a head break by themselves, or else `error`, which they
/// break on this connection.
#[cold]
fn first_broken(head: &[u8], error: ProtocolError) -> ProtocolError {
    FrameHeader::parse(head).err().unwrap_or(error)
}

/// Takes the first `len` bytes off the front of `input`.
#[inline(always)]
fn take<'b>(input: &mut &'b mut [u8], len: usize) -> &'b mut [u8] {
    let (front, rest) = std::mem::take(input).split_at_mut(len);
    *input = rest;
    front
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Opcode;

    fn server() -> Decoder {
        Decoder::new(Role::Server, &Limits::default())
    }

    fn first_error(mut decoder: Decoder, bytes: &[u8]) -> ProtocolError {
        let mut bytes = bytes.to_vec();
        let mut input = &mut bytes[..];
        loop {
            match decoder.decode(&mut input) {
                Ok(chunk) => assert!(chunk.is_some(), "no error in {input:x?}"),
                Err(error) => return error,
            }
        }
    }

    const MASKED_HELLO: [u8; 11] =
        [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];

    // Proves 6455-6.2-5.
    #[test]
    fn section_5_3_a_payload_comes_out_unmasked_wherever_the_frame_is_cut() {
        for cut in 0..=MASKED_HELLO.len() {
            let mut decoder = server();
            let mut bytes = MASKED_HELLO;
            let (mut first, mut second) = bytes.split_at_mut(cut);
            let mut payload = Vec::new();
            let mut starts = 0;
            let mut ends = 0;
            for input in [&mut first, &mut second] {
                while let Some(chunk) = decoder.decode(input).unwrap() {
                    assert_eq!(chunk.header.opcode(), Opcode::Text);
                    payload.extend_from_slice(chunk.payload);
                    starts += usize::from(chunk.starts);
                    ends += usize::from(chunk.ends());
                }
                assert!(input.is_empty());
            }
            assert_eq!((payload.as_slice(), starts, ends), (&b"Hello"[..], 1, 1), "cut at {cut}");
        }
    }

    #[test]
    fn a_head_is_reported_before_its_payload_arrives() {
        let mut decoder = server();
        let (mut head, mut payload) = ([0x81, 0x85, 1, 2, 3, 4], [1 ^ b'a']);
        let mut input = &mut head[..];
        let chunk = decoder.decode(&mut input).unwrap().unwrap();
        assert!(chunk.starts && !chunk.ends() && chunk.payload.is_empty());
        let mut input = &mut payload[..];
        let chunk = decoder.decode(&mut input).unwrap().unwrap();
        assert!(!chunk.starts && !chunk.ends());
        assert_eq!(chunk.payload, b"a");
    }

    // Proves 6455-5.1-2.
    #[test]
    fn section_5_1_a_server_refuses_frames_that_are_not_masked() {
        assert_eq!(first_error(server(), b"\x81\x00"), ProtocolError::Unmasked);
    }

    // Proves 6455-5.1-5.
    #[test]
    fn section_5_1_a_client_refuses_frames_that_are_masked() {
        let client = Decoder::new(Role::Client, &Limits::default());
        assert_eq!(first_error(client, &MASKED_HELLO), ProtocolError::Masked);
    }

    // Proves 6455-5.2-3.
    #[test]
    fn section_5_2_reserved_bits_are_refused_when_no_extension_defines_them() {
        for bit in [0x40, 0x20, 0x10] {
            let frame = [0x81 | bit, 0x80, 0, 0, 0, 0];
            assert_eq!(first_error(server(), &frame), ProtocolError::ReservedBits);
        }
    }

    // Proves 6455-5.2-3.
    #[test]
    fn section_5_2_bits_are_judged_before_the_head_is_complete() {
        assert_eq!(first_error(server(), b"\xC1"), ProtocolError::ReservedBits);
        assert_eq!(first_error(server(), b"\x81\x7F"), ProtocolError::Unmasked);
        let mut decoder = server();
        let mut bytes = *b"\x81\x7F";
        let (mut first, mut second) = bytes.split_at_mut(1);
        assert_eq!(decoder.decode(&mut first), Ok(None));
        assert_eq!(decoder.decode(&mut second), Err(ProtocolError::Unmasked));
    }

    // Proves 6455-6.2-1.
    #[test]
    fn section_5_2_which_rule_a_head_breaks_does_not_depend_on_where_it_is_cut() {
        for role in [Role::Server, Role::Client] {
            for first in 0..=u8::MAX {
                for second in 0..=u8::MAX {
                    // A 64-bit length that breaks both of its rules, or a key.
                    let mut head = [first, second, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0];
                    head[2] = second & 0x80;
                    let decode = |cut: usize| {
                        let mut decoder = Decoder::new(role, &Limits::default());
                        let mut head = head;
                        let (mut start, mut rest) = head.split_at_mut(cut);
                        decoder.decode(&mut start).err().or_else(|| decoder.decode(&mut rest).err())
                    };
                    let whole = decode(0);
                    for cut in [1, 2, 5] {
                        assert_eq!(decode(cut), whole, "{role:?} {first:#x} {second:#x} {cut}");
                    }
                }
            }
        }
    }

    // Proves 6455-10.4-1, 6455-10.4-2.
    #[test]
    fn section_10_4_a_frame_above_the_limit_is_refused_by_its_head_alone() {
        let limits = Limits { max_frame: 1000, ..Limits::default() };
        let head = [0x82, 0xFE, 0x03, 0xE9, 0, 0, 0, 0];
        let decoder = Decoder::new(Role::Server, &limits);
        assert_eq!(first_error(decoder, &head), ProtocolError::FrameTooBig);
        let huge = [0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];
        assert_eq!(first_error(server(), &huge), ProtocolError::FrameTooBig);

        let mut at_the_limit = [0x82, 0xFE, 0x03, 0xE8, 0, 0, 0, 0];
        let chunk = Decoder::new(Role::Server, &limits).decode(&mut &mut at_the_limit[..]).unwrap();
        assert_eq!(chunk.unwrap().header.payload_len(), 1000);
    }
}
