//! The client's side of the opening handshake on a transport (RFC 6455 §4.1).

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::head::{ReadHeadError, read_head};
use super::keys;
use super::websocket::WebSocket;
use crate::proto::Config;
use crate::proto::handshake::{
    ClientHandshake, ClientOptions, Established, HeadError, HeadReader, OptionsError, Response,
    ResponseError, Uri, UriError,
};

/// How a client connects.
///
/// ```
/// use wirechat::net::ConnectOptions;
/// use wirechat::proto::handshake::ClientOptions;
///
/// let handshake = ClientOptions { subprotocols: vec!["chat".to_owned()], ..Default::default() };
/// let options = ConnectOptions { handshake, ..ConnectOptions::default() };
/// assert_eq!(options.timeout.as_secs(), 10);
/// ```
#[derive(Clone, Debug)]
pub struct ConnectOptions {
    /// Subprotocols, compression, and further headers.
    pub handshake: ClientOptions,
    /// How the connection behaves once it is open.
    pub config: Config,
    /// How long name lookup, TCP and the handshake may take together; default 10 s.
    pub timeout: Duration,
}

impl Default for ConnectOptions {
    fn default() -> ConnectOptions {
        ConnectOptions {
            handshake: ClientOptions::default(),
            config: Config::default(),
            timeout: Duration::from_secs(10),
        }
    }
}

/// Why there is no connection.
///
/// ```
/// use wirechat::net::ConnectError;
///
/// fn is_worth_another_try(error: &ConnectError) -> bool {
///     matches!(error, ConnectError::Io(_) | ConnectError::Timeout)
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address is not a `ws://` URI.
    Uri(UriError),
    /// The options cannot be sent as they are.
    Options(OptionsError),
    /// The address asks for TLS, which this build does not have.
    Tls,
    /// There is no server there, or it broke the connection off.
    Io(io::Error),
    /// It took longer than [`ConnectOptions::timeout`].
    Timeout,
    /// The server is not a WebSocket server, or refused.
    Response(ResponseError),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectError::Uri(error) => error.fmt(f),
            ConnectError::Options(error) => error.fmt(f),
            ConnectError::Tls => f.write_str("wss:// needs TLS, which this build does not have"),
            ConnectError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                f.write_str("the server closed the connection during the handshake")
            }
            ConnectError::Io(error) => error.fmt(f),
            ConnectError::Timeout => f.write_str("the server did not answer in time"),
            ConnectError::Response(error) => error.fmt(f),
        }
    }
}

impl StdError for ConnectError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            ConnectError::Uri(error) => Some(error),
            ConnectError::Options(error) => Some(error),
            ConnectError::Io(error) => Some(error),
            ConnectError::Response(error) => Some(error),
            ConnectError::Tls | ConnectError::Timeout => None,
        }
    }
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> ConnectError {
        ConnectError::Io(error)
    }
}

/// A connection that was made.
///
/// ```no_run
/// use wirechat::net::{ConnectOptions, connect_with};
///
/// # async fn example() -> Result<(), wirechat::net::ConnectError> {
/// let connected = connect_with("ws://127.0.0.1:8080/", &ConnectOptions::default()).await?;
/// println!("the server speaks {:?}", connected.subprotocol);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Connected<S> {
    /// The open connection.
    pub socket: WebSocket<S>,
    /// The subprotocol that the server chose of those offered.
    pub subprotocol: Option<String>,
}

/// Connects to a `ws://` URI over TCP with default options.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mut socket = wirechat::connect("ws://127.0.0.1:9001/").await?;
/// socket.send("hello").await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`ConnectError`].
///
/// # Cancel safety
/// A dropped future drops the connection that it was making.
pub async fn connect(uri: &str) -> Result<WebSocket<TcpStream>, ConnectError> {
    Ok(connect_with(uri, &ConnectOptions::default()).await?.socket)
}

/// Like [`connect`], with options; also tells what was negotiated.
///
/// # Errors
/// [`ConnectError`].
///
/// # Cancel safety
/// A dropped future drops the connection that it was making.
pub async fn connect_with(
    uri: &str,
    options: &ConnectOptions,
) -> Result<Connected<TcpStream>, ConnectError> {
    let uri: Uri = uri.parse().map_err(ConnectError::Uri)?;
    if uri.is_secure() {
        return Err(ConnectError::Tls);
    }
    within(options.timeout, async {
        let transport = TcpStream::connect((uri.host(), uri.port())).await?;
        // A chat message is small and complete: it should not wait for more.
        transport.set_nodelay(true)?;
        negotiate(transport, &uri, options).await
    })
    .await
}

/// Makes the opening handshake over a transport that is connected already, to
/// the server that `uri` names.
///
/// # Errors
/// [`ConnectError`].
///
/// # Cancel safety
/// Not cancel safe: a dropped future drops the transport with it.
pub async fn connect_over<S>(
    transport: S,
    uri: &Uri,
    options: &ConnectOptions,
) -> Result<Connected<S>, ConnectError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    within(options.timeout, negotiate(transport, uri, options)).await
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, ConnectError>>,
) -> Result<T, ConnectError> {
    timeout(limit, work).await.unwrap_or(Err(ConnectError::Timeout))
}

async fn negotiate<S>(
    mut transport: S,
    uri: &Uri,
    options: &ConnectOptions,
) -> Result<Connected<S>, ConnectError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // RFC 6455 §4.1, item 7: the nonce is random for each connection.
    let mut nonce = [0; 16];
    keys::fill(&mut nonce);
    let client =
        ClientHandshake::new(uri, nonce, &options.handshake).map_err(ConnectError::Options)?;
    transport.write_all(client.request()).await?;
    transport.flush().await?;
    let (reader, early) = read_head(&mut transport).await.map_err(|error| match error {
        ReadHeadError::Io(error) => ConnectError::Io(error),
        ReadHeadError::Head(error) => ConnectError::Response(error.into()),
    })?;
    let established = verify(&client, &reader).map_err(ConnectError::Response)?;
    let config = Config {
        #[cfg(feature = "deflate")]
        deflate: established.deflate,
        ..options.config
    };
    let socket = WebSocket::client(transport, early, config);
    Ok(Connected { socket, subprotocol: established.subprotocol })
}

fn verify(client: &ClientHandshake, reader: &HeadReader) -> Result<Established, ResponseError> {
    let head = reader.head().ok_or(HeadError::Malformed)?;
    client.verify(&Response::parse(head)?)
}
