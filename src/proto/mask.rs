//! Masking: every byte from a client is XORed with one of four key bytes (RFC 6455 §5.3).

mod wide;

use super::header::MaskingKey;

/// Masks or unmasks `payload` in place; the two are the same operation.
///
/// `offset` is how many bytes of the same frame's payload came before, so that a
/// payload may be unmasked piece by piece as it arrives.
///
/// ```
/// use wirechat::proto::apply_mask;
///
/// let mut payload = [0x7f, 0x9f, 0x4d, 0x51, 0x58]; // RFC 6455 §5.7
/// apply_mask(&mut payload, [0x37, 0xfa, 0x21, 0x3d], 0);
/// assert_eq!(&payload, b"Hello");
/// ```
#[inline]
pub fn apply_mask(payload: &mut [u8], key: MaskingKey, offset: u64) {
    let key = rotated(key, offset);
    match payload.len() {
        0..4 => payload.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key),
        4..8 => mask_blocks::<4>(payload, key),
        8..16 => mask_blocks::<8>(payload, key),
        16..wide::PAYS_FROM => mask_blocks::<16>(payload, key),
        _ => wide::mask(payload, key),
    }
}

/// Masks `N` bytes at a time: whole turns of the key, so it stays in step. The last
/// bytes, which may be fewer, are masked together with what comes before them, from
/// what they were before all this.
#[inline(always)]
fn mask_blocks<const N: usize>(payload: &mut [u8], key: MaskingKey) {
    let len = payload.len();
    let Some(mut last) = payload.last_chunk::<N>().copied() else { return };
    xor(&mut last, repeated(rotated(key, (len - N) as u64)));
    let key = repeated(key);
    for block in payload.as_chunks_mut::<N>().0 {
        xor(block, key);
    }
    payload[len - N..].copy_from_slice(&last);
}

#[inline(always)]
fn repeated<const N: usize>(key: MaskingKey) -> [u8; N] {
    let mut keys = [0; N];
    keys.as_chunks_mut().0.fill(key);
    keys
}

/// Byte by byte, of which the compiler makes vectors as wide as those of its caller
/// may be.
#[inline(always)]
fn xor<const N: usize>(block: &mut [u8; N], key: [u8; N]) {
    for (byte, key) in block.iter_mut().zip(key) {
        *byte ^= key;
    }
}

/// The key as byte number `offset` of the payload sees it: `key[offset % 4]` first.
#[inline]
fn rotated(key: MaskingKey, offset: u64) -> MaskingKey {
    let bits = 8 * (offset % 4) as u32;
    u32::from_le_bytes(key).rotate_right(bits).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 6455 §5.3, to the letter.
    fn naive(payload: &mut [u8], key: MaskingKey, offset: u64) {
        for (i, byte) in payload.iter_mut().enumerate() {
            *byte ^= key[(i + offset as usize) % 4];
        }
    }

    // Proves 6455-2-1, 6455-6.2-5.
    #[test]
    fn section_5_3_equals_the_rfc_s_formula_at_every_alignment_length_and_offset() {
        let key = [0x12, 0x34, 0x56, 0x78];
        let bytes: Vec<u8> = (0..=255).collect();
        for start in 0..16 {
            for len in 0..100 {
                for offset in 0..8 {
                    let mut fast = bytes.clone();
                    let mut slow = bytes.clone();
                    apply_mask(&mut fast[start..start + len], key, offset);
                    naive(&mut slow[start..start + len], key, offset);
                    assert_eq!(fast, slow);
                }
            }
        }
    }

    // Proves 6455-6.2-5.
    #[test]
    fn section_5_3_equals_the_rfc_s_formula_where_vectors_are_used() {
        let key = [0x9A, 0xBC, 0xDE, 0xF0];
        let bytes: Vec<u8> = (0..=255).cycle().take(5 << 10).collect();
        for start in 0..34 {
            for len in [wide::PAYS_FROM, 4 << 10].into_iter().flat_map(|len| len - 35..len + 70) {
                let offset = (start + len) as u64;
                let mut fast = bytes.clone();
                let mut slow = bytes.clone();
                apply_mask(&mut fast[start..start + len], key, offset);
                naive(&mut slow[start..start + len], key, offset);
                assert_eq!(fast, slow, "start {start}, length {len}");
                // What a processor without such vectors does.
                let mut plain = bytes.clone();
                wide::mask_lines(&mut plain[start..start + len], rotated(key, offset));
                assert_eq!(plain, slow, "start {start}, length {len}");
            }
        }
    }

    proptest! {
        // Proves 6455-6.2-5.
        #[test]
        fn section_5_3_pieces_masked_in_turn_equal_the_whole(
            whole in proptest::collection::vec(any::<u8>(), 0..300),
            key: MaskingKey,
            cut in 0..300usize,
        ) {
            let cut = cut.min(whole.len());
            let mut pieces = whole.clone();
            let (head, tail) = pieces.split_at_mut(cut);
            apply_mask(head, key, 0);
            apply_mask(tail, key, cut as u64);
            let mut expected = whole;
            naive(&mut expected, key, 0);
            prop_assert_eq!(pieces, expected);
        }
    }
}
