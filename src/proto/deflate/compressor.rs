//! Payload → compressed payload (RFC 7692 §7.2.1).

use flate2::{Compress, CompressError, Compression, FlushCompress};

use super::{Deflate, TAIL, WindowBits};
use crate::proto::decoder::Role;

/// Compresses what this endpoint sends.
#[derive(Debug)]
pub(in crate::proto) struct Compressor {
    window_bits: WindowBits,
    takeover: bool,
    threshold: usize,
    /// From the first message that is compressed on.
    context: Option<Compress>,
}

impl Compressor {
    /// For what the endpoint in `role` sends.
    pub(in crate::proto) fn new(role: Role, agreed: &Deflate) -> Compressor {
        let (window_bits, no_takeover) = match role {
            Role::Server => (agreed.server_max_window_bits, agreed.server_no_context_takeover),
            Role::Client => (agreed.client_max_window_bits, agreed.client_no_context_takeover),
        };
        Compressor {
            window_bits,
            takeover: !no_takeover,
            threshold: agreed.threshold,
            context: None,
        }
    }

    /// The data that stands for `message`, or `None` if it is to be sent as it is.
    pub(in crate::proto) fn compress(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        // An empty message is shorter than any data that stands for it.
        if message.is_empty() || message.len() < self.threshold {
            return None;
        }
        let window_bits = self.window_bits.for_zlib();
        let context = self.context.get_or_insert_with(|| {
            Compress::new_with_window_bits(Compression::default(), false, window_bits)
        });
        let Ok(data) = deflate(context, message) else {
            // A new context refers to nothing that the peer could lack.
            self.context = None;
            return None;
        };
        if self.takeover {
            // The peer's window must learn of every message that ours has seen.
            return Some(data);
        }
        context.reset();
        (data.len() < message.len()).then_some(data)
    }

    /// Gives back the memory, if no later message needs it.
    pub(in crate::proto) fn release(&mut self) {
        if !self.takeover {
            self.context = None;
        }
    }
}

/// RFC 7692 §7.2.1: compressed up to a byte's border, without the tail.
fn deflate(context: &mut Compress, message: &[u8]) -> Result<Vec<u8>, CompressError> {
    let mut data = Vec::with_capacity(message.len() / 2 + 64);
    let mut rest = message;
    loop {
        let taken_before = context.total_in();
        context.compress_vec(rest, &mut data, FlushCompress::Sync)?;
        let taken = usize::try_from(context.total_in() - taken_before).unwrap_or(usize::MAX);
        rest = rest.get(taken..).unwrap_or(&[]);
        if data.len() < data.capacity() {
            break; // room that is left means that everything has come out
        }
        data.reserve(data.len());
    }
    debug_assert!(data.ends_with(&TAIL), "a sync flush ends with an empty stored block");
    data.truncate(data.len() - TAIL.len());
    Ok(data)
}
