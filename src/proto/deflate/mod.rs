//! permessage-deflate: messages that travel compressed (RFC 7692).
//!
//! A compressed message is the message's payload as DEFLATE data (RFC 1951) in
//! the frames of the message, RSV1 set on the first of them; control frames are
//! never compressed. The sender ends the data with an empty stored block, whose
//! last four bytes are the same each time and so do not travel:
//!
//! ```text
//!   "Hello"  ─── deflate, sync flush ──▶  f2 48 cd c9 c9 07 00│00 00 ff ff
//!                                         └──── on the wire ────┘└ left out ┘
//!   first frame: RSV1 = 1, opcode text;  any further frame: RSV1 = 0, continuation
//! ```
//!
//! Each direction has its own window of the latest bytes, to which the data may
//! refer back. With *context takeover* the window lives on from one message to
//! the next, which makes small, similar messages very small, and costs memory as
//! long as the connection lasts:
//!
//! | an open connection with takeover in both directions | about |
//! |---|---|
//! | that has received a compressed message | 48 KiB for inflating, whatever the window |
//! | that has sent one | 310 KiB for compressing; 190 KiB with a window of 2^12 bytes or less |
//!
//! Contexts come into being with the first message that needs them. Without
//! takeover they go when the connection is idle
//! ([`Connection::release_memory`](super::Connection::release_memory)), so that
//! then an idle connection costs nothing for having agreed on compression.

mod compressor;
mod inflater;
mod window;

pub(super) use compressor::Compressor;
pub(super) use inflater::Inflater;
pub use window::WindowBits;

/// How messages are compressed: before the opening handshake what an endpoint
/// wants, after it what both agreed on (RFC 7692 §7.1).
///
/// ```
/// use wirechat::proto::{Deflate, WindowBits};
///
/// // No context outlives its message, and windows are small.
/// let frugal = Deflate {
///     server_no_context_takeover: true,
///     client_no_context_takeover: true,
///     server_max_window_bits: WindowBits::new(10).unwrap(),
///     client_max_window_bits: WindowBits::new(10).unwrap(),
///     ..Deflate::default()
/// };
/// assert_ne!(frugal, Deflate::default());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deflate {
    /// Whether the server forgets its window after each message (§7.1.1.1);
    /// default `false`. A client that wants this gets it or no compression; a
    /// server that wants it has it, and so it is after a client asked for it.
    pub server_no_context_takeover: bool,
    /// Whether the client forgets its window after each message (§7.1.1.2);
    /// default `false`. Either side may decide that.
    pub client_no_context_takeover: bool,
    /// The largest window that the server compresses with (§7.1.2.1); default
    /// [`WindowBits::MAX`]. Either side may lower it.
    pub server_max_window_bits: WindowBits,
    /// The largest window that the client compresses with (§7.1.2.2); default
    /// [`WindowBits::MAX`]. A server that wants a smaller one declines the offer
    /// of a client that cannot be told.
    pub client_max_window_bits: WindowBits,
    /// Messages of fewer bytes are sent as they are; default 128. Not negotiated.
    pub threshold: usize,
}

impl Default for Deflate {
    fn default() -> Deflate {
        Deflate {
            server_no_context_takeover: false,
            client_no_context_takeover: false,
            server_max_window_bits: WindowBits::MAX,
            client_max_window_bits: WindowBits::MAX,
            threshold: 128,
        }
    }
}

/// What the sender leaves out at the end of each message (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

#[cfg(test)]
mod tests;
