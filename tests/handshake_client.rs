//! What a client sends and what it takes for a yes (RFC 6455 §4.1), rule by rule.

#[cfg(feature = "deflate")]
use wirechat::proto::Deflate;
use wirechat::proto::handshake::{
    ClientHandshake, ClientOptions, Established, Head, HeadError, OptionsError, Request, Response,
    ResponseError, ServerOptions, accept,
};

fn handshake(uri: &str, options: &ClientOptions) -> Result<ClientHandshake, OptionsError> {
    ClientHandshake::new(&uri.parse().expect("a URI"), *b"the sample nonce", options)
}

fn offering(subprotocols: &[&str]) -> ClientOptions {
    let subprotocols = subprotocols.iter().map(|name| name.to_string()).collect();
    ClientOptions { subprotocols, ..ClientOptions::default() }
}

fn with_header(name: &str, value: &str) -> ClientOptions {
    ClientOptions { headers: vec![(name.to_owned(), value.to_owned())], ..ClientOptions::default() }
}

const YES: &str = "HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// What a client that offered `chat` and `superchat` makes of a response.
fn verify(response: &str) -> Result<Established, ResponseError> {
    let client = handshake("ws://a/", &offering(&["chat", "superchat"])).unwrap();
    let (head, _) = Head::split(response.as_bytes())?.expect("the head is complete");
    client.verify(&Response::parse(head)?)
}

/// [`YES`] with one line more.
fn yes_and(line: &str) -> String {
    format!("{}{line}\r\n\r\n", YES.strip_suffix("\r\n").unwrap())
}

// Proves 6455-4.1-16, 6455-4.1-17, 6455-4.1-18, 6455-4.1-19, 6455-4.1-20, 6455-4.1-21,
// Proves 6455-4.1-22, 6455-4.1-26, 6455-4.1-27, 6455-4.1-28, 6455-4.1-31, 6455-11.3.1-1,
// Proves 6455-11.3.5-1.
#[test]
fn section_4_1_the_request_says_what_the_rfc_asks_for() {
    let options = ClientOptions {
        headers: vec![("Origin".to_owned(), "http://example.com".to_owned())],
        ..offering(&["chat", "superchat"])
    };
    let client = handshake("ws://server.example.com/chat?a=%20", &options).unwrap();
    assert_eq!(
        str::from_utf8(client.request()).unwrap(),
        "GET /chat?a=%20 HTTP/1.1\r\n\
         Host: server.example.com\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Protocol: chat, superchat\r\n\
         Origin: http://example.com\r\n\
         \r\n"
    );
}

// Proves 6455-4.1-16, 6455-4.2.2-11.
#[test]
fn our_server_accepts_what_our_client_sends_and_the_client_its_answer() {
    let client = handshake("wss://[::1]:8443/?x", &offering(&["b", "a"])).unwrap();
    let (head, _) = Head::split(client.request()).unwrap().unwrap();
    let options = ServerOptions { subprotocols: vec!["a".to_owned()], ..ServerOptions::default() };
    let acceptance = accept(&Request::parse(head).unwrap(), &options).unwrap();
    let (head, _) = Head::split(&acceptance.response).unwrap().unwrap();
    let established = client.verify(&Response::parse(head).unwrap()).unwrap();
    assert_eq!(established.subprotocol.as_deref(), Some("a"));
}

// Proves 6455-4.1-16.
#[test]
fn headers_that_would_break_out_of_their_line_or_into_the_handshake_are_the_caller_s_mistake() {
    for name in ["", "a b", "a:", "a\r\nb", "\u{e9}"] {
        let error = handshake("ws://a/", &with_header(name, "x")).unwrap_err();
        assert_eq!(error, OptionsError::HeaderName(name.to_owned()));
    }
    for value in ["a\r\nb", "a\nb", "a\rb", "a\0b", "a\x1bb"] {
        let error = handshake("ws://a/", &with_header("X", value)).unwrap_err();
        assert_eq!(error, OptionsError::HeaderValue("X".to_owned()), "{value:?}");
    }
    for name in [
        "Host",
        "upgrade",
        "CONNECTION",
        "Sec-WebSocket-Key",
        "sec-websocket-protocol",
        "Sec-WebSocket-Extensions",
        "Content-Length",
        "Transfer-Encoding",
    ] {
        let error = handshake("ws://a/", &with_header(name, "x")).unwrap_err();
        assert_eq!(error, OptionsError::HandshakeHeader(name.to_owned()));
    }
}

// Proves 6455-4.1-31.
#[test]
fn a_header_value_may_hold_what_is_no_control_character_and_a_tab() {
    let client = handshake("ws://a/", &with_header("X-Name", "a\tcaf\u{e9}")).unwrap();
    let (head, _) = Head::split(client.request()).unwrap().unwrap();
    let request = Request::parse(head).unwrap();
    assert_eq!(request.header("x-name").next(), Some("a\tcaf\u{e9}".as_bytes()));
}

// Proves 6455-4.1-29.
#[test]
fn section_4_1_item_10_offers_that_are_no_tokens_or_repeated_are_the_caller_s_mistake() {
    for (offers, wrong) in
        [(&["a b"][..], "a b"), (&[""], ""), (&["a", "b", "a"], "a"), (&["a\r\nb"], "a\r\nb")]
    {
        let error = handshake("ws://a/", &offering(offers)).unwrap_err();
        assert_eq!(error, OptionsError::Subprotocol(wrong.to_owned()));
    }
}

// Proves 6455-4.1-33.
#[test]
fn a_response_with_all_that_is_needed_is_a_yes_in_any_case_of_letters() {
    assert_eq!(verify(YES), Ok(Established::default()));
    let other = YES.replace("Upgrade: websocket", "UPGRADE:WebSocket  ");
    assert!(verify(&other.replace("Connection: Upgrade", "connection: x, UPGRADE")).is_ok());
}

// Proves 6455-4.1-33.
#[test]
fn section_4_1_any_other_status_is_reported_and_not_followed() {
    let refused = |status, reason: &str, location: Option<&str>| ResponseError::Refused {
        status,
        reason: reason.to_owned(),
        location: location.map(str::to_owned),
    };
    for (response, error) in [
        ("HTTP/1.1 401 Unauthorized\r\n\r\n", refused(401, "Unauthorized", None)),
        ("HTTP/1.1 200 OK\r\n\r\n", refused(200, "OK", None)),
        ("HTTP/1.0 503\r\n\r\n", refused(503, "", None)),
        (
            "HTTP/1.1 302 Found\r\nLocation: wss://b/\r\n\r\n",
            refused(302, "Found", Some("wss://b/")),
        ),
        ("HTTP/1.1 302 Found\r\nLocation: \u{9b}31m\r\n\r\n", refused(302, "Found", None)),
    ] {
        assert_eq!(verify(response), Err(error));
    }
}

// Proves 6455-4.1-39.
#[test]
fn a_yes_in_http_1_0_is_none() {
    let response = YES.replace("HTTP/1.1", "HTTP/1.0");
    assert_eq!(verify(&response), Err(ResponseError::Head(HeadError::HttpVersion)));
}

// Proves 6455-4.1-34, 6455-4.1-35, 6455-4.1-36, 6455-11.3.3-1.
#[test]
fn section_4_1_response_items_2_to_4_each_field_must_be_there_and_right() {
    const ACCEPT: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    let wrong_case = ACCEPT.replace("s3pP", "S3PP");
    for (line, wrong, error) in [
        ("Upgrade: websocket", "X: y", ResponseError::Upgrade),
        ("Upgrade: websocket", "Upgrade: websocket, h2c", ResponseError::Upgrade),
        ("Upgrade: websocket", "Upgrade: websocketx", ResponseError::Upgrade),
        ("Connection: Upgrade", "X: y", ResponseError::Connection),
        ("Connection: Upgrade", "Connection: no-upgrade", ResponseError::Connection),
        (ACCEPT, "X: y", ResponseError::Accept),
        (ACCEPT, "Sec-WebSocket-Accept:", ResponseError::Accept),
        (ACCEPT, &wrong_case, ResponseError::Accept),
        (ACCEPT, "Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==", ResponseError::Accept),
    ] {
        assert_eq!(verify(&YES.replace(line, wrong)), Err(error), "{wrong}");
    }
    assert_eq!(verify(&yes_and(ACCEPT)), Err(ResponseError::Accept), "section 11.3.3: only once");
}

// Proves 6455-4.1-36.
#[test]
fn section_4_1_response_item_4_white_space_around_the_accept_is_not_part_of_it() {
    for around in ["Accept:s3pP", "Accept: \t s3pP"] {
        assert!(verify(&YES.replace("Accept: s3pP", around).replace("xOo=", "xOo= \t")).is_ok());
    }
}

// Proves 6455-4.1-37, 6455-5.8-1, 7692-5-13.
#[test]
fn section_4_1_response_item_5_an_extension_that_was_not_offered_is_refused() {
    for line in ["Sec-WebSocket-Extensions: permessage-deflate", "Sec-WebSocket-Extensions:"] {
        assert_eq!(verify(&yes_and(line)), Err(ResponseError::Extension), "{line}");
    }
}

// Proves 6455-4.1-30, 6455-4.1-37, 6455-9-1, 6455-9.1-1, 6455-9.1-4, 6455-9.1-6, 6455-11.3.2-2,
// Proves 7692-5-1, 7692-5-9, 7692-5-11, 7692-5-13, 7692-7-5.
#[cfg(feature = "deflate")]
#[test]
fn rfc_7692_5_1_a_client_that_offered_compression_takes_an_answer_to_that_and_nothing_else() {
    let options = ClientOptions { deflate: Some(Deflate::default()), ..ClientOptions::default() };
    let client = handshake("ws://a/", &options).unwrap();
    let offer = "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    assert!(str::from_utf8(client.request()).unwrap().contains(offer));

    let verify = |response: &str| {
        let (head, _) = Head::split(response.as_bytes())?.expect("the head is complete");
        client.verify(&Response::parse(head)?).map(|established| established.deflate)
    };
    assert_eq!(verify(YES), Ok(None), "declined");
    let answer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=12";
    let agreed = verify(&yes_and(answer)).unwrap().unwrap();
    assert_eq!(agreed.client_max_window_bits.get(), 12);
    for answer in [
        "Sec-WebSocket-Extensions:",
        "Sec-WebSocket-Extensions: foo",
        "Sec-WebSocket-Extensions: permessage-deflate; foo",
        "Sec-WebSocket-Extensions: permessage-deflate, foo",
        "Sec-WebSocket-Extensions: permessage-deflate, permessage-deflate",
        "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Extensions: foo",
    ] {
        assert_eq!(verify(&yes_and(answer)), Err(ResponseError::Extension), "{answer}");
    }
}

// Proves 6455-4.1-38, 6455-11.3.4-2.
#[test]
fn section_4_1_response_item_6_the_subprotocol_is_one_that_was_offered() {
    let established = verify(&yes_and("Sec-WebSocket-Protocol: superchat")).unwrap();
    assert_eq!(established.subprotocol.as_deref(), Some("superchat"));
    for lines in [
        "Sec-WebSocket-Protocol: other",
        "Sec-WebSocket-Protocol: Chat",
        "Sec-WebSocket-Protocol:",
        "Sec-WebSocket-Protocol: chat, superchat",
        "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat",
    ] {
        assert_eq!(verify(&yes_and(lines)), Err(ResponseError::Subprotocol), "{lines}");
    }
}

// Proves 6455-4.1-39.
#[test]
fn a_response_that_is_no_http_is_refused_in_words() {
    let error = verify("220 mail.example ESMTP\r\n\r\n").unwrap_err();
    assert_eq!(error, ResponseError::Head(HeadError::HttpVersion));
    assert_eq!(
        error.to_string(),
        "the server's response cannot be read: the first line does not say HTTP/1.1"
    );
}

#[test]
fn options_that_cannot_be_sent_are_refused_in_words() {
    for (options, words) in [
        (offering(&["a b"]), "subprotocol \"a b\" must be a token, and offered once"),
        (with_header("A B", "c"), "\"A B\" is not the name of a header"),
        (
            with_header("A", "b\r\nC: d"),
            "the value of header \"A\" must not have control characters",
        ),
        (with_header("Host", "b"), "header \"Host\" belongs to the handshake and cannot be set"),
    ] {
        assert_eq!(handshake("ws://a/", &options).unwrap_err().to_string(), words);
    }
}
