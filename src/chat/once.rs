//! What one person sent with a nonce: so that sending it again stores nothing.

use std::collections::{HashMap, VecDeque};

use super::ids::Position;
use super::time::Timestamp;
use super::token::NonceKey;

/// Milliseconds for which a nonce is remembered.
const MEMORY: i64 = 5 * 60 * 1000;

/// Nonces that are remembered: more than the default rate lets through in that time.
const MOST: usize = 4096;

/// The places of what was sent, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Once {
    places: HashMap<NonceKey, Position>,
    order: VecDeque<(Timestamp, NonceKey)>,
}

impl Once {
    pub(crate) fn find(&self, key: NonceKey) -> Option<Position> {
        self.places.get(&key).copied()
    }

    pub(crate) fn remember(&mut self, key: NonceKey, position: Position, now: Timestamp) {
        while let Some(&(at, oldest)) = self.order.front()
            && (self.order.len() >= MOST || at.plus_millis(MEMORY) < now)
        {
            self.order.pop_front();
            self.places.remove(&oldest);
        }
        self.order.push_back((now, key));
        self.places.insert(key, position);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Epoch;
    use crate::chat::token::Tokens;

    #[test]
    fn a_nonce_is_remembered_for_five_minutes_and_not_for_ever() {
        let token = Tokens::new([0; 32]).next();
        let (one, two) = (token.key("1"), token.key("2"));
        let position = |seq| Position { epoch: Epoch::new(1), seq };
        let at = |millis| Timestamp::from_millis(1_700_000_000_000 + millis);
        let mut sent = Once::default();
        sent.remember(one, position(1), at(0));
        sent.remember(two, position(2), at(MEMORY));
        assert_eq!(sent.find(one), Some(position(1)));
        sent.remember(token.key("3"), position(3), at(MEMORY + 1));
        assert_eq!((sent.find(one), sent.find(two)), (None, Some(position(2))));
    }

    #[test]
    fn many_nonces_in_a_short_time_push_out_the_oldest() {
        let token = Tokens::new([0; 32]).next();
        let mut sent = Once::default();
        for n in 0..2 * MOST as u64 {
            let position = Position { epoch: Epoch::new(1), seq: n };
            sent.remember(token.key(&n.to_string()), position, Timestamp::from_millis(0));
        }
        assert_eq!((sent.places.len(), sent.order.len()), (MOST, MOST));
        assert_eq!(sent.find(token.key("0")), None);
    }
}
