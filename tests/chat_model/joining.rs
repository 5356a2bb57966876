//! How a join is answered, and a refusal.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::Dialect;
use crate::model::{Model, Person, PersonId};
use crate::room::{Resume, Room};
use crate::world::{HISTORY, MOST_ROOMS};

/// What a client asks for that joins.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) name: String,
    pub(crate) room: Option<String>,
    pub(crate) resume: Option<Resume>,
    pub(crate) token: Option<String>,
    /// The id of the last private message that it saw.
    pub(crate) behind: Option<String>,
}

/// What was asked by whom and when, and how it was answered.
pub(crate) struct Exchange<'a> {
    pub(crate) who: usize,
    pub(crate) now: i64,
    pub(crate) answers: &'a [Value],
}

impl Exchange<'_> {
    /// The id in the one answer.
    pub(crate) fn id(&self) -> String {
        let [answer] = self.answers else { panic!("not one answer: {:?}", self.answers) };
        answer["id"].as_str().unwrap_or_else(|| panic!("no id: {answer}")).to_owned()
    }
}

/// An answer of the server to one connection.
pub(crate) fn system(kind: &str, now: i64, mut fields: Value) -> Value {
    for (key, value) in
        [("type", json!(kind)), ("username", json!("System")), ("timestamp", json!(now))]
    {
        fields[key] = value;
    }
    fields.as_object_mut().expect("it is one").entry("content").or_insert_with(|| json!(""));
    fields
}

impl Model {
    /// The request is refused, and nothing else happens.
    pub(crate) fn refused(&mut self, exchange: &Exchange<'_>, code: &str, nonce: Option<&str>) {
        let [error] = exchange.answers else { panic!("{code}, not {:?}", exchange.answers) };
        assert_eq!(error["username"], "System");
        if self.connection(exchange.who).dialect == Dialect::V1 {
            assert_eq!((&error["type"], &error["code"]), (&"error".into(), &code.into()));
            assert_eq!(error.get("nonce"), nonce.map(Value::from).as_ref());
        }
    }

    /// The name of the room that is meant when none is named.
    pub(crate) fn first_room(&mut self, who: usize) -> String {
        let connection = self.connection(who);
        match connection.seats.first() {
            Some(seat) if connection.person.is_some() => seat.room.clone(),
            _ => "lobby".to_owned(),
        }
    }

    /// The room that is meant, if the connection is in it.
    pub(crate) fn own_room(&mut self, who: usize, room: Option<&str>) -> Option<String> {
        let mut seats = self.connection(who).seats.iter();
        let seat = seats.find(|seat| room.is_none_or(|room| seat.room == room));
        seat.map(|seat| seat.room.clone())
    }

    /// Whether it has entered a room that it was not in.
    pub(crate) fn join(&mut self, exchange: &Exchange<'_>, ask: &Ask) -> bool {
        let (who, now) = (exchange.who, exchange.now);
        let room = ask.room.clone().unwrap_or_else(|| self.first_room(who));
        let connection = self.connection(who);
        let (dialect, held) = (connection.dialect, connection.person);
        let reads_there = connection.seats.iter().any(|seat| seat.room == room);
        let is_new = held.is_none() || !reads_there;
        let seats = connection.seats.len();
        if is_new && held.is_some() && seats >= MOST_ROOMS {
            self.refused(exchange, "too_many_rooms", None);
            return false;
        }
        let begins_anew = held.is_none() && (dialect == Dialect::V1 || ask.resume.is_some());
        let goes_on = reads_there && !begins_anew;
        let gap = if goes_on { None } else { self.enter(exchange, &room, ask) };
        let token = ask.token.as_ref().filter(|_| dialect == Dialect::V1);
        let known = || self.people.iter().position(|person| person.token.as_ref() == token);
        let person = held.or_else(|| token.and_then(|_| known()));
        let owner = self.named(&ask.name);
        let is_free = owner.is_none() || owner == person;
        if !is_free && dialect == Dialect::V1 {
            self.connection(who).seats.truncate(seats);
            self.look_into(&room, now);
            self.refused(exchange, "name_taken", None);
            return false;
        }
        let (name, answers) = match is_free {
            true => (ask.name.clone(), exchange.answers),
            false => self.numbered(exchange, &ask.name, person),
        };
        let person = self.introduce(exchange, person, &name, ask, token.cloned());
        if held.is_none() && !goes_on {
            self.stop_being_anonymous(who, seats, now);
        }
        self.connection(who).person = Some(person);
        if is_new {
            self.admit(person, &room, now);
        }
        match (dialect, answers) {
            (Dialect::V1, [joined]) => self.check_joined(exchange, joined, &room, gap, held),
            (_, answers) => assert_eq!(answers.len(), 0, "{answers:?}"),
        }
        is_new
    }

    /// The connection is in the room, not yet as anybody. Whether it asked for what it
    /// missed, and why that may not be all.
    fn enter(
        &mut self,
        exchange: &Exchange<'_>,
        room: &str,
        ask: &Ask,
    ) -> Option<Option<&'static str>> {
        let known = self.rooms.entry(room.to_owned()).or_insert_with(|| Room::new(exchange.now));
        let missed = ask.resume.as_ref().map(|resume| known.missed(resume, HISTORY));
        let (missed, gap) = missed.map_or((Vec::new(), None), |(said, why)| (said, Some(why)));
        self.sit(exchange.who, room, missed, exchange.now);
        gap
    }

    /// A plain client that asks for a name in use is told another one.
    fn numbered<'a>(
        &self,
        exchange: &Exchange<'a>,
        wanted: &str,
        person: Option<PersonId>,
    ) -> (String, &'a [Value]) {
        let [told, answers @ ..] = exchange.answers else { panic!("it is not told its name") };
        let words = format!("{wanted} is in use: you are ");
        let name = told["content"].as_str().and_then(|told| told.strip_prefix(&words));
        let name = name.unwrap_or_else(|| panic!("{told}"));
        assert!(name.starts_with(&format!("{wanted}-")));
        assert!(self.named(name).is_none_or(|owner| Some(owner) == person), "{name} is in use");
        (name.to_owned(), answers)
    }

    /// The connection is this person, or a new one, and has this name.
    fn introduce(
        &mut self,
        exchange: &Exchange<'_>,
        person: Option<PersonId>,
        name: &str,
        ask: &Ask,
        token: Option<String>,
    ) -> PersonId {
        let (who, now) = (exchange.who, exchange.now);
        let person = person.unwrap_or_else(|| {
            let (connections, sent) = (BTreeSet::new(), Default::default());
            self.people.push(Person { name: name.to_owned(), token, connections, sent });
            self.people.len() - 1
        });
        let is_here = !self.people[person].connections.is_empty();
        let is_renamed = is_here && self.people[person].name != name;
        match is_renamed {
            true => self.rename(person, name, now),
            false => self.people[person].name = name.to_owned(),
        }
        if self.connection(who).person.is_none() {
            let behind = ask.behind.as_ref().map(|id| self.post.behind(id));
            if let Some(id) =
                exchange.answers.last().and_then(|joined| joined["private_after"].as_str())
            {
                self.post.check_begin(name, behind, id);
            }
            let letters = self.post.collect(name, behind);
            self.connection(who).letters.extend(letters);
            self.people[person].connections.insert(who);
        } else if is_renamed {
            let letters = self.post.collect(name, None);
            for other in self.people[person].connections.clone() {
                self.connection(other).letters.extend(letters.iter().cloned());
            }
        }
        person
    }

    fn check_joined(
        &mut self,
        exchange: &Exchange<'_>,
        joined: &Value,
        room: &str,
        gap: Option<Option<&'static str>>,
        held: Option<PersonId>,
    ) {
        let text = |key: &str| joined[key].as_str().expect("a text").to_owned();
        let person = self.connection(exchange.who).person.expect("it has joined");
        let token = self.people[person].token.get_or_insert_with(|| text("session")).clone();
        let others = self.people.iter().filter(|other| other.token.as_ref() == Some(&token));
        assert!(token.len() == 32 && others.count() == 1);
        let known = self.rooms.get_mut(room).expect("it is in there");
        known.learn_epoch(&text("epoch"));
        let mut expected = json!({
            "room": room, "user": self.people[person].name, "epoch": known.epoch,
            "seq": known.head(), "users": joined["users"], "count": joined["count"],
            "session": token, "recovered": gap == Some(None),
        });
        if held.is_none() {
            expected["private_after"] = text("private_after").into();
        }
        if let Some(Some(reason)) = gap {
            expected["reason"] = reason.into();
        }
        assert_eq!(*joined, system("joined", exchange.now, expected));
        self.check_users(exchange, joined, room);
    }

    /// A list of the people in a room: each once, and nobody else.
    pub(crate) fn check_users(&mut self, exchange: &Exchange<'_>, list: &Value, room: &str) {
        let (who, now) = (exchange.who, exchange.now);
        let users = list["users"].as_array().expect("a list").iter();
        let names: Vec<String> = users.map(|user| user.as_str().expect("a name").into()).collect();
        let users: BTreeSet<String> = names.iter().cloned().collect();
        assert_eq!((names.len(), &list["count"]), (users.len(), &users.len().into()), "{list}");
        let Some(known) = self.rooms.get(room) else { return assert!(users.is_empty(), "{list}") };
        for user in &users {
            assert!(known.may_be_listed(user, now), "{user} is not here: {list}");
        }
        let asker = self.connections[who].as_ref().and_then(|asker| asker.person);
        for person in known.people.keys() {
            let name = &self.people[*person].name;
            let must = known.must_be_listed(name, now) || asker == Some(*person);
            assert!(!must || users.contains(name), "{name} is here: {list}");
        }
        let is_v1 = self.connection(who).dialect == Dialect::V1;
        let seats = &mut self.connection(who).seats;
        if let Some(seat) = seats.iter_mut().find(|seat| seat.room == room && is_v1) {
            seat.users = Some(users);
        }
    }
}
