//! How the buffer of a message that arrives in pieces grows.

/// The smallest step, in bytes.
const LEAST: usize = 256;

/// Makes room for at least one byte more, and for `wanted` if that is not much:
/// the buffer doubles, but by no more than a sixteenth of what it may hold at
/// most. So it exceeds what has arrived by a constant, and is moved no more than
/// a few dozen times, however small the pieces are (RFC 6455 §10.4).
///
/// `most` is how long the message may become, and must be more than it has.
pub(super) fn make_room(message: &mut Vec<u8>, wanted: usize, most: usize) {
    let (len, free) = (message.len(), message.capacity() - message.len());
    if free >= wanted {
        return;
    }
    let step = len.clamp(LEAST, (most / 16).max(LEAST));
    message.reserve_exact(step.max(wanted).min(most - len));
}
