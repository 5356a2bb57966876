//! A session: a client sends "Hello, World!" 100,000 times, the server echoes all of
//! it, the client receives all of it. The three phases are timed apart, and each
//! library talks to itself through what it offers to programs on tokio.

use std::rc::Rc;

use wirechat::proto::Role;

use crate::case::{Case, Contestant};
use crate::libraries::{SOCKETS, Socket};
use crate::stream::{Pieces, Stream};

const MESSAGES: usize = 100_000;
const TEXT: &str = "Hello, World!";
const BYTES: usize = MESSAGES * TEXT.len();

/// Makes what does a phase over and over.
type Phase = fn(Socket) -> Box<dyn FnMut()>;

pub(super) fn cases() -> Vec<Case> {
    let phases: [(&str, Phase); 3] = [("send", send), ("echo", echo), ("receive", receive)];
    let case = |(name, phase): (&str, Phase)| {
        Case::new("session", name, (MESSAGES, BYTES), move || {
            let contestant = |(name, socket)| Contestant::library(name, phase(socket));
            SOCKETS.into_iter().map(contestant).collect()
        })
    };
    phases.into_iter().map(case).collect()
}

fn send(socket: Socket) -> Box<dyn FnMut()> {
    let stream = Stream::sink();
    let mut client = socket(Role::Client, stream.clone());
    Box::new(move || {
        stream.reset();
        client.send(&[TEXT], MESSAGES);
    })
}

fn echo(socket: Socket) -> Box<dyn FnMut()> {
    let stream = Stream::new(sent(socket), Pieces::WHOLE);
    let mut server = socket(Role::Server, stream.clone());
    Box::new(move || {
        stream.reset();
        server.echo(MESSAGES);
    })
}

fn receive(socket: Socket) -> Box<dyn FnMut()> {
    let stream = Stream::new(echoed(socket), Pieces::WHOLE);
    let mut client = socket(Role::Client, stream.clone());
    Box::new(move || {
        stream.reset();
        assert_eq!(client.receive(MESSAGES), BYTES);
    })
}

/// What the first phase leaves for the server.
fn sent(socket: Socket) -> Rc<[u8]> {
    let stream = Stream::sink();
    socket(Role::Client, stream.clone()).send(&[TEXT], MESSAGES);
    stream.written()
}

/// What the second one leaves for the client.
fn echoed(socket: Socket) -> Rc<[u8]> {
    let stream = Stream::new(sent(socket), Pieces::WHOLE);
    socket(Role::Server, stream.clone()).echo(MESSAGES);
    stream.written()
}
