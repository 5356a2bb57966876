//! Two endpoints that follow the rules and talk to each other, over a transport
//! that may be slow and may break, while time passes.

mod end;
mod operation;

use std::time::{Duration, Instant};

use wirechat::proto::{CloseCode, Closure, Config, Connection, Initiator, MaskingKey, State};

use self::end::End;
use self::operation::{Operation, What, operations};
use super::settings::settings;

/// Settings for both ends, then what happens (see [`operation`]): nothing
/// panics, every message arrives whole and in its order or is over the limit,
/// Pings are answered, and the ends agree about how it was if both say that it
/// was clean. Returns how it ended for the client and for the server.
///
/// # Panics
/// If one of these does not hold.
pub fn check(data: &[u8]) -> [Closure; 2] {
    let (config, rest) = settings(data);
    let now = Instant::now();
    let mut talk = Conversation {
        client: End::new(Connection::client(config, now, masking_keys()), config),
        server: End::new(Connection::server(config, now), config),
        now,
        broken: false,
    };
    for operation in operations(rest) {
        talk.apply(operation);
    }
    talk.finish();
    talk.check_closures()
}

/// Another one for each frame.
fn masking_keys() -> Box<dyn FnMut() -> MaskingKey + Send + Sync> {
    let mut key = 0_u32;
    Box::new(move || {
        key = key.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        key.to_be_bytes()
    })
}

struct Conversation {
    client: End,
    server: End,
    now: Instant,
    /// Whether the transport was lost or given up, so that something may not have arrived.
    broken: bool,
}

impl Conversation {
    fn apply(&mut self, Operation { by_server, what }: Operation) {
        let (end, peer) = match by_server {
            true => (&mut self.server, &mut self.client),
            false => (&mut self.client, &mut self.server),
        };
        match what {
            What::Text(len) => end.send_text(len),
            What::Binary(len) => end.send_binary(len),
            What::Ping(len) => end.send_ping(len),
            What::Close(code, reason) => end.close(self.now, code, &reason),
            What::Write(len) => end.write(len),
            What::Deliver(len) => peer.read(end, len, self.now),
            What::Exchange => self.exchange(),
            What::Wait(time) => self.wait(time),
            What::ReleaseMemory => end.release_memory(),
            What::ShutDown => {
                end.shut_down();
                self.broken = true;
            }
            What::Reset => {
                end.reset();
                peer.reset();
                self.broken = true;
            }
        }
        self.client.follow();
        self.server.follow();
    }

    /// Both write all they have and read all that comes, once.
    fn exchange(&mut self) {
        self.client.write(usize::MAX);
        self.server.write(usize::MAX);
        self.server.read(&mut self.client, usize::MAX, self.now);
        self.client.read(&mut self.server, usize::MAX, self.now);
        self.client.follow();
        self.server.follow();
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        for end in [&mut self.client, &mut self.server] {
            let was_closed = end.state() == State::Closed;
            end.handle_timeout(self.now);
            self.broken |= end.state() == State::Closed && !was_closed;
        }
    }

    /// Until nothing is on its way any more. A Ping needs two exchanges, and
    /// those that found the queue of Pongs full one more; the closing
    /// handshake and the end of the transport come behind them.
    fn settle(&mut self) {
        for _ in 0..8 {
            self.exchange();
        }
        assert!(self.client.is_quiet() && self.server.is_quiet(), "they never come to rest");
    }

    /// What was sent arrives, then the client says goodbye if nobody did before.
    fn finish(&mut self) {
        self.settle();
        if self.client.state() == State::Open && self.server.state() == State::Open {
            assert!(!self.broken, "nobody noticed");
            self.client.check_all_arrived();
            self.server.check_all_arrived();
            self.client.close(self.now, CloseCode::NORMAL, "goodbye");
            self.settle();
        }
        if self.broken {
            // What can no longer be written is given up.
            self.wait(Config::default().close_timeout);
        }
        assert!(self.client.state() == State::Closed && self.server.state() == State::Closed);
    }

    fn check_closures(&self) -> [Closure; 2] {
        let [client, server] = [&self.client, &self.server].map(End::check_closure);
        let failed = client.error.or(server.error).is_some();
        assert!(self.broken || failed || client.clean && server.clean, "no reason not to be clean");
        if client.clean && server.clean {
            match (client.initiator, server.initiator) {
                (Initiator::Local, Initiator::Local) => {} // The two crossed, and each has the other's.
                (Initiator::Peer, Initiator::Peer) => panic!("nobody began"),
                _ => assert_eq!(client.code, server.code),
            }
        }
        [client.clone(), server.clone()]
    }
}
