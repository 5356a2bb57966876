//! Relay and echo with tokio-tungstenite: the relay is a task a client and a
//! broadcast channel between them, as most tutorials build a chat.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;
use wirechat_bench_servers::{Error, Kind, command_line, serve};

/// Messages that a client may be behind before it misses some.
const CAPACITY: usize = 1 << 16;

fn main() -> Result<(), Error> {
    let (kind, address) = command_line();
    match kind {
        Kind::Echo => serve(address, echo),
        Kind::Relay => {
            let (room, _) = broadcast::channel(CAPACITY);
            serve(address, move |stream| relay(stream, room.clone()))
        }
    }
}

async fn echo(stream: TcpStream) -> Result<(), Error> {
    let mut socket = accept_async(stream).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

async fn relay(stream: TcpStream, room: broadcast::Sender<Message>) -> Result<(), Error> {
    let mut socket = accept_async(stream).await?;
    let mut said = room.subscribe();
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(message)) if message.is_text() || message.is_binary() => {
                    room.send(message)?;
                }
                Some(message) => drop(message?),
                None => return Ok(()),
            },
            message = said.recv() => match message {
                Ok(message) => socket.send(message).await?,
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return Ok(()),
            },
        }
    }
}
