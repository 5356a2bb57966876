//! The opening handshake (RFC 6455 §1.3, §3, §4): two HTTP/1.1 heads that turn
//! a TCP connection into a WebSocket.
//!
//! Bytes go in, heads and decisions come out; sockets, clocks and randomness
//! stay with the caller. Whatever arrives goes through a [`HeadReader`] (or
//! [`Head::split`] when it is all there already), which says where the head
//! ends. Bytes behind the end are the peer's first frames: the caller keeps
//! them and never reads them as HTTP again.
//!
//! ```text
//! client                                         server
//!   Uri, ClientHandshake::new
//!   request()  ───────── GET … Upgrade ────────▶ HeadReader → Request::parse
//!                                                accept → Acceptance
//!   HeadReader → Response::parse  ◀──── 101 ──── Acceptance::response
//!   verify → Established                         or HandshakeError::response
//! ```
//!
//! A request that does not [ask for an upgrade](Request::is_upgrade) is an
//! ordinary one, so a web page can live on the same port.
//!
//! ```
//! use wirechat::proto::handshake::*;
//!
//! // The client's half. Its nonce must be random; this is the RFC's own.
//! let uri: Uri = "ws://server.example.com/chat".parse()?;
//! let client = ClientHandshake::new(&uri, *b"the sample nonce", &ClientOptions::default())?;
//!
//! // The server's half. Two bytes of a first frame came in the same segment.
//! let arrived = [client.request(), b"\x81\x80"].concat();
//! let (head, early) = Head::split(&arrived)?.expect("the head is complete");
//! let request = Request::parse(head)?;
//! assert!(request.is_upgrade());
//! let options = ServerOptions::default();
//! let acceptance = accept(&request, &options)?;
//! assert_eq!(early, b"\x81\x80");
//!
//! // The client again.
//! let (head, _) = Head::split(&acceptance.response)?.expect("the head is complete");
//! let established = client.verify(&Response::parse(head)?)?;
//! assert_eq!(established.subprotocol, None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod accept_key;
mod client;
#[cfg(feature = "deflate")]
mod compression;
mod error;
mod extensions;
mod fields;
mod head;
mod request;
mod response;
mod rfc3986;
mod server;
mod tokens;
mod uri;

pub use accept_key::accept_key;
pub use client::{ClientHandshake, ClientOptions, Established, OptionsError};
pub use error::{HandshakeError, HeadError};
pub use fields::MAX_FIELDS;
pub use head::{Head, HeadReader, MAX_HEAD};
pub use request::Request;
pub use response::{Response, ResponseError};
pub use server::{Acceptance, ServerOptions, accept};
pub use uri::{Uri, UriError};

/// The version of the protocol that RFC 6455 defines (§4.1, item 9).
const VERSION: &str = "13";
