//! Chunks → messages: fragments are joined, text is checked, control frames pass
//! between the fragments (RFC 6455 §5.4).

use std::borrow::Cow;

use super::close::CloseFrame;
use super::decoder::Chunk;
use super::error::ProtocolError;
use super::header::FrameHeader;
use super::limits::Limits;
use super::message::Event;
use super::opcode::Opcode;
use super::utf8::Utf8Validator;

/// Joins chunks into events.
///
/// Memory grows with the payload bytes that arrived and never with a length the
/// peer declared; a message that arrives whole is not copied at all.
#[derive(Debug)]
pub struct Assembler {
    max_message: usize,
    max_fragments: u32,
    /// The data message that is arriving; boxed, since most connections have none.
    partial: Option<Box<PartialMessage>>,
    /// The payload of a control frame that is arriving, at most 125 bytes.
    control: Vec<u8>,
}

#[derive(Debug)]
struct PartialMessage {
    is_text: bool,
    payload: Vec<u8>,
    utf8: Utf8Validator,
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
            control: Vec::new(),
        }
    }

    /// Adds the next chunk: an event if it completes one.
    ///
    /// # Errors
    /// [`ProtocolError::UnexpectedContinuation`],
    /// [`ProtocolError::ExpectedContinuation`], [`ProtocolError::Utf8`], the
    /// limits on messages, and for a Close what [`CloseFrame::parse`] refuses.
    /// The assembler is then of no further use.
    #[inline]
    pub fn push<'b>(&mut self, chunk: Chunk<'b>) -> Result<Option<Event<'b>>, ProtocolError> {
        if chunk.header.opcode().is_control() {
            return self.push_control(chunk);
        }
        if chunk.starts {
            self.start_frame(&chunk.header)?;
            // The usual case: a whole message in one piece stays where it is.
            if self.partial.is_none() && chunk.ends && chunk.header.fin() {
                return whole_message(chunk).map(Some);
            }
        }
        self.push_data(chunk)
    }

    /// Checks what the head alone tells, before its payload arrives.
    fn start_frame(&mut self, header: &FrameHeader) -> Result<(), ProtocolError> {
        let continues = header.opcode() == Opcode::Continuation;
        let received = match (&mut self.partial, continues) {
            (None, true) => return Err(ProtocolError::UnexpectedContinuation), // RFC 6455 §5.4
            (Some(_), false) => return Err(ProtocolError::ExpectedContinuation), // RFC 6455 §5.4
            (None, false) => 0,
            (Some(partial), true) => {
                partial.fragments += 1;
                if partial.fragments > self.max_fragments {
                    return Err(ProtocolError::TooManyFragments);
                }
                partial.payload.len()
            }
        };
        // `received` is within the limit, so the difference cannot underflow.
        if header.payload_len() > (self.max_message - received) as u64 {
            return Err(ProtocolError::MessageTooBig);
        }
        Ok(())
    }

    fn push_data<'b>(&mut self, chunk: Chunk<'b>) -> Result<Option<Event<'b>>, ProtocolError> {
        let partial = self.partial.get_or_insert_with(|| {
            Box::new(PartialMessage {
                is_text: chunk.header.opcode() == Opcode::Text,
                payload: Vec::new(),
                utf8: Utf8Validator::default(),
                fragments: 1,
            })
        });
        if partial.is_text {
            partial.utf8.push(chunk.payload)?; // RFC 6455 §8.1, before the frame is complete
        }
        partial.payload.extend_from_slice(chunk.payload);
        if !(chunk.ends && chunk.header.fin()) {
            return Ok(None);
        }
        self.partial.take().map(|partial| partial.finish()).transpose()
    }

    fn push_control<'b>(&mut self, chunk: Chunk<'b>) -> Result<Option<Event<'b>>, ProtocolError> {
        let opcode = chunk.header.opcode();
        if chunk.starts && chunk.ends {
            return control_event(opcode, Cow::Borrowed(chunk.payload)).map(Some);
        }
        self.control.extend_from_slice(chunk.payload);
        if !chunk.ends {
            return Ok(None);
        }
        control_event(opcode, Cow::Owned(std::mem::take(&mut self.control))).map(Some)
    }
}

impl PartialMessage {
    fn finish(self) -> Result<Event<'static>, ProtocolError> {
        if !self.is_text {
            return Ok(Event::Binary(Cow::Owned(self.payload)));
        }
        self.utf8.finish()?;
        // Checked piece by piece already; the second look costs little beside
        // the copies above and keeps the code free of `unsafe`.
        let text = String::from_utf8(self.payload).map_err(|_| ProtocolError::Utf8)?;
        Ok(Event::Text(Cow::Owned(text)))
    }
}

fn whole_message(chunk: Chunk<'_>) -> Result<Event<'_>, ProtocolError> {
    let payload = &*chunk.payload;
    if chunk.header.opcode() == Opcode::Binary {
        return Ok(Event::Binary(Cow::Borrowed(payload)));
    }
    let text = simdutf8::basic::from_utf8(payload).map_err(|_| ProtocolError::Utf8)?;
    Ok(Event::Text(Cow::Borrowed(text)))
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
