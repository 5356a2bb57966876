//! How much a peer may make this endpoint hold (RFC 6455 §10.4).

/// Bounds on what one connection keeps in memory for its peer.
///
/// A peer that exceeds one is answered with Close 1009 (too big) or 1008
/// (policy), and memory grows with the bytes that really arrived, never with a
/// length that the peer declared.
///
/// ```
/// use wirechat::proto::Limits;
///
/// let limits = Limits { max_message: 16 << 20, ..Limits::default() };
/// assert_eq!(limits.max_frame, 64 << 10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Payload bytes of one data frame, compressed if they are; default 64 KiB. A
    /// longer one is refused with 1009 as soon as its header is read.
    pub max_frame: u64,
    /// Payload bytes of one message, all its fragments together and inflated if it
    /// is compressed; default 64 KiB, then 1009: inflating stops at the limit.
    pub max_message: usize,
    /// Frames that one message may be split into; default 1,024, then 1008.
    /// Without it, empty fragments cost the peer nothing and this side time.
    pub max_fragments: u32,
    /// Answers to Pings that may wait to be written; default 16, at least 1.
    /// Beyond that only the newest Ping is answered, as RFC 6455 §5.5.3 allows.
    pub max_queued_pongs: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_frame: 64 << 10,
            max_message: 64 << 10,
            max_fragments: 1024,
            max_queued_pongs: 16,
        }
    }
}
