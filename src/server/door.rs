//! Who is in: how many may come, and how to speak to all of them.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex};

use slab::Slab;

use crate::chat::{CloseOrder, Mailbox};
use crate::sync::lock;

/// Counts connections, in all and by address, and knows the mailboxes of those
/// that are open.
#[derive(Debug)]
pub(super) struct Door {
    max: usize,
    max_per_address: Option<usize>,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    guests: Slab<Guest>,
    by_address: HashMap<IpAddr, usize>,
    /// The order for everybody, those who come later included.
    close: Option<CloseOrder>,
}

#[derive(Debug)]
struct Guest {
    address: IpAddr,
    /// Nothing until the opening handshake is complete.
    mailbox: Option<Arc<Mailbox>>,
}

/// A connection's place, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    door: Arc<Door>,
    number: usize,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// The server has all the connections it wants.
    Server,
    /// This address has all the connections it may have.
    Address,
}

impl Door {
    pub(super) fn new(max: usize, max_per_address: Option<usize>) -> Arc<Door> {
        Arc::new(Door { max, max_per_address, inside: Mutex::default() })
    }

    pub(super) fn enter(self: &Arc<Door>, address: IpAddr) -> Result<Place, Full> {
        let address = household(address);
        let mut inside = lock(&self.inside);
        if inside.guests.len() >= self.max {
            return Err(Full::Server);
        }
        if let Some(max) = self.max_per_address {
            let count = inside.by_address.entry(address).or_default();
            if *count >= max {
                return Err(Full::Address);
            }
            *count += 1;
        }
        let number = inside.guests.insert(Guest { address, mailbox: None });
        Ok(Place { door: Arc::clone(self), number })
    }

    /// Orders every open connection to close, now and from now on; how many there are.
    pub(super) fn close_all(&self, order: CloseOrder) -> usize {
        let mut inside = lock(&self.inside);
        inside.close = Some(order);
        let open = inside.guests.iter().filter_map(|(_, guest)| guest.mailbox.as_ref());
        open.map(|mailbox| mailbox.order_close(order)).count()
    }
}

impl Place {
    /// Says that the connection is open, and where it is given orders.
    pub(super) fn open(&self, mailbox: Arc<Mailbox>) {
        let mut inside = lock(&self.door.inside);
        if let Some(order) = inside.close {
            mailbox.order_close(order);
        }
        inside.guests[self.number].mailbox = Some(mailbox);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inside = lock(&self.door.inside);
        let Guest { address, .. } = inside.guests.remove(self.number);
        if let Some(count) = inside.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                inside.by_address.remove(&address);
            }
        }
    }
}

/// What counts as one address: an IPv6 customer has a whole /64.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_gets_as_many_places_as_it_may_have_and_gets_them_back() {
        let door = Door::new(10, Some(2));
        let first = door.enter(address("192.0.2.1")).unwrap();
        let _second = door.enter(address("192.0.2.1")).unwrap();
        assert_eq!(door.enter(address("192.0.2.1")).unwrap_err(), Full::Address);
        assert!(door.enter(address("192.0.2.2")).is_ok());
        drop(first);
        assert!(door.enter(address("192.0.2.1")).is_ok());
    }

    #[test]
    fn the_server_is_full_whoever_comes() {
        let door = Door::new(1, None);
        let first = door.enter(address("192.0.2.1")).unwrap();
        assert_eq!(door.enter(address("192.0.2.2")).unwrap_err(), Full::Server);
        drop(first);
        assert!(door.enter(address("192.0.2.2")).is_ok());
    }

    #[test]
    fn addresses_are_counted_as_their_owners_have_them() {
        let door = Door::new(10, Some(1));
        let _v4 = door.enter(address("192.0.2.1")).unwrap();
        assert_eq!(door.enter(address("::ffff:192.0.2.1")).unwrap_err(), Full::Address);
        let _v6 = door.enter(address("2001:db8::1")).unwrap();
        assert_eq!(door.enter(address("2001:db8::2")).unwrap_err(), Full::Address);
        assert!(door.enter(address("2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn nothing_is_kept_of_an_address_that_has_left() {
        let door = Door::new(10, Some(1));
        drop(door.enter(address("192.0.2.1")).unwrap());
        assert!(lock(&door.inside).by_address.is_empty());
        assert!(lock(&door.inside).guests.is_empty());
    }

    fn mailbox() -> Arc<Mailbox> {
        Arc::new(Mailbox::new(Arc::new(())))
    }

    #[test]
    fn an_order_reaches_those_who_are_there_and_those_who_come_later() {
        let door = Door::new(10, None);
        let enter = || door.enter(address("192.0.2.1")).unwrap();
        let (early, gone, late) = (mailbox(), mailbox(), mailbox());
        let (first, second, _in_its_handshake) = (enter(), enter(), enter());
        first.open(Arc::clone(&early));
        second.open(Arc::clone(&gone));
        drop(second);
        assert_eq!(door.close_all(CloseOrder::ShuttingDown), 1);
        let third = enter();
        third.open(Arc::clone(&late));
        assert!(early.close_order().is_some() && late.close_order().is_some());
        assert!(gone.close_order().is_none());
    }
}
