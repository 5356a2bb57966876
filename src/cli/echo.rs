//! `wirechat echo`: every message goes back as it came.

use std::io;
use std::process::ExitCode;

use tokio::net::{TcpListener, TcpStream};
use wirechat::net::{AcceptOptions, accept_with};
use wirechat::proto::handshake::ServerOptions;
use wirechat::proto::{Config, Deflate, Limits};
use wirechat::server::{accept_from, listen_on};

use super::args::EchoArgs;
use super::{cannot_listen, runtime, say};

/// The longest message that is echoed: the Autobahn suite sends 16 MiB.
const MAX_MESSAGE: usize = 32 << 20;

/// The Autobahn suite sends 4 MiB in 65,536 frames.
const MAX_FRAGMENTS: u32 = 100_000;

pub(super) fn run(args: &EchoArgs) -> ExitCode {
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
        tokio::spawn(echo(stream));
    }
}

async fn echo(stream: TcpStream) {
    if let Err(error) = try_echo(stream).await {
        tracing::debug!(%error, "a connection ended");
    }
}

async fn try_echo(stream: TcpStream) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    let limits = Limits {
        max_frame: MAX_MESSAGE as u64,
        max_message: MAX_MESSAGE,
        max_fragments: MAX_FRAGMENTS,
        ..Limits::default()
    };
    let config = Config { limits, ..Config::default() };
    let handshake = ServerOptions { deflate: Some(Deflate::default()), ..ServerOptions::default() };
    let options = AcceptOptions { config, handshake, ..AcceptOptions::default() };
    let mut socket = accept_with(stream, &options).await?.socket;
    while let Some(message) = socket.recv().await? {
        // Answers to messages that arrived together leave together.
        socket.feed(message).await?;
    }
    Ok(())
}
