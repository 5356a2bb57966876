//! What the program asks the client's task to do.

use serde_json::{Map, Value};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::event::{Ticket, Undelivered};

/// What the task is asked to do, in this order.
#[derive(Debug)]
pub(super) enum Command {
    /// To send this object of the protocol.
    Send(Request),
    /// To send this object too, unless that is too late.
    Typing(Map<String, Value>, Instant),
    /// To tell when all before this is done.
    Flush(oneshot::Sender<()>),
    /// To end when all before this is done.
    Finish,
}

/// An object to be sent.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) ticket: Ticket,
    /// What would be lost with it, as the person wrote it.
    pub(super) content: String,
    pub(super) object: Map<String, Value>,
}

impl Request {
    pub(super) fn undelivered(self, reason: &str) -> Undelivered {
        let (ticket, content, reason) = (self.ticket, self.content, reason.to_owned());
        Undelivered { ticket, content, reason }
    }
}

/// Something that was sent and may be refused, as a person gave it and as it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) ticket: Ticket,
    pub(super) content: String,
    pub(super) nonce: Value,
    pub(super) text: String,
}

impl Sent {
    pub(super) fn undelivered(self, reason: &str) -> Undelivered {
        let (ticket, content, reason) = (self.ticket, self.content, reason.to_owned());
        Undelivered { ticket, content, reason }
    }
}
