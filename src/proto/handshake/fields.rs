//! The header fields of a head (RFC 9112 §5), with the questions that both
//! sides ask of them.

use super::error::HeadError;
use super::tokens;

/// The most header fields a head may have: 100.
pub const MAX_FIELDS: usize = 100;

/// Names and values in the order they came. Values have no whitespace around
/// them (RFC 9112 §5.1) and no control character but tab in them.
#[derive(Clone, Debug)]
pub(super) struct Fields<'h>(Vec<(&'h str, &'h [u8])>);

impl<'h> Fields<'h> {
    pub(super) fn new(headers: &[httparse::Header<'h>]) -> Fields<'h> {
        Fields(headers.iter().map(|header| (header.name, header.value)).collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'h str, &'h [u8])> {
        self.0.iter().copied()
    }

    /// The values of all fields with this name; names have no case (RFC 9110 §5.1).
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &'h [u8]> {
        self.iter()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// The value of a field that stands there exactly once.
    pub(super) fn only(&self, name: &str) -> Option<&'h [u8]> {
        let mut values = self.all(name);
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// Whether the list that these fields make up together (RFC 9110 §5.3) has
    /// this element, in any case. Whole elements are compared, never parts:
    /// `not-upgrade` is not `upgrade`.
    pub(super) fn list(&self, name: &str, element: &str) -> bool {
        self.all(name)
            .flat_map(tokens::elements)
            .any(|found| found.eq_ignore_ascii_case(element.as_bytes()))
    }
}

/// What went wrong in httparse, in our words. The head was complete, so
/// "partial" means that a line broke off where none may.
pub(super) fn check(
    parsed: Result<httparse::Status<usize>, httparse::Error>,
) -> Result<(), HeadError> {
    match parsed {
        Ok(httparse::Status::Complete(_)) => Ok(()),
        Ok(httparse::Status::Partial) => Err(HeadError::Malformed),
        Err(httparse::Error::TooManyHeaders) => Err(HeadError::TooManyFields),
        Err(httparse::Error::Version) => Err(HeadError::HttpVersion),
        Err(_) => Err(HeadError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Fields<'static> {
        let header = |name, value| httparse::Header { name, value };
        Fields::new(&[
            header("Connection", b"keep-alive, Upgrade"),
            header("CONNECTION", b"te"),
            header("Host", b"a"),
        ])
    }

    #[test]
    fn names_have_no_case_and_values_keep_their_order() {
        let values: Vec<_> = fields().all("connection").collect();
        assert_eq!(values, [&b"keep-alive, Upgrade"[..], b"te"]);
    }

    #[test]
    fn only_is_for_a_field_that_stands_there_once() {
        assert_eq!(fields().only("host"), Some(&b"a"[..]));
        assert_eq!(fields().only("connection"), None);
        assert_eq!(fields().only("upgrade"), None);
    }

    // Proves 6455-4.2.1-5.
    #[test]
    fn rfc_9110_5_3_repeated_fields_make_one_list_of_whole_elements() {
        assert!(fields().list("connection", "upgrade"));
        assert!(fields().list("connection", "TE"));
        assert!(!fields().list("connection", "up"));
        assert!(!fields().list("connection", "keep-alive, upgrade"));
    }
}
