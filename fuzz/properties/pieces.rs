//! Bytes that arrive in pieces.

/// How many bytes at the front of an input say where it is cut.
const SIZES: usize = 4;

/// An input's first four bytes say how the others arrive (see [`cut`]). Gives
/// the pieces, and all of them in one.
pub(super) fn pieces(data: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let (sizes, whole) = sizes(data);
    (cut(sizes, whole), whole)
}

/// The sizes at the front of an input, and what is behind them.
pub(super) fn sizes(data: &[u8]) -> (&[u8; SIZES], &[u8]) {
    data.split_first_chunk().unwrap_or((&[0; SIZES], &[]))
}

/// The first piece has as many bytes as the first size says and one more, and
/// so on in turn.
pub(super) fn cut<'b>(sizes: &[u8; SIZES], whole: &'b [u8]) -> Vec<&'b [u8]> {
    let mut rest = whole;
    let mut pieces = Vec::new();
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, behind) = rest.split_at(rest.len().min(usize::from(*size) + 1));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}
