//! Entering rooms: one, and after a reconnection every one that we were in.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::{Conversation, Phase};
use crate::chat::Encoding;
use crate::client::end::Lost;
use crate::client::event::{Cause, Event, Missed, State};
use crate::client::object::Refusal;
use crate::client::outbox::UNCONFIRMED;
use crate::client::outgoing::{self, Join};
use crate::client::rooms::Rejoin;

/// How long the server may take to answer a join.
pub(super) const JOIN: Duration = Duration::from_secs(10);

/// How often one room is tried while the server refuses it for now.
const MAX_TRIES: u32 = 5;

/// The longest wait before that.
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// What was asked last to be let into. While it is not answered, nothing else is
/// asked that can be refused.
#[derive(Debug, Default)]
pub(super) struct Joining {
    rejoin: Option<Rejoin>,
    nonce: Value,
    /// How often it was refused for now.
    refused: u32,
    /// Whether it waits to be asked again.
    is_paused: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Conversation<'_, S> {
    /// Asks to join the next room, in the dialect that is known by now; when
    /// there is none left, all is well. A plain server gives no answer to wait for.
    pub(super) async fn join(&mut self) {
        if self.encoding != Encoding::V1 {
            let join = outgoing::plain_join(&self.memory.user, self.encoding);
            self.queue(Value::Object(join).to_string());
            return self.is_live().await;
        }
        match self.memory.rooms.next_rejoin() {
            None if self.joined.is_some() => self.is_live().await,
            rejoin => {
                let nonce = self.memory.nonces.next();
                self.joining = Joining { rejoin, nonce, refused: 0, is_paused: false };
                self.ask_to_join();
            }
        }
    }

    fn ask_to_join(&mut self) {
        let Joining { rejoin, nonce, .. } = &self.joining;
        let first = self.options.room.as_ref().map(|room| room.as_str());
        let is_first = self.joined.is_none();
        // An answer that was lost took along what had waited for us: then all that is
        // kept must come, which an empty identity asks for.
        let may_have_missed = self.memory.unanswered > 0;
        let last = self.memory.privates.last().or(may_have_missed.then_some(""));
        let join = Join {
            user: &self.memory.user,
            room: rejoin.as_ref().map_or(first, |rejoin| Some(&rejoin.room)),
            resume: rejoin.as_ref().and_then(|rejoin| rejoin.resume.as_ref()),
            session: self.memory.session.as_deref().filter(|_| is_first),
            private_after: last.filter(|_| is_first),
            nonce: nonce.clone(),
        };
        self.queue(join.text());
        self.memory.unanswered = self.memory.unanswered.saturating_add(1);
        self.phase = Phase::Joining;
        self.joining.is_paused = false;
        self.deadline = Some(Instant::now() + JOIN);
    }

    /// The server has let us in, and we have heard what that means for the room.
    pub(super) async fn is_joined(&mut self) {
        self.joined.get_or_insert_with(Instant::now);
        let asked = self.joining.rejoin.take();
        // It may have led us into another room than the one that we asked for.
        if let Some(asked) = asked
            && self.memory.rooms.next_rejoin().is_some_and(|next| next.room == asked.room)
        {
            self.leave_out(&asked.room).await;
        }
        self.join().await;
    }

    /// The server has refused something while we join. Without a room there is
    /// no connection; a further room is tried again, or left out.
    pub(super) async fn join_refused(&mut self, refusal: &Refusal) -> Option<Lost> {
        if !refusal.nonce.is_null() && refusal.nonce != self.joining.nonce {
            return None;
        }
        self.memory.unanswered = self.memory.unanswered.saturating_sub(1);
        if self.joined.is_none() {
            self.stay_away(Duration::from_millis(refusal.retry_after_ms.unwrap_or(0)));
            return Some(Lost::Refused(refusal.clone()));
        }
        if refusal.passes() && self.joining.refused < MAX_TRIES {
            self.joining.refused += 1;
            self.joining.is_paused = true;
            self.deadline = Some(Instant::now() + refusal.pause().min(MAX_PAUSE));
            return None;
        }
        if let Some(asked) = self.joining.rejoin.take() {
            self.leave_out(&asked.room).await;
        }
        self.join().await;
        None
    }

    /// The answer to a join, or its next try, is due.
    pub(super) fn join_is_overdue(&mut self) -> Option<Lost> {
        if self.joining.is_paused {
            self.ask_to_join();
            return None;
        }
        Some(Lost::Silent)
    }

    async fn leave_out(&mut self, room: &str) {
        let actions = self.memory.rooms.give_up(room);
        self.perform(actions).await;
    }

    /// Now things can be said.
    async fn is_live(&mut self) {
        let now = Instant::now();
        self.phase = Phase::Live;
        self.deadline = None;
        self.joined.get_or_insert(now);
        self.pulse = Some(super::Pulse::new(now));
        self.emit(Event::State(State::Connected(self.encoding))).await;
        let undelivered = match self.encoding {
            Encoding::V1 => self.memory.outbox.reconnected(self.is_known, now).err(),
            _ => self.memory.outbox.give_up(UNCONFIRMED),
        };
        if let Some(undelivered) = undelivered {
            self.emit(Event::Undelivered(undelivered)).await;
        }
        if self.encoding != Encoding::V1 && self.memory.was_connected {
            let missed = Missed { room: None, numbers: None, cause: Cause::NoLog };
            self.emit(Event::Missed(missed)).await;
        }
    }
}
