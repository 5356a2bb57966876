//! Opening the port.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

/// Connections that the kernel keeps until they are accepted: a room that comes
/// back after a restart arrives all at once.
const BACKLOG: i32 = 4096;

/// Opens a listener on `address`; with `None`, on this port of every interface,
/// for IPv6 and IPv4 together where the machine has both.
///
/// # Errors
/// What the system says: the port is taken, not allowed, or not an address of
/// this machine.
pub fn listen_on(address: Option<SocketAddr>, default_port: u16) -> io::Result<TcpListener> {
    match address {
        Some(address) => open(address),
        None => open((Ipv6Addr::UNSPECIFIED, default_port).into()).or_else(|error| {
            // Only the absence of IPv6 is a reason to try without: a port that
            // is taken stays taken.
            if error.kind() == io::ErrorKind::AddrInUse {
                return Err(error);
            }
            open((Ipv4Addr::UNSPECIFIED, default_port).into())
        }),
    }
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
