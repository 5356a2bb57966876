//! What the server's objects mean for the conversation.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout};

use super::{Conversation, Entering, LEAVE, Phase};
use crate::chat::Encoding;
use crate::client::end::Lost;
use crate::client::event::Event;
use crate::client::object::{Object, Received, Refusal};
use crate::client::outgoing;
use crate::client::questions::{Asker, Gap};
use crate::client::rooms::Action;
use crate::proto::{self, CloseCode, Message};

/// The longest that a server can ask us to stay away.
const MAX_AWAY: Duration = Duration::from_secs(600);

impl<S: AsyncRead + AsyncWrite + Unpin> Conversation<'_, S> {
    /// Handles a message of the WebSocket. The chat's JSON may travel in binary
    /// ones too.
    pub(super) async fn receive(&mut self, message: Message) -> Option<Lost> {
        let text = match message {
            Message::Text(text) => Some(text),
            Message::Binary(bytes) => String::from_utf8(bytes).ok(),
        };
        if let Some(pulse) = &mut self.pulse {
            pulse.heard(Instant::now());
        }
        let Some(received) = text.and_then(Received::parse) else {
            tracing::debug!("the server sent something else than a JSON object");
            return None;
        };
        self.learn_encoding(&received.object);
        let lost = match self.encoding {
            Encoding::V1 => self.react(received).await,
            _ => self.react_plainly(received).await,
        };
        if lost.is_some() {
            // Politely, but what the server still says is of no interest.
            let _ = timeout(LEAVE, self.socket.close(CloseCode::NORMAL, "")).await;
        }
        lost
    }

    /// What the server speaks is decided by what it says first, and its unit by
    /// its own stamps: what others wrote, an original server passes on as it is.
    fn learn_encoding(&mut self, object: &Object) {
        match object {
            Object::Message(message) if message.is_notice() => {
                if !self.is_greeted && message.event.is_some() {
                    self.encoding = Encoding::V1;
                    // If we did not wait for it, we have joined as on a plain server.
                    self.phase = Phase::Greeting;
                    self.joined = None;
                }
                self.is_greeted = true;
                if let Some(unit) = message.unit {
                    self.encoding = self.encoding.with_unit(unit);
                }
            }
            Object::Joined(_) if !self.is_greeted => {
                self.encoding = Encoding::V1;
                self.is_greeted = true;
                self.phase = Phase::Joining;
            }
            _ => {}
        }
    }

    /// A plain server passes on what anybody wrote, so no object of its means
    /// anything but what it says.
    async fn react_plainly(&mut self, received: Received) -> Option<Lost> {
        if self.phase == Phase::Greeting && matches!(received.object, Object::Message(_)) {
            self.join().await;
        }
        self.emit(Event::Received(received)).await;
        None
    }

    async fn react(&mut self, received: Received) -> Option<Lost> {
        match &received.object {
            Object::Message(_) => {
                if self.phase == Phase::Greeting {
                    self.join().await;
                }
                let has_joined = matches!(self.phase, Phase::Live | Phase::Closing { .. });
                let actions = self.memory.rooms.message(received, has_joined);
                self.perform(actions).await;
            }
            Object::Joined(joined) => {
                self.entering = None;
                let is_known = self.memory.joined(joined);
                if self.joined.is_none() {
                    self.is_known = is_known;
                }
                let actions = self.memory.rooms.joined(joined);
                self.emit(Event::Received(received)).await;
                self.perform(actions).await;
                if self.phase == Phase::Joining {
                    self.is_joined().await;
                }
            }
            Object::Private(private) => {
                if self.memory.privates.is_new(private.id.as_deref()) {
                    self.emit(Event::Received(received)).await;
                }
            }
            Object::Ack(ack) => {
                let delivered = self.memory.outbox.confirmed(ack);
                self.emit(Event::Received(received)).await;
                if let Some(delivered) = delivered {
                    self.emit(Event::Delivered(delivered)).await;
                }
            }
            Object::History(history) => match self.questions.answered(&history.room) {
                Some(gap) => {
                    let (epoch, messages) = (history.epoch.as_deref(), received.messages());
                    let actions = self.memory.rooms.history(&gap.room, epoch, messages);
                    self.perform(actions).await;
                }
                None => self.emit(Event::Received(received)).await,
            },
            Object::Error(refusal) => {
                let refusal = refusal.clone();
                self.emit(Event::Received(received)).await;
                return self.refused(&refusal).await;
            }
            Object::GoingAway(going_away) => {
                self.stay_away(going_away.reconnect_after);
                self.emit(Event::Received(received)).await;
            }
            _ => self.emit(Event::Received(received)).await,
        }
        None
    }

    /// The server has not done something that it was asked.
    async fn refused(&mut self, refusal: &Refusal) -> Option<Lost> {
        let now = Instant::now();
        if let Some(asker) = self.questions.refused(refusal, now) {
            let actions = self.unanswered(asker, &refusal.words).await;
            self.perform(actions).await;
        }
        let is_meant = |entering: &mut Entering| entering.nonce == refusal.nonce;
        let entering = self.entering.take_if(is_meant);
        let undelivered = entering.map(|it| it.request.undelivered(&refusal.words));
        if let Some(undelivered) = undelivered.or_else(|| self.memory.rooms.refused(refusal)) {
            self.emit(Event::Undelivered(undelivered)).await;
        }
        if self.phase == Phase::Joining {
            return self.join_refused(refusal).await;
        }
        if let Some(undelivered) = self.memory.outbox.refused(refusal, now) {
            self.emit(Event::Undelivered(undelivered)).await;
        }
        None
    }

    /// After this connection, the next one has to wait for so long.
    pub(super) fn stay_away(&mut self, least_wait: Duration) {
        self.least_wait = least_wait.min(MAX_AWAY);
    }

    /// Does what the rooms need.
    pub(super) async fn perform(&mut self, actions: Vec<Action>) {
        let mut actions = VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            match action {
                Action::HandOut(received) => self.emit(Event::Received(received)).await,
                Action::Missed(missed) => self.emit(Event::Missed(missed)).await,
                Action::Ask(room, after) => actions.extend(self.ask(Gap { room, after, asked: 1 })),
            }
        }
    }

    /// Asks for the messages of a gap. What to do if nobody can be asked.
    pub(super) fn ask(&mut self, gap: Gap) -> Vec<Action> {
        if self.socket.state() != proto::State::Open {
            return self.memory.rooms.no_history(&gap.room);
        }
        let nonce = self.memory.nonces.next();
        self.queue(outgoing::history_after(&gap.room, gap.after, &nonce));
        self.questions.asked(nonce, Asker::Gap(gap), Instant::now());
        Vec::new()
    }
}
