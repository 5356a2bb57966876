//! `ws:` and `wss:` URIs (RFC 6455 §3).

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use super::rfc3986::{Authority, check_characters, is_path_character};

/// Where a client connects to: a parsed `ws://` or `wss://` URI (RFC 6455 §3).
///
/// ```
/// use wirechat::proto::handshake::Uri;
///
/// let uri: Uri = "ws://[::1]:9001/chat?room=lobby".parse()?;
/// assert_eq!((uri.host(), uri.port(), uri.is_secure()), ("::1", 9001, false));
/// assert_eq!(uri.resource_name(), "/chat?room=lobby");
/// assert_eq!(uri.authority(), "[::1]:9001");
///
/// let uri: Uri = "wss://example.com".parse()?;
/// assert_eq!((uri.host(), uri.port(), uri.is_secure()), ("example.com", 443, true));
/// assert_eq!(uri.resource_name(), "/");
/// # Ok::<(), wirechat::proto::handshake::UriError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Uri {
    secure: bool,
    host: String,
    port: u16,
    resource_name: String,
}

impl Uri {
    /// Whether the scheme is `wss`: the connection goes through TLS.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// A name or an address to connect to, as it was written; an IPv6 address
    /// has no brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port: 80 for `ws` and 443 for `wss` if the URI names none.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The path and, behind a `?`, the query, as they were written, encoded
    /// characters included; `/` at least (RFC 6455 §3, "resource-name").
    #[must_use]
    pub fn resource_name(&self) -> &str {
        &self.resource_name
    }

    /// What `Host` says: the host, an IPv6 address in brackets, and the port
    /// unless it is the default (RFC 6455 §4.1, item 4).
    #[must_use]
    pub fn authority(&self) -> String {
        let host = &self.host;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        if self.port == default_port(self.secure) { host } else { format!("{host}:{}", self.port) }
    }
}

const fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

impl FromStr for Uri {
    type Err = UriError;

    /// Reads a URI as RFC 6455 §3 defines it.
    ///
    /// # Errors
    /// Another scheme, a fragment, user information, no host, a port outside 1
    /// to 65535, or a character that a URI must encode: each has its
    /// [`UriError`].
    fn from_str(text: &str) -> Result<Uri, UriError> {
        let (secure, rest) = split_scheme(text)?;
        // RFC 6455 §3: fragments mean nothing here and must not be used.
        if rest.contains('#') {
            return Err(UriError::Fragment);
        }
        let (authority, resource) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let Authority { host, port } = Authority::parse(authority)?;
        let port = port.unwrap_or(default_port(secure));
        if port == 0 {
            return Err(UriError::Port);
        }
        Ok(Uri { secure, host: host.to_owned(), port, resource_name: resource_name(resource)? })
    }
}

/// RFC 3986 §3.1: schemes have no case.
fn split_scheme(text: &str) -> Result<(bool, &str), UriError> {
    let (scheme, rest) = text.split_once("://").ok_or(UriError::Scheme)?;
    match scheme {
        _ if scheme.eq_ignore_ascii_case("ws") => Ok((false, rest)),
        _ if scheme.eq_ignore_ascii_case("wss") => Ok((true, rest)),
        _ => Err(UriError::Scheme),
    }
}

/// RFC 6455 §3: `/` stands for an empty path, and an empty query is left out
/// with its `?`.
fn resource_name(path_and_query: &str) -> Result<String, UriError> {
    check_characters(path_and_query, |byte| is_path_character(byte) || byte == b'?')?;
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    let path = if path.is_empty() { "/" } else { path };
    Ok(if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") })
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        write!(f, "{scheme}://{}{}", self.authority(), self.resource_name)
    }
}

/// Why a text is not a URI to connect to. The texts say what to write instead.
///
/// ```
/// use wirechat::proto::handshake::{Uri, UriError};
///
/// let error = "http://example.com".parse::<Uri>().unwrap_err();
/// assert_eq!(error, UriError::Scheme);
/// assert_eq!(error.to_string(), "the address must begin with ws:// or wss://");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UriError {
    /// The scheme is neither `ws` nor `wss` (RFC 6455 §3).
    Scheme,
    /// There is no host.
    NoHost,
    /// What stands in brackets is not an IPv6 address.
    Ipv6,
    /// The port is not a number from 1 to 65535.
    Port,
    /// There is a user name before the host, which `ws-URI` has no place for.
    UserInfo,
    /// There is a fragment (RFC 6455 §3).
    Fragment,
    /// A character that may not stand there as it is.
    Character(char),
    /// A `%` without two hexadecimal digits.
    PercentEncoding,
}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UriError::Scheme => "the address must begin with ws:// or wss://",
            UriError::NoHost => "the address must name a host, as in ws://example.com/",
            UriError::Ipv6 => "what stands in brackets must be an IPv6 address, as in [::1]",
            UriError::Port => "the port must be a number from 1 to 65535",
            UriError::UserInfo => {
                "the address must not hold a user name: send an Authorization header instead"
            }
            UriError::Fragment => "the address must not hold a fragment: write # as %23",
            UriError::Character(character) => {
                return write!(
                    f,
                    "{character:?} must not stand there: encode it (%XX), or in a host name as xn--"
                );
            }
            UriError::PercentEncoding => "% must be followed by two hexadecimal digits, as in %20",
        })
    }
}

impl Error for UriError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Uri, UriError> {
        text.parse()
    }

    // Proves 6455-3-1.
    #[test]
    fn section_3_ports_have_defaults_and_the_scheme_has_no_case() {
        for (text, secure, port) in [
            ("ws://a", false, 80),
            ("WS://a/", false, 80),
            ("wss://a", true, 443),
            ("wSs://a:80", true, 80),
            ("ws://a:443", false, 443),
            ("ws://a:", false, 80),
        ] {
            let uri = parse(text).unwrap();
            assert_eq!((uri.is_secure(), uri.port()), (secure, port), "{text}");
        }
    }

    // Proves 6455-3-3, 6455-4.1-18, 6455-11.1.1-2.
    #[test]
    fn section_3_the_resource_name_is_the_path_and_a_query_that_is_not_empty() {
        for (text, resource_name) in [
            ("ws://a", "/"),
            ("ws://a/", "/"),
            ("ws://a?", "/"),
            ("ws://a?b", "/?b"),
            ("ws://a/b?", "/b"),
            ("ws://a/b?c?d/e", "/b?c?d/e"),
            ("ws://a/%23%c3%bc?x=%20", "/%23%c3%bc?x=%20"),
            ("ws://a//b/../c", "//b/../c"),
        ] {
            assert_eq!(parse(text).unwrap().resource_name(), resource_name);
        }
    }

    // Proves 6455-4.1-19.
    #[test]
    fn section_4_1_host_names_the_port_only_if_it_is_not_the_default() {
        for (text, authority) in [
            ("ws://a", "a"),
            ("ws://a:80", "a"),
            ("wss://a:443", "a"),
            ("wss://a:80", "a:80"),
            ("ws://127.0.0.1:8080", "127.0.0.1:8080"),
            ("ws://[::1]", "[::1]"),
            ("ws://[::1]:8080", "[::1]:8080"),
        ] {
            assert_eq!(parse(text).unwrap().authority(), authority);
        }
    }

    // Proves 6455-3-2, 6455-3-3, 6455-4.1-2, 6455-11.1.1-2, 6455-11.1.2-2.
    #[test]
    fn what_is_not_a_websocket_uri_is_refused_with_its_reason() {
        for (text, error) in [
            ("", UriError::Scheme),
            ("example.com", UriError::Scheme),
            ("ws:example.com", UriError::Scheme),
            ("http://a", UriError::Scheme),
            (" ws://a", UriError::Scheme),
            ("ws://", UriError::NoHost),
            ("ws:///path", UriError::NoHost),
            ("ws://a#", UriError::Fragment),
            ("ws://a/b?c#d", UriError::Fragment),
            ("ws://user@a", UriError::UserInfo),
            ("ws://user:secret@a/", UriError::UserInfo),
            ("ws://a:0", UriError::Port),
            ("ws://a:65536", UriError::Port),
            ("ws://a:x", UriError::Port),
            ("ws://[::g]", UriError::Ipv6),
            ("ws://a/b c", UriError::Character(' ')),
            ("ws://a/b\r\nX: y", UriError::Character('\r')),
            ("ws://a/\0", UriError::Character('\0')),
            ("ws://a/ü", UriError::Character('ü')),
            ("ws://a\\b", UriError::Character('\\')),
            ("ws://a/%2", UriError::PercentEncoding),
            ("ws://a/?%zz", UriError::PercentEncoding),
        ] {
            assert_eq!(parse(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn the_host_to_connect_to_has_no_brackets() {
        for (text, host) in [("ws://a.example:81/", "a.example"), ("wss://[::1]/b", "::1")] {
            assert_eq!(parse(text).unwrap().host(), host);
        }
    }

    #[test]
    fn what_is_wrong_is_told_in_words() {
        for (text, words) in [
            ("http://a/", "the address must begin with ws:// or wss://"),
            ("ws:///b", "the address must name a host, as in ws://example.com/"),
            ("ws://[a]/", "what stands in brackets must be an IPv6 address, as in [::1]"),
            ("ws://a:b/", "the port must be a number from 1 to 65535"),
            (
                "ws://me@a/",
                "the address must not hold a user name: send an Authorization header instead",
            ),
            ("ws://a/#b", "the address must not hold a fragment: write # as %23"),
            ("ws://a/ b", "' ' must not stand there: encode it (%XX), or in a host name as xn--"),
            ("ws://a/%2", "% must be followed by two hexadecimal digits, as in %20"),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), words);
        }
    }

    #[test]
    fn a_uri_in_words_is_the_same_uri() {
        for text in ["ws://a/", "wss://[::1]:8080/b?c", "ws://a:443/"] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
    }
}
