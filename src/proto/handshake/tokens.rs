//! Tokens, and lists of them in header values (RFC 9110 §5.6.1, §5.6.2).
//!
//! Every function here reads its bytes a fixed number of times, whatever they are.

/// Whether this is a `token`: one or more characters that need no quoting
/// (RFC 9110 §5.6.2).
pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().copied().all(is_token_character)
}

const fn is_token_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// The elements of a comma-separated list, without the optional whitespace
/// around them. Empty ones are passed over, as a recipient must do
/// (RFC 9110 §5.6.1.2).
pub(super) fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(trim).filter(|element| !element.is_empty())
}

/// A list value as tokens, or `None` if an element is not one.
pub(super) fn tokens(value: &[u8]) -> Option<Vec<&str>> {
    elements(value).map(as_token).collect()
}

fn as_token(element: &[u8]) -> Option<&str> {
    if is_token(element) { str::from_utf8(element).ok() } else { None }
}

/// Without optional whitespace, `OWS`, at both ends (RFC 9110 §5.6.3): spaces
/// and tabs, and nothing else that Unicode or ASCII calls white.
fn trim(bytes: &[u8]) -> &[u8] {
    let is_visible = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let Some(start) = bytes.iter().position(is_visible) else { return &[] };
    let end = bytes.iter().rposition(is_visible).map_or(start, |last| last + 1);
    &bytes[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    // Proves 6455-4.1-29.
    #[test]
    fn rfc_9110_5_6_2_a_token_has_no_separator_no_white_and_nothing_outside_ascii() {
        for byte in 0..=u8::MAX {
            let separator = b"\"(),/:;<=>?@[\\]{}".contains(&byte);
            assert_eq!(is_token(&[b'a', byte]), byte.is_ascii_graphic() && !separator, "{byte:#x}");
        }
        assert!(!is_token(b""));
    }

    #[test]
    fn rfc_9110_5_6_1_a_list_is_cut_at_commas_and_trimmed_of_spaces_and_tabs() {
        assert_eq!(tokens(b"chat"), Some(vec!["chat"]));
        assert_eq!(tokens(b" chat\t, \tsuperchat "), Some(vec!["chat", "superchat"]));
        assert_eq!(tokens(b"a,b,c"), Some(vec!["a", "b", "c"]));
    }

    #[test]
    fn rfc_9110_5_6_1_2_empty_elements_are_passed_over() {
        assert_eq!(tokens(b", a,, ,b,"), Some(vec!["a", "b"]));
        assert_eq!(tokens(b" , "), Some(vec![]));
    }

    // Proves 6455-4.2.1-9.
    #[test]
    fn an_element_that_is_not_a_token_spoils_the_list() {
        for value in [&b"a b"[..], b"a, \"b\"", b"a;q=1", b"a\x0b", b"\xc3\xa9", b"a, b/c"] {
            assert_eq!(tokens(value), None, "{value:?}");
        }
    }

    /// CVE-2021-32640. Work that grew with the square of the length would take
    /// hours here, not milliseconds.
    // Proves fault-14.
    #[test]
    fn a_long_run_of_spaces_inside_an_element_costs_linear_time() {
        let value = [&b"b"[..], &vec![b' '; 1 << 20], b"x"].concat();
        assert_eq!(tokens(&value), None);
        assert_eq!(elements(&value).count(), 1);
    }
}
