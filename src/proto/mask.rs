//! Masking: every byte from a client is XORed with one of four key bytes (RFC 6455 §5.3).

mod wide;

use std::mem::MaybeUninit;

use super::header::MaskingKey;

/// Bytes from which on vectors pay that have to be looked for.
const WIDE_PAYS_FROM: usize = 256;

/// Bytes from which on it pays to have no vector lie across two cache lines.
const ALIGNMENT_PAYS_FROM: usize = 4 << 10;

/// The bytes of a cache line.
const LINE: usize = 64;

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
        16..WIDE_PAYS_FROM => mask_blocks::<16>(payload, key),
        _ => mask_long(payload, key),
    }
}

/// Masks `N` bytes at a time: whole turns of the key, so it stays in step. The last
/// bytes, which may be fewer, are masked together with what comes before them, from
/// what they were before all this.
#[inline(always)]
fn mask_blocks<const N: usize>(payload: &mut [u8], key: MaskingKey) {
    let Some(last) = payload.last_chunk::<N>() else { return };
    let end = payload.len() - N;
    let last = masked(*last, rotated(key, end as u64));
    // Four a turn: a turn for each was up to a third slower.
    let (quads, rest) = payload.as_chunks_mut::<N>().0.as_chunks_mut::<4>();
    for quad in quads {
        for block in quad {
            *block = masked(*block, key);
        }
    }
    for block in rest {
        *block = masked(*block, key);
    }
    payload[end..].copy_from_slice(&last);
}

/// Not inlined, so that what is shorter is masked where its caller is.
#[inline(never)]
fn mask_long(payload: &mut [u8], key: MaskingKey) {
    wide::with_vectors(InPlace(payload, key));
}

struct InPlace<'p>(&'p mut [u8], MaskingKey);

impl wide::Work for InPlace<'_> {
    #[inline(always)]
    fn run(self) {
        mask_lines(self.0, self.1);
    }
}

#[inline(always)]
fn mask_lines(payload: &mut [u8], key: MaskingKey) {
    let Some(first) = payload.first_chunk::<LINE>().copied() else { return };
    if payload.len() < ALIGNMENT_PAYS_FROM {
        return mask_blocks::<LINE>(payload, key);
    }
    let unaligned = payload.as_ptr().align_offset(LINE);
    mask_blocks::<LINE>(&mut payload[unaligned..], rotated(key, unaligned as u64));
    payload[..LINE].copy_from_slice(&masked(first, key));
}

/// Appends to `target` what `piece` becomes when it is masked. To mask it on the way
/// costs little more than to copy it.
#[allow(unsafe_code)]
pub(super) fn append_masked(target: &mut Vec<u8>, piece: &[u8], key: MaskingKey) {
    target.reserve(piece.len());
    let room = &mut target.spare_capacity_mut()[..piece.len()];
    match piece.len() {
        0..4 => copy_bytes(piece, room, key),
        4..8 => copy_blocks::<4>(piece, room, key),
        8..16 => copy_blocks::<8>(piece, room, key),
        16..WIDE_PAYS_FROM => copy_blocks::<16>(piece, room, key),
        _ => wide::with_vectors(Copying(piece, room, key)),
    }
    // SAFETY: all of `room`, which begins where the vector ends, has been written: by
    // `copy_bytes` one by one, by `copy_blocks` as it holds at least a block.
    unsafe { target.set_len(target.len() + piece.len()) }
}

struct Copying<'p>(&'p [u8], &'p mut [MaybeUninit<u8>], MaskingKey);

impl wide::Work for Copying<'_> {
    #[inline(always)]
    fn run(self) {
        copy_blocks::<LINE>(self.0, self.1, self.2);
    }
}

fn copy_bytes(source: &[u8], target: &mut [MaybeUninit<u8>], key: MaskingKey) {
    for ((source, target), key) in source.iter().zip(target).zip(key) {
        target.write(source ^ key);
    }
}

/// Writes all of `target` if it is as long as `source` and has a block at least; the last
/// one is written over part of the one before.
#[inline(always)]
fn copy_blocks<const N: usize>(source: &[u8], target: &mut [MaybeUninit<u8>], key: MaskingKey) {
    for (source, target) in source.as_chunks::<N>().0.iter().zip(target.as_chunks_mut::<N>().0) {
        *target = masked(*source, key).map(MaybeUninit::new);
    }
    let end = source.len() - N;
    if let (Some(source), Some(target)) = (source.last_chunk::<N>(), target.last_chunk_mut()) {
        *target = masked(*source, rotated(key, end as u64)).map(MaybeUninit::new);
    }
}

/// Byte by byte, of which the compiler makes vectors as wide as those of its caller
/// may be.
#[inline(always)]
fn masked<const N: usize>(mut block: [u8; N], key: MaskingKey) -> [u8; N] {
    let mut keys = [0; N];
    keys.as_chunks_mut().0.fill(key);
    for (byte, key) in block.iter_mut().zip(keys) {
        *byte ^= key;
    }
    block
}

/// The key as byte number `offset` of the payload sees it: `key[offset % 4]` first.
#[inline]
pub(super) fn rotated(key: MaskingKey, offset: u64) -> MaskingKey {
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
            for len in [WIDE_PAYS_FROM, 4 << 10].into_iter().flat_map(|len| len - 35..len + 70) {
                let offset = (start + len) as u64;
                let mut fast = bytes.clone();
                let mut slow = bytes.clone();
                apply_mask(&mut fast[start..start + len], key, offset);
                naive(&mut slow[start..start + len], key, offset);
                assert_eq!(fast, slow, "start {start}, length {len}");
                // What a processor without such vectors does.
                let mut plain = bytes.clone();
                mask_lines(&mut plain[start..start + len], rotated(key, offset));
                assert_eq!(plain, slow, "start {start}, length {len}");
            }
        }
    }

    // Proves 6455-6.2-5.
    #[test]
    fn section_5_3_what_is_masked_on_its_way_behind_other_bytes_equals_the_formula() {
        let key = [0x12, 0x34, 0x56, 0x78];
        let bytes: Vec<u8> = (0..=255).cycle().take(5 << 10).collect();
        for before in 0..20 {
            for len in (0..3 * WIDE_PAYS_FROM).chain([4 << 10, (4 << 10) + 77]) {
                let mut appended = bytes[..before].to_vec();
                append_masked(&mut appended, &bytes[before..before + len], key);
                let mut expected = bytes[..before + len].to_vec();
                naive(&mut expected[before..], key, 0);
                assert_eq!(appended, expected, "{len} bytes behind {before}");
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
