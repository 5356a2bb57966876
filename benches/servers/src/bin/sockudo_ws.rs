//! Echo with sockudo-ws, with the loop that its README gives for this.

use futures_util::{SinkExt, StreamExt};
use sockudo_ws::server::WebSocketServer;
use sockudo_ws::{Config, Http1, Message};
use tokio::net::TcpStream;
use wirechat_bench_servers::{Error, serve_echo};

fn main() -> Result<(), Error> {
    // Its clock is calibrated now rather than at the first connection.
    sockudo_ws::init_clock();
    serve_echo(echo)
}

async fn echo(stream: TcpStream) -> Result<(), Error> {
    let server = WebSocketServer::<Http1>::new(Config::default());
    let (mut socket, _) = server.accept_raw(stream).await?;
    while let Some(message) = socket.next().await {
        match message? {
            // `next` flushes before it waits.
            message @ (Message::Text(_) | Message::Binary(_)) => socket.feed(message).await?,
            Message::Close(_) => break,
            Message::Ping(_) | Message::Pong(_) => {}
        }
    }
    Ok(())
}
