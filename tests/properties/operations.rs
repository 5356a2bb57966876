//! A connection keeps its promises whatever is called, in whatever order, and
//! whatever the peer sends meanwhile (RFC 6455 §5.5.1, §7).

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;
use wirechat::proto::{
    Assembler, CloseCode, Closure, Config, Connection, Decoder, Event, Initiator, Keepalive,
    Limits, MAX_CONTROL_PAYLOAD, Opcode, Role, SendError, State,
};

use crate::cases;
use crate::listener::{endpoint, receive};
use crate::peers::{self, Seen};
use crate::wire;

/// What a caller may do with a connection.
#[derive(Clone, Debug)]
enum Operation {
    /// The next bytes of the peer's stream arrive.
    Receive(Index),
    Garbage(Vec<u8>),
    SendText(String),
    SendBinary(Vec<u8>),
    SendPing(Vec<u8>),
    Close(u16, String),
    Advance(Index),
    AdvanceAll,
    Elapse(Duration),
    HandleTimeout,
    /// Time passes up to the deadline.
    Deadline,
    ReceiveEof,
    Heard,
    ReleaseMemory,
}

fn operation() -> impl Strategy<Value = Operation> {
    let code = prop_oneof![1000..=1003u16, 1007..=1014u16, 3000..=4999u16];
    prop_oneof![
        12 => any::<Index>().prop_map(Operation::Receive),
        1 => vec(any::<u8>(), 0..8).prop_map(Operation::Garbage),
        3 => wire::text(130).prop_map(Operation::SendText),
        2 => wire::binary(130).prop_map(Operation::SendBinary),
        2 => wire::binary(127).prop_map(Operation::SendPing),
        1 => (code, "[a-zé]{0,90}").prop_map(|(code, reason)| Operation::Close(code, reason)),
        4 => any::<Index>().prop_map(Operation::Advance),
        4 => Just(Operation::AdvanceAll),
        2 => (0..60_000u64).prop_map(|ms| Operation::Elapse(Duration::from_millis(ms))),
        2 => Just(Operation::HandleTimeout),
        3 => Just(Operation::Deadline),
        1 => Just(Operation::ReceiveEof),
        1 => Just(Operation::Heard),
        1 => Just(Operation::ReleaseMemory),
    ]
}

/// A connection, the clock it is told about and what has come of it so far.
struct Run {
    role: Role,
    config: Config,
    connection: Connection,
    now: Instant,
    /// What the peer still sends.
    stream: Vec<u8>,
    /// What was written to the peer.
    written: Vec<u8>,
    /// What was taken for sending, in this order.
    accepted: Vec<Seen>,
    /// The payloads of the Pings that were received.
    pings: Vec<Vec<u8>>,
    close_received: bool,
    /// When the connection is over at the latest.
    ends_by: Option<Instant>,
    /// Whether the first Close was ours, and no answer to a broken rule.
    closed_first: bool,
}

impl Run {
    fn new(role: Role, config: Config, stream: Vec<u8>) -> Run {
        let now = Instant::now();
        Run {
            role,
            config,
            connection: endpoint(role, config, now),
            now,
            stream,
            written: Vec::new(),
            accepted: Vec::new(),
            pings: Vec::new(),
            close_received: false,
            ends_by: None,
            closed_first: false,
        }
    }

    fn apply(&mut self, operation: Operation) {
        let (state, closure) = (self.connection.state(), self.connection.closure().cloned());
        match operation {
            Operation::Receive(len) => {
                let len = len.index(self.stream.len() + 1);
                let piece: Vec<u8> = self.stream.drain(..len).collect();
                self.receive(&piece);
            }
            Operation::Garbage(bytes) => self.receive(&bytes),
            Operation::SendText(text) => {
                let seen = (Opcode::Text, text.clone().into_bytes());
                self.send(seen, |connection| connection.send_text(&text));
            }
            Operation::SendBinary(bytes) => {
                let seen = (Opcode::Binary, bytes.clone());
                self.send(seen, |connection| connection.send_binary(&bytes));
            }
            Operation::SendPing(payload) => {
                let seen = (Opcode::Ping, payload.clone());
                self.send(seen, |connection| connection.send_ping(&payload));
            }
            Operation::Close(code, reason) => {
                self.closed_first |= state == State::Open;
                self.connection.close(self.now, CloseCode::known(code), &reason);
                assert_ne!(self.connection.state(), State::Open);
            }
            Operation::Advance(len) => {
                self.advance(len.index(self.connection.outgoing().len() + 1));
            }
            Operation::AdvanceAll => self.advance(self.connection.outgoing().len()),
            Operation::Elapse(time) => self.now += time,
            Operation::HandleTimeout => self.handle_timeout(),
            Operation::Deadline => {
                self.now = self.connection.timeout().map_or(self.now, |at| at.max(self.now));
                self.handle_timeout();
            }
            Operation::ReceiveEof => self.connection.receive_eof(),
            Operation::Heard => self.connection.heard(self.now),
            Operation::ReleaseMemory => {
                let outgoing = self.connection.outgoing().to_vec();
                self.connection.release_memory();
                assert_eq!(self.connection.outgoing(), outgoing);
            }
        }
        if self.connection.state() == State::Closing {
            self.ends_by.get_or_insert(self.now + self.config.close_timeout);
        }
        self.check_since(state, closure);
    }

    fn receive(&mut self, piece: &[u8]) {
        let may_speak = self.connection.closure().is_none();
        for event in receive(&mut self.connection, self.now, piece) {
            assert!(may_speak, "{event:?} after the end of the connection was known");
            assert!(!self.close_received, "{event:?} after a Close");
            match event {
                Event::Ping(payload) => self.pings.push(payload.into_owned()),
                Event::Close(_) => self.close_received = true,
                Event::Text(_) | Event::Binary(_) | Event::Pong(_) => {}
            }
        }
    }

    /// RFC 6455 §5.5.1: nothing is sent after a Close; before it everything is.
    fn send(&mut self, seen: Seen, send: impl FnOnce(&mut Connection) -> Result<(), SendError>) {
        let before = self.connection.outgoing().len();
        let is_long = seen.0.is_control() && seen.1.len() > MAX_CONTROL_PAYLOAD;
        let expected = match self.connection.state() {
            _ if is_long => Err(SendError::LongControl),
            State::Open => Ok(()),
            State::Closing | State::Closed => Err(SendError::Closing),
        };
        assert_eq!(send(&mut self.connection), expected);
        if expected.is_ok() {
            self.accepted.push(seen);
        } else {
            assert_eq!(self.connection.outgoing().len(), before, "refused, and queued");
        }
    }

    fn advance(&mut self, len: usize) {
        let (written, left) = self.connection.outgoing().split_at(len);
        self.written.extend_from_slice(written);
        let left = left.to_vec();
        self.connection.advance(len);
        // When all is written, a Pong that found no room before may follow.
        assert!(left.is_empty() || self.connection.outgoing() == left);
    }

    /// Before the deadline nothing happens; after it, something, and the next
    /// deadline is in the future.
    fn handle_timeout(&mut self) {
        let is_due = self.connection.timeout().is_some_and(|deadline| deadline <= self.now);
        let before = (self.connection.state(), self.connection.outgoing().len());
        self.connection.handle_timeout(self.now);
        let after = (self.connection.state(), self.connection.outgoing().len());
        assert_eq!(is_due, before != after);
        assert!(self.connection.timeout().is_none_or(|deadline| deadline > self.now));
        if is_due && before.0 == State::Open {
            let gave_up = after.0 == State::Closing;
            self.closed_first |= gave_up;
            if !gave_up {
                self.accepted.push((Opcode::Ping, Vec::new()));
            }
        }
    }

    /// What holds after every operation, compared with what was before.
    fn check_since(&self, state_before: State, closure_before: Option<Closure>) {
        let connection = &self.connection;
        let order = |state| match state {
            State::Open => 0,
            State::Closing => 1,
            State::Closed => 2,
        };
        let state = connection.state();
        assert!(order(state) >= order(state_before), "{state_before:?}, then {state:?}");

        let closure = connection.closure();
        assert!(closure_before.is_none() || closure == closure_before.as_ref());
        match state {
            State::Open => assert!(closure.is_none()),
            State::Closing => {}
            State::Closed => {
                assert!(closure.is_some());
                assert!(connection.outgoing().is_empty(), "queued for nobody");
            }
        }
        if let Some(closure) = closure {
            assert_eq!(closure.clean, self.close_received, "{closure:?}");
            if closure.clean {
                assert_eq!(closure.error, None);
                assert_eq!(closure.initiator == Initiator::Local, self.closed_first);
            }
        }

        match state {
            State::Open => {
                assert_eq!(connection.timeout().is_some(), self.config.keepalive.is_some());
            }
            // RFC 6455 §7.1.1 names no time for closing, but there is one.
            State::Closing => assert_eq!(connection.timeout(), self.ends_by),
            State::Closed => assert_eq!(connection.timeout(), None),
        }
        if connection.wants_shutdown() {
            assert!(state == State::Closing && connection.outgoing().is_empty());
        }
        let queued = self.pongs_in(&[&self.written, connection.outgoing()].concat())
            - self.pongs_in(&self.written);
        assert!(
            queued <= self.config.limits.max_queued_pongs.max(1) as usize,
            "{queued} pongs wait"
        );
    }

    fn pongs_in(&self, bytes: &[u8]) -> usize {
        self.frames_in(bytes).iter().filter(|(opcode, _)| *opcode == Opcode::Pong).count()
    }

    /// RFC 6455 §5.5.3: of Pings that wait, the newest at least is answered.
    fn check_newest_ping_is_answered(&mut self) {
        if self.connection.state() != State::Open {
            return;
        }
        // The second time for a Pong that found no room before.
        self.apply(Operation::AdvanceAll);
        self.apply(Operation::AdvanceAll);
        let frames = self.frames_in(&self.written);
        let pong = frames.iter().rfind(|(opcode, _)| *opcode == Opcode::Pong);
        assert_eq!(pong.map(|(_, payload)| payload), self.pings.last());
    }

    /// Sees the connection through to its end and looks at all that was written.
    fn finish(mut self) {
        self.check_newest_ping_is_answered();
        let close = Operation::Close(1000, String::new());
        for operation in [close, Operation::AdvanceAll, Operation::AdvanceAll] {
            self.apply(operation);
        }
        assert!(self.connection.outgoing().is_empty());
        self.now += self.config.close_timeout;
        self.apply(Operation::HandleTimeout);
        assert_eq!(self.connection.state(), State::Closed);
        self.check_written();
    }

    /// The frames in these bytes, all of them legal; the last may not be complete.
    fn frames_in(&self, bytes: &[u8]) -> Vec<Seen> {
        let peer = match self.role {
            Role::Server => Role::Client,
            Role::Client => Role::Server,
        };
        let mut decoder = Decoder::new(peer, &Limits::default());
        let mut assembler = Assembler::new(&Limits::default());
        let mut bytes = bytes.to_vec();
        let mut input = &mut bytes[..];
        let mut frames = Vec::new();
        while let Some(chunk) = decoder.decode(&mut input).expect("a legal frame") {
            frames.extend(assembler.push(chunk).expect("a legal frame").map(peers::seen));
        }
        frames
    }

    /// What was taken for sending, in this order, and one Close; behind that only
    /// Pongs, if the peer has not sent its Close (RFC 6455 §5.5.1, §5.5.2). Pongs
    /// are for Pings in their order (§5.5.3).
    fn check_written(&self) {
        let frames = self.frames_in(&self.written);
        let closes = frames.iter().filter(|(opcode, _)| *opcode == Opcode::Close).count();
        assert!(closes <= 1, "{closes} closes");
        let mut parts = frames.split(|(opcode, _)| *opcode == Opcode::Close);
        let mut sent = parts.next().unwrap_or_default().to_vec();
        let after = parts.next().unwrap_or_default();
        assert!(after.is_empty() || self.closed_first, "{after:x?} after an answer");
        assert!(after.iter().all(|(opcode, _)| *opcode == Opcode::Pong), "{after:x?}");

        sent.retain(|(opcode, _)| *opcode != Opcode::Pong);
        // If the transport ended early, not all of it was written.
        assert!(self.accepted.starts_with(&sent));
        assert!(closes == 0 || self.accepted == sent);

        let mut pings = self.pings.iter();
        for (_, payload) in frames.iter().filter(|(opcode, _)| *opcode == Opcode::Pong) {
            assert!(pings.any(|ping| ping == payload), "nobody asked for {payload:x?}");
        }
    }
}

fn config() -> impl Strategy<Value = Config> {
    let limits = (0..3u32).prop_map(|max_queued_pongs| Limits {
        max_frame: 200,
        max_message: 200,
        max_fragments: 4,
        max_queued_pongs,
    });
    (limits, option::of(Just(Keepalive::default()))).prop_map(|(limits, keepalive)| Config {
        limits,
        keepalive,
        ..Config::default()
    })
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn section_7_no_order_of_calls_breaks_the_state_machine(
        config in config(),
        frames in wire::conversation(130),
        operations in vec(operation(), 0..40),
    ) {
        for role in [Role::Server, Role::Client] {
            let mut run = Run::new(role, config, wire::bytes(&frames, role));
            for operation in operations.clone() {
                run.apply(operation);
            }
            run.finish();
        }
    }
}
