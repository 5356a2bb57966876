//! What a frame carries: the four-bit opcode (RFC 6455 §5.2, §11.8).

/// The opcode of a frame (RFC 6455 §5.2).
///
/// Values 0x3–0x7 and 0xB–0xF are reserved; a frame that uses one fails the
/// connection, so they have no representation here.
///
/// ```
/// use wirechat::proto::Opcode;
///
/// assert_eq!(Opcode::from_bits(0x9), Some(Opcode::Ping));
/// assert_eq!(Opcode::from_bits(0x3), None);
/// assert!(Opcode::Ping.is_control());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opcode {
    /// Carries on the message that an earlier frame began (§5.4).
    Continuation = 0x0,
    /// Begins a message whose whole payload is UTF-8 (§5.6).
    Text = 0x1,
    /// Begins a message of arbitrary bytes (§5.6).
    Binary = 0x2,
    /// Begins or answers the closing handshake (§5.5.1).
    Close = 0x8,
    /// Asks the other side for a Pong with the same payload (§5.5.2).
    Ping = 0x9,
    /// Answers a Ping, or says "I am alive" unasked (§5.5.3).
    Pong = 0xA,
}

impl Opcode {
    /// The opcode with this number, or `None` for a reserved one and for
    /// numbers that do not fit in four bits.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Opcode> {
        Some(match bits {
            0x0 => Opcode::Continuation,
            0x1 => Opcode::Text,
            0x2 => Opcode::Binary,
            0x8 => Opcode::Close,
            0x9 => Opcode::Ping,
            0xA => Opcode::Pong,
            _ => return None,
        })
    }

    /// The number on the wire.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self as u8
    }

    /// Whether this is Close, Ping or Pong: the most significant bit of the
    /// opcode is 1 (RFC 6455 §5.5).
    #[must_use]
    pub const fn is_control(self) -> bool {
        self.bits() & 0x8 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Proves 6455-5.2-4.
    #[test]
    fn every_opcode_survives_the_way_to_bits_and_back_and_reserved_ones_do_not_exist() {
        for bits in 0..=u8::MAX {
            match Opcode::from_bits(bits) {
                Some(opcode) => assert_eq!(opcode.bits(), bits),
                None => assert!(matches!(bits, 0x3..=0x7 | 0xB..)),
            }
        }
    }

    // Proves 6455-5.4-9.
    #[test]
    fn control_opcodes_are_exactly_close_ping_and_pong() {
        for opcode in [Opcode::Close, Opcode::Ping, Opcode::Pong] {
            assert!(opcode.is_control());
        }
        for opcode in [Opcode::Continuation, Opcode::Text, Opcode::Binary] {
            assert!(!opcode.is_control());
        }
    }
}
