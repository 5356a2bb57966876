//! The grammar of `Sec-WebSocket-Extensions` (RFC 6455 §9.1).

use super::fields::Fields;
use super::tokens::{self, is_token};

pub(super) const FIELD: &str = "sec-websocket-extensions";

/// One extension with its parameters, as a client offers it or a server agrees
/// to it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Extension<'h> {
    pub(super) name: &'h str,
    /// Names and values in their order. A value in quotes keeps them: what is
    /// in it must be a token all the same, and no extension that is known here
    /// has a use for quotes.
    pub(super) parameters: Vec<(&'h str, Option<&'h str>)>,
}

/// The extensions of all these fields in their order, which is the order of
/// preference in an offer; empty without such a field. `None` if one of them is
/// not a list of at least one extension: then the connection has to fail.
pub(super) fn extensions<'h>(fields: &Fields<'h>) -> Option<Vec<Extension<'h>>> {
    let mut all = Vec::new();
    for value in fields.all(FIELD) {
        let before = all.len();
        for element in tokens::elements(value) {
            all.push(extension(element)?);
        }
        if all.len() == before {
            return None;
        }
    }
    Some(all)
}

/// `permessage-deflate; client_max_window_bits; server_max_window_bits=10`.
///
/// Cutting at commas and semicolons may cut through a quoted string, but only
/// through one that has a comma or semicolon in it and so is no token.
fn extension(element: &[u8]) -> Option<Extension<'_>> {
    let mut parts = str::from_utf8(element).ok()?.split(';').map(trim);
    let name = parts.next().filter(|name| is_token(name.as_bytes()))?;
    let parameters = parts.map(parameter).collect::<Option<_>>()?;
    Some(Extension { name, parameters })
}

fn parameter(part: &str) -> Option<(&str, Option<&str>)> {
    let (name, value) = match part.split_once('=') {
        Some((name, value)) => (trim(name), Some(trim(value))),
        None => (part, None),
    };
    let is_legal = is_token(name.as_bytes()) && value.is_none_or(is_value);
    is_legal.then_some((name, value))
}

/// A token, or a quoted string (RFC 9110 §5.6.4) that stands for one.
fn is_value(value: &str) -> bool {
    match value.strip_prefix('"') {
        Some(quoted) => {
            quoted.strip_suffix('"').and_then(unescaped).is_some_and(|it| is_token(&it))
        }
        None => is_token(value.as_bytes()),
    }
}

/// Without the backslashes that quote the character behind them.
fn unescaped(quoted: &str) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    let mut bytes = quoted.bytes();
    while let Some(byte) = bytes.next() {
        plain.push(if byte == b'\\' { bytes.next()? } else { byte });
    }
    Some(plain)
}

fn trim(part: &str) -> &str {
    part.trim_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse<'h>(values: &[&'h [u8]]) -> Option<Vec<Extension<'h>>> {
        let headers: Vec<_> = values
            .iter()
            .map(|value| httparse::Header { name: "Sec-WebSocket-Extensions", value })
            .collect();
        extensions(&Fields::new(&headers))
    }

    fn is_legal(value: &str) -> bool {
        parse(&[value.as_bytes()]).is_some()
    }

    // Proves 6455-9.1-1, 6455-9.1-3, 6455-11.3.2-1.
    #[test]
    fn section_9_1_extensions_have_names_and_parameters_with_or_without_a_value() {
        let parsed = parse(&[b"foo, bar; baz=2 ;\tq", b"permessage-deflate;a=\"1\""]).unwrap();
        assert_eq!(
            parsed,
            [
                Extension { name: "foo", parameters: vec![] },
                Extension { name: "bar", parameters: vec![("baz", Some("2")), ("q", None)] },
                Extension { name: "permessage-deflate", parameters: vec![("a", Some("\"1\""))] },
            ]
        );
    }

    #[test]
    fn section_9_1_without_a_field_there_is_no_extension() {
        assert_eq!(parse(&[]), Some(vec![]));
    }

    // Proves 6455-4.3-1, 6455-9.1-1.
    #[test]
    fn section_9_1_what_the_grammar_does_not_have_is_refused() {
        for value in [
            "",
            " ",
            ",",
            ";",
            "a;",
            "a;;b",
            "a b",
            "a;b c",
            "a=1",
            "a;=1",
            "a;b=",
            "a;b=1=2",
            "a;b=c d",
            "a;b=\"",
            "a;b=\"\"",
            "a;b=\"c",
            "a;b=c\"",
            "a;b=\"c d\"",
            "a;b=\"c,d\"",
            "a;b=\"c;d\"",
            "a;b=\"c\"d\"",
            "a;b=\"c\\\"",
            "a;b=\"\\ \"",
            "\"a\"",
            "é",
            "a;b=é",
            "a, b c",
        ] {
            assert!(!is_legal(value), "{value:?}");
        }
        assert_eq!(parse(&[b"a", b""]), None, "each field has an extension");
        assert_eq!(parse(&[b"\xff"]), None);
    }

    // Proves 6455-4.3-1, 6455-9.1-2.
    #[test]
    fn section_9_1_a_quoted_value_must_be_a_token_once_it_is_unescaped() {
        for value in ["a;b=\"c\"", "a;b=\"\\c\"", "a;b=\"c\\1\"", "a; b = \"c\"", "a ,, b"] {
            assert!(is_legal(value), "{value:?}");
        }
    }
}
