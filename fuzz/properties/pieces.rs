//! Bytes that arrive in pieces.

/// An input's first four bytes say how the others arrive: the first piece has
/// as many bytes as the first of them says and one more, and so on in turn.
/// Gives the pieces, and all of them in one.
pub(super) fn pieces(data: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let (sizes, whole) = data.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
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
    (pieces, whole)
}
