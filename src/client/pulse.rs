//! Whether the server is still there, and how far away: a Ping every 10 s.

use std::time::Duration;

use tokio::time::Instant;

/// From the answer to a Ping to the next one.
const INTERVAL: Duration = Duration::from_secs(10);

/// How long nothing may come after a Ping. The network is half dead then: what
/// we send is lost, or what the server sends.
const PATIENCE: Duration = Duration::from_secs(10);

/// The Pings of one connection.
#[derive(Debug)]
pub(super) struct Pulse {
    /// When anything came from the server.
    heard: Instant,
    /// When to send the next Ping.
    next: Instant,
    /// The Ping that is not answered yet: its number, and when it was sent.
    waiting: Option<(u64, Instant)>,
    count: u64,
}

/// What is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// To send a Ping that carries this.
    Ping([u8; 8]),
    /// To give the connection up.
    GiveUp,
}

impl Pulse {
    /// Begins; the first Ping is due at once.
    pub(super) fn new(now: Instant) -> Pulse {
        Pulse { heard: now, next: now, waiting: None, count: 0 }
    }

    /// Something came from the server. It need not be the answer: that may be
    /// on its way behind a long message.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = now;
    }

    /// A Pong came: the latency, if it answers the last Ping.
    pub(super) fn pong(&mut self, payload: &[u8], now: Instant) -> Option<Duration> {
        self.heard(now);
        let (_, sent) = self.waiting.take_if(|(number, _)| payload == number.to_be_bytes())?;
        self.next = now + INTERVAL;
        Some(now - sent)
    }

    /// When something is due.
    pub(super) fn deadline(&self) -> Instant {
        match self.waiting {
            Some((_, sent)) => sent.max(self.heard) + PATIENCE,
            None => self.next,
        }
    }

    /// What is due now.
    pub(super) fn due(&mut self, now: Instant) -> Option<Due> {
        if now < self.deadline() {
            return None;
        }
        if self.waiting.is_some() {
            return Some(Due::GiveUp);
        }
        self.count += 1;
        self.waiting = Some((self.count, now));
        Some(Due::Ping(self.count.to_be_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn an_answered_ping_tells_the_latency_and_the_next_comes_ten_seconds_later() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        assert_eq!(pulse.due(start), Some(Due::Ping(1u64.to_be_bytes())));
        assert_eq!(pulse.due(start), None);
        let answered = start + SECOND / 20;
        assert_eq!(pulse.pong(&1u64.to_be_bytes(), answered), Some(SECOND / 20));
        assert_eq!(pulse.deadline(), answered + INTERVAL);
        assert_eq!(pulse.due(answered + INTERVAL), Some(Due::Ping(2u64.to_be_bytes())));
    }

    #[test]
    fn a_pong_that_nobody_asked_for_measures_nothing() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        assert_eq!(pulse.pong(b"", start), None);
        pulse.due(start);
        assert_eq!(pulse.pong(&7u64.to_be_bytes(), start + SECOND), None);
        assert_eq!(pulse.pong(&1u64.to_be_bytes(), start + 2 * SECOND), Some(2 * SECOND));
        assert_eq!(pulse.pong(&1u64.to_be_bytes(), start + 3 * SECOND), None, "an echo of it");
    }

    #[test]
    fn ten_seconds_of_silence_after_a_ping_are_the_end_and_any_sign_of_life_is_not() {
        let start = Instant::now();
        let mut pulse = Pulse::new(start);
        pulse.due(start);
        pulse.heard(start + 9 * SECOND);
        assert_eq!(pulse.due(start + 18 * SECOND), None);
        assert_eq!(pulse.due(start + 19 * SECOND), Some(Due::GiveUp));
    }
}
