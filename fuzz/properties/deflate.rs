//! Compressed messages: those of a peer that may send anything, and our own.

mod receiving;
mod rfc1951;
mod sending;

use wirechat::proto::{ProtocolError, Role};

use super::pieces::{cut, sizes};
use super::receive::{connection, receive};
use super::settings::settings;

/// What the sender of each message leaves out (RFC 7692 §7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// How far an input got.
pub struct Outcome {
    /// What was wrong with the data, as a server says.
    pub wrong: Option<ProtocolError>,
    /// How many of the messages were worth compressing.
    pub compressed: usize,
}

/// Settings, then messages, cut anywhere. As DEFLATE data from a peer: nothing
/// panics, the limit is not passed, the cuts change nothing, and flate2 all at
/// once gives the same. As what is to be sent: the other end reads the same,
/// and so does a decoder by the book that looks back no further than was agreed.
///
/// # Panics
/// If one of these does not hold.
pub fn check(data: &[u8]) -> Outcome {
    let (config, rest) = settings(data);
    let agreed = config.deflate.unwrap_or_default();
    let limit = config.limits.max_message;
    let (cuts, rest) = sizes(rest);
    let messages = messages(rest);
    let [outcome, _] = [Role::Server, Role::Client].map(|role| Outcome {
        wrong: receiving::check(role, agreed, limit, &messages, cuts),
        compressed: sending::check(role, agreed, &messages, cuts),
    });
    outcome
}

/// One message of an input.
struct Message<'d> {
    is_text: bool,
    /// How many frames it comes in.
    frames: usize,
    /// How often the bytes are repeated when they are to be sent, to have more of them.
    times: usize,
    bytes: &'d [u8],
}

/// Two bytes say what comes and how many bytes of it.
fn messages(mut data: &[u8]) -> Vec<Message<'_>> {
    let mut messages = Vec::new();
    while let [kind, len, rest @ ..] = data {
        let (bytes, behind) = rest.split_at(rest.len().min(usize::from(*len)));
        messages.push(Message {
            is_text: kind & 1 != 0,
            frames: usize::from(kind >> 1 & 3) + 1,
            times: usize::from(kind >> 3) + 1,
            bytes,
        });
        data = behind;
    }
    messages
}
