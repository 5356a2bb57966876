//! What a server accepts and refuses (RFC 6455 §4.2), rule by rule.

use proptest::prelude::*;
#[cfg(feature = "deflate")]
use wirechat::proto::Deflate;
use wirechat::proto::handshake::{
    Acceptance, HandshakeError, Head, HeadError, HeadReader, Request, Response, ServerOptions,
    accept,
};

/// The header fields of the RFC's example (§1.3), of which each test changes one.
const FIELDS: [&str; 5] = [
    "Host: server.example.com",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
];

/// A request that would be accepted but for these lines, which take the place of
/// the example's fields of the same name. A name with nothing behind it takes
/// its field away.
fn request_with(lines: &[&str]) -> Vec<u8> {
    let name = |line: &str| line.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let kept = FIELDS.iter().filter(|field| !lines.iter().any(|line| name(line) == name(field)));
    let added = lines.iter().filter(|line| line.contains(':'));
    let mut request = "GET /chat HTTP/1.1\r\n".to_owned();
    for line in kept.chain(added) {
        request += &format!("{line}\r\n");
    }
    (request + "\r\n").into_bytes()
}

fn answer<'o>(bytes: &[u8], options: &'o ServerOptions) -> Result<Acceptance<'o>, HandshakeError> {
    let (head, _) = Head::split(bytes)?.expect("the head is complete");
    accept(&Request::parse(head)?, options)
}

fn check(bytes: &[u8]) -> Result<(), HandshakeError> {
    answer(bytes, &ServerOptions::default()).map(|_| ())
}

fn check_with(lines: &[&str]) -> Result<(), HandshakeError> {
    check(&request_with(lines))
}

fn speaking(subprotocols: &[&str]) -> ServerOptions {
    let subprotocols = subprotocols.iter().map(|name| name.to_string()).collect();
    ServerOptions { subprotocols, ..ServerOptions::default() }
}

// Proves 6455-4.2.2-1, 6455-4.2.2-11, 6455-11.3.3-1.
#[test]
fn section_1_3_the_rfc_s_handshake_gets_the_rfc_s_answer() {
    let options = ServerOptions::default();
    let acceptance = answer(&request_with(&[]), &options).unwrap();
    assert_eq!(acceptance.subprotocol, None);
    assert_eq!(
        String::from_utf8(acceptance.response).unwrap(),
        "HTTP/1.1 101 Switching Protocols\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
         \r\n"
    );
}

// Proves 6455-4.2.1-11.
#[test]
fn section_4_2_1_what_the_rules_leave_open_is_accepted() {
    for lines in [
        &["Connection: keep-alive, Upgrade"][..],
        &["Connection: keep-alive", "Connection: uPGRADE"],
        &["Upgrade: h2c, WebSocket"],
        &["Host: [::1]:8080"],
        &["Sec-WebSocket-Version:\t13  "], // whitespace around a value is not part of it
        &["Content-Length: 0"],
        &["Sec-WebSocket-Extensions: permessage-deflate"],
        &["Cookie: caf\u{e9}"],
        &["Origin: null"],
    ] {
        assert_eq!(check_with(lines), Ok(()), "{lines:?}");
    }
}

// Proves 6455-4.2.1-2.
#[test]
fn section_4_2_1_item_1_only_get_in_http_1_1_opens_a_connection() {
    let request = String::from_utf8(request_with(&[])).unwrap();
    let answer_to = |line: &str| check(request.replace("GET /chat HTTP/1.1", line).as_bytes());
    for method in ["POST", "HEAD", "OPTIONS", "get"] {
        let error = answer_to(&format!("{method} /chat HTTP/1.1")).unwrap_err();
        assert_eq!((error, error.status()), (HandshakeError::Method, 405));
    }
    for version in ["HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.2"] {
        let error = answer_to(&format!("GET /chat {version}")).unwrap_err();
        assert_eq!((error, error.status()), (HeadError::HttpVersion.into(), 400));
    }
    assert_eq!(answer_to("GET http://server.example.com/chat HTTP/1.1"), Ok(()));
    assert_eq!(answer_to("GET * HTTP/1.1"), Err(HandshakeError::Target));
    for line in
        ["GET  /chat HTTP/1.1", "GET /chat  HTTP/1.1", "GET /chat", "/chat", "G@T / HTTP/1.1"]
    {
        let error = answer_to(line).unwrap_err();
        assert!(matches!(error, HandshakeError::Head(_)), "{line}");
        assert_eq!(error.status(), 400, "{line}");
    }
}

// Proves 6455-4.2.1-3, 6455-8.1-2.
#[test]
fn section_4_2_1_item_2_there_is_one_host() {
    for lines in [
        &["Host"][..],
        &["Host: a", "Host: b"],
        &["Host: a", "host: a"],
        &["Host:"],
        &["Host: a, b"],
        &["Host: a b"],
        &["Host: user@a"],
        &["Host: a/chat"],
        &["Host: a:port"],
        &["Host: ::1"],
        &["Host: caf\u{e9}"],
    ] {
        assert_eq!(check_with(lines), Err(HandshakeError::Host), "{lines:?}");
    }
    assert_eq!(HandshakeError::Host.status(), 400);
}

// Proves 6455-4.2.1-4, 6455-4.2.1-5.
#[test]
fn section_4_2_1_items_3_and_4_upgrade_and_connection_are_matched_by_element_not_by_substring() {
    for upgrade in ["Upgrade", "Upgrade: websockets", "Upgrade: web socket", "Upgrade: h2c"] {
        assert_eq!(check_with(&[upgrade]), Err(HandshakeError::Upgrade), "{upgrade}");
    }
    for connection in [
        "Connection",
        "Connection: keep-alive",
        "Connection: Upgrade-Insecure-Requests",
        "Connection: no-upgrade",
        "Connection: keep-alive Upgrade",
        "Connection: keep-alive;Upgrade",
        "Connection: \"Upgrade\"",
    ] {
        assert_eq!(check_with(&[connection]), Err(HandshakeError::Connection), "{connection}");
    }
}

// Proves 6455-4.2.1-6, 6455-11.3.1-1.
#[test]
fn section_4_2_1_item_5_there_is_one_key_of_16_bytes() {
    const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    for lines in [
        &["Sec-WebSocket-Key"][..],
        &["Sec-WebSocket-Key:"],
        &["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j"],
        &["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ"],
        &["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZXM="],
        &["Sec-WebSocket-Key: the sample nonce"],
        &[KEY, KEY],
    ] {
        assert_eq!(check_with(lines), Err(HandshakeError::Key), "{lines:?}");
    }
    assert_eq!(HandshakeError::Key.status(), 400);
}

// Proves 6455-4.2.1-7, 6455-4.2.2-5, 6455-4.4-1, 6455-11.3.5-1.
#[test]
fn section_4_4_any_version_but_one_13_is_answered_with_ours() {
    const VERSION: &str = "Sec-WebSocket-Version: 13";
    for lines in [
        &["Sec-WebSocket-Version"][..],
        &["Sec-WebSocket-Version:"],
        &["Sec-WebSocket-Version: 0"],
        &["Sec-WebSocket-Version: 8"],
        &["Sec-WebSocket-Version: 12"],
        &["Sec-WebSocket-Version: 14"],
        &["Sec-WebSocket-Version: 255"],
        &["Sec-WebSocket-Version: 013"],
        &["Sec-WebSocket-Version: +13"],
        &["Sec-WebSocket-Version: 13.0"],
        &["Sec-WebSocket-Version: 13, 13"],
        &["Sec-WebSocket-Version: 13\u{a0}"],
        &[VERSION, VERSION],
        &[VERSION, "Sec-WebSocket-Version: 8"],
    ] {
        let error = check_with(lines).unwrap_err();
        assert_eq!((error, error.status()), (HandshakeError::Version, 426), "{lines:?}");
    }
}

// Proves 6455-4.2.1-1.
#[test]
fn rfc_9112_5_fields_that_two_readers_could_read_in_two_ways_are_refused() {
    for line in ["X : y", "X", " X: y", "X: y\r\n folded", ": y", "X(: y", "X: \u{1}", "X: \u{7f}"]
    {
        let mut request = request_with(&[]);
        request.truncate(request.len() - 2);
        request.extend_from_slice(format!("{line}\r\n\r\n").as_bytes());
        assert_eq!(check(&request), Err(HeadError::Malformed.into()), "{line:?}");
    }
    for (line, error) in [
        ("X: a\0b", HeadError::Nul),
        ("X: a\nY: b", HeadError::BareLf),
        ("X: a\rY: b", HeadError::BareCr),
    ] {
        assert_eq!(check_with(&[line]), Err(error.into()), "{line:?}");
    }
}

/// CVE-2024-37890: a server crashed when `Upgrade` came after too many others.
#[test]
fn more_header_fields_than_the_limit_are_refused_with_431() {
    let mut lines = vec!["a:"; 2_000];
    lines.push("Upgrade: websocket");
    let error = check_with(&lines).unwrap_err();
    assert_eq!((error, error.status()), (HeadError::TooManyFields.into(), 431));

    let lines = vec!["field: value"; 2_100];
    let error = check_with(&lines).unwrap_err();
    assert_eq!((error, error.status()), (HeadError::TooLong.into(), 431));
}

#[test]
fn a_request_that_announces_a_body_is_refused() {
    for line in ["Content-Length: 5", "Content-Length: -1", "Transfer-Encoding: chunked"] {
        assert_eq!(check_with(&[line]), Err(HandshakeError::Body), "{line}");
    }
}

// Proves 6455-6.2-1.
#[test]
fn what_stands_behind_the_request_is_never_read_as_http() {
    let frame = b"\x81\x85\0\0\0\0hello";
    for behind in [&frame[..], b"GET /other HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let bytes = [&request_with(&[])[..], behind].concat();
        let (head, early) = Head::split(&bytes).unwrap().unwrap();
        assert!(accept(&Request::parse(head).unwrap(), &ServerOptions::default()).is_ok());
        assert_eq!(early, behind);
    }
}

// Proves 6455-4.2.2-7, 6455-4.2.2-8, 6455-11.3.4-1.
#[test]
fn section_4_2_2_the_client_s_first_offer_that_the_server_knows_is_chosen() {
    let options = speaking(&["wirechat.v1", "chat"]);
    for (lines, chosen) in [
        (&["Sec-WebSocket-Protocol: chat, wirechat.v1"][..], Some("chat")),
        (
            &["Sec-WebSocket-Protocol: x", "Sec-WebSocket-Protocol: wirechat.v1,chat"],
            Some("wirechat.v1"),
        ),
        (&["Sec-WebSocket-Protocol: CHAT, x"], None),
        (&[], None),
    ] {
        let acceptance = answer(&request_with(lines), &options).unwrap();
        assert_eq!(acceptance.subprotocol, chosen, "{lines:?}");
        let response = String::from_utf8(acceptance.response).unwrap();
        let sent = response.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Protocol: "));
        assert_eq!(sent, chosen);
    }
}

// Proves 6455-4.2.1-9, 6455-8.1-2.
#[test]
fn section_4_1_item_10_subprotocols_are_different_tokens() {
    for lines in [
        &["Sec-WebSocket-Protocol:"][..],
        &["Sec-WebSocket-Protocol: ,"],
        &["Sec-WebSocket-Protocol: a b"],
        &["Sec-WebSocket-Protocol: a/b"],
        &["Sec-WebSocket-Protocol: \"a\""],
        &["Sec-WebSocket-Protocol: a;q=1"],
        &["Sec-WebSocket-Protocol: caf\u{e9}"],
        &["Sec-WebSocket-Protocol: a, b, a"],
        &["Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: a"],
    ] {
        assert_eq!(check_with(lines), Err(HandshakeError::Subprotocols), "{lines:?}");
    }
    assert_eq!(HandshakeError::Subprotocols.status(), 400);
}

// Proves 6455-4.2.1-10, 6455-9.1-1.
#[test]
fn section_9_1_extensions_that_do_not_follow_the_grammar_are_refused() {
    for lines in [
        &["Sec-WebSocket-Extensions:"][..],
        &["Sec-WebSocket-Extensions: ,"],
        &["Sec-WebSocket-Extensions: a b"],
        &["Sec-WebSocket-Extensions: permessage-deflate;"],
        &["Sec-WebSocket-Extensions: permessage-deflate; a="],
        &["Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Extensions: ;"],
    ] {
        assert_eq!(check_with(lines), Err(HandshakeError::Extensions), "{lines:?}");
    }
    assert_eq!(HandshakeError::Extensions.status(), 400);
}

// Proves 6455-4.2.2-10, 6455-9-2, 7692-5-12, 7692-7-4.
#[test]
fn section_9_1_a_server_without_extensions_declines_them_all() {
    let options = ServerOptions::default();
    for line in [
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        "Sec-WebSocket-Extensions: foo; bar=\"baz\"",
    ] {
        let acceptance = answer(&request_with(&[line]), &options).unwrap();
        let response = String::from_utf8(acceptance.response).unwrap();
        assert!(!response.to_ascii_lowercase().contains("extensions"), "{response}");
    }
}

// Proves 6455-4.2.2-9, 6455-4.2.2-10, 6455-9-1, 6455-9-2, 6455-9.1-3, 6455-11.3.2-1,
// Proves 6455-11.3.2-2, 7692-5-3, 7692-5-6.
#[cfg(feature = "deflate")]
#[test]
fn rfc_7692_5_1_a_server_that_agrees_to_compression_says_how_and_knows_it() {
    let options = ServerOptions { deflate: Some(Deflate::default()), ..ServerOptions::default() };
    let offers = [
        "Sec-WebSocket-Extensions: foo, permessage-deflate; server_max_window_bits=7",
        "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10",
    ];
    let acceptance = answer(&request_with(&offers), &options).unwrap();
    let agreed = acceptance.deflate.expect("the second offer can be kept");
    assert_eq!(agreed.server_max_window_bits.get(), 10);
    let response = String::from_utf8(acceptance.response).unwrap();
    let line = "\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n";
    assert!(response.contains(line), "{response}");
    assert_eq!(answer(&request_with(&[]), &options).unwrap().deflate, None, "nothing was offered");
}

/// CVE-2021-32640.
#[test]
fn a_subprotocol_of_almost_nothing_but_spaces_is_refused() {
    let line = format!("Sec-WebSocket-Protocol: b{}x", " ".repeat(7_000));
    assert_eq!(check_with(&[&line]), Err(HandshakeError::Subprotocols));
}

// Proves 6455-4.2.1-8, 6455-4.2.2-3, 6455-4.2.2-4, 6455-10.2-1, 6455-10.2-2.
#[test]
fn section_10_2_where_origins_are_restricted_only_those_connect() {
    let allowed_origins = Some(vec!["https://chat.example".to_owned()]);
    let options = ServerOptions { allowed_origins, ..ServerOptions::default() };
    let answer_to = |lines: &[&str]| answer(&request_with(lines), &options).map(|_| ());

    assert_eq!(answer_to(&["Origin: https://chat.example"]), Ok(()));
    assert_eq!(answer_to(&["Origin: HTTPS://Chat.Example"]), Ok(()));
    assert_eq!(answer_to(&[]), Ok(()), "no browser sent this");
    for lines in [
        &["Origin: https://evil.example"][..],
        &["Origin: null"],
        &["Origin:"],
        &["Origin: http://chat.example"],
        &["Origin: https://chat.example:8443"],
        &["Origin: https://chat.example.evil.example"],
        &["Origin: https://chat.example/"],
        &["Origin: https://chat.example https://evil.example"],
        &["Origin: https://chat.example", "Origin: https://evil.example"],
    ] {
        let error = answer_to(lines).unwrap_err();
        assert_eq!((error, error.status()), (HandshakeError::Origin, 403), "{lines:?}");
    }
}

/// CVE-2026-1527: whatever a client writes, the response is ours.
#[test]
fn no_byte_of_the_request_comes_back_in_a_response() {
    let options = speaking(&["chat"]);
    for lines in [
        &["Sec-WebSocket-Protocol: chat, evil-mark"][..],
        &["Sec-WebSocket-Protocol: chat\rX: evil-mark"],
        &["Sec-WebSocket-Extensions: evil-mark\r\nX: evil-mark"],
        &["Sec-WebSocket-Protocol: \"evil-mark\""],
        &["Sec-WebSocket-Version: evil-mark"],
        &["Sec-WebSocket-Key: evil-mark"],
        &["Host: evil-mark", "Origin: evil-mark"],
    ] {
        let response = match answer(&request_with(lines), &options) {
            Ok(acceptance) => acceptance.response,
            Err(error) => error.response(),
        };
        let response = String::from_utf8(response).unwrap();
        assert!(!response.contains("evil-mark"), "{lines:?}");
        assert_eq!(response.matches("\r\n\r\n").count(), 1, "{lines:?}");
    }
}

#[test]
fn a_request_in_pieces_of_one_byte_is_the_same_request() {
    let bytes =
        [&request_with(&["Sec-WebSocket-Protocol: chat"])[..], b"\x89\x80\0\0\0\0"].concat();
    let options = speaking(&["chat"]);
    let mut reader = HeadReader::new();
    let end = bytes.chunks(1).position(|byte| reader.push(byte).unwrap().is_some()).unwrap() + 1;
    assert_eq!(&bytes[end..], b"\x89\x80\0\0\0\0");
    let request = Request::parse(reader.head().unwrap()).unwrap();
    assert_eq!(accept(&request, &options), answer(&bytes, &options));
}

/// The example's fields, perhaps one missing, perhaps some repeated, with noise
/// among them, in any order.
fn any_request() -> impl Strategy<Value = Vec<u8>> {
    let owned = |line: &str| line.as_bytes().to_vec();
    let more = prop_oneof![
        2 => prop::sample::select(&FIELDS).prop_map(owned),
        1 => Just(b"GET / HTTP/1.1".to_vec()),
        1 => Just(b"Sec-WebSocket-Protocol: a, b".to_vec()),
        1 => Just(b"Origin: null".to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..20),
    ];
    let fields = prop::sample::subsequence(FIELDS.to_vec(), 4..=5);
    let lines = (fields, prop::collection::vec(more, 0..3))
        .prop_map(move |(fields, more)| [fields.into_iter().map(owned).collect(), more].concat());
    lines.prop_shuffle().prop_map(|mut lines: Vec<Vec<u8>>| {
        lines.insert(0, b"GET /chat HTTP/1.1".to_vec());
        lines.extend([vec![], vec![]]);
        lines.join(&b"\r\n"[..])
    })
}

proptest! {
    // Proves 6455-4.2.1-1, 6455-10.7-1.
    #[test]
    fn whatever_a_client_sends_the_answer_is_a_101_to_the_right_fields_or_a_refusal(
        request in any_request(),
    ) {
        let options = speaking(&["a"]);
        match answer(&request, &options) {
            Ok(acceptance) => {
                prop_assert!(acceptance.response.starts_with(b"HTTP/1.1 101 "));
                prop_assert!(acceptance.response.ends_with(b"\r\n\r\n"));
                let request = String::from_utf8_lossy(&request);
                for field in ["Host: ", "Sec-WebSocket-Key: ", "Sec-WebSocket-Version: "] {
                    prop_assert_eq!(request.matches(field).count(), 1);
                }
            }
            Err(error) => {
                let response = error.response();
                let (head, body) = Head::split(&response)?.expect("a refusal is complete");
                let response = Response::parse(head)?;
                prop_assert_eq!(response.status(), error.status());
                let length = body.len().to_string();
                prop_assert_eq!(response.header("content-length").next(), Some(length.as_bytes()));
            }
        }
    }
}
