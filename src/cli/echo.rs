//! `wirechat echo`: every message goes back as it came.

use std::io;
use std::pin::Pin;
use std::process::ExitCode;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_sink::Sink;
use tokio::net::{TcpListener, TcpStream};
use wirechat::WebSocket;
use wirechat::net::{AcceptError, AcceptOptions, Error, accept_with};
use wirechat::proto::handshake::ServerOptions;
use wirechat::proto::{Config, Deflate, Limits};
use wirechat::server::{accept_from, listen_on};

use super::args::EchoArgs;
use super::{cannot_listen, open_files, runtime, say};

/// The longest message that is echoed: the Autobahn suite sends 16 MiB.
const MAX_MESSAGE: usize = 32 << 20;

/// The Autobahn suite sends 4 MiB in 65,536 frames.
const MAX_FRAGMENTS: u32 = 100_000;

pub(super) fn run(args: &EchoArgs) -> ExitCode {
    open_files::raise_limit();
    let served = runtime::with_threads(args.threads).and_then(|runtime| {
        runtime.block_on(async {
            let listener = listen_on(args.listen)?;
            say(format_args!("echo: listening on ws://{}/", listener.local_addr()?));
            serve(listener).await
        })
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => cannot_listen(args.listen, &error),
    }
}

/// Serves until the process is stopped.
async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, _) = accept_from(&listener).await;
        tokio::spawn(welcome(stream));
    }
}

/// Serves one connection. The open one gets a task of its own, so that nothing of
/// the handshake stays in memory.
async fn welcome(stream: TcpStream) {
    match open(stream).await {
        Ok(socket) => drop(tokio::spawn(Echo(socket))),
        Err(error) => tracing::debug!(%error, "a handshake was not completed"),
    }
}

async fn open(stream: TcpStream) -> Result<WebSocket<TcpStream>, AcceptError> {
    stream.set_nodelay(true).map_err(AcceptError::Io)?;
    let limits = Limits {
        max_frame: MAX_MESSAGE as u64,
        max_message: MAX_MESSAGE,
        max_fragments: MAX_FRAGMENTS,
        ..Limits::default()
    };
    let config = Config { limits, ..Config::default() };
    let handshake = ServerOptions { deflate: Some(Deflate::default()), ..ServerOptions::default() };
    let options = AcceptOptions { config, handshake, ..AcceptOptions::default() };
    Ok(accept_with(stream, &options).await?.socket)
}

/// An open connection's task, by hand: an `async fn` would hold the socket twice.
struct Echo(WebSocket<TcpStream>);

impl Echo {
    /// Answers to messages that arrived together leave together.
    fn poll_echo(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let mut socket = Pin::new(&mut self.0);
        loop {
            ready!(socket.as_mut().poll_ready(cx))?;
            match ready!(socket.as_mut().poll_next(cx)).transpose()? {
                Some(message) => socket.as_mut().start_send(message)?,
                None => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl Future for Echo {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_echo(cx).map(|result| {
            if let Err(error) = result {
                tracing::debug!(%error, "a connection ended");
            }
        })
    }
}
