//! Secrets by which a client proves, after a break, that it is the same person.

use std::fmt;

use sha1::{Digest, Sha1};

/// What a client gets when it joins, and shows when it comes back: 128 bits that
/// nobody can guess, as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Token([u8; 16]);

impl Token {
    /// Reads what [`Display`](fmt::Display) wrote.
    pub(crate) fn parse(text: &str) -> Option<Token> {
        let is_token = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_token.then_some(())?;
        u128::from_str_radix(text, 16).ok().map(|number| Token(number.to_be_bytes()))
    }

    /// What tells this person's message with this nonce from all others. The
    /// same after a restart, so it may be stored beside the message.
    pub(crate) fn key(self, nonce: &str) -> NonceKey {
        NonceKey(first_half(Sha1::new().chain_update(self.0).chain_update(nonce)))
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// A secret has no place in a log.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// A message that was sent with a nonce: a digest of who sent it and with which.
///
/// ```
/// use wirechat::chat::NonceKey;
///
/// let key = NonceKey::from_bytes([7; 16]);
/// assert_eq!(NonceKey::from_bytes(key.to_bytes()), key);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NonceKey([u8; 16]);

impl NonceKey {
    /// The key that had these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> NonceKey {
        NonceKey(bytes)
    }

    /// What an engine stores beside the message.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

/// Makes tokens out of one secret, since the chat has no randomness of its own.
pub(crate) struct Tokens {
    secret: [u8; 32],
    count: u64,
}

impl Tokens {
    pub(crate) fn new(secret: [u8; 32]) -> Tokens {
        Tokens { secret, count: 0 }
    }

    /// A number that everybody may know, and that another secret does not have.
    pub(crate) fn public_number(&self) -> u64 {
        let half = first_half(Sha1::new().chain_update(self.secret).chain_update("public"));
        u128::from_be_bytes(half) as u64
    }

    /// One that was not given before, and that those given before do not betray.
    pub(crate) fn next(&mut self) -> Token {
        self.count += 1;
        let digest = Sha1::new().chain_update(self.secret).chain_update(self.count.to_be_bytes());
        Token(first_half(digest))
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(..)")
    }
}

fn first_half(digest: Sha1) -> [u8; 16] {
    let digest: [u8; 20] = digest.finalize().into();
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written_and_nothing_else_is_one() {
        let token = Tokens::new([7; 32]).next();
        assert_eq!(Token::parse(&token.to_string()), Some(token));
        for text in ["", "5eed", &"g".repeat(32), &"0".repeat(33), &format!("+{}", "0".repeat(31))]
        {
            assert_eq!(Token::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn tokens_differ_and_so_do_those_of_another_secret() {
        let (mut one, mut other) = (Tokens::new([1; 32]), Tokens::new([2; 32]));
        let tokens = [one.next(), one.next(), other.next(), other.next()];
        for (i, token) in tokens.iter().enumerate() {
            assert!(!tokens[i + 1..].contains(token));
        }
        assert_eq!(Tokens::new([1; 32]).next(), tokens[0]);
    }

    #[test]
    fn the_same_nonce_of_another_person_is_another_key() {
        let mut tokens = Tokens::new([0; 32]);
        let (ann, bob) = (tokens.next(), tokens.next());
        assert_eq!(ann.key("1"), ann.key("1"));
        assert_ne!(ann.key("1"), ann.key("\"1\""));
        assert_ne!(ann.key("1"), bob.key("1"));
    }

    #[test]
    fn no_secret_is_printed() {
        let mut tokens = Tokens::new([0xab; 32]);
        let token = tokens.next();
        let debug = format!("{token:?} {tokens:?}");
        assert_eq!(debug, "Token(..) Tokens(..)");
    }
}
