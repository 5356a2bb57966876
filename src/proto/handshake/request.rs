//! What a client asks: an HTTP/1 request head without its body (RFC 9112 §3).

use super::error::{HandshakeError, HeadError};
use super::fields::{self, Fields, MAX_FIELDS};
use super::head::Head;
use super::rfc3986::Authority;

/// A request as it was parsed from a head, borrowing from it.
///
/// It is well-formed HTTP/1.0 or HTTP/1.1, but not yet a handshake:
/// [`accept`](super::accept) decides that, and a request that is
/// [no upgrade](Request::is_upgrade) can be answered with a page.
///
/// ```
/// use wirechat::proto::handshake::{Head, Request};
///
/// let bytes = b"GET /chat?room=lobby HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n";
/// let (head, _) = Head::split(bytes)?.unwrap();
/// let request = Request::parse(head)?;
/// assert_eq!((request.path(), request.query()), ("/chat", Some("room=lobby")));
/// assert_eq!(request.header("accept").next(), Some(&b"text/html"[..]));
/// assert!(!request.is_upgrade());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Request<'h> {
    method: &'h str,
    path: &'h str,
    query: Option<&'h str>,
    minor_version: u8,
    pub(super) fields: Fields<'h>,
}

impl<'h> Request<'h> {
    /// Parses a complete head, once.
    ///
    /// # Errors
    /// [`HandshakeError::Head`] if it is not HTTP/1.0 or HTTP/1.1 by the grammar
    /// of RFC 9112 or has more than [`MAX_FIELDS`] header fields;
    /// [`HandshakeError::Target`] for a target that is neither in origin form
    /// nor in absolute form (§3.2).
    pub fn parse(head: Head<'h>) -> Result<Request<'h>, HandshakeError> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut parsed = httparse::Request::new(&mut headers);
        fields::check(parsed.parse(head.as_bytes()))?;
        let (Some(method), Some(target), Some(minor_version)) =
            (parsed.method, parsed.path, parsed.version)
        else {
            return Err(HeadError::Malformed.into());
        };
        let (path, query) = split_target(target).ok_or(HandshakeError::Target)?;
        Ok(Request { method, path, query, minor_version, fields: Fields::new(parsed.headers) })
    }

    /// The method as it was sent; methods have case (RFC 9110 §9.1).
    #[must_use]
    pub const fn method(&self) -> &'h str {
        self.method
    }

    /// The path of the target, `/` at least, still percent-encoded.
    #[must_use]
    pub const fn path(&self) -> &'h str {
        self.path
    }

    /// What stands behind the target's first `?`, still percent-encoded.
    #[must_use]
    pub const fn query(&self) -> Option<&'h str> {
        self.query
    }

    /// 1 for HTTP/1.1, 0 for HTTP/1.0.
    #[must_use]
    pub const fn minor_version(&self) -> u8 {
        self.minor_version
    }

    /// All header fields in the order they came, at most [`MAX_FIELDS`].
    pub fn headers(&self) -> impl Iterator<Item = (&'h str, &'h [u8])> {
        self.fields.iter()
    }

    /// The values of the header fields with this name, in any case. They are
    /// trimmed, and may hold bytes that are not ASCII.
    pub fn header(&self, name: &str) -> impl Iterator<Item = &'h [u8]> {
        self.fields.all(name)
    }

    /// Whether a header that is a comma-separated list has this element, in any
    /// case; several fields with the name count as one list (RFC 9110 §5.3).
    #[must_use]
    pub fn lists(&self, name: &str, element: &str) -> bool {
        self.fields.list(name, element)
    }

    /// Whether the client asks for WebSocket at all: `Upgrade` lists it.
    #[must_use]
    pub fn is_upgrade(&self) -> bool {
        self.lists("upgrade", "websocket")
    }

    /// Whether there is a `Host`, once, that is a host with an optional port.
    /// HTTP/1.1 needs that of every request and answers 400 otherwise (RFC 9112 §3.2).
    #[must_use]
    pub fn has_host(&self) -> bool {
        let host = self.fields.only("host").and_then(|host| str::from_utf8(host).ok());
        host.is_some_and(|host| Authority::parse(host).is_ok())
    }

    /// Whether a body follows the head (RFC 9112 §6): there is a
    /// `Transfer-Encoding`, or a `Content-Length` that is not plainly `0`.
    #[must_use]
    pub fn has_body(&self) -> bool {
        self.fields.has("transfer-encoding")
            || self.header("content-length").any(|length| length != b"0")
    }
}

/// Path and query of a target in origin form (`/path?query`) or in absolute form
/// (`http://host/path?query`), which RFC 9112 §3.2.2 makes every server take.
///
/// Browsers leave a few characters as they are that RFC 3986 would have encoded,
/// so any visible ASCII passes but `#`: fragments are not sent.
fn split_target(target: &str) -> Option<(&str, Option<&str>)> {
    if !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return None;
    }
    let resource = if target.starts_with('/') { target } else { without_authority(target)? };
    Some(match resource.split_once('?') {
        Some((path, query)) => (or_root(path), Some(query)),
        None => (or_root(resource), None),
    })
}

fn without_authority(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once("://")?;
    if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return None;
    }
    let (authority, resource) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    Authority::parse(authority).ok()?;
    Some(resource)
}

fn or_root(path: &str) -> &str {
    if path.is_empty() { "/" } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(head: &str) -> Result<Request<'_>, HandshakeError> {
        Request::parse(Head::split(head.as_bytes()).unwrap().unwrap().0)
    }

    // Proves 6455-4.2.1-2.
    #[test]
    fn rfc_9112_3_2_path_and_query_are_found_in_both_forms_of_target() {
        for (target, path, query) in [
            ("/", "/", None),
            ("/chat?a=b?c", "/chat", Some("a=b?c")),
            ("/?", "/", Some("")),
            ("//a/b", "//a/b", None),
            ("/a|b?{c}", "/a|b", Some("{c}")),
            ("http://a.example/chat?x", "/chat", Some("x")),
            ("HTTPS://[::1]:8080?x", "/", Some("x")),
            ("http://a.example", "/", None),
        ] {
            let head = format!("GET {target} HTTP/1.1\r\n\r\n");
            let request = parse(&head).unwrap();
            assert_eq!((request.path(), request.query()), (path, query), "{target}");
        }
    }

    // Proves 6455-4.2.1-2.
    #[test]
    fn rfc_9112_3_2_other_forms_of_target_are_refused() {
        for target in [
            "*",
            "chat",
            "a.example:80",
            "ws://a/",
            "ftp://a/",
            "http:///",
            "http://u@a/",
            "/a#b",
            "/ü",
        ] {
            let head = format!("GET {target} HTTP/1.1\r\n\r\n");
            assert_eq!(parse(&head).unwrap_err(), HandshakeError::Target, "{target}");
        }
    }

    #[test]
    fn an_ordinary_request_may_be_http_1_0_and_needs_no_host() {
        let request = parse("HEAD /style.css HTTP/1.0\r\n\r\n").unwrap();
        assert_eq!((request.method(), request.minor_version()), ("HEAD", 0));
        assert!(!request.is_upgrade());
        assert!(!request.has_body());
    }

    #[test]
    fn rfc_9112_2_2_one_empty_line_before_the_request_is_let_pass() {
        assert_eq!(parse("\r\nGET /a HTTP/1.1\r\n\r\n").unwrap().path(), "/a");
        assert_eq!(parse("\r\n\r\n").unwrap_err(), HeadError::Malformed.into());
    }

    #[test]
    fn rfc_9112_6_a_length_or_a_transfer_encoding_announces_a_body() {
        for (field, has_body) in [
            ("Content-Length: 0", false),
            ("Content-Length: 5", true),
            ("Content-Length: 0, 5", true),
            ("Content-Length: 0\r\nContent-Length: 5", true),
            ("Content-Length:", true),
            ("Transfer-Encoding: chunked", true),
            ("transfer-encoding: identity", true),
        ] {
            let head = format!("POST / HTTP/1.1\r\n{field}\r\n\r\n");
            assert_eq!(parse(&head).unwrap().has_body(), has_body, "{field}");
        }
    }

    #[test]
    fn a_head_may_have_as_many_fields_as_the_limit_and_no_more() {
        let head = |fields| format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(fields));
        assert_eq!(parse(&head(MAX_FIELDS)).unwrap().headers().count(), MAX_FIELDS);
        let error = parse(&head(MAX_FIELDS + 1)).unwrap_err();
        assert_eq!(error, HeadError::TooManyFields.into());
        assert_eq!(error.status(), 431);
    }

    // Proves 6455-4.2.1-4.
    #[test]
    fn every_upgrade_field_is_read_and_only_whole_elements_count() {
        for (upgrade, asks) in [
            ("Upgrade: websocket", true),
            ("Upgrade: WebSocket", true),
            ("Upgrade: h2c, websocket", true),
            ("Upgrade: h2c\r\nUpgrade: websocket", true),
            ("Upgrade: websocket2", false),
            ("Upgrade: websocket/13", false),
            ("Upgrade: h2c websocket", false),
            ("X-Upgrade: websocket", false),
        ] {
            let head = format!("GET / HTTP/1.1\r\n{upgrade}\r\n\r\n");
            assert_eq!(parse(&head).unwrap().is_upgrade(), asks, "{upgrade}");
        }
    }
}
