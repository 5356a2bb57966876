//! How the buffer of a message that arrives in pieces grows.

/// The smallest step, in bytes.
const LEAST: usize = 256;

/// Makes room for at least one byte more, for `wanted` if that is not much, and for
/// some of the `missing` ones that are announced to follow: the buffer doubles, or
/// grows fivefold if that much is announced, but
/// by no more than a sixteenth of what it may hold at most. So it exceeds what has
/// arrived by a constant, and is moved no more than a few dozen times, however small
/// the pieces are (RFC 6455 §10.4).
///
/// `most` is how long the message may become, and must be more than it has.
pub(super) fn make_room(message: &mut Vec<u8>, wanted: usize, missing: u64, most: usize) {
    let (len, free) = (message.len(), message.capacity() - message.len());
    if free >= wanted {
        return;
    }
    let bound = (most / 16).max(LEAST);
    // With nothing announced, more will come all the same.
    let ahead = match usize::try_from(missing).unwrap_or(usize::MAX) {
        0 => len.clamp(LEAST, bound).saturating_sub(wanted),
        missing => missing.min((4 * (len + wanted)).clamp(LEAST, bound)),
    };
    message.reserve_exact((wanted + ahead).min(most - len));
}
