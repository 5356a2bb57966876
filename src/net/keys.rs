//! Masking keys that a server cannot predict (RFC 6455 §5.3, §10.3).

use std::cell::RefCell;

use crate::proto::{MaskingKey, MaskingKeys};

/// Keys drawn from the operating system at a time: asking costs more than masking a
/// short message does.
const BATCH: usize = 256;

thread_local! {
    /// The keys of all connections that send from this thread: each is used once.
    static KEYS: RefCell<Keys> = const { RefCell::new(Keys { batch: [[0; 4]; BATCH], left: 0 }) };
}

struct Keys {
    batch: [MaskingKey; BATCH],
    left: usize,
}

impl Keys {
    fn next(&mut self) -> MaskingKey {
        if self.left == 0 {
            fill(self.batch.as_flattened_mut());
            self.left = BATCH;
        }
        self.left -= 1;
        self.batch[self.left]
    }
}

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
    Box::new(|| KEYS.with_borrow_mut(Keys::next))
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
