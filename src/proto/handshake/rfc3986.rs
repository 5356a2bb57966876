//! The pieces of URI grammar that the handshake needs (RFC 3986 §2, §3.2).

use std::net::Ipv6Addr;

use super::uri::UriError;

/// A host with an optional port, as in a URI, in `Host`, and in a request target
/// in absolute form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Authority<'a> {
    /// A name or an address, an IPv6 one without its brackets; never empty.
    pub(super) host: &'a str,
    pub(super) port: Option<u16>,
}

impl<'a> Authority<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Authority<'a>, UriError> {
        if text.contains('@') {
            return Err(UriError::UserInfo);
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(text) => ipv6(text)?,
            None => name(text)?,
        };
        Ok(Authority { host, port: port.map_or(Ok(None), parse_port)? })
    }
}

/// An address in brackets, the first of them already taken. Zones (RFC 6874) and
/// versions yet to come mean nothing to other hosts and are refused.
fn ipv6(text: &str) -> Result<(&str, Option<&str>), UriError> {
    let (host, behind) = text.split_once(']').ok_or(UriError::Ipv6)?;
    host.parse::<Ipv6Addr>().map_err(|_| UriError::Ipv6)?;
    match behind.strip_prefix(':') {
        Some(port) => Ok((host, Some(port))),
        None if behind.is_empty() => Ok((host, None)),
        None => Err(UriError::Port),
    }
}

/// A `reg-name`, which an IPv4 address is too.
fn name(text: &str) -> Result<(&str, Option<&str>), UriError> {
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    if host.is_empty() {
        return Err(UriError::NoHost);
    }
    check_characters(host, |byte| is_unreserved(byte) || is_sub_delimiter(byte))?;
    Ok((host, port))
}

/// RFC 3986 §3.2.3: the digits may be missing, which means the default.
fn parse_port(digits: &str) -> Result<Option<u16>, UriError> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(UriError::Port);
    }
    if digits.is_empty() { Ok(None) } else { digits.parse().map(Some).map_err(|_| UriError::Port) }
}

/// RFC 3986 §2.1: every character is one of the allowed, or `%` with two
/// hexadecimal digits.
pub(super) fn check_characters(text: &str, allowed: impl Fn(u8) -> bool) -> Result<(), UriError> {
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            '%' => {
                let is_digit = |digit: Option<char>| digit.is_some_and(|d| d.is_ascii_hexdigit());
                if !(is_digit(rest.next()) && is_digit(rest.next())) {
                    return Err(UriError::PercentEncoding);
                }
            }
            _ if u8::try_from(character).is_ok_and(&allowed) => {}
            _ => return Err(UriError::Character(character)),
        }
    }
    Ok(())
}

/// What may stand in a path or, with `?`, in a query (RFC 3986 §3.3, §3.4).
pub(super) const fn is_path_character(byte: u8) -> bool {
    is_unreserved(byte) || is_sub_delimiter(byte) || matches!(byte, b':' | b'@' | b'/')
}

/// RFC 3986 §2.3.
const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// RFC 3986 §2.2.
const fn is_sub_delimiter(byte: u8) -> bool {
    matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    // Proves 6455-4.2.1-3.
    #[test]
    fn a_host_is_a_name_an_ipv4_address_or_an_ipv6_address_in_brackets() {
        for (text, host, port) in [
            ("example.com", "example.com", None),
            ("chat_server:8080", "chat_server", Some(8080)),
            ("127.0.0.1:1", "127.0.0.1", Some(1)),
            ("[::1]", "::1", None),
            ("[2001:db8::7]:65535", "2001:db8::7", Some(65535)),
            ("example.com:", "example.com", None),
            ("%41.example", "%41.example", None),
        ] {
            assert_eq!(Authority::parse(text), Ok(Authority { host, port }));
        }
    }

    // Proves 6455-4.1-2, 6455-11.1.1-1, 6455-11.1.2-1.
    #[test]
    fn anything_else_is_no_authority() {
        for (text, error) in [
            ("", UriError::NoHost),
            (":80", UriError::NoHost),
            ("a@b", UriError::UserInfo),
            ("a b", UriError::Character(' ')),
            ("a/b", UriError::Character('/')),
            ("bücher.example", UriError::Character('ü')),
            ("a%4", UriError::PercentEncoding),
            ("a%g0", UriError::PercentEncoding),
            ("a:65536", UriError::Port),
            ("a:+80", UriError::Port),
            ("a:80:80", UriError::Port),
            ("::1", UriError::NoHost),
            ("[::1", UriError::Ipv6),
            ("[]", UriError::Ipv6),
            ("[fe80::1%25eth0]", UriError::Ipv6),
            ("[::1]80", UriError::Port),
        ] {
            assert_eq!(Authority::parse(text), Err(error), "{text:?}");
        }
    }
}
