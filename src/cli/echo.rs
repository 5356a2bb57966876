//! `wirechat echo`: every message goes back as it came.

use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::process::ExitCode;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_sink::Sink;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::unconstrained;
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

/// Messages of one connection before it is the others' turn.
const TURN: usize = 64;

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
    let workers: Vec<_> = (0..Handle::current().metrics().num_workers())
        .map(|_| {
            let (worker, newcomers) = unbounded_channel();
            // It shares its time among connections by itself.
            tokio::spawn(unconstrained(work(newcomers)));
            worker
        })
        .collect();
    for worker in workers.iter().cycle() {
        let (stream, _) = accept_from(&listener).await;
        // It fails only if the program ends.
        let _ = worker.send(stream);
    }
    Ok(())
}

/// Serves many connections in one task: each in a task of its own would take 200
/// bytes more. A panic ends one connection and no other.
async fn work(mut newcomers: UnboundedReceiver<TcpStream>) {
    let options = options();
    let (mut opening, mut open) = (FuturesUnordered::new(), FuturesUnordered::new());
    loop {
        tokio::select! {
            Some(stream) = newcomers.recv() => {
                opening.push(AssertUnwindSafe(accept(stream, &options)).catch_unwind());
            }
            Some(accepted) = opening.next() => match accepted {
                Ok(Ok(socket)) => open.push(AssertUnwindSafe(Echo(socket)).catch_unwind()),
                Ok(Err(error)) => tracing::debug!(%error, "a handshake was not completed"),
                Err(_) => {} // the panic was reported where it happened
            },
            Some(_) = open.next() => {}
            else => return,
        }
    }
}

fn options() -> AcceptOptions {
    let limits = Limits {
        max_frame: MAX_MESSAGE as u64,
        max_message: MAX_MESSAGE,
        max_fragments: MAX_FRAGMENTS,
        ..Limits::default()
    };
    let config = Config { limits, ..Config::default() };
    let handshake = ServerOptions { deflate: Some(Deflate::default()), ..ServerOptions::default() };
    AcceptOptions { config, handshake, ..AcceptOptions::default() }
}

async fn accept(
    stream: TcpStream,
    options: &AcceptOptions,
) -> Result<WebSocket<TcpStream>, AcceptError> {
    stream.set_nodelay(true).map_err(AcceptError::Io)?;
    Ok(accept_with(stream, options).await?.socket)
}

/// An open connection, by hand: an `async fn` would hold the socket twice.
struct Echo(WebSocket<TcpStream>);

impl Echo {
    /// Answers to messages that arrived together leave together.
    fn poll_echo(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let mut socket = Pin::new(&mut self.0);
        for _ in 0..TURN {
            ready!(socket.as_mut().poll_ready(cx))?;
            match ready!(socket.as_mut().poll_next(cx)).transpose()? {
                Some(message) => socket.as_mut().start_send(message)?,
                None => return Poll::Ready(Ok(())),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
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
