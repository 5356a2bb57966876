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
use super::header::{FrameHeader, MAX_CONTROL_PAYLOAD};
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
    /// How many frames of the data message have begun.
    fragments: u32,
    /// The data message that is arriving. Not boxed: a small one that comes in two
    /// pieces would take a fifth longer.
    partial: Option<Gathered>,
    /// The payload of a control frame that is arriving; boxed, since it hardly ever is.
    control: Option<Box<Gathered>>,
    /// If compression was agreed on; boxed, since it often is not.
    #[cfg(feature = "deflate")]
    inflater: Option<Box<Inflater>>,
}

impl Assembler {
    /// An assembler with no message begun.
    #[must_use]
    pub fn new(limits: &Limits) -> Assembler {
        Assembler {
            max_message: limits.max_message,
            max_fragments: limits.max_fragments,
            fragments: 0,
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
    pub fn push<'b>(&mut self, mut chunk: Chunk<'b>) -> Result<Option<Event<'b>>, ProtocolError> {
        match self.push_whole(&mut chunk)? {
            None => self.push_piece(chunk),
            message => Ok(message),
        }
    }

    /// Takes the payload of the chunk if that is a whole message, which stays where it is:
    /// the usual case. Everything else is for `push_piece`.
    #[inline(always)]
    pub(super) fn push_whole<'b>(
        &mut self,
        chunk: &mut Chunk<'b>,
    ) -> Result<Option<Event<'b>>, ProtocolError> {
        let (header, in_one) = (&chunk.header, chunk.starts && chunk.ends());
        let is_text = match header.opcode() {
            Opcode::Text => true,
            Opcode::Binary => false,
            _ => return Ok(None),
        };
        if !(in_one && header.fin() && !header.rsv1() && self.partial.is_none()) {
            return Ok(None);
        }
        if chunk.payload.len() > self.max_message {
            return Err(ProtocolError::MessageTooBig);
        }
        chunk.unmask();
        let payload = &*std::mem::take(&mut chunk.payload);
        Ok(Some(match is_text {
            true => Event::Text(Cow::Borrowed(whole_text(payload)?)),
            false => Event::Binary(Cow::Borrowed(payload)),
        }))
    }

    /// Adds a chunk that is not a whole message.
    #[inline(never)]
    pub(super) fn push_piece<'b>(
        &mut self,
        chunk: Chunk<'b>,
    ) -> Result<Option<Event<'b>>, ProtocolError> {
        if chunk.header.opcode().is_control() {
            return self.push_control(chunk);
        }
        if chunk.starts {
            self.start_frame(&chunk.header)?;
        }
        let is_last = chunk.ends() && chunk.header.fin();
        let partial = self.partial.get_or_insert_with(|| Gathered::new(&chunk.header));
        let added = match partial.is_compressed() {
            true => self.inflate(chunk, is_last),
            false => partial.push(&chunk, self.max_message),
        };
        match self.partial.take_if(|_| is_last || added.is_err()) {
            Some(message) => added.and_then(|()| message.finish()).map(Some),
            None => Ok(None),
        }
    }

    /// Checks what the head alone tells, before its payload arrives.
    fn start_frame(&mut self, header: &FrameHeader) -> Result<(), ProtocolError> {
        let continues = header.opcode() == Opcode::Continuation;
        let (received, is_compressed) = match (&self.partial, continues) {
            (None, true) => return Err(ProtocolError::UnexpectedContinuation), // RFC 6455 §5.4
            (Some(_), false) => return Err(ProtocolError::ExpectedContinuation), // RFC 6455 §5.4
            (None, false) => {
                self.fragments = 1;
                (0, header.rsv1())
            }
            (Some(partial), true) => {
                self.fragments += 1;
                if self.fragments > self.max_fragments {
                    return Err(ProtocolError::TooManyFragments);
                }
                (partial.len(), partial.is_compressed())
            }
        };
        // How long compressed data becomes shows when it is inflated. `received`
        // is within the limit, so the difference cannot underflow.
        if !is_compressed && header.payload_len() > (self.max_message - received) as u64 {
            return Err(ProtocolError::MessageTooBig);
        }
        Ok(())
    }

    /// Appends to the message what this piece of its data inflates to.
    #[cfg(feature = "deflate")]
    fn inflate(&mut self, mut chunk: Chunk<'_>, is_last: bool) -> Result<(), ProtocolError> {
        let (Some(partial), Some(inflater)) = (&mut self.partial, &mut self.inflater) else {
            return Err(ProtocolError::ReservedBits);
        };
        chunk.unmask();
        partial.inflate(|message| {
            inflater.push(chunk.payload, message, self.max_message)?;
            if is_last { inflater.finish(message, self.max_message) } else { Ok(()) }
        })
    }

    /// RFC 6455 §5.2: nothing can have given RSV1 a meaning.
    #[cfg(not(feature = "deflate"))]
    fn inflate(&mut self, _: Chunk<'_>, _: bool) -> Result<(), ProtocolError> {
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
    fn push_control<'b>(
        &mut self,
        mut chunk: Chunk<'b>,
    ) -> Result<Option<Event<'b>>, ProtocolError> {
        let opcode = chunk.header.opcode();
        if chunk.starts && chunk.ends() {
            chunk.unmask();
            return control_event(opcode, Cow::Borrowed(chunk.payload)).map(Some);
        }
        let control = self.control.get_or_insert_with(|| Box::new(Gathered::new(&chunk.header)));
        control.push(&chunk, MAX_CONTROL_PAYLOAD)?;
        match self.control.take_if(|_| chunk.ends()) {
            Some(control) => control_event(opcode, Cow::Owned(control.into_bytes())).map(Some),
            None => Ok(None),
        }
    }
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
