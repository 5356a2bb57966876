//! A room: a log and those who read it.

use std::cell::RefCell;
use std::mem;
use std::sync::{Arc, Mutex, RwLock};

use super::departures::{Departures, Verdict};
use super::history::{Entry, History, Missed, Resume};
use super::ids::{Epoch, Position};
use super::limits::Limits;
use super::log::{Cursor, Log, Read};
use super::mailbox::Mailbox;
use super::members::{MemberId, Members, PersonId};
use super::message::NewMessage;
use super::names::{RoomName, UserName};
use super::notice::Notice;
use super::person::Person;
use super::time::Timestamp;
use super::wire::{Dialect, Encoding, RoomObject};
use crate::sync::{lock, read, write};

/// A room, with the messages that it keeps for those who come later.
///
/// An [`Engine`](super::Engine) is handed the room to which it shall append;
/// everybody else meets rooms through their [`Session`](super::Session).
///
/// ```
/// use wirechat::chat::{NewMessage, Room, Stored, Unavailable};
///
/// fn apply(room: &Room, message: &NewMessage<'_>) -> Result<Stored, Unavailable> {
///     let keep = |_seq, _at| Ok(()); // nowhere, in this example
///     let stored = room.append(message, keep)?;
///     assert_eq!(stored.position.epoch, room.epoch());
///     Ok(stored)
/// }
/// ```
#[derive(Debug)]
pub struct Room {
    name: RoomName,
    epoch: Epoch,
    born: Timestamp,
    /// With how many people in it nobody's coming and going is announced any more.
    most_announced: usize,
    /// What is said. Held for as long as a few copies take.
    state: Mutex<State>,
    /// Who is here. Apart from the log, since ringing at a thousand doors takes
    /// a while and those who open should find the log free. Taken after it.
    members: RwLock<Members>,
}

#[derive(Debug)]
struct State {
    log: Log,
    history: History,
    departures: Departures,
    /// The last stamp: the next is not earlier, whatever the clock says.
    stamp: Timestamp,
}

/// Where a message is.
///
/// ```
/// use wirechat::chat::{Epoch, Position, Stored};
///
/// let position = Position { epoch: Epoch::new(0x5eed), seq: 1 };
/// let stored = Stored { position, is_repeated: false };
/// assert_eq!(stored.position.to_string(), "5eed-1");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its place in the room's log.
    pub position: Position,
    /// Whether it was there before, from the same person with the same nonce, and
    /// was not stored again.
    pub is_repeated: bool,
}

/// A connection's place in a room.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) id: MemberId,
    /// What it reads next.
    pub(crate) cursor: Cursor,
    /// The last message before the cursor.
    pub(crate) head: u64,
    /// What it missed, if it asked for that.
    pub(crate) missed: Option<Missed>,
    /// The messages of which that consists.
    pub(crate) replay: Vec<Arc<Entry>>,
}

impl Room {
    /// A room whose log has this life.
    pub(crate) fn new(
        name: RoomName,
        (epoch, born): (Epoch, Timestamp),
        limits: &Limits,
        history: History,
    ) -> Room {
        let state = State {
            log: Log::new(limits.room_log),
            departures: Departures::default(),
            stamp: history.last_stamp().unwrap_or(Timestamp::EARLIEST),
            history,
        };
        let most_announced = limits.max_listed;
        let (state, members) = (Mutex::new(state), RwLock::default());
        Room { name, epoch, born, most_announced, state, members }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &RoomName {
        &self.name
    }

    /// The life of its log.
    #[must_use]
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Appends a message to the log, unless the log has it already, after `keep`
    /// has stored it under its number and its time. Its cost does not depend on how
    /// many read it: [`Room::wake`] tells them.
    ///
    /// # Errors
    /// Those of `keep`; then nothing has been appended.
    pub fn append<E>(
        &self,
        message: &NewMessage<'_>,
        keep: impl FnOnce(u64, Timestamp) -> Result<(), E>,
    ) -> Result<Stored, E> {
        let entry = message.entry();
        let mut state = lock(&self.state);
        let known = entry.key.and_then(|key| state.history.find(key));
        let seq = known.unwrap_or(state.history.head() + 1);
        let position = Position { epoch: self.epoch, seq };
        if known.is_none() {
            let at = state.stamp.max(message.at);
            keep(seq, at)?;
            state.publish(at, |encoding, stamp, into| {
                Some(entry.object.encode_message(encoding, stamp, into, &self.name, position))
            });
            state.history.push(Entry { at, ..entry });
        }
        Ok(Stored { position, is_repeated: known.is_some() })
    }

    /// When its log began.
    #[must_use]
    pub fn born(&self) -> Timestamp {
        self.born
    }

    /// Tells everybody that there is something to read. Once after many
    /// appends is enough.
    pub fn wake(&self) {
        self.wake_others(None);
    }

    /// Like [`Room::wake`], for a member that will read anyway.
    pub(crate) fn wake_others(&self, except: Option<MemberId>) {
        read(&self.members).wake(except);
    }

    /// Appends a notice, which has no number.
    pub(crate) fn append_notice(&self, notice: &Notice<'_>, now: Timestamp) {
        let mut state = lock(&self.state);
        if let Some(was) = notice.was() {
            state.departures.mentioned(was);
            state.departures.mentioned(notice.user());
        }
        self.tell(&mut state, notice, now);
    }

    /// Appends that somebody is typing, or has stopped, which nobody keeps.
    pub(crate) fn append_typing(&self, user: &UserName, is_typing: bool, now: Timestamp) {
        let object = RoomObject::typing(user.as_str());
        lock(&self.state).publish(now, |encoding, stamp, into| {
            object.encode_typing(encoding, stamp, into, &self.name, is_typing)
        });
    }

    /// A connection comes in. It gets what was said behind `resume` and before its
    /// cursor, however much is forgotten until it has read that.
    pub(crate) fn enter(
        &self,
        mailbox: Arc<Mailbox>,
        dialect: Dialect,
        resume: Option<Resume>,
    ) -> Seat {
        let mut state = lock(&self.state);
        let cursor = state.log.enter(dialect);
        let head = state.history.head();
        let missed = resume.map(|resume| state.history.missed(resume, self.epoch, self.born));
        let replay = match missed {
            Some(Missed { after, .. }) => {
                state.history.after(after).map(|(_, entry)| Arc::clone(entry)).collect()
            }
            None => Vec::new(),
        };
        let id = write(&self.members).insert(mailbox);
        Seat { id, cursor, head, missed, replay }
    }

    /// A connection goes. Whether it was the last.
    pub(crate) fn leave(&self, id: MemberId, cursor: Cursor, dialect: Dialect) -> bool {
        let mut state = lock(&self.state);
        state.log.leave(cursor, dialect);
        let mut members = write(&self.members);
        members.remove(id);
        if members.is_empty() {
            state.log.rest();
        }
        members.is_empty()
    }

    /// A connection has learned another dialect.
    pub(crate) fn change_dialect(&self, from: Dialect, to: Dialect) {
        lock(&self.state).log.change(from, to);
    }

    /// A person comes in, and the others hear of it unless they were just here, or
    /// are too many: each would cost as much as all of them. The verdict has been
    /// carried out but for what is to be [settled](Room::settle).
    pub(crate) fn admit(&self, person: &Arc<Person>, now: Timestamp) -> (PersonId, Verdict) {
        let user = person.name();
        let mut state = lock(&self.state);
        let (id, count) = {
            let mut members = write(&self.members);
            (members.admit(person), members.count())
        };
        if count > self.most_announced {
            return (id, Verdict::SILENCE);
        }
        let verdict = state.departures.came(&user);
        self.carry_out(&mut state, verdict, &Notice::Joined(&user), now);
        (id, verdict)
    }

    /// A person goes, and the others hear of it unless they may be back at once or are
    /// too many.
    pub(crate) fn dismiss(
        &self,
        id: PersonId,
        user: &UserName,
        is_lost: bool,
        now: Timestamp,
    ) -> Verdict {
        let mut state = lock(&self.state);
        let count = {
            let mut members = write(&self.members);
            members.dismiss(id);
            members.count()
        };
        if count >= self.most_announced {
            return Verdict::SILENCE;
        }
        let verdict = state.departures.went(user, is_lost, now);
        self.carry_out(&mut state, verdict, &Notice::Left(user), now);
        verdict
    }

    /// Tells what the others do not know about somebody who came or went. When to
    /// ask again.
    pub(crate) fn settle(&self, user: &UserName, now: Timestamp) -> Option<Timestamp> {
        let mut state = lock(&self.state);
        let (is_here, verdict) = state.departures.settle(user, now);
        let notice = if is_here { Notice::Joined(user) } else { Notice::Left(user) };
        self.carry_out(&mut state, verdict, &notice, now);
        drop(state);
        if verdict.tell {
            self.wake();
        }
        verdict.again
    }

    fn carry_out(&self, state: &mut State, verdict: Verdict, notice: &Notice<'_>, now: Timestamp) {
        if verdict.tell {
            self.tell(state, notice, now);
        }
    }

    fn tell(&self, state: &mut State, notice: &Notice<'_>, now: Timestamp) {
        let object = RoomObject::notice(notice);
        state.publish(now, |encoding, stamp, into| {
            Some(object.encode_notice(encoding, stamp, into, &self.name, notice))
        });
    }

    /// What there is to read at `cursor`.
    pub(crate) fn read(&self, cursor: Cursor, encoding: Encoding) -> Read {
        lock(&self.state).log.read(cursor, encoding)
    }

    /// What `choose` finds in the history.
    pub(crate) fn look_back<T>(&self, choose: impl FnOnce(&History) -> T) -> T {
        choose(&lock(&self.state).history)
    }

    /// A message of the history as those got it who were there.
    pub(crate) fn encode(&self, encoding: Encoding, seq: u64, entry: &Entry) -> String {
        let position = Position { epoch: self.epoch, seq };
        entry.object.encode_message(encoding, entry.at, String::new(), &self.name, position)
    }

    /// Whether so much is to be read at `cursor` that nothing should be added.
    pub(crate) fn is_far_behind(&self, cursor: Cursor) -> bool {
        lock(&self.state).log.is_far_behind(cursor)
    }

    /// The last message's place.
    pub(crate) fn head(&self) -> Position {
        Position { epoch: self.epoch, seq: lock(&self.state).history.head() }
    }

    /// Bytes that it takes while nobody is in it, about.
    pub(crate) fn size(&self) -> usize {
        lock(&self.state).history.size() + size_of::<Room>()
    }

    /// Gives back the memory that it needs only while somebody speaks.
    pub(crate) fn rest(&self) {
        lock(&self.state).log.rest();
    }

    /// How many have joined.
    pub(crate) fn count(&self) -> usize {
        read(&self.members).count()
    }

    /// Up to `most` of the people here, and how many they are: as the notices have it,
    /// or whoever reads this list and then notices would never learn the truth. Only
    /// `reader` knows of their own return before it is announced.
    pub(crate) fn users(&self, most: usize, reader: Option<&UserName>) -> (Vec<UserName>, usize) {
        let state = lock(&self.state);
        let (mut hidden, ghosts) = state.departures.untold();
        let members = read(&self.members);
        drop(state);
        reader.map(|reader| hidden.remove(reader));
        let count = members.count() - hidden.len() + ghosts.len();
        let known = members.users().filter(|user| !hidden.contains(user));
        (known.chain(ghosts).take(most).collect(), count)
    }
}

impl State {
    /// Appends what `encode` writes in each encoding that somebody reads.
    fn publish(
        &mut self,
        now: Timestamp,
        encode: impl Fn(Encoding, Timestamp, String) -> Option<String>,
    ) {
        self.stamp = self.stamp.max(now);
        SCRATCH.with_borrow_mut(|scratch| {
            let message = Encoding::ALL.map(|encoding| {
                let is_read = self.log.uses(encoding);
                is_read.then(|| {
                    encode(encoding, self.stamp, mem::take(&mut scratch[encoding as usize]))
                })?
            });
            self.log.append(&message, self.stamp);
            for (scratch, json) in scratch.iter_mut().zip(message) {
                *scratch = json.unwrap_or_default();
            }
        });
    }
}

thread_local! {
    /// Where messages are written, to be copied into logs: no longer than the
    /// longest message, and one of each encoding for each thread.
    static SCRATCH: RefCell<[String; Encoding::ALL.len()]> = RefCell::default();
}
