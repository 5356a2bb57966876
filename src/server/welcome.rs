//! From a TCP connection to a chat connection, or to an answer over HTTP.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::Shared;
use super::clock;
use super::conn::Conn;
use super::pump::{Belongings, Entrance, Newcomer};
use super::reception::Arrival;
use super::web;
use crate::chat::{Encoding, Mailbox, Session};
use crate::net::head::{ReadHeadError, read_head, respond_and_close};
use crate::proto::Config;
use crate::proto::handshake::{HandshakeError, HeadError, HeadReader, Request, accept};

/// What comes of a request.
enum Decision {
    /// A chat connection, with the response that opens it.
    Chat { response: Vec<u8>, encoding: Encoding, connection: Config },
    /// A response, and the connection ends.
    Answer(Vec<u8>),
}

/// Serves one TCP connection: reads its request within the time it has, answers,
/// and hands it to the pump if it is for the chat.
pub(super) async fn welcome<S>(arrival: Arrival<S>, entrance: &Entrance<S>, shared: &Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Arrival { mut stream, peer, place, bell } = arrival;
    let limit = shared.config.handshake_timeout;
    match timeout(limit, open(&mut stream, shared)).await {
        Ok(Ok(Some(Opened { encoding, connection, mut early }))) => {
            let mailbox = Arc::new(Mailbox::new(Arc::clone(&bell) as _));
            place.open(Arc::clone(&mailbox));
            let session = Session::open(Arc::clone(&shared.chat), encoding, mailbox, clock::now());
            let config = Arc::clone(&shared.config);
            let conn = Conn::new(stream, &mut early, connection, session, config);
            tracing::debug!(%peer, ?encoding, "a connection opened");
            let belongings = Belongings { _place: place, _token: shared.tasks.token() };
            entrance.enter(Newcomer { bell, conn, belongings });
        }
        Ok(Ok(None)) => {}
        Ok(Err(error)) => tracing::debug!(%peer, %error, "a request was not completed"),
        Err(_) => tracing::debug!(%peer, "a request took too long"),
    }
}

/// A chat connection whose opening handshake is complete.
struct Opened {
    encoding: Encoding,
    connection: Config,
    /// What arrived behind the request.
    early: Vec<u8>,
}

/// Reads the request and writes the answer.
async fn open<S>(stream: &mut S, shared: &Shared) -> io::Result<Option<Opened>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (decision, early) = match read_head(stream).await {
        Ok((reader, early)) => (decide(&reader, shared), early),
        Err(ReadHeadError::Head(error)) => (refuse(error.into()), Vec::new()),
        Err(ReadHeadError::Io(error)) => return Err(error),
    };
    match decision {
        Decision::Chat { response, encoding, connection } => {
            stream.write_all(&response).await?;
            Ok(Some(Opened { encoding, connection, early }))
        }
        Decision::Answer(response) => {
            respond_and_close(stream, &response).await?;
            Ok(None)
        }
    }
}

/// Where WebSockets are: the page's own path too, as the original chat has it.
const WEBSOCKET_PATHS: [&str; 2] = ["/", "/ws"];

fn decide(reader: &HeadReader, shared: &Shared) -> Decision {
    let head = reader.head().ok_or(HandshakeError::Head(HeadError::Malformed));
    let request = match head.and_then(Request::parse) {
        Ok(request) => request,
        Err(error) => return refuse(error),
    };
    match request.path() {
        _ if request.is_upgrade() => upgrade(&request, shared),
        _ if request.has_body() => refuse(HandshakeError::Body),
        _ if request.minor_version() == 1 && !request.has_host() => refuse(HandshakeError::Host),
        "/ws" => refuse(HandshakeError::Upgrade),
        _ => Decision::Answer(web::respond(&request)),
    }
}

fn upgrade(request: &Request<'_>, shared: &Shared) -> Decision {
    if !WEBSOCKET_PATHS.contains(&request.path()) {
        return Decision::Answer(web::not_found());
    }
    match accept(request, &shared.handshake) {
        Ok(acceptance) => {
            let agent = request.header("User-Agent").next();
            let agent = agent.and_then(|agent| std::str::from_utf8(agent).ok());
            let encoding = Encoding::choose(acceptance.subprotocol, agent);
            let connection = Config {
                #[cfg(feature = "deflate")]
                deflate: acceptance.deflate,
                ..shared.config.connection
            };
            Decision::Chat { response: acceptance.response, encoding, connection }
        }
        Err(error) => refuse(error),
    }
}

fn refuse(error: HandshakeError) -> Decision {
    tracing::debug!(%error, status = error.status(), "a handshake was refused");
    Decision::Answer(error.response())
}
