//! What a client knows beyond one connection.

use super::object::Joined;
use super::options::Options;
use super::outbox::Outbox;
use super::outgoing::Nonces;
use super::privates::Privates;
use super::rooms::Rooms;
use crate::chat::UserName;

/// What outlives a connection.
pub(super) struct Memory {
    /// The name to go by; the server may know us by another one than we asked for.
    pub(super) user: UserName,
    /// The token by which the server knows us again.
    pub(super) session: Option<String>,
    pub(super) rooms: Rooms,
    pub(super) privates: Privates,
    pub(super) outbox: Outbox,
    pub(super) nonces: Nonces,
    /// Joins since the last one that was granted of which we do not know what became.
    pub(super) unanswered: u32,
    /// Whether a connection has come as far as to be in a room.
    pub(super) was_connected: bool,
}

impl Memory {
    /// `random` tells this client's nonces from those of others.
    pub(super) fn new(options: &Options, random: u32) -> Memory {
        Memory {
            user: options.user.clone(),
            session: options.session.clone(),
            rooms: Rooms::new(options.history.into()),
            privates: Privates::after(options.private_after.clone()),
            outbox: Outbox::default(),
            nonces: Nonces::new(random),
            unanswered: 0,
            was_connected: false,
        }
    }

    /// The server has let us into a room. Whether it knows us as whom we were
    /// before, so that it also knows what we have said.
    pub(super) fn joined(&mut self, joined: &Joined) -> bool {
        self.unanswered = 0;
        if let Some(user) = joined.user.as_deref().and_then(|user| UserName::parse(user).ok()) {
            self.user = user;
        }
        if let Some(id) = &joined.private_after {
            self.privates.begin_after(id);
        }
        let is_known = joined.session.is_some() && joined.session == self.session;
        if let Some(session) = &joined.session {
            self.session = Some(session.clone());
        }
        is_known
    }
}
