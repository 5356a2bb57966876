//! Masking with vectors that not every processor has.
//!
//! The build is for any x86-64, whose vectors have 16 bytes; masking is then
//! half as fast as a copy. With those of 32 or 64 bytes, which are looked for when
//! the program runs, it is faster than one: `cargo bench -- mask`.
#![allow(unsafe_code)]

use super::{mask_blocks, repeated, rotated, xor};
use crate::proto::header::MaskingKey;

/// Bytes from which on wide vectors pay.
pub(super) const PAYS_FROM: usize = 256;

/// Bytes from which on it pays to have no vector lie across two cache lines.
const ALIGNMENT_PAYS_FROM: usize = 4 << 10;

/// The bytes of a cache line.
const LINE: usize = 64;

/// Masks at least [`PAYS_FROM`] bytes with the widest vectors that this processor has.
/// Not inlined, so that what is shorter is masked where its caller is.
#[cfg(target_arch = "x86_64")]
#[inline(never)]
pub(super) fn mask(payload: &mut [u8], key: MaskingKey) {
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor has what the function needs.
        unsafe { mask_with_avx512(payload, key) }
    } else if is_x86_feature_detected!("avx2") {
        // SAFETY: as above.
        unsafe { mask_with_avx2(payload, key) }
    } else {
        mask_lines(payload, key);
    }
}

/// Elsewhere the compiler's vectors are as wide as they come.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn mask(payload: &mut [u8], key: MaskingKey) {
    mask_lines(payload, key);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn mask_with_avx512(payload: &mut [u8], key: MaskingKey) {
    mask_lines(payload, key);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn mask_with_avx2(payload: &mut [u8], key: MaskingKey) {
    mask_lines(payload, key);
}

/// Masks so that no vector but the first and the last lies across two cache lines, if
/// that pays.
#[inline(always)]
pub(super) fn mask_lines(payload: &mut [u8], key: MaskingKey) {
    let Some(mut first) = payload.first_chunk::<LINE>().copied() else { return };
    if payload.len() < ALIGNMENT_PAYS_FROM {
        return mask_blocks::<LINE>(payload, key);
    }
    xor(&mut first, repeated(key));
    let unaligned = payload.as_ptr().align_offset(LINE);
    mask_blocks::<LINE>(&mut payload[unaligned..], rotated(key, unaligned as u64));
    payload[..LINE].copy_from_slice(&first);
}
