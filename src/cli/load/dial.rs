//! From nothing to an open connection: TCP and the opening handshake
//! (RFC 6455 §4.1).

use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use wirechat::chat::SUBPROTOCOL;
use wirechat::net::{ConnectError, masking_keys};
use wirechat::proto::handshake::{
    ClientHandshake, ClientOptions, HeadError, HeadReader, Response, ResponseError,
};
use wirechat::proto::{Config, Connection, Limits};

use super::args::Kind;
use super::crew::Crew;

/// How long TCP and the handshake, or entering a room, may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes that an object of a chat may have beside its content, a list of the
/// people in a room among them.
const MOST_REST: usize = 64 << 10;

/// An open connection, not yet in any room.
pub(super) struct Line {
    pub(super) transport: TcpStream,
    pub(super) connection: Connection,
    /// What arrived behind the server's response.
    pub(super) early: Vec<u8>,
    /// How long it took.
    pub(super) took: Duration,
}

/// Why there is no connection, or none that is of any use.
#[derive(Debug)]
pub(super) enum Refusal {
    Connect(ConnectError),
    /// The server speaks another protocol.
    NoChat,
    /// The room could not be joined, with this code.
    Room(String),
    /// There was no answer to the join.
    Silence,
    /// The connection ended before it had joined.
    Ended,
}

impl Refusal {
    /// Under which name it is counted.
    pub(super) fn name(&self) -> String {
        match self {
            Refusal::Connect(ConnectError::Response(ResponseError::Refused { status, .. })) => {
                format!("HTTP {status}")
            }
            Refusal::Connect(ConnectError::Io(error)) => error.kind().to_string(),
            Refusal::Room(code) => code.clone(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Connect(error) => error.fmt(f),
            Refusal::NoChat => write!(
                f,
                "the server does not speak {SUBPROTOCOL}; is it one for --kind relay or --kind echo?"
            ),
            Refusal::Room(code) => write!(f, "the server refused the join: {code:?}"),
            Refusal::Silence => f.write_str("the server did not answer the join"),
            Refusal::Ended => f.write_str("the server ended the connection before the join"),
        }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Refusal {
        Refusal::Connect(ConnectError::Io(error))
    }
}

impl From<ResponseError> for Refusal {
    fn from(error: ResponseError) -> Refusal {
        Refusal::Connect(ConnectError::Response(error))
    }
}

impl From<HeadError> for Refusal {
    fn from(error: HeadError) -> Refusal {
        ResponseError::from(error).into()
    }
}

/// Opens a connection to the crew's server.
pub(super) async fn dial(crew: &Crew) -> Result<Line, Refusal> {
    let timed_out = |_| Err(Refusal::Connect(ConnectError::Timeout));
    timeout(PATIENCE, open(crew)).await.unwrap_or_else(timed_out)
}

async fn open(crew: &Crew) -> Result<Line, Refusal> {
    let began = Instant::now();
    let subprotocols = match crew.kind {
        Kind::Chat => vec![SUBPROTOCOL.to_owned()],
        Kind::Relay | Kind::Echo => Vec::new(),
    };
    let options = ClientOptions { subprotocols, ..ClientOptions::default() };
    let handshake = ClientHandshake::new(&crew.uri, nonce()?, &options)
        .map_err(|error| Refusal::Connect(ConnectError::Options(error)))?;
    let mut transport = TcpStream::connect(&crew.addresses[..]).await?;
    transport.set_nodelay(true)?;
    transport.write_all(handshake.request()).await?;
    let (reader, early) = read_head(&mut transport).await?;
    let head = reader.head().ok_or(HeadError::Malformed)?;
    let established = handshake.verify(&Response::parse(head)?)?;
    if crew.kind == Kind::Chat && established.subprotocol.is_none() {
        return Err(Refusal::NoChat);
    }
    let connection = Connection::client(config(crew.size), Instant::now(), masking_keys());
    Ok(Line { transport, connection, early, took: began.elapsed() })
}

/// RFC 6455 §4.1, item 7: the nonce is random for each connection.
fn nonce() -> io::Result<[u8; 16]> {
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(io::Error::other)?;
    Ok(nonce)
}

/// No client asks whether the server still lives: the end of the run tells.
fn config(size: usize) -> Config {
    let longest = size + MOST_REST;
    let limits = Limits { max_frame: longest as u64, max_message: longest, ..Limits::default() };
    Config { limits, keepalive: None, ..Config::default() }
}

/// Reads the head of the response, with what arrived behind it.
async fn read_head(transport: &mut TcpStream) -> Result<(HeadReader, Vec<u8>), Refusal> {
    let mut reader = HeadReader::new();
    let mut buffer = [0; 1024];
    loop {
        let received = match transport.read(&mut buffer).await? {
            0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            len => &buffer[..len],
        };
        if let Some(end) = reader.push(received)? {
            return Ok((reader, received[end..].to_vec()));
        }
    }
}
