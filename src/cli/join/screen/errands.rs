//! What was asked of the client, and what for.

use std::collections::VecDeque;

use wirechat::chat::{RoomName, UserName};
use wirechat::client::{ChatClient, Event, SayError, Ticket};

use super::state::{Errand, Place, Request, State};

/// What is remembered: more than the client lets wait.
const MAX: usize = 1024;

#[derive(Debug)]
pub(super) struct Errands {
    client: ChatClient,
    /// What may still come to nothing. Of most commands nobody hears again.
    open: VecDeque<(Ticket, Errand)>,
}

impl Errands {
    pub(super) fn new(client: ChatClient) -> Errands {
        Errands { client, open: VecDeque::new() }
    }

    /// Asks the client, which must not make us wait.
    pub(super) fn ask(&mut self, request: Request, errand: Errand, state: &mut State) {
        match now_or_never(send(&self.client, request)) {
            Some(Ok(ticket)) => {
                if self.open.len() == MAX {
                    self.open.pop_front();
                }
                self.open.push_back((ticket, errand));
            }
            Some(Err(reason)) => state.undone(&errand, &reason),
            None => state.undone(&errand, "too much is waiting to be sent already"),
        }
    }

    pub(super) fn typing(&self, place: &Place, is_typing: bool) {
        match place {
            Place::Home => self.client.typing(None, is_typing),
            Place::Room(room) => {
                if let Ok(room) = RoomName::parse(room) {
                    self.client.typing(Some(&room), is_typing);
                }
            }
            Place::Person(name) => {
                if let Ok(name) = UserName::parse(name) {
                    self.client.typing_to(&name, is_typing);
                }
            }
        }
    }

    /// Tells the state what has become of something.
    pub(super) fn settle(&mut self, event: &Event, state: &mut State) {
        match event {
            Event::Delivered(delivered) => {
                if let Some(errand) = self.take(delivered.ticket) {
                    state.delivered(&errand, delivered);
                }
            }
            Event::Undelivered(undelivered) => {
                if let Some(errand) = self.take(undelivered.ticket) {
                    state.undone(&errand, &undelivered.reason);
                }
            }
            _ => {}
        }
    }

    fn take(&mut self, ticket: Ticket) -> Option<Errand> {
        let index = self.open.iter().position(|(it, _)| *it == ticket)?;
        self.open.remove(index).map(|(_, errand)| errand)
    }
}

async fn send(client: &ChatClient, request: Request) -> Result<Ticket, String> {
    let sent: Result<Ticket, SayError> = match request {
        Request::Say(Place::Home, text) => client.say(text).await,
        Request::Say(Place::Room(room), text) => {
            client.say_in(&RoomName::parse(&room).map_err(|it| it.to_string())?, text).await
        }
        Request::Say(Place::Person(name), text) => {
            client.whisper(&UserName::parse(&name).map_err(|it| it.to_string())?, text).await
        }
        Request::Join(room) => client.join_room(&room).await,
        Request::Leave(room) => client.leave_room(&room).await,
        Request::Who(room) => client.who(room.as_ref()).await,
        Request::Rooms => client.rooms().await,
        Request::Nick(name) => client.rename(&name).await,
        Request::History(room, page, count) => client.history(room.as_ref(), page, count).await,
    };
    sent.map_err(|error| error.to_string())
}

/// What this comes to if it does not have to wait.
fn now_or_never<T>(work: impl Future<Output = T>) -> Option<T> {
    let work = std::pin::pin!(work);
    match work.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(done) => Some(done),
        std::task::Poll::Pending => None,
    }
}
