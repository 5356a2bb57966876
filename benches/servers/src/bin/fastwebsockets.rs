//! Echo with fastwebsockets, as its own benchmark does it, but on the bare
//! socket: hyper between them makes no difference once a connection is open.

use fastwebsockets::{FragmentCollector, OpCode, Role, WebSocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wirechat_bench_servers::{Error, answer, serve_echo};

fn main() -> Result<(), Error> {
    serve_echo(echo)
}

async fn echo(mut stream: TcpStream) -> Result<(), Error> {
    shake_hands(&mut stream).await?;
    let mut socket = FragmentCollector::new(WebSocket::after_handshake(stream, Role::Server));
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            _ => {}
        }
    }
}

/// The crate has a handshake on hyper only, which then stays below the socket.
async fn shake_hands(stream: &mut TcpStream) -> Result<(), Error> {
    let mut request = Vec::with_capacity(1024);
    loop {
        if stream.read_buf(&mut request).await? == 0 {
            return Err("the client went before it had asked".into());
        }
        if let Some(response) = answer(&request)? {
            return Ok(stream.write_all(&response).await?);
        }
    }
}
