//! DEFLATE data from a peer that may send anything.

use flate2::{Decompress, FlushDecompress, Status};
use wirechat::proto::{Config, Deflate, Event, Limits, ProtocolError, Role};

use super::{Message, TAIL, connection, cut, receive};

/// What was understood of the messages.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    events: Vec<Event<'static>>,
    wrong: Option<ProtocolError>,
}

pub(super) fn check(
    role: Role,
    agreed: Deflate,
    limit: usize,
    messages: &[Message<'_>],
    cuts: &[u8; 4],
) -> Option<ProtocolError> {
    let limits = Limits { max_message: limit, ..Limits::default() };
    let config = Config { limits, deflate: Some(agreed), ..Config::default() };
    let wire: Vec<u8> = messages.iter().flat_map(|message| frames(role, message)).collect();
    let outcome = listen(role, config, &cut(cuts, &wire));
    assert_eq!(outcome, listen(role, config, &[&wire]), "the cuts made a difference");

    let takeover = match role {
        Role::Server => !agreed.client_no_context_takeover,
        Role::Client => !agreed.server_no_context_takeover,
    };
    let mut oracle = Oracle { context: Decompress::new(false), takeover, limit };
    let mut events = outcome.events.iter();
    for message in messages {
        match oracle.read(message) {
            Some(Ok(expected)) => assert_eq!(events.next(), Some(&expected)),
            Some(Err(error)) => {
                assert_eq!((events.next(), outcome.wrong), (None, Some(error)));
                return outcome.wrong;
            }
            None => return outcome.wrong,
        }
    }
    assert_eq!((events.next(), outcome.wrong), (None, None));
    None
}

/// As `role` receives them: RSV1 on the first, and a key that masks nothing.
fn frames(role: Role, message: &Message<'_>) -> Vec<u8> {
    let opcode = if message.is_text { 0x1 } else { 0x2 };
    let size = message.bytes.len().div_ceil(message.frames);
    let mut wire = Vec::new();
    let mut rest = message.bytes;
    for number in 1..=message.frames {
        let (payload, behind) = rest.split_at(rest.len().min(size));
        rest = behind;
        let fin = if number == message.frames { 0x80 } else { 0 };
        let rsv1_and_opcode = if number == 1 { 0x40 | opcode } else { 0 };
        wire.push(fin | rsv1_and_opcode);
        let mask_bit = if role == Role::Server { 0x80 } else { 0 };
        match payload.len() as u8 {
            len @ 0..126 => wire.push(mask_bit | len),
            len => wire.extend([mask_bit | 126, 0, len]),
        }
        if role == Role::Server {
            wire.extend([0; 4]);
        }
        wire.extend(payload);
    }
    wire
}

fn listen(role: Role, config: Config, pieces: &[&[u8]]) -> Outcome {
    let mut connection = connection(role, config);
    let events = receive(&mut connection, pieces);
    Outcome { events, wrong: connection.closure().and_then(|closure| closure.error) }
}

/// flate2, with all the data and all the room at once.
struct Oracle {
    context: Decompress,
    takeover: bool,
    limit: usize,
}

impl Oracle {
    /// The event or the error; `None` if this cannot tell, since the message has
    /// a block that is marked as the last one (RFC 7692 §7.2.3.4), at which
    /// flate2 ends.
    fn read(&mut self, message: &Message<'_>) -> Option<Result<Event<'static>, ProtocolError>> {
        if message.bytes.is_empty() {
            return Some(event(message.is_text, Vec::new()));
        }
        let data = [message.bytes, &TAIL].concat();
        // One byte more shows that the limit is passed.
        let mut payload = vec![0; self.limit + 1];
        let before = self.context.total_out();
        let result = self.context.decompress(&data, &mut payload, FlushDecompress::Sync);
        payload.truncate((self.context.total_out() - before) as usize);
        if let Ok(Status::StreamEnd) = result {
            return None;
        }
        if !self.takeover {
            self.context.reset(false);
        }
        Some(self.judge(message.is_text, payload, result.is_err()))
    }

    /// What is wrong first counts.
    fn judge(
        &self,
        is_text: bool,
        payload: Vec<u8>,
        is_damaged: bool,
    ) -> Result<Event<'static>, ProtocolError> {
        let bad_byte = |error: std::str::Utf8Error| error.error_len().is_some();
        if is_text && str::from_utf8(&payload).is_err_and(bad_byte) {
            return Err(ProtocolError::Utf8);
        }
        if payload.len() > self.limit {
            return Err(ProtocolError::MessageTooBig);
        }
        if is_damaged {
            return Err(ProtocolError::Deflate);
        }
        event(is_text, payload)
    }
}

fn event(is_text: bool, payload: Vec<u8>) -> Result<Event<'static>, ProtocolError> {
    if !is_text {
        return Ok(Event::Binary(payload.into()));
    }
    let text = String::from_utf8(payload).map_err(|_| ProtocolError::Utf8)?;
    Ok(Event::Text(text.into()))
}
