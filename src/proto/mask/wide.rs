//! Vectors that not every processor has.
//!
//! The build is for any x86-64, whose vectors have 16 bytes; masking is then
//! half as fast as a copy. With those of 32 or 64 bytes, which are looked for when
//! the program runs, it is faster than one: `cargo bench -- mask`.
#![allow(unsafe_code)]

/// What is compiled once for each width of vectors.
pub(super) trait Work {
    /// To be inlined always, and what it calls, or else it is compiled for the narrowest.
    fn run(self);
}

/// Does `work` with the widest vectors that this processor has.
#[cfg(target_arch = "x86_64")]
pub(super) fn with_vectors(work: impl Work) {
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor has what the function needs.
        unsafe { with_avx512(work) }
    } else if is_x86_feature_detected!("avx2") {
        // SAFETY: as above.
        unsafe { with_avx2(work) }
    } else {
        work.run();
    }
}

/// Elsewhere the compiler's vectors are as wide as they come.
#[cfg(not(target_arch = "x86_64"))]
pub(super) fn with_vectors(work: impl Work) {
    work.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn with_avx512(work: impl Work) {
    work.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2(work: impl Work) {
    work.run();
}
