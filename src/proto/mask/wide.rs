//! Masking with vectors that not every processor has.
//!
//! The build is for any x86-64, whose vectors have 16 bytes; masking is then
//! half as fast as a copy. With those of 32 bytes, which are looked for when the
//! program runs, it is as fast: `cargo bench -- mask`.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    __m256i, _mm256_loadu_si256, _mm256_set1_epi32, _mm256_storeu_si256, _mm256_xor_si256,
};

use super::mask_words;
#[cfg(target_arch = "x86_64")]
use super::rotated;
use crate::proto::header::MaskingKey;

/// Bytes from which on wide vectors pay.
pub(super) const PAYS_FROM: usize = 256;

/// Bytes from which on it pays to have no vector lie across two cache lines.
#[cfg(target_arch = "x86_64")]
const ALIGNMENT_PAYS_FROM: usize = 4 << 10;

/// Masks `payload` with the widest vectors that this processor has.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn mask(payload: &mut [u8], key: MaskingKey) {
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has what the function needs.
        unsafe { mask_with_avx2(payload, key) }
    } else {
        mask_words(payload, key);
    }
}

/// Elsewhere the compiler's vectors are as wide as they come.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn mask(payload: &mut [u8], key: MaskingKey) {
    mask_words(payload, key);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn mask_with_avx2(payload: &mut [u8], key: MaskingKey) {
    const SIZE: usize = size_of::<__m256i>();
    let unaligned = match payload.len() {
        ..ALIGNMENT_PAYS_FROM => 0,
        len => payload.as_ptr().align_offset(SIZE).min(len),
    };
    let (front, rest) = payload.split_at_mut(unaligned);
    mask_words(front, key);
    let key = rotated(key, unaligned as u64);
    let wide_key = _mm256_set1_epi32(i32::from_ne_bytes(key));
    let (vectors, rest) = rest.as_chunks_mut::<SIZE>();
    for vector in vectors {
        let at: *mut __m256i = vector.as_mut_ptr().cast();
        // SAFETY: `vector` has exactly the bytes that are read and written, and
        // these two instructions ask for no alignment.
        unsafe { _mm256_storeu_si256(at, _mm256_xor_si256(_mm256_loadu_si256(at), wide_key)) }
    }
    mask_words(rest, key);
}
