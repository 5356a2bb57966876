//! Masking keys that a server cannot predict (RFC 6455 §5.3, §10.3).

use crate::proto::{MaskingKey, MaskingKeys};

/// Keys drawn from the operating system at a time: one system call for 32 frames.
const BATCH: usize = 32;

/// A source of masking keys with the operating system's strong randomness: for a
/// program that drives a client's [`Connection`](crate::proto::Connection) itself.
///
/// ```
/// use std::time::Instant;
/// use wirechat::net::masking_keys;
/// use wirechat::proto::{Config, Connection};
///
/// let client = Connection::client(Config::default(), Instant::now(), masking_keys());
/// # assert!(client.outgoing().is_empty());
/// ```
///
/// # Panics
/// The source panics if the operating system has no randomness to give.
pub fn masking_keys() -> MaskingKeys {
    let mut keys = [MaskingKey::default(); BATCH];
    let mut used = BATCH;
    Box::new(move || {
        if used == BATCH {
            fill(keys.as_flattened_mut());
            used = 0;
        }
        used += 1;
        keys[used - 1]
    })
}

/// Fills `bytes` with strong randomness.
///
/// # Panics
/// If the operating system has none to give.
pub(crate) fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    // Proves 6455-5.3-2, 6455-5.3-3, 6455-5.3-4, 6455-10.3-1.
    #[test]
    fn section_5_3_each_frame_gets_a_fresh_key() {
        let mut next = masking_keys();
        let keys: HashSet<MaskingKey> = (0..1000).map(|_| next()).collect();
        assert!(keys.len() > 990, "only {} different keys of 1000", keys.len());
    }

    // Proves 6455-5.3-3, 6455-5.3-4, 6455-10.3-1.
    #[test]
    fn section_5_3_keys_of_one_connection_tell_nothing_of_those_of_another() {
        let (mut one, mut other) = (masking_keys(), masking_keys());
        let keys: HashSet<MaskingKey> = (0..100).flat_map(|_| [one(), other()]).collect();
        assert!(keys.len() > 190, "only {} different keys of 200", keys.len());
    }
}
