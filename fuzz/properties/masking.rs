//! A masked payload that comes in pieces.

use wirechat::proto::{MaskingKey, apply_mask};

use super::pieces::pieces;

/// A key and a place in a payload (four bytes each), then any bytes, cut
/// anywhere: unmasked piece by piece they are what RFC 6455 §5.3 says, and
/// masked again they are what they were. Returns them unmasked.
///
/// # Panics
/// If one of these does not hold.
pub fn check(data: &[u8]) -> Vec<u8> {
    let (key, data) = data.split_first_chunk::<4>().unwrap_or((&[0; 4], data));
    let (start, data) = data.split_first_chunk::<4>().unwrap_or((&[0; 4], data));
    let start = u32::from_be_bytes(*start).into();
    let (pieces, masked) = pieces(data);

    let mut payload = masked.to_vec();
    apply_in_pieces(&mut payload, *key, start, &pieces);
    assert_eq!(payload, naive(masked, *key, start));

    let mut again = payload.clone();
    apply_mask(&mut again, *key, start);
    assert_eq!(again, masked, "masking twice changed something");
    payload
}

fn apply_in_pieces(mut payload: &mut [u8], key: MaskingKey, mut offset: u64, pieces: &[&[u8]]) {
    for piece in pieces {
        let (front, rest) = payload.split_at_mut(piece.len());
        apply_mask(front, key, offset);
        payload = rest;
        offset += piece.len() as u64;
    }
}

/// RFC 6455 §5.3: `transformed-octet-i = original-octet-i XOR masking-key-octet-(i MOD 4)`.
fn naive(octets: &[u8], key: MaskingKey, start: u64) -> Vec<u8> {
    (start..).zip(octets).map(|(i, octet)| octet ^ key[(i % 4) as usize]).collect()
}
