//! Requests from a client that may send anything.

use wirechat::proto::Deflate;
use wirechat::proto::handshake::{
    HandshakeError, Head, Request, Response, ServerOptions, accept, accept_key,
};

use super::head;

/// Any bytes, cut anywhere: nothing panics, the cuts change nothing, and every
/// answer is one complete HTTP response, a yes only with the proof that the
/// client's key was read. Returns its status; `None` if the head did not end.
///
/// # Panics
/// If one of these does not hold.
pub fn check(data: &[u8]) -> Option<u16> {
    let answer = match head::read(data) {
        Ok(head) => answer(head?),
        Err(error) => Err(error.into()),
    };
    let response = answer.unwrap_or_else(HandshakeError::response);
    Some(check_response(&response))
}

fn answer(head: Head<'_>) -> Result<Vec<u8>, HandshakeError> {
    let options = ServerOptions {
        subprotocols: vec!["wirechat.v1".to_owned()],
        allowed_origins: Some(vec!["https://chat.example".to_owned()]),
        deflate: Some(Deflate::default()),
    };
    let request = Request::parse(head)?;
    assert!(request.path().starts_with('/'));
    let acceptance = accept(&request, &options)?;
    assert!(matches!(acceptance.subprotocol, None | Some("wirechat.v1")));
    assert!(!request.has_body());
    check_proof(&request, &acceptance.response);
    Ok(acceptance.response)
}

/// RFC 6455 §4.2.2, item 5.4.
fn check_proof(request: &Request<'_>, response: &[u8]) {
    let mut keys = request.header("sec-websocket-key");
    let key = keys.next().and_then(|key| str::from_utf8(key).ok()).expect("a key");
    assert_eq!(keys.next(), None, "which key?");
    let (head, _) = Head::split(response).expect("HTTP").expect("a whole head");
    let response = Response::parse(head).expect("HTTP");
    let mut proofs = response.header("sec-websocket-accept");
    assert_eq!(proofs.next(), Some(accept_key(key).as_bytes()));
}

fn check_response(response: &[u8]) -> u16 {
    let (head, body) = Head::split(response).expect("HTTP").expect("a whole head");
    let response = Response::parse(head).expect("HTTP");
    let field = |name| response.header(name).next().and_then(|value| str::from_utf8(value).ok());
    if response.status() == 101 {
        // What follows would be taken for frames.
        assert!(body.is_empty());
        assert_eq!(field("content-length"), None);
    } else {
        assert_eq!(field("content-length"), Some(&*body.len().to_string()));
        assert!(field("connection").is_some_and(|value| value.starts_with("close")));
    }
    response.status()
}
