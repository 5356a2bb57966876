//! The floor that the kernel sets: what a relay or an echo costs with nothing
//! but its system calls and the bytes they move.
//!
//! One thread, one epoll loop. A turn reads every readable socket once, unmasks
//! and re-frames all their messages into one buffer, and writes that buffer once
//! to every client. No check of what a client may send, no rooms, no history, no
//! timers, no tasks to wake: a chat server can come near it, and not below it.

use std::io::{self, Read, Write};
use std::mem::take;

use bytes::{Buf, BytesMut};
use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;
use wirechat::proto::{FrameHeader, Opcode, apply_mask, encode_frame};
use wirechat_bench_servers::{Error, Kind, answer, command_line};

const LISTENER: Token = Token(usize::MAX - 1);

/// Sockets that one turn serves at most: all there are.
const MAX_EVENTS: usize = 1 << 15;

/// Bytes that one read takes at most.
const READ_SIZE: usize = 64 << 10;

/// Bytes that may wait for a client before it is given up: 16 MiB.
const MAX_UNSENT: usize = 16 << 20;

fn main() -> Result<(), Error> {
    let (kind, address) = command_line();
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(MAX_EVENTS);
    let mut listener = TcpListener::bind(address)?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut clients = Slab::new();
    let mut scratch = vec![0; READ_SIZE];
    // What this turn says to everyone.
    let mut said = BytesMut::new();
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                accept_all(&listener, &poll, &mut clients)?;
                continue;
            }
            let Token(id) = event.token();
            let Some(client) = clients.get_mut(id) else { continue };
            let mut result = client.turn(event, &mut scratch, &mut said);
            if kind == Kind::Echo {
                result = result.and_then(|()| client.write(&said));
                said.clear();
            }
            if result.is_err() {
                clients.remove(id);
            }
        }
        if !said.is_empty() {
            clients.retain(|_, client| !client.open || client.write(&said).is_ok());
            said.clear();
        }
    }
}

fn accept_all(listener: &TcpListener, poll: &Poll, clients: &mut Slab<Client>) -> io::Result<()> {
    loop {
        let (mut stream, _) = match listener.accept() {
            Ok(accepted) => accepted,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        stream.set_nodelay(true)?;
        let place = clients.vacant_entry();
        let both = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(&mut stream, Token(place.key()), both)?;
        place.insert(Client { stream, open: false, unread: Vec::new(), unsent: BytesMut::new() });
    }
}

struct Client {
    stream: TcpStream,
    /// The opening handshake is over.
    open: bool,
    /// The beginning of a head or a frame whose end has not come yet.
    unread: Vec<u8>,
    /// What the kernel would not take yet.
    unsent: BytesMut,
}

impl Client {
    /// Does what the event says; what the client says to everyone is appended to
    /// `said`. An error means that the client is gone.
    fn turn(
        &mut self,
        event: &Event,
        scratch: &mut [u8],
        said: &mut BytesMut,
    ) -> Result<(), Error> {
        if event.is_writable() && !self.unsent.is_empty() {
            let unsent = take(&mut self.unsent);
            self.write(&unsent)?;
        }
        if !event.is_readable() {
            return Ok(());
        }
        loop {
            let len = match self.stream.read(scratch) {
                Ok(0) => return Err("the client has gone".into()),
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            self.receive(&scratch[..len], said)?;
            // A read that got less than it could has emptied the socket (epoll(7)).
            if len < scratch.len() && !event.is_read_closed() {
                return Ok(());
            }
        }
    }

    fn receive(&mut self, bytes: &[u8], said: &mut BytesMut) -> Result<(), Error> {
        if self.unread.is_empty() {
            let used = self.take_all(bytes, said)?;
            self.unread.extend_from_slice(&bytes[used..]);
        } else {
            let mut unread = take(&mut self.unread);
            unread.extend_from_slice(bytes);
            let used = self.take_all(&unread, said)?;
            unread.drain(..used);
            self.unread = unread;
        }
        Ok(())
    }

    /// Takes the frames, or the request, that are complete; gives their length.
    fn take_all(&mut self, bytes: &[u8], said: &mut BytesMut) -> Result<usize, Error> {
        if !self.open {
            let Some(response) = answer(bytes)? else { return Ok(0) };
            self.open = true;
            self.write(&response)?;
            return Ok(bytes.len()); // A client waits for the answer.
        }
        let mut used = 0;
        while let Some((header, head_len)) = FrameHeader::parse(&bytes[used..])? {
            let start = used + head_len;
            let end = start + header.payload_len() as usize;
            let Some(payload) = bytes.get(start..end) else { break };
            match header.opcode() {
                Opcode::Ping => {
                    let mut pong = BytesMut::new();
                    reframe(&mut pong, header, Opcode::Pong, payload);
                    self.write(&pong)?;
                }
                Opcode::Pong => {}
                Opcode::Close => {
                    let mut close = BytesMut::new();
                    reframe(&mut close, header, Opcode::Close, payload);
                    self.write(&close)?;
                    return Err("the client has closed".into());
                }
                opcode => reframe(said, header, opcode, payload),
            }
            used = end;
        }
        Ok(used)
    }

    /// Writes, and keeps what the kernel does not take.
    fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() && self.unsent.is_empty() {
            match self.stream.write(bytes) {
                Ok(written) => bytes.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        self.unsent.extend_from_slice(bytes);
        if self.unsent.len() > MAX_UNSENT {
            return Err("the client does not read".into());
        }
        Ok(())
    }
}

/// Appends a client's frame as a server sends it: not masked (RFC 6455 §5.1).
fn reframe(out: &mut BytesMut, header: FrameHeader, opcode: Opcode, masked: &[u8]) {
    encode_frame(out, header.fin(), opcode, None, masked);
    if let Some(key) = header.masking_key() {
        let start = out.len() - masked.len();
        apply_mask(&mut out[start..], key, 0);
    }
}
