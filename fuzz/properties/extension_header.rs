//! `Sec-WebSocket-Extensions` from a peer that may send anything.

mod parameters;

use wirechat::proto::handshake::{
    ClientHandshake, ClientOptions, Established, HandshakeError, Head, Request, Response,
    ResponseError, ServerOptions, Uri, accept,
};
use wirechat::proto::{Deflate, WindowBits};

use self::parameters::Parameters;
use super::settings::deflate;

const FIELD: &str = "sec-websocket-extensions";

/// What came of a field in both directions.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What a server agreed to when this was the offer.
    pub offered: Result<Option<Deflate>, HandshakeError>,
    /// What a client took it for when this was the answer.
    pub answered: Result<Option<Deflate>, ResponseError>,
}

/// What a server wants and what a client wants, in two bytes each, then the
/// values of `Sec-WebSocket-Extensions`, one a line. As an offer and as an
/// answer: nothing panics, what is agreed on is what RFC 7692 §7.1 says, and
/// the server says it in its own words. Without the lines, the two agree with
/// each other. Returns the outcome; `None` if the lines are no field values.
///
/// # Panics
/// If one of these does not hold.
pub fn check(data: &[u8]) -> Option<Outcome> {
    let (wants, lines) = data.split_first_chunk().unwrap_or((&[0; 4], &[]));
    let [server, server_windows, client, client_windows] = *wants;
    let server = deflate(server, server_windows);
    let client = deflate(client, client_windows);
    check_each_other(server, client);

    let request = [REQUEST, &fields(lines), b"\r\n"].concat();
    let (head, _) = Head::split(&request).ok()??;
    let offered = check_offer(server, &Request::parse(head).ok()?);
    let response = [RESPONSE, &fields(lines), b"\r\n"].concat();
    let (head, _) = Head::split(&response).ok()??;
    let answered = check_answer(client, &Response::parse(head).ok()?);
    Some(Outcome { offered, answered })
}

fn fields(lines: &[u8]) -> Vec<u8> {
    let lines = lines.split(|byte| *byte == b'\n').filter(|_| !lines.is_empty());
    lines.flat_map(|line| [FIELD.as_bytes(), b":", line, b"\r\n"].concat()).collect()
}

/// Of an offer that a peer may have written.
fn check_offer(
    wanted: Option<Deflate>,
    request: &Request<'_>,
) -> Result<Option<Deflate>, HandshakeError> {
    let offers = Parameters::all(request.header(FIELD));
    let options = ServerOptions { deflate: wanted, ..ServerOptions::default() };
    let acceptance = accept(request, &options).inspect_err(|error| {
        assert_eq!(*error, HandshakeError::Extensions);
        assert!(offers.contains(&None), "what is wrong with {offers:?}?");
    })?;
    // The first one that can be kept. A client that cannot be told how large a
    // window it may use cannot keep a small one.
    let offer = wanted.and_then(|wanted| {
        let needs_telling = wanted.client_max_window_bits < WindowBits::MAX;
        let can_be_kept =
            |offer: &&Parameters| offer.client_max_window_bits.is_some() || !needs_telling;
        offers.iter().flatten().find(can_be_kept).map(|offer| (wanted, offer))
    });
    let answer = answer(&acceptance.response);
    let Some((wanted, offer)) = offer else {
        assert_eq!((answer, acceptance.deflate), (None, None));
        return Ok(None);
    };
    let answer = answer.expect("an answer");
    assert_eq!(answer.check_answers(offer), Ok(()));
    let agreed = answer.in_force(wanted.threshold);
    assert_eq!(acceptance.deflate, Some(agreed));
    check_kept(&wanted, &agreed);
    Ok(Some(agreed))
}

/// What a server said of extensions. It is a legal answer to something: nothing
/// of the client's bytes can be in it.
fn answer(response: &[u8]) -> Option<Parameters> {
    let (head, _) = Head::split(response).expect("HTTP").expect("a whole head");
    let response = Response::parse(head).expect("HTTP");
    let mut answers = Parameters::all(response.header(FIELD)).into_iter();
    let answer = answers.next().map(|answer| answer.expect("permessage-deflate"));
    assert_eq!(answers.next(), None, "two answers");
    answer
}

/// Nobody gets more than they wanted.
fn check_kept(wanted: &Deflate, agreed: &Deflate) {
    assert!(agreed.server_no_context_takeover || !wanted.server_no_context_takeover);
    assert!(agreed.client_no_context_takeover || !wanted.client_no_context_takeover);
    assert!(agreed.server_max_window_bits <= wanted.server_max_window_bits);
    assert!(agreed.client_max_window_bits <= wanted.client_max_window_bits);
    assert_eq!(agreed.threshold, wanted.threshold);
}

/// Of an answer that a peer may have written.
fn check_answer(
    wanted: Option<Deflate>,
    response: &Response<'_>,
) -> Result<Option<Deflate>, ResponseError> {
    let handshake = handshake(wanted);
    let verdict = handshake.verify(response).map(|established| established.deflate);
    let answers = Parameters::all(response.header(FIELD));
    let expected = match (wanted, offer(&handshake), &answers[..]) {
        _ if response.header(FIELD).next().is_none() => Ok(None),
        (Some(wanted), Some(offer), [Some(answer)]) if answer.check_answers(&offer).is_ok() => {
            let mut agreed = answer.in_force(wanted.threshold);
            // What a client said of its own direction it does in any case.
            agreed.client_no_context_takeover |= wanted.client_no_context_takeover;
            agreed.client_max_window_bits =
                agreed.client_max_window_bits.min(wanted.client_max_window_bits);
            check_kept(&wanted, &agreed);
            Ok(Some(agreed))
        }
        _ => Err(ResponseError::Extension),
    };
    assert_eq!(verdict, expected);
    verdict
}

/// A client and a server of ours.
fn check_each_other(server: Option<Deflate>, client: Option<Deflate>) {
    let handshake = handshake(client);
    let (head, _) = Head::split(handshake.request()).expect("HTTP").expect("a whole head");
    let request = Request::parse(head).expect("HTTP");
    let options = ServerOptions { deflate: server, ..ServerOptions::default() };
    let acceptance = accept(&request, &options).expect("a legal request");
    let (head, _) = Head::split(&acceptance.response).expect("HTTP").expect("a whole head");
    let response = Response::parse(head).expect("HTTP");
    let Established { deflate: at_the_client, .. } = handshake.verify(&response).expect("a yes");

    let both = server.zip(client);
    assert_eq!(acceptance.deflate.is_some(), both.is_some());
    // Each has a threshold of its own.
    let at_the_server = acceptance.deflate.zip(client);
    let at_the_server =
        at_the_server.map(|(agreed, client)| Deflate { threshold: client.threshold, ..agreed });
    assert_eq!(at_the_server, at_the_client);
}

/// With the nonce of the RFC's example (RFC 6455 §1.3).
fn handshake(deflate: Option<Deflate>) -> ClientHandshake {
    let uri: Uri = "ws://server.example.com/chat".parse().expect("a URI");
    let options = ClientOptions { deflate, ..ClientOptions::default() };
    ClientHandshake::new(&uri, *b"the sample nonce", &options).expect("legal options")
}

fn offer(handshake: &ClientHandshake) -> Option<Parameters> {
    let (head, _) = Head::split(handshake.request()).expect("HTTP").expect("a whole head");
    let request = Request::parse(head).expect("HTTP");
    Parameters::all(request.header(FIELD)).pop().flatten()
}

const REQUEST: &[u8] = b"GET /chat HTTP/1.1\r\n\
    Host: server.example.com\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n";

const RESPONSE: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
