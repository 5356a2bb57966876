//! What one client makes of what it hears: whose message it is, and whether it
//! comes once and in order.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use serde::Deserialize;

use super::content::{Content, Stamp};
use super::frames::Frames;
use super::log::Log;
use super::sequence::{Sequence, Verdict};

/// One payload, understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A message, with its stamp if it is one of this run.
    Message(Verdict, Option<Stamp>),
    /// The client is in its room.
    Joined,
    /// What the client asked for was refused, with this code.
    Refused(String),
    /// Nothing to be judged: a notice, somebody else's message.
    Other,
}

/// What a client expects to hear.
#[derive(Debug)]
pub(super) enum Ear {
    /// What its room's log holds, from its own place in it: nothing before it has joined.
    Chat { log: Rc<RefCell<Log>>, place: Option<Sequence> },
    /// What everybody says. Most relays send all of it to all in one order: then
    /// this client's next message is the one at `due` among those that were heard.
    Relay { frames: Rc<RefCell<Frames>>, due: u64, hearing: Hearing },
    /// Its own messages.
    Echo { own: u32, sequence: Sequence },
}

/// What was heard of each of several senders, in whatever order between them.
#[derive(Debug)]
pub(super) struct Hearing {
    senders: u32,
    heard: Vec<Option<Sequence>>,
    /// Whether their first messages are expected, too. If not, each is taken up
    /// where it is.
    from_the_start: bool,
}

/// How our server begins what it says itself: when a thousand people enter a
/// room, half a million of these come. Other servers' are parsed.
const NOTICE: &[u8] = br#"{"type":"message","username":"System","#;

/// The objects of the server, as far as they matter here.
#[derive(Deserialize)]
struct Object<'p> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'p, str>,
    #[serde(borrow, default)]
    content: Cow<'p, str>,
    seq: Option<u64>,
    epoch: Option<String>,
    code: Option<String>,
}

impl Ear {
    /// Takes a frame off the front of `bytes` if it is known what it says: how
    /// long it is, and the message. Only where a message begins.
    #[inline]
    pub(super) fn recognise(&mut self, bytes: &[u8]) -> Option<(usize, Verdict, Option<Stamp>)> {
        match self {
            Ear::Chat { log, place: Some(place) } => {
                let due = place.next();
                let (len, stamp) = log.borrow().recognise(due, bytes)?;
                Some((len, place.hear(due), stamp))
            }
            Ear::Relay { frames, due, hearing } => {
                let (len, stamp) = frames.borrow().recognise(*due, bytes)?;
                *due += 1;
                Some((len, hearing.hear(stamp?), stamp))
            }
            Ear::Chat { place: None, .. } | Ear::Echo { .. } => None,
        }
    }

    /// Understands the payload of a message.
    pub(super) fn hear(&mut self, payload: &[u8], content: &Content) -> Heard {
        if let Ear::Chat { log, place } = self {
            let log = &mut log.borrow_mut();
            return match place {
                Some(place) => hear_in_room(place, payload, log, content),
                None => hear_before_join(place, payload, log),
            };
        }
        let Some(stamp) = content.read(payload) else { return Heard::Other };
        let verdict = match self {
            Ear::Relay { frames, due, hearing } => {
                // Whoever is ahead of all others shows them what comes.
                frames.borrow_mut().put(*due, payload, Some(stamp));
                *due += 1;
                hearing.hear(stamp)
            }
            Ear::Echo { own, sequence } if stamp.sender == *own => {
                sequence.hear(stamp.number.into())
            }
            Ear::Echo { .. } | Ear::Chat { .. } => Verdict::Twice,
        };
        Heard::Message(verdict, Some(stamp))
    }

    /// The client has a connection. In a chat it still has to enter its room.
    pub(super) fn pick_up(&mut self, is_the_start: bool) {
        if let Ear::Relay { frames, due, hearing } = self {
            *due = frames.borrow().end();
            hearing.from_the_start = is_the_start;
        }
    }

    /// The connection has ended, and what is said from now on is not expected.
    /// How many messages it missed in between.
    pub(super) fn hang_up(&mut self) -> u64 {
        match self {
            Ear::Chat { place, .. } => place.take().map_or(0, |place| place.lost(0)),
            Ear::Relay { hearing, .. } => {
                let heard = Hearing::of(hearing.senders);
                std::mem::replace(hearing, heard).lost(|_| 0)
            }
            // Its messages go on where they are.
            Ear::Echo { .. } => 0,
        }
    }

    /// Whether the client hears what is said to all.
    pub(super) fn is_listening(&self) -> bool {
        !matches!(self, Ear::Chat { place: None, .. })
    }

    /// These messages of this sender may come at any time or never. Of a chat,
    /// the sender's own ear passes that on to all.
    pub(super) fn excuse(&mut self, sender: u32, numbers: Range<u64>) {
        match self {
            Ear::Chat { log, .. } => log.borrow_mut().excuse(sender, numbers),
            Ear::Relay { hearing, .. } => hearing.excuse(sender, numbers),
            Ear::Echo { sequence, .. } => sequence.excuse(numbers),
        }
    }

    /// How many messages it should have heard and did not. A chat's end where
    /// its log ends; of others, this many were sent by each sender.
    pub(super) fn lost(&self, sent_by: impl Fn(u32) -> u64) -> u64 {
        match self {
            Ear::Chat { place: None, .. } => 0,
            Ear::Chat { log, place: Some(place) } => place.lost(log.borrow().end()),
            Ear::Relay { hearing, .. } => hearing.lost(sent_by),
            Ear::Echo { own, sequence } => sequence.lost(sent_by(*own)),
        }
    }
}

impl Hearing {
    /// Nothing yet of this many senders, and nothing expected.
    pub(super) fn of(senders: u32) -> Hearing {
        Hearing { senders, heard: Vec::new(), from_the_start: false }
    }

    fn hear(&mut self, stamp: Stamp) -> Verdict {
        let number = stamp.number.into();
        let first = if self.from_the_start { 0 } else { number };
        self.from(stamp.sender).get_or_insert_with(|| Sequence::starting_at(first)).hear(number)
    }

    fn from(&mut self, sender: u32) -> &mut Option<Sequence> {
        let index = sender as usize;
        if index >= self.heard.len() {
            self.heard.resize(index + 1, None);
        }
        &mut self.heard[index]
    }

    fn excuse(&mut self, sender: u32, numbers: Range<u64>) {
        let nothing = self.from_the_start.then(|| Sequence::starting_at(0));
        let heard = self.from(sender);
        *heard = heard.take().or(nothing);
        if let Some(heard) = heard {
            heard.excuse(numbers);
        }
    }

    fn lost(&self, sent_by: impl Fn(u32) -> u64) -> u64 {
        let heard = self.heard.iter().map(Option::as_ref).chain(std::iter::repeat(None));
        let lost_of = |(sender, heard): (u32, Option<&Sequence>)| match heard {
            Some(heard) => heard.lost(sent_by(sender)),
            None if self.from_the_start => sent_by(sender),
            None => 0,
        };
        (0..self.senders).zip(heard).map(lost_of).fold(0, u64::saturating_add)
    }
}

fn parse(payload: &[u8]) -> Option<Object<'_>> {
    serde_json::from_slice(payload).ok()
}

/// In the lobby, where a connection begins, others may be talking.
fn hear_before_join(place: &mut Option<Sequence>, payload: &[u8], log: &mut Log) -> Heard {
    match parse(payload) {
        Some(Object { kind, epoch: Some(epoch), seq: Some(seq), .. }) if kind == "joined" => {
            log.enter(&epoch, seq);
            *place = Some(Sequence::starting_at(seq.saturating_add(1)));
            Heard::Joined
        }
        Some(object) if object.kind == "error" => object.refused(),
        _ => Heard::Other,
    }
}

/// What was not recognised.
fn hear_in_room(place: &mut Sequence, payload: &[u8], log: &mut Log, content: &Content) -> Heard {
    if payload.starts_with(NOTICE) {
        return Heard::Other;
    }
    let Some(object) = parse(payload) else { return Heard::Other };
    match (&*object.kind, object.seq) {
        ("message", Some(seq)) => {
            let stamp = content.read(object.content.as_bytes());
            match log.learn(seq, payload, stamp) {
                true => Heard::Message(place.hear(seq), stamp),
                // Whatever it is, it is not the message that belongs there.
                false => Heard::Other,
            }
        }
        ("error", _) => object.refused(),
        _ => Heard::Other,
    }
}

impl Object<'_> {
    fn refused(self) -> Heard {
        Heard::Refused(self.code.unwrap_or_else(|| "without a code".to_owned()))
    }
}

#[cfg(test)]
mod tests;
