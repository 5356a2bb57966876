//! Close codes and the payload of a Close frame (RFC 6455 §5.5.1, §7.4).

use std::fmt;
use std::num::NonZeroU16;

use super::error::ProtocolError;

/// A status code that may stand in a Close frame (RFC 6455 §7.4).
///
/// One that exists is legal on the wire: 1000–1003, 1007–1014, and 3000–4999.
/// 1004, 1005, 1006 and 1015 never travel (§7.4.1), everything else is
/// reserved (§7.4.2).
///
/// ```
/// use wirechat::proto::CloseCode;
///
/// assert_eq!(CloseCode::new(1000), Some(CloseCode::NORMAL));
/// assert_eq!(CloseCode::new(1005), None); // "no status received" is never sent
/// assert_eq!(CloseCode::new(4001).unwrap().get(), 4001); // private use
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CloseCode(NonZeroU16);

impl CloseCode {
    /// 1000: the purpose of the connection has been fulfilled.
    pub const NORMAL: CloseCode = CloseCode::known(1000);
    /// 1001: the endpoint is going away: a server stops, a browser leaves the page.
    pub const GOING_AWAY: CloseCode = CloseCode::known(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: CloseCode = CloseCode::known(1002);
    /// 1003: a type of data that this endpoint cannot accept.
    pub const UNSUPPORTED: CloseCode = CloseCode::known(1003);
    /// 1007: the payload is not what its type says, such as text that is not UTF-8.
    pub const INVALID_PAYLOAD: CloseCode = CloseCode::known(1007);
    /// 1008: a policy of the endpoint was violated.
    pub const POLICY_VIOLATION: CloseCode = CloseCode::known(1008);
    /// 1009: a message too big to process.
    pub const TOO_BIG: CloseCode = CloseCode::known(1009);
    /// 1010: the server did not negotiate an extension that the client needs.
    pub const EXTENSION_REQUIRED: CloseCode = CloseCode::known(1010);
    /// 1011: the endpoint met a condition it did not expect.
    pub const INTERNAL_ERROR: CloseCode = CloseCode::known(1011);
    /// 1012: the service restarts (IANA registry).
    pub const SERVICE_RESTART: CloseCode = CloseCode::known(1012);
    /// 1013: try again later, the server is overloaded (IANA registry).
    pub const TRY_AGAIN_LATER: CloseCode = CloseCode::known(1013);

    /// For the constants above and other codes known when the program is written.
    ///
    /// # Panics
    /// When the code may not be sent; in a `const` that is a compile error.
    #[must_use]
    pub const fn known(code: u16) -> CloseCode {
        match CloseCode::new(code) {
            Some(code) => code,
            None => panic!("this close code may not be sent"),
        }
    }

    /// The code with this number, or `None` if it may not stand in a Close frame.
    #[must_use]
    pub const fn new(code: u16) -> Option<CloseCode> {
        match NonZeroU16::new(code) {
            Some(number) if matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) => {
                Some(CloseCode(number))
            }
            _ => None,
        }
    }

    /// The number on the wire.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0.get()
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

impl fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CloseCode({})", self.get())
    }
}

/// What a Close frame says: nothing, or a code with an optional reason.
///
/// ```
/// use wirechat::proto::{CloseCode, CloseFrame};
///
/// let close = CloseFrame::parse(b"\x03\xe8bye").unwrap();
/// assert_eq!(close.code, Some(CloseCode::NORMAL));
/// assert_eq!(close.reason, "bye");
/// assert_eq!(close.payload(), b"\x03\xe8bye");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CloseFrame {
    /// The status code; `None` if the frame has no payload, which an
    /// application sees as 1005, "no status received" (RFC 6455 §7.1.5).
    pub code: Option<CloseCode>,
    /// UTF-8 text for people who debug, at most [`CloseFrame::MAX_REASON`] bytes; empty if there is none.
    pub reason: String,
}

impl CloseFrame {
    /// The longest reason in bytes: a control frame's payload is at most 125
    /// bytes (RFC 6455 §5.5) and the code takes two of them.
    pub const MAX_REASON: usize = 123;

    /// A frame with this code and as much of the reason as fits, cut at a
    /// character border.
    #[must_use]
    pub fn new(code: CloseCode, reason: &str) -> CloseFrame {
        let end = reason.floor_char_boundary(CloseFrame::MAX_REASON);
        CloseFrame { code: Some(code), reason: reason[..end].to_owned() }
    }

    /// Reads the unmasked payload of a Close frame.
    ///
    /// # Errors
    /// [`ProtocolError::CloseTooShort`] for a payload of one byte and
    /// [`ProtocolError::CloseCode`] for a code that may not be sent, both
    /// RFC 6455 §5.5.1 and §7.4; [`ProtocolError::Utf8`] for a reason that is
    /// not UTF-8 (§8.1).
    pub fn parse(payload: &[u8]) -> Result<CloseFrame, ProtocolError> {
        let (code, reason) = match payload {
            [] => return Ok(CloseFrame::default()),
            [_] => return Err(ProtocolError::CloseTooShort),
            [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
        };
        let code = CloseCode::new(code).ok_or(ProtocolError::CloseCode(code))?;
        let reason = simdutf8::basic::from_utf8(reason).map_err(|_| ProtocolError::Utf8)?;
        Ok(CloseFrame { code: Some(code), reason: reason.to_owned() })
    }

    /// The unmasked payload that says this: empty without a code, since a
    /// reason cannot stand alone.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let Some(code) = self.code else { return Vec::new() };
        let mut payload = code.get().to_be_bytes().to_vec();
        payload.extend_from_slice(self.reason.as_bytes());
        payload
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Proves 6455-7.4.1-1, 6455-7.4.1-2, 6455-7.4.1-3, 6455-7.4.1-5.
    #[test]
    fn section_7_4_only_codes_that_may_travel_exist() {
        for code in 0..=u16::MAX {
            let legal = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
            assert_eq!(CloseCode::new(code).map(CloseCode::get), legal.then_some(code));
        }
    }

    #[test]
    #[should_panic(expected = "this close code may not be sent")]
    fn section_7_4_1_a_program_that_names_a_code_which_never_travels_is_told() {
        let _ = CloseCode::known(1005);
    }

    #[test]
    fn a_code_in_words_is_its_number() {
        assert_eq!(CloseCode::GOING_AWAY.to_string(), "1001");
        assert_eq!(format!("{:?}", CloseCode::GOING_AWAY), "CloseCode(1001)");
    }

    // Proves 6455-5.5.1-2.
    #[test]
    fn section_5_5_1_an_empty_payload_says_nothing() {
        assert_eq!(CloseFrame::parse(b""), Ok(CloseFrame::default()));
        assert_eq!(CloseFrame::default().payload(), b"");
    }

    // Proves 6455-5.5.1-2.
    #[test]
    fn section_5_5_1_a_payload_of_one_byte_is_refused() {
        assert_eq!(CloseFrame::parse(b"\x03"), Err(ProtocolError::CloseTooShort));
    }

    // Proves 6455-7.4.1-2, 6455-7.4.1-3, 6455-7.4.1-5.
    #[test]
    fn section_7_4_1_codes_that_never_travel_are_refused() {
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
            assert_eq!(CloseFrame::parse(&code.to_be_bytes()), Err(ProtocolError::CloseCode(code)));
        }
    }

    // Proves 6455-5.5.1-3, 6455-8.1-1.
    #[test]
    fn section_8_1_a_reason_that_is_not_utf8_is_refused() {
        assert_eq!(CloseFrame::parse(b"\x03\xe8\xff"), Err(ProtocolError::Utf8));
    }

    // Proves 6455-5.5-1.
    #[test]
    fn section_5_5_a_long_reason_is_cut_at_a_character_border_so_that_the_frame_is_legal() {
        let close = CloseFrame::new(CloseCode::NORMAL, &"é".repeat(100));
        assert_eq!(close.reason, "é".repeat(61));
        assert!(close.payload().len() <= 125);
    }
}
