//! The server's side of the opening handshake on a transport (RFC 6455 §4.2).

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::head::{ReadHeadError, read_head, respond_and_close};
use super::websocket::WebSocket;
use crate::proto::Config;
use crate::proto::handshake::{
    self, HandshakeError, HeadError, HeadReader, Request, ServerOptions,
};

/// How a server accepts connections.
///
/// ```
/// use wirechat::net::AcceptOptions;
/// use wirechat::proto::handshake::ServerOptions;
///
/// let handshake = ServerOptions { subprotocols: vec!["chat".to_owned()], ..Default::default() };
/// let options = AcceptOptions { handshake, ..AcceptOptions::default() };
/// assert_eq!(options.timeout.as_secs(), 10);
/// ```
#[derive(Clone, Debug)]
pub struct AcceptOptions {
    /// Subprotocols, compression, and origins.
    pub handshake: ServerOptions,
    /// How the connection behaves once it is open.
    pub config: Config,
    /// How long the handshake may take, from the call to the end of the answer
    /// all together; default 10 s.
    pub timeout: Duration,
}

impl Default for AcceptOptions {
    fn default() -> AcceptOptions {
        AcceptOptions {
            handshake: ServerOptions::default(),
            config: Config::default(),
            timeout: Duration::from_secs(10),
        }
    }
}

/// Why no WebSocket came of a client's connection.
///
/// ```
/// use wirechat::net::AcceptError;
///
/// fn is_worth_a_log_line(error: &AcceptError) -> bool {
///     matches!(error, AcceptError::Refused(_))
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum AcceptError {
    /// The client's request was refused; it has been told over HTTP.
    Refused(HandshakeError),
    /// The client took longer than [`AcceptOptions::timeout`].
    Timeout,
    /// The transport failed, or ended before the request was complete.
    Io(io::Error),
}

impl fmt::Display for AcceptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AcceptError::Refused(error) => write!(f, "the handshake was refused: {error}"),
            AcceptError::Timeout => {
                f.write_str("the client did not complete its handshake in time")
            }
            AcceptError::Io(error) => write!(f, "the connection was lost: {error}"),
        }
    }
}

impl StdError for AcceptError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            AcceptError::Refused(error) => Some(error),
            AcceptError::Io(error) => Some(error),
            AcceptError::Timeout => None,
        }
    }
}

/// A connection that was accepted.
///
/// ```no_run
/// use wirechat::net::{AcceptOptions, accept_with};
///
/// # async fn example(stream: tokio::net::TcpStream) -> Result<(), wirechat::net::AcceptError> {
/// let accepted = accept_with(stream, &AcceptOptions::default()).await?;
/// println!("{} speaks {:?}", accepted.path, accepted.subprotocol);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Accepted<S> {
    /// The open connection.
    pub socket: WebSocket<S>,
    /// The path of the request, without the query.
    pub path: String,
    /// The subprotocol in use.
    pub subprotocol: Option<String>,
}

/// Accepts a WebSocket on a transport that a client has just opened, with
/// default options.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:9001").await?;
/// loop {
///     let (stream, _) = listener.accept().await?;
///     tokio::spawn(async move {
///         let mut socket = wirechat::accept(stream).await?;
///         while let Some(message) = socket.recv().await? {
///             socket.send(message).await?; // an echo server
///         }
///         Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
///     });
/// }
/// # }
/// ```
///
/// # Errors
/// [`AcceptError`].
///
/// # Cancel safety
/// Not cancel safe: a dropped future drops the transport with it.
pub async fn accept<S>(transport: S) -> Result<WebSocket<S>, AcceptError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    Ok(accept_with(transport, &AcceptOptions::default()).await?.socket)
}

/// Like [`accept`], with options; also tells what was negotiated.
///
/// # Errors
/// [`AcceptError`].
///
/// # Cancel safety
/// Not cancel safe: a dropped future drops the transport with it.
pub async fn accept_with<S>(
    mut transport: S,
    options: &AcceptOptions,
) -> Result<Accepted<S>, AcceptError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    timeout(options.timeout, async {
        match negotiate(&mut transport, options).await {
            Ok(agreed) => Ok(agreed),
            Err(AcceptError::Refused(error)) => {
                respond_and_close(&mut transport, &error.response())
                    .await
                    .map_err(AcceptError::Io)?;
                Err(AcceptError::Refused(error))
            }
            Err(error) => Err(error),
        }
    })
    .await
    .unwrap_or(Err(AcceptError::Timeout))
    .map(|Agreed { early, path, subprotocol, config }| Accepted {
        socket: WebSocket::server(transport, early, config),
        path,
        subprotocol,
    })
}

struct Agreed {
    early: Vec<u8>,
    path: String,
    subprotocol: Option<String>,
    config: Config,
}

async fn negotiate<S>(transport: &mut S, options: &AcceptOptions) -> Result<Agreed, AcceptError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (reader, early) = read_head(transport).await.map_err(|error| match error {
        ReadHeadError::Io(error) => AcceptError::Io(error),
        ReadHeadError::Head(error) => AcceptError::Refused(HandshakeError::Head(error)),
    })?;
    let (response, agreed) = decide(&reader, early, options).map_err(AcceptError::Refused)?;
    transport.write_all(&response).await.map_err(AcceptError::Io)?;
    transport.flush().await.map_err(AcceptError::Io)?;
    Ok(agreed)
}

/// The part without I/O, in a function of its own so that no borrowed head
/// lives across an await.
fn decide(
    reader: &HeadReader,
    early: Vec<u8>,
    options: &AcceptOptions,
) -> Result<(Vec<u8>, Agreed), HandshakeError> {
    let head = reader.head().ok_or(HandshakeError::Head(HeadError::Malformed))?;
    let request = Request::parse(head)?;
    let acceptance = handshake::accept(&request, &options.handshake)?;
    let agreed = Agreed {
        early,
        path: request.path().to_owned(),
        subprotocol: acceptance.subprotocol.map(str::to_owned),
        config: Config {
            #[cfg(feature = "deflate")]
            deflate: acceptance.deflate,
            ..options.config
        },
    };
    Ok((acceptance.response, agreed))
}
