//! How the buffer of a message that arrives in pieces grows.

/// The smallest step, in bytes.
const LEAST: usize = 512;

/// Makes room for at least one byte more, for `wanted` if that is not much, and for
/// some of the `missing` ones that are announced to follow: the buffer doubles, and
/// a little more, but by no more than a sixteenth of what it may hold at most. So it
/// exceeds what has arrived by a constant, and is moved no more than a few dozen
/// times, however small the pieces are (RFC 6455 §10.4).
///
/// `most` is how long the message may become, and must be more than it has.
pub(super) fn make_room(message: &mut Vec<u8>, wanted: usize, missing: u64, most: usize) {
    let (len, free) = (message.len(), message.capacity() - message.len());
    if free >= wanted {
        return;
    }
    let step = (len + wanted + LEAST).min((most / 16).max(LEAST));
    let ahead = match usize::try_from(missing).unwrap_or(usize::MAX) {
        // With nothing announced, more will come all the same.
        0 => step.saturating_sub(wanted),
        // A frame that was cut in the middle has a little more to come than came.
        missing => missing.min(step),
    };
    message.reserve_exact((wanted + ahead).min(most - len));
}
