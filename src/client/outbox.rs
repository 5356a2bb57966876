//! What was said and is not confirmed yet, over all connections.
//!
//! One message at a time: so order is kept even if the server refuses one for
//! now. Each carries a nonce by which the server knows it again, so what a broken
//! connection left unconfirmed is sent again, and stored once.

use std::time::Duration;

use tokio::time::Instant;

use super::command::Sent;
use super::event::{Delivered, Undelivered};
use super::object::{Ack, Refusal};

/// How long the server may take to confirm a message.
const ACK: Duration = Duration::from_secs(10);

/// How often one message is sent at most, over all connections.
const MAX_SENT: u32 = 20;

/// How often it is sent on one connection without any answer.
const MAX_UNANSWERED: u32 = 3;

/// The longest wait before it is sent again because the server asks for one.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// How long the server certainly knows a nonce: five minutes by the protocol,
/// less what it takes to get there.
const NONCE_LIFE: Duration = Duration::from_secs(270);

/// The message that is being delivered, if there is one.
#[derive(Debug, Default)]
pub(super) struct Outbox(Option<InFlight>);

#[derive(Debug)]
struct InFlight {
    message: Sent,
    /// How often it was sent.
    sent: u32,
    /// How often in a row without an answer, on this connection.
    unanswered: u32,
    /// Since when the server may have it; nothing while it certainly has not.
    doubtful_since: Option<Instant>,
    /// When to send it again.
    due: Instant,
}

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// When [`overdue`](Outbox::overdue) has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.as_ref().map(|it| it.due)
    }

    /// Takes a message, which is due at once.
    pub(super) fn put(&mut self, message: Sent, now: Instant) {
        let (sent, unanswered, doubtful_since) = (0, 0, None);
        self.0 = Some(InFlight { message, sent, unanswered, doubtful_since, due: now });
    }

    /// There is another connection, so what the last one left open is due at once.
    ///
    /// # Errors
    /// The server does not know us any more, or may have forgotten whether it has
    /// it: sending it again might say it twice.
    pub(super) fn reconnected(&mut self, is_known: bool, now: Instant) -> Result<(), Undelivered> {
        let Some(it) = &mut self.0 else { return Ok(()) };
        it.unanswered = 0;
        it.due = now;
        let is_too_late = |since| !is_known || now - since > NONCE_LIFE;
        match it.doubtful_since.is_some_and(is_too_late) {
            true => self.give_up(UNCONFIRMED).map_or(Ok(()), Err),
            false => Ok(()),
        }
    }

    /// What to send now that it is due.
    ///
    /// # Errors
    /// It was sent often enough.
    pub(super) fn overdue(&mut self, now: Instant) -> Result<Option<String>, Undelivered> {
        let Some(it) = self.0.as_mut().filter(|it| it.due <= now) else { return Ok(None) };
        if it.unanswered == MAX_UNANSWERED || it.sent == MAX_SENT {
            return self.give_up("the server did not confirm it").map_or(Ok(None), Err);
        }
        it.sent += 1;
        it.unanswered += 1;
        it.doubtful_since.get_or_insert(now);
        it.due = now + ACK;
        Ok(Some(it.message.text.clone()))
    }

    /// The server has stored something: this message, perhaps.
    pub(super) fn confirmed(&mut self, ack: &Ack) -> Option<Delivered> {
        let InFlight { message, .. } = self.0.take_if(|it| it.message.nonce == ack.nonce)?;
        let Sent { ticket, content, nonce, .. } = message;
        Some(Delivered { ticket, content, nonce, id: ack.id.clone(), seq: ack.seq })
    }

    /// The server has refused something: this message, perhaps. If only for
    /// now, it is due again later.
    pub(super) fn refused(&mut self, refusal: &Refusal, now: Instant) -> Option<Undelivered> {
        let it = self.0.as_mut().filter(|it| it.message.nonce == refusal.nonce)?;
        if !refusal.passes() || it.sent == MAX_SENT {
            return self.give_up(&refusal.words);
        }
        it.unanswered = 0;
        it.doubtful_since = None; // It answers in order: no earlier one is on its way.
        it.due = now + refusal.pause().min(MAX_PAUSE);
        None
    }

    /// It will not be sent any more.
    pub(super) fn give_up(&mut self, reason: &str) -> Option<Undelivered> {
        Some(self.0.take()?.message.undelivered(reason))
    }
}

/// Why nobody knows whether the server has it.
pub(super) const UNCONFIRMED: &str = "the connection ended before the server confirmed it";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::event::Ticket;

    fn message() -> Sent {
        let (content, text) = ("hi".to_owned(), r#"{"nonce":"n"}"#.to_owned());
        Sent { ticket: Ticket(1), content, nonce: "n".into(), text }
    }

    fn full(now: Instant) -> Outbox {
        let mut outbox = Outbox::default();
        outbox.put(message(), now);
        outbox
    }

    fn refusal(code: &str) -> Refusal {
        Refusal {
            code: code.to_owned(),
            words: "No.".to_owned(),
            nonce: "n".into(),
            retry_after_ms: Some(700),
            suggestion: None,
        }
    }

    fn ack(nonce: &str) -> Ack {
        Ack { nonce: nonce.into(), id: Some("e-1".to_owned()), seq: Some(1), duplicate: false }
    }

    #[test]
    fn a_message_is_there_until_its_own_ack_comes() {
        let now = Instant::now();
        let mut outbox = full(now);
        assert_eq!(outbox.overdue(now), Ok(Some(message().text)));
        assert_eq!(outbox.confirmed(&ack("other")), None);
        assert!(!outbox.is_empty());
        let delivered = outbox.confirmed(&ack("n")).expect("it is delivered");
        assert_eq!((delivered.ticket, delivered.seq), (Ticket(1), Some(1)));
        assert!(outbox.is_empty());
        assert_eq!(outbox.confirmed(&ack("n")), None);
    }

    #[test]
    fn without_an_answer_it_is_sent_three_times_on_a_connection() {
        let mut now = Instant::now();
        let mut outbox = full(now);
        for _ in 0..2 {
            for _ in 0..MAX_UNANSWERED {
                assert_eq!(outbox.overdue(now), Ok(Some(message().text)));
                assert_eq!(outbox.overdue(now), Ok(None), "it waits for the answer");
                now = outbox.deadline().expect("a deadline");
            }
            assert_eq!(outbox.reconnected(true, now), Ok(()));
        }
        for _ in 0..MAX_UNANSWERED {
            assert!(outbox.overdue(now).is_ok());
            now = outbox.deadline().expect("a deadline");
        }
        assert!(outbox.overdue(now).is_err());
        assert!(outbox.is_empty());
    }

    #[test]
    fn no_message_is_sent_for_ever() {
        let now = Instant::now();
        let mut outbox = full(now);
        let mut sent = 0;
        while outbox.overdue(now) == Ok(Some(message().text)) {
            sent += 1;
            assert_eq!(outbox.reconnected(true, now), Ok(()));
        }
        assert_eq!(sent, MAX_SENT);
        assert!(outbox.is_empty());
    }

    #[test]
    fn it_waits_as_long_as_the_server_asks_and_a_bounded_time_at_most() {
        let now = Instant::now();
        let mut outbox = full(now);
        assert!(outbox.overdue(now).is_ok());
        assert_eq!(outbox.refused(&refusal("rate_limited"), now), None);
        assert_eq!(outbox.deadline(), Some(now + Duration::from_millis(700)));
        let forever = Refusal { retry_after_ms: Some(u64::MAX), ..refusal("unavailable") };
        assert_eq!(outbox.refused(&forever, now), None);
        assert_eq!(outbox.deadline(), Some(now + MAX_PAUSE));
        let undelivered = outbox.refused(&refusal("too_long"), now).expect("it is over");
        assert_eq!(undelivered.reason, "No.");
    }

    #[test]
    fn it_is_not_sent_again_when_the_server_may_have_forgotten_that_it_has_it() {
        let start = Instant::now();
        let late = start + NONCE_LIFE + Duration::from_secs(1);
        let mut outbox = full(start);
        assert!(outbox.overdue(start).is_ok());
        assert!(outbox.reconnected(true, late).is_err());

        let mut outbox = full(start);
        assert_eq!(outbox.reconnected(true, late), Ok(()), "it was never sent");

        let mut outbox = full(start);
        assert!(outbox.overdue(start).is_ok());
        assert_eq!(outbox.refused(&refusal("unavailable"), start), None);
        assert_eq!(outbox.reconnected(true, late), Ok(()), "it was not stored");
    }

    #[test]
    fn it_is_not_sent_again_to_a_server_that_does_not_know_who_sent_it() {
        let now = Instant::now();
        let mut outbox = full(now);
        assert_eq!(outbox.reconnected(false, now), Ok(()), "it was never sent");
        assert!(outbox.overdue(now).is_ok());
        assert!(outbox.reconnected(false, now).is_err());
    }
}
