//! The server's half: is this request a handshake, and what is answered?
//! (RFC 6455 §4.2)

use std::collections::BTreeSet;

use super::VERSION;
use super::accept_key::{accept_key, parse_key};
#[cfg(feature = "deflate")]
use super::compression;
use super::error::{HandshakeError, HeadError};
use super::extensions::{Extension, extensions};
use super::request::Request;
use super::tokens;
#[cfg(feature = "deflate")]
use crate::proto::Deflate;

/// What a server is ready to agree to.
///
/// ```
/// use wirechat::proto::handshake::ServerOptions;
///
/// let options = ServerOptions {
///     allowed_origins: Some(vec!["https://chat.example".to_owned()]),
///     ..ServerOptions::default()
/// };
/// assert!(options.subprotocols.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerOptions {
    /// The subprotocols that this server speaks; default none. The client's
    /// first offer that is among them is chosen, since the order of preference
    /// is the client's to give (RFC 6455 §4.1, item 10); if none is, the
    /// connection has no subprotocol.
    pub subprotocols: Vec<String>,
    /// The origins whose pages may connect, as browsers send them:
    /// `https://chat.example`, with a port unless it is the default, and without
    /// a path. Default `None`: any page may, which is right only where a
    /// connection gives a page no rights that it does not have by itself
    /// (RFC 6455 §10.2).
    ///
    /// A request without `Origin` passes in any case: browsers always send one,
    /// and other clients could send what they like (§10.1).
    pub allowed_origins: Option<Vec<String>>,
    /// Compression to agree to if the client offers it (RFC 7692); default
    /// `None`, which declines every offer. The client's first offer that can be
    /// kept is taken.
    #[cfg(feature = "deflate")]
    pub deflate: Option<Deflate>,
}

/// A handshake that was accepted.
///
/// ```
/// use wirechat::proto::handshake::{Head, Request, ServerOptions, accept};
///
/// let bytes = b"GET /chat HTTP/1.1\r\n\
///     Host: server.example.com\r\n\
///     Upgrade: websocket\r\n\
///     Connection: Upgrade\r\n\
///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
///     Sec-WebSocket-Protocol: chat, superchat\r\n\
///     Sec-WebSocket-Version: 13\r\n\r\n";
/// let (head, _) = Head::split(bytes)?.unwrap();
/// let options =
///     ServerOptions { subprotocols: vec!["chat".to_owned()], ..ServerOptions::default() };
/// let acceptance = accept(&Request::parse(head)?, &options)?;
/// assert_eq!(acceptance.subprotocol, Some("chat"));
/// assert_eq!(
///     acceptance.response,
///     b"HTTP/1.1 101 Switching Protocols\r\n\
///       Upgrade: websocket\r\n\
///       Connection: Upgrade\r\n\
///       Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\
///       Sec-WebSocket-Protocol: chat\r\n\r\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance<'o> {
    /// The subprotocol in use, one of [`ServerOptions::subprotocols`].
    pub subprotocol: Option<&'o str>,
    /// The compression in force: what [`Config::deflate`](crate::proto::Config)
    /// is to be.
    #[cfg(feature = "deflate")]
    pub deflate: Option<Deflate>,
    /// The complete response. Once it is sent the connection is open, and
    /// everything behind the request is frames.
    pub response: Vec<u8>,
}

/// Decides on a client's opening handshake (RFC 6455 §4.2.1, §4.2.2).
///
/// # Errors
/// The first rule that the request breaks; send its
/// [`response`](HandshakeError::response) and close the connection.
pub fn accept<'o>(
    request: &Request<'_>,
    options: &'o ServerOptions,
) -> Result<Acceptance<'o>, HandshakeError> {
    check_http(request)?;
    check_upgrade(request)?;
    let key = check_key(request)?;
    check_origin(request, options)?;
    let subprotocol = choose_subprotocol(request, options)?;
    let offers = extensions(&request.fields).ok_or(HandshakeError::Extensions)?;
    let answer = choose_extension(&offers, options);
    Ok(Acceptance {
        subprotocol,
        #[cfg(feature = "deflate")]
        deflate: answer.as_ref().map(|(agreed, _)| *agreed),
        response: switching_protocols(key, subprotocol, answer.map(|(_, header)| header)),
    })
}

/// RFC 6455 §4.2.1, items 1 and 2: a GET in HTTP/1.1 with its Host, and nothing
/// behind the head that HTTP would claim.
fn check_http(request: &Request<'_>) -> Result<(), HandshakeError> {
    if request.method() != "GET" {
        return Err(HandshakeError::Method);
    }
    if request.minor_version() != 1 {
        return Err(HeadError::HttpVersion.into());
    }
    if !request.has_host() {
        return Err(HandshakeError::Host);
    }
    if request.has_body() {
        return Err(HandshakeError::Body);
    }
    Ok(())
}

/// RFC 6455 §4.2.1, items 3, 4 and 6. The version comes before the key: a client
/// of another version may have another kind of key, and wants to hear of ours.
fn check_upgrade(request: &Request<'_>) -> Result<(), HandshakeError> {
    if !request.is_upgrade() {
        return Err(HandshakeError::Upgrade);
    }
    if !request.lists("connection", "upgrade") {
        return Err(HandshakeError::Connection);
    }
    // RFC 6455 §4.3: a version has one spelling, so `013` is another one.
    if request.fields.only("sec-websocket-version") != Some(VERSION.as_bytes()) {
        return Err(HandshakeError::Version);
    }
    Ok(())
}

/// RFC 6455 §4.2.1, item 5, and §11.3.1: one key.
fn check_key<'h>(request: &Request<'h>) -> Result<&'h str, HandshakeError> {
    request.fields.only("sec-websocket-key").and_then(parse_key).ok_or(HandshakeError::Key)
}

/// RFC 6455 §10.2. Origins are compared without case (§4.2.2, item 4). `null`,
/// which sandboxed pages send, has no privilege: it passes if it is listed.
fn check_origin(request: &Request<'_>, options: &ServerOptions) -> Result<(), HandshakeError> {
    let Some(allowed) = &options.allowed_origins else { return Ok(()) };
    let is_allowed =
        |origin: &[u8]| allowed.iter().any(|one| origin.eq_ignore_ascii_case(one.as_bytes()));
    if request.header("origin").all(is_allowed) { Ok(()) } else { Err(HandshakeError::Origin) }
}

/// RFC 6455 §4.2.2, item 4: one of the client's offers, or none. What is sent
/// back is our own spelling of it, never the client's bytes.
fn choose_subprotocol<'o>(
    request: &Request<'_>,
    options: &'o ServerOptions,
) -> Result<Option<&'o str>, HandshakeError> {
    let offers = offered_subprotocols(request).ok_or(HandshakeError::Subprotocols)?;
    let known = |offer| options.subprotocols.iter().find(|known| *known == offer);
    Ok(offers.into_iter().find_map(known).map(String::as_str))
}

/// RFC 6455 §4.1, item 10: tokens, at least one in each field, no two the same.
fn offered_subprotocols<'h>(request: &Request<'h>) -> Option<Vec<&'h str>> {
    let mut offers = Vec::new();
    for value in request.header("sec-websocket-protocol") {
        let tokens = tokens::tokens(value).filter(|tokens| !tokens.is_empty())?;
        offers.extend(tokens);
    }
    let mut seen = BTreeSet::new();
    offers.iter().all(|offer| seen.insert(*offer)).then_some(offers)
}

/// RFC 6455 §9.1: one of the client's offers, or none, which declines them all.
#[cfg(feature = "deflate")]
fn choose_extension(
    offers: &[Extension<'_>],
    options: &ServerOptions,
) -> Option<(Deflate, String)> {
    compression::agree(options.deflate.as_ref()?, offers)
}

/// RFC 6455 §9.1: no extension is known here, so all are declined.
#[cfg(not(feature = "deflate"))]
fn choose_extension(_: &[Extension<'_>], _: &ServerOptions) -> Option<((), String)> {
    None
}

/// RFC 6455 §4.2.2, item 5.
fn switching_protocols(key: &str, subprotocol: Option<&str>, extension: Option<String>) -> Vec<u8> {
    let accept = accept_key(key);
    let mut response = format!(
        "HTTP/1.1 101 Switching Protocols\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n"
    );
    if let Some(subprotocol) = subprotocol {
        response += &format!("Sec-WebSocket-Protocol: {subprotocol}\r\n");
    }
    if let Some(extension) = extension {
        response += &format!("Sec-WebSocket-Extensions: {extension}\r\n");
    }
    response += "\r\n";
    response.into_bytes()
}
