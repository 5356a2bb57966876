//! What becomes of what clients say and ask for, once they are there.

use std::rc::Rc;

use serde_json::json;

use crate::client::Dialect;
use crate::hands::Place;
use crate::joining::{Exchange, system};
use crate::model::{Model, PersonId, Sent};
use crate::room::Said;
use crate::step::Part;
use crate::world::HISTORY;

/// Milliseconds for which a nonce is remembered whatever happens.
const NONCE_MEMORY: i64 = 5 * 60 * 1000;

/// Messages in one answer unless the client says how many.
const USUAL_PAGE: u64 = 50;

impl Model {
    pub(crate) fn leave(&mut self, exchange: &Exchange<'_>, room: Option<&str>) {
        let who = exchange.who;
        let own = self.own_room(who, room).filter(|_| self.connection(who).person.is_some());
        let Some(room) = own else { return self.refused(exchange, "not_joined", None) };
        assert_eq!(exchange.answers.len(), 0);
        self.stand_up(who, &room, false, exchange.now);
    }

    pub(crate) fn say(
        &mut self,
        exchange: &Exchange<'_>,
        room: Option<&str>,
        content: &str,
        nonce: Option<&str>,
    ) {
        let (who, now) = (exchange.who, exchange.now);
        let Some(room) = self.own_room(who, room) else {
            return self.refused(exchange, "not_joined", nonce);
        };
        let Connected { person, dialect, has_typed } = self.connected(who);
        if let Some(person) = person.filter(|_| has_typed) {
            self.stop_typing(person, &Place::Room(room.clone()), now);
        }
        let seq = self.rooms[&room].head() + 1;
        let user = person.map_or("Anonymous", |person| &self.people[person].name).to_owned();
        let said = Said { room: room.clone(), seq, user, content: content.to_owned(), at: now };
        let Some(nonce) = nonce.filter(|_| dialect == Dialect::V1) else {
            assert_eq!(exchange.answers.len(), 0);
            return self.publish(said);
        };
        let sent = Sent { at: now, id: exchange.id(), place: Some((room.clone(), seq)) };
        if self.is_acknowledged(exchange, person, nonce, sent) {
            let epoch = exchange.id();
            let (epoch, _) = epoch.split_once('-').expect("an epoch and a number");
            self.rooms.get_mut(&room).expect("it is in there").learn_epoch(epoch);
            self.publish(said);
        }
    }

    pub(crate) fn whisper(
        &mut self,
        exchange: &Exchange<'_>,
        to: &str,
        content: &str,
        nonce: Option<&str>,
    ) {
        let (who, now) = (exchange.who, exchange.now);
        let Connected { person, dialect, has_typed } = self.connected(who);
        let Some(person) = person else { return self.refused(exchange, "not_joined", nonce) };
        let addressee = self.named(to);
        if let Some(addressee) = addressee.filter(|_| has_typed) {
            self.stop_typing(person, &Place::Person(addressee), now);
        }
        if addressee.is_none() && !self.post.knows(to) {
            return self.refused(exchange, "no_such_user", nonce);
        }
        match nonce.filter(|_| dialect == Dialect::V1) {
            None => assert_eq!(exchange.answers.len(), 0),
            Some(nonce) => {
                let sent = Sent { at: now, id: exchange.id(), place: None };
                if !self.is_acknowledged(exchange, Some(person), nonce, sent) {
                    return;
                }
            }
        }
        let to = addressee.map_or(to, |addressee| &self.people[addressee].name).to_owned();
        let from = self.people[person].name.clone();
        let letter = self.post.write(&from, &to, content, now);
        if let (Some(_), Dialect::V1) = (nonce, dialect) {
            assert_eq!(self.post.number(&exchange.id()), letter.number);
        }
        for (name, person) in [(from, Some(person)), (to, addressee.filter(|to| *to != person))] {
            let Some(person) = person else { continue };
            self.post.hand(&letter, &name);
            for connection in self.connections.iter_mut().flatten() {
                if connection.person == Some(person) {
                    connection.letters.push_back(Rc::clone(&letter));
                }
            }
        }
    }

    /// Whether something was stored that was sent with a nonce; if not, it had been
    /// before, and the answer says when.
    fn is_acknowledged(
        &mut self,
        exchange: &Exchange<'_>,
        person: Option<PersonId>,
        nonce: &str,
        sent: Sent,
    ) -> bool {
        let [ack] = exchange.answers else { panic!("not one answer: {:?}", exchange.answers) };
        let earlier = person.and_then(|person| self.people[person].sent.get(nonce)).cloned();
        let must_know = earlier.as_ref().is_some_and(|earlier| self.must_know(earlier, &sent));
        let is_repeated = ack.get("duplicate").is_some();
        assert!(is_repeated || !must_know, "stored twice: {ack}");
        assert!(!is_repeated || earlier.is_some(), "stored never: {ack}");
        let mut expected = json!({ "nonce": nonce });
        let stands = earlier.filter(|_| is_repeated).unwrap_or(sent);
        expected["id"] = stands.id.clone().into();
        if let Some((_, seq)) = &stands.place {
            expected["seq"] = (*seq).into();
        }
        if is_repeated {
            expected["duplicate"] = true.into();
        }
        assert_eq!(*ack, system("ack", exchange.now, expected));
        if let Some(person) = person {
            self.people[person].sent.insert(nonce.to_owned(), stands);
        }
        !is_repeated
    }

    /// Whether something that was sent before cannot be forgotten yet.
    fn must_know(&self, earlier: &Sent, again: &Sent) -> bool {
        let is_recent = again.at <= earlier.at + NONCE_MEMORY;
        let is_kept = earlier.place.as_ref().is_some_and(|(room, seq)| {
            let is_there = again.place.as_ref().is_some_and(|(other, _)| other == room);
            let kept = self.rooms.get(room).map_or(&[][..], |room| room.kept(HISTORY));
            is_there && kept.iter().any(|said| said.seq == *seq && said.at == earlier.at)
        });
        is_recent || is_kept
    }

    pub(crate) fn types(&mut self, exchange: &Exchange<'_>, place: Typing<'_>, is_typing: bool) {
        let (who, now) = (exchange.who, exchange.now);
        let Some(person) = self.connected(who).person else {
            return self.refused(exchange, "not_joined", None);
        };
        self.connection(who).has_typed = true;
        let place = match place {
            Typing::InRoom(room) => match self.own_room(who, room) {
                Some(room) => Place::Room(room),
                None => return self.refused(exchange, "not_joined", None),
            },
            Typing::To(name) => match self.named(name) {
                Some(addressee) => Place::Person(addressee),
                None if self.post.knows(name) => return assert_eq!(exchange.answers.len(), 0),
                None => return self.refused(exchange, "no_such_user", None),
            },
        };
        assert_eq!(exchange.answers.len(), 0);
        if is_typing {
            let what = self.hands.types(person, place.clone(), now);
            self.tell_typing(person, &place, what, now);
        } else {
            self.stop_typing(person, &place, now);
        }
    }

    pub(crate) fn history(
        &mut self,
        exchange: &Exchange<'_>,
        room: Option<&str>,
        part: Part,
        limit: Option<u64>,
    ) {
        let Some(room) = self.own_room(exchange.who, room) else {
            return self.refused(exchange, "not_joined", None);
        };
        let dialect = self.connection(exchange.who).dialect;
        let known = self.rooms.get_mut(&room).expect("it is in there");
        let is_meant = |said: &&Rc<Said>| match part {
            Part::Newest => true,
            Part::Before(seq) => said.seq < seq,
            Part::After(seq) => said.seq > seq,
        };
        let meant: Vec<Rc<Said>> = known.kept(HISTORY).iter().filter(is_meant).cloned().collect();
        let limit = meant.len().min(limit.unwrap_or(USUAL_PAGE) as usize);
        let page = match part {
            Part::After(_) => &meant[..limit],
            Part::Newest | Part::Before(_) => &meant[meant.len() - limit..],
        };
        if dialect != Dialect::V1 {
            return known.check_all(page, exchange.answers, dialect);
        }
        let [answer] = exchange.answers else { panic!("{:?}", exchange.answers) };
        let messages = &answer["messages"];
        known.check_all(page, messages.as_array().expect("a list"), dialect);
        known.learn_epoch(answer["epoch"].as_str().expect("a text"));
        let fields = json!({
            "room": room, "epoch": known.epoch, "messages": messages, "more": limit < meant.len(),
        });
        assert_eq!(*answer, system("history", exchange.now, fields));
    }

    pub(crate) fn who(&mut self, exchange: &Exchange<'_>, room: Option<&str>) {
        let room = room.map_or_else(|| self.first_room(exchange.who), str::to_owned);
        let [answer] = exchange.answers else { panic!("{:?}", exchange.answers) };
        if self.connection(exchange.who).dialect == Dialect::V1 {
            let fields =
                json!({ "room": room, "users": answer["users"], "count": answer["count"] });
            assert_eq!(*answer, system("presence", exchange.now, fields));
            self.check_users(exchange, answer, &room);
            return;
        }
        let words = answer["content"].as_str().expect("a text");
        let rest = words.strip_prefix(&format!("In {room} (")).expect("the room");
        let (count, names) = rest.split_once("): ").expect("the number of people");
        let names: Vec<&str> = names.split(", ").filter(|name| !name.is_empty()).collect();
        let count: usize = count.parse().expect("a number");
        self.check_users(exchange, &json!({ "users": names, "count": count }), &room);
    }

    fn connected(&mut self, who: usize) -> Connected {
        let connection = self.connection(who);
        let (person, dialect) = (connection.person, connection.dialect);
        Connected { person, dialect, has_typed: connection.has_typed }
    }
}

/// What matters of a connection that says something.
struct Connected {
    person: Option<PersonId>,
    dialect: Dialect,
    has_typed: bool,
}

/// Where somebody says that they are typing.
pub(crate) enum Typing<'a> {
    InRoom(Option<&'a str>),
    To(&'a str),
}
