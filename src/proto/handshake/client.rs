//! The client's half: what it asks, and whether the answer is a yes
//! (RFC 6455 §4.1).

use std::error::Error;
use std::fmt;

use super::VERSION;
use super::accept_key::{accept_key, encode_key};
#[cfg(feature = "deflate")]
use super::compression;
use super::error::HeadError;
use super::extensions::{Extension, extensions};
use super::response::{Response, ResponseError};
use super::tokens::is_token;
use super::uri::Uri;
#[cfg(feature = "deflate")]
use crate::proto::Deflate;

/// What a client asks for beside the connection itself.
///
/// ```
/// use wirechat::proto::handshake::ClientOptions;
///
/// let options = ClientOptions {
///     subprotocols: vec!["wirechat.v1".to_owned()],
///     headers: vec![("Authorization".to_owned(), "Bearer abc".to_owned())],
///     ..ClientOptions::default()
/// };
/// # assert_ne!(options, ClientOptions::default());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientOptions {
    /// Subprotocols to offer, the preferred one first; default none. Each is a
    /// token (RFC 9110 §5.6.2), and none stands there twice (RFC 6455 §4.1).
    pub subprotocols: Vec<String>,
    /// Header fields to add, such as `Authorization`, `Cookie` or `Origin`;
    /// default none. Those that the handshake is made of are not among them.
    pub headers: Vec<(String, String)>,
    /// Compression to offer (RFC 7692); default `None`, no offer.
    #[cfg(feature = "deflate")]
    pub deflate: Option<Deflate>,
}

/// One opening handshake, as its client sees it.
///
/// ```
/// use wirechat::proto::handshake::{ClientHandshake, ClientOptions, Head, Response, Uri};
///
/// let uri: Uri = "ws://server.example.com/chat".parse()?;
/// let handshake = ClientHandshake::new(&uri, *b"the sample nonce", &ClientOptions::default())?;
/// assert!(handshake.request().starts_with(b"GET /chat HTTP/1.1\r\nHost: server.example.com\r\n"));
///
/// let answer = b"HTTP/1.1 101 Switching Protocols\r\n\
///     Upgrade: websocket\r\n\
///     Connection: Upgrade\r\n\
///     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
/// let (head, _) = Head::split(answer)?.unwrap();
/// handshake.verify(&Response::parse(head)?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientHandshake {
    request: Vec<u8>,
    /// The `Sec-WebSocket-Accept` that answers our key.
    accept: String,
    subprotocols: Vec<String>,
    #[cfg(feature = "deflate")]
    deflate: Option<Deflate>,
}

/// What both sides agreed on.
///
/// ```
/// use wirechat::proto::handshake::Established;
///
/// fn speaks_wirechat(established: &Established) -> bool {
///     established.subprotocol.as_deref() == Some("wirechat.v1")
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Established {
    /// The subprotocol in use, one of those that were offered; `None` if the
    /// server chose none, with which the caller may or may not be content.
    pub subprotocol: Option<String>,
    /// The compression in force: what [`Config::deflate`](crate::proto::Config)
    /// is to be. `None` if the server declined it.
    #[cfg(feature = "deflate")]
    pub deflate: Option<Deflate>,
}

impl ClientHandshake {
    /// Prepares the request. The nonce must come from a strong source of
    /// randomness and be new for each connection (RFC 6455 §4.1, item 7).
    ///
    /// # Errors
    /// What is wrong with the options: see [`OptionsError`].
    pub fn new(
        uri: &Uri,
        nonce: [u8; 16],
        options: &ClientOptions,
    ) -> Result<ClientHandshake, OptionsError> {
        check_subprotocols(&options.subprotocols)?;
        options.headers.iter().try_for_each(|(name, value)| check_header(name, value))?;
        let key = encode_key(nonce);
        Ok(ClientHandshake {
            request: write_request(uri, &key, options).into_bytes(),
            accept: accept_key(&key),
            subprotocols: options.subprotocols.clone(),
            #[cfg(feature = "deflate")]
            deflate: options.deflate,
        })
    }

    /// The complete request, to be sent as it is; nothing may follow it until
    /// the response was [verified](ClientHandshake::verify) (RFC 6455 §4.1).
    #[must_use]
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// Whether the response accepts the handshake; then the connection is open.
    ///
    /// # Errors
    /// The first rule of RFC 6455 §4.1 that it breaks; close the TCP connection.
    pub fn verify(&self, response: &Response<'_>) -> Result<Established, ResponseError> {
        if response.status() != 101 {
            return Err(refusal(response));
        }
        if response.minor_version() != 1 {
            return Err(HeadError::HttpVersion.into());
        }
        let fields = &response.fields;
        // Item 2: unlike a request's, a response's Upgrade names one protocol.
        if !fields.only("upgrade").is_some_and(|value| value.eq_ignore_ascii_case(b"websocket")) {
            return Err(ResponseError::Upgrade);
        }
        if !fields.list("connection", "upgrade") {
            return Err(ResponseError::Connection);
        }
        if fields.only("sec-websocket-accept") != Some(self.accept.as_bytes()) {
            return Err(ResponseError::Accept);
        }
        let used = extensions(fields).ok_or(ResponseError::Extension)?;
        let mut established = self.confirm(&used).ok_or(ResponseError::Extension)?;
        established.subprotocol = self.chosen_subprotocol(response)?;
        Ok(established)
    }

    /// Item 5, and §9.1: no extension, or the one that was offered.
    #[cfg(feature = "deflate")]
    fn confirm(&self, used: &[Extension<'_>]) -> Option<Established> {
        let deflate = match (used, &self.deflate) {
            ([], _) => None,
            ([answer], Some(wanted)) => Some(compression::confirm(wanted, answer)?),
            _ => return None,
        };
        Some(Established { deflate, ..Established::default() })
    }

    /// Item 5: none is offered, so none may be used.
    #[cfg(not(feature = "deflate"))]
    fn confirm(&self, used: &[Extension<'_>]) -> Option<Established> {
        used.is_empty().then(Established::default)
    }

    /// Item 6, and §11.3.4: none, or one of ours, spelled as we spelled it.
    fn chosen_subprotocol(&self, response: &Response<'_>) -> Result<Option<String>, ResponseError> {
        if !response.fields.has("sec-websocket-protocol") {
            return Ok(None);
        }
        let chosen = response.fields.only("sec-websocket-protocol");
        let offered = self.subprotocols.iter().find(|offer| chosen == Some(offer.as_bytes()));
        offered.cloned().map(Some).ok_or(ResponseError::Subprotocol)
    }
}

fn refusal(response: &Response<'_>) -> ResponseError {
    let printable = |value: &&[u8]| value.iter().all(u8::is_ascii_graphic);
    let location = response.fields.only("location").filter(printable);
    ResponseError::Refused {
        status: response.status(),
        reason: response.reason().to_owned(),
        location: location.map(|value| String::from_utf8_lossy(value).into_owned()),
    }
}

/// RFC 6455 §4.1, items 1 to 12 of the request.
fn write_request(uri: &Uri, key: &str, options: &ClientOptions) -> String {
    let mut request = format!(
        "GET {resource_name} HTTP/1.1\r\n\
         Host: {authority}\r\n\
         Upgrade: websocket\r\n\
         Connection: Upgrade\r\n\
         Sec-WebSocket-Key: {key}\r\n\
         Sec-WebSocket-Version: {VERSION}\r\n",
        resource_name = uri.resource_name(),
        authority = uri.authority(),
    );
    if !options.subprotocols.is_empty() {
        let offers = options.subprotocols.join(", ");
        request += &format!("Sec-WebSocket-Protocol: {offers}\r\n");
    }
    #[cfg(feature = "deflate")]
    if let Some(wanted) = &options.deflate {
        request += &format!("Sec-WebSocket-Extensions: {}\r\n", compression::offer(wanted));
    }
    for (name, value) in &options.headers {
        request += &format!("{name}: {value}\r\n");
    }
    request + "\r\n"
}

fn check_subprotocols(offers: &[String]) -> Result<(), OptionsError> {
    for (index, offer) in offers.iter().enumerate() {
        if !is_token(offer.as_bytes()) || offers[..index].contains(offer) {
            return Err(OptionsError::Subprotocol(offer.clone()));
        }
    }
    Ok(())
}

fn check_header(name: &str, value: &str) -> Result<(), OptionsError> {
    if !is_token(name.as_bytes()) {
        return Err(OptionsError::HeaderName(name.to_owned()));
    }
    if is_ours(&name.to_ascii_lowercase()) {
        return Err(OptionsError::HandshakeHeader(name.to_owned()));
    }
    // RFC 9110 §5.5: a line break would begin another header, or a request.
    if value.chars().any(|character| character.is_control() && character != '\t') {
        return Err(OptionsError::HeaderValue(name.to_owned()));
    }
    Ok(())
}

/// Headers that the handshake writes itself, and those that would announce a
/// body, which it has not.
fn is_ours(lowercase_name: &str) -> bool {
    lowercase_name.starts_with("sec-websocket-")
        || matches!(
            lowercase_name,
            "host" | "upgrade" | "connection" | "content-length" | "transfer-encoding"
        )
}

/// What the caller may not ask for: a mistake in the program or its settings,
/// not in what a peer sent.
///
/// ```
/// use wirechat::proto::handshake::{ClientHandshake, ClientOptions, OptionsError, Uri};
///
/// let uri: Uri = "ws://example.com/".parse()?;
/// let headers = vec![("Cookie".to_owned(), "a=b\r\nHost: other".to_owned())];
/// let options = ClientOptions { headers, ..ClientOptions::default() };
/// assert_eq!(
///     ClientHandshake::new(&uri, [0; 16], &options).unwrap_err(),
///     OptionsError::HeaderValue("Cookie".to_owned())
/// );
/// # Ok::<(), wirechat::proto::handshake::UriError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionsError {
    /// A subprotocol that is not a token, or stands there twice.
    Subprotocol(String),
    /// The name of a header that is not a token.
    HeaderName(String),
    /// The name of a header whose value has a control character in it.
    HeaderValue(String),
    /// A header that the handshake writes itself, or that announces a body.
    HandshakeHeader(String),
}

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OptionsError::Subprotocol(offer) => {
                write!(f, "subprotocol {offer:?} must be a token, and offered once")
            }
            OptionsError::HeaderName(name) => write!(f, "{name:?} is not the name of a header"),
            OptionsError::HeaderValue(name) => {
                write!(f, "the value of header {name:?} must not have control characters")
            }
            OptionsError::HandshakeHeader(name) => {
                write!(f, "header {name:?} belongs to the handshake and cannot be set")
            }
        }
    }
}

impl Error for OptionsError {}
