//! HTTP heads that arrive in pieces.

use wirechat::proto::handshake::{Head, HeadError, HeadReader};

use super::pieces::pieces;

/// The head at the start of an input, read in pieces; `None` if it does not end.
///
/// # Panics
/// If the pieces make a difference.
pub(super) fn read(data: &[u8]) -> Result<Option<Head<'_>>, HeadError> {
    let (pieces, whole) = pieces(data);
    let mut reader = HeadReader::new();
    let end = push_all(&mut reader, &pieces);
    let head = Head::split(whole).map(|split| split.map(|(head, _early)| head));
    assert_eq!(end, head.map(|head| head.map(|head| head.as_bytes().len())));
    assert_eq!(
        reader.head().map(Head::as_bytes),
        head.ok().flatten().map(Head::as_bytes),
        "the cuts made a difference"
    );
    head
}

/// Where in all the pieces the head ends.
fn push_all(reader: &mut HeadReader, pieces: &[&[u8]]) -> Result<Option<usize>, HeadError> {
    let mut before = 0;
    for piece in pieces {
        if let Some(end) = reader.push(piece)? {
            return Ok(Some(before + end));
        }
        before += piece.len();
    }
    Ok(None)
}
