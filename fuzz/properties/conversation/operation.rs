//! What may happen in a conversation, as bytes: two for each operation.

use std::time::Duration;

use wirechat::proto::CloseCode;

/// One thing that happens, on the side of one end.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) by_server: bool,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    /// Queue a message of that size, more or less.
    Text(usize),
    Binary(usize),
    /// Queue a Ping with that many bytes, which may be too many.
    Ping(usize),
    /// Begin the closing handshake, with a reason that may be too long.
    Close(CloseCode, String),
    /// Write as much of what is queued to the transport.
    Write(usize),
    /// Let as many of the written bytes arrive.
    Deliver(usize),
    /// All of that at once, in both directions.
    Exchange,
    /// Time passes for both ends.
    Wait(Duration),
    ReleaseMemory,
    /// The end goes away: what is written still arrives, and nothing more.
    ShutDown,
    /// The transport goes away, in both directions.
    Reset,
}

/// The operations in an input. The first byte of each is a letter that says
/// what happens, on the client's side if it is a small one; the second says how
/// much. What stands below the space parts operations, so that they may be
/// lines of a text.
pub(super) fn operations(mut data: &[u8]) -> impl Iterator<Item = Operation> {
    std::iter::from_fn(move || {
        let is_operation = |byte: &u8| *byte >= b' ';
        let start = data.iter().position(is_operation)?;
        let (letter, rest) = data[start..].split_first()?;
        let (amount, rest) = rest.split_first().unwrap_or((&0, &[]));
        data = rest;
        Some(Operation {
            by_server: letter.is_ascii_uppercase(),
            what: what(letter.to_ascii_lowercase(), *amount),
        })
    })
}

fn what(letter: u8, amount: u8) -> What {
    let len = usize::from(amount);
    // Some are longer than any limit that the settings have.
    let payload_len = if len < 200 { len } else { (len - 199) * 64 };
    match letter {
        b't' => What::Text(payload_len),
        b'b' => What::Binary(payload_len),
        b'p' => What::Ping(len),
        b'c' => What::Close(close_code(amount), "é".repeat(len)),
        b'w' => What::Write(len),
        b'd' => What::Deliver(len),
        b's' => What::Wait(Duration::from_millis(250) * amount.into()),
        b'm' => What::ReleaseMemory,
        b'e' => What::ShutDown,
        b'r' => What::Reset,
        _ => What::Exchange,
    }
}

fn close_code(amount: u8) -> CloseCode {
    CloseCode::new(1000 + u16::from(amount)).unwrap_or(CloseCode::known(4000))
}
