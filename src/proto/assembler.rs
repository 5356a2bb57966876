//! Chunks → messages: fragments are joined and inflated, text is checked, control
//! frames pass between the fragments (RFC 6455 §5.4, RFC 7692 §6).

use std::borrow::Cow;

use super::close::CloseFrame;
use super::decoder::Chunk;
#[cfg(feature = "deflate")]
use super::decoder::Role;
#[cfg(feature = "deflate")]
use super::deflate::{Deflate, Inflater};
use super::error::ProtocolError;
use super::gathered::Gathered;
use super::header::FrameHeader;
use super::limits::Limits;
use super::message::Event;
use super::opcode::Opcode;
use super::utf8::whole_text;

/// Joins chunks into events.
///
/// Memory grows with the payload bytes that arrived and never with a length the
/// peer declared: what is held exceeds them by at most a sixteenth of
/// [`Limits::max_message`], twice that and them while the buffer is moved. A
/// message that arrives whole is not copied at all.
#[derive(Debug)]
pub struct Assembler {
    max_message: usize,
    max_fragments: u32,
    /// The data message that is arriving; boxed, since most connections have none.
    partial: Option<Box<PartialMessage>>,
    /// The control frame that is arriving, for the same reason.
    control: Option<Box<PartialControl>>,
    /// If compression was agreed on; boxed, since it often is not.
    #[cfg(feature = "deflate")]
    inflater: Option<Box<Inflater>>,
}

/// The payload so far, at most 125 bytes.
#[derive(Debug, Default)]
struct PartialControl(Vec<u8>);

#[derive(Debug)]
struct PartialMessage {
    is_compressed: bool,
    payload: Gathered,
    fragments: u32,
}

impl Assembler {
    /// An assembler with no message begun.
    #[must_use]
    pub fn new(limits: &Limits) -> Assembler {
        Assembler {
            max_message: limits.max_message,
            max_fragments: limits.max_fragments,
            partial: None,
            control: None,
            #[cfg(feature = "deflate")]
            inflater: None,
        }
    }

    /// Inflates what the endpoint in `role` receives compressed, as agreed.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn with_deflate(self, role: Role, agreed: &Deflate) -> Assembler {
        Assembler { inflater: Some(Box::new(Inflater::new(role, agreed))), ..self }
    }

    /// Adds the next chunk: an event if it completes one.
    ///
    /// # Errors
    /// [`ProtocolError::UnexpectedContinuation`],
    /// [`ProtocolError::ExpectedContinuation`], [`ProtocolError::Utf8`],
    /// [`ProtocolError::Deflate`], the limits on messages, and for a Close what
    /// [`CloseFrame::parse`] refuses.
    /// The assembler is then of no further use.
    #[inline]
    pub fn push<'b>(&mut self, chunk: Chunk<'b>) -> Result<Option<Event<'b>>, ProtocolError> {
        if chunk.header.opcode().is_control() {
            return self.push_control(chunk);
        }
        if chunk.starts {
            self.start_frame(&chunk.header)?;
            // The usual case: a whole message in one piece stays where it is.
            let is_whole = self.partial.is_none() && chunk.ends() && chunk.header.fin();
            if is_whole && !chunk.header.rsv1() {
                return whole_message(chunk).map(Some);
            }
        }
        self.push_data(chunk)
    }

    /// Checks what the head alone tells, before its payload arrives.
    #[inline]
    fn start_frame(&mut self, header: &FrameHeader) -> Result<(), ProtocolError> {
        let continues = header.opcode() == Opcode::Continuation;
        let (received, is_compressed) = match (&mut self.partial, continues) {
            (None, true) => return Err(ProtocolError::UnexpectedContinuation), // RFC 6455 §5.4
            (Some(_), false) => return Err(ProtocolError::ExpectedContinuation), // RFC 6455 §5.4
            (None, false) => (0, header.rsv1()),
            (Some(partial), true) => {
                partial.fragments += 1;
                if partial.fragments > self.max_fragments {
                    return Err(ProtocolError::TooManyFragments);
                }
                (partial.payload.len(), partial.is_compressed)
            }
        };
        // How long compressed data becomes shows when it is inflated. `received`
        // is within the limit, so the difference cannot underflow.
        if !is_compressed && header.payload_len() > (self.max_message - received) as u64 {
            return Err(ProtocolError::MessageTooBig);
        }
        Ok(())
    }

    #[inline(never)]
    fn push_data<'b>(&mut self, chunk: Chunk<'b>) -> Result<Option<Event<'b>>, ProtocolError> {
        let mut partial = self.partial.take().unwrap_or_else(|| {
            Box::new(PartialMessage {
                is_compressed: chunk.header.rsv1(),
                payload: Gathered::new(chunk.header.opcode() == Opcode::Text),
                fragments: 1,
            })
        });
        let is_last = chunk.ends() && chunk.header.fin();
        if partial.is_compressed {
            partial.payload.inflate(|payload| self.inflate(chunk.payload, is_last, payload))?;
        } else {
            partial.payload.push(chunk.payload, chunk.missing, self.max_message)?;
        }
        if is_last {
            return partial.payload.finish().map(Some);
        }
        self.partial = Some(partial);
        Ok(None)
    }

    /// Appends to `message` what this piece of its data inflates to.
    #[cfg(feature = "deflate")]
    fn inflate(
        &mut self,
        data: &[u8],
        is_last: bool,
        message: &mut Vec<u8>,
    ) -> Result<(), ProtocolError> {
        let inflater = self.inflater.as_mut().ok_or(ProtocolError::ReservedBits)?;
        inflater.push(data, message, self.max_message)?;
        if is_last { inflater.finish(message, self.max_message) } else { Ok(()) }
    }

    /// RFC 6455 §5.2: nothing can have given RSV1 a meaning.
    #[cfg(not(feature = "deflate"))]
    fn inflate(&mut self, _: &[u8], _: bool, _: &mut Vec<u8>) -> Result<(), ProtocolError> {
        Err(ProtocolError::ReservedBits)
    }

    /// Gives back the memory that inflating took, if the next message does not
    /// need it.
    #[cfg(feature = "deflate")]
    pub(super) fn release_memory(&mut self) {
        if self.partial.is_none()
            && let Some(inflater) = &mut self.inflater
        {
            inflater.release();
        }
    }

    #[inline(never)]
    fn push_control<'b>(&mut self, chunk: Chunk<'b>) -> Result<Option<Event<'b>>, ProtocolError> {
        let opcode = chunk.header.opcode();
        if chunk.starts && chunk.ends() {
            return control_event(opcode, Cow::Borrowed(chunk.payload)).map(Some);
        }
        let PartialControl(mut payload) =
            self.control.take().map(|partial| *partial).unwrap_or_default();
        payload.extend_from_slice(chunk.payload);
        if chunk.ends() {
            return control_event(opcode, Cow::Owned(payload)).map(Some);
        }
        self.control = Some(Box::new(PartialControl(payload)));
        Ok(None)
    }
}

#[inline]
fn whole_message(chunk: Chunk<'_>) -> Result<Event<'_>, ProtocolError> {
    let payload = &*chunk.payload;
    if chunk.header.opcode() == Opcode::Binary {
        return Ok(Event::Binary(Cow::Borrowed(payload)));
    }
    Ok(Event::Text(Cow::Borrowed(whole_text(payload)?)))
}

fn control_event(opcode: Opcode, payload: Cow<'_, [u8]>) -> Result<Event<'_>, ProtocolError> {
    Ok(match opcode {
        Opcode::Ping => Event::Ping(payload),
        Opcode::Pong => Event::Pong(payload),
        _ => Event::Close(CloseFrame::parse(&payload)?),
    })
}

#[cfg(test)]
mod tests;
