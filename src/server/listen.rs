//! Opening the port, and who comes in through it.

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

/// Connections that the kernel keeps until they are accepted: a room that comes
/// back after a restart arrives all at once.
const BACKLOG: i32 = 4096;

/// How long accepting rests when the system has no descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where a server's connections come from: a TCP port, or anything else that brings
/// streams of bytes, such as TLS over one.
///
/// ```
/// use std::net::SocketAddr;
///
/// use tokio::io::DuplexStream;
/// use tokio::sync::mpsc;
/// use wirechat::server::{Listener, Server, ServerConfig};
///
/// /// Connections in memory.
/// struct Pipes(mpsc::Receiver<DuplexStream>);
///
/// impl Listener for Pipes {
///     type Stream = DuplexStream;
///
///     async fn accept(&mut self) -> (DuplexStream, SocketAddr) {
///         match self.0.recv().await {
///             Some(pipe) => (pipe, ([127, 0, 0, 1], 1).into()),
///             None => std::future::pending().await, // nobody comes any more
///         }
///     }
/// }
///
/// let (_connections, pipes) = mpsc::channel(8);
/// let server = Server::new(Pipes(pipes), ServerConfig::default());
/// ```
pub trait Listener {
    /// One connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection and where it comes from, by which
    /// [`max_per_address`](super::ServerConfig::max_per_address) counts. What is
    /// wrong with one connection must not keep the next from coming.
    ///
    /// # Cancel safety
    /// Must be cancel safe: a server that does something else in between drops the
    /// future and asks again.
    fn accept(&mut self) -> impl Future<Output = (Self::Stream, SocketAddr)> + Send;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            let (stream, peer) = accept_from(self).await;
            // A chat message is small and complete: it should not wait for more.
            match stream.set_nodelay(true) {
                Ok(()) => return (stream, peer),
                Err(error) => tracing::debug!(%peer, %error, "it ended before it began"),
            }
        }
    }
}

/// Opens a listener on `address`. The address `[::]` means every interface, for
/// IPv6 and IPv4 together where the machine has both.
///
/// # Errors
/// What the system says: the port is taken, not allowed, or not an address of
/// this machine.
pub fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    open(address).or_else(|error| {
        // Only that there is no IPv6 is a reason to try without it: a port that
        // is taken stays taken.
        if address.ip() != Ipv6Addr::UNSPECIFIED || error.kind() == io::ErrorKind::AddrInUse {
            return Err(error);
        }
        open((Ipv4Addr::UNSPECIFIED, address.port()).into())
    })
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // The same listener takes IPv4 too if the address is `[::]`.
        socket.set_only_v6(false)?;
    }
    // A restart need not wait until the old connections are forgotten. (On
    // Windows the option means something else.)
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// The next connection, whatever happens to the ones before it.
///
/// # Cancel safety
/// Cancel safe.
pub async fn accept_from(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // The one that was to be accepted has gone already.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
