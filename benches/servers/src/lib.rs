//! What the servers have in common: a command line, the opening handshake for
//! those that bring none, and a thread of tokio.

use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::process;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::unconstrained;
use wirechat::proto::handshake::{Head, Request, ServerOptions, accept};

/// Why a connection or a server ended.
pub type Error = Box<dyn StdError + Send + Sync>;

/// What a server does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It goes to every client, its sender included.
    Relay,
    /// It goes back.
    Echo,
}

/// Reads the command line, which is the same for every server:
/// `NAME relay|echo --listen ADDRESS:PORT`. Ends the program if it is another.
pub fn command_line() -> (Kind, SocketAddr) {
    let arguments: Vec<String> = std::env::args().collect();
    parse(&arguments).unwrap_or_else(|| {
        eprintln!("usage: {} relay|echo --listen ADDRESS:PORT", arguments[0]);
        process::exit(2);
    })
}

fn parse(arguments: &[String]) -> Option<(Kind, SocketAddr)> {
    let [_, kind, option, address] = arguments else { return None };
    let kind = match kind.as_str() {
        "relay" => Kind::Relay,
        "echo" => Kind::Echo,
        _ => return None,
    };
    (option == "--listen").then_some((kind, address.parse().ok()?))
}

/// Answers an opening handshake; `None` if the request is not complete.
///
/// # Errors
/// If it is no opening handshake.
pub fn answer(request: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let Some((head, _)) = Head::split(request)? else { return Ok(None) };
    Ok(Some(accept(&Request::parse(head)?, &ServerOptions::default())?.response))
}

/// Serves echo on one thread of tokio until the process is ended, `echo` being
/// what is done with each connection.
///
/// # Errors
/// If it was asked to relay, or cannot listen.
pub fn serve_echo<F>(echo: impl Fn(TcpStream) -> F) -> Result<(), Error>
where
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    match command_line() {
        (Kind::Echo, address) => serve(address, echo),
        (Kind::Relay, _) => Err("this server only echoes".into()),
    }
}

/// Serves on one thread of tokio until the process is ended, `handle` being what
/// is done with each connection.
///
/// # Errors
/// If it cannot listen or accept.
pub fn serve<F>(address: SocketAddr, handle: impl Fn(TcpStream) -> F) -> Result<(), Error>
where
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let connection = handle(stream);
            // Without tokio's budget per task, as two of the crates recommend.
            tokio::spawn(unconstrained(async move {
                // A client that just goes is nothing to tell about.
                if let Err(error) = connection.await
                    && error.downcast_ref::<io::Error>().is_none()
                {
                    eprintln!("a connection ended: {error}");
                }
            }));
        }
    })
}
