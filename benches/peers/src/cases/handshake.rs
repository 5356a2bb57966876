//! Opening handshakes, both halves of them, one after the other on one core: over
//! memory, and over TCP connections made for the purpose, which shows how much of
//! the time is the kernel's.

use std::future::Future;
use std::io;
use std::rc::Rc;

use tokio::io::duplex;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

use crate::case::{Case, Contestant};
use crate::libraries::{Handshake, Transport, handshakes};

/// Handshakes a pass.
const COUNT: usize = 20;

pub(super) fn cases() -> Vec<Case> {
    let case = |name, contestants: fn() -> Vec<Contestant>| {
        Case::new("handshake", name, (COUNT, 0), contestants)
    };
    vec![case("memory", over_memory), case("tcp", over_tcp)]
}

fn over_memory() -> Vec<Contestant> {
    contestants(&runtime(), || async { duplex(4096) })
}

fn over_tcp() -> Vec<Contestant> {
    let runtime = runtime();
    let listener = Rc::new(runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap());
    contestants(&runtime, move || {
        let listener = Rc::clone(&listener);
        async move { connect(&listener).await.unwrap() }
    })
}

fn runtime() -> Rc<Runtime> {
    Rc::new(Builder::new_current_thread().enable_all().build().unwrap())
}

fn contestants<S: Transport, F: Future<Output = (S, S)>>(
    runtime: &Rc<Runtime>,
    connect: impl Fn() -> F + Clone + 'static,
) -> Vec<Contestant> {
    let contestant = |(name, handshake): (&'static str, Handshake<S>)| {
        let (runtime, connect) = (Rc::clone(runtime), connect.clone());
        Contestant::library(name, move || {
            runtime.block_on(async {
                for _ in 0..COUNT {
                    let (client, server) = connect().await;
                    handshake(client, server).await;
                }
            });
        })
    };
    handshakes().into_iter().map(contestant).collect()
}

async fn connect(listener: &TcpListener) -> io::Result<(TcpStream, TcpStream)> {
    let address = listener.local_addr()?;
    let (client, (server, _)) = tokio::try_join!(TcpStream::connect(address), listener.accept())?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    // Dropped without TIME_WAIT, in which thousands of ports would be out of use.
    client.set_zero_linger()?;
    Ok((client, server))
}
