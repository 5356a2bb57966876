//! The size of an LZ77 window (RFC 7692 §7.1.2).

/// The size of a window as a power of two: 8 stands for 256 bytes, 15 for 32 KiB.
///
/// ```
/// use wirechat::proto::WindowBits;
///
/// assert_eq!(WindowBits::new(15), Some(WindowBits::MAX));
/// assert_eq!(WindowBits::new(7), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowBits(u8);

impl WindowBits {
    /// 8, for 256 bytes.
    pub const MIN: WindowBits = WindowBits(8);
    /// 15, for 32 KiB: what a side uses of which nothing was said.
    pub const MAX: WindowBits = WindowBits(15);

    /// This power of two, or `None` if it is not one from 8 to 15.
    #[must_use]
    pub const fn new(bits: u8) -> Option<WindowBits> {
        match bits {
            8..=15 => Some(WindowBits(bits)),
            _ => None,
        }
    }

    /// The exponent.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// What zlib is told. It has no window of 2^8, but with 2^9 it never refers
    /// back further than 2^9 − 262 = 250 bytes, which fits in both; and whoever
    /// can look back 2^9 bytes can read data that looks back 2^8.
    pub(super) fn for_zlib(self) -> u8 {
        self.0.max(9)
    }
}
