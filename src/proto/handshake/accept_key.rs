//! `Sec-WebSocket-Key` and the `Sec-WebSocket-Accept` that answers it
//! (RFC 6455 §1.3, §4.2.2).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha1::{Digest, Sha1};

/// What no server says by chance: it proves that the answer comes from one that
/// knows WebSocket (RFC 6455 §1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The `Sec-WebSocket-Accept` for a `Sec-WebSocket-Key`: the key as it stands
/// in the header, then the GUID, through SHA-1 and base64 (RFC 6455 §4.2.2).
///
/// ```
/// use wirechat::proto::handshake::accept_key;
///
/// // RFC 6455 §1.3
/// assert_eq!(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
#[must_use]
pub fn accept_key(key: &str) -> String {
    let hash = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    BASE64_STANDARD.encode(hash)
}

/// The `Sec-WebSocket-Key` for a nonce of 16 bytes (RFC 6455 §4.1, item 7).
pub(super) fn encode_key(nonce: [u8; 16]) -> String {
    BASE64_STANDARD.encode(nonce)
}

/// The value as a key, if it is base64 of exactly 16 bytes (RFC 6455 §4.2.1):
/// 22 characters of the alphabet, then `==`.
///
/// Only the form counts, since the key is hashed as it stands. So the four bits
/// that the last character has to spare may be set, as they are in the RFC's
/// example in §4.1.
pub(super) fn parse_key(value: &[u8]) -> Option<&str> {
    let characters = value.strip_suffix(b"==")?;
    let in_alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    if characters.len() != 22 || !characters.iter().all(in_alphabet) {
        return None;
    }
    str::from_utf8(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Proves 6455-4.1-23.
    #[test]
    fn section_1_3_the_sample_nonce_gives_the_sample_key() {
        assert_eq!(encode_key(*b"the sample nonce"), "dGhlIHNhbXBsZSBub25jZQ==");
    }

    // Proves 6455-4.2.1-6.
    #[test]
    fn section_4_1_both_keys_that_the_rfc_shows_are_keys() {
        for key in ["dGhlIHNhbXBsZSBub25jZQ==", "AQIDBAUGBwgJCgsMDQ4PEC=="] {
            assert_eq!(parse_key(key.as_bytes()), Some(key));
        }
    }

    // Proves 6455-4.2.1-6, 6455-8.1-2.
    #[test]
    fn section_4_2_1_a_value_that_is_not_base64_of_16_bytes_is_no_key() {
        for value in [
            "",
            "==",
            "dGhlIHNhbXBsZSBub25jZQ",       // no padding
            "dGhlIHNhbXBsZSBub25jZQ=",      // half of it
            "dGhlIHNhbXBsZSBub25jZQ===",    // too much
            "dGhlIHNhbXBsZSBub25j",         // 15 bytes
            "dGhlIHNhbXBsZSBub25jZXM=",     // 17 bytes
            "dGhlIHNhbXBsZSBub25jZXNzIQ==", // 19 bytes
            "dGhlIHNhbXBsZSBub2-jZQ==",     // the URL alphabet
            "dGhlIHNhbXBsZSBu b25jZQ==",
            "dGhlIHNhbXBsZSB=b25jZQ==",
            " dGhlIHNhbXBsZSBub25jZQ==",
        ] {
            assert_eq!(parse_key(value.as_bytes()), None, "{value:?}");
        }
        assert_eq!(parse_key(b"dGhlIHNhbXBsZSBub2\xff\xffjZQ=="), None);
    }
}
