//! What the program wants said, and what is asked on its behalf.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::{Conversation, Entering, UNANSWERED, joining};
use crate::chat::Encoding;
use crate::client::command::{Command, Request, Sent};
use crate::client::event::Event;
use crate::client::memory::Memory;
use crate::client::outgoing::{self, Kind, Outgoing};
use crate::client::questions::{Asker, Due};
use crate::client::rooms::Action;
use crate::proto;

/// How old the news that somebody types may be: they say so again after that.
const TYPING: Duration = Duration::from_secs(3);

impl<S: AsyncRead + AsyncWrite + Unpin> Conversation<'_, S> {
    /// Does what the program wants.
    pub(super) async fn obey(&mut self, command: Command) {
        if self.socket.state() != proto::State::Open {
            // The server has closed just now: it is for the next connection.
            self.channels.postponed = Some(command);
            return;
        }
        match command {
            Command::Send(request) => self.send(request).await,
            Command::Typing(object, since) => {
                if self.encoding == Encoding::V1 && since.elapsed() < TYPING {
                    self.queue(Value::Object(object).to_string());
                }
            }
            Command::Flush(done) => {
                let _ = done.send(()); // Whoever asked may have stopped waiting.
            }
            Command::Finish => self.close(false),
        }
    }

    async fn send(&mut self, request: Request) {
        let Memory { user, nonces, .. } = &mut *self.memory;
        let outgoing = outgoing::object(request.object.clone(), user, self.encoding, nonces);
        let Outgoing { text, kind } = match outgoing {
            Ok(outgoing) => outgoing,
            Err(reason) => {
                self.emit(Event::Undelivered(request.undelivered(reason))).await;
                return;
            }
        };
        let now = Instant::now();
        let sent = |request: Request, nonce| {
            let (ticket, content) = (request.ticket, request.content);
            Sent { ticket, content, nonce, text: text.clone() }
        };
        match kind {
            Kind::Saying(nonce) => {
                self.memory.outbox.put(sent(request, nonce), now);
                return self.deliver(now).await;
            }
            Kind::Question(nonce) => {
                let asker = Asker::Program(sent(request, nonce.clone()));
                self.questions.asked(nonce, asker, now);
            }
            Kind::Join(nonce) => {
                self.entering = Some(Entering { request, nonce, due: now + joining::JOIN });
            }
            Kind::Leave(room, nonce) => {
                self.memory.rooms.leave(room.as_deref(), sent(request, nonce));
            }
            Kind::Rename(user) => self.memory.user = user,
            Kind::Other => {}
        }
        self.queue(text);
    }

    /// Sends what is in the outbox, if it is due.
    pub(super) async fn deliver(&mut self, now: Instant) {
        match self.memory.outbox.overdue(now) {
            Ok(Some(text)) => self.queue(text),
            Ok(None) => {}
            Err(undelivered) => self.emit(Event::Undelivered(undelivered)).await,
        }
    }

    /// Asks again what was not answered in time.
    pub(super) async fn ask_again(&mut self, now: Instant) {
        while let Some(due) = self.questions.overdue(now) {
            let actions = match due {
                Due::Ask(mut gap) => {
                    gap.asked += 1;
                    self.ask(gap)
                }
                Due::GiveUp(asker) => self.unanswered(asker, UNANSWERED).await,
            };
            self.perform(actions).await;
        }
    }

    /// A question has no answer. What the rooms make of that.
    pub(super) async fn unanswered(&mut self, asker: Asker, reason: &str) -> Vec<Action> {
        match asker {
            Asker::Gap(gap) => self.memory.rooms.no_history(&gap.room),
            Asker::Program(sent) => {
                self.emit(Event::Undelivered(sent.undelivered(reason))).await;
                Vec::new()
            }
        }
    }
}
