//! Compressed payload → payload (RFC 7692 §7.2.2).

use flate2::{Decompress, FlushDecompress, Status};

use super::{Deflate, TAIL, WindowBits};
use crate::proto::decoder::Role;
use crate::proto::error::ProtocolError;
use crate::proto::growth::make_room;

/// Inflates what the peer sends, piece by piece as it arrives.
#[derive(Debug)]
pub(in crate::proto) struct Inflater {
    window_bits: WindowBits,
    takeover: bool,
    /// Only between the first and the last byte of a message, and after that if
    /// the window is taken over.
    context: Option<Decompress>,
    place: Place,
}

/// Where the data stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before a message's first byte.
    Start,
    Inside,
    /// Behind a block that was marked as the last one.
    Ended,
}

impl Inflater {
    /// For what the endpoint in `role` receives.
    pub(in crate::proto) fn new(role: Role, agreed: &Deflate) -> Inflater {
        let (window_bits, no_takeover) = match role {
            Role::Server => (agreed.client_max_window_bits, agreed.client_no_context_takeover),
            Role::Client => (agreed.server_max_window_bits, agreed.server_no_context_takeover),
        };
        Inflater { window_bits, takeover: !no_takeover, context: None, place: Place::Start }
    }

    /// Appends what this piece of a message's data inflates to. `message` holds
    /// all that the message inflated to so far, and stops growing at one byte
    /// more than `limit`.
    pub(in crate::proto) fn push(
        &mut self,
        mut data: &[u8],
        message: &mut Vec<u8>,
        limit: usize,
    ) -> Result<(), ProtocolError> {
        let window_bits = self.window_bits.for_zlib();
        let context = self
            .context
            .get_or_insert_with(|| Decompress::new_with_window_bits(false, window_bits));
        // §7.1.1: without takeover a message refers to nothing before it.
        if self.place == Place::Start && !self.takeover {
            context.reset(false);
        }
        loop {
            if !data.is_empty() {
                if self.place == Place::Ended {
                    go_on(context, message, 1 << window_bits)?;
                }
                self.place = Place::Inside;
            }
            // One byte more than the limit shows that it is passed.
            make_room(message, data.len().max(1), 0, limit.saturating_add(1));
            let taken_before = context.total_in();
            let result = context.decompress_vec(data, message, FlushDecompress::Sync);
            // What came out before damaged data counts first, so that no cut
            // changes what was wrong.
            if message.len() > limit {
                return Err(ProtocolError::MessageTooBig);
            }
            let status = result.map_err(|_| ProtocolError::Deflate)?;
            let taken = context.total_in() - taken_before;
            data = usize::try_from(taken).ok().and_then(|taken| data.get(taken..)).unwrap_or(&[]);
            match status {
                Status::StreamEnd => self.place = Place::Ended,
                // Nothing moved though there was room: only for want of data.
                Status::BufError if !data.is_empty() => return Err(ProtocolError::Deflate),
                Status::Ok | Status::BufError => {}
            }
            // Room that is left means that everything taken has come out.
            if data.is_empty() && message.len() < message.capacity() {
                return Ok(());
            }
        }
    }

    /// Says that all of the message's data was pushed.
    pub(in crate::proto) fn finish(
        &mut self,
        message: &mut Vec<u8>,
        limit: usize,
    ) -> Result<(), ProtocolError> {
        // Behind a last block there should be the beginning of an empty one
        // (§7.2.3.4), which the tail completes. Some senders leave out both.
        if self.place == Place::Inside {
            self.push(&TAIL, message, limit)?;
        }
        if self.place == Place::Inside || !self.takeover {
            self.place = Place::Start;
        }
        Ok(())
    }

    /// Gives back the memory, if no later message needs it.
    pub(in crate::proto) fn release(&mut self) {
        if !self.takeover {
            self.context = None;
        }
    }
}

/// Data comes behind a last block, which ends a DEFLATE stream but not the
/// message (§7.2.3.4): it may refer back to what came before. zlib has forgotten
/// that, so it is told. Of earlier messages nothing is left, but senders that end
/// a stream forget them too.
fn go_on(context: &mut Decompress, message: &[u8], window: usize) -> Result<(), ProtocolError> {
    context.reset(false);
    let start = message.len().saturating_sub(window);
    context.set_dictionary(&message[start..]).map_err(|_| ProtocolError::Deflate)?;
    Ok(())
}
