//! What people write for a server.

use wirechat::proto::handshake::{Uri, UriError};

/// Where `wirechat serve` listens unless it is told otherwise.
const PORT: u16 = 8080;
const PATH: &str = "/ws";

/// Reads `ws://…`, the address of a web page for its server, or a host with or
/// without a port.
pub(super) fn parse(text: &str) -> Result<Uri, UriError> {
    let text = text.trim();
    match text.split_once("://") {
        None => with_defaults(text).parse(),
        Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
            "http" => format!("ws://{rest}").parse(),
            "https" => format!("wss://{rest}").parse(),
            _ => text.parse(),
        },
    }
}

/// `HOST`, `HOST:PORT`, `HOST/PATH`: what is missing is our server's.
fn with_defaults(text: &str) -> String {
    let (authority, path) = text.split_at(text.find('/').unwrap_or(text.len()));
    let path = if path.is_empty() { PATH } else { path };
    // The colons of an IPv6 address stand in brackets.
    let has_port = authority.rsplit(']').next().is_some_and(|rest| rest.contains(':'));
    match has_port || authority.is_empty() {
        true => format!("ws://{authority}{path}"),
        false => format!("ws://{authority}:{PORT}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_that_of_our_server() {
        for (text, uri) in [
            ("localhost", "ws://localhost:8080/ws"),
            ("localhost:9000", "ws://localhost:9000/ws"),
            ("[::1]", "ws://[::1]:8080/ws"),
            ("[::1]:9000", "ws://[::1]:9000/ws"),
            ("example.com/chat", "ws://example.com:8080/chat"),
            (" 127.0.0.1:80 ", "ws://127.0.0.1/ws"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), uri, "{text}");
        }
    }

    #[test]
    fn a_websocket_uri_stays_as_it_is_and_a_pages_address_becomes_one() {
        for (text, uri) in [
            ("ws://a:1/b?c", "ws://a:1/b?c"),
            ("ws://a", "ws://a/"),
            ("http://a:8080/", "ws://a:8080/"),
            ("HTTPS://a", "wss://a/"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), uri, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        for text in ["", "/ws", "ftp://a", "ws://", "a b", "a:99999", "::1", "user@host"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
