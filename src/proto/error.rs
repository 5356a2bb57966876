//! How a peer can break the protocol, and how a caller can misuse a connection.

use std::error::Error;
use std::fmt;

use super::close::CloseCode;

/// Something the peer sent after the opening handshake that RFC 6455 forbids
/// or that exceeds a [limit](super::Limits).
///
/// The connection answers with [`close_code`](ProtocolError::close_code) and
/// this error's text as the reason, then ends (§7.1.7, "Fail the WebSocket
/// Connection").
///
/// ```
/// use wirechat::proto::{CloseCode, ProtocolError};
///
/// assert_eq!(ProtocolError::Utf8.close_code(), CloseCode::INVALID_PAYLOAD);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// RSV1, RSV2 or RSV3 is set though no extension gives it a meaning (§5.2).
    ReservedBits,
    /// An opcode that the RFC reserves (§5.2).
    ReservedOpcode(u8),
    /// A client sent a frame without a mask (§5.1).
    Unmasked,
    /// A server sent a masked frame (§5.1).
    Masked,
    /// A length written in more bytes than it needs (§5.2).
    LengthNotMinimal,
    /// A 64-bit length whose most significant bit is 1 (§5.2).
    LengthTopBit,
    /// A control frame with FIN = 0 (§5.5).
    FragmentedControl,
    /// A control frame of more than 125 bytes (§5.5).
    LongControl,
    /// A continuation frame when no message has begun (§5.4).
    UnexpectedContinuation,
    /// A new text or binary frame before the last message ended (§5.4).
    ExpectedContinuation,
    /// Text, or the reason of a Close, that is not UTF-8 (§8.1).
    Utf8,
    /// A compressed message whose data does not inflate (RFC 7692 §7.2.2).
    Deflate,
    /// A Close frame with a payload of one byte (§5.5.1).
    CloseTooShort,
    /// A close code that may not be sent (§7.4).
    CloseCode(u16),
    /// A frame longer than [`Limits::max_frame`](super::Limits::max_frame).
    FrameTooBig,
    /// A message longer than [`Limits::max_message`](super::Limits::max_message).
    MessageTooBig,
    /// A message in more frames than [`Limits::max_fragments`](super::Limits::max_fragments).
    TooManyFragments,
}

impl ProtocolError {
    /// The code of the Close frame that answers this (RFC 6455 §7.4.1).
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            ProtocolError::Utf8 | ProtocolError::Deflate => CloseCode::INVALID_PAYLOAD,
            ProtocolError::FrameTooBig | ProtocolError::MessageTooBig => CloseCode::TOO_BIG,
            ProtocolError::TooManyFragments => CloseCode::POLICY_VIOLATION,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProtocolError::ReservedBits => f.write_str("reserved bits are set"),
            ProtocolError::ReservedOpcode(bits) => write!(f, "opcode {bits:#x} is reserved"),
            ProtocolError::Unmasked => f.write_str("a client's frames must be masked"),
            ProtocolError::Masked => f.write_str("a server's frames must not be masked"),
            ProtocolError::LengthNotMinimal => {
                f.write_str("the length is not in its shortest form")
            }
            ProtocolError::LengthTopBit => f.write_str("the top bit of a 64-bit length must be 0"),
            ProtocolError::FragmentedControl => {
                f.write_str("a control frame must not be fragmented")
            }
            ProtocolError::LongControl => f.write_str("a control frame is longer than 125 bytes"),
            ProtocolError::UnexpectedContinuation => f.write_str("a continuation of no message"),
            ProtocolError::ExpectedContinuation => f.write_str("the last message has not ended"),
            ProtocolError::Utf8 => f.write_str("text is not UTF-8"),
            ProtocolError::Deflate => f.write_str("the compressed data is damaged"),
            ProtocolError::CloseTooShort => f.write_str("a close payload of one byte"),
            ProtocolError::CloseCode(code) => write!(f, "close code {code} must not be sent"),
            ProtocolError::FrameTooBig => f.write_str("the frame is too big"),
            ProtocolError::MessageTooBig => f.write_str("the message is too big"),
            ProtocolError::TooManyFragments => f.write_str("the message has too many fragments"),
        }
    }
}

impl Error for ProtocolError {}

/// Why a message or a Ping was not taken for sending: a mistake of the caller,
/// never of the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// The closing handshake has begun; no data may follow a Close (RFC 6455 §5.5.1).
    Closing,
    /// The payload of a Ping or Pong is longer than 125 bytes (RFC 6455 §5.5).
    LongControl,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendError::Closing => "the connection is closing",
            SendError::LongControl => "a ping or pong carries at most 125 bytes",
        })
    }
}

impl Error for SendError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_of_the_caller_is_told_in_words() {
        assert_eq!(SendError::Closing.to_string(), "the connection is closing");
        assert_eq!(SendError::LongControl.to_string(), "a ping or pong carries at most 125 bytes");
    }
}
