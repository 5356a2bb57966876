//! Who is where and has which name; what everybody must yet see.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::rc::Rc;

use serde_json::Value;

use crate::client::Dialect;
use crate::hands::{Hands, Place};
use crate::post::{Letter, Post};
use crate::room::{Room, Said};
use crate::seat::{Ear, Event, Seat, What};
use crate::step::CLIENTS;

pub(crate) type PersonId = usize;

/// A name without regard to case.
pub(crate) fn key(name: &str) -> String {
    name.to_lowercase()
}

/// Somebody who has joined: all connections with one token.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) token: Option<String>,
    pub(crate) connections: BTreeSet<usize>,
    pub(crate) sent: HashMap<String, Sent>,
}

/// Something that was sent with a nonce.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) at: i64,
    pub(crate) id: String,
    /// Its place, if it was said to a room.
    pub(crate) place: Option<(String, u64)>,
}

#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) dialect: Dialect,
    pub(crate) person: Option<PersonId>,
    /// The first one joined first; the lobby of those who have not joined.
    pub(crate) seats: Vec<Seat>,
    /// The private messages that it must yet see.
    pub(crate) letters: VecDeque<Rc<Letter>>,
    /// What it hears of those who are typing to it alone.
    pub(crate) ear: Ear,
    pub(crate) has_typed: bool,
}

/// What a client has seen.
#[derive(Debug)]
pub(crate) enum Seen {
    Said(Rc<Said>),
    Letter,
    Other,
}

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) people: Vec<Person>,
    pub(crate) rooms: BTreeMap<String, Room>,
    pub(crate) post: Post,
    pub(crate) hands: Hands,
    pub(crate) connections: [Option<Connection>; CLIENTS],
    ticked: i64,
}

impl Model {
    pub(crate) fn connection(&mut self, who: usize) -> &mut Connection {
        self.connections[who].as_mut().expect("it is connected")
    }

    /// The person of this name who is here.
    pub(crate) fn named(&self, name: &str) -> Option<PersonId> {
        let is_here = |person: &Person| !person.connections.is_empty();
        self.people.iter().position(|person| is_here(person) && key(&person.name) == key(name))
    }

    /// A connection comes, and reads in the lobby.
    pub(crate) fn connect(&mut self, who: usize, dialect: Dialect, now: i64) {
        self.connections[who] = Some(Connection {
            dialect,
            person: None,
            seats: Vec::new(),
            letters: VecDeque::new(),
            ear: Ear::default(),
            has_typed: false,
        });
        self.sit(who, "lobby", Vec::new(), now);
    }

    /// A connection speaks this dialect. If that is news, it may have been told of the
    /// beginning of what ended before.
    pub(crate) fn speaks(&mut self, who: usize, dialect: Dialect, now: i64) {
        let connection = self.connection(who);
        if connection.dialect != dialect {
            connection.dialect = dialect;
            let ears = connection.seats.iter_mut().map(|seat| &mut seat.ear);
            ears.for_each(|ear| ear.expect_nothing_more(now));
        }
    }

    /// A connection enters a room, not yet as anybody.
    pub(crate) fn sit(&mut self, who: usize, room: &str, missed: Vec<Rc<Said>>, now: i64) {
        self.rooms.entry(room.to_owned()).or_insert_with(|| Room::new(now)).empty_since = None;
        self.connection(who).seats.push(Seat::new(room, missed));
    }

    /// Its person enters the room with it.
    pub(crate) fn admit(&mut self, person: PersonId, room: &str, now: i64) {
        let name = self.people[person].name.clone();
        let known = self.rooms.get_mut(room).expect("it is in there");
        let connections = known.people.entry(person).or_default();
        *connections += 1;
        if *connections == 1 {
            let must = known.change(now, &name, true, false);
            self.tell_if(must, room, &name, What::Came, now);
        }
    }

    /// A connection leaves a room, or is lost.
    pub(crate) fn stand_up(&mut self, who: usize, room: &str, is_lost: bool, now: i64) {
        let person = self.connection(who).person;
        if let Some(person) = person {
            self.stop_typing(person, &Place::Room(room.to_owned()), now);
        }
        let connection = self.connection(who);
        let place = connection.seats.iter().position(|seat| seat.room == room);
        let left = connection.seats.remove(place.expect("it was in there"));
        if let (Dialect::Plain | Dialect::Knowing, [first, ..]) =
            (connection.dialect, &mut connection.seats[..])
        {
            // Of two equal notices it may have seen this one, and not that of the other room.
            first.ear.take_over(left.ear);
            connection.seats.iter_mut().for_each(|seat| seat.ear.expect_no_longer());
        }
        if let Some(person) = person {
            self.dismiss(person, room, is_lost, now);
        }
        self.look_into(room, now);
        if self.connection(who).seats.is_empty() {
            self.part(who, now);
        }
    }

    /// A connection that has read its first few seats as nobody leaves them.
    pub(crate) fn stop_being_anonymous(&mut self, who: usize, seats: usize, now: i64) {
        let left: Vec<Seat> = self.connection(who).seats.drain(..seats).collect();
        left.iter().for_each(|seat| self.look_into(&seat.room, now));
    }

    /// Somebody has left the room: it may be empty.
    pub(crate) fn look_into(&mut self, room: &str, now: i64) {
        let mut seats = self.connections.iter().flatten().flat_map(|other| &other.seats);
        if !seats.any(|seat| seat.room == room) {
            self.rooms.get_mut(room).expect("somebody was there").empty_since = Some(now);
        }
    }

    fn dismiss(&mut self, person: PersonId, room: &str, is_lost: bool, now: i64) {
        let name = self.people[person].name.clone();
        let known = self.rooms.get_mut(room).expect("they were in there");
        let connections = known.people.get_mut(&person).expect("they were in there");
        *connections -= 1;
        if *connections == 0 {
            known.people.remove(&person);
            let was_settled = known.change(now, &name, false, is_lost);
            self.tell_if(was_settled && !is_lost, room, &name, What::Left, now);
        }
    }

    /// A connection is in no room any more, and so it is nobody.
    fn part(&mut self, who: usize, now: i64) {
        let Some(person) = self.connection(who).person.take() else { return };
        self.people[person].connections.remove(&who);
        self.connection(who).ear.expect_nothing_more(now);
        if self.people[person].connections.is_empty() {
            self.post.remember(&self.people[person].name);
            for place in self.hands.places(person) {
                self.stop_typing(person, &place, now);
            }
        }
    }

    pub(crate) fn go(&mut self, who: usize, is_lost: bool, now: i64) {
        while let Some(seat) = self.connection(who).seats.first() {
            let room = seat.room.clone();
            self.stand_up(who, &room, is_lost, now);
        }
        self.connections[who] = None;
    }

    /// A person who is here has another name from now on.
    pub(crate) fn rename(&mut self, person: PersonId, name: &str, now: i64) {
        for place in self.hands.places(person) {
            self.stop_typing(person, &place, now); // nobody would know whose typing ends later
        }
        let was = std::mem::replace(&mut self.people[person].name, name.to_owned());
        let mut rooms = Vec::new();
        for (name_of_room, room) in &mut self.rooms {
            if room.people.contains_key(&person) {
                room.change(now, &was, false, false);
                room.change(now, name, true, false);
                rooms.push(name_of_room.clone());
            }
        }
        for room in rooms {
            self.tell_if(true, &room, name, What::Renamed { was: was.clone() }, now);
        }
    }

    /// All who are in the room get to hear this, or may.
    fn tell_if(&mut self, must: bool, room: &str, user: &str, what: What, now: i64) {
        let event = Event { at: now, user: user.to_owned(), what };
        for seat in self.connections.iter_mut().flatten().flat_map(|other| &mut other.seats) {
            if seat.room == room {
                seat.ear.expect(event.clone(), must);
            }
        }
    }

    /// Those to whom a person is typing get to hear this, if they understand it.
    pub(crate) fn tell_typing(&mut self, person: PersonId, place: &Place, what: What, now: i64) {
        let event = Event { at: now, user: self.people[person].name.clone(), what };
        let goes_on = event.what == What::GoesOnTyping; // is told now and then
        for connection in self.connections.iter_mut().flatten() {
            let must = connection.dialect == Dialect::V1 && !goes_on;
            match place {
                Place::Room(room) => {
                    let seats = connection.seats.iter_mut().filter(|seat| seat.room == *room);
                    seats.for_each(|seat| seat.ear.expect(event.clone(), must));
                }
                Place::Person(to) if connection.person == Some(*to) => {
                    connection.ear.expect(event.clone(), must);
                }
                Place::Person(_) => {}
            }
        }
    }

    pub(crate) fn stop_typing(&mut self, person: PersonId, place: &Place, now: i64) {
        if self.hands.stop(person, place) {
            self.tell_typing(person, place, What::StopsTyping, now);
        }
    }

    /// What was said reaches all who are in the room.
    pub(crate) fn publish(&mut self, said: Said) {
        let said = Rc::new(said);
        let room = self.rooms.get_mut(&said.room).expect("somebody is in there");
        room.log.push(Rc::clone(&said));
        for seat in self.connections.iter_mut().flatten().flat_map(|other| &mut other.seats) {
            if seat.room == said.room {
                seat.unseen.push_back(Rc::clone(&said));
            }
        }
    }

    /// What is due at this time.
    pub(crate) fn tick(&mut self, now: i64) {
        for (person, place) in self.hands.overdue(now) {
            self.stop_typing(person, &place, now);
        }
        let rooms = self.rooms.iter();
        let overdue = rooms.flat_map(|(name, room)| {
            room.overdue(self.ticked, now).map(|change| (name.clone(), change.name.clone()))
        });
        for (room, name) in overdue.collect::<Vec<_>>() {
            self.tell_if(true, &room, &name, What::Left, now);
        }
        self.rooms.retain(|_, room| !room.is_forgotten(now));
        self.ticked = now;
    }

    /// A client sees an object that it did not ask for.
    pub(crate) fn see(&mut self, who: usize, object: &Value) -> Seen {
        let connection = self.connections[who].as_mut().expect("it is connected");
        let text = |key: &str| object[key].as_str();
        let at = object["timestamp"].as_i64().expect("a time");
        let mut seat = text("room").map(|room| {
            let seat = connection.seats.iter_mut().find(|seat| seat.room == room);
            seat.unwrap_or_else(|| panic!("not in {room}: {object}"))
        });
        match (text("type"), &mut seat) {
            (Some("message"), Some(seat)) if object.get("event").is_some() => {
                seat.see_notice(&Event::of_notice(object), &self.rooms[&seat.room]);
                Seen::Other
            }
            (Some("message"), Some(seat)) => {
                let said = seat.unseen.pop_front();
                let said = said.unwrap_or_else(|| panic!("not for its eyes: {object}"));
                self.rooms.get_mut(&seat.room).expect("it is there").check(&said, object);
                Seen::Said(said)
            }
            (Some("typing"), seat) => {
                let user = text("username").expect("a name");
                let is_typing = object["isTyping"].as_bool().expect("yes or no");
                assert!(seat.is_some() || object["from"] == user, "{object}");
                let ear = seat.as_mut().map_or(&mut connection.ear, |seat| &mut seat.ear);
                ear.see_typing(user, is_typing, at);
                Seen::Other
            }
            (Some("private"), None) => self.see_letter(who, object),
            (Some("message"), None) => self.see_plain(who, object),
            _ => panic!("out of place: {object}"),
        }
    }

    fn see_letter(&mut self, who: usize, object: &Value) -> Seen {
        let connection = self.connections[who].as_mut().expect("it is connected");
        let letter = connection.letters.pop_front();
        let letter = letter.unwrap_or_else(|| panic!("not for its eyes: {object}"));
        self.post.check(&letter, object, connection.dialect);
        Seen::Letter
    }

    /// A plain client does not see in which room it is.
    fn see_plain(&mut self, who: usize, object: &Value) -> Seen {
        let connection = self.connections[who].as_mut().expect("it is connected");
        let seats = &mut connection.seats;
        let username = object["username"].as_str().expect("a name");
        if username.ends_with(" (private)") {
            return self.see_letter(who, object);
        }
        if username == "System" {
            let event = Event::in_words(object);
            seats.iter_mut().for_each(Seat::forget_told);
            let due = [true, false].into_iter().any(|must| {
                seats.iter_mut().any(|seat| seat.ear.take_if(&event, must)) // the musts first
            });
            let is_late = !matches!(event.what, What::Renamed { .. });
            assert!(due || is_late, "nobody was renamed: {object}");
            return Seen::Other;
        }
        let is_this = |said: &Rc<Said>| said.plain_object() == *object;
        let seat = seats.iter_mut().find(|seat| seat.unseen.front().is_some_and(is_this));
        let seat = seat.unwrap_or_else(|| panic!("not for its eyes, or not now: {object}"));
        Seen::Said(seat.unseen.pop_front().expect("it is in front"))
    }

    /// A client has seen everything until now.
    pub(crate) fn check_seen(&mut self, who: usize) {
        let connection = self.connection(who);
        // What a client got before it showed what it knows does not say in which room.
        let knows_rooms = connection.dialect != Dialect::Knowing;
        connection.seats.iter_mut().for_each(|seat| seat.check_seen(knows_rooms));
        assert!(connection.letters.is_empty(), "not seen: {:?}", connection.letters);
        connection.ear.check_seen();
    }

    /// After a while of quiet all that a client believes is true.
    pub(crate) fn check_beliefs(&mut self, who: usize) {
        let (people, rooms) = (&self.people, &self.rooms);
        let connection = self.connections[who].as_ref().expect("it is connected");
        connection.ear.check_silence();
        for seat in &connection.seats {
            seat.ear.check_silence();
            let here = rooms[&seat.room].people.keys().map(|person| people[*person].name.clone());
            let here: BTreeSet<String> = here.collect();
            assert!(
                seat.users.as_ref().is_none_or(|users| *users == here),
                "{:?} {here:?}",
                seat.users
            );
        }
    }
}
