//! Our two ends, on real TCP, with a [`Peer`] at the other one.

use std::net::SocketAddr;

use futures_util::future;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wirechat::net::{
    AcceptError, AcceptOptions, Accepted, ConnectError, ConnectOptions, Connected, Error,
    WebSocket, accept_with, connect_with,
};
use wirechat::proto::handshake::accept_key;
use wirechat::proto::{Config, Message, Role};
use wirechat::server::{Server, ServerConfig, listen_on};

use crate::peer::Peer;

/// A good opening handshake (RFC 6455 §4.1).
pub(crate) const REQUEST: &str = "GET /ws HTTP/1.1\r\n\
    Host: 127.0.0.1\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// A good answer, but for the `{accept}` that depends on the client's key.
pub(crate) const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: {accept}\r\n\r\n";

fn localhost() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// A chat server in this process.
pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

pub(crate) async fn serve(config: ServerConfig) -> Serving {
    let server = Server::new(listen_on(localhost()).unwrap(), config);
    let address = server.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let running = tokio::spawn(server.run(async {
        let _ = stopped.await;
    }));
    Serving { address, stop, running }
}

impl Serving {
    /// A TCP connection to it, and nothing said yet.
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A connection after a good opening handshake.
    pub(crate) async fn open(&self) -> Peer<TcpStream> {
        self.open_with(REQUEST).await.0
    }

    /// A connection that this request opened, and the head of the answer.
    pub(crate) async fn open_with(&self, request: &str) -> (Peer<TcpStream>, String) {
        let mut peer = Peer::new(self.connect().await);
        peer.send(request.as_bytes()).await;
        let head = peer.read_head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        (peer, head)
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap();
    }
}

/// What the library's accepting makes of a client that `talk`s to it and ends.
pub(crate) async fn accepting<T>(
    options: &AcceptOptions,
    talk: impl AsyncFnOnce(TcpStream) -> T,
) -> (Result<Accepted<TcpStream>, AcceptError>, T) {
    let listener = TcpListener::bind(localhost()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = async { talk(TcpStream::connect(address).await.unwrap()).await };
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        accept_with(stream, options).await
    };
    future::join(server, client).await
}

/// What our client makes of a server that answers with `response`, and that
/// server, which has not ended the connection.
pub(crate) async fn connecting(
    options: &ConnectOptions,
    response: &[u8],
) -> (Result<Connected<TcpStream>, ConnectError>, Peer<TcpStream>) {
    let listener = TcpListener::bind(localhost()).await.unwrap();
    let uri = format!("ws://{}/ws", listener.local_addr().unwrap());
    let server = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut peer = Peer::new(stream);
        let request = peer.read_head().await;
        peer.send(&with_accept(response, &request)).await;
        peer
    };
    future::join(connect_with(&uri, options), server).await
}

/// The response with the `Sec-WebSocket-Accept` that answers the request's key.
fn with_accept(response: &[u8], request: &str) -> Vec<u8> {
    const PLACEHOLDER: &[u8] = b"{accept}";
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let Some(at) = response.windows(8).position(|eight| eight == PLACEHOLDER) else {
        return response.to_vec();
    };
    [&response[..at], accept_key(key).as_bytes(), &response[at + 8..]].concat()
}

/// Our client, connected, and its server.
pub(crate) async fn connected() -> (Connected<TcpStream>, Peer<TcpStream>) {
    let (connected, peer) = connecting(&ConnectOptions::default(), RESPONSE.as_bytes()).await;
    (connected.unwrap(), peer)
}

/// Both our ends fail the connection when the other one sends `wire`: a Close
/// with this code and reason, and then they end TCP, the client too
/// (RFC 6455 §7.1.7).
pub(crate) async fn both_fail(wire: impl Fn(Role) -> Vec<u8>, code: u16, reason: &str) {
    server_fails(&wire(Role::Client), code, reason).await;
    client_fails(&wire(Role::Server), code, reason).await;
}

pub(crate) async fn server_fails(wire: &[u8], code: u16, reason: &str) {
    let server = serve(ServerConfig::default()).await;
    is_failed(server.open().await, wire, code, reason).await;
    server.stop().await;
}

pub(crate) async fn client_fails(wire: &[u8], code: u16, reason: &str) {
    let (connected, peer) = connected().await;
    let (mut socket, server) = (connected.socket, is_failed(peer, wire, code, reason));
    let (received, ()) = future::join(receive_all(&mut socket), server).await;
    let Err(Error::Protocol(error)) = received else { panic!("{received:?}") };
    assert_eq!((error.close_code().get(), error.to_string().as_str()), (code, reason));
}

/// A peer that sends `wire` gets this Close, nothing behind it, and the end.
pub(crate) async fn is_failed(mut peer: Peer<TcpStream>, wire: &[u8], code: u16, reason: &str) {
    peer.send(wire).await;
    assert_eq!(peer.read_close().await, (code, reason.to_owned()), "to {:x?}", start_of(wire));
    assert_eq!(peer.read_to_end().await, b"", "a Close is the last frame");
}

fn start_of(wire: &[u8]) -> &[u8] {
    &wire[..wire.len().min(100)]
}

/// Receives until the connection is over.
pub(crate) async fn receive_all<S>(socket: &mut WebSocket<S>) -> Result<Vec<Message>, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut messages = Vec::new();
    while let Some(message) = socket.recv().await? {
        messages.push(message);
    }
    Ok(messages)
}

/// Our end on a transport in memory that holds `capacity` bytes each way, in the
/// role that its peer, the `sender`, has not.
pub(crate) fn in_memory(
    sender: Role,
    capacity: usize,
) -> (WebSocket<DuplexStream>, Peer<DuplexStream>) {
    let (ours, theirs) = duplex(capacity);
    let socket = match sender {
        Role::Client => WebSocket::server(ours, Vec::new(), Config::default()),
        Role::Server => WebSocket::client(ours, Vec::new(), Config::default()),
    };
    (socket, Peer::new(theirs))
}
