//! All open connections, so that the server can speak to each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::chat::{CloseOrder, Mailbox};
use crate::sync::lock;

/// The mailboxes of all open connections.
#[derive(Debug, Default)]
pub(super) struct Connections(Mutex<Register>);

#[derive(Debug, Default)]
struct Register {
    mailboxes: HashMap<u64, Arc<Mailbox>>,
    next: u64,
    /// The order for everybody, those who come later included.
    close: Option<CloseOrder>,
}

/// An entry, removed when it is dropped.
#[derive(Debug)]
pub(super) struct Entry {
    connections: Arc<Connections>,
    number: u64,
}

impl Connections {
    pub(super) fn register(self: &Arc<Connections>, mailbox: Arc<Mailbox>) -> Entry {
        let mut register = lock(&self.0);
        if let Some(order) = register.close {
            mailbox.order_close(order);
        }
        let number = register.next;
        register.next += 1;
        register.mailboxes.insert(number, mailbox);
        Entry { connections: Arc::clone(self), number }
    }

    /// Orders every connection to close, now and from now on; how many there are.
    pub(super) fn close_all(&self, order: CloseOrder) -> usize {
        let mut register = lock(&self.0);
        register.close = Some(order);
        register.mailboxes.values().for_each(|mailbox| mailbox.order_close(order));
        register.mailboxes.len()
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        lock(&self.connections.0).mailboxes.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_reaches_those_who_are_there_and_those_who_come_later() {
        let connections = Arc::new(Connections::default());
        let (early, gone, late) =
            (Arc::new(Mailbox::new()), Arc::new(Mailbox::new()), Arc::new(Mailbox::new()));
        let _early = connections.register(Arc::clone(&early));
        drop(connections.register(Arc::clone(&gone)));
        assert_eq!(connections.close_all(CloseOrder::SHUTTING_DOWN), 1);
        let _late = connections.register(Arc::clone(&late));
        assert!(early.close_order().is_some() && late.close_order().is_some());
        assert!(gone.close_order().is_none());
    }
}
