//! The client that the Autobahn test suite drives: it asks how many cases there
//! are, echoes its way through each, and asks for the reports.
//!
//! `cargo run --release --example autobahn_client -- ws://127.0.0.1:9002`

use std::error::Error;

use wirechat::net::{ConnectOptions, WebSocket, connect_with};
use wirechat::proto::handshake::ClientOptions;
use wirechat::proto::{Config, Deflate, Limits};

const AGENT: &str = "wirechat";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = std::env::args().nth(1).ok_or("usage: autobahn_client ws://HOST:PORT")?;
    let server = server.trim_end_matches('/');

    let mut count = connect(&format!("{server}/getCaseCount")).await?;
    let count: u32 = match count.recv().await? {
        Some(message) => message.as_text().ok_or("the case count is not text")?.parse()?,
        None => return Err("the suite did not tell how many cases there are".into()),
    };
    for case in 1..=count {
        let url = format!("{server}/runCase?case={case}&agent={AGENT}");
        // Many cases break the protocol on purpose: how a case ends is for the
        // suite to judge.
        if let Err(error) = echo(connect(&url).await?).await {
            eprintln!("case {case} of {count}: {error}");
        }
    }
    let mut reports = connect(&format!("{server}/updateReports?agent={AGENT}")).await?;
    while reports.recv().await?.is_some() {}
    Ok(())
}

async fn connect(url: &str) -> Result<WebSocket<tokio::net::TcpStream>, Box<dyn Error>> {
    let limits = Limits {
        max_frame: 32 << 20,
        max_message: 32 << 20,
        max_fragments: 100_000,
        ..Limits::default()
    };
    let handshake = ClientOptions { deflate: Some(Deflate::default()), ..ClientOptions::default() };
    let config = Config { limits, ..Config::default() };
    let options = ConnectOptions { handshake, config, ..ConnectOptions::default() };
    Ok(connect_with(url, &options).await?.socket)
}

async fn echo(mut socket: WebSocket<tokio::net::TcpStream>) -> Result<(), wirechat::net::Error> {
    while let Some(message) = socket.recv().await? {
        socket.feed(message).await?;
    }
    Ok(())
}
