//! One end of a conversation, and what the other one must hear of it.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::time::Instant;

use wirechat::proto::{
    CloseCode, CloseFrame, Closure, Config, Connection, Event, Keepalive, ProtocolError, SendError,
    State,
};

pub(super) struct End {
    connection: Connection,
    config: Config,
    /// What was queued and not heard by the other end, in order; without Pongs.
    unheard: VecDeque<Event<'static>>,
    /// The payloads of all Pings that were queued, and of all Pongs that were heard.
    pings: Vec<Vec<u8>>,
    pongs: Vec<Vec<u8>>,
    /// The Close that was heard.
    close_heard: Option<CloseFrame>,
    /// How many payloads were made: no two are the same.
    payloads: u32,
    /// Bytes on their way to the other end.
    wire: Vec<u8>,
    /// Whether the transport takes nothing more.
    shut_down: bool,
}

/// What the user of this end does.
impl End {
    pub(super) fn new(connection: Connection, config: Config) -> End {
        End {
            connection,
            config,
            unheard: VecDeque::new(),
            pings: Vec::new(),
            pongs: Vec::new(),
            close_heard: None,
            payloads: 0,
            wire: Vec::new(),
            shut_down: false,
        }
    }

    pub(super) fn send_text(&mut self, len: usize) {
        self.payloads += 1;
        let number = self.payloads.to_string();
        let text: String = number.chars().chain(" grüße".chars().cycle()).take(len).collect();
        let result = self.connection.send_text(&text);
        self.note(result, Event::Text(Cow::Owned(text)));
    }

    pub(super) fn send_binary(&mut self, len: usize) {
        let payload = self.noise(len);
        let result = self.connection.send_binary(&payload);
        self.note(result, Event::Binary(Cow::Owned(payload)));
    }

    pub(super) fn send_ping(&mut self, len: usize) {
        let payload = self.noise(len);
        let result = self.connection.send_ping(&payload);
        if len > 125 {
            assert_eq!(result, Err(SendError::LongControl)); // RFC 6455 §5.5
        } else {
            self.note(result, Event::Ping(Cow::Owned(payload)));
        }
    }

    fn note(&mut self, result: Result<(), SendError>, event: Event<'static>) {
        if self.state() != State::Open {
            return assert_eq!(result, Err(SendError::Closing)); // RFC 6455 §5.5.1
        }
        assert_eq!(result, Ok(()));
        if let Event::Ping(payload) = &event {
            self.pings.push(payload.to_vec());
        }
        self.unheard.push_back(event);
    }

    pub(super) fn close(&mut self, now: Instant, code: CloseCode, reason: &str) {
        if self.state() == State::Open {
            self.unheard.push_back(Event::Close(CloseFrame::new(code, reason)));
        }
        self.connection.close(now, code, reason);
    }

    pub(super) fn release_memory(&mut self) {
        let queued = self.connection.outgoing().to_vec();
        self.connection.release_memory();
        assert_eq!(self.connection.outgoing(), queued);
    }

    /// Bytes in no order, so that no compression makes them less.
    fn noise(&mut self, len: usize) -> Vec<u8> {
        self.payloads += 1;
        let mut state = self.payloads;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        (0..len).map(|_| next()).collect()
    }
}

/// What the transport and the clock do.
impl End {
    pub(super) fn write(&mut self, len: usize) {
        if !self.shut_down {
            let len = len.min(self.connection.outgoing().len());
            self.wire.extend_from_slice(&self.connection.outgoing()[..len]);
            self.connection.advance(len);
        }
    }

    /// The next `len` bytes from the other end arrive, and behind the last of
    /// them the news that no more will come.
    pub(super) fn read(&mut self, from: &mut End, len: usize, now: Instant) {
        let len = len.min(from.wire.len());
        let mut bytes: Vec<u8> = from.wire.drain(..len).collect();
        let mut input = &mut bytes[..];
        let had_failed = self.failure().is_some();
        let mut was_open = self.state() == State::Open;
        while let Some(event) = self.connection.receive(now, &mut input) {
            from.check_heard(&event);
            match event {
                Event::Pong(payload) => self.pongs.push(payload.into_owned()),
                Event::Close(close) => self.close_heard(close, was_open),
                Event::Text(_) | Event::Binary(_) | Event::Ping(_) => {}
            }
            was_open = self.state() == State::Open;
        }
        assert!(input.is_empty(), "bytes were left behind");
        if let Some(error) = self.failure().filter(|_| !had_failed) {
            from.check_refused(error);
            self.failed(error, was_open);
        }
        if from.shut_down && from.wire.is_empty() {
            self.connection.receive_eof();
        }
    }

    /// RFC 6455 §5.5.1: the answer is a Close with the same code, unless this is one.
    fn close_heard(&mut self, close: CloseFrame, was_open: bool) {
        if was_open {
            let answer = CloseFrame { code: close.code, reason: String::new() };
            self.unheard.push_back(Event::Close(answer));
        }
        self.close_heard = Some(close);
    }

    fn failed(&mut self, error: ProtocolError, was_open: bool) {
        if was_open {
            let close = CloseFrame::new(error.close_code(), &error.to_string());
            self.unheard.push_back(Event::Close(close));
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        let (state, queued) = (self.state(), self.connection.outgoing().len());
        self.connection.handle_timeout(now);
        let asked = self.connection.outgoing().len() > queued;
        match (state, self.state()) {
            (State::Open, State::Open) if asked => {
                self.note(Ok(()), Event::Ping(Cow::Borrowed(b"")));
            }
            (State::Open, State::Closing) => {
                let close = CloseFrame::new(Keepalive::default().code, "no answer to a ping");
                self.unheard.push_back(Event::Close(close));
            }
            _ => {}
        }
        let next = self.connection.timeout();
        assert!(next.is_none_or(|next| next > now), "due again at once");
    }

    /// The caller's part in closing: ends the transport when it is time.
    pub(super) fn follow(&mut self) {
        if self.connection.wants_shutdown() || self.state() == State::Closed {
            self.shut_down = true;
        }
    }

    pub(super) fn shut_down(&mut self) {
        self.shut_down = true;
    }

    pub(super) fn reset(&mut self) {
        self.wire.clear();
        self.shut_down = true;
        self.connection.receive_eof();
    }
}

/// What must hold.
impl End {
    pub(super) fn state(&self) -> State {
        self.connection.state()
    }

    fn failure(&self) -> Option<ProtocolError> {
        self.connection.closure().and_then(|closure| closure.error)
    }

    /// The other end heard this: it is what was sent next, and within its limits.
    fn check_heard(&mut self, event: &Event<'_>) {
        if let Event::Pong(_) = event {
            return; // Several may be answered by one: see `check_pongs`.
        }
        assert_eq!(self.unheard.pop_front().as_ref(), Some(event));
        let limits = self.config.limits;
        assert!(size(event) <= limits.max_message);
        assert!(self.config.deflate.is_some() || size(event) as u64 <= limits.max_frame);
    }

    /// The other end, which has the same limits, broke off: for them, or for nothing.
    fn check_refused(&self, error: ProtocolError) {
        let next = self.unheard.front().map_or(0, size);
        // Noise becomes longer by being compressed: up to nine bits for a byte, if
        // the window is so small that the block cannot be stored instead.
        let growth = if self.config.deflate.is_some() { next / 8 + 16 } else { 0 };
        let longest_frame = (next + growth) as u64;
        match error {
            ProtocolError::MessageTooBig => assert!(next > self.config.limits.max_message),
            ProtocolError::FrameTooBig => assert!(longest_frame > self.config.limits.max_frame),
            other => panic!("{other}, though it is not so"),
        }
    }

    /// Whether all that was queued has been written, and all that was written has arrived.
    pub(super) fn is_quiet(&self) -> bool {
        self.wire.is_empty() && (self.shut_down || self.connection.outgoing().is_empty())
    }

    /// On a quiet transport that nothing happened to.
    pub(super) fn check_all_arrived(&self) {
        assert_eq!(self.unheard, [], "something was lost");
        // RFC 6455 §5.5.3: of several Pings, at least the most recent is answered.
        assert_eq!(self.pongs.last(), self.pings.last());
    }

    /// At the end: how it was, for the other end to agree.
    pub(super) fn check_closure(&self) -> &Closure {
        self.check_pongs();
        let closure = self.connection.closure().expect("every connection has an end");
        if closure.clean {
            let close = self.close_heard.as_ref().expect("a Close from the other end");
            assert_eq!((closure.code, &closure.reason), (close.code, &close.reason));
        }
        closure
    }

    /// RFC 6455 §5.5.3: a Pong has the payload of a Ping, and they keep the Pings' order.
    fn check_pongs(&self) {
        let mut pings = self.pings.iter();
        assert!(self.pongs.iter().all(|pong| pings.any(|ping| ping == pong)), "nobody asked");
    }
}

/// The bytes of a message.
fn size(event: &Event<'_>) -> usize {
    match event {
        Event::Text(text) => text.len(),
        Event::Binary(payload) => payload.len(),
        Event::Ping(_) | Event::Pong(_) | Event::Close(_) => 0,
    }
}
